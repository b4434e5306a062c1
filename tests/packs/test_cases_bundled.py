"""The worked cases of every bundled pack come out as they say."""

from __future__ import annotations

import pytest

from zhida.rules.cases import load_cases, run_all
from zhida.rules.loading import bundled_packs, find_pack, load_pack


@pytest.mark.parametrize("name", bundled_packs())
def test_worked_cases(name: str) -> None:
    pack = load_pack(find_pack(name))
    cases = load_cases(pack)
    assert cases, "a pack without worked cases proves nothing"
    assert [str(f) for f in run_all(pack, cases)] == []
