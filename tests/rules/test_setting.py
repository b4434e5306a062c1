"""The rule of setting: proposals by hand, the real values beside them, and what these say of the figure."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest

from zhida.rules.declarations import Direction, Pack, Rounding
from zhida.rules.loading import find_pack, load_pack
from zhida.rules.reforms.setting import Year, bounds, propose, rounded, years_of
from zhida.rules.reforms.setting_words import rule_words, year_words
from zhida.rules.supplements import SettingRule


@pytest.fixture(scope="module")
def taoyuan() -> Pack:
    return load_pack(find_pack("taoyuan"))


@pytest.fixture(scope="module")
def zhejiang() -> Pack:
    return load_pack(find_pack("zhejiang"))


def rule(pack: Pack, id: str) -> SettingRule:
    return next(r for r in pack.setting.rules if r.id == id)


def values(found: Year) -> dict[str, tuple[int | None, list[tuple[int | None, int | None]]]]:
    """By first place: proposed, and (real, departs) run by run."""
    return {p.places[0][:6]: (p.value, [(r.value, r.departs) for r in p.real]) for p in found.proposals}


def test_by_hand(taoyuan: Pack) -> None:
    """40 % of 24,010 by twelve is 800.33…, to the next tenth 800.40; 105 % of it; the mean of the rest."""
    found = propose(taoyuan, rule(taoyuan, "relief_rule"), 2024)
    assert found.in_force and found.figure is not None and found.figure.value == 24_010_00
    assert values(found) == {
        "999900": (800_40, [(800_50, 10)]),
        "999901": (840_50, [(800_50, -40_00)]),
        "999902": (840_50, [(800_50, -40_00)]),
    }
    base = found.proposals[0]
    assert base.exact == Fraction(24_010_00 * 40, 100 * 12)


def test_without_a_figure_nothing_is_proposed(zhejiang: Pack) -> None:
    found = propose(zhejiang, rule(zhejiang, "dibao_rule"), 2023)
    assert found.figure is None and {p.value for p in found.proposals} == {None}
    assert [r.value for r in found.proposals[0].real] == [1216_00, 1259_00]
    given = propose(zhejiang, rule(zhejiang, "dibao_rule"), 2023, 50_336_00)
    assert given.given and given.proposals[0].value == 1259_00
    assert [r.departs for r in given.proposals[0].real] == [-43_00, 0]


def test_the_model_city_in_2017(zhejiang: Pack) -> None:
    """35,686 × 30 % / 12 = 892.15; the notice gave 917, and 85 % and 80 % of that."""
    found = values(propose(zhejiang, rule(zhejiang, "dibao_rule"), 2017))
    assert found["330102"] == (893_00, [(819_00, -74_00), (917_00, 24_00)])
    assert found["330112"] == (760_00, [(None, None), (780_00, 20_00)])
    assert found["330122"][0] == 715_00 and found["330122"][1][1] == (734_00, 19_00)


def test_places_follow_by_the_date(zhejiang: Pack) -> None:
    found = {p.places: p for p in propose(zhejiang, rule(zhejiang, "dibao_rule"), 2018).proposals}
    assert found["330122000000",].how == "percent" and found["330122000000",].value == 764_00
    mean = found["330127000000",]
    assert mean.how == "average" and mean.exact == Fraction(955_00 * 10 + 764_00 * 2, 12)
    assert mean.value == 924_00
    late = propose(zhejiang, rule(zhejiang, "dibao_rule"), 2024)
    assert [p.places for p in late.proposals] == [("330100000000",)]


def test_what_the_real_values_say_of_the_figure(zhejiang: Pack) -> None:
    """2021 to 2024 both standards fit one figure; those of 2025 do not, and the rule is not said to hold."""
    one = {}
    for year in (2021, 2022, 2023, 2024, 2025):
        found = propose(zhejiang, rule(zhejiang, "dibao_rule"), year)
        one[year] = found.one_base
        assert found.in_force is (year < 2025)
    assert one == {2021: True, 2022: True, 2023: True, 2024: True, 2025: False}
    found = propose(zhejiang, rule(zhejiang, "tekun_rule"), 2021)
    assert {(i.parameter, i.low, i.high) for i in found.implied} == {
        ("dibao_standard", 44_041, 44_080),
        ("tekun_standard", 44_065, 44_088),
    }


@pytest.mark.parametrize("direction", list(Direction))
@pytest.mark.parametrize("step", [1, 10, 100])
def test_bounds_are_just_the_figures_that_give_the_value(
    zhejiang: Pack, direction: Direction, step: int
) -> None:
    one = rule(zhejiang, "dibao_rule")
    one = replace(one, rounding=Rounding(step, direction, one.citation), percent=2700)
    for value in (900_00, 917_00, 1301_00):
        low, high = bounds(value, one)
        fits = [
            yuan
            for yuan in range(39_000, 59_000)
            if rounded(Fraction(yuan * 100 * 27, 1200), one.rounding) == value
        ]
        assert fits == list(range(low, high + 1))


def test_years_are_those_of_which_something_is_known(taoyuan: Pack, zhejiang: Pack) -> None:
    assert years_of(taoyuan, rule(taoyuan, "relief_rule")) == [2023, 2024, 2025]
    assert years_of(zhejiang, rule(zhejiang, "dibao_rule")) == [
        2017,
        2018,
        2020,
        2021,
        2022,
        2023,
        2024,
        2025,
    ]


def test_in_words(zhejiang: Pack) -> None:
    one = rule(zhejiang, "dibao_rule")
    assert "上一年城镇居民人均消费支出的 30%，除以十二，算到元，不足的进一" in rule_words(zhejiang, one)[0]
    lines = year_words(zhejiang, propose(zhejiang, one, 2017), None)
    assert any("实际 917.00，高 24.00" in line for line in lines)
    assert any("实际 819.00，低 74.00（不在这一定法的时间内）" in line for line in lines)
    late = year_words(zhejiang, propose(zhejiang, one, 2025), None)
    assert "（规则包说的这一定法当年不适用，只供比较）" in late[0]
    assert any("不能出自同一个数" in line for line in late)
