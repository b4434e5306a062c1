"""What a benefit says of time: review."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from zhida.rules.declarations import Citation


@dataclass(frozen=True, slots=True)
class Review:
    """``clear_change`` in fen: a smaller difference inside ``every`` months changes nothing."""

    every: int
    clear_change: int
    citation: Citation
