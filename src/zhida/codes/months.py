"""Months as integers (year * 12 + month - 1) and days as integers (days since 1970-01-01)."""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import date

from zhida.codes.errors import CodeError, shown

_MONTH = re.compile(r"([0-9]{4})-(0[1-9]|1[0-2])")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_EPOCH = date(1970, 1, 1).toordinal()
_FIRST = 1 * 12
_LAST = 9999 * 12 + 11


def parse_month(text: str) -> int:
    """``"2025-06"`` → 2025 * 12 + 5. Raises CodeError on anything else."""
    match = _MONTH.fullmatch(text) if isinstance(text, str) else None
    if match is None or match[1] == "0000":
        raise CodeError(f"{shown(text)} is not a month: write year and month with two digits, like 2025-06.")
    return int(match[1]) * 12 + int(match[2]) - 1


def format_month(month: int) -> str:
    """2025 * 12 + 5 → ``"2025-06"``."""
    year, index = _split(month)
    return f"{year:04d}-{index:02d}"


def month_of(day: date) -> int:
    """The month that holds ``day``."""
    return day.year * 12 + day.month - 1


def first_day(month: int) -> date:
    """First day of ``month``."""
    year, index = _split(month)
    return date(year, index, 1)


def last_day(month: int) -> date:
    """Last day of ``month``."""
    year, index = _split(month)
    return date(year, index, monthrange(year, index)[1])


def parse_day(text: str) -> date:
    """``"2025-01-23"`` → date. Raises CodeError on anything else, also on a day that never was."""
    if isinstance(text, str) and _DAY.fullmatch(text):
        try:
            return date.fromisoformat(text)
        except ValueError:
            raise CodeError(
                f"{shown(text)} is not a day of the calendar: correct the month or the day."
            ) from None
    raise CodeError(f"{shown(text)} is not a date: write year, month and day, like 2025-01-23.")


def day_number(day: date) -> int:
    """Days from 1970-01-01 to ``day``; negative before it."""
    return day.toordinal() - _EPOCH


def from_day_number(number: int) -> date:
    """The day that is ``number`` days after 1970-01-01. Raises CodeError outside years 1 to 9999."""
    try:
        return date.fromordinal(int(number) + _EPOCH)
    except (ValueError, OverflowError):
        raise CodeError(f"Day number {shown(number)} lies outside the years 1 to 9999.") from None


def _split(month: int) -> tuple[int, int]:
    if not _FIRST <= month <= _LAST:
        raise CodeError(
            f"{shown(month)} is not a month: it must be year * 12 + month - 1, from {_FIRST} to {_LAST}."
        )
    return int(month) // 12, int(month) % 12 + 1
