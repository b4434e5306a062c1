"""Working days, as the State Council's yearly notices set them (package ``chinesecalendar``).

The notices name holidays and the weekend days worked in exchange. Outside the years that the
package holds only weekends are free, and the answer says that it is provisional.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache

from zhida.codes.errors import CodeError

_ONE = timedelta(days=1)
# No deadline is longer, and a mistyped number must not make anybody wait.
LONGEST = 10_000


@dataclass(frozen=True, slots=True)
class WorkdayDate:
    """``provisional``: a day on the way lies outside the published calendar."""

    day: date
    provisional: bool


@dataclass(frozen=True, slots=True)
class WorkdayCount:
    """``provisional``: a day of the count lies outside the published calendar."""

    days: int
    provisional: bool


def published_years() -> tuple[int, int]:
    """First and last year whose holidays are published in the installed calendar."""
    return _calendar()[1:]


def is_workday(day: date) -> bool:
    """Whether offices work on that day; outside the published years: whether it is Monday to Friday."""
    works, first, last = _calendar()
    return works(day) if first <= day.year <= last else day.weekday() < 5


def is_provisional(day: date) -> bool:
    """Whether the day lies outside the published calendar."""
    _, first, last = _calendar()
    return not first <= day.year <= last


def add_workdays(start: date, days: int) -> WorkdayDate:
    """The ``days``-th working day after ``start``, which itself doesn't count; before it where negative.

    0 gives ``start``, or the next working day where it is none. Raises CodeError past ±10,000 days or
    the calendar's end.
    """
    if abs(days) > LONGEST:
        raise CodeError(f"{days} working days is no period: give at most {LONGEST}.")
    step, left, day = (-_ONE if days < 0 else _ONE), abs(days), start
    provisional = is_provisional(day)
    try:
        while left or not is_workday(day):
            day += step
            provisional = provisional or is_provisional(day)
            left -= left > 0 and is_workday(day)
    except OverflowError:
        raise CodeError(f"{days} working days from {start} leave the calendar: correct the date.") from None
    return WorkdayDate(day, provisional)


def count_workdays(start: date, until: date) -> WorkdayCount:
    """Working days in [start, until). Raises CodeError where ``until`` lies before ``start``."""
    if until < start:
        raise CodeError(f"The period ends on {until}, before it begins on {start}: correct the dates.")
    count, provisional = 0, False
    for number in range(start.toordinal(), until.toordinal()):
        day = date.fromordinal(number)
        count += is_workday(day)
        provisional = provisional or is_provisional(day)
    return WorkdayCount(count, provisional)


@cache
def _calendar() -> tuple[Callable[[date], bool], int, int]:
    """Imported on first use: the command line must start without it."""
    from chinese_calendar import is_workday as works
    from chinese_calendar.constants import holidays

    years = {day.year for day in holidays}
    return works, min(years), max(years)
