"""Cells of the common forms straight from their bytes to whole numbers, compiled.

Each kernel gives a state for every cell: 0 read, 1 empty, 2 anything else. What is anything else is
read once more by the exact readers of ``odd``, so a kernel never has to say why.
"""

from __future__ import annotations

from typing import Any

import numba as nb

READ, EMPTY, ODD = 0, 1, 2
_compile = nb.njit(cache=True, nogil=True, boundscheck=False)
_LONGEST = 16


@_compile
def scaled(data: Any, starts: Any, ends: Any, places: Any, values: Any, states: Any) -> None:
    """``-1102.5`` with 2 places → -110250. At most 16 digits; more decimals than places only if zero."""
    for i in range(starts.shape[0]):
        at, end = starts[i], ends[i]
        values[i] = 0
        if at == end:
            states[i] = EMPTY
            continue
        negative = data[at] == 45
        if negative:
            at += 1
        number, digits, decimals, point, good = 0, 0, 0, False, end > at and end - at <= _LONGEST + 1
        while good and at < end:
            c = data[at]
            if c == 46 and not point and digits > 0:
                point = True
            elif 48 <= c <= 57:
                if point and decimals == places:
                    good = c == 48
                else:
                    number = number * 10 + (c - 48)
                    decimals += 1 if point else 0
                digits += 1
            else:
                good = False
            at += 1
        if not good or data[end - 1] == 46 or digits == 0:
            states[i] = ODD
            continue
        for _ in range(places - decimals):
            number *= 10
        values[i] = -number if negative else number
        states[i] = READ


@_compile
def _days(year: Any, month: Any, day: Any) -> Any:
    """Days since 1970-01-01 of a day of the Gregorian calendar."""
    y = year - 1 if month <= 2 else year
    era = y // 400
    of_era = y - era * 400
    of_year = (153 * (month + (-3 if month > 2 else 9)) + 2) // 5 + day - 1
    return era * 146097 + of_era * 365 + of_era // 4 - of_era // 100 + of_year - 719468


@_compile
def dates(data: Any, starts: Any, ends: Any, values: Any, states: Any) -> None:
    """``2025-06-30``, ``2025/06/30``, ``2025.06.30`` and ``20250630`` → days since 1970-01-01."""
    for i in range(starts.shape[0]):
        at, end = starts[i], ends[i]
        values[i] = 0
        if at == end:
            states[i] = EMPTY
            continue
        states[i] = ODD
        length = end - at
        if length == 10:
            sign = data[at + 4]
            if (sign != 45 and sign != 47 and sign != 46) or data[at + 7] != sign:
                continue
        elif length != 8:
            continue
        number, good = 0, True
        for k in range(length):
            if length == 10 and (k == 4 or k == 7):
                continue
            c = data[at + k]
            if c < 48 or c > 57:
                good = False
                break
            number = number * 10 + (c - 48)
        year, month, day = number // 10000, number // 100 % 100, number % 100
        if not good or year < 1800 or year > 2199 or month < 1 or month > 12 or day < 1:
            continue
        leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
        longest = 31
        if month == 2:
            longest = 29 if leap else 28
        elif month == 4 or month == 6 or month == 9 or month == 11:
            longest = 30
        if day <= longest:
            values[i] = _days(year, month, day)
            states[i] = READ


@_compile
def fixed(data: Any, starts: Any, ends: Any, out: Any) -> None:
    """The first bytes of each cell into a row of ``out``; the rest of the row is 0."""
    width = out.shape[1]
    for i in range(starts.shape[0]):
        length = ends[i] - starts[i]
        for k in range(width):
            out[i, k] = data[starts[i] + k] if k < length else 0


@_compile
def flaws(data: Any, starts: Any, ends: Any, longest: Any, states: Any) -> None:
    """What a text may not hold: 1 a control sign other than a line end or tab, 2 a sign that decoding
    could not read (U+FFFD), 3 more than ``longest`` bytes; 4 a digit, in a text that is else fine."""
    for i in range(starts.shape[0]):
        state = 3 if ends[i] - starts[i] > longest else 0
        for at in range(starts[i], ends[i]):
            c = data[at]
            if (c < 32 and c != 9 and c != 10 and c != 13) or c == 127:
                state = 1
                break
            if c == 0xEF and at + 2 < ends[i] and data[at + 1] == 0xBF and data[at + 2] == 0xBD:
                state = 2
                break
            if state == 0 and 48 <= c <= 57:
                state = 4
        states[i] = state


@_compile
def hashes(data: Any, offsets: Any, out: Any) -> None:
    """Mixes each string (Arrow's form) into ``out`` (uint64), where what stood there counts too."""
    for i in range(offsets.shape[0] - 1):
        h = out[i] ^ nb.uint64(0xCBF29CE484222325)
        for at in range(offsets[i], offsets[i + 1]):
            h = (h ^ nb.uint64(data[at])) * nb.uint64(0x100000001B3)
        h ^= h >> nb.uint64(32)
        h *= nb.uint64(0xD6E8FEB86659FD93)
        h ^= h >> nb.uint64(29)
        out[i] = h


@_compile
def alphabet(data: Any, starts: Any, ends: Any, least: Any, most: Any, letters: Any, states: Any) -> None:
    """Whether a cell is made of digits (and with ``letters`` of capitals), ``least`` to ``most`` of them."""
    for i in range(starts.shape[0]):
        length = ends[i] - starts[i]
        if length == 0:
            states[i] = EMPTY
            continue
        state = READ if least <= length <= most else ODD
        for at in range(starts[i], ends[i]):
            c = data[at]
            if not (48 <= c <= 57 or (letters and 65 <= c <= 90)):
                state = ODD
                break
        states[i] = state
