"""The unified social credit code of GB 32100-2015, borne by legal persons and other organisations.

18 characters of 31: registering authority 1, category 1, region 6 (digits), organisation 9
(GB 11714), check 1 by ISO 7064 MOD 31-3. As with people, the region is only reported.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from zhida.codes.errors import CodeError
from zhida.codes.resident_id import Region, region_of

if TYPE_CHECKING:
    from zhida.codes.divisions import DivisionTree

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"  # without I O S V Z
WEIGHTS = tuple(pow(3, i, 31) for i in range(17))
_VALUE = {character: value for value, character in enumerate(ALPHABET)}
# GB 11714: letters count 10 to 35 there, and the last character may be X for ten.
_ORGANISATION_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)


@dataclass(frozen=True, slots=True)
class SocialCreditCode:
    """Result of a check. ``organisation`` is the nine characters inside, '' where the form is wrong.

    ``organisation_fits``: whether their own check character fits; only reported, because the code as a
    whole has its own. ``problems`` holds a sentence for each thing that is wrong.
    """

    code: str
    authority: str
    category: str
    region: Region
    organisation: str
    organisation_fits: bool
    problems: tuple[str, ...]

    @property
    def valid(self) -> bool:
        return not self.problems


def check_character(body: str) -> str:
    """First 17 characters → the 18th. Raises CodeError."""
    if len(body) != 17 or any(character not in _VALUE for character in body):
        raise CodeError(
            "The check character of a social credit code is worked out from its first 17: give those, "
            "digits and capital letters without I, O, S, V and Z."
        )
    total = sum(_VALUE[character] * weight for character, weight in zip(body, WEIGHTS, strict=True))
    return ALPHABET[-total % 31]


def organisation_check(body: str) -> str:
    """First 8 characters of an organisation code (GB 11714) → the ninth. Raises CodeError."""
    if len(body) != 8 or not (body.isascii() and body.isalnum() and body == body.upper()):
        raise CodeError("An organisation code begins with 8 digits or capital letters: give those.")
    total = sum(int(c, 36) * weight for c, weight in zip(body, _ORGANISATION_WEIGHTS, strict=True))
    return "0123456789X"[-total % 11]


def check_social_credit_code(text: str, on: date, tree: DivisionTree | None = None) -> SocialCreditCode:
    """Checks a code as of day ``on``; never raises for what ``text`` says. Small letters are raised."""
    code = text.strip().upper()
    problem = _form_problem(code)
    if problem:
        return SocialCreditCode(code, "", "", Region.UNKNOWN, "", False, (problem,))
    problems: tuple[str, ...] = ()
    if code[17] != check_character(code[:17]):
        problems = ("The last character of the social credit code does not fit the others: one is wrong.",)
    organisation = code[8:17]
    return SocialCreditCode(
        code=code,
        authority=code[0],
        category=code[1],
        region=region_of(code[2:8], on, tree),
        organisation=organisation,
        organisation_fits=organisation_check(organisation[:8]) == organisation[8],
        problems=problems,
    )


def _form_problem(code: str) -> str:
    if len(code) != 18:
        return f"A social credit code has 18 characters; this has {len(code)}."
    if any(character not in _VALUE for character in code):
        return "A social credit code has digits and capital letters without I, O, S, V and Z only."
    if not code[2:8].isdigit():
        return "Characters 3 to 8 of a social credit code name a region: they must be digits."
    return ""
