"""The tables of indicators of the real plans are read exactly, and a masked value stays no value."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from services.plan.scoring import TRUTH, as_labels, document, read_labels
from zhida.services.plan.model import Indicator, Plan
from zhida.services.plan.read import read_file

FILES = sorted((TRUTH / "indicators").glob("*.json"))


def truth_of(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def plan_of(path: Path) -> Plan:
    truth = truth_of(path)
    return read_file(document(truth["file"], truth["sha256"]))


def as_truth(indicator: Indicator) -> dict[str, Any]:
    return {
        "group": indicator.group,
        "number": indicator.number,
        "name": indicator.name,
        "unit": indicator.unit,
        "kind": indicator.kind,
        "parent": indicator.parent,
        "values": [
            {
                "year": value.year,
                "role": value.role,
                "raw": value.raw,
                "low": str(value.low),
                "high": str(value.high),
                "comparison": value.comparison,
            }
            for value in indicator.values
        ],
    }


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_tables_are_read_exactly(path: Path) -> None:
    found = [as_truth(indicator) for indicator in plan_of(path).indicators]
    wanted = truth_of(path)["indicators"]
    assert [row["name"] for row in found] == [row["name"] for row in wanted]
    assert found == wanted


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_what_was_read_stands_where_it_says(path: Path) -> None:
    plan = plan_of(path)
    for indicator in plan.indicators:
        for value in indicator.values:
            assert plan.text[slice(*value.at)] == value.raw
    for commitment in plan.commitments:
        passage = plan.text[slice(*commitment.at)]
        assert commitment.value.raw in passage
        assert commitment.value.low <= commitment.value.high


def test_a_masked_copy_yields_no_invented_value() -> None:
    plan = plan_of(TRUTH / "indicators" / "masked-copy.json")
    labels = read_labels(TRUTH / "commitments" / "masked-copy.json").labels
    given = {label.facts[:4] for label in labels}
    assert {found.facts[:4] for found in as_labels(plan.commitments)} <= given
    assert not plan.indicators
    assert not any(project.count or project.amount for project in plan.projects)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_tables_of_the_truth_are_well_formed(path: Path) -> None:
    rows = truth_of(path)["indicators"]
    for index, row in enumerate(rows):
        assert row["name"] and row["name"] == row["name"].strip()
        assert row["parent"] is None or row["parent"] < index
        assert row["kind"] in (None, "预期性", "约束性")
        for value in row["values"]:
            assert Decimal(value["low"]) <= Decimal(value["high"])
            assert value["role"] in ("actual", "target", "planned", "growth")
            assert (value["year"] is None) == (value["role"] == "growth")


def test_two_documents_have_tables() -> None:
    counts = {path.stem: len(truth_of(path)["indicators"]) for path in FILES}
    assert counts == {
        "city-plan": 22,
        "district-plan": 0,
        "drafting-notes": 0,
        "masked-copy": 0,
        "provincial-draft": 23,
    }
