"""What holds for pages whatever they show: queries that don't grow, errors that say what to do."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django_otp.oath import totp
from django_otp.plugins.otp_totp.models import TOTPDevice

from office.world import CITY, DAY, TOWN, post, settle, user
from zhida.office.accounts.models import User
from zhida.office.accounts.tasks import Task
from zhida.office.audit.writing import write
from zhida.office.divisions.scope import range_of
from zhida.office.guards.scope import acting

PASSWORD = "三月-青石板路-57"


@pytest.fixture(autouse=True)
def _settled(site: None) -> None:
    settle()


def browser(name: str, task: Task) -> Client:
    post(user(name, password=PASSWORD), task, CITY)
    client = Client(raise_request_exception=False)
    client.post("/accounts/sign-in/", {"username": name, "password": PASSWORD})
    client.get("/accounts/second-factor/")
    token = f"{totp(TOTPDevice.objects.get(user__username=name).bin_key):06}"
    client.post("/accounts/second-factor/", {"token": token})
    return client


def queries(client: Client, path: str) -> int:
    with CaptureQueriesContext(connection) as caught:
        assert client.get(path).status_code == 200
    return len(caught)


def more(first: int) -> None:
    for n in range(first, first + 12):
        clerk = post(user(f"clerk{n}"), Task.INTAKE, TOWN)
        with acting(range_of(TOWN), DAY):
            write(TOWN, clerk.user_id, clerk.pk, False, "seat.take", "post", [clerk.pk])


@pytest.mark.parametrize(
    ("path", "task"),
    [
        ("/divisions/?q=99", Task.INTAKE),
        ("/accounts/posts/", Task.ADMINISTER),
        ("/accounts/users/", Task.ADMINISTER),
        ("/accounts/permissions/", Task.INTAKE),
        ("/audit/", Task.AUDIT),
    ],
)
def test_queries_do_not_grow_with_rows(path: str, task: Task) -> None:
    client = browser("somebody", task)
    more(0)
    few = queries(client, path)
    more(100)
    assert queries(client, path) == few < 20


def test_a_search_costs_the_same_for_one_and_for_many() -> None:
    client = browser("somebody", Task.INTAKE)
    assert queries(client, "/divisions/?q=dhq") == queries(client, "/divisions/?q=99")


def test_errors_are_pages_that_say_what_to_do() -> None:
    client = browser("somebody", Task.INTAKE)
    assert "没有这一页" in text(client.get("/nothing/"), 404)
    strict = Client(enforce_csrf_checks=True)
    assert "表单已过期" in text(strict.post("/accounts/sign-in/", {"username": "x"}), 403)


def test_a_page_that_fails_has_written_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    client = browser("chief", Task.ADMINISTER)

    def fail(*_: Any, **__: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("zhida.office.accounts.users.record", fail)
    answer = client.post("/accounts/users/", {"add": "1", "username": "lost", "name": "某人"})
    assert "没有保存任何内容" in text(answer, 500)
    assert not User.objects.filter(username="lost").exists()


def test_what_was_written_before_a_view_failed_is_rolled_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where the view itself opens no transaction: the middleware's one is the whole request's."""
    client = browser("chief", Task.ADMINISTER)

    def fail(*_: Any, **__: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("zhida.office.accounts.keeping_pages.kept_by", fail)  # after the user was added
    assert (
        client.post("/accounts/users/", {"add": "1", "username": "lost", "name": "某人"}).status_code == 500
    )
    assert not User.objects.filter(username="lost").exists()
    monkeypatch.undo()
    assert (
        client.post("/accounts/users/", {"add": "1", "username": "lost", "name": "某人"}).status_code == 200
    )
    assert User.objects.filter(username="lost").exists()


def text(answer: Any, status: int) -> str:
    assert answer.status_code == status
    return str(answer.content.decode())
