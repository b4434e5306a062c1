"""Appointing to posts, ending them, and standing in: the only places that write them."""

from __future__ import annotations

from datetime import date

from django.db import transaction

from zhida.office.accounts.models import Post, StandIn, User
from zhida.office.accounts.permissions import may_appoint
from zhida.office.accounts.seats import Seat
from zhida.office.accounts.tasks import Task, Tenure, conflict
from zhida.office.audit.writing import record, write
from zhida.office.divisions.models import Division


class AppointmentError(Exception):
    """Why somebody is not appointed: one sentence for whoever tried."""


def found(user: User, division: Division, start: date) -> Post:
    """The first administrator, appointed by nobody. Raises AppointmentError where there is one already."""
    with transaction.atomic():
        _lock(user)
        if Post.objects.filter(task=Task.ADMINISTER, appointed_by=None).exists():
            raise AppointmentError("已有首任管理员，其余人员由管理员任命。")
        _check_division(division, start)
        _check_tenure(user, Tenure(Task.ADMINISTER, start, None), division)
        made = Post.objects.create(user=user, task=Task.ADMINISTER, division=division, start=start)
        write(division.code, None, None, False, "post.found", "post", [made.pk], user=user.pk)
        return made


def appoint(
    by: Seat, user: User, task: Task, division: Division, start: date, until: date | None = None
) -> Post:
    """Raises AppointmentError. ``until`` is the first day on which the post is no longer held."""
    with transaction.atomic():
        _lock(user)
        _check_appointer(by, user, division)
        if until is not None and until <= start:
            raise AppointmentError("止期须在起期之后。")
        _check_division(division, start)
        _check_tenure(user, Tenure(task, start, until), division)
        made = Post.objects.create(
            user=user, task=task, division=division, start=start, until=until, appointed_by=by.user
        )
        record(by, "post.appoint", "post", made.pk, user=user.pk, task=task.value, at=division.code)
        return made


def end(by: Seat, post: Post, on: date) -> None:
    """The post is held for the last time on the day before. What has been is not shortened."""
    with transaction.atomic():
        _lock(post.user)
        post = Post.objects.select_for_update(of=("self",)).select_related("user", "division").get(pk=post.pk)
        _check_appointer(by, post.user, post.division)
        if post.until is not None and post.until <= on:
            raise AppointmentError(f"该岗位已于 {post.until} 终止。")
        if on < post.start:
            raise AppointmentError(f"该岗位自 {post.start} 起，不能早于此日终止。")
        post.until = on
        post.save(update_fields=("until",))
        record(by, "post.end", "post", post.pk, until=on)


def stand_in(by: Seat, post: Post, user: User, start: date, until: date, reason: str) -> StandIn:
    """Raises AppointmentError. Counts as holding the post's task in those days."""
    with transaction.atomic():
        _lock(user)
        _check_appointer(by, user, post.division)
        if post.user_id == user.pk:
            raise AppointmentError("不能代理自己的岗位。")
        if until <= start:
            raise AppointmentError("止期须在起期之后。")
        if not reason.strip():
            raise AppointmentError("请写明代理的事由。")
        tenure = post.tenure
        if start < tenure.start or (tenure.until is not None and until > tenure.until):
            raise AppointmentError("代理期须在原任期之内。")
        _check_tenure(user, Tenure(tenure.task, start, until), None)
        made = StandIn.objects.create(
            post=post, user=user, start=start, until=until, reason=reason.strip(), appointed_by=by.user
        )
        record(by, "post.stand_in", "stand_in", made.pk, post=post.pk, user=user.pk, start=start, until=until)
        return made


def tenures(user: User) -> list[Tenure]:
    """All that the user holds or will hold, or ever held: own posts and stand-ins."""
    lent = StandIn.objects.filter(user=user).select_related("post")
    return [post.tenure for post in Post.objects.filter(user=user)] + [one.tenure for one in lent]


# --- inside


def _lock(user: User) -> None:
    """Two appointments of one user wait for each other, else both could pass the look at what is held."""
    User.objects.select_for_update().get(pk=user.pk)


def _check_appointer(by: Seat, user: User, division: Division) -> None:
    if not may_appoint(by):
        raise AppointmentError("只有管理岗位并完成两步验证后才能任免。")
    if by.user.pk == user.pk:
        raise AppointmentError("不能任免自己。")
    if not by.covers(division.code):
        raise AppointmentError(f"{division} 不在 {by.division} 范围内。")


def _check_division(division: Division, start: date) -> None:
    if not division.in_force(start):
        raise AppointmentError(f"{division} 在 {start} 不存在。")


def _check_tenure(user: User, new: Tenure, division: Division | None) -> None:
    if not user.is_active:
        raise AppointmentError(f"{user} 已停用。")
    refused = conflict(new, tenures(user))
    if refused is not None:
        other, reason = refused
        raise AppointmentError(
            f"不能同时担任{new.task.label}和{other.task.label}（{other.start} 起）：{reason}。"
        )
    if division is None:
        return
    same = Post.objects.filter(user=user, task=new.task, division=division)
    if any(new.overlaps(post.tenure) for post in same):
        raise AppointmentError(f"{user} 在此期间已担任 {division} 的{new.task.label}。")
