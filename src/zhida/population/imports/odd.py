"""Exact readers for cells of uncommon form: each gives a value as stored, or the reason why there is none.

The compiled readers of ``kernels`` take the common forms; what they leave comes here, each text once.
"""

from __future__ import annotations

import re
from datetime import date
from functools import lru_cache

from zhida.codes.errors import CodeError
from zhida.codes.money import parse_yuan
from zhida.codes.months import day_number, month_of
from zhida.population.imports.reasons import Reason

Found = int | Reason
_NARROW = {0xFF01 + i: 0x21 + i for i in range(94)} | {0x3000: 0x20, 0xA0: 0x20}
FIRST_YEAR, LAST_YEAR = 1800, 2199
ERRORS = frozenset({"#N/A", "#VALUE!", "#REF!", "#DIV/0!", "#NUM!", "#NAME?", "#NULL!", "#GETTING_DATA"})
_DATE = re.compile(
    r"(\d{4})(?:([-/.])(\d{1,2})\2(\d{1,2})|年(\d{1,2})月(\d{1,2})日?|(\d\d)(\d\d))"
    r"(?:[T ]*0{1,2}:00(?::00(?:\.0+)?)?)?",
    re.ASCII,
)
_MONTH = re.compile(r"(\d{4})(?:[-/.](\d{1,2})|年(\d{1,2})月?|(\d\d))(?:[-/.]?0?1日?)?", re.ASCII)
_SERIAL = re.compile(r"[1-7]\d{4}(?:\.0+)?", re.ASCII)
_NUMBER = re.compile(r"([-+]?)(\d{1,3}(?:,\d{3})+|\d+)(?:\.(\d*))?", re.ASCII)
ROUNDED = re.compile(r"\d\.\d+E\+?\d{2}", re.ASCII)
_LARGEST = 2**63 - 1


def plain(text: str) -> str:
    """Full-width signs narrow, blanks at the ends off. No wider folding, which would make 1 of ①."""
    return text.translate(_NARROW).strip()


def day(text: str) -> Found:
    """Days since 1970-01-01. Also 2025年6月30日, 2025-6-3, and a time of midnight behind it."""
    text = plain(text)
    match = _DATE.fullmatch(text)
    if match is None:
        return Reason.DATE_SERIAL if _SERIAL.fullmatch(text) else Reason.DATE_FORM
    parts = [int(p) for p in match.groups() if p and p.isdecimal()]
    try:
        found = date(*parts)
    except ValueError:
        return Reason.DATE_CALENDAR
    return day_number(found) if FIRST_YEAR <= found.year <= LAST_YEAR else Reason.DATE_CALENDAR


@lru_cache(maxsize=10_000)
def month(text: str) -> Found:
    """year * 12 + month - 1. Also a day, where it is the first of the month."""
    text = plain(text)
    match = _MONTH.fullmatch(text)
    if match is None:
        found = day(text)
        if isinstance(found, Reason):
            return Reason.MONTH_FORM if found is Reason.DATE_FORM else found
        first = date.fromordinal(found + date(1970, 1, 1).toordinal())
        return month_of(first) if first.day == 1 else Reason.MONTH_FORM
    year, number = (int(p) for p in match.groups() if p)
    if not 1 <= number <= 12 or not FIRST_YEAR <= year <= LAST_YEAR:
        return Reason.DATE_CALENDAR
    return year * 12 + number - 1


def money(text: str) -> Found:
    """Fen. Also 1,102.50, 1102元, 1.2亿元."""
    found = number(text, 2)
    if not isinstance(found, Reason):
        return found
    try:
        return parse_yuan(text)
    except CodeError as error:
        return Reason.NUMBER_PLACES if "whole number of fen" in str(error) else found


def number(text: str, places: int) -> Found:
    """A number of at most ``places`` decimals, scaled; more decimals only if they are zeros."""
    text = plain(text)
    match = _NUMBER.fullmatch(text)
    if match is None:
        return Reason.ROUNDED if ROUNDED.fullmatch(text.upper()) else Reason.NUMBER_FORM
    decimals = (match[3] or "").rstrip("0")
    if len(decimals) > places:
        return Reason.NUMBER_PLACES
    found = int(match[2].replace(",", "") + decimals.ljust(places, "0"))
    if found > _LARGEST:
        return Reason.ABOVE
    return -found if match[1] == "-" else found
