"""Signing in and out, the second factor, taking a seat, the posts, and who may do what."""

from __future__ import annotations

from base64 import b32encode

from django.contrib.auth import login, logout, update_session_auth_hash
from django.contrib.auth.forms import AuthenticationForm, PasswordChangeForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST
from django_otp import login as verify_session
from django_otp.plugins.otp_totp.models import TOTPDevice

from zhida.office.accounts.access import page, public, signed_in
from zhida.office.accounts.appointing import AppointmentError, appoint
from zhida.office.accounts.forms import AppointForm, TokenForm
from zhida.office.accounts.models import Post, User
from zhida.office.accounts.permissions import may_appoint, may_see_permissions, may_see_posts
from zhida.office.accounts.permitting import PERMISSIONS
from zhida.office.accounts.seats import Seat
from zhida.office.accounts.sessions import seats_of, take, today
from zhida.office.accounts.tasks import REFUSED, Task
from zhida.office.audit.writing import record
from zhida.office.guards.scope import enter


@public
@never_cache
@sensitive_post_parameters("password")
def sign_in(request: HttpRequest) -> HttpResponse:
    form = AuthenticationForm(request, data=request.POST or None)
    if request.method == "POST" and form.is_valid():
        login(request, form.get_user())
        return _back(request)
    return render(request, "accounts/sign_in.html", {"form": form})


@public
@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    logout(request)
    return redirect("accounts:sign-in")


@signed_in
@never_cache
@sensitive_post_parameters()
def password(request: HttpRequest, user: User) -> HttpResponse:
    form = PasswordChangeForm(user, data=request.POST or None)
    if request.method == "POST" and form.is_valid():
        form.save()
        user.must_change = False
        user.save(update_fields=("must_change",))
        update_session_auth_hash(request, user)  # other sessions of this user end
        return _back(request)
    return render(request, "accounts/password.html", {"form": form, "must": user.must_change})


@signed_in
@never_cache
@sensitive_post_parameters("token")
def second_factor(request: HttpRequest, user: User) -> HttpResponse:
    """Asks for the code; at the first time shows the secret to be taken over into an app."""
    device = TOTPDevice.objects.filter(user=user).order_by("-confirmed").first()
    if device is None:
        device = TOTPDevice.objects.create(user=user, name="app", confirmed=False)
    form = TokenForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        if device.verify_token(form.cleaned_data["token"]):
            if not device.confirmed:
                device.confirmed = True
                device.save(update_fields=("confirmed",))
            verify_session(request, device)
            return _back(request)
        form.add_error("token", "验证码不对，或刚用过：请等下一个。")
    secret = "" if device.confirmed else b32encode(device.bin_key).decode()
    return render(request, "accounts/second_factor.html", {"form": form, "device": device, "secret": secret})


@signed_in
def seats_page(request: HttpRequest, user: User) -> HttpResponse:
    if request.method == "POST" and (seat := take(request, request.POST.get("seat", ""))) is not None:
        enter(seat.range, today())  # recorded where it acts from now on
        record(seat, "seat.take")
        return _back(request)
    context = {"seats": seats_of(request), "taken": getattr(request, "seat", None), "next": _next(request)}
    return render(request, "accounts/seats.html", context)


@page(may_see_permissions)
def permissions(request: HttpRequest, seat: Seat) -> HttpResponse:
    """Made from the register of permissions: nothing is written here a second time."""
    rows = [(one, [task in one.tasks for task in Task]) for one in PERMISSIONS.values()]
    refused = [(" + ".join(t.label for t in Task if t in pair), reason) for pair, reason in REFUSED.items()]
    return render(
        request, "accounts/permissions.html", {"rows": rows, "tasks": list(Task), "refused": refused}
    )


@page(may_see_posts)
def posts(request: HttpRequest, seat: Seat) -> HttpResponse:
    """Posts in the seat's range; an administrator appoints here."""
    form = AppointForm(request.POST or None) if may_appoint(seat) else None
    if request.method == "POST" and form is not None and form.is_valid():
        try:
            appoint(seat, **form.values())
            return redirect("accounts:posts")
        except AppointmentError as error:
            form.add_error(None, str(error))
    low, high = seat.range
    there = Post.objects.filter(division__gte=low, division__lte=high).select_related("user", "division")
    return render(request, "accounts/posts.html", {"posts": there[:500], "form": form})


def _next(request: HttpRequest) -> str:
    """Where to go afterwards: a page of ours, whatever the address says."""
    told = request.POST.get("next") or request.GET.get("next") or ""
    ours = url_has_allowed_host_and_scheme(told, {request.get_host()}, request.is_secure())
    return told if ours else "/"


def _back(request: HttpRequest) -> HttpResponse:
    return redirect(_next(request))
