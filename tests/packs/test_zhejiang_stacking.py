"""The stacking matrix: a cell for every pair, and a worked case that shows each cell that is known."""

from __future__ import annotations

from functools import cache
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from zhida.rules.checks.cases import Case, Expect, load_cases
from zhida.rules.checks.coverage import stacking_findings
from zhida.rules.declarations import Pack
from zhida.rules.loading import load_pack
from zhida.rules.matrix import Stacking, Together

ROOT = Path(__file__).resolve().parents[2]
HOUSEHOLD = ""


@cache
def pack() -> Pack:
    return load_pack(ROOT / "src" / "zhida" / "packs" / "zhejiang")


def matrix() -> Stacking:
    found = pack().stacking
    assert found is not None
    return found


KNOWN = [(*pair, cell.rule) for pair, cell in matrix().by_pair.items() if cell.rule is not Together.UNKNOWN]


@cache
def told() -> tuple[tuple[Case, dict[tuple[str, str], Expect], frozenset[tuple[str, str]]], ...]:
    """Each case with what it expects by (benefit, unit), and who holds what: awarded or said to be yes."""
    found = []
    for case in load_cases(pack()):
        expects = {(e.benefit, e.who): e for e in case.expects}
        held = {key for key, e in expects.items() if e.answer == "yes"}
        people: list[dict[str, Any]] = case.data["members"]
        for who, fields in [(HOUSEHOLD, case.data["household"]), *((p["id"], p) for p in people)]:
            held |= {
                (b.id, who)
                for b in pack().benefits.values()
                if fields.get(f"已享{b.name}") or fields.get(f"awarded_{b.id}")
            }
        found.append((case, expects, frozenset(held)))
    return tuple(found)


def same(case: Case, a: str, b: str) -> bool:
    """Whether two units of a case are one, or one is a member of the other."""
    return a == b or HOUSEHOLD in (a, b)


def both_held(of: str, beside: str) -> list[str]:
    return [
        case.id
        for case, expects, held in told()
        for (x, who), e in expects.items()
        if x in (of, beside) and e.answer == "yes"
        if any(y == (beside if x == of else of) and same(case, who, other) for y, other in held)
    ]


def displaced(loser: str, winner: str) -> list[str]:
    return [
        case.id
        for case, expects, _ in told()
        for (x, _), e in expects.items()
        if x == loser and e.answer == "no" and f"excluded_by:{winner}" in e.because
    ]


def chosen(of: str, beside: str) -> list[str]:
    return [
        case.id
        for case, expects, _ in told()
        for (x, _), e in expects.items()
        if x in (of, beside) and e.answer == "no" and any(b.startswith("choice:") for b in e.because)
    ]


def topped_up(of: str, beside: str) -> list[str]:
    return [
        case.id
        for case, expects, held in told()
        for (x, who), e in expects.items()
        if x == of and e.amount is not None
        if any(y == beside and same(case, who, other) for y, other in held)
    ]


def shown(of: str, beside: str, rule: Together) -> list[str]:
    """Cases that show what the cell says."""
    if rule is Together.BOTH:
        return both_held(of, beside)
    if rule is Together.EXCLUDED:
        return displaced(of, beside)
    if rule is Together.HIGHER:
        return displaced(of, beside) + displaced(beside, of)
    if rule is Together.CHOICE:
        return chosen(of, beside) or displaced(of, beside) or displaced(beside, of)
    assert rule is Together.DIFFERENCE
    return topped_up(of, beside)


def test_every_pair_has_a_cell() -> None:
    assert stacking_findings(pack())[0] == []
    pairs = list(combinations(pack().benefits, 2))
    assert len(matrix().by_pair) == len(pairs) > 700
    assert all(matrix().cell(a, b) is matrix().cell(b, a) for a, b in pairs)


def test_unknown_is_said_and_not_left_out() -> None:
    unknown = [c for c in matrix().by_pair.values() if c.rule is Together.UNKNOWN]
    assert unknown and all(not c.citation.evidence.is_fact and c.citation.note for c in unknown if not c.says)
    cell = matrix().cell("disability_care", "elder_service")
    assert cell is not None and cell.rule is Together.UNKNOWN and "择高" in cell.says


@pytest.mark.parametrize(
    ("of", "beside", "rule"),
    [k for k in KNOWN if k[2] is not Together.APART],
    ids=[f"{a}-{b}-{rule}" for a, b, rule in KNOWN if rule is not Together.APART],
)
def test_a_worked_case_shows_the_cell(of: str, beside: str, rule: Together) -> None:
    assert shown(of, beside, rule), f"no worked case shows that {of} and {beside} are {rule}"


def test_no_worked_case_holds_what_stands_apart() -> None:
    apart = [(a, b) for a, b, rule in KNOWN if rule is Together.APART]
    assert len(apart) > 50
    for case, expects, _ in told():
        yes = [e for e in expects.values() if e.answer == "yes"]
        for one, other in combinations(yes, 2):
            if (one.benefit, other.benefit) in apart or (other.benefit, one.benefit) in apart:
                family = next((e for e in (one, other) if e.who == HOUSEHOLD), None)
                person = other if family is one else one
                together = one.who == other.who or (
                    family is not None and person.who in (family.covers or ())
                )
                assert not together, case.id


def test_a_dibao_family_does_not_cover_its_tekun_member() -> None:
    """What `apart` means for the two: both in one home, never for one person."""
    seen = [
        case.id
        for case, expects, held in told()
        if (e := expects.get(("dibao", HOUSEHOLD))) is not None
        and e.answer == "yes"
        and e.covers is not None
        and any(b == "tekun" and who and who not in e.covers for b, who in held)
    ]
    assert seen
