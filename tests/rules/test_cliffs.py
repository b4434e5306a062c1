"""Cliffs are found to the yuan, and only where a household really ends up with less."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from zhida.rules.checks.cases import Case, load_cases
from zhida.rules.checks.cliffs import (
    Cliff,
    cliff_findings,
    cliff_words,
    hanging,
    income_field,
    pack_cliffs,
    paid,
    request_cliffs,
    typical,
    without_awards,
)
from zhida.rules.declarations import Pack
from zhida.rules.explain.assess import assess, program_of
from zhida.rules.explain.interpret import Run
from zhida.rules.explain.request import parse_request
from zhida.rules.formulas.ir import NO, YES
from zhida.rules.loading import find_pack, load_pack


@pytest.fixture(scope="module")
def zhejiang() -> Pack:
    return load_pack(find_pack("zhejiang"))


@pytest.fixture(scope="module")
def cases(zhejiang: Pack) -> list[Case]:
    return typical(zhejiang, load_cases(zhejiang))


def yearly(pack: Pack, data: dict[str, Any], yuan: int, who: int) -> tuple[dict[str, int], set[str]]:
    """Fen a year by ``assess`` itself, with one member's wage; and benefits whose amount is open."""
    people = [dict(m) for m in data["members"]]
    people[who]["工资性收入"] = yuan
    paid: dict[str, int] = {}
    opened: set[str] = set()
    for r in assess(pack, {**data, "members": people})["results"]:
        if pack.benefits[r["benefit"]].kind != "standing" or r["benefit"] == "reservoir_support":
            continue  # what is paid for a reservoir long ago asks for no income
        b, amounts = r["benefit"], pack.benefits[r["benefit"]].amounts
        if r["answer"] == "undetermined" or (r["answer"] == "yes" and amounts and r["amount"] is None):
            opened.add(b)
        elif r["answer"] == "yes" and amounts:
            paid[b] = paid.get(b, 0) + round(r["amount"] * 100) * {"month": 12, "year": 1}[r["period"]]
    return paid, opened


def test_against_every_yuan(zhejiang: Pack, cases: list[Case]) -> None:
    """The bisection finds just the places that a walk yuan by yuan finds."""
    field = income_field(zhejiang)
    assert field is not None and field.name == "工资性收入"
    case = next(c for c in cases if c.id == "child_dibao_2025_02")
    request = parse_request(zhejiang, case.data)
    found = {c.at: c.loss for c in request_cliffs(program_of(zhejiang, request.month), request, field)}
    window = [*range(2585, 2610), *range(4970, 4990)]
    walked = {}
    for w in window:
        (before, a), (after, b) = (yearly(zhejiang, dict(case.data), x, 1) for x in (w, w + 1))
        known = (before.keys() | after.keys()) - a - b
        loss = sum(before.get(k, 0) - after.get(k, 0) for k in known)
        if loss > 100 * 12:
            walked[w] = loss // 12
    # dibao pays 1 to its last yuan; the child's 612 becomes 368: 612 - 368 + 1. At 2 × 2490 both end.
    assert walked == {2601: 24500, 4980: 36800}
    assert {at: loss for at, loss in found.items() if at in window} == walked


def test_what_falls_is_named(zhejiang: Pack, cases: list[Case]) -> None:
    worst: dict[tuple[str, ...], Cliff] = {}
    for cliff in pack_cliffs(zhejiang, cases):
        worst.setdefault(tuple(f.benefit for f in cliff.falls), cliff)
    tekun = worst["tekun",]
    assert (tekun.at, tekun.loss, tekun.falls[0].gone) == (1300, 225500, True)
    text = cliff_words(zhejiang, tekun)
    assert "passes 1,300 yuan" in text and "特困人员救助供养 2,255.00 → ends" in text


def test_a_taper_is_no_cliff(zhejiang: Pack) -> None:
    """Dibao alone pays the difference: one yuan more is one yuan less, to its last one."""
    home = {
        "month": "2025-06", "division": "330106", "complete": "all",
        "members": [{"id": "a", "出生日期": "1980-01-01", "其他转移性收入": 0, "申报的其他收入": 0,
                     "支付的赡养抚养费": 0, "离家宗教教职": False}],
    }  # fmt: skip
    field = income_field(zhejiang)
    assert field is not None
    request = parse_request(zhejiang, home)
    program = program_of(zhejiang, request.month)
    assert list(request_cliffs(program, request, field)) == []
    run = Run(program, request.facts)
    assert "reservoir_support" not in hanging(program, field)
    assert paid(run, hanging(program, field)).paid == {("dibao", 0): 1301_00 * 12}


def test_awards_are_left_aside(zhejiang: Pack) -> None:
    home = {
        "month": "2025-06", "division": "330106", "complete": "all",
        "household": {"已享最低生活保障": True, "最低生活保障现发金额": 500},
        "members": [{"id": "a", "出生日期": "1980-01-01", "工资性收入": 1400, "其他转移性收入": 0,
                     "申报的其他收入": 0, "支付的赡养抚养费": 0, "离家宗教教职": False}],
    }  # fmt: skip
    request = parse_request(zhejiang, home)
    program = program_of(zhejiang, request.month)
    facts = without_awards(zhejiang, request.facts)
    answers = [
        Run(program, f).value(program.benefits["low_edge"].full.answer) for f in (request.facts, facts)
    ]
    assert answers == [NO, YES]  # while dibao is held they are no low-edge family
    assert facts.group["award_amount_dibao"] == (0, 0, 1)


def test_a_household_with_something_open_is_passed_over(zhejiang: Pack) -> None:
    home = {"month": "2025-06", "division": "330106", "members": [{"id": "a", "出生日期": "1980-01-01"}]}
    request = parse_request(zhejiang, home)
    field = income_field(zhejiang)
    assert field is not None
    assert list(request_cliffs(program_of(zhejiang, request.month), request, field)) == []


def test_without_a_work_sheet_there_are_none(zhejiang: Pack, cases: list[Case]) -> None:
    bare = replace(zhejiang, worksheet=None)
    assert pack_cliffs(bare, cases) == []
    ((check, _, says),) = cliff_findings(bare, cases)
    assert check == "cliff" and "not looked for" in says


def test_findings_are_one_for_each_set_of_benefits(zhejiang: Pack, cases: list[Case]) -> None:
    found = list(cliff_findings(zhejiang, cases))
    assert {check for check, _, _ in found} == {"cliff"} and len(found) >= 4
    assert all(at.file.startswith("benefits/") for _, at, _ in found)
