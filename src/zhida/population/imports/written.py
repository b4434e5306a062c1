"""Values of a typed file (Excel, Parquet) as the text that would have been written in CSV."""

from __future__ import annotations

from datetime import date, datetime, time

_EXACT = 10**15
"""A spreadsheet keeps 15 digits: a whole number from here on may have lost some."""


def written(value: object) -> str:
    """Text of one cell; a number that may have lost digits in scientific form, which nothing reads."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        if value.is_integer():
            return str(int(value)) if abs(value) < _EXACT else f"{value:.14e}"
        return repr(value)
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(" ")
    return value.isoformat() if isinstance(value, (date, time)) else str(value)
