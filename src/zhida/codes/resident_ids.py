"""Resident IDs by the million: the same checks as ``check_resident_id``, over arrays.

What is wrong is a state, not a sentence; the region is not looked at.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from zhida.codes.months import day_number
from zhida.codes.resident_id import check_digits

LENGTH = 18
_ZERO, _X = ord("0"), ord("X")
_MONTHS = np.array([31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31], dtype=np.int32)


class IdState(IntEnum):
    """What a number is. A later state hides none before it: the first that holds is told."""

    GOOD = 0
    LENGTH = 1  # neither 18 characters nor 15
    CHARACTERS = 2  # others than digits and a last X
    CENTENARIAN = 3  # 15 digits that end in 996 to 999: born before 1900, nobody can tell when
    BIRTH = 4  # no day of the calendar
    LATER = 5  # born after the day of the check
    CHECK = 6  # the last character does not fit


@dataclass(frozen=True, slots=True)
class ResidentIds:
    """One entry for each number: ``numbers`` uint8 [n, 18] in capitals, those of 15 made 18.

    ``birth``: days since 1970-01-01, ``male``: as the sequence tells; both mean something only where
    ``states`` is GOOD.
    """

    numbers: NDArray[np.uint8]
    states: NDArray[np.uint8]
    birth: NDArray[np.int32]
    male: NDArray[np.bool_]


def check_resident_ids(
    cells: NDArray[np.uint8], lengths: NDArray[np.integer], on: date, *, checks: bool = True
) -> ResidentIds:
    """``cells``: uint8 [n, 18], each number from the left; ``lengths``: its characters, also past 18.

    ``checks``: also the last character of those of 18. About a tenth of a microsecond a number.
    """
    numbers = cells.copy()
    small = numbers[:, 17] == ord("x")
    numbers[small, 17] = _X
    states = np.zeros(len(numbers), np.uint8)
    states[(lengths != LENGTH) & (lengths != 15)] = IdState.LENGTH
    old = lengths == 15
    if old.any():
        _widen(numbers, states, np.flatnonzero(old))
    digits = numbers - np.uint8(_ZERO)  # what is no digit wraps to more than 9
    wrong = (digits[:, :17] > 9).any(axis=1) | ((digits[:, 17] > 9) & (numbers[:, 17] != _X))
    states[(states == IdState.GOOD) & wrong] = IdState.CHARACTERS
    birth, calendar = days_of(digits[:, 6:14])
    good = states == IdState.GOOD
    states[good & ~calendar] = IdState.BIRTH
    states[good & calendar & (birth > day_number(on))] = IdState.LATER
    if checks:
        good = states == IdState.GOOD
        states[good & (check_digits(numbers) != numbers[:, 17])] = IdState.CHECK
    return ResidentIds(numbers, states, birth, digits[:, 16] % 2 == 1)


def _widen(numbers: NDArray[np.uint8], states: NDArray[np.uint8], old: NDArray[np.intp]) -> None:
    """15 digits become 18, in place: 19 goes in, the check digit on the end."""
    short = numbers[old, :15].copy()
    digits = short - np.uint8(_ZERO)
    wide = np.empty((len(old), LENGTH), np.uint8)
    wide[:, :6], wide[:, 6:8], wide[:, 8:17] = short[:, :6], (ord("1"), ord("9")), short[:, 6:]
    checks = check_digits(wide)
    wide[:, 17] = np.where(checks == 0, _ZERO, checks)
    numbers[old] = wide
    wrong = (digits > 9).any(axis=1)
    order = digits[:, 12:].astype(np.int32) @ np.array([100, 10, 1], np.int32)
    states[old[wrong]] = IdState.CHARACTERS
    states[old[~wrong & (order >= 996)]] = IdState.CENTENARIAN


def days_of(digits: NDArray[np.uint8]) -> tuple[NDArray[np.int32], NDArray[np.bool_]]:
    """Eight digits YYYYMMDD (uint8 [n, 8]) → (days since 1970-01-01, whether it is a day of the calendar)."""
    wide = digits.astype(np.int32)
    year = wide[:, :4] @ np.array([1000, 100, 10, 1], np.int32)
    month = wide[:, 4:6] @ np.array([10, 1], np.int32)
    day = wide[:, 6:] @ np.array([10, 1], np.int32)
    real = (digits <= 9).all(axis=1) & (year >= 1) & (month >= 1) & (month <= 12) & (day >= 1)
    leap = (year % 4 == 0) & ((year % 100 != 0) | (year % 400 == 0))
    longest = _MONTHS[np.where(real, month - 1, 0)] + (leap & (month == 2))
    real &= day <= longest
    # Months since 1970-01 → the day on which they begin; the day of the month comes on top.
    months = np.where(real, (year - 1970) * 12 + month - 1, 0).astype("datetime64[M]")
    days = months.astype("datetime64[D]").astype(np.int64) + np.where(real, day - 1, 0)
    return days.astype(np.int32), real
