"""Money is read exactly or refused."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zhida.codes.errors import CodeError
from zhida.codes.money import format_yuan, parse_yuan

INT64 = 2**63 - 1


@pytest.mark.parametrize(
    ("value", "fen"),
    [
        ("1,102.00", 110_200),
        ("1102元", 110_200),
        ("１１０２．５元", 110_250),
        ("１，１０２．５０", 110_250),
        ("-3.5", -350),
        ("－３．５", -350),
        ("0.07", 7),
        ("-0", 0),
        (" 12 ", 1_200),
        ("¥1,234,567.89", 123_456_789),
        ("1.2亿元", 12_000_000_000),
        ("1.23456万", 1_234_560),
        ("3万元", 3_000_000),
        ("0.000001万", 1),
        ("1.50000000000万", 1_500_000),
        (1301, 130_100),
        (-1, -100),
        (Decimal("1301.50"), 130_150),
        (Decimal("1.5") * Decimal("2.00"), 300),
        (Decimal("1E+3"), 100_000),
        (Decimal("-0.00"), 0),
        (Decimal("0E-99"), 0),
        ("92233720368547758.07", INT64),
    ],
)
def test_reads_exactly(value: str | int | Decimal, fen: int) -> None:
    assert parse_yuan(value) == fen


@pytest.mark.parametrize(
    "value",
    [
        *("", " ", "abc", "元", "1,10", "1,1022", ",102", "11,02.00", "0,102", "1.", ".5", "1.005", "1.230"),
        *(
            "1e3",
            "--1",
            "1 2",
            "1..2",
            "1102块",
            "NaN",
            "Infinity",
            "①",
            "½",
            "٣",
            "1,102万万",
            "1_000",
            "+1",
        ),
        *("1.23456789万", "9" * 70, "92233720368547758.08", 10**18, True, 1.0, 0.1, None),
        *(
            Decimal("0.001"),
            Decimal("NaN"),
            Decimal("Infinity"),
            Decimal("1e999999999"),
            Decimal("1e-999999999"),
        ),
    ],
)
def test_refuses(value: object) -> None:
    with pytest.raises(CodeError) as caught:
        parse_yuan(value)  # type: ignore[arg-type]
    assert len(str(caught.value)) < 200


def test_refuses_a_number_too_long_to_be_written_out() -> None:
    with pytest.raises(CodeError):
        parse_yuan(10**6000)


@given(st.integers(-INT64, INT64), st.booleans())
def test_round_trip(fen: int, grouped: bool) -> None:
    assert parse_yuan(format_yuan(fen, grouped=grouped)) == fen


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**15), max_value=10**15))
def test_a_decimal_is_read_exactly_or_refused(value: Decimal) -> None:
    exact = Fraction(value) * 100
    if exact.denominator == 1:
        assert parse_yuan(value) == exact
    else:
        with pytest.raises(CodeError):
            parse_yuan(value)


@given(st.text(alphabet="0123456789,.-元万亿 ０．，¥", max_size=12))
def test_what_is_read_has_the_value_of_its_digits(text: str) -> None:
    try:
        fen = parse_yuan(text)
    except CodeError:
        return
    plain = text.strip().replace("，", ",").replace("．", ".").replace("０", "0")
    plain = plain.replace(",", "").replace("元", "").replace("¥", "").replace(" ", "")
    factor = 10**8 if "亿" in plain else 10**4 if "万" in plain else 1
    assert Fraction(plain.strip("万亿")) * factor * 100 == fen


def test_format() -> None:
    assert format_yuan(110_200) == "1,102.00"
    assert format_yuan(-5) == "-0.05"
    assert format_yuan(123_456_789, grouped=False) == "1234567.89"
