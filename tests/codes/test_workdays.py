"""Working days, against the published calendar of 2025."""

from __future__ import annotations

import subprocess
import sys
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zhida.codes.errors import CodeError
from zhida.codes.workdays import (
    add_workdays,
    count_workdays,
    is_provisional,
    is_workday,
    published_years,
)

days = st.dates(date(2003, 1, 1), date(2028, 12, 31))


def test_published() -> None:
    first, last = published_years()
    assert first <= 2004
    assert last >= 2026


def test_spring_festival_2025() -> None:
    """Notice for 2025: 28 January to 4 February free, Sunday 26 January and Saturday 8 February worked."""
    assert is_workday(date(2025, 1, 26))
    assert not is_workday(date(2025, 1, 28))
    assert not is_workday(date(2025, 2, 4))
    assert is_workday(date(2025, 2, 8))
    due = add_workdays(date(2025, 1, 27), 1)
    assert (due.day, due.provisional) == (date(2025, 2, 5), False)
    assert add_workdays(date(2025, 2, 5), -1).day == date(2025, 1, 27)
    assert add_workdays(date(2025, 1, 29), 0).day == date(2025, 2, 5)
    assert add_workdays(date(2025, 2, 5), 0).day == date(2025, 2, 5)
    # 26, 27 January, 5–8 February
    counted = count_workdays(date(2025, 1, 26), date(2025, 2, 9))
    assert (counted.days, counted.provisional) == (6, False)


def test_past_the_calendar_only_weekends_are_free() -> None:
    year = published_years()[1] + 1
    day = date(year, 1, 1)
    assert is_provisional(day)
    assert is_workday(day) == (day.weekday() < 5)
    assert add_workdays(date(year - 1, 12, 31), 1).provisional
    assert count_workdays(date(year - 1, 12, 31), date(year, 1, 2)).provisional
    assert not count_workdays(date(year - 1, 12, 31), day).provisional
    assert add_workdays(day, 5) == add_workdays(day, 5)
    assert add_workdays(day, 5).day == day + timedelta(days=7)


@given(days, st.integers(-120, 120).filter(bool))
def test_adding_and_counting_agree(start: date, number: int) -> None:
    due = add_workdays(start, number)
    assert is_workday(due.day)
    low, high = (start, due.day) if number > 0 else (due.day, start)
    step = timedelta(days=1)
    inside = count_workdays(low + step, high + step) if number > 0 else count_workdays(low, high)
    assert inside.days == abs(number)
    assert due.provisional == (is_provisional(low) or is_provisional(high))


def test_errors() -> None:
    with pytest.raises(CodeError, match="no period"):
        add_workdays(date(2025, 1, 1), 10**9)
    with pytest.raises(CodeError, match="leave the calendar"):
        add_workdays(date(9999, 12, 30), 5)
    with pytest.raises(CodeError, match="before it begins"):
        count_workdays(date(2025, 1, 2), date(2025, 1, 1))


def test_nothing_heavy_is_imported_before_it_is_needed() -> None:
    code = (
        "import sys, zhida.codes.workdays, zhida.codes.resident_id, zhida.codes.divisions, zhida.codes.money;"
        "print(sorted({'numpy', 'chinese_calendar'} & set(sys.modules)))"
    )
    output = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert output.strip() == "[]"
