"""What a pack may say beside its rules: the income work-sheet, who bears the cost, how a standard is set.

No answer hangs on any of it. Months and storage integers as in :mod:`zhida.rules.declarations`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from zhida.rules.declarations import At, Citation, Rounding

WAYS = ("registered", "authorised", "declared", "imputed", "deducted")
"""How a line of the work-sheet comes to its amount. Deducted lines are taken off, all others added."""


@dataclass(frozen=True, slots=True)
class SheetLine:
    """``of``: id of a person's field or variable, of money. ``when``: id of a truth (parameter, or a person's
    field or variable) where the line only counts then; '' always."""

    of: str
    way: str
    when: str
    citation: Citation
    at: At


@dataclass(frozen=True, slots=True)
class Worksheet:
    """``counted``: id of a person's truth, whose lines enter. ``person``: id of the variable that the lines
    of one person add up to; ``total``, ``size`` and ``per_head``: the household's variables. ``against``:
    ids of parameters and household variables that the income is held against. ``line``: id of the parameter
    that counts as line of poverty, '' for none."""

    name: str
    unit: str
    counted: str
    person: str
    total: str
    size: str
    per_head: str
    against: tuple[str, ...]
    line: str
    lines: tuple[SheetLine, ...]
    citation: Citation
    at: At


@dataclass(frozen=True, slots=True)
class Sharing:
    """Who bears the cost of a benefit at a place and below, in months [start, until). ``shares``: name of the
    level of government and hundredths of a percent, 10,000 together."""

    benefit: str
    place: str
    start: int | None
    until: int | None
    shares: tuple[tuple[str, int], ...]
    citation: Citation
    at: At


@dataclass(frozen=True, slots=True)
class Figure:
    """``value`` in fen, of a whole year."""

    year: int
    value: int
    citation: Citation
    at: At


@dataclass(frozen=True, slots=True)
class Series:
    """A published figure, year by year."""

    id: str
    name: str
    measure: str
    place: str
    figures: tuple[Figure, ...]
    at: At


@dataclass(frozen=True, slots=True)
class SettingPlace:
    """How the standard of some places follows from the rule's own: ``percent`` (hundredths of a percent) of
    it, or with ``average`` not below the average of all counties of the rule's place. In months
    [start, until)."""

    places: tuple[str, ...]
    start: int | None
    until: int | None
    percent: int
    average: bool
    citation: Citation
    at: At


@dataclass(frozen=True, slots=True)
class SettingRule:
    """A standard is ``percent`` (hundredths of a percent) of a series' figure of the year before, by twelve,
    rounded. ``start``, ``until``: months in which the rule is said to hold."""

    id: str
    parameter: str
    series: str
    percent: int
    place: str
    start: int | None
    until: int | None
    rounding: Rounding
    places: tuple[SettingPlace, ...]
    says: str
    citation: Citation
    at: At


@dataclass(frozen=True, slots=True)
class Setting:
    series: tuple[Series, ...]
    rules: tuple[SettingRule, ...]


WHOLE = 10_000
"""Hundredths of a percent in the whole."""
NOTHING_SET = Setting((), ())
