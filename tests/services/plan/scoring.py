"""The hand-made truth about the real plans, and how a reading is scored against it.

A label says where a commitment stands and what it says, never in which words: the documents are
other people's texts and lie beside the project. ``docs/plan.md`` has the rules of labelling.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from zhida.services.plan.model import Commitment

TRUTH = Path(__file__).resolve().parent / "truth"
PLANS = Path(__file__).resolve().parents[4] / "shared" / "plans"
ENOUGH = 0.5  # of the two spans' union that a match must share
SCALE = {"十": 10, "百": 100, "千": 1000, "万": 10**4, "亿": 10**8}
LEADING_SCALE = re.compile(r"[十百千]?(?:万亿|万|亿)")

Span = tuple[int, int]
Facts = tuple[Decimal, Decimal, str, str, int | None, str]


@dataclass(frozen=True)
class Label:
    """One commitment, of the truth or of a reading. ``subject`` and ``verb`` are spans, or None."""

    at: Span
    raw: str
    low: Decimal
    high: Decimal
    comparison: str
    unit: str
    by: int | None
    role: str
    subject: Span | None = None
    verb: Span | None = None
    copy: bool = False

    @property
    def facts(self) -> Facts:
        """What must be the same in a match; 1.5 万人 is 15000 人."""
        unit = self.unit.replace("％", "%").replace(" ", "")
        factor = 1
        if scale := LEADING_SCALE.match(unit):
            for sign in scale.group():
                factor *= SCALE[sign]
            unit = unit[scale.end() :]
        return (self.low * factor, self.high * factor, self.comparison, unit, self.by, self.role)


@dataclass(frozen=True)
class Labels:
    """The labels of one document; ``copies`` are stretches that repeat what is labelled elsewhere."""

    name: str
    sha256: str
    file: str
    part: str
    copies: tuple[Span, ...]
    labels: tuple[Label, ...]


@dataclass(frozen=True)
class Score:
    """Counts of a comparison; ``strict`` are the matches whose spans are the same to the character."""

    labelled: int = 0
    read: int = 0
    matched: int = 0
    strict: int = 0

    def __add__(self, other: Score) -> Score:
        return Score(
            self.labelled + other.labelled,
            self.read + other.read,
            self.matched + other.matched,
            self.strict + other.strict,
        )

    @property
    def precision(self) -> float:
        """Of what was read, how much is labelled; 0 where nothing was read."""
        return self.matched / self.read if self.read else 0.0

    @property
    def recall(self) -> float:
        """Of what is labelled, how much was read; 0 where nothing is labelled."""
        return self.matched / self.labelled if self.labelled else 0.0

    def __str__(self) -> str:
        same = self.strict / self.matched if self.matched else 0.0
        return (
            f"{self.labelled} labelled, {self.read} read, {self.matched} matched: "
            f"precision {self.precision:.3f}, recall {self.recall:.3f}; "
            f"same span to the character in {same:.3f} of the matches"
        )


@dataclass(frozen=True)
class Comparison:
    """A score with what did not match, so that a failure can be looked at."""

    score: Score
    missed: tuple[Label, ...]
    surplus: tuple[Label, ...]


def overlap(one: Span, other: Span) -> float:
    """Intersection over union of two spans: 0 apart, 1 the same."""
    shared = min(one[1], other[1]) - max(one[0], other[0])
    if shared <= 0:
        return 0.0
    return shared / (max(one[1], other[1]) - min(one[0], other[0]))


def compare(truth: Sequence[Label], reading: Sequence[Label]) -> Comparison:
    """Match each label with at most one commitment read: the same facts, and the most overlap first."""
    pairs = sorted(
        (
            (share, i, j)
            for i, label in enumerate(truth)
            for j, found in enumerate(reading)
            if label.facts == found.facts and (share := overlap(label.at, found.at)) >= ENOUGH
        ),
        key=lambda pair: (-pair[0], pair[1], pair[2]),
    )
    of_truth: dict[int, int] = {}
    taken: set[int] = set()
    for _, i, j in pairs:
        if i not in of_truth and j not in taken:
            of_truth[i] = j
            taken.add(j)
    strict = sum(truth[i].at == reading[j].at for i, j in of_truth.items())
    return Comparison(
        Score(len(truth), len(reading), len(of_truth), strict),
        tuple(label for i, label in enumerate(truth) if i not in of_truth),
        tuple(found for j, found in enumerate(reading) if j not in taken),
    )


def without_copies(found: Iterable[Label], copies: Sequence[Span]) -> list[Label]:
    """Those that do not stand in a repeated stretch."""
    return [one for one in found if not any(start <= one.at[0] < end for start, end in copies)]


def as_labels(commitments: Iterable[Commitment]) -> list[Label]:
    """What was read, in the form of the truth."""
    return [
        Label(
            at=one.at,
            raw=one.value.raw,
            low=one.value.low,
            high=one.value.high,
            comparison=one.comparison,
            unit=one.unit or "",
            by=one.by,
            role=one.role,
        )
        for one in commitments
    ]


def read_labels(path: Path) -> Labels:
    """The labels of a file of the truth."""
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return Labels(
        name=path.stem,
        sha256=found["sha256"],
        file=found["file"],
        part=found["part"],
        copies=tuple((copy["start"], copy["end"]) for copy in found["copies"]),
        labels=tuple(_label(row) for row in found["commitments"]),
    )


def _label(row: dict[str, Any]) -> Label:
    return Label(
        at=(row["start"], row["end"]),
        raw=row["raw"],
        low=Decimal(row["low"]),
        high=Decimal(row["high"]),
        comparison=row["comparison"],
        unit=row["unit"],
        by=row["by"],
        role=row["role"],
        subject=tuple(row["subject"]) if row["subject"] else None,
        verb=tuple(row["verb"]) if row["verb"] else None,
        copy=row.get("copy", False),
    )


def moved(label: Label, by: int) -> Label:
    """The same label ``by`` characters further on."""
    return replace(label, at=(label.at[0] + by, label.at[1] + by))


def document(name: str, sha256: str) -> Path:
    """A real plan beside the project; the test is skipped where it does not lie there."""
    path = PLANS / name
    if not path.exists():
        pytest.skip("the published plans do not lie beside the project (../shared/plans)")
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    assert found == sha256, f"{name} is not the document that was labelled: its SHA-256 is {found}"
    return path
