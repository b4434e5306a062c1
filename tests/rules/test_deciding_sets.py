"""The small set of facts that decides together: found step by step, the same as computed from scratch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from random import Random
from typing import Any

import pytest

from zhida.rules.explain import deciding
from zhida.rules.explain.assess import assess
from zhida.rules.explain.deciding import Fact, Trials, decided
from zhida.rules.explain.interpret import Run, Value
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


def from_scratch(trials: Trials, given: Mapping[Fact, Value]) -> int:
    """The answer in a household of which the facts are told."""
    told = trials.run.facts
    persons, group = [dict(p) for p in told.persons], dict(told.group)
    kin = [dict(own) for own in told.kin]
    for fact, value in given.items():
        if fact.kin:
            kin[fact.instance][fact.field] = replace(kin[fact.instance][fact.field], closed=True)
        elif fact.person:
            persons[fact.instance][fact.field] = value
        else:
            group[fact.field] = value
    facts = replace(told, persons=tuple(persons), group=group, kin=tuple(kin))
    found = Run(trials.run.program, facts).value(trials.answer, trials.instance)
    assert isinstance(found, int)
    return found


def test_what_facts_would_change_is_what_they_change(monkeypatch: pytest.MonkeyPatch) -> None:
    """Some trials again from scratch: answers share what they have in common, and skip the rest."""
    pack, rng = load_pack(find_pack("zhejiang")), Random(4)
    quick, seen = Trials.answer_with, {"open": 0, "decided": 0}

    def both(trials: Trials, given: Mapping[Fact, Value]) -> int:
        bits = quick(trials, given)
        if rng.random() < (0.3 if decided(bits) else 0.02):
            assert bits == from_scratch(trials, given)
            seen["decided" if decided(bits) else "open"] += 1
        return bits

    monkeypatch.setattr(Trials, "answer_with", both)
    for _ in range(12):
        assess(pack, household(rng))
    assert min(seen.values()) > 5


def test_letting_go_step_by_step_is_letting_go_from_scratch(monkeypatch: pytest.MonkeyPatch) -> None:
    pack, rng = load_pack(find_pack("zhejiang")), Random(3)
    found = {"sets": 0, "kin": 0, "checked": 0}
    step_by_step = deciding._smallest

    def both(trials: Trials, start: dict[Fact, Value], order: Sequence[Fact]) -> dict[Fact, Value]:
        got = step_by_step(trials, start, order)
        if rng.random() < 0.1:  # from scratch takes long
            kept = dict(start) if start and decided(from_scratch(trials, start)) else {}
            for fact in order:
                less = {f: value for f, value in kept.items() if f != fact}
                if less and len(less) < len(kept) and decided(from_scratch(trials, less)):
                    kept = less
            assert got == kept
            found["checked"] += bool(got)
        found["sets"] += bool(got)
        found["kin"] += sum(f.kin for f in got) > 0
        return got

    monkeypatch.setattr(deciding, "_smallest", both)
    for _ in range(12):
        assess(pack, household(rng))
    assert found["sets"] > 20
    assert found["kin"] > 5
    assert found["checked"] > 3
