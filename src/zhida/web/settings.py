"""Settings of Django. What differs between installations comes from the environment (docs/commands.md)."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from django.utils.functional import SimpleLazyObject

from zhida.office.database.address import NAME, Address, of_environment
from zhida.office.database.errors import DatabaseError
from zhida.office.database.place import Place, default_folder
from zhida.office.database.roles import ALL, WEB
from zhida.web.secret import secret_key


def _database() -> dict[str, Any]:
    """As which role this process comes, and where to. Nothing is started here."""
    role = os.environ.get("ZHIDA_ROLE", WEB)
    if role not in ALL:
        raise DatabaseError(f"ZHIDA_ROLE is {role}: write one of {', '.join(ALL)}, or leave it out.")
    address = of_environment() or Address(str(Place(default_folder()).run), 5432, NAME, True)
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": address.name,
        "USER": role,
        "HOST": address.host,
        "PORT": str(address.port),
        "OPTIONS": dict(address.options),
        "CONN_MAX_AGE": 600,
        "CONN_HEALTH_CHECKS": True,
    }


HTTPS = os.environ.get("ZHIDA_HTTPS", "") == "1"
DEBUG = False
SECRET_KEY = SimpleLazyObject(secret_key)  # read or made when it is first needed
ALLOWED_HOSTS = os.environ.get("ZHIDA_HOSTS", "localhost,127.0.0.1,[::1]").split(",")
DATABASES = {"default": _database()}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "axes",
    "django_otp",
    "django_otp.plugins.otp_totp",
    "zhida.office.ui",
    "zhida.office.divisions",
    "zhida.office.accounts",
    "zhida.office.guards",
    "zhida.office.people",
    "zhida.office.audit",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "zhida.web.headers.HeadersMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_otp.middleware.OTPMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "axes.middleware.AxesMiddleware",
    # Last: whatever is read and written for an answer is inside its transaction and its scope.
    "zhida.office.guards.middleware.ScopeMiddleware",
]

ROOT_URLCONF = "zhida.web.urls"
WSGI_APPLICATION = "zhida.web.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {"context_processors": ["django.template.context_processors.request"]},
    }
]

# --- accounts
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["axes.backends.AxesBackend", "django.contrib.auth.backends.ModelBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("username", "name")},
    },
    {
        "NAME": "zhida.office.accounts.passwords.Length",
        "OPTIONS": {"min_length": 10},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "accounts:sign-in"
OTP_TOTP_ISSUER = "直达"
# Five wrong passwords for a user, from wherever they come, and this user waits a quarter of an hour.
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = 0.25
AXES_LOCKOUT_PARAMETERS = ["username"]
# By address too, one clerk would lock out an office that has one address.
SILENCED_SYSTEM_CHECKS = ["axes.W006"]
AXES_RESET_ON_SUCCESS = True
AXES_USERNAME_CALLABLE = "zhida.office.accounts.locking.username_of"
AXES_LOCKOUT_TEMPLATE = "accounts/locked.html"
AXES_VERBOSE = False

# --- sessions, cookies, headers
SESSION_COOKIE_AGE = 8 * 3600
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
CSRF_COOKIE_HTTPONLY = True
SECURE_SSL_REDIRECT = HTTPS
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

# --- language, time, files
LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", "简体中文")]
TIME_ZONE = "Asia/Shanghai"
USE_TZ = True
STATIC_URL = "static/"
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False
BASE_DIR = Path(__file__).resolve().parent
