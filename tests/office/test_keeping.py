"""Keeping users: who may, whose, and what a reset ends; ending posts and standing in, through the pages."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client
from django_otp.oath import totp
from django_otp.plugins.otp_totp.models import TOTPDevice
from hypothesis import given, settings
from hypothesis import strategies as st

from office.world import CITY, COUNTY, DAY, OTHER_COUNTY, PROVINCE, ROWS, TOWN, post, seat, settle, user
from zhida.office.accounts.appointing import AppointmentError
from zhida.office.accounts.models import Post, StandIn, User
from zhida.office.accounts.seats import Seat
from zhida.office.accounts.sessions import today
from zhida.office.accounts.tasks import Task
from zhida.office.accounts.users import add, initial_password, kept_by, reset, switch
from zhida.office.audit.models import Entry
from zhida.office.divisions.scope import range_of
from zhida.office.guards.scope import acting

PASSWORD = "三月-青石板路-57"


@pytest.fixture(autouse=True)
def _settled(site: None) -> None:
    settle()


def chief(code: str = COUNTY, name: str = "chief") -> Seat:
    return seat(user(name, password=PASSWORD), Task.ADMINISTER, code)


def browser(who: str) -> Client:
    client = Client()
    client.post("/accounts/sign-in/", {"username": who, "password": PASSWORD})
    client.get("/accounts/second-factor/")
    token = f"{totp(TOTPDevice.objects.get(user__username=who).bin_key):06}"
    assert client.post("/accounts/second-factor/", {"token": token}).status_code == 302
    return client


def text(answer: Any) -> str:
    return str(answer.content.decode())


def test_a_new_user_signs_in_with_what_was_shown_once() -> None:
    chief()
    client = browser("chief")
    page = text(client.post("/accounts/users/", {"add": "1", "username": "Clerk", "name": "某新人"}))
    shown = re.search(r"<code>([a-z2-9-]+)</code>", page)
    assert shown is not None and shown[1] not in text(client.get("/accounts/users/"))
    assert "已有这个用户名" in text(
        client.post("/accounts/users/", {"add": "1", "username": "clerk", "name": "x"})
    )
    new = Client()
    answer = new.post("/accounts/sign-in/", {"username": "clerk", "password": shown[1]})
    assert answer.status_code == 302
    assert User.objects.get(username="clerk").must_change
    with acting(range_of(COUNTY), DAY):
        assert [one.action for one in Entry.objects.all()] == ["user.add"]


def test_a_reset_ends_sessions_and_second_factors() -> None:
    by, other = chief(), chief(TOWN, "other")
    theirs = browser("other")
    assert theirs.get("/accounts/users/").status_code == 200
    client = browser("chief")
    page = text(client.post("/accounts/users/", {"user": str(other.user.pk), "what": "reset"}))
    assert "的初始密码" in page
    assert theirs.get("/divisions/").status_code == 302
    assert not TOTPDevice.objects.filter(user=other.user).exists()
    client.post("/accounts/users/", {"user": str(other.user.pk), "what": "off"})
    assert not User.objects.get(pk=other.user.pk).is_active
    client.post("/accounts/users/", {"user": str(other.user.pk), "what": "on"})
    assert User.objects.get(pk=other.user.pk).is_active
    assert by.user.is_active


@settings(max_examples=25)
@given(
    st.sampled_from([r[0] for r in ROWS]),
    st.lists(st.sampled_from([r[0] for r in ROWS]), max_size=3),
    st.booleans(),
)
def test_kept_are_those_whose_posts_lie_in_the_range(at: str, codes: list[str], ended: bool) -> None:
    number = User.objects.count()
    by, who = chief(at, f"chief{number}"), user(f"clerk{number}")
    for code in codes:
        post(who, Task.ANALYSE, code, until=today() if ended else None)
    inside = ended or all(by.covers(code) for code in codes)
    assert (who in kept_by(by)) == inside
    for change in (lambda: reset(by, who), lambda: switch(by, who, on=True)):
        with acting(by.range, DAY):
            if inside:
                change()
            else:
                with pytest.raises(AppointmentError, match="范围外的岗位"):
                    change()


def test_a_stand_in_outside_counts() -> None:
    by, who, above = chief(), user("clerk"), post(user("head"), Task.REVIEW, CITY)
    assert who in kept_by(by)
    StandIn.objects.create(
        post=above, user=who, start=today(), until=today() + timedelta(3), reason="休假", appointed_by=by.user
    )
    assert who not in kept_by(by)


def test_nobody_keeps_themselves_or_without_a_second_factor() -> None:
    by, who = chief(), user("clerk")
    assert by.user not in kept_by(by)
    with acting(by.range, DAY):
        with pytest.raises(AppointmentError, match="不能管理自己"):
            reset(by, by.user)
        for weak in (Seat(by.user, by.post, None, False), seat(user("x"), Task.AUDIT, COUNTY)):
            with pytest.raises(AppointmentError, match="两步验证"):
                reset(weak, who)
            with pytest.raises(AppointmentError, match="两步验证"):
                add(weak, "new", "某人")
    assert not User.objects.filter(username="new").exists()


def test_what_is_sent_for_somebody_elses_user_is_refused() -> None:
    chief()
    boss = chief(PROVINCE, "boss")
    page = text(browser("chief").post("/accounts/users/", {"user": str(boss.user.pk), "what": "reset"}))
    assert "不在本岗位范围内" in page
    assert User.objects.get(pk=boss.user.pk).check_password(PASSWORD)


def test_a_post_is_ended_and_lent_on_its_page() -> None:
    chief()
    made = post(user("away"), Task.REVIEW, TOWN)
    user("helper")
    client = browser("chief")
    path = f"/accounts/posts/{made.pk}/"
    assert f'href="{path}"' in text(client.get("/accounts/posts/"))
    form = {"lend": "1", "lend-username": "Helper", "lend-start": "2025-06-01", "lend-until": "2025-06-09"}
    assert "这个字段是必填项" in text(client.post(path, form))
    page = text(client.post(path, form | {"lend-reason": "休假"}, follow=True))
    assert "某helper" in page and "休假" in page
    assert "没有这个用户" in text(client.post(path, form | {"lend-username": "none", "lend-reason": "x"}))
    assert "不能早于此日" in text(client.post(path, {"end": "1", "end-on": "2020-01-01"}))
    client.post(path, {"end": "1", "end-on": "2025-07-01"})
    assert Post.objects.get(pk=made.pk).until == date(2025, 7, 1)
    outside = post(user("far"), Task.REVIEW, OTHER_COUNTY)
    assert client.get(f"/accounts/posts/{outside.pk}/").status_code == 404


def test_initial_passwords_are_never_the_same() -> None:
    made = {initial_password() for _ in range(200)}
    assert len(made) == 200
    assert all(re.fullmatch(r"([a-z2-9]{4}-){3}[a-z2-9]{4}", one) for one in made)
