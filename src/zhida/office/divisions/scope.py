"""From a division to the range of codes that lie in it by their digits: the form that an index can follow."""

from __future__ import annotations

from zhida.codes.divisions import LENGTHS, Division, DivisionTree, normalise

Range = tuple[str, str]
"""Lowest and highest code, both included."""


def range_of(code: str) -> Range:
    """Codes that begin with the digits of a division. Raises CodeError."""
    full, level = normalise(code)
    head = full[: LENGTHS[level - 1]]
    return head.ljust(12, "0"), head.ljust(12, "9")


def outside(tree: DivisionTree, division: Division) -> tuple[str, ...]:
    """Divisions below it, at any time, whose codes lie outside of its range: those of an overlay may."""
    low, high = range_of(division.code)
    return tuple(code for code in tree.descendants(division.code) if not low <= code <= high)
