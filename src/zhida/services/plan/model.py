"""What is read from a plan.

``at`` is always [start, end) in code points of the text that ``zhida plan read FILE --text`` prints.
A figure stands for itself, as printed: its bounds for rounding are the checker's business.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

Span = tuple[int, int]
Comparison = Literal["=", "≥", "≤", ">", "<", "≈"]
ValueRole = Literal["actual", "target", "planned", "growth"]
CommitmentRole = Literal["promise", "claim"]


@dataclass(frozen=True, slots=True)
class Figure:
    """A number with what its words say of it, in the unit that stands beside it.

    ``raw`` is the number as printed (``1,102``, ``三百``, ``六成``, ``5—8``, ``全覆盖``); a 万 or 亿 after
    Arabic digits belongs to the unit (``万人``). ``low`` and ``high`` differ only in a range.
    """

    raw: str
    low: Decimal
    high: Decimal
    comparison: Comparison = "="


@dataclass(frozen=True, slots=True)
class Section:
    """``at`` is the heading alone; the section reaches to the next heading of its level or above."""

    number: str
    title: str
    level: int
    at: Span


@dataclass(frozen=True, slots=True)
class Value:
    """One cell of a table of indicators. ``year`` is None where the heading names none (a growth rate)."""

    year: int | None
    role: ValueRole
    raw: str
    low: Decimal
    high: Decimal
    comparison: Comparison
    at: Span


@dataclass(frozen=True, slots=True)
class Indicator:
    """A row of a table of indicators, with the values it gives; a cell without a value gives none.

    ``group`` is the row of words alone above it, ``parent`` the index in ``Plan.indicators`` of the
    indicator that this one is a part of. ``kind`` is 预期性 or 约束性 where the table says so.
    """

    group: str | None
    number: str | None
    name: str
    unit: str | None
    kind: str | None
    parent: int | None
    values: tuple[Value, ...]
    at: Span


@dataclass(frozen=True, slots=True)
class Commitment:
    """A measured aim in running text, promised or reported as reached. ``by`` is a year, or None."""

    subject: str
    verb: str
    value: Figure
    unit: str | None
    by: int | None
    role: CommitmentRole
    at: Span

    @property
    def comparison(self) -> Comparison:
        return self.value.comparison


@dataclass(frozen=True, slots=True)
class Project:
    """Projects to be built: how many, and for how much money, whose unit is ``unit``."""

    name: str
    count: Figure | None
    amount: Figure | None
    unit: str | None
    at: Span


@dataclass(frozen=True, slots=True)
class Term:
    """A term and where it is explained."""

    term: str
    meaning_at: Span


@dataclass(frozen=True, slots=True)
class Unread:
    """What the reader could not make out, and why."""

    at: Span
    why: str


@dataclass(frozen=True, slots=True)
class Plan:
    """A plan as read. ``text`` is what every ``at`` counts in."""

    title: str | None
    area: str | None
    period: tuple[int, int] | None
    base_year: int | None
    sections: tuple[Section, ...]
    indicators: tuple[Indicator, ...]
    commitments: tuple[Commitment, ...]
    projects: tuple[Project, ...]
    terms: tuple[Term, ...]
    unread: tuple[Unread, ...]
    text: str
