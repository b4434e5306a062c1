"""Posts and stand-ins: who may appoint whom, what nobody holds at once, and which seats a day has."""

from __future__ import annotations

import threading
from datetime import date, timedelta
from typing import Any

import hypothesis
import pytest
from django.db import IntegrityError, connection, connections
from hypothesis import given
from hypothesis import strategies as st

from office.world import (
    CITY,
    COUNTY,
    DAY,
    MERGED,
    OTHER_COUNTY,
    PROVINCE,
    RETIRED,
    TOWN,
    post,
    seat,
    settle,
    user,
)
from zhida.office.accounts import appointing
from zhida.office.accounts.appointing import AppointmentError, tenures
from zhida.office.accounts.models import Post, StandIn, User
from zhida.office.accounts.seats import Seat, seats
from zhida.office.accounts.tasks import REFUSED, Task, Tenure, conflict
from zhida.office.divisions.models import Division
from zhida.office.divisions.scope import range_of
from zhida.office.guards.scope import acting

START = date(2025, 1, 1)


def appoint(by: Seat, *more: Any) -> Post:
    with acting(by.range, DAY):
        return appointing.appoint(by, *more)


def end(by: Seat, post: Post, on: date) -> None:
    with acting(by.range, DAY):
        appointing.end(by, post, on)


def stand_in(by: Seat, *more: Any) -> StandIn:
    with acting(by.range, DAY):
        return appointing.stand_in(by, *more)


def found(who: User, division: Division, start: date) -> Post:
    with acting(range_of(division.code), DAY):
        return appointing.found(who, division, start)


@pytest.fixture(autouse=True)
def _settled(site: None) -> None:
    settle()


@pytest.fixture
def chief() -> Seat:
    return seat(user("chief"), Task.ADMINISTER, CITY)


def at(code: str) -> Division:
    return Division.objects.get(pk=code)


def test_an_administrator_appoints_within_the_range(chief: Seat) -> None:
    clerk = user("clerk")
    made = appoint(chief, clerk, Task.INTAKE, at(TOWN), START)
    assert made.appointed_by == chief.user
    assert [one.post for one in seats(clerk, DAY)] == [made]
    assert seats(clerk, START - timedelta(1)) == []


@pytest.mark.parametrize("code", [PROVINCE, "990201000000"])
def test_not_outside_of_it(chief: Seat, code: str) -> None:
    with pytest.raises(AppointmentError, match="不在 长乐市 范围内"):
        appoint(chief, user("clerk"), Task.INTAKE, at(code), START)


def test_nobody_appoints_themselves(chief: Seat) -> None:
    with pytest.raises(AppointmentError, match="不能任免自己"):
        appoint(chief, chief.user, Task.ANALYSE, at(CITY), START)
    with pytest.raises(IntegrityError):  # the database knows it, too
        Post.objects.create(
            user=chief.user, task=Task.ANALYSE, division=at(CITY), start=START, appointed_by=chief.user
        )


@pytest.mark.parametrize("task", [task for task in Task if task != Task.ADMINISTER])
def test_only_administrators_with_a_second_factor_appoint(chief: Seat, task: Task) -> None:
    other = seat(user("other"), task, CITY)
    unverified = Seat(chief.user, chief.post, None, verified=False)
    for by in (other, unverified):
        with pytest.raises(AppointmentError, match="两步验证"):
            appoint(by, user(f"clerk-{by.verified}"), Task.INTAKE, at(TOWN), START)


def test_dates_and_divisions_must_fit(chief: Seat) -> None:
    clerk = user("clerk")
    with pytest.raises(AppointmentError, match="止期须在起期之后"):
        appoint(chief, clerk, Task.INTAKE, at(TOWN), START, START)
    with pytest.raises(AppointmentError, match="北城区 在 2025-01-01 不存在"):
        appoint(chief, clerk, Task.INTAKE, at(RETIRED), START)
    appoint(chief, clerk, Task.INTAKE, at(TOWN), START, DAY)
    with pytest.raises(AppointmentError, match="已担任"):
        appoint(chief, clerk, Task.INTAKE, at(TOWN), DAY - timedelta(1))
    appoint(chief, clerk, Task.INTAKE, at(TOWN), DAY)


@pytest.mark.parametrize("pair", sorted(tuple(sorted(p)) for p in REFUSED))
def test_refused_pairs_are_refused_both_ways_and_everywhere(chief: Seat, pair: tuple[str, str]) -> None:
    for first, second in (pair, pair[::-1]):
        clerk = user(f"clerk-{first}")
        appoint(chief, clerk, Task(first), at(TOWN), START, DAY)
        with pytest.raises(AppointmentError, match="不能同时担任"):
            appoint(chief, clerk, Task(second), at(OTHER_COUNTY), START)
        appoint(chief, clerk, Task(second), at(OTHER_COUNTY), DAY)  # one after the other is no matter


DAYS = st.integers(0, 30).map(lambda n: START + timedelta(n))
TENURES = st.builds(
    lambda task, start, days: Tenure(task, start, None if days is None else start + timedelta(days)),
    st.sampled_from(Task), DAYS, st.none() | st.integers(1, 20),
)  # fmt: skip


@given(TENURES, st.lists(TENURES, max_size=4))
def test_a_conflict_is_a_day_on_which_both_are_held(new: Tenure, held: list[Tenure]) -> None:
    days = [START + timedelta(n) for n in range(60)]
    both = any(
        frozenset({new.task, one.task}) in REFUSED and any(new.holds(d) and one.holds(d) for d in days)
        for one in held
    )
    assert (conflict(new, held) is not None) == both


@hypothesis.settings(max_examples=25)
@given(st.lists(st.tuples(TENURES, st.sampled_from([TOWN, COUNTY, OTHER_COUNTY])), min_size=2, max_size=8))
def test_whatever_is_tried_nobody_ever_holds_a_refused_pair(tries: list[tuple[Tenure, str]]) -> None:
    chief = seat(user(f"chief{User.objects.count()}"), Task.ADMINISTER, CITY)
    clerk = user(f"clerk{User.objects.count()}")
    for tenure, code in tries:
        try:
            appoint(chief, clerk, tenure.task, at(code), tenure.start, tenure.until)
        except AppointmentError:
            continue
    for day in (START + timedelta(n) for n in range(60)):
        now = {one.task for one in tenures(clerk) if one.holds(day)}
        assert not [pair for pair in REFUSED if pair <= now]


def test_two_at_once_do_not_slip_past_each_other(chief: Seat) -> None:
    clerk, said = user("clerk"), []

    def try_it(task: Task, code: str) -> None:
        try:
            appoint(chief, clerk, task, at(code), START)
        except AppointmentError as error:
            said.append(str(error))
        finally:
            connection.close()

    threads = [
        threading.Thread(target=try_it, args=one) for one in ((Task.INTAKE, TOWN), (Task.REVIEW, COUNTY)) * 4
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len({one.task for one in tenures(clerk)}) == 1
    assert len(said) == 7


def test_ending_a_post(chief: Seat) -> None:
    clerk = user("clerk")
    made = appoint(chief, clerk, Task.INTAKE, at(TOWN), START)
    with pytest.raises(AppointmentError, match="不能早于此日"):
        end(chief, made, START - timedelta(1))
    end(chief, made, DAY)
    assert seats(clerk, DAY - timedelta(1))
    assert not seats(clerk, DAY)
    with pytest.raises(AppointmentError, match="已于 2025-06-01 终止"):
        end(chief, made, DAY + timedelta(1))
    with pytest.raises(AppointmentError, match="不能任免自己"):
        end(chief, chief.post, DAY)


def test_a_stand_in_sits_in_the_post_for_those_days(chief: Seat) -> None:
    away, helper = user("away"), user("helper")
    made = appoint(chief, away, Task.REVIEW, at(COUNTY), START)
    lent = stand_in(chief, made, helper, DAY, DAY + timedelta(5), "休假")
    found = seats(helper, DAY)
    assert [(one.post, one.stand_in, one.division) for one in found] == [(made, lent, at(COUNTY))]
    assert seats(away, DAY)
    assert not seats(helper, DAY - timedelta(1)) and not seats(helper, DAY + timedelta(5))
    end(chief, made, DAY + timedelta(2))  # with the post the standing in ends
    assert seats(helper, DAY + timedelta(1)) and not seats(helper, DAY + timedelta(2))


def test_a_stand_in_counts_as_holding_the_task(chief: Seat) -> None:
    away, clerk = user("away"), user("clerk")
    made = appoint(chief, away, Task.REVIEW, at(COUNTY), START)
    appoint(chief, clerk, Task.INTAKE, at(TOWN), START)
    with pytest.raises(AppointmentError, match="不能同时担任复核和受理"):
        stand_in(chief, made, clerk, DAY, DAY + timedelta(5), "休假")
    free = user("free")
    stand_in(chief, made, free, DAY, DAY + timedelta(5), "休假")
    with pytest.raises(AppointmentError, match="不能同时担任受理和复核"):
        appoint(chief, free, Task.INTAKE, at(TOWN), DAY)


@pytest.mark.parametrize(
    ("start", "until", "reason", "says"),
    [
        (DAY, DAY, "休假", "止期须在起期之后"),
        (DAY, DAY + timedelta(1), " ", "事由"),
        (START - timedelta(1), DAY, "休假", "原任期之内"),
    ],
)
def test_standing_in_needs_days_and_a_reason(
    chief: Seat, start: date, until: date, reason: str, says: str
) -> None:
    made = appoint(chief, user("away"), Task.REVIEW, at(COUNTY), START)
    with pytest.raises(AppointmentError, match=says):
        stand_in(chief, made, user("helper"), start, until, reason)


def test_who_is_no_more_has_no_seat(chief: Seat) -> None:
    away, helper = user("away"), user("helper")
    made = appoint(chief, away, Task.REVIEW, at(COUNTY), START)
    stand_in(chief, made, helper, DAY, DAY + timedelta(5), "休假")
    User.objects.filter(pk=away.pk).update(is_active=False)
    assert not seats(User.objects.get(pk=away.pk), DAY)
    assert not seats(helper, DAY)
    with pytest.raises(AppointmentError, match="已停用"):
        appoint(chief, User.objects.get(pk=away.pk), Task.ANALYSE, at(COUNTY), START)


def test_a_post_ends_with_its_division() -> None:
    clerk = user("clerk")
    post(clerk, Task.INTAKE, RETIRED, date(2020, 1, 1))
    assert seats(clerk, date.fromisoformat(MERGED) - timedelta(1))
    assert not seats(clerk, date.fromisoformat(MERGED))


def test_the_first_administrator_is_appointed_by_nobody_and_once() -> None:
    first = user("first")
    made = found(first, at(CITY), START)
    assert made.appointed_by is None
    with pytest.raises(AppointmentError, match="已有首任管理员"):
        found(user("second"), at(CITY), START)


def test_posts_and_users_cannot_be_deleted_by_the_web(chief: Seat) -> None:
    from django.db import DatabaseError

    for table in ("accounts_post", "accounts_user", "accounts_standin"):
        with (
            pytest.raises(DatabaseError, match="permission denied"),
            connections["default"].cursor() as cursor,
        ):
            cursor.execute(f"DELETE FROM {table}")
        connections["default"].close()
