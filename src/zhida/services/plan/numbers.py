"""Numbers as people write them: Arabic with full-width digits and separators, Chinese numerals, shares.

Reads only what is whole. ``1O0``, ``20XX``, ``5*`` or a number whose digits are torn apart by a break
gives nothing, because a wrong value is worse than none.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

LONGEST = 18
"""Digits of a number. What is longer is no quantity of a plan but a code or debris."""

DIGITS = {c: i for i, c in enumerate("零一二三四五六七八九")} | {"〇": 0, "○": 0, "两": 2}
TENS = {"十": 10, "百": 100, "千": 1000}
MYRIADS = {"万": 10**4, "亿": 10**8}

NEARLY = ("近", "约", "上", "超", "逾")
"""Before a lone 百 or 千, which then is a number: 近百名."""
NUMERAL = "零〇一二两三四五六七八九十百千万亿"
ARABIC = r"(?:\d{1,3}(?:,\d{3})+(?!\d)(?:\.\d+)?|\d+(?:\.\d+)?)"
TORN = r"(?<![0-9.,，][ ])(?<![0-9A-Za-z.*×_#＊])(?<!\d[,，/])"
"""Nothing before the digits that could be a part of the number."""
ENDED = r"(?![0-9*×_＊]|[.,，/][ ]?\d|[ ]\d)(?!(?!(?:k?m2?|cm|mm|kg|t|G|GB|TB|k?W|h)(?![A-Za-z]))[A-Za-z])"
"""Nothing behind the digits that could be a part of the number; of letters only those of a unit."""

_ARABIC = re.compile(TORN + ARABIC + ENDED)
_CHINESE = re.compile(rf"[{NUMERAL}]+(?:点[零〇一二三四五六七八九]+)?")
_SHARE = re.compile(rf"(百|千)分之([{NUMERAL}]+(?:点[零〇一二三四五六七八九]+)?|{ARABIC})")
_TENTHS = re.compile(
    r"([一二两三四五六七八九])成([一二三四五六七八九半])?(?![立为功员长果效熟本就品型分交不])"
)
_DOUBLED = re.compile(r"(?:再|又)?翻([一二两三])番|翻番")
_WHOLE = re.compile(r"全覆盖|百分之?百")


@dataclass(frozen=True, slots=True)
class Number:
    """A number in a text, at [start, end). ``unit`` where the spelling carries one (%, ‰, 倍)."""

    start: int
    end: int
    value: Decimal
    unit: str | None = None


def numbers(text: str) -> list[Number]:
    """All numbers of a normalised text (half-width digits), from left to right, not overlapping."""
    found: list[Number] = []
    taken = bytearray(len(text))
    for reader in (_shares, _doubled, _whole, _tenths, _arabic, _numerals):
        for one in reader(text):
            if not any(taken[one.start : one.end]):
                taken[one.start : one.end] = b"\1" * (one.end - one.start)
                found.append(one)
    return sorted(found, key=lambda n: n.start)


def arabic(text: str) -> Decimal | None:
    """A whole text of half-width Arabic digits as a number; None for anything else.

    >>> arabic("1,102.50")
    Decimal('1102.50')
    """
    if not re.fullmatch(ARABIC, text) or sum(c.isdigit() for c in text) > LONGEST:
        return None
    return Decimal(text.replace(",", ""))


def chinese(text: str) -> Decimal | None:
    """A Chinese numeral as a number, written with places (三百二十) or digit by digit (二〇三五).

    None for what is neither, such as 三五 or 十百.

    >>> chinese("一万零五十")
    Decimal('10050')
    """
    whole, point, rest = text.partition("点")
    if point and (not rest or any(c not in DIGITS for c in rest)):
        return None
    value = _digit_by_digit(whole) if len(whole) > 2 else None
    value = _with_places(whole) if value is None else value
    if value is None or len(rest) > LONGEST:
        return None
    fraction = "".join(str(DIGITS[c]) for c in rest)
    return Decimal(f"{value}.{fraction}") if fraction else Decimal(value)


def _digit_by_digit(text: str) -> int | None:
    """二〇三五: at least three digits, none of them a place."""
    if not text or len(text) > LONGEST or any(c not in DIGITS or c == "两" for c in text):
        return None
    return int("".join(str(DIGITS[c]) for c in text))


def _with_places(text: str) -> int | None:
    if len(text) > 40 or not text:
        return None
    if text in ("零", "〇"):
        return 0
    for sign in ("亿", "万"):
        head, found, tail = text.rpartition(sign)
        if found:
            high, low = _with_places(head), _below(tail, MYRIADS[sign])
            if high is None or low is None or high == 0 or (sign == "万" and high >= 10**4):
                return None
            return high * MYRIADS[sign] + low
    return _below_myriad(text)


def _below(text: str, limit: int) -> int | None:
    """What follows a 万 or 亿: nothing, a number with its zero, or a last digit (三万五 is 35000)."""
    if not text:
        return 0
    if len(text) == 1 and text in DIGITS and DIGITS[text]:
        return DIGITS[text] * limit // 10
    value = _with_places(text.lstrip("零〇"))
    if value is None or value >= limit:
        return None
    zero = text[0] in "零〇"
    return value if zero or value >= limit // 10 else None


def _below_myriad(text: str) -> int | None:
    """Up to 9999: places fall, a gap is marked by 零."""
    total, last, digit, zero = 0, 10**4, None, False
    for i, c in enumerate(text):
        if c in DIGITS:
            if digit is not None or (DIGITS[c] == 0 and (not total or zero)):
                return None
            if DIGITS[c] == 0:
                zero = True
            else:
                digit = DIGITS[c]
            continue
        place = TENS[c]
        if place >= last or (zero is False and total and place * 10 < last):
            return None
        if digit is None:
            if place != 10 or i > 0:
                return None
            digit = 1
        total, last, digit, zero = total + digit * place, place, None, False
    if digit is not None:
        if total and not zero and last > 10:  # 三百五 is 350
            return total + digit * last // 10
        return total + digit
    return None if zero else total or None


def _shares(text: str) -> list[Number]:
    found = []
    for hit in _SHARE.finditer(text):
        value = chinese(hit[2]) if hit[2][0] in NUMERAL else arabic(hit[2])
        if value is not None:
            found.append(Number(*hit.span(), value, "%" if hit[1] == "百" else "‰"))
    return found


def _tenths(text: str) -> list[Number]:
    found = []
    for hit in _TENTHS.finditer(text):
        if hit.start() and text[hit.start() - 1] in NUMERAL + "第":
            continue
        second = {None: 0, "半": 5}.get(hit[2])
        ones = DIGITS[hit[2]] if second is None else second
        found.append(Number(*hit.span(), Decimal(DIGITS[hit[1]] * 10 + ones), "%"))
    return found


def _doubled(text: str) -> list[Number]:
    """翻一番 is twice as much, 翻两番 four times."""
    return [
        Number(*hit.span(), Decimal(2 ** (DIGITS[hit[1]] if hit[1] else 1)), "倍")
        for hit in _DOUBLED.finditer(text)
    ]


def _whole(text: str) -> list[Number]:
    return [Number(*hit.span(), Decimal(100), "%") for hit in _WHOLE.finditer(text)]


def _arabic(text: str) -> list[Number]:
    found = []
    for hit in _ARABIC.finditer(text):
        value = arabic(hit.group())
        if value is not None:
            found.append(Number(*hit.span(), value))
    return found


def _numerals(text: str) -> list[Number]:
    found = []
    for hit in _CHINESE.finditer(text):
        if hit.start() and text[hit.start() - 1] in "第几数0123456789.":
            continue
        value = chinese(hit.group())
        if hit.group() in ("百", "千") and (
            text[: hit.start()].endswith(NEARLY) or text.startswith("余", hit.end())
        ):
            value = Decimal(TENS[hit.group()])
        if value is not None:
            found.append(Number(*hit.span(), value))
    return found
