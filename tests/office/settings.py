"""The settings of the web, with a connection for each role; where the server is, ``conftest`` says."""

from __future__ import annotations

import copy
import os

from zhida.office.database.roles import BACKUP, OWNER, REPORTS, WORKER

_before = {name: os.environ.pop(name) for name in ("ZHIDA_DATABASE_URL", "ZHIDA_ROLE") if name in os.environ}
from zhida.web.settings import *  # noqa: E402, F403
from zhida.web.settings import DATABASES  # noqa: E402

os.environ |= _before

for _role in (OWNER, WORKER, REPORTS, BACKUP):
    DATABASES[_role] = copy.deepcopy(DATABASES["default"]) | {"USER": _role}
ALLOWED_HOSTS = ["testserver"]
SECRET_KEY = "of tests alone"
PASSWORD_HASHERS = ["office.hashing.Quick", "django.contrib.auth.hashers.PBKDF2PasswordHasher"]
