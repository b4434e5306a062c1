"""The year that a sentence gives for a figure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from zhida.services.plan.numbers import chinese
from zhida.services.plan.words import CHANGE, YEAR

_STATED = re.compile(
    rf"(?<!\d)(?<!\d[—\-–~至－])(?<!——)(?<!年至)(从|自|由|较|比|相比|[是为](?={YEAR}年的))?({YEAR})年(?!度?规划)(?!(?:——?|[-–~－至])\d)"
)
_NAMES = re.compile(r"《[^》]*》|（(?:19|20)\d\d[^）]{0,14}）")


@dataclass(frozen=True, slots=True)
class Stated:
    """A year at a place of a sentence. ``start``: it dates only the start value of a change."""

    at: int
    end: int
    year: int
    start: bool


def stated(text: str) -> list[Stated]:
    """The years of a sentence that may date its figures; those in names of documents don't."""
    shut = [hit.span() for hit in _NAMES.finditer(text)]
    found = []
    for hit in _STATED.finditer(text):
        if any(a <= hit.start() < b for a, b in shut):
            continue
        year = int(hit[2]) if hit[2].isdigit() else int(chinese(hit[2].replace("○", "〇")) or 0)
        compared = hit[1] in ("较", "比", "相比", "是", "为")
        if not compared:
            found.append(Stated(hit.start(2), hit.end(), year, hit[1] in ("从", "自", "由")))
    return found


def year_for(text: str, years: list[Stated], start: int, end: int) -> int | None:
    """The year for a figure at [start, end): the last one before it that still holds."""
    before = [y for y in years if y.end <= end]
    if not before:
        return None
    last = before[-1]
    if last.start:
        return last.year if not CHANGE.search(text, last.end, start) and _first(text, last, start) else None
    return last.year


def _first(text: str, last: Stated, start: int) -> bool:
    """Whether the figure is the first behind the year of a start value."""
    return re.search(r"\d", text[last.end : start]) is None
