"""Entries are appended and chained by the database; whatever is done to them behind its back is found."""

from __future__ import annotations

import json
import threading
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.db import DatabaseError, connection, connections
from django.test import Client
from django_otp.oath import totp
from django_otp.plugins.otp_totp.models import TOTPDevice
from hypothesis import given
from hypothesis import strategies as st

from office.world import CITY, COUNTY, DAY, OTHER_COUNTY, TOWN, post, seat, settle, user
from zhida.office.accounts.appointing import appoint, end, stand_in
from zhida.office.accounts.tasks import Task
from zhida.office.audit.actions import ACTIONS
from zhida.office.audit.models import Entry
from zhida.office.audit.verify import Finding, Verified, verify
from zhida.office.audit.writing import record, record_many, write
from zhida.office.database.roles import ADMIN, BACKUP, OWNER, REPORTS, WEB, WORKER
from zhida.office.divisions.models import Division
from zhida.office.divisions.scope import range_of
from zhida.office.guards.scope import acting


@pytest.fixture(autouse=True)
def _settled(site: None) -> None:
    settle()


COLUMNS = "division, day, number, at, stand_in, action, subject, detail, previous, hash"


def parameters(role: str) -> dict[str, Any]:
    one = settings.DATABASES["default"]
    return {"host": one["HOST"], "port": one["PORT"], "dbname": one["NAME"], "user": role}


def checked(kept: Verified | None = None) -> Verified:
    heads = [(d, *head) for d, head in kept.heads.items()] if kept else []
    return verify(parameters(BACKUP), heads)


def fill(code: str, many: int) -> None:
    with acting(range_of(code), DAY):
        for _ in range(many):
            write(code, None, None, False, "seat.take", "post", [7], days=1)


def tamper(*statements: str) -> None:
    """As somebody who has the server: the triggers are off."""
    with psycopg.connect(**parameters(ADMIN)) as connection:
        connection.execute("SET session_replication_role = replica")
        for statement in statements:
            connection.execute(statement)  # type: ignore[arg-type]


def test_appointing_is_recorded_by_whom_in_which_post() -> None:
    chief, clerk = seat(user("chief"), Task.ADMINISTER, CITY), user("clerk")
    with acting(chief.range, DAY):
        made = appoint(chief, clerk, Task.INTAKE, Division.objects.get(pk=TOWN), DAY)
        lent = stand_in(chief, made, user("helper"), DAY, DAY + timedelta(3), "老王住院")
        end(chief, made, DAY + timedelta(9))
    with acting(chief.range, DAY):
        found = list(Entry.objects.order_by("number"))
    assert [(one.action, one.subject, one.subject_id) for one in found] == [
        ("post.appoint", "post", made.pk),
        ("post.stand_in", "stand_in", lent.pk),
        ("post.end", "post", made.pk),
    ]
    assert {(one.actor_id, one.post_id, one.division) for one in found} == {
        (chief.user.pk, chief.post.pk, CITY)
    }
    assert found[0].detail == {"user": clerk.pk, "task": "intake", "at": TOWN}
    assert "老王" not in json.dumps([one.detail for one in found], ensure_ascii=False)
    assert not checked().findings


def test_what_fails_leaves_no_entry_and_no_gap() -> None:
    fill(TOWN, 1)
    with pytest.raises(ValueError, match="is no action"), acting(range_of(TOWN), DAY):
        write(TOWN, None, None, False, "seat.take", "", [None]), write(TOWN, None, None, False, "x", "", [])
    fill(TOWN, 1)
    with acting(range_of(TOWN), DAY):
        assert list(Entry.objects.order_by("number").values_list("number", flat=True)) == [1, 2]
    assert not checked().findings


@pytest.mark.parametrize("role", [WEB, WORKER, REPORTS, OWNER, BACKUP])
def test_nobody_changes_or_removes(role: str) -> None:
    fill(TOWN, 2)
    alias = "default" if role == WEB else role
    for attempt in (
        "UPDATE audit_entry SET action = 'post.end'",
        "DELETE FROM audit_entry",
        "TRUNCATE audit_entry",
        "UPDATE audit_head SET number = 0",
        "SELECT audit_link()",
    ):
        if role == OWNER and "audit_head" in attempt:
            continue  # the owner of a table may, and verify tells it
        if role == OWNER and "TRUNCATE" not in attempt:
            with connections[alias].cursor() as cursor:
                if "audit_entry" in attempt:
                    cursor.execute(attempt)
                    assert cursor.rowcount == 0  # forced guards: the owner sees no entry
            continue
        if role == BACKUP and "audit_head" in attempt:
            continue
        with pytest.raises(DatabaseError), connections[alias].cursor() as cursor:
            cursor.execute(attempt)
        connections[alias].close()
    assert (checked().entries, checked().findings) == (2, [])


def test_number_time_and_hash_are_the_databases_own() -> None:
    with acting(range_of(TOWN), DAY), connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO audit_entry ({COLUMNS}) "
            "VALUES (%s, '2001-01-01', 99, '2001-01-01', false, 'seat.take', '', '{}', 'x', 'y')",
            (TOWN,),
        )
    with acting(range_of(TOWN), DAY):
        one = Entry.objects.get()
    assert one.number == 1 and one.day.year > 2001 and one.at.year > 2001
    assert not checked().findings


def test_entries_are_of_the_seats_range_and_seen_there() -> None:
    with pytest.raises(DatabaseError, match="row-level security"), acting(range_of(TOWN), DAY):
        write(OTHER_COUNTY, None, None, False, "seat.take", "", [None])
    fill(TOWN, 2)
    fill(OTHER_COUNTY, 3)
    for code, seen in ((TOWN, 2), (COUNTY, 2), (OTHER_COUNTY, 3), (CITY, 5)):
        with acting(range_of(code), DAY):
            assert Entry.objects.count() == seen


def test_many_at_once_make_one_chain() -> None:
    def work() -> None:
        try:
            for _ in range(10):
                fill(TOWN, 1)
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    found = checked()
    assert (found.entries, found.findings) == (40, [])
    assert found.heads[TOWN][1] == 40


def test_many_in_one_statement() -> None:
    clerk = seat(user("clerk"), Task.REVIEW, COUNTY)
    with acting(clerk.range, DAY):
        record_many(clerk, "post.end", "post", list(range(2_000)))
    found = checked()
    assert (found.entries, found.findings) == (2_000, [])
    with acting(clerk.range, DAY):
        assert [one.subject_id for one in Entry.objects.order_by("number")[:3]] == [0, 1, 2]


@given(st.text(max_size=20).filter(lambda s: any(ord(c) > 127 or c.isspace() for c in s)))
def test_no_text_that_could_name_somebody(text: str) -> None:
    clerk = seat_of_nobody()
    with pytest.raises(ValueError, match="only numbers, dates and codes"):
        record(clerk, "seat.take", "", None, why=text)


def seat_of_nobody() -> Any:
    from zhida.office.accounts.models import Post, User
    from zhida.office.accounts.seats import Seat

    return Seat(User(pk=1), Post(pk=1, division=Division(code=TOWN)))


def test_an_action_must_be_named() -> None:
    with pytest.raises(ValueError, match="is no action"):
        record(seat_of_nobody(), "post.burn")
    assert all(label for label in ACTIONS.values())


# --- behind the database's back


SOME = f"division = '{TOWN}' AND number"


def say(found: Verified) -> list[tuple[str, int]]:
    assert all(one.division == TOWN for one in found.findings)
    return [(one.kind, one.number) for one in found.findings]


REHASH = """
    UPDATE audit_entry SET hash = sha256(convert_to(concat_ws(E'\\n',
      encode(previous, 'hex'), division, day::text, number::text,
      to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US'), coalesce(actor_id::text, '-'),
      coalesce(post_id::text, '-'), stand_in::text, action, subject, coalesce(subject_id::text, '-'),
      detail::text), 'UTF8'))
"""


@pytest.mark.parametrize(
    ("statements", "finding"),
    [
        ((f"UPDATE audit_entry SET subject_id = 8 WHERE {SOME} = 3",), ("changed", 3)),
        ((f"UPDATE audit_entry SET at = at + interval '1 second' WHERE {SOME} = 1",), ("changed", 1)),
        ((f"UPDATE audit_entry SET detail = '{{}}' WHERE {SOME} IN (4, 5)",), ("changed", 4)),
        ((f"UPDATE audit_entry SET stand_in = true WHERE {SOME} = 5",), ("changed", 5)),
        (
            (f"UPDATE audit_entry SET subject_id = 8 WHERE {SOME} = 3", f"{REHASH} WHERE {SOME} = 3"),
            ("changed", 3),
        ),
        ((f"DELETE FROM audit_entry WHERE {SOME} = 2",), ("missing", 2)),
        ((f"DELETE FROM audit_entry WHERE {SOME} = 1",), ("missing", 1)),
        ((f"DELETE FROM audit_entry WHERE {SOME} >= 4",), ("missing", 4)),
        ((f"DELETE FROM audit_entry WHERE division = '{TOWN}'",), ("missing", 5)),
        (
            (
                f"DELETE FROM audit_entry WHERE {SOME} = 2",
                f"UPDATE audit_entry SET number = number - 1 WHERE {SOME} > 2",
            ),
            ("changed", 2),
        ),
        (
            (
                f"INSERT INTO audit_entry ({COLUMNS}) SELECT division, day, 6, at, stand_in, action, "
                f"subject, detail, hash, '' FROM audit_entry WHERE {SOME} = 5",
                f"{REHASH} WHERE {SOME} = 6",
            ),
            ("inserted", 6),
        ),
        ((f"DELETE FROM audit_head WHERE division = '{TOWN}'",), ("inserted", 5)),
    ],
)
def test_the_first_wrong_entry_is_named(statements: tuple[str, ...], finding: tuple[str, int]) -> None:
    fill(TOWN, 5)
    fill(OTHER_COUNTY, 2)
    assert not checked().findings
    tamper(*statements)
    assert say(checked()) == [finding]


def test_the_end_of_an_earlier_day_is_missed_by_the_next() -> None:
    fill(TOWN, 3)
    steps = ["UPDATE audit_entry SET day = day - 1", f"{REHASH} WHERE number = 1"]
    for n in (2, 3):  # as if they had been written yesterday
        chained = f"e.number = {n} AND p.number = {n} - 1"
        steps.append(f"UPDATE audit_entry e SET previous = p.hash FROM audit_entry p WHERE {chained}")
        steps.append(f"{REHASH} WHERE number = {n}")
    head = (
        "UPDATE audit_head SET day = audit_head.day - 1, hash = e.hash FROM audit_entry e WHERE e.number = 3"
    )
    tamper(*steps, head)
    assert not checked().findings
    fill(TOWN, 2)
    found = checked()
    assert (found.entries, found.findings) == (5, [])
    tamper("DELETE FROM audit_entry WHERE number = 3")
    assert say(checked()) == [("missing", 3)]


def test_what_hides_from_the_head_is_told_by_heads_kept_elsewhere() -> None:
    fill(TOWN, 5)
    kept = checked()
    fill(TOWN, 2)
    assert not checked(kept).findings  # the chain has grown: its old end is still in it
    cut = f"DELETE FROM audit_entry WHERE {SOME} >= 5"
    head = "UPDATE audit_head SET number = 4, hash = e.hash FROM audit_entry e WHERE e.number = 4"
    tamper(cut, head)
    assert not checked().findings
    assert say(checked(kept)) == [("missing", 5)]
    tamper("DELETE FROM audit_entry", "DELETE FROM audit_head")
    assert not checked().findings
    assert say(checked(kept)) == [("missing", 5)]


def test_a_chain_made_anew_is_another() -> None:
    fill(TOWN, 5)
    kept = checked()
    tamper("DELETE FROM audit_entry", "DELETE FROM audit_head")
    fill(TOWN, 5)
    assert not checked().findings
    assert checked(kept).findings == [
        Finding("changed", TOWN, kept.heads[TOWN][0], 5, "the entry is another than the one that was kept")
    ]


# --- the page


def auditor(code: str = COUNTY) -> Client:
    who = user("auditor", password="三月-青石板路-57")
    post(who, Task.AUDIT, code)
    client = Client()
    client.post("/accounts/sign-in/", {"username": "auditor", "password": "三月-青石板路-57"})
    client.get("/accounts/second-factor/")
    token = f"{totp(TOTPDevice.objects.get(user=who).bin_key):06}"
    client.post("/accounts/second-factor/", {"token": token})
    return client


def test_an_auditor_sees_the_range_and_is_seen() -> None:
    fill(TOWN, 2)
    fill(OTHER_COUNTY, 3)
    client = auditor()
    page = client.get("/audit/").content.decode()
    assert page.count("<code>9901") == 2 and OTHER_COUNTY not in page
    assert "查看审计记录" in client.get("/audit/?action=audit.look").content.decode()
    with acting(range_of(COUNTY), DAY):
        assert Entry.objects.filter(action="audit.look").count() == 2
    for odd in ("?day=nothing", "?action=x", "?day=2001-01-01"):
        assert client.get(f"/audit/{odd}").status_code == 200
    assert not checked().findings


def test_taking_a_seat_is_recorded_where_it_is_taken() -> None:
    who = user("clerk", password="三月-青石板路-57")
    post(who, Task.INTAKE, TOWN)
    other = post(who, Task.ANALYSE, OTHER_COUNTY)
    client = Client()
    client.post("/accounts/sign-in/", {"username": "clerk", "password": "三月-青石板路-57"})
    client.post("/accounts/seats/", {"seat": f"post:{other.pk}"})
    with acting(range_of(OTHER_COUNTY), DAY):
        assert [(one.action, one.post_id) for one in Entry.objects.all()] == [("seat.take", other.pk)]
