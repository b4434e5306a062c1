"""What a benefit says of time: review, grace, and which months it is paid for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from zhida.rules.declarations import At, Benefit, Citation, Formula


@dataclass(frozen=True, slots=True)
class Review:
    """``every``: whole months, by a formula and dated as it is; ``says`` in words where they are not the same
    for all. ``clear_change`` in fen: a smaller difference inside them changes nothing. ``valid``: months
    after which what was found has run out, however things are; None: it does not."""

    every: Formula
    clear_change: int
    citation: Citation
    valid: int | None = None
    says: str = ""


def review_in(b: Benefit, month: int) -> Review | None:
    """The review rule of a month."""
    for r in b.reviews:
        if (r.every.start or month) <= month and (r.every.until is None or month < r.every.until):
            return r
    return None


@dataclass(frozen=True, slots=True)
class Grace:
    """Where ``formula`` holds, a condition that fails counts as met for a while (渐退期)."""

    formula: Formula
    says: str
    citation: Citation


class Event(StrEnum):
    """What falls inside a month, so that it has to be said whether the month is paid."""

    BEGIN = "begin"
    END = "end"
    AGE = "age"
    DEATH = "death"
    MOVE = "move"


UNKNOWN = "unknown"
"""No source says, so the month may be paid or not."""
MONTHS: Mapping[Event, tuple[str, ...]] = {
    Event.BEGIN: ("same", "next", UNKNOWN),
    Event.END: ("same", "before", UNKNOWN),
    Event.AGE: ("same", "next", UNKNOWN),
    Event.DEATH: ("same", "before", UNKNOWN),
    Event.MOVE: ("old", "new", UNKNOWN),
}
"""``same``: the month itself counts (as begun, as still paid, as of that age); ``next``: the month after;
``before``: the month before is the last one paid; ``old``, ``new``: which place pays the month of a move."""
COUNTED = ("application", "decision", "event")
"""From what a beginning is counted; ``event``: the conditions' being met, where nobody has to apply."""


@dataclass(frozen=True, slots=True)
class MonthRule:
    """``month``: a word of :data:`MONTHS`. ``counted``: a word of :data:`COUNTED`; '' but for BEGIN."""

    event: Event
    month: str
    counted: str
    citation: Citation
    at: At


def monthly(b: Benefit) -> bool:
    """Whether a benefit is due month by month, so that its months have to be said."""
    return b.kind == "standing" and any(a.period == "month" for a in b.amounts)
