"""The worked cases of every bundled pack come out as they say."""

from __future__ import annotations

import pytest

from zhida.rules.checks.cases import load_cases
from zhida.rules.checks.findings import check_pack
from zhida.rules.checks.judging import run_all
from zhida.rules.checks.mutation import run_mutation
from zhida.rules.loading import bundled_packs, find_pack, load_pack


@pytest.mark.parametrize("name", bundled_packs())
def test_worked_cases(name: str) -> None:
    pack = load_pack(find_pack(name))
    cases = load_cases(pack)
    assert cases, "a pack without worked cases proves nothing"
    assert [str(f) for f in run_all(pack, cases)] == []


@pytest.mark.parametrize("name", bundled_packs())
def test_worked_cases_notice_small_wrongs(name: str) -> None:
    """Some of the mutants of each pack; ``zhida rules check`` tries them all."""
    report = run_mutation(load_pack(find_pack(name)), most=100)
    assert report.tried > 50
    assert [str(m) for m in report.survivors] == []


def test_the_teaching_pack_is_clean() -> None:
    report = check_pack(load_pack(find_pack("taoyuan")))
    assert [str(f) for f in report.findings if f.severity != "note"] == []
    assert report.mutation is not None and report.mutation.left_out == 0
