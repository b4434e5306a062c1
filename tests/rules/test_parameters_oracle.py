"""Look-up against a naive oracle that replays, month by month, what each act did."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.small_pack import load
from rules.test_parameters import value, with_values
from zhida.codes.months import month_of
from zhida.rules.declarations import Pack, ParameterValue
from zhida.rules.parameters import Lookup

PARENT = {"990000000000": "", "990100000000": "990000000000", "990101000000": "990100000000"}
PARENT |= {"990103000000": "990100000000", "990101001000": "990101000000"}
PLACES = list(PARENT)
FIRST, LAST = 2020 * 12, 2022 * 12
UNKNOWN = "unknown"


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Pack:
    return load(tmp_path_factory.mktemp("pack"))


def day_of(month: int, day: int) -> str:
    return date(month // 12, month % 12 + 1, day).isoformat()


@st.composite
def histories(draw: st.DrawFn) -> list[ParameterValue]:
    """Acts whose months differ at one place (a pack with two at once is refused at load)."""
    found: list[ParameterValue] = []
    taken: set[tuple[str, int]] = set()
    for number in range(draw(st.integers(1, 8))):
        place = draw(st.sampled_from(PLACES))
        month, day = draw(st.integers(FIRST, LAST - 4)), draw(st.sampled_from([1, 2, 15, 28]))
        first = draw(st.none() | st.integers(0, 2))
        effective = month + first if first is not None else month + (day > 1)
        if (place, effective) in taken:
            continue
        taken.add((place, effective))
        until = draw(st.none() | st.tuples(st.integers(1, 9), st.sampled_from([1, 20])))
        found.append(
            value(
                place,
                day_of(month, day),
                draw(st.sampled_from([None, number + 1, number + 1, number + 1])),
                until=day_of(effective + until[0], until[1]) if until else None,
                first_month=day_of(effective, 1)[:7] if first is not None else None,
                announced=draw(st.none() | st.integers(FIRST - 2, LAST).map(lambda m: day_of(m, 10))),
                ends_below=draw(st.booleans()),
            )
        )
    return found


def first_month_of(act: ParameterValue) -> int:
    """The first month with a first day on or after the day in force, found by walking."""
    if act.first_month is not None:
        return act.first_month
    month = FIRST - 24
    while date(month // 12, month % 12 + 1, 1) < act.start:
        month += 1
    return month


def replay(acts: list[ParameterValue], last: int) -> dict[int, dict[str, ParameterValue]]:
    """What each place has of its own, month by month, as acts begin, run out and end others."""
    own: dict[str, ParameterValue] = {}
    history: dict[int, dict[str, ParameterValue]] = {}
    begins = {id(act): first_month_of(act) for act in acts}
    for month in range(FIRST - 24, last + 1):
        first_day = date(month // 12, month % 12 + 1, 1)
        for place, act in list(own.items()):
            if act.until is not None and first_day >= act.until:
                del own[place]
        for act in sorted((a for a in acts if begins[id(a)] == month), key=lambda a: a.start):
            place = act.places[0]
            if act.ends_below:
                for other in PLACES:
                    began = own.get(other)
                    same_day = began is not None and (begins[id(began)], began.start) == (month, act.start)
                    if other != place and place in above(other) and not same_day:
                        own.pop(other, None)
            own[place] = act
            if act.until is not None and first_day >= act.until:
                del own[place]
        history[month] = dict(own)
    return history


def above(place: str) -> list[str]:
    return [place, *above(PARENT[place])] if place else []


def oracle(own: dict[str, ParameterValue], place: str) -> tuple[int, ...] | str | None:
    for one in above(place):
        if one in own:
            return own[one].values or UNKNOWN
    return None


@settings(max_examples=150, deadline=None, derandomize=True)
@given(acts=histories(), known=st.none() | st.integers(FIRST - 2, LAST))
def test_against_the_oracle(base: Pack, acts: list[ParameterValue], known: int | None) -> None:
    known_on = None if known is None else date(known // 12, known % 12 + 1, 10)
    lookup = Lookup(with_values(base, *acts), known_on)
    seen = [a for a in acts if known_on is None or (a.announced or a.start) <= known_on]
    history = replay(seen, LAST + 8)
    for place in PLACES:
        for month in range(FIRST - 2, LAST + 8):
            answer = lookup.resolve("p", month, place)
            expected = oracle(history[month], place)
            found = answer.values or (UNKNOWN if answer.value is not None else None)
            assert found == expected, (place, month)
            assert bool(answer.why) is (answer.values is None)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(acts=histories())
def test_ambiguous_exactly_where_the_assumption_matters(base: Pack, acts: list[ParameterValue]) -> None:
    """Ambiguous only beside a start in mid-month without a stated first month; and never the other way."""
    pack = with_values(base, *acts)
    lookup = Lookup(pack)
    doubtful = {
        m
        for a in acts
        if a.first_month is None and a.start.day > 1
        for m in (month_of(a.start), month_of(a.start) + 1)
    }
    certain = Lookup(with_values(base, *(a for a in acts if a.first_month is not None or a.start.day == 1)))
    for place in PLACES:
        for month in range(FIRST - 2, LAST + 8):
            answer = lookup.resolve("p", month, place)
            if answer.ambiguous:
                assert month in doubtful
            assert not certain.resolve("p", month, place).ambiguous
