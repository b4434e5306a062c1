"""Months and day numbers."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zhida.codes.errors import CodeError
from zhida.codes.months import (
    day_number,
    first_day,
    format_month,
    from_day_number,
    last_day,
    month_of,
    parse_day,
    parse_month,
)

months = st.integers(12, 9999 * 12 + 11)


def test_known_values() -> None:
    assert parse_month("2025-06") == 2025 * 12 + 5
    assert last_day(parse_month("2024-02")) == date(2024, 2, 29)
    assert last_day(parse_month("1900-02")) == date(1900, 2, 28)
    assert day_number(date(1970, 1, 1)) == 0
    assert day_number(date(1969, 12, 31)) == -1
    assert parse_day("2024-02-29") == date(2024, 2, 29)


@given(months)
def test_months_round_trip(month: int) -> None:
    assert parse_month(format_month(month)) == month
    assert month_of(first_day(month)) == month_of(last_day(month)) == month
    assert first_day(month).day == 1
    if month < 9999 * 12 + 11:
        assert last_day(month) + timedelta(days=1) == first_day(month + 1)


@given(st.dates())
def test_days_round_trip(day: date) -> None:
    assert from_day_number(day_number(day)) == day
    assert parse_day(day.isoformat()) == day


@pytest.mark.parametrize(
    "text",
    [
        "2025-13",
        "2025-00",
        "2025-6",
        "25-06",
        "2025-06-01",
        "0000-01",
        "２０２５-06",
        "",
        " 2025-06",
        "2025-06\n",
    ],
)
def test_no_month(text: str) -> None:
    with pytest.raises(CodeError, match="like 2025-06"):
        parse_month(text)


@pytest.mark.parametrize(
    "text", ["2025-02-29", "2025-1-1", "20250101", "2025-W01-1", "0000-01-01", "", "2025-01-01T00"]
)
def test_no_day(text: str) -> None:
    with pytest.raises(CodeError):
        parse_day(text)


@pytest.mark.parametrize("number", [0, 11, 10_000 * 12, -5])
def test_a_number_that_is_no_month(number: int) -> None:
    for call in (format_month, first_day, last_day):
        with pytest.raises(CodeError):
            call(number)


@pytest.mark.parametrize("number", [10**7, -(10**7), 10**30])
def test_a_number_that_is_no_day(number: int) -> None:
    with pytest.raises(CodeError):
        from_day_number(number)
