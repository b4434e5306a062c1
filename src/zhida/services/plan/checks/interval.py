"""Intervals with exact ends: what a printed figure may stand for, and sums over such figures."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True, slots=True)
class Interval:
    """What rounds to a figure: the upper end belongs to the next one, as 72.5 is printed 73 and not 72.

    A single number, and an interval that is open below, hold their upper end. None is infinity.
    """

    low: Fraction | None
    high: Fraction | None

    def meets(self, other: Interval) -> bool:
        """Some number lies in both."""
        return not (self.below(other) or other.below(self))

    def below(self, other: Interval) -> bool:
        """Every number of this one is smaller than every number of the other."""
        if self.high is None or other.low is None:
            return False
        closed = self.low is None or self.low == self.high
        return self.high < other.low if closed else self.high <= other.low

    def __add__(self, other: Interval) -> Interval:
        return Interval(_both(self.low, other.low), _both(self.high, other.high))

    def times(self, factor: Fraction) -> Interval:
        """``factor`` > 0."""
        return Interval(
            None if self.low is None else self.low * factor, None if self.high is None else self.high * factor
        )

    def over(self, other: Interval) -> Interval:
        """The quotient of numbers ≥ 0; open above where the divisor may be 0."""
        low = None if self.low is None or other.high is None or other.high == 0 else self.low / other.high
        high = None if self.high is None or not other.low else self.high / other.low
        return Interval(low, high)


def point(value: Fraction) -> Interval:
    return Interval(value, value)


def total(parts: list[Interval]) -> Interval:
    found = point(Fraction(0))
    for part in parts:
        found = found + part
    return found


def _both(a: Fraction | None, b: Fraction | None) -> Fraction | None:
    return None if a is None or b is None else a + b
