"""Cliffs are found to the yuan, and only where a household really ends up with less."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from zhida.rules.checks.cases import Case, load_cases
from zhida.rules.checks.cliffs import (
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


Given = dict[tuple[str, str], int | None]


def yearly(pack: Pack, data: dict[str, Any], yuan: int, who: int) -> Given:
    """Fen a year by ``assess`` itself, with one member's wage; None: not granted; what is open is not in."""
    people = [dict(m) for m in data["members"]]
    people[who]["工资性收入"] = yuan
    found: Given = {}
    for r in assess(pack, {**data, "members": people})["results"]:
        key = (r["benefit"], r["unit_id"])
        if pack.benefits[r["benefit"]].kind != "standing" or r["answer"] == "undetermined":
            continue
        paid_out = r["answer"] == "yes" and (r["amount"] is not None or r["period"] is None)
        if r["answer"] != "yes":
            found[key] = None
        elif paid_out:
            found[key] = round((r["amount"] or 0) * 100) * {"month": 12, "year": 1, None: 0}[r["period"]]
    return found


def test_against_every_yuan(zhejiang: Pack, cases: list[Case]) -> None:
    """The bisection finds just the places that a walk yuan by yuan finds."""
    field = income_field(zhejiang)
    assert field is not None and field.name == "工资性收入"
    case = next(c for c in load_cases(zhejiang) if c.id == "child_dibao_2025_02")
    request = parse_request(zhejiang, case.data)
    program = program_of(zhejiang, request.month)
    found = {c.at: c for c in request_cliffs(program, request, field)}
    window = [*range(2585, 2610), *range(4970, 4990)]
    walked = {}
    for w in window:
        before, after = (yearly(zhejiang, dict(case.data), x, 1) for x in (w, w + 1))
        loss = sum((before[k] or 0) - (after[k] or 0) for k in before.keys() & after.keys())
        if loss > 100 * 12:
            walked[w] = loss // 12
    assert {at: c.loss for at, c in found.items() if at in window} == walked
    # Dibao pays 1 to its last yuan, and the child's 612 becomes 368. At 2 × 2490 the low edge ends.
    at_line = {f.benefit: (f.before, f.after) for f in found[2601].falls}
    assert at_line["dibao"] == (1_00, 0) and at_line["child_in_need"] == (612_00, 368_00)
    assert {f.benefit for f in found[4980].falls if f.gone} >= {"child_in_need", "low_edge"}


def test_what_falls_is_named(zhejiang: Pack, cases: list[Case]) -> None:
    found = pack_cliffs(zhejiang, cases)
    assert [c.loss for c in found] == sorted((c.loss for c in found), reverse=True)
    alone = [c for c in found if [f.benefit for f in c.falls] == ["tekun"]]
    assert alone, "somebody alone who is supported, over the line"
    (fall,) = alone[0].falls
    assert fall.gone and fall.before == alone[0].loss
    text = cliff_words(zhejiang, alone[0])
    assert f"passes {alone[0].at:,} yuan" in text and "特困人员救助供养" in text and "→ ends" in text


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
    assert not any(f.benefit == "dibao" for c in request_cliffs(program, request, field) for f in c.falls)
    run = Run(program, request.facts)
    assert paid(run, hanging(program, field))["dibao", 0] == 1301_00 * 12


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


def test_what_is_open_is_left_aside(zhejiang: Pack) -> None:
    """Nothing is known of the family: no answer is sure, and so nothing is said to fall."""
    home = {"month": "2025-06", "division": "330106", "members": [{"id": "a", "出生日期": "1980-01-01"}]}
    request = parse_request(zhejiang, home)
    field = income_field(zhejiang)
    assert field is not None
    program = program_of(zhejiang, request.month)
    assert ("dibao", 0) not in paid(Run(program, request.facts), hanging(program, field))
    assert list(request_cliffs(program, request, field)) == []


def test_without_a_work_sheet_there_are_none(zhejiang: Pack, cases: list[Case]) -> None:
    bare = replace(zhejiang, worksheet=None)
    assert pack_cliffs(bare, cases) == []
    ((check, _, says),) = cliff_findings(bare, cases)
    assert check == "cliff" and "not looked for" in says


def test_findings_are_one_for_each_set_of_benefits(zhejiang: Pack, cases: list[Case]) -> None:
    found = list(cliff_findings(zhejiang, cases))
    assert {check for check, _, _ in found} == {"cliff"} and len(found) >= 4
    assert all(at.file.startswith("benefits/") for _, at, _ in found)
