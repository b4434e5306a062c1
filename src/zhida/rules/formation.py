"""Units formed by rule: who of a household counts, and who may stand alone, each with the ground for it.

A formation has grounds in order; the first that holds decides. It comes to one truth of a person, a variable
that formulas and both evaluators know like any other, so that whoever counts is counted the same everywhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from zhida.rules.declarations import At, Citation, Formula

PERSON = "person"


@dataclass(frozen=True, slots=True)
class Ground:
    """Why somebody counts or does not. ``formula`` is None for what holds where nothing before does."""

    id: str
    says: str
    counts: bool
    formula: Formula | None
    citation: Citation
    at: At

    def holds_in(self, month: int) -> bool:
        """Whether it is in force in a month."""
        f = self.formula
        return f is None or ((f.start is None or f.start <= month) and (f.until is None or month < f.until))


@dataclass(frozen=True, slots=True)
class Formation:
    """``of``: id of the unit it is made of: a group, of which some count, or ``person``, of whom some may
    stand alone. ``members``: the word for those who count in formulas, '' for persons. ``counted``: id of the
    person's truth that it comes to, ``says`` what that means."""

    id: str
    name: str
    of: str
    members: str
    counted: str
    grounds: tuple[Ground, ...]
    otherwise: Ground
    says: str
    citation: Citation
    at: At

    def in_force(self, month: int) -> tuple[Ground, ...]:
        """The grounds of a month, in order, what holds otherwise last."""
        return (*(g for g in self.grounds if g.holds_in(month)), self.otherwise)


def composed(grounds: Sequence[Ground], otherwise: Ground, month: int) -> str:
    """One formula for a month: the first ground that holds decides."""
    text = str(otherwise.counts)
    for ground in reversed([g for g in grounds if g.holds_in(month)]):
        assert ground.formula is not None
        one = " ".join(ground.formula.text.split())
        text = f"({one}) or ({text})" if ground.counts else f"not ({one}) and ({text})"
    return text


def boundaries(grounds: Sequence[Ground]) -> list[int]:
    """The months in which some ground begins or ends."""
    formulas = [g.formula for g in grounds if g.formula is not None]
    return sorted({m for f in formulas for m in (f.start, f.until) if m is not None})
