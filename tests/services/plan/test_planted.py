"""Plans of our own: sound ones are left in peace, planted errors are all found with their sums."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from services.plan.written import HERE, LAYOUTS, SOUND, write, written
from zhida.services.plan.check import check_plans
from zhida.services.plan.checks.finding import Finding, Severity
from zhida.services.plan.read import read_file

PLANTED = yaml.safe_load((HERE / "planted.yaml").read_text(encoding="utf-8"))
KINDS = {
    "two-values", "count-and-ratio", "parts", "growth", "growth-mixed", "target-backwards",
    "target-below-base", "target-missed", "duplicate", "numbering", "undefined-term",
    "level-aims-lower", "level-base", "level-counts-other",
}  # fmt: skip


def checked(*paths: Path) -> list[Finding]:
    return check_plans([(path.name, read_file(path)) for path in paths])


def told(found: Sequence[Finding]) -> list[str]:
    return [f"{f.severity.value} {f.kind}: {f.says}" for f in found if f.severity is not Severity.NOTE]


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("name", SOUND)
def test_a_sound_plan_is_left_in_peace(name: str, layout: str, tmp_path: Path) -> None:
    path = write(tmp_path, name, layout)
    plan = read_file(path)
    assert len(plan.indicators) >= 12
    assert len(plan.commitments) >= 10
    assert told(check_plans([(path.name, plan)])) == []


@pytest.mark.parametrize("others", [("shidu",), ("yunting",), ("qinghe-notes",), ("shidu", "yunting")])
def test_sound_plans_are_sound_together(others: Sequence[str], tmp_path: Path) -> None:
    found = checked(*(write(tmp_path, name, SOUND.get(name, "tabs")) for name in ("qinghe", *others)))
    assert told(found) == []


@pytest.fixture(
    scope="module",
    params=[(case, layout) for case in PLANTED for layout in LAYOUTS],
    ids=[f"{case['plan']}-{layout}" for case in PLANTED for layout in LAYOUTS],
)
def planted(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A case with what the checker says of it: all ten errors in one plan."""
    case, layout = request.param
    folder = tmp_path_factory.mktemp("planted")
    edits = [(old, new) for error in case["errors"] for old, new in error.get("edits", ())]
    again = [tuple(error["again"]) for error in case["errors"] if "again" in error]
    plan = write(folder, case["plan"], layout, written(case["plan"], edits, again))
    beside = [write(folder, name, SOUND.get(name, "tabs")) for name in case["beside"]]
    return case, checked(plan, *beside)


def answers(error: dict[str, Any], finding: Finding) -> bool:
    """The finding is of the error's kind, points to its places, and shows its sum."""
    places = [place.text for place in finding.places]
    return (
        finding.kind == error["kind"]
        and finding.severity is not Severity.NOTE
        and all(any(quote in place for place in places) for quote in error["places"])
        and all(part in finding.arithmetic for part in error["sum"])
    )


def test_every_planted_error_is_found_with_its_sum(planted: Any) -> None:
    case, found = planted
    assert len(case["errors"]) == 10
    lost = [e for e in case["errors"] if not any(answers(e, f) for f in found)]
    assert not lost, "\n".join(
        [*map(str, lost), "found:", *(f"{f.kind} {f.says} {f.arithmetic}" for f in found)]
    )


def test_nothing_else_is_told_of_a_planted_plan(planted: Any) -> None:
    case, found = planted
    loud = [f for f in found if f.severity is not Severity.NOTE]
    other = [f for f in loud if not any(answers(e, f) for e in (*case["errors"], *case.get("follows", ())))]
    assert told(other) == []


def test_each_kind_is_planted_somewhere() -> None:
    assert {error["kind"] for case in PLANTED for error in case["errors"]} == KINDS


def test_errors_come_before_warnings_and_warnings_before_notes(planted: Any) -> None:
    order = [list(Severity).index(f.severity) for f in planted[1]]
    assert order == sorted(order)
    assert len(set(order)) >= 2
