"""What the checker says of the five published plans: all that a reading by hand found, and nothing else.

A finding is told by its kind and the figures (or words) that its sum and places show.
"""

from __future__ import annotations

import time

import pytest

from services.plan.scoring import PLANS
from zhida.services.plan.check import check_plans
from zhida.services.plan.checks.finding import Finding
from zhida.services.plan.read import read_file

NOTES, MASKED = "000_ab2e6c34f6373d5b.txt", "001_c2e6abce0b1bea3e.txt"
CITY, DISTRICT = "002_7c3494abde65f7bf.txt", "003_559017fe56ec0d22.txt"
PROVINCE = "004_c129cf157e15b9b9.txt"

Told = tuple[str, str, tuple[str, ...]]
"""Severity, kind, and what its sum or places must show."""

OF_THE_CITY: list[Told] = [
    ("error", "two-values", ("55.8%", "55%")),  # care beds: text, table 2
    ("error", "two-values", ("73%", "72%")),  # burials that save land: text, table 2
    ("error", "two-values", ("55.8%", "52%")),  # certified community workers: table 1, table 2
    ("warning", "two-values", ("1102元/月×12＝13224元/年", "10584元/年")),
    ("warning", "two-values", ("1.4‰＝每万人口14人", "18人＝每万人口18人")),
    ("warning", "count-and-ratio", ("12127家÷每万人口50个", "14716人÷每万人口18人")),
    ("warning", "growth", ("7.9%", "9.26%", "9.2%")),
    ("warning", "growth-mixed", ("7.9%", "9.2%")),
    ("warning", "term-variant", ("塔形", "塔型")),
    ("warning", "duplicate", ("留守妇女",)),
    ("note", "growth", ("14.87%", "13.7%")),  # rounding explains it
    ("note", "undefined-term", ("[10]", "[11]")),
]
OF_THE_PROVINCE: list[Told] = [
    ("error", "growth", ("6.79%", "7.78%", "5.1%")),
    ("warning", "two-values", ("886元/月×12＝10632元/年", "9600元/年")),
    ("warning", "target-below-base", ("1769个－1500个＝269个",)),
    ("warning", "target-missed", ("200亿元－117.6亿元＝82.4亿元",)),
]
OF_THE_DISTRICT: list[Told] = [
    ("warning", "duplicate", ("重复8543字",)),
    ("warning", "term-variant", ("三网二平台", "三网三平台")),
]
OF_THE_NOTES: list[Told] = [
    ("warning", "numbering", ("应为3，写的是2",)),
    ("warning", "numbering", ("应为1，写的是2",)),
    ("note", "parts", ("7.87亿元＋14.46亿元＋1.47亿元＋1亿元＝24.8亿元", "24.82亿元")),
]
CITY_UNDER_PROVINCE: list[Told] = [
    ("warning", "level-aims-lower", ("60% ＜ 70%",)),
    ("warning", "level-counts-other", ("每万人口52个", "每万人口16个")),
    ("note", "level-base", ("10584", "9600")),
]
DISTRICT_UNDER_CITY: list[Told] = [("note", "level-periods", ())]
CASES = {
    "notes": ((NOTES,), OF_THE_NOTES),
    "masked": ((MASKED,), []),
    "city": ((CITY,), OF_THE_CITY),
    "district": ((DISTRICT,), OF_THE_DISTRICT),
    "province": ((PROVINCE,), OF_THE_PROVINCE),
    "city-and-notes": ((CITY, NOTES), OF_THE_CITY + OF_THE_NOTES),
    "city-under-province": ((CITY, PROVINCE), OF_THE_CITY + OF_THE_PROVINCE + CITY_UNDER_PROVINCE),
    "district-under-city": ((DISTRICT, CITY), OF_THE_DISTRICT + OF_THE_CITY + DISTRICT_UNDER_CITY),
}


def checked(*names: str) -> list[Finding]:
    if not all((PLANS / name).exists() for name in names):
        pytest.skip("the published plans do not lie beside the project (../shared/plans)")
    return check_plans([(name, read_file(PLANS / name)) for name in names])


def answers(expected: Told, found: Finding) -> bool:
    severity, kind, parts = expected
    shown = found.arithmetic + "".join(place.text for place in found.places)
    return (found.severity.value, found.kind) == (severity, kind) and all(p in shown for p in parts)


@pytest.mark.parametrize("case", CASES)
def test_what_a_planner_wants_to_know_and_nothing_else(case: str) -> None:
    names, expected = CASES[case]
    found = [f for f in checked(*names) if f.kind != "not-checked"]
    lost = [e for e in expected if not any(answers(e, f) for f in found)]
    assert not lost
    other = [f"{f.kind}: {f.says}" for f in found if not any(answers(e, f) for e in expected)]
    assert not other
    assert len(found) == len(expected)


def test_a_second_copy_changes_nothing_else() -> None:
    """The district plan stands twice in its file: no finding lies in the copy but the one that tells it."""
    found = checked(DISTRICT)
    copy = next(f for f in found if f.kind == "duplicate").places[1].at
    assert copy[1] - copy[0] > 8000
    assert all(p.at[0] < copy[0] for f in found if f.kind != "duplicate" for p in f.places)


def test_five_plans_are_read_and_checked_in_ten_seconds() -> None:
    start = time.perf_counter()
    checked(NOTES, MASKED, CITY, DISTRICT, PROVINCE)
    assert time.perf_counter() - start < 10
