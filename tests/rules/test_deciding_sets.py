"""The small set of facts that decides together: found step by step, the same as computed from scratch."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Any

import pytest

from zhida.rules.explain import deciding
from zhida.rules.explain.assess import assess
from zhida.rules.explain.deciding import Fact, Trials, decided
from zhida.rules.explain.interpret import Value
from zhida.rules.loading import find_pack, load_pack

TOLD: dict[str, list[Any]] = {
    "wage": [0, 1200, 5000, None],
    "pension": [0, 900, None],
    "transfer_income": [0, 300, None],
    "declared_income": [0, None],
    "deposits": [0, 100_000, None],
    "disability_grade": [1, 3, None],
    "student": [True, False, None],
}


def household(rng: Random) -> dict[str, Any]:
    members = []
    for i in range(rng.randint(1, 3)):
        born = f"{rng.choice([1944, 1950, 1980, 2010, 2015])}-05-01"
        told = {f: rng.choice(values) for f, values in TOLD.items() if rng.random() < 0.4}
        members.append({"id": f"m{i}", "birth_date": born, **told})
    return {"month": "2025-06", "division": "330106", "complete": "all", "members": members}


def test_letting_go_step_by_step_is_letting_go_from_scratch(monkeypatch: pytest.MonkeyPatch) -> None:
    pack, rng = load_pack(find_pack("zhejiang")), Random(3)
    found = {"sets": 0, "kin": 0}
    step_by_step = deciding._smallest

    def both(trials: Trials, start: dict[Fact, Value], order: Sequence[Fact]) -> dict[Fact, Value]:
        kept = dict(start) if start and decided(trials.answer_with(start)) else {}
        for fact in order:
            less = {f: value for f, value in kept.items() if f != fact}
            if less and len(less) < len(kept) and decided(trials.answer_with(less)):
                kept = less
        got = step_by_step(trials, start, order)
        assert got == kept
        found["sets"] += bool(got)
        found["kin"] += sum(f.kin for f in got) > 0
        return got

    monkeypatch.setattr(deciding, "_smallest", both)
    for _ in range(12):
        assess(pack, household(rng))
    assert found["sets"] > 20
    assert found["kin"] > 5
