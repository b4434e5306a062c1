"""The 18-digit citizen's number of GB 11643-1999 and its 15-digit forerunner of GB 11643-1989.

Region 6, birth 8, sequence 3 (odd: male), check 1 by ISO 7064 MOD 11-2. The region is only
reported: people keep the number of a county that is long gone.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from zhida.codes.errors import CodeError, shown

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from zhida.codes.divisions import DivisionTree

WEIGHTS = tuple(pow(2, 17 - i, 11) for i in range(17))
_CHECKS = "10X98765432"
# First two digits that GB/T 2260 gives to a province, or identity cards to a region that has none there.
_PROVINCES = {
    str(number)
    for numbers in ((11, 16), (21, 24), (31, 38), (41, 47), (50, 55), (61, 66), (71, 72), (81, 84))
    for number in range(*numbers)
}
# Kept for people over a hundred by the edition of 1989: the century of such a number isn't the 20th.
_CENTENARIANS = {"996", "997", "998", "999"}


class Region(StrEnum):
    """What the first six digits are on the day of the check."""

    CURRENT = "current"
    RETIRED = "retired"  # once a division; most holders are still alive
    RESERVED = "reserved"  # begins with two digits that no province has: invented people have these
    UNKNOWN = "unknown"  # not in the table given


class Sex(StrEnum):
    """As the sequence number tells it."""

    MALE = "male"
    FEMALE = "female"


@dataclass(frozen=True, slots=True)
class ResidentId:
    """Result of a check. ``number`` has 18 characters where the form allows it, else it is as given.

    ``birth`` and ``sex`` are None where the digits don't tell. ``problems`` holds a sentence for each
    thing that is wrong and never the number itself, so it may be written to a report.
    """

    number: str
    region: Region
    birth: date | None
    sex: Sex | None
    converted: bool
    problems: tuple[str, ...]

    @property
    def valid(self) -> bool:
        return not self.problems


def check_digit(body: str) -> str:
    """First 17 digits → the 18th character. Raises CodeError."""
    if len(body) != 17 or not (body.isascii() and body.isdigit()):
        raise CodeError(
            "The check digit of a resident ID is worked out from its first 17 digits: give those."
        )
    return _CHECKS[sum(int(digit) * weight for digit, weight in zip(body, WEIGHTS, strict=True)) % 11]


def convert_15(number: str) -> str:
    """15 digits → 18: the century 19 goes in, the check digit on the end. Raises CodeError."""
    if len(number) != 15 or not (number.isascii() and number.isdigit()):
        raise CodeError("An old resident ID has 15 digits: correct the number.")
    if number[12:] in _CENTENARIANS:
        raise CodeError(
            "An old resident ID that ends in 996 to 999 was kept for people born before 1900: "
            "look up the number of 18 digits."
        )
    body = number[:6] + "19" + number[6:]
    return body + check_digit(body)


def check_resident_id(text: str, on: date, tree: DivisionTree | None = None) -> ResidentId:
    """Checks a number of 15 or 18 characters as of day ``on``; never raises for what ``text`` says.

    Blanks around it and a small x are put right without a word. ``tree`` serves to tell the region.
    """
    number = text.strip().upper()
    converted = False
    if len(number) == 15:
        try:
            number, converted = convert_15(number), True
        except CodeError as error:
            return ResidentId(number, Region.UNKNOWN, None, None, False, (str(error),))
    problem = _form_problem(number)
    if problem:
        return ResidentId(number, Region.UNKNOWN, None, None, False, (problem,))
    problems = []
    birth = _birth(number[6:14])
    if birth is None:
        problems.append("The birth date in the resident ID (digits 7 to 14) is no day of the calendar.")
    elif birth > on:
        problems.append(f"The birth date in the resident ID lies after {on.isoformat()}.")
    if number[17] != check_digit(number[:17]):
        problems.append("The last character of the resident ID does not fit the others: a digit is wrong.")
    sex = Sex.MALE if int(number[16]) % 2 else Sex.FEMALE
    return ResidentId(number, region_of(number[:6], on, tree), birth, sex, converted, tuple(problems))


def region_of(digits: str, on: date, tree: DivisionTree | None) -> Region:
    """What six digits are: a division of the table first, then whether any province begins so."""
    division = tree.get(digits) if tree is not None and len(digits) == 6 else None
    if division is not None:
        # A code that is used before its county begins is as good as current: numbers are given late.
        ended = division.until is not None and on >= division.until
        return Region.RETIRED if ended else Region.CURRENT
    return Region.UNKNOWN if digits[:2] in _PROVINCES else Region.RESERVED


def check_digits(ids: NDArray[Any]) -> NDArray[np.uint8]:
    """Check characters of many numbers at once, as ASCII codes; 0 where the first 17 aren't digits.

    ``ids``: an array of ``S17``, ``S18`` (or longer) bytes, or of uint8 with at least 17 columns. A
    million numbers take less than a tenth of a second.
    """
    import numpy as np

    if ids.dtype.kind == "S" and ids.ndim == 1 and ids.dtype.itemsize >= 17:
        table = np.ascontiguousarray(ids).view(np.uint8).reshape(len(ids), ids.dtype.itemsize)
    elif ids.dtype == np.uint8 and ids.ndim == 2 and ids.shape[1] >= 17:
        table = ids
    else:
        raise CodeError(
            f"An array of {shown(str(ids.dtype))} with shape {ids.shape} holds no resident IDs: "
            "give bytes of 18 (S18), or uint8 in 17 columns or more."
        )
    digits = table[:, :17] - np.uint8(ord("0"))  # what is no digit wraps to more than 9
    sums = digits.astype(np.uint16) @ np.array(WEIGHTS, dtype=np.uint16)
    checks = np.frombuffer(_CHECKS.encode("ascii"), dtype=np.uint8)[sums % 11]
    return np.where((digits > 9).any(axis=1), np.uint8(0), checks).astype(np.uint8)


def _form_problem(number: str) -> str:
    if len(number) != 18:
        return f"A resident ID has 18 characters, or 15 in its old form; this has {len(number)}."
    if not (number.isascii() and number[:17].isdigit() and (number[17].isdigit() or number[17] == "X")):
        return "A resident ID has 17 digits and then a digit or X; this has other characters."
    return ""


def _birth(digits: str) -> date | None:
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return None
