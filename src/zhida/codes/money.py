"""Money: exact reading of yuan into whole fen, and writing back. No binary fraction gets in."""

from __future__ import annotations

import re
from decimal import Decimal

from zhida.codes.errors import CodeError, shown

# Full-width forms that registers and spreadsheets write; no wider folding, which would also turn ① into 1.
_NARROW = str.maketrans("０１２３４５６７８９．，－−￥\u3000", "0123456789.,--¥ ")
_AMOUNT = re.compile(r"(-?)¥? ?([0-9]+|[1-9][0-9]{0,2}(?:,[0-9]{3})+)(?:\.([0-9]+))? ?([万亿]?)元?")
_FACTOR_PLACES = {"": 0, "万": 4, "亿": 8}
_LONGEST = 64
_LARGEST = 2**63 - 1
_WRITE = "write yuan with at most two decimals, like 1102.50 or 1,102.50"


def parse_yuan(value: str | int | Decimal) -> int:
    """Yuan → whole fen: ``"1,102.00"``, ``"1102元"``, ``"１１０２．５元"``, ``"1.2亿元"``, 1102, Decimal.

    An int is whole yuan. With 万 or 亿 more decimals are allowed as long as the sum is whole fen.
    Raises CodeError for a float (it may not be the number that was written), a bool, other text, a
    fraction of a fen, or a sum beyond int64.
    """
    if isinstance(value, bool) or not isinstance(value, (str, int, Decimal)):
        raise CodeError(
            f"{shown(value)} ({type(value).__name__}) is no exact amount: give text, an integer or a Decimal."
        )
    if isinstance(value, str):
        return _from_text(value)
    if isinstance(value, int):
        return _bounded(value * 100, value)
    return _from_decimal(value)


def format_yuan(fen: int, *, grouped: bool = True) -> str:
    """110200 → ``"1,102.00"``; without ``grouped`` ``"1102.00"``. ``parse_yuan`` reads both back."""
    sign = "-" if fen < 0 else ""
    yuan, rest = divmod(abs(int(fen)), 100)
    return f"{sign}{yuan:,}.{rest:02d}" if grouped else f"{sign}{yuan}.{rest:02d}"


def _from_text(text: str) -> int:
    match = _AMOUNT.fullmatch(text.translate(_NARROW).strip()) if len(text) <= _LONGEST else None
    if match is None:
        raise CodeError(f"{shown(text)} is not an amount of money: {_WRITE}.")
    sign, whole, decimals, unit = match[1], match[2].replace(",", ""), match[3] or "", match[4]
    places = 2 + _FACTOR_PLACES[unit]
    if unit:
        decimals = decimals.rstrip("0")
    if len(decimals) > places:
        raise CodeError(f"{shown(text)} is not a whole number of fen: {_WRITE}.")
    fen = int(whole + decimals.ljust(places, "0"))
    return _bounded(-fen if sign else fen, text)


def _from_decimal(value: Decimal) -> int:
    if not value.is_finite() or value.adjusted() > 20:
        raise CodeError(f"{shown(value)} is not an amount of money: {_WRITE}.")
    sign, digits, exponent = value.as_tuple()
    assert isinstance(exponent, int)  # a finite Decimal
    text = "".join(map(str, digits))
    if text.strip("0") == "":
        return 0
    shift = exponent + 2
    if shift < 0:
        cut, text = text[shift:], text[:shift]
        # A value smaller than a fen leaves nothing before the cut: it cannot be whole fen.
        if cut.strip("0") or not text:
            raise CodeError(f"{shown(value)} is not a whole number of fen: {_WRITE}.")
        shift = 0
    fen = int(text) * 10**shift
    return _bounded(-fen if sign else fen, value)


def _bounded(fen: int, value: object) -> int:
    if abs(fen) > _LARGEST:
        raise CodeError(f"{shown(value)} is more money than can be stored: check the amount and its unit.")
    return fen
