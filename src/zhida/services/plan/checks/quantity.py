"""A printed figure with its unit as a quantity: what kind of thing it measures, what it may stand for."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from zhida.services.plan.checks.interval import Interval
from zhida.services.plan.model import Comparison, Figure, Value

ABOUT = Fraction(5, 100)  # 约: so much of the figure to either side
COUNTED = "个家所处座项件条支只类种幢栋批套项次"  # measure words that people take for one another
PEOPLE = {"名": "人", "位": "人"}
MULTIPLE = {"万": 10**4, "亿": 10**8, "百": 100, "千": 1000, "万亿": 10**12}


@dataclass(frozen=True, slots=True)
class Unit:
    """``measure``: what is counted; two figures compare only in the same one. ``factor``: to its base."""

    measure: str
    factor: Fraction


@dataclass(frozen=True, slots=True)
class Quantity:
    """``value``: the figure in base units; ``range``: all that rounds to it; ``text``: figure and unit.

    ``step``: what its last digit counts; ``unit``: as printed, ``factor`` of which make base units.
    """

    text: str
    value: Fraction
    range: Interval
    measure: str
    step: Fraction
    unit: str = ""
    factor: Fraction = Fraction(1)

    def same_measure(self, other: Quantity) -> bool:
        return self.measure == other.measure


def unit_of(unit: str | None) -> Unit:
    """元/月 and 元/年 are both yuan a year; % and ‰ both shares; 名 is 人; 家, 所, 处 are 个."""
    text = (unit or "").strip().replace("％", "%")
    text = re.sub(r"^(?:每人|人均)", "", text)
    text = re.sub(r"[/·．.]人(?=$|[/·])", "", text).replace("每年", "/年").replace("每月", "/月")
    text = re.sub(r"/人$|人/(?=年|月)", "", text)
    if text in ("%", "个百分点", "百分点"):
        return Unit("率", Fraction(1, 100))
    if text == "‰":
        return Unit("率", Fraction(1, 1000))
    multiple = re.match(r"(万亿|[百千万亿])(?=.)", text)
    factor = Fraction(1)
    if multiple:
        factor = Fraction(MULTIPLE[multiple[1]])
        text = text[len(multiple[1]) :]
    elif text in MULTIPLE:
        return Unit("个", Fraction(MULTIPLE[text]))
    money = re.fullmatch(r"元(?:/(年|月|季))?", text)
    if money:
        a_year = {"年": 1, "月": 12, "季": 4}.get(money[1] or "", 0)
        return Unit("元/年" if a_year else "元", factor * (a_year or 1))
    text = PEOPLE.get(text, text)
    if not text or (len(text) == 1 and text in COUNTED):
        text = "个"
    return Unit(text, factor)


def figures_step(raw: str, value: Decimal) -> Fraction:
    """The unit of a figure's last digit as printed: 1 for 1,400, 0.01 for 92.25; 10 for 六成."""
    digits = re.search(r"\d[\d,，]*(?:[.．](\d+))?", raw)
    if digits:
        return Fraction(1, 10 ** len(digits[1] or ""))
    return Fraction(10) if raw.endswith("成") else Fraction(1)


def quantity(figure: Figure | Value, unit: Unit, shown: str, fewest: int = 0) -> Quantity:
    """``fewest``: decimals that the figure is known to have though trailing zeros are not printed."""
    step = min(figures_step(figure.raw, figure.low), Fraction(1, 10**fewest))
    exact = re.search(r"\d|成", figure.raw) is None
    low, high = Fraction(figure.low), Fraction(figure.high)
    half = Fraction(0) if exact else step / 2
    found = _range(low - half, high + half, figure.comparison)
    value = low if figure.comparison != "≤" else high
    printed = re.sub(r"^[^\d]*[\d,，.．—–\-～~]*", "", shown) if re.search(r"\d", shown) else ""
    return Quantity(
        shown,
        value * unit.factor,
        found.times(unit.factor),
        unit.measure,
        step * unit.factor,
        printed,
        unit.factor,
    )


def _range(low: Fraction, high: Fraction, comparison: Comparison) -> Interval:
    if comparison in ("≥", ">"):
        return Interval(low, None)
    if comparison in ("≤", "<"):
        return Interval(None, high)
    if comparison == "≈":
        return Interval(low - abs(low) * ABOUT, high + abs(high) * ABOUT)
    return Interval(low, high)


def plain(value: Fraction, decimals: int = 2) -> str:
    """A number for people: at most so many decimals, no trailing zeros."""
    scaled = round(abs(value) * 10**decimals)
    whole, rest = divmod(scaled, 10**decimals)
    tail = f"{rest:0{decimals}d}".rstrip("0") if decimals else ""
    sign = "-" if value < 0 and scaled else ""
    return f"{sign}{whole}.{tail}" if tail else f"{sign}{whole}"


def spanned(found: Interval, decimals: int = 2) -> str:
    """An interval for people: 13.5～14.5, or 13.5以上."""
    if found.low is None:
        return "任意" if found.high is None else f"{plain(found.high, decimals)}以下"
    if found.high is None:
        return f"{plain(found.low, decimals)}以上"
    low, high = plain(found.low, decimals), plain(found.high, decimals)
    return low if low == high else f"{low}～{high}"
