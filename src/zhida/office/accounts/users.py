"""Keeping users: new ones, passwords and second factors that were lost, switching off. Nobody is deleted."""

from __future__ import annotations

import secrets

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q
from django_otp.plugins.otp_totp.models import TOTPDevice

from zhida.office.accounts.appointing import AppointmentError
from zhida.office.accounts.models import Post, StandIn, User
from zhida.office.accounts.permissions import may_keep_users
from zhida.office.accounts.seats import Seat
from zhida.office.accounts.sessions import today
from zhida.office.audit.writing import record

LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # none that is taken for another
GROUPS, GROUP = 4, 4


def add(by: Seat, username: str, name: str) -> tuple[User, str]:
    """A user without posts, and the initial password, which is kept nowhere. Raises AppointmentError."""
    _check(by)
    password = initial_password()
    with transaction.atomic():
        try:
            user = User.objects.create_user(username, name, password)
        except ValidationError as error:
            raise AppointmentError(" ".join(error.messages)) from None
        record(by, "user.add", "user", user.pk)
    return user, password


def reset(by: Seat, user: User) -> str:
    """A new initial password; the second factor is set up anew, and all sessions end."""
    with transaction.atomic():
        user = _locked(by, user)
        password = initial_password()
        user.set_password(password)
        user.must_change = True
        user.save(update_fields=("password", "must_change"))
        TOTPDevice.objects.filter(user=user).delete()
        record(by, "user.reset", "user", user.pk)
    return password


def switch(by: Seat, user: User, *, on: bool) -> None:
    """Off: out at once, and no seat any more, for stand-ins neither. What they did stays."""
    with transaction.atomic():
        user = _locked(by, user)
        user.is_active = on
        user.save(update_fields=("is_active",))
        record(by, "user.switch", "user", user.pk, on=on)


def kept_by(by: Seat) -> list[User]:
    """Users whom the seat keeps: all that they hold from today on lies in its range."""
    held = _held(Q(division__lt=by.division.low) | Q(division__gt=by.division.high))
    return list(User.objects.exclude(pk__in=held).exclude(pk=by.user.pk).order_by("username"))


def initial_password() -> str:
    """About 79 bits, in groups that can be read out."""
    return "-".join("".join(secrets.choice(LETTERS) for _ in range(GROUP)) for _ in range(GROUPS))


def _check(by: Seat) -> None:
    if not may_keep_users(by):
        raise AppointmentError("只有管理岗位并完成两步验证后才能管理用户。")


def _locked(by: Seat, user: User) -> User:
    """Else whoever administers a town would reset the city's administrator and sign in as them."""
    _check(by)
    if by.user.pk == user.pk:
        raise AppointmentError("不能管理自己的用户。")
    user = User.objects.select_for_update().get(pk=user.pk)
    if user.pk in _held(Q(division__lt=by.division.low) | Q(division__gt=by.division.high)):
        raise AppointmentError(f"{user} 另有 {by.division} 范围外的岗位，请由上级管理员处理。")
    return user


def _held(where: Q) -> set[int]:
    """Users with a post or a stand-in, today or later, at such a division."""
    lasting = Q(until__isnull=True) | Q(until__gt=today())
    own = Post.objects.filter(lasting & where).values_list("user_id", flat=True)
    lent = StandIn.objects.filter(until__gt=today(), post__in=Post.objects.filter(where))
    return set(own) | set(lent.values_list("user_id", flat=True))
