"""The guards of the database: random seats, records and grants, through ORM and raw SQL, as each role."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from datetime import date, timedelta

import hypothesis
import pytest
from django.apps import apps
from django.db import DatabaseError, connection, connections, transaction
from hypothesis import given
from hypothesis import strategies as st

from office.world import (
    CITY,
    COUNTY,
    DAY,
    OTHER_CITY,
    OTHER_COUNTY,
    OTHER_TOWN,
    PROVINCE,
    ROWS,
    TOWN,
    VILLAGE,
    settle,
    user,
)
from zhida.office.audit.models import Entry
from zhida.office.audit.writing import write
from zhida.office.database.roles import BACKUP, OWNER, REPORTS, WEB, WORKER
from zhida.office.divisions.scope import range_of
from zhida.office.guards.models import Grant, Guarded
from zhida.office.guards.scope import ScopeError, acting, enter, leave
from zhida.office.people.models import Identifier, Person

CODES = [row[0] for row in ROWS]
# Tables that the web may read without a scope, each with its reason.
NOT_PERSONAL = {
    "divisions_division": "public",
    "divisions_succession": "public",
    "accounts_user": "staff; read to sign in",
    "accounts_post": "staff; read to find the seats",
    "accounts_standin": "staff; read to find the seats",
    "django_session": "read before anybody is known",
    "axes_accessattempt": "sign-ins of staff",
    "axes_accessattemptexpiration": "sign-ins of staff",
    "axes_accesslog": "sign-ins of staff",
    "axes_accessfailurelog": "sign-ins of staff",
    "otp_totp_totpdevice": "second factors of staff",
}


@pytest.fixture(autouse=True)
def _settled(site: None) -> None:
    settle()


def person(code: str, *, using: str = BACKUP) -> Person:
    made = Person(division=code, name=b"sealed", name_look_up=b"found", keys=1)
    made.save(using=using, force_insert=True)
    Identifier(person_id=made.pk, division=code, kind="resident_id", number=b"x", look_up=b"y", keys=1).save(
        using=using
    )
    return made


def grant(
    who: Person, to: str, start: date = DAY, until: date | None = None, *, by: str = "", using: str = BACKUP
) -> Grant:
    giver = by or f"giver{who.pk}-{to}-{start}-{until}"
    one = Grant(
        person_id=who.pk, division_id=to, purpose="跨区救助", start=start, until=until,
        responsible=who.division, given_by_id=user(giver.lower()).pk,
    )  # fmt: skip
    one.save(using=using)
    return one


def raw(sql: str, using: str = "default") -> list[int]:
    with connections[using].cursor() as cursor:
        cursor.execute(sql)
        return sorted(row[0] for row in cursor.fetchall())


def tables() -> list[str]:
    return [m._meta.db_table for m in apps.get_models(include_auto_created=True) if m._meta.managed]


# --- nothing without a scope


def personal() -> list[str]:
    guarded = [m for m in apps.get_models() if issubclass(m, Guarded)]
    return sorted(m._meta.db_table for m in (*guarded, Person, Grant, Entry))


def test_every_table_that_is_not_named_as_open_is_guarded_by_force() -> None:
    with connections[OWNER].cursor() as cursor:
        cursor.execute(
            "SELECT c.relname, c.relrowsecurity AND c.relforcerowsecurity, "
            "(SELECT count(*) FROM unnest(%s::text[]) r WHERE has_any_column_privilege(r, c.oid, 'SELECT')) "
            "FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
            "WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p', 'v', 'm')",
            ([WEB, WORKER, REPORTS],),
        )
        found = {name: (guarded, readers) for name, guarded, readers in cursor.fetchall()}
    open_ones = {name for name, (guarded, readers) in found.items() if readers and not guarded}
    assert open_ones == NOT_PERSONAL.keys()
    assert {name for name, (guarded, _) in found.items() if guarded} == set(personal())


@pytest.mark.parametrize("role", ["default", WORKER, REPORTS, OWNER])
def test_without_a_scope_there_is_nothing(role: str) -> None:
    grant(person(VILLAGE), COUNTY)
    with acting(range_of(TOWN), DAY):
        write(TOWN, None, None, False, "seat.take", "", [None])
    for table in personal():
        column = "id"
        if (table, role) == ("audit_entry", REPORTS):
            continue  # no right at all
        assert raw(f"SELECT {column} FROM {table}", role) == []
        assert raw(f"SELECT {column} FROM {table}", BACKUP) != []
    with transaction.atomic(role):
        leave(role)
        assert raw("SELECT id FROM people_person", role) == []


@pytest.mark.parametrize("role", [WEB, WORKER, REPORTS])
def test_no_role_can_lift_the_guard(role: str) -> None:
    alias = "default" if role == WEB else role
    person(VILLAGE)
    for attempt in (
        "ALTER TABLE people_person DISABLE ROW LEVEL SECURITY",
        "ALTER TABLE people_person NO FORCE ROW LEVEL SECURITY",
        "DROP POLICY sees ON people_person",
        "CREATE POLICY more ON people_person USING (true)",
        f"SET ROLE {OWNER}",
        f"SET ROLE {BACKUP}",
        f"SET SESSION AUTHORIZATION {OWNER}",
        "TRUNCATE people_person CASCADE",
        "CREATE TABLE copy AS SELECT 1 AS n",
        "CREATE FUNCTION f() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1'",
        "COPY people_person TO PROGRAM 'cat'",
        "SELECT pg_read_file('PG_VERSION')",
    ):
        try:
            with connections[alias].cursor() as cursor:
                cursor.execute(attempt)
            pytest.fail(f"{role} may {attempt}")
        except DatabaseError:
            connections[alias].close()
    raw("SELECT 1 FROM set_config('row_security', 'off', false)", alias)
    with pytest.raises(DatabaseError, match="row-level security"):
        raw("SELECT id FROM people_person", alias)
    connections[alias].close()


def test_a_scope_ends_with_its_transaction() -> None:
    who = person(VILLAGE)
    with acting(range_of(COUNTY), DAY):
        assert raw("SELECT id FROM people_person") == [who.pk]
    assert raw("SELECT id FROM people_person") == []
    with pytest.raises(ZeroDivisionError), acting(range_of(COUNTY), DAY):
        raise ZeroDivisionError
    assert raw("SELECT id FROM people_person") == []
    assert connection.connection is not None  # all on one connection


def test_a_scope_needs_a_transaction_of_its_own() -> None:
    with pytest.raises(ScopeError, match="needs an open transaction"):
        enter(range_of(COUNTY), DAY)
    with transaction.atomic(), pytest.raises(ScopeError, match="open already"), acting(range_of(COUNTY), DAY):
        pass


def test_a_scope_takes_the_place_of_the_one_before() -> None:
    """Also of its grants: switching from one seat to another leaves nothing of the first."""
    near, far = person(VILLAGE), person(OTHER_TOWN)
    grant(far, TOWN)
    with transaction.atomic():
        enter(range_of(TOWN), DAY)
        assert raw("SELECT id FROM people_person") == [near.pk, far.pk]
        enter(range_of(OTHER_CITY), DAY)
        assert raw("SELECT id FROM people_person") == []


# --- random seats, records and grants

GRANTS = st.tuples(
    st.integers(0, 5), st.sampled_from(CODES), st.integers(-3, 3), st.none() | st.integers(0, 4)
)


@hypothesis.settings(max_examples=60, suppress_health_check=[hypothesis.HealthCheck.function_scoped_fixture])
@given(
    seat=st.sampled_from(CODES),
    at=st.lists(st.sampled_from(CODES), min_size=1, max_size=6),
    given_to=st.lists(GRANTS, max_size=4),
)
def test_seen_is_what_the_range_holds_or_what_was_granted(
    seat: str, at: list[str], given_to: list[tuple[int, str, int, int | None]]
) -> None:
    with connections[BACKUP].cursor() as cursor:
        cursor.execute("DELETE FROM guards_grant; DELETE FROM people_identifier; DELETE FROM people_person")
    people = [person(code) for code in at]
    low, high = range_of(seat)
    near = {one.pk for one in people if low <= one.division <= high}
    seen = set(near)
    giver = user(f"giver{Grant.objects.using(BACKUP).count()}-{people[0].pk}")
    for which, to, start, days in given_to:
        one = people[which % len(people)]
        begins = DAY + timedelta(start)
        until = None if days is None else begins + timedelta(days)
        Grant(
            person_id=one.pk, division_id=to, purpose="协助", start=begins, until=until,
            responsible=one.division, given_by_id=giver.pk,
        ).save(using=BACKUP)  # fmt: skip
        if low <= to <= high and begins <= DAY and (until is None or until > DAY):
            seen.add(one.pk)

    for alias in ("default", WORKER, REPORTS):
        with acting((low, high), DAY, using=alias):
            assert raw("SELECT id FROM people_person", alias) == sorted(seen)
            assert raw("SELECT person_id FROM people_identifier", alias) == sorted(seen)
            assert raw("SELECT count(*) FROM people_person", alias) == [len(seen)]
            joined = "SELECT i.person_id FROM people_identifier i JOIN people_person p ON p.id = i.person_id"
            assert raw(joined, alias) == sorted(seen)
            assert raw("SELECT id FROM people_person WHERE division >= '0' OR true", alias) == sorted(seen)
    with acting((low, high), DAY):
        assert {one.pk for one in Person.objects.all()} == seen
        assert {one.pk for one in Person.objects.filter(pk__in=[p.pk for p in people])} == seen
        assert Person.objects.count() == len(seen)
        for one in people:
            assert Person.objects.filter(pk=one.pk).exists() == (one.pk in seen)
            # A granted record is read, not written.
            changed = Person.objects.filter(pk=one.pk).update(birth_date=DAY)
            assert changed == (1 if one.pk in near else 0)


@hypothesis.settings(max_examples=30)
@given(seat=st.sampled_from(CODES), at=st.sampled_from(CODES))
def test_nothing_is_put_or_moved_outside_of_the_range(seat: str, at: str) -> None:
    low, high = range_of(seat)
    inside = low <= at <= high
    for alias in ("default", WORKER):
        with refused(not inside), acting((low, high), DAY, using=alias):
            made = Person(division=at, name=b"n", name_look_up=b"l", keys=1)
            made.save(using=alias, force_insert=True)
    own = person(seat)
    with refused(not inside), acting((low, high), DAY):
        assert Person.objects.filter(pk=own.pk).update(division=at) == 1


def refused(yes: bool) -> AbstractContextManager[object]:
    return pytest.raises(DatabaseError, match="row-level security") if yes else nullcontext()


# --- grants


def test_only_who_is_responsible_gives() -> None:
    near, far = person(VILLAGE), person(OTHER_TOWN)
    with acting(range_of(COUNTY), DAY):
        grant(near, OTHER_COUNTY, by="a", using="default")
    with pytest.raises(DatabaseError, match="row-level security"), acting(range_of(COUNTY), DAY):
        grant(far, COUNTY, by="b", using="default")
    forged = Grant(
        person_id=far.pk, division_id=COUNTY, purpose="x", start=DAY, responsible=VILLAGE,
        given_by_id=user("c").pk,
    )  # fmt: skip
    with pytest.raises(DatabaseError, match="row-level security"), acting(range_of(COUNTY), DAY):
        forged.save()


def test_a_grant_that_was_received_is_seen_and_not_passed_on() -> None:
    who = person(VILLAGE)
    one = grant(who, OTHER_COUNTY)
    with acting(range_of(OTHER_COUNTY), DAY):
        assert [g.purpose for g in Grant.objects.all()] == ["跨区救助"]
        assert Grant.objects.filter(pk=one.pk).update(until=DAY + timedelta(99)) == 0
        assert Person.objects.filter(pk=who.pk).exists()
    with pytest.raises(DatabaseError, match="row-level security"), acting(range_of(OTHER_COUNTY), DAY):
        grant(who, OTHER_CITY, by="d", using="default")
    with acting(range_of(COUNTY), DAY):
        assert Grant.objects.filter(pk=one.pk).update(until=DAY) == 1
    with acting(range_of(OTHER_COUNTY), DAY):
        assert not Person.objects.filter(pk=who.pk).exists()


def test_a_grant_to_a_county_is_none_to_its_towns() -> None:
    who = person(VILLAGE)
    grant(who, OTHER_COUNTY)
    with acting(range_of(OTHER_TOWN), DAY):
        assert not Person.objects.exists()
    for above in (OTHER_COUNTY, CITY, PROVINCE):
        with acting(range_of(above), DAY):
            assert Person.objects.filter(pk=who.pk).exists()


def test_too_many_grants_refuse_the_scope_and_show_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("zhida.office.guards.scope.MOST_GRANTED", 2)
    for _ in range(2):
        grant(person(VILLAGE), OTHER_COUNTY)
    with acting(range_of(OTHER_COUNTY), DAY):
        assert Person.objects.count() == 2
    grant(person(VILLAGE), OTHER_COUNTY)
    with transaction.atomic():
        with pytest.raises(ScopeError, match="More than 2 persons are granted"):
            enter(range_of(OTHER_COUNTY), DAY)
        assert not Person.objects.exists()
    with acting(range_of(CITY), DAY):  # those of one's own range don't count
        assert Person.objects.count() == 3


def test_reports_read_neither_names_nor_numbers() -> None:
    person(VILLAGE)
    for sql in (
        "SELECT name FROM people_person",
        "SELECT look_up FROM people_identifier",
        "SELECT * FROM people_person",
    ):
        with (
            pytest.raises(DatabaseError, match="permission denied"),
            acting(range_of(CITY), DAY, using=REPORTS),
        ):
            raw(sql, REPORTS)
    for sql in ("UPDATE people_person SET birth_date = NULL", "DELETE FROM people_person"):
        with (
            pytest.raises(DatabaseError, match="permission denied"),
            acting(range_of(CITY), DAY, using=REPORTS),
        ):
            raw(sql, REPORTS)
