"""Look-up of dated and placed parameters: examples of each rule."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from rules.small_pack import load
from zhida.codes.months import parse_month
from zhida.rules.declarations import At, Citation, Evidence, Kind, Pack, Parameter, ParameterValue
from zhida.rules.parameters import Lookup, Resolved, gaps, resolve

PROVINCE, CITY, COUNTY, TOWN = "99", "9901", "990101", "990101001"
RETIRED, SUCCESSOR, OTHER = "990102", "990104", "990103"


def value(
    place: str | Sequence[str],
    start: str,
    amount: int | None,
    *,
    until: str | None = None,
    first_month: str | None = None,
    announced: str | None = None,
    known_from: str | None = None,
    superseded_on: str | None = None,
    ends_below: bool = False,
) -> ParameterValue:
    codes = [place] if isinstance(place, str) else place
    days = [date.fromisoformat(d) if d else None for d in (until, announced, known_from, superseded_on)]
    return ParameterValue(
        places=tuple(code.ljust(12, "0") for code in codes),
        start=date.fromisoformat(start),
        until=days[0],
        first_month=parse_month(first_month) if first_month else None,
        announced=days[1],
        known_from=days[2],
        superseded_on=days[3],
        values=None if amount is None else (amount,),
        ends_below=ends_below,
        citation=Citation("L1", "", Evidence.LAW),
        at=At("parameters/a.yaml", 1, 1),
    )


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Pack:
    return load(tmp_path_factory.mktemp("pack"))


def with_values(pack: Pack, *values: ParameterValue) -> Pack:
    at = At("parameters/a.yaml", 1, 1)
    parameter = Parameter("p", "标准甲", Kind.INT, 0, "", 0, 9999, "", values, "", at)
    return replace(pack, parameters={"p": parameter})


def got(pack: Pack, month: str, place: str, known_on: str | None = None) -> int | None:
    answer = look(pack, month, place, known_on)
    return None if answer.values is None else answer.values[0]


def look(pack: Pack, month: str, place: str, known_on: str | None = None) -> Resolved:
    day = date.fromisoformat(known_on) if known_on else None
    return resolve(pack, "p", parse_month(month), place, day)


def test_a_value_starts_with_the_month_whose_first_day_it_covers(base: Pack) -> None:
    pack = with_values(base, value(CITY, "2020-03-01", 1), value(CITY, "2021-03-02", 2))
    assert [got(pack, m, CITY) for m in ("2020-02", "2020-03", "2021-03", "2021-04")] == [None, 1, 1, 2]


def test_a_stated_first_month_counts_even_before_the_day_in_force(base: Pack) -> None:
    pack = with_values(
        base,
        value(CITY, "2020-03-20", 1, first_month="2020-01"),
        value(CITY, "2020-06-01", 2, first_month="2020-08"),
    )
    assert [got(pack, m, CITY) for m in ("2019-12", "2020-01", "2020-07", "2020-08")] == [None, 1, 1, 2]


def test_until_leaves_a_gap_that_is_unknown(base: Pack) -> None:
    pack = with_values(base, value(CITY, "2020-01-01", 1, until="2020-05-15"), value(CITY, "2020-08-01", 2))
    assert [got(pack, m, CITY) for m in ("2020-05", "2020-06", "2020-07", "2020-08")] == [1, None, None, 2]
    answer = look(pack, "2020-07", COUNTY)
    assert (answer.value, answer.place) == (None, "")
    assert answer.why == "no value of 标准甲 is known for 甲县 in 2020-07"


def test_the_nearest_place_wins_and_a_gap_in_it_inherits(base: Pack) -> None:
    pack = with_values(
        base,
        value(PROVINCE, "2015-01-01", 1),
        value(COUNTY, "2016-01-01", 2, until="2017-01-01"),
    )
    assert [got(pack, "2016-06", p) for p in (PROVINCE, CITY, COUNTY, TOWN, OTHER)] == [1, 1, 2, 2, 1]
    assert got(pack, "2017-01", TOWN) == 1
    assert look(pack, "2016-06", TOWN).place == "990101000000"


def test_a_declared_unknown_blocks_inheritance(base: Pack) -> None:
    pack = with_values(
        base, value(CITY, "2015-01-01", 1), value(COUNTY, "2016-01-01", None, until="2017-01-01")
    )
    answer = look(pack, "2016-06", TOWN)
    assert answer.values is None
    assert answer.value is not None
    assert answer.place == "990101000000"
    assert answer.why == "甲县 has a value of its own of 标准甲 in 2016-06, which is not known"
    assert got(pack, "2017-01", TOWN) == 1


def test_a_city_wide_act_ends_what_began_before_it_below(base: Pack) -> None:
    pack = with_values(
        base,
        value(COUNTY, "2016-01-01", 2),
        value(OTHER, "2016-01-01", None),
        value(CITY, "2018-01-15", 3, ends_below=True),
        value(COUNTY, "2019-01-01", 4),
    )
    months = ("2018-01", "2018-02", "2018-12", "2019-01")
    assert [got(pack, m, COUNTY) for m in months] == [2, 3, 3, 4]
    assert [got(pack, m, OTHER) for m in months] == [None, 3, 3, 3]


def test_an_act_ends_for_good_even_where_it_is_over_itself(base: Pack) -> None:
    pack = with_values(
        base,
        value(COUNTY, "2016-01-01", 2),
        value(CITY, "2018-01-01", 3, until="2019-01-01", ends_below=True),
    )
    assert [got(pack, m, COUNTY) for m in ("2017-12", "2018-06", "2019-01")] == [2, 3, None]


def test_a_value_of_the_same_day_as_the_act_stands(base: Pack) -> None:
    pack = with_values(base, value(COUNTY, "2018-01-01", 2), value(CITY, "2018-01-01", 3, ends_below=True))
    assert got(pack, "2018-06", COUNTY) == 2
    assert got(pack, "2018-06", OTHER) == 3


def test_without_ends_below_county_values_stay(base: Pack) -> None:
    pack = with_values(base, value(COUNTY, "2016-01-01", 2), value(CITY, "2018-01-01", 3))
    assert got(pack, "2018-06", COUNTY) == 2


def test_outside_is_unknown(base: Pack) -> None:
    pack = with_values(base, value(PROVINCE, "2015-01-01", 1))
    for place in ("110101", "990199", "nonsense", "", "99010"):
        answer = look(pack, "2016-01", place)
        assert answer.values is None
        assert "is no division of 小县" in answer.why
    # A village that the table doesn't list yet is placed by its digits.
    assert got(pack, "2016-01", "990101001203") == 1


def test_places_outside_the_root_are_outside_though_the_table_lists_them(base: Pack) -> None:
    pack = replace(with_values(base, value(PROVINCE, "2015-01-01", 1)), root="990101000000")
    assert got(pack, "2016-01", TOWN) == 1
    assert got(pack, "2016-01", OTHER) is None


def test_the_tree_of_that_month_decides(base: Pack) -> None:
    pack = with_values(base, value(RETIRED, "2015-01-01", 1), value(SUCCESSOR, "2021-04-09", 2))
    assert got(pack, "2021-04", RETIRED) == 1
    # Retired in April: a value that never ended on paper goes with its place.
    assert got(pack, "2021-05", RETIRED) == 2
    assert look(pack, "2021-05", RETIRED).place == "990104000000"
    # Before it began its only predecessor stands for it.
    assert got(pack, "2016-01", SUCCESSOR) == 1


def test_a_divided_place_is_unknown_where_its_parts_differ(tmp_path: Path) -> None:
    divisions = """\
code,name,parent,level,from,until,successor,overlay
990000000000,小省,,1,,,,
990100000000,小市,990000000000,2,,,,
990101000000,甲县,990100000000,3,,2020-01-01,990102000000;990103000000,
990102000000,乙县,990100000000,3,2020-01-01,,,
990103000000,丙县,990100000000,3,2020-01-01,,,
990101001000,甲乡,990101000000,4,,,,
"""
    small = load(tmp_path, {"divisions.csv": divisions})
    pack = with_values(small, value(CITY, "2015-01-01", 1), value("990102", "2021-01-01", 2))
    assert got(pack, "2020-06", TOWN) == 1
    answer = look(pack, "2021-06", TOWN)
    assert answer.values is None
    assert "differs between" in answer.why
    assert got(with_values(small, value(TOWN, "2015-01-01", 7)), "2021-06", TOWN) == 7


def test_what_was_not_yet_known_is_not_there(base: Pack) -> None:
    pack = with_values(
        base,
        value(CITY, "2022-10-01", 1, announced="2022-09-20"),
        value(CITY, "2023-07-31", 2, announced="2023-07-03", known_from="2023-07-05"),
    )
    assert got(pack, "2023-08", CITY, "2023-07-04") == 1
    assert got(pack, "2023-08", CITY, "2023-07-05") == 2
    assert got(pack, "2023-08", CITY, "2022-09-19") is None
    assert got(pack, "2022-10", CITY, "2024-01-01") == 1


def test_without_a_date_of_announcement_the_day_in_force_counts(base: Pack) -> None:
    pack = with_values(base, value(CITY, "2022-10-01", 1))
    assert got(pack, "2022-10", CITY, "2022-09-30") is None
    assert got(pack, "2022-10", CITY, "2022-10-01") == 1


def test_a_correction_replaces_from_the_day_it_is_known(base: Pack) -> None:
    pack = with_values(
        base,
        value(CITY, "2022-01-01", 1, superseded_on="2022-06-01"),
        value(CITY, "2022-01-01", 2, known_from="2022-06-01"),
    )
    assert got(pack, "2022-02", CITY, "2022-05-31") == 1
    assert got(pack, "2022-02", CITY, "2022-06-01") == 2
    assert got(pack, "2022-02", CITY) == 2


def test_a_correction_that_begins_earlier_leaves_nothing_of_the_old_value(base: Pack) -> None:
    pack = with_values(
        base,
        value(CITY, "2022-01-01", 2, known_from="2022-06-01"),
        value(CITY, "2022-01-01", 1, superseded_on="2022-06-01"),
        value(CITY, "2022-03-01", 3, superseded_on="2022-06-01"),
    )
    assert [got(pack, m, CITY) for m in ("2022-02", "2022-04")] == [2, 2]
    assert [got(pack, m, CITY, "2022-05-31") for m in ("2022-02", "2022-04")] == [1, 3]


def test_a_superseded_value_stays_right_for_the_months_before_its_successor(base: Pack) -> None:
    pack = with_values(
        base,
        value(CITY, "2023-07-31", 1, superseded_on="2024-12-24"),
        value(CITY, "2025-01-23", 2, known_from="2024-12-24"),
    )
    assert [got(pack, m, CITY) for m in ("2024-06", "2025-01", "2025-02")] == [1, 1, 2]


@pytest.mark.parametrize(
    ("month", "expected"),
    [("2023-06", False), ("2023-07", True), ("2023-08", True), ("2023-09", False)],
)
def test_ambiguous_where_the_unstated_first_month_matters(base: Pack, month: str, expected: bool) -> None:
    pack = with_values(base, value(CITY, "2022-10-01", 1), value(CITY, "2023-07-31", 2))
    assert look(pack, month, COUNTY).ambiguous is expected


def test_not_ambiguous_where_stated_or_on_the_first_or_elsewhere(base: Pack) -> None:
    stated = with_values(
        base, value(CITY, "2022-10-01", 1), value(CITY, "2023-07-31", 2, first_month="2023-08")
    )
    assert not look(stated, "2023-08", CITY).ambiguous
    first = with_values(base, value(CITY, "2022-10-01", 1), value(CITY, "2023-07-01", 2))
    assert not look(first, "2023-07", CITY).ambiguous
    hidden = with_values(
        base, value(CITY, "2022-10-01", 1), value(CITY, "2023-07-31", 2), value(COUNTY, "2023-01-01", 3)
    )
    assert not look(hidden, "2023-08", COUNTY).ambiguous
    assert look(hidden, "2023-08", OTHER).ambiguous


def test_the_month_before_a_first_value_is_ambiguous_too(base: Pack) -> None:
    pack = with_values(base, value(CITY, "2023-07-31", 2))
    answer = look(pack, "2023-07", CITY)
    assert answer.values is None
    assert answer.ambiguous


def test_gaps_lists_runs_of_unknown_months(base: Pack) -> None:
    pack = with_values(
        base,
        value(CITY, "2020-01-01", 1, until="2020-05-01"),
        value(CITY, "2020-08-01", 2),
        value(COUNTY, "2020-07-01", None, until="2020-09-01"),
    )
    first, last = parse_month("2020-01"), parse_month("2020-12")
    found = [
        (g.division, g.first - first, g.until - first, g.declared)
        for g in gaps(pack, first, last, [CITY, COUNTY])
    ]
    assert found == [(CITY, 4, 7, False), (COUNTY, 4, 6, False), (COUNTY, 6, 8, True)]


def test_a_lookup_asked_twice_answers_the_same(base: Pack) -> None:
    pack = with_values(base, value(CITY, "2020-01-01", 1))
    lookup = Lookup(pack)
    month = parse_month("2020-06")
    assert (
        lookup.resolve("p", month, TOWN)
        == lookup.resolve("p", month, TOWN)
        == resolve(pack, "p", month, TOWN)
    )
    with pytest.raises(KeyError):
        lookup.resolve("q", month, TOWN)
