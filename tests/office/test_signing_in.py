"""Signing in and out, lock-out, passwords, the second factor, taking a seat: through the pages themselves."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django_otp.oath import totp
from django_otp.plugins.otp_totp.models import TOTPDevice

from office.world import CITY, COUNTY, OTHER_COUNTY, TOWN, post, settle, user
from zhida.office.accounts.models import Post, User
from zhida.office.accounts.tasks import REFUSED, Task

PASSWORD = "三月-青石板路-57"


@pytest.fixture(autouse=True)
def _settled(site: None) -> None:
    settle()


def signed_in(name: str, **more: Any) -> Client:
    client = Client(**more)
    done = client.post("/accounts/sign-in/", {"username": name, "password": PASSWORD})
    assert done.status_code == 302, done.content.decode()
    return client


def clerk(name: str = "clerk", task: Task = Task.INTAKE, code: str = TOWN) -> User:
    who = user(name, password=PASSWORD)
    post(who, task, code)
    return who


def text(answer: Any) -> str:
    return str(answer.content.decode())


def test_nobody_gets_in_without_signing_in() -> None:
    for path in ("/divisions/", "/accounts/posts/", "/accounts/permissions/", "/accounts/seats/"):
        answer = Client().get(path)
        assert answer.status_code == 302
        assert answer["Location"].startswith("/accounts/sign-in/?next=")


def test_a_clerk_signs_in_and_finds_a_division() -> None:
    clerk()
    client = Client()
    assert client.get("/").status_code == 302
    answer = client.post(
        "/accounts/sign-in/?next=/divisions/%3Fq%3Ddhq",
        {"username": " CLERK ", "password": PASSWORD},
        follow=True,
    )
    assert answer.redirect_chain[-1][0] == "/divisions/?q=dhq"
    assert "东湖区" in text(answer)
    assert "柳堤街道 受理" in text(answer)


@pytest.mark.parametrize(
    "away", ["https://evil.example/", "//evil.example/", "javascript:alert(1)", "/\\evil.example"]
)
def test_the_way_back_never_leads_elsewhere(away: str) -> None:
    clerk()
    answer = Client().post("/accounts/sign-in/", {"username": "clerk", "password": PASSWORD, "next": away})
    assert answer["Location"] == "/"


def test_a_wrong_password_says_no_more_for_a_user_who_is_not_there() -> None:
    clerk()
    said = [
        text(Client().post("/accounts/sign-in/", {"username": name, "password": "wrong-wrong-1"})).count(
            'role="alert"'
        )
        for name in ("clerk", "nobody-here")
    ]
    assert said == [1, 1]


def test_five_wrong_passwords_lock_the_user_also_for_the_right_one() -> None:
    clerk()
    clerk("other")
    for name in (
        "clerk",
        "Clerk",
        " clerk",
        "ｃｌｅｒｋ",
        "CLERK",
    ):  # no other user for being written otherwise
        last = Client().post("/accounts/sign-in/", {"username": name, "password": "wrong-wrong-1"})
    assert last.status_code == 429
    assert "一刻钟" in text(last)
    right = Client().post("/accounts/sign-in/", {"username": "clerk", "password": PASSWORD})
    assert right.status_code == 429
    signed_in("other")


def test_an_initial_password_is_changed_first_and_a_weak_one_refused() -> None:
    who = clerk()
    User.objects.filter(pk=who.pk).update(must_change=True)
    client = signed_in("clerk")
    assert client.get("/divisions/")["Location"].startswith("/accounts/password/")
    for weak in ("short", "1234567890123", "password123", "qwertyuiop"):
        answer = client.post(
            "/accounts/password/", {"old_password": PASSWORD, "new_password1": weak, "new_password2": weak}
        )
        assert answer.status_code == 200, weak
    new = "四月-青石板路-58"
    other = signed_in("clerk")
    done = client.post(
        "/accounts/password/", {"old_password": PASSWORD, "new_password1": new, "new_password2": new}
    )
    assert done.status_code == 302, text(done)
    assert client.get("/divisions/").status_code == 200
    assert other.get("/divisions/").status_code == 302  # sessions elsewhere have ended
    assert not User.objects.get(pk=who.pk).must_change


def test_signing_out_needs_a_form_of_ours() -> None:
    clerk()
    client = signed_in("clerk", enforce_csrf_checks=False)
    assert client.get("/accounts/sign-out/").status_code == 405
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = client.cookies
    assert strict.post("/accounts/sign-out/").status_code == 403
    client.post("/accounts/sign-out/")
    assert client.get("/divisions/").status_code == 302


def test_one_who_was_switched_off_is_out_at_once() -> None:
    who = clerk()
    client = signed_in("clerk")
    User.objects.filter(pk=who.pk).update(is_active=False)
    assert client.get("/divisions/").status_code == 302
    answer = Client().post("/accounts/sign-in/", {"username": "clerk", "password": PASSWORD})
    assert answer.status_code == 200


def test_one_seat_is_taken_of_itself_several_are_chosen_among() -> None:
    who = clerk()
    client = signed_in("clerk")
    assert client.get("/divisions/").status_code == 200
    second = post(who, Task.ANALYSE, COUNTY)
    assert client.get("/divisions/")["Location"].startswith("/accounts/seats/")
    answer = client.post(
        "/accounts/seats/", {"seat": f"post:{second.pk}", "next": "/divisions/"}, follow=True
    )
    assert "东湖区 分析" in text(answer)
    foreign = post(user("foreign"), Task.AUDIT, CITY)
    client.post("/accounts/seats/", {"seat": f"post:{foreign.pk}"})
    assert "东湖区 分析" in text(client.get("/divisions/"))  # a seat of somebody else is not taken
    Post.objects.filter(pk=second.pk).update(until=second.start)
    assert "柳堤街道 受理" in text(client.get("/divisions/"))  # the one that is left


def test_a_page_that_the_seat_may_not_see_says_so() -> None:
    clerk()
    answer = signed_in("clerk").get("/accounts/posts/")
    assert answer.status_code == 403
    assert "当前岗位不能查看岗位" in text(answer)


def test_an_administrator_needs_the_second_factor_to_appoint() -> None:
    chief = clerk("chief", Task.ADMINISTER, CITY)
    user("new")
    client = signed_in("chief")
    form = {"username": "NEW", "task": "intake", "division": TOWN, "start": "2025-01-01", "until": ""}
    assert "任命</button>" not in text(client.get("/accounts/posts/"))
    client.post("/accounts/posts/", form)
    assert not Post.objects.filter(task=Task.INTAKE).exists()

    page = text(client.get("/accounts/second-factor/"))
    device = TOTPDevice.objects.get(user=chief)
    assert not device.confirmed and "密钥" in page
    wrong = f"{(totp(device.bin_key) + 1) % 1_000_000:06}"
    assert "验证码不对" in text(client.post("/accounts/second-factor/", {"token": wrong}))
    TOTPDevice.objects.update(throttling_failure_count=0, throttling_failure_timestamp=None)
    token = f"{totp(device.bin_key):06}"
    assert client.post("/accounts/second-factor/", {"token": token}).status_code == 302
    assert "密钥（Base32）" not in text(
        client.get("/accounts/second-factor/")
    )  # shown before its first use only

    assert "任命</button>" in text(client.get("/accounts/posts/"))
    client.post("/accounts/posts/", form)
    assert Post.objects.get(task=Task.INTAKE).user.username == "new"
    again = client.post("/accounts/posts/", form | {"task": "review"})
    assert "不能同时担任复核和受理" in text(again)
    assert 'value="NEW"' in text(again)  # what was typed stays
    outside = client.post(
        "/accounts/posts/", form | {"username": "new", "task": "analyse", "division": "990201"}
    )
    assert "不在 长乐市 范围内" in text(outside)

    replay = signed_in("chief")
    assert "验证码不对" in text(replay.post("/accounts/second-factor/", {"token": token}))


def test_posts_are_those_of_the_range() -> None:
    clerk("inspector", Task.INSPECT, COUNTY)
    clerk("near", Task.INTAKE, TOWN)
    clerk("far", Task.INTAKE, OTHER_COUNTY)
    page = text(signed_in("inspector").get("/accounts/posts/"))
    assert "某near" in page and "某far" not in page


def test_the_page_of_permissions_is_the_register() -> None:
    from zhida.office.accounts.permitting import PERMISSIONS

    clerk()
    page = text(signed_in("clerk").get("/accounts/permissions/"))
    for one in PERMISSIONS.values():
        assert f"<code>{one.name}</code>" in page and one.description in page
    rows = page.split("<tbody>")[1].split("</tbody>")[0]
    assert rows.count("<td>可以</td>") == sum(len(one.tasks) for one in PERMISSIONS.values())
    for reason in REFUSED.values():
        assert reason in page


def test_what_is_typed_comes_back_as_text() -> None:
    clerk()
    page = text(signed_in("clerk").get("/divisions/", {"q": "<script>alert(1)</script>"}))
    assert "<script>" not in page and "&lt;script&gt;" in page


def test_headers_keep_pages_to_themselves() -> None:
    answer = Client().get("/accounts/sign-in/")
    assert answer["X-Frame-Options"] == "DENY"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Referrer-Policy"] == "same-origin"
    assert "default-src 'self'" in answer["Content-Security-Policy"]
    assert "<script" not in text(answer) and "style=" not in text(answer)
    cookie = Client().post("/accounts/sign-in/", {"username": "x", "password": "y"}).cookies
    clerk()
    session = signed_in("clerk").cookies["sessionid"]
    assert session["httponly"] and session["samesite"] == "Lax"
    assert "sessionid" not in cookie
