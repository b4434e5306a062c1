"""Values of the interpreter: intervals, truth sets, sets of choices.

A number is ``(lo, hi, flags)``: any integer in [lo, hi] may be the value where ``VALUE`` is set; it
may be not applicable where ``NONE`` is set. ``OPEN_LO`` and ``OPEN_HI`` mark an end that is only the
technical bound of something unknown: it is shown as unbounded. A truth is a set of bits ``YES``,
``NO``, ``NA``. A choice is a bit mask with ``NA_BIT``.
"""

from __future__ import annotations

from bisect import bisect_left
from datetime import date, timedelta

from zhida.rules.formulas.ir import NA, NO, YES
from zhida.rules.formulas.whole import divide_exact

VALUE, NONE, OPEN_LO, OPEN_HI = 1, 2, 4, 8

Num = tuple[int, int, int]
NOTHING: Num = (0, 0, NONE)
OLDEST = 150


def point(value: int) -> Num:
    return (value, value, VALUE)


def _ends(a: Num, b: Num) -> tuple[int, bool]:
    """Flags of a result of both, and whether it can have a value at all."""
    return (a[2] | b[2]) & NONE, bool(a[2] & b[2] & VALUE)


def add(a: Num, b: Num) -> Num:
    none, some = _ends(a, b)
    if not some:
        return (0, 0, none)
    return (a[0] + b[0], a[1] + b[1], none | VALUE | ((a[2] | b[2]) & (OPEN_LO | OPEN_HI)))


def negative(a: Num) -> Num:
    opened = (OPEN_LO if a[2] & OPEN_HI else 0) | (OPEN_HI if a[2] & OPEN_LO else 0)
    return (-a[1], -a[0], (a[2] & (VALUE | NONE)) | opened)


def mul(a: Num, b: Num) -> Num:
    none, some = _ends(a, b)
    if not some:
        return (0, 0, none)
    corners = [a[0] * b[0], a[0] * b[1], a[1] * b[0], a[1] * b[1]]
    opened = 0
    if (a[2] | b[2]) & (OPEN_LO | OPEN_HI):
        positive = a[0] >= 0 and b[0] >= 0
        opened = ((a[2] | b[2]) & OPEN_HI) | ((a[2] | b[2]) & OPEN_LO) if positive else OPEN_LO | OPEN_HI
    return (min(corners), max(corners), none | VALUE | opened)


def smaller(a: Num, b: Num) -> Num:
    none, some = _ends(a, b)
    if not some:
        return (0, 0, none)
    opened = ((a[2] | b[2]) & OPEN_LO) | (a[2] & b[2] & OPEN_HI)
    return (min(a[0], b[0]), min(a[1], b[1]), none | VALUE | opened)


def larger(a: Num, b: Num) -> Num:
    return negative(smaller(negative(a), negative(b)))


def divide(a: Num, b: Num, step: int, direction: str) -> Num:
    none, some = _ends(a, b)
    if not some:
        return (0, 0, none)
    corners = [divide_exact(n, max(d, 1), step, direction) for n in a[:2] for d in b[:2]]
    return (min(corners), max(corners), none | VALUE | ((a[2] | b[2]) & (OPEN_LO | OPEN_HI)))


def less(a: Num, b: Num, or_equal: bool) -> int:
    none, some = _ends(a, b)
    bits = NA if none else 0
    if some:
        if or_equal:
            bits |= (YES if a[0] <= b[1] else 0) | (NO if a[1] > b[0] else 0)
        else:
            bits |= (YES if a[0] < b[1] else 0) | (NO if a[1] >= b[0] else 0)
    return bits


def equal(a: Num, b: Num) -> int:
    none, some = _ends(a, b)
    bits = NA if none else 0
    if some:
        bits |= YES if a[0] <= b[1] and b[0] <= a[1] else 0
        bits |= 0 if a[0] == a[1] == b[0] == b[1] else NO
    return bits


def both(a: int, b: int) -> int:
    bits = (a | b) & NA
    if a & YES and b & YES:
        bits |= YES
    if (a & NO and b & (YES | NO)) or (b & NO and a & (YES | NO)):
        bits |= NO
    return bits


def opposite(a: int) -> int:
    return (a & NA) | (YES if a & NO else 0) | (NO if a & YES else 0)


def either(a: int, b: int) -> int:
    return opposite(both(opposite(a), opposite(b)))


def hull(a: Num, b: Num) -> Num:
    """Either of two."""
    if not a[2] & VALUE:
        return (b[0], b[1], b[2] | a[2])
    if not b[2] & VALUE:
        return (a[0], a[1], a[2] | b[2])
    opened = 0
    lo, hi = min(a[0], b[0]), max(a[1], b[1])
    for x in (a, b):
        opened |= (x[2] & OPEN_LO if x[0] == lo else 0) | (x[2] & OPEN_HI if x[1] == hi else 0)
    return (lo, hi, ((a[2] | b[2]) & (VALUE | NONE)) | opened)


def settled(value: Num | int) -> bool:
    """Whether it is one value, or surely not applicable."""
    if isinstance(value, tuple):
        return (value[0] == value[1] and value[2] in (VALUE, NONE)) or value[2] == NONE
    return value & (value - 1) == 0


def age_cutoffs(reference: date) -> list[int]:
    """Index k: the last day number on which somebody can be born to be k years old on the reference
    day. A birthday on 29 February is reached on 1 March in other years."""
    found = []
    for years in range(OLDEST + 2):
        year = reference.year - years
        try:
            day = date(year, reference.month, reference.day)
        except ValueError:
            day = date(year, 3, 1) - timedelta(days=1)
        found.append((day - date(1970, 1, 1)).days)
    return found


def age_at(cutoffs: list[int], born: int) -> int:
    """Whole years; 0 for the unborn, at most 150."""
    falling = [-c for c in cutoffs]
    return max(0, min(OLDEST, bisect_left(falling, -born + 1) - 1))


def age_table(cutoffs: list[int]) -> list[int]:
    """Whole years by days lived on the reference day, 0 to the last that is not yet ``OLDEST``."""
    days = cutoffs[0] - cutoffs[OLDEST]
    table, years = [], 0
    for lived in range(days + 1):
        while years < OLDEST and cutoffs[0] - lived <= cutoffs[years + 1]:
            years += 1
        table.append(years)
    return table


def month_index(day: int) -> int:
    """year * 12 + month - 1 of a day number."""
    d = date(1970, 1, 1) + timedelta(days=day)
    return d.year * 12 + d.month - 1
