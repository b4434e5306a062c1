"""The helpers that generated source calls, as plain functions; ``support`` compiles them.

They keep the generated functions free of branches, which is what makes them quick to compile. A helper
of several values has one ``return``: a loop that takes a tuple from two places does not vectorise.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

PRIME = 0x100000001B3
OFFSET = 0xCBF29CE484222325
MASK = 2**64 - 1

Pair = tuple[int, int]


def stage(work: Callable[..., Any]) -> Callable[..., Any]:
    """Marks a stage; nothing is compiled here."""
    return work


def kept(there: bool, value: int) -> int:
    """The value, or 0 where it is not there."""
    return value if there else 0


def bits_of(yes: bool, no: bool, na: bool) -> int:
    """A truth set as bits 1, 2, 4."""
    return (1 if yes else 0) | (2 if no else 0) | (4 if na else 0)


def hull(one: bool, a_lo: int, a_hi: int, other: bool, b_lo: int, b_hi: int) -> Pair:
    """Either of two intervals, each where its condition may hold; 0 where neither does."""
    lo = min(a_lo, b_lo) if one & other else a_lo if one else b_lo if other else 0
    hi = max(a_hi, b_hi) if one & other else a_hi if one else b_hi if other else 0
    return lo, hi


def widened(some: bool, lo: int, hi: int, there: bool, a_lo: int, a_hi: int) -> tuple[bool, int, int]:
    """One more possible interval."""
    first = min(lo, a_lo) if some & there else a_lo if there else lo
    last = max(hi, a_hi) if some & there else a_hi if there else hi
    return some | there, first, last


def product(a_lo: int, a_hi: int, b_lo: int, b_hi: int) -> Pair:
    p, q, r, s = a_lo * b_lo, a_lo * b_hi, a_hi * b_lo, a_hi * b_hi
    return min(min(p, q), min(r, s)), max(max(p, q), max(r, s))


def rounded(num: int, den: int, step: int, direction: int) -> int:
    """``divide_exact`` of the intermediate form: 0 up, 1 down, 2 half up."""
    d = den * step
    if direction == 0:
        return -((-num) // d) * step
    if direction == 1:
        return num // d * step
    return (2 * num + d) // (2 * d) * step


def quotient(a_lo: int, a_hi: int, b_lo: int, b_hi: int, step: int, direction: int) -> Pair:
    p, q = rounded(a_lo, b_lo, step, direction), rounded(a_lo, b_hi, step, direction)
    r, s = rounded(a_hi, b_lo, step, direction), rounded(a_hi, b_hi, step, direction)
    return min(min(p, q), min(r, s)), max(max(p, q), max(r, s))


def load_number(
    state: int, value: int, high: int, fill: int, empty: int, lo: int, hi: int, optional: bool
) -> tuple[int, int, bool, bool]:
    """Both ends, "may have a value", "may not apply". ``state``: 0 known, 1 absent, 3 interval, 4 not
    applicable, else unknown. ``fill``: 1 where the register is complete, 2 to presume the empty value."""
    gone = (state == 4) & optional
    told = (state == 0) | (state == 3)
    presumed = (fill == 2) | ((fill == 1) & (state == 1))
    first = value if told else 0 if gone else empty if presumed else lo
    last = high if state == 3 else value if told else 0 if gone else empty if presumed else hi
    return first, last, not gone, gone | (optional & (not told) & (not presumed))


def load_truth(state: int, value: int, fill: int, empty: bool, optional: bool) -> tuple[bool, bool, bool]:
    """May be yes, may be no, may not apply."""
    gone = (state == 4) & optional
    told = state == 0
    presumed = ((fill == 2) | ((fill == 1) & (state == 1))) & (not told) & (not gone)
    unknown = not (told | gone | presumed)
    yes = (told & (value == 1)) | (presumed & empty) | unknown
    no = (told & (value != 1)) | (presumed & (not empty)) | unknown
    return yes, no, gone | (unknown & optional)


def load_choice(state: int, value: int, fill: int, empty: int, everything: int, na: int) -> int:
    """A mask of choices; ``na`` is the bit for not applicable, 0 where the field applies to all."""
    gone = (state == 4) & (na != 0)
    presumed = (fill == 2) | ((fill == 1) & (state == 1))
    return 1 << value if state == 0 else na if gone else empty if presumed else everything | na


def age_of(ages: Any, reference: int, born: int) -> int:
    """Whole years on the day number ``reference``, out of a table by days lived; see ``values.age_table``."""
    return int(ages[min(max(reference - born, 0), len(ages) - 1)])


def month_of(day: int) -> int:
    """year * 12 + month - 1 of a day number (proleptic Gregorian)."""
    z = day + 719468
    era = z // 146097
    doe = z - era * 146097
    yoe = (doe - doe // 1460 + doe // 36524 - doe // 146096) // 365
    doy = doe - (365 * yoe + yoe // 4 - yoe // 100)
    mp = (5 * doy + 2) // 153
    month = mp + 3 if mp < 10 else mp - 9
    year = yoe + era * 400 + (1 if month <= 2 else 0)
    return year * 12 + month - 1


def band(value: int) -> int:
    """Sign and size of a margin: the number of binary digits, negative below zero."""
    rest = value if value >= 0 else -value
    size = 0
    for step in (32, 16, 8, 4, 2, 1):
        jump = step if rest >> step != 0 else 0
        rest >>= jump
        size += jump
    size += rest
    return size if value >= 0 else -size


def put_row(
    rows: Any,
    k: int,
    index: int,
    codes: int,
    amount_lo: int,
    amount_hi: int,
    presumed_lo: int,
    presumed_hi: int,
    conditions: int,
    presumed_conditions: int,
    basis: int,
    award: int,
) -> None:
    """Write row ``k``; the order is ``outcome.ROW``."""
    rows[0, k] = index
    rows[1, k] = codes
    rows[2, k] = amount_lo
    rows[3, k] = amount_hi
    rows[4, k] = presumed_lo
    rows[5, k] = presumed_hi
    rows[6, k] = conditions
    rows[7, k] = presumed_conditions
    rows[8, k] = basis
    rows[9, k] = award


def start() -> int:
    """First state of a hash (FNV-1a over 64-bit words)."""
    return OFFSET


def mix(state: int, value: int) -> int:
    return ((state ^ (int(value) & MASK)) * PRIME) & MASK


def signed(state: int) -> int:
    return state - 2**64 if state >= 2**63 else state
