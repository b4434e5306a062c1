"""The pack's worked cases come out, and there are enough of every kind."""

from __future__ import annotations

from collections import defaultdict
from functools import cache
from pathlib import Path

import pytest

from zhida.rules.checks.cases import Case, load_cases
from zhida.rules.checks.judging import run_case
from zhida.rules.declarations import Pack
from zhida.rules.loading import load_pack
from zhida.rules.parameters import resolve

ROOT = Path(__file__).resolve().parents[2]


@cache
def pack() -> Pack:
    return load_pack(ROOT / "src" / "zhida" / "packs" / "zhejiang")


@cache
def cases() -> tuple[Case, ...]:
    return load_cases(pack())


@pytest.mark.parametrize("benefit", [*pack().benefits])
def test_cases_come_out(benefit: str) -> None:
    """Each case runs with the first benefit that it expects something of."""
    mine = [case for case in cases() if case.expects[0].benefit == benefit]
    assert [str(failure) for case in mine for failure in run_case(pack(), case)] == []


def test_every_benefit_is_answered_in_every_way() -> None:
    answers = defaultdict(set)
    for case in cases():
        for expect in case.expects:
            answers[expect.benefit].add(expect.answer)
    assert len(cases()) >= 700
    for benefit in pack().benefits.values():
        assert {"yes", "no"} <= answers[benefit.id], benefit.id
        bounded = benefit.applies is not None or benefit.until is not None
        assert not bounded or "not_applicable" in answers[benefit.id], benefit.id
    for benefit in (
        "dibao",
        "low_edge",
        "tekun",
        "disability_living",
        "orphan",
        "unsupported_child",
        "old_age",
        "rigid_expense",
        "temporary_aid",
        "elder_service",
        "price_supplement",
    ):
        assert "undetermined" in answers[benefit], benefit


def test_every_condition_is_refused_by_some_case() -> None:
    refused = {
        (e.benefit, id) for case in cases() for e in case.expects if e.answer == "no" for id in e.because
    }
    for benefit in pack().benefits.values():
        for condition in benefit.conditions:
            assert (benefit.id, condition.id) in refused
        for exclusion in benefit.excluded_by:
            assert (benefit.id, f"excluded_by:{exclusion.benefit}") in refused


def test_suppositions_are_of_what_the_pack_does_not_know() -> None:
    """A case may suppose only a parameter that has no value there, or another value of a limit that no
    whole number of fen can stand at."""
    beside = {"support_income_limit"}
    for case in cases():
        for text in case.suppose:
            name = text.split("=")[0]
            p = next(p for p in pack().parameters.values() if name in (p.id, p.name))
            place = str(case.data["division"])
            known = resolve(pack(), p.id, case.month, place).values is not None
            assert not known or p.id in beside, (case.id, text)
