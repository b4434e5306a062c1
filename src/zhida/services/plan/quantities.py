"""Quantities: numbers with their unit and with the words that compare (不低于 … 以上, 约, 余)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from zhida.services.plan.model import Comparison, Figure
from zhida.services.plan.numbers import NUMERAL, Number, numbers
from zhida.services.plan.units import UNIT

BEFORE: tuple[tuple[Comparison, str], ...] = (
    ("≥", "(?:不|未)(?:低|少|小)于|不下于|至少|最少|最低|>=|[≥≧⩾]|大于(?:等于|或等于)"),
    (
        "≤",
        "(?:不|未)(?:高|多|大)于|(?:不|未)超过?|至多|最多|最高|<=|[≤≦⩽]|小于(?:等于|或等于)",
    ),
    (">", "(?<![不未])(?:超过|突破|高于|多于|大于|超|逾|愈)|[>＞]"),
    ("<", "(?<![不未])(?:低于|少于|小于)|不足|不到|不满|未满|未达到?|[<＜]"),
    ("≈", "(?<![节公契预合集签])约|大约|大概|(?<![附最就临靠])近|接近|将近|大致|基本"),
)  # fmt: skip
AFTER: tuple[tuple[Comparison, str], ...] = (
    ("≥", "(?:及|或|（含）|（及）|和)?(?:以上|之上)|（?及以上）?|起"),
    ("≤", "(?:及|或|（含）)?(?:以下|以内|之内|之下)"),
    ("≈", "左右|上下|前后"),
    (">", "余|多"),
)
_BEFORE = tuple((sign, re.compile(f"(?:{words})(?:达到?|为|在)?$")) for sign, words in BEFORE)
_AFTER = tuple((sign, re.compile(words)) for sign, words in AFTER)
_RANGE = re.compile(r"(?:%|‰|[万亿])?(?:——?|[-–—~～－―]+|至|到)")
"""Between the two numbers of a range; the first may carry its unit."""
YEAR = re.compile(r"(?:19|20|21)\d\d$")


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number with all that belongs to it, at [start, end) of the flow.

    ``number`` is the first place of the number, ``counted`` the last with the unit; words that compare
    may stand before and behind. ``spelt`` is true of a Chinese numeral, which may be no quantity at all.
    """

    start: int
    number: int
    counted: int
    end: int
    figure: Figure
    unit: str | None
    spelt: bool


def quantities(text: str) -> list[Quantity]:
    """All quantities of a flow, from left to right. Years, ordinals and bare Chinese numerals are none."""
    found = numbers(text)
    result: list[Quantity] = []
    i = 0
    while i < len(found):
        one, other = found[i], found[i + 1] if i + 1 < len(found) else None
        joined = other is not None and _is_range(text, one, other)
        last = other if joined and other is not None else one
        quantity = _quantity(text, one, last)
        if quantity is not None:
            result.append(quantity)
        i += 2 if joined else 1
    return result


def _is_range(text: str, one: Number, other: Number) -> bool:
    if one.unit not in (None, other.unit) or one.value >= other.value:
        return False
    between = text[one.end : other.start]
    return _RANGE.fullmatch(between) is not None and _spelt(text, one) == _spelt(text, other)


def _spelt(text: str, number: Number) -> bool:
    return text[number.start] in NUMERAL and number.unit is None


def _quantity(text: str, one: Number, last: Number) -> Quantity | None:
    unit, counted, more = _unit(text, last)
    if _is_year(text, one, last, unit) or (_spelt(text, last) and unit is None):
        return None
    start, before = _compared_before(text, one.start)
    after_at, after = _compared_after(text, counted)
    comparison: Comparison = before or after or (">" if more else "=")
    raw = text[one.start : last.end].replace(" ", "")
    figure = Figure(raw, one.value, last.value, comparison)
    return Quantity(start, one.start, counted, after_at, figure, unit, _spelt(text, last))


def _is_year(text: str, one: Number, last: Number, unit: str | None) -> bool:
    digits = text[last.start : last.end]
    if (unit or "").startswith("年") and (YEAR.match(digits) or (len(digits) == 4 and last.value >= 1900)):
        return True
    return unit is None and YEAR.match(text[one.start : one.end]) is not None and one is not last


def _unit(text: str, number: Number) -> tuple[str | None, int, bool]:
    """The unit behind a number, where it ends, and whether a 余 or 多 stands between."""
    if number.unit is not None:
        hit = UNIT.match(text, number.end)
        per = (hit["per"] or "") if hit and not hit["unit"] and not hit["multiplier"] else ""
        return number.unit, number.end + len(per), False
    early = re.compile("余|多").match(text, number.end)
    at = early.end() if early else number.end
    hit = UNIT.match(text, at)
    if hit is None or not (hit["unit"] or hit["multiplier"]):
        return None, number.end, False
    unit = (hit["multiplier"] or "") + (hit["unit"] or "") + (hit["per"] or "")
    end = hit.end()
    if not hit["unit"] and not hit["per"]:
        end = hit.end("multiplier")
    return unit, end, bool(early or hit["more"])


def _compared_before(text: str, at: int) -> tuple[int, Comparison | None]:
    before = text[max(0, at - 8) : at]
    for sign, words in _BEFORE:
        hit = words.search(before)
        if hit:
            return at - len(before) + hit.start(), sign
    return at, None


def _compared_after(text: str, at: int) -> tuple[int, Comparison | None]:
    for sign, words in _AFTER:
        hit = words.match(text, at)
        if hit:
            return hit.end(), sign
    return at, None
