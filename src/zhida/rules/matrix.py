"""What a pack declares of benefits beside one another, and of what nobody has settled yet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from zhida.rules.declarations import At, Citation


class Together(StrEnum):
    """What holds for two benefits: both are paid; the first is displaced by the second; only the higher;
    the first is paid as a difference over the second; the person chooses; the rules never let one unit
    meet both; nobody has found out."""

    BOTH = "both"
    EXCLUDED = "excluded"
    HIGHER = "higher"
    DIFFERENCE = "difference"
    CHOICE = "choice"
    APART = "apart"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Cell:
    """What a line of the stacking matrix says of the benefits ``of`` beside each of ``beside``."""

    of: tuple[str, ...]
    beside: tuple[str, ...]
    rule: Together
    says: str
    citation: Citation
    at: At


@dataclass(frozen=True, slots=True)
class Stacking:
    """The matrix: ``cells`` in the order of the file; ``by_pair``: (of, beside) → its cell, each pair in
    one direction only."""

    cells: tuple[Cell, ...]
    by_pair: Mapping[tuple[str, str], Cell]

    def cell(self, a: str, b: str) -> Cell | None:
        """The cell of two benefits, whichever is named first."""
        return self.by_pair.get((a, b)) or self.by_pair.get((b, a))


@dataclass(frozen=True, slots=True)
class OpenPoint:
    """A question that the sources leave open, about some benefits, and what the pack does meanwhile."""

    id: str
    benefits: tuple[str, ...]
    says: str
    meanwhile: str
    citation: Citation
    at: At
