"""Reforms: what is overridden, where and when; everything else as before."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.small_pack import load
from rules.test_parameters import CITY, COUNTY, OTHER, PROVINCE, TOWN, value, with_values
from rules.test_parameters_oracle import FIRST, LAST, PLACES, histories
from zhida.codes.months import parse_month
from zhida.rules.declarations import At, Citation, Evidence, Pack, ParameterValue
from zhida.rules.parameters import Lookup, resolve
from zhida.rules.problems import PackError
from zhida.rules.reforms.overlay import overlaid
from zhida.rules.reforms.reform import Reform, apply, load_reform, parse_set


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Pack:
    return load(tmp_path_factory.mktemp("pack"))


def got(pack: Pack, parameter: str, month: str, place: str) -> tuple[int, ...] | None:
    return resolve(pack, parameter, parse_month(month), place).values


def reform_of(folder: Path, text: str) -> Reform:
    path = folder / "reform.yaml"
    path.write_text(text, encoding="utf-8")
    return load_reform(path)


def test_set_holds_everywhere_and_always(base: Pack) -> None:
    pack = apply(base, parse_set("标准=1400"))
    for place in (PROVINCE, CITY, COUNTY, TOWN, OTHER):
        for month in ("2014-01", "2016-06", "2025-01"):
            assert got(pack, "standard", month, place) == (140_000,)
    assert got(base, "standard", "2016-06", COUNTY) == (45_050,)
    (only,) = pack.parameters["standard"].values
    assert only.citation.evidence is Evidence.ASSUMED
    assert only.citation.note == "set by the user"
    assert apply(base, parse_set("standard = 1400")).parameters == pack.parameters


def test_set_at_a_place_leaves_the_others(base: Pack) -> None:
    pack = apply(base, parse_set("标准@990101=1400.5"))
    assert got(pack, "standard", "2016-06", COUNTY) == got(pack, "standard", "2021-06", TOWN) == (140_050,)
    for place in (CITY, OTHER):
        assert got(pack, "standard", "2021-06", place) == got(base, "standard", "2021-06", place) == (70_000,)


def test_set_at_a_city_covers_counties_with_values_of_their_own(base: Pack) -> None:
    pack = apply(base, parse_set("标准@9901=1400"))
    assert got(pack, "standard", "2016-06", COUNTY) == (140_000,)
    assert got(pack, "standard", "2016-06", PROVINCE) == (50_000,)


def test_set_one_choice_of_a_table(base: Pack) -> None:
    pack = apply(base, parse_set("护理标准[半失能]=300"))
    assert got(pack, "care_rate", "2020-01", TOWN) == (0, 30_000, 40_000)
    assert got(pack, "care_rate", "2017-12", TOWN) is None
    below = apply(base, parse_set("护理标准[half]@990101=300"))
    assert got(below, "care_rate", "2020-01", TOWN) == (0, 30_000, 40_000)
    assert got(below, "care_rate", "2020-01", OTHER) == (0, 20_000, 40_000)


def test_set_unknown(base: Pack) -> None:
    assert got(apply(base, parse_set("标准=unknown")), "standard", "2020-01", CITY) is None


def test_later_overrides_lie_over_earlier_ones(base: Pack) -> None:
    pack = apply(base, parse_set("标准=1").and_then(parse_set("标准@990101=2")))
    assert got(pack, "standard", "2020-01", COUNTY) == (200,)
    assert got(pack, "standard", "2020-01", OTHER) == (100,)


def test_the_hash_follows_the_overrides(base: Pack) -> None:
    one, two = apply(base, parse_set("标准=1400")), apply(base, parse_set("标准=1401"))
    assert len({base.hash, one.hash, two.hash}) == 3
    assert apply(base, parse_set("标准=1400")).hash == one.hash
    assert apply(base, Reform()) is base
    assert not parse_set("标准=1400").changes_formulas


def test_a_file_with_dates_and_formulas(base: Pack, tmp_path: Path) -> None:
    reform = reform_of(
        tmp_path,
        """\
says: 例
parameters:
  - {id: 标准, place: "9901", from: 2021-01, until: 2022-01, value: 900}
  - {id: care_rate, value: {无: 1, 半失能: 2, 失能: 3}}
formulas:
  - {variable: 困难, formula: 家庭收入 < 标准 * 3}
  - {benefit: basic, condition: income, formula: "True"}
  - {benefit: 护理补贴, part: amount, formula: "300"}
""",
    )
    pack = apply(base, reform)
    months = ("2020-12", "2021-01", "2021-12", "2022-01")
    assert [got(pack, "standard", m, COUNTY) for m in months] == [(70_000,), (90_000,), (90_000,), (70_000,)]
    assert got(pack, "care_rate", "2020-01", CITY) == (100, 200, 300)
    assert [f.text for f in pack.variables["poor"].formulas] == ["家庭收入 < 标准 * 3"]
    assert pack.variables["poor"].formulas[0].at == At("reform.yaml", 6, 29)
    assert pack.benefits["basic"].conditions[1].formula.text == "True"
    assert pack.benefits["basic"].conditions[1].citation.evidence is Evidence.ASSUMED
    assert pack.benefits["basic"].conditions[0] == base.benefits["basic"].conditions[0]
    assert [a.formula.text for a in pack.benefits["care"].amounts] == ["300"]
    assert reform.changes_formulas


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("标准", "not an override"),
        ("=3", "not an override"),
        ("标准=", "not an override"),
        ("标准@=3", "no place after @"),
        ("护理标准[半失能=3", "a choice that is not closed"),
        ("标谁=3", "unknown parameter"),
        ("标准=x", "not such a number"),
        ("标准=1.234", "not such a number"),
        ("标准=1e3", "not such a number"),
        ("标准=5000.01", "outside min and max"),
        ("标准@110101=3", "no division of 小县"),
        ("标准@x=3", "no division of 小县"),
        ("标准[半失能]=3", "is no table"),
        ("护理标准=3", "is a table"),
        ("护理标准[半]=3", "not a choice of the table"),
        ("系数=1.55", "not such a number"),
    ],
)
def test_mistakes_on_the_command_line(base: Pack, text: str, says: str) -> None:
    with pytest.raises(PackError, match=says) as caught:
        apply(base, parse_set(text))
    assert str(caught.value).startswith("--set:1:1: ")


def test_one_choice_where_nothing_is_known(base: Pack) -> None:
    with pytest.raises(PackError, match="is not known there"):
        apply(apply(base, parse_set("护理标准=unknown")), parse_set("护理标准[半失能]=300"))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("- a", "a map with parameters, formulas, says"),
        ("parameters: [{id: 标准}]", "missing key «value»"),
        ("parameters: [{id: 标准, value: 1, from: 2021-02, until: 2021-01}]", "ends before it begins"),
        ("parameters: [{id: 标准, value: {无: 1}}]", "is no table"),
        ("parameters: [{id: 护理标准, choice: 无, value: {无: 1}}]", "a choice and a map of choices"),
        ("formulas: [{formula: a}]", "unclear what the formula replaces"),
        ("formulas: [{variable: 困, formula: a}]", "unknown variable «困»"),
        ("formulas: [{benefit: x, condition: a, formula: a}]", "unknown benefit"),
        ("formulas: [{benefit: basic, condition: incom, formula: a}]", "perhaps «income»"),
        ("formulas: [{benefit: basic, part: signal, formula: a}]", "no such part"),
        ("formulas: [{benefit: basic, part: foo, formula: a}]", "unknown word"),
        ("a: &x 1", "an anchor"),
        ("", "the file is empty"),
    ],
)
def test_mistakes_in_a_file(base: Pack, tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(PackError) as caught:
        apply(base, reform_of(tmp_path, text))
    assert says in str(caught.value)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(PackError, match="can't be read"):
        load_reform(tmp_path / "none.yaml")


def test_a_reform_is_known_at_all_times(base: Pack) -> None:
    pack = apply(base, parse_set("标准=1400"))
    assert resolve(pack, "standard", parse_month("2030-01"), CITY, date(2016, 1, 1)).values == (140_000,)


def test_places_that_move_later_keep_their_history(base: Pack) -> None:
    """A reform at a county that took another's place changes nothing before it did."""
    pack = with_values(base, value("990102", "2015-01-01", 1), value("990104", "2022-01-01", 2))
    changed = apply(pack, parse_set("标准甲@990104=9"))
    assert got(changed, "p", "2022-06", "990104") == (9,)
    assert got(changed, "p", "2021-06", "990102") == (9,)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(
    acts=histories(),
    place=st.sampled_from(PLACES),
    start=st.none() | st.integers(FIRST - 3, LAST),
    length=st.none() | st.integers(1, 12),
)
def test_inside_new_outside_as_before(
    base: Pack, acts: list[ParameterValue], place: str, start: int | None, length: int | None
) -> None:
    pack = with_values(base, *acts)
    until = None if length is None else (FIRST - 3 if start is None else start) + length
    by_user, at = Citation("", "", Evidence.ASSUMED, "x"), At("--set", 1, 1)
    parameter = overlaid(pack, pack.parameters["p"], place, start, until, {0: 77}, by_user, at)
    assert parameter is not None
    edges = [m + d for m in (start, until) if m is not None for d in (-1, 0)]
    before, after = Lookup(pack), Lookup(with_values(base, *parameter.values))
    for one in PLACES:
        below = place in pack.divisions.ancestors(one, date(2021, 1, 1))
        for month in {*range(FIRST - 5, LAST + 15, 2), *edges}:
            inside = below and (start is None or month >= start) and (until is None or month < until)
            expected = (77,) if inside else before.resolve("p", month, one).values
            assert after.resolve("p", month, one).values == expected, (one, month)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(acts=histories(), place=st.sampled_from(PLACES), start=st.none() | st.integers(FIRST - 3, LAST))
def test_one_choice_changes_where_the_rest_is_known(
    base: Pack, acts: list[ParameterValue], place: str, start: int | None
) -> None:
    """A table of three choices of which the middle one is set, from ``start`` on."""
    wide = [replace(a, values=None if a.values is None else (a.values[0], 50, a.values[0])) for a in acts]
    parameter = replace(with_values(base).parameters["p"], table="level", values=tuple(wide))
    pack = replace(base, parameters={"p": parameter})
    by_user, at = Citation("", "", Evidence.ASSUMED, "x"), At("--set", 1, 1)
    changed = overlaid(pack, parameter, place, start, None, {1: 77}, by_user, at)
    before = Lookup(pack)
    after = before if changed is None else Lookup(replace(base, parameters={"p": changed}))
    for one in PLACES:
        below = place in pack.divisions.ancestors(one, date(2021, 1, 1))
        for month in range(FIRST - 5, LAST + 15):
            expected = before.resolve("p", month, one).values
            if below and (start is None or month >= start) and expected is not None:
                assert changed is not None
                expected = (expected[0], 77, expected[2])
            assert after.resolve("p", month, one).values == expected, (one, month)
