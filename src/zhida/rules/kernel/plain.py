"""The helpers of ``support`` in plain Python, for generated source that is not compiled (tests)."""

from __future__ import annotations

from collections.abc import Sequence

from zhida.rules.ir import divide_exact
from zhida.rules.outcome import MASK, OFFSET, PRIME
from zhida.rules.outcome import band as _band
from zhida.rules.values import age_at, month_index

DIRECTIONS = ("up", "down", "half_up")


def age_of(cutoffs: Sequence[int], born: int) -> int:
    return age_at([int(c) for c in cutoffs], int(born))


def month_of(day: int) -> int:
    return month_index(int(day))


def rounded(num: int, den: int, step: int, direction: int) -> int:
    return divide_exact(int(num), int(den), step, DIRECTIONS[direction])


def band(value: int) -> int:
    return _band(int(value))


def mix(state: int, value: int) -> int:
    return ((state ^ (int(value) & MASK)) * PRIME) & MASK


def start() -> int:
    return OFFSET


def signed(state: int) -> int:
    return state - 2**64 if state >= 2**63 else state
