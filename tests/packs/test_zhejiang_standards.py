"""The pack's standards against the published ones, and unknown where nobody has found them."""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path

import pytest

from zhida.codes.months import month_of, parse_day, parse_month
from zhida.rules.declarations import Evidence, Pack, ParameterValue
from zhida.rules.loading import load_pack
from zhida.rules.parameters import resolve

ROOT = Path(__file__).resolve().parents[2]
FACTS = ROOT.parent / "shared" / "facts" / "data" / "assistance_standards.csv"

ITEMS = {
    "低保": ("dibao_standard", ""),
    "低保_主城区": ("dibao_standard", ""),
    "特困": ("tekun_standard", ""),
    "机构孤儿": ("orphan_institution_rate", ""),
    "散居孤儿": ("orphan_scattered_rate", ""),
    "低保家庭其他困境儿童": ("dibao_child_rate", ""),
    "低边家庭其他困境儿童": ("low_edge_child_rate", ""),
    "高龄津贴_80_89": ("old_age_rate", "from_80"),
    "高龄津贴_90_99": ("old_age_rate", "from_90"),
    "高龄津贴_100plus": ("old_age_rate", "from_100"),
}
# Rows that the pack leaves out, with the reason.
LEFT_OUT = {
    "低保_市区城镇": "before 2015",
    "低保_市区农村": "before 2015",
    "养老护理员特殊岗位津贴": "for carers, no benefit of this part",
}


@cache
def pack() -> Pack:
    return load_pack(ROOT / "src" / "zhida" / "packs" / "zhejiang")


def yuan(parameter: str, month: str, place: str, choice: str = "") -> float | None:
    """The value in yuan, None where it is unknown."""
    found = resolve(pack(), parameter, parse_month(month), place)
    if found.values is None:
        return None
    record = pack().parameters[parameter]
    index = pack().enums[record.table].index(choice) if record.table else 0
    assert index is not None
    return found.values[index] / 100


def test_every_published_standard_is_in_the_pack() -> None:
    if not FACTS.exists():
        pytest.skip("the collected facts do not lie beside the project (../shared/facts)")
    seen = 0
    with FACTS.open(encoding="utf-8-sig", newline="") as lines:
        for row in csv.DictReader(lines):
            if row["area"] != "杭州市" or row["item"] in LEFT_OUT:
                continue
            parameter, choice = ITEMS[row["item"]]
            value = float(row["value"])
            effective = row["effective"]
            if len(effective) == 10:  # a day: a value of the whole city or of the main city begins on it
                starts = {v.start.isoformat(): v for v in pack().parameters[parameter].values}
                assert effective in starts, row
                month = effective_month(starts[effective])
                assert yuan(parameter, month, "330106", choice) == value, row
            elif ".." in effective:
                assert yuan(parameter, effective.split("..")[1][:7], "330106", choice) == value, row
            else:  # a year, of which the plan knows only the end
                assert yuan(parameter, f"{effective[:4]}-12", "330106", choice) in (value, None), row
            seen += 1
    assert seen >= 30


def effective_month(value: ParameterValue) -> str:
    """First benefit month by the pack's own rule: in force on the month's first day."""
    number = month_of(value.start) + (value.start.day > 1)
    return f"{number // 12}-{number % 12 + 1:02}"


@pytest.mark.parametrize(
    ("place", "month", "value"),
    [
        ("330106", "2015-12", None),
        ("330106", "2016-01", 744),
        ("330109", "2016-06", 744),
        ("330103", "2016-07", 819),
        ("330193", "2016-07", 819),
        ("330122", "2016-07", None),
        ("330111", "2017-10", None),
        ("330111", "2017-11", 917),
        ("330112", "2017-11", 780),
        ("330182", "2017-12", 734),
        ("330106", "2018-01", None),
        ("330106", "2019-06", None),
        ("330106", "2019-12", None),
        ("330106", "2020-01", 1102),
        ("330110", "2020-01", None),
        ("330114", "2021-04", 1102),
        ("330113", "2022-09", None),
        ("330122", "2022-09", None),
        ("330122", "2022-10", 1216),
        ("330106", "2023-07", 1216),
        ("330127", "2023-08", 1259),
        ("330106", "2025-01", 1259),
        ("330106", "2025-02", 1301),
        ("330103", "2025-02", 1301),
        ("330203", "2025-02", None),
    ],
)
def test_dibao_standard(place: str, month: str, value: int | None) -> None:
    assert yuan("dibao_standard", month, place) == value


@pytest.mark.parametrize(
    ("parameter", "choice", "before", "after", "change"),
    [
        ("tekun_standard", "", 1837, 2027, "2022-10"),
        ("tekun_standard", "", 2098, 2255, "2025-02"),
        ("orphan_institution_rate", "", 2571, 2837, "2022-10"),
        ("orphan_scattered_rate", "", 2270, 2350, "2023-08"),
        ("severe_child_rate", "", 1091, 1224, "2025-02"),
        ("old_age_rate", "from_80", 50, 60, "2023-01"),
        ("old_age_rate", "from_90", 100, 100, "2023-01"),
        ("old_age_rate", "from_100", 300, 800, "2023-01"),
        ("minimum_wage", "", 2280, 2490, "2024-01"),
    ],
)
def test_other_standards_change(parameter: str, choice: str, before: int, after: int, change: str) -> None:
    number = parse_month(change) - 1
    month_before = f"{number // 12}-{number % 12 + 1:02}"
    assert yuan(parameter, month_before, "330106", choice) == before
    assert yuan(parameter, change, "330106", choice) == after


def months(first: str, last: str) -> range:
    return range(parse_month(first), parse_month(last) + 1)


def test_nothing_is_loaded_inside_the_gaps() -> None:
    tree = pack().divisions
    counties = [d.code for d in tree if d.level == 3 and d.parent == "330100000000"]
    assert len(counties) == 20
    for place in counties:
        for month in months("2018-01", "2019-12"):
            assert resolve(pack(), "dibao_standard", month, place).values is None
    for place in ("330112", "330122", "330127", "330182"):
        for month in months("2018-01", "2022-09"):
            assert resolve(pack(), "dibao_standard", month, place).values is None
    for place in counties:
        for month in months("2022-01", "2023-01"):
            assert resolve(pack(), "low_edge_multiple", month, place).values is None


def test_what_is_no_fact_is_marked() -> None:
    """Values that only other places, plans or reckoning speak for are assumptions."""
    expected = {
        ("dibao_standard", "2017-11-01"): Evidence.WEAK,
        ("dibao_standard", "2020-01-01"): Evidence.PLAN,
        ("dibao_standard", "2022-10-01"): Evidence.MEDIA,
        ("dibao_standard", "2023-07-31"): Evidence.MEDIA,
        ("dibao_standard", "2025-01-23"): Evidence.MEDIA,
        ("care_rate", "2016-01-01"): Evidence.OTHER_PLACE,
        ("severe_child_rate", "2025-01-23"): Evidence.DERIVED,
        ("severe_child_rate", "2023-07-31"): Evidence.GOV,
        ("dibao_deposit_years", "2015-03-01"): Evidence.ASSUMED,
        ("low_edge_multiple", "2014-11-01"): Evidence.LAW,
    }
    for (parameter, start), evidence in expected.items():
        values = [v for v in pack().parameters[parameter].values if v.start == parse_day(start)]
        assert values, (parameter, start)
        assert {v.citation.evidence for v in values} == {evidence}, (parameter, start)


def test_assumptions_say_why() -> None:
    for parameter in pack().parameters.values():
        for value in parameter.values:
            if value.citation.evidence in (Evidence.ASSUMED, Evidence.DERIVED):
                assert value.citation.note, (parameter.id, value.start)


def test_consumption_figures_are_those_that_were_collected() -> None:
    """Of the year that both sources tell; the source in the pack has the other years beside it."""
    facts = FACTS.parent / "income.csv"
    if not facts.exists():
        pytest.skip("the collected facts do not lie beside the project (../shared/facts)")
    (series,) = pack().setting.series
    figures = {f.year: f for f in series.figures}
    told = {
        row["period"]: row["value"]
        for row in csv.DictReader(facts.read_text(encoding="utf-8").splitlines())
        if (row["area"], row["group"], row["item"]) == ("杭州市", "城镇", "人均消费支出")
    }
    assert told
    for year, value in told.items():
        assert figures[int(year)].value == int(value) * 100
    assert all(f.citation.source and f.citation.evidence.is_fact for f in series.figures)
