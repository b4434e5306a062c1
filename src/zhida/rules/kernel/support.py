"""Small compiled helpers that generated kernels call; also plain Python when not compiled."""

from __future__ import annotations

import numba as nb
import numpy as np


@nb.njit(cache=True, nogil=True, inline="always")
def age_of(cutoffs, born):  # type: ignore[no-untyped-def]
    """Whole years at the reference day ``cutoffs[0]``, 0 to 150; see ``values.age_cutoffs``."""
    if born > cutoffs[0]:
        return 0
    years = (cutoffs[0] - born) * 400 // 146097
    if years > 150:
        years = 150
    while years > 0 and born > cutoffs[years]:
        years -= 1
    while years < 150 and born <= cutoffs[years + 1]:
        years += 1
    return years


@nb.njit(cache=True, nogil=True)
def month_of(day):  # type: ignore[no-untyped-def]
    """year * 12 + month - 1 of a day number (days from civil, proleptic Gregorian)."""
    z = day + 719468
    era = z // 146097
    doe = z - era * 146097
    yoe = (doe - doe // 1460 + doe // 36524 - doe // 146096) // 365
    doy = doe - (365 * yoe + yoe // 4 - yoe // 100)
    mp = (5 * doy + 2) // 153
    month = mp + 3 if mp < 10 else mp - 9
    year = yoe + era * 400 + (1 if month <= 2 else 0)
    return year * 12 + month - 1


@nb.njit(cache=True, nogil=True, inline="always")
def rounded(num, den, step, direction):  # type: ignore[no-untyped-def]
    """``divide_exact`` of the intermediate form: 0 up, 1 down, 2 half up."""
    d = den * step
    if direction == 0:
        return -((-num) // d) * step
    if direction == 1:
        return num // d * step
    return (2 * num + d) // (2 * d) * step


@nb.njit(cache=True, nogil=True, inline="always")
def band(value):  # type: ignore[no-untyped-def]
    """Sign and size of a margin: the number of binary digits, negative below zero."""
    size = 0
    rest = value if value >= 0 else -value
    while rest > 0:
        size += 1
        rest >>= 1
    return size if value >= 0 else -size


@nb.njit(cache=True, nogil=True, inline="always")
def mix(state, value):  # type: ignore[no-untyped-def]
    """One step of FNV-1a over a 64-bit word."""
    return (np.uint64(state) ^ np.uint64(value)) * np.uint64(0x100000001B3)


@nb.njit(cache=True, nogil=True, inline="always")
def start():  # type: ignore[no-untyped-def]
    """First state of a hash."""
    return np.uint64(0xCBF29CE484222325)


@nb.njit(cache=True, nogil=True, inline="always")
def signed(state):  # type: ignore[no-untyped-def]
    """The hash as a signed 64-bit number."""
    return np.int64(np.uint64(state))
