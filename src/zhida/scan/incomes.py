"""Registered income of households, and how evenly it is spread: Gini, poverty gap, tenths of the population.

Income here is what registers hold of the lines that the pack's work-sheet names, and nothing else: what
people earn unregistered is not in it. Everything is added up in whole numbers; a division comes last.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zhida.population.schema import State, state_column
from zhida.population.store import Part
from zhida.rules.formulas.ir import PERSON
from zhida.rules.parameters import Lookup
from zhida.scan.loaded import Loaded

Array = NDArray[Any]
YUAN = 100
MONTHS = 12
TENTHS = 10


def lines_of(loaded: Loaded) -> tuple[str, ...]:
    """Fields of the work-sheet that a register holds and that the snapshot has; empty where none are."""
    sheet = loaded.pack.worksheet
    known = {f.id for f in loaded.snapshot.contract.fields}
    if sheet is None:
        return ()
    return tuple(
        line.of
        for line in sheet.lines
        if line.way == "registered" and line.of in known and loaded.pack.fields[line.of].unit == PERSON
    )


def registered(loaded: Loaded, part: Part, lines: Sequence[str]) -> tuple[Array, Array]:
    """By household: income in fen a month, and whether all of it is known. Of an interval the lower end."""
    persons = part.persons
    places = loaded.places.rows(persons["registered"])
    income = np.zeros(len(persons["household"]), np.int64)
    known = np.ones(len(income), bool)
    for id in lines:
        states, values = persons[state_column(id)], persons[id].astype(np.int64)
        told = (states == State.ABSENT) & loaded.is_complete(id, places)
        there = (states == State.KNOWN) | (states == State.INTERVAL)
        income += np.where(there, values, 0) + np.where(told, loaded.pack.fields[id].empty or 0, 0)
        known &= there | told | (states == State.NOT_APPLICABLE)
    homes = len(part.households["size"])
    summed = np.zeros(homes, np.int64)
    np.add.at(summed, persons["household"], income)
    whole = np.ones(homes, bool)
    whole[persons["household"][~known]] = False
    return summed, whole


def lines_of_poverty(loaded: Loaded) -> Array | None:
    """By division row of the snapshot the line in fen a month, -1 where it is not known; the last stands for
    places outside. None where the pack names no line."""
    sheet = loaded.pack.worksheet
    if sheet is None or not sheet.line:
        return None
    lookup = Lookup(loaded.pack)
    found = []
    for code in loaded.snapshot.divisions:
        values = lookup.resolve(sheet.line, loaded.month, code).values
        found.append(-1 if values is None else values[0])
    return np.array([*found, -1], np.int64)


@dataclass(slots=True)
class Histogram:
    """Whole numbers (ascending) with the sums that belong to each: ``sums[measure, value]``."""

    values: Array
    sums: Array

    @classmethod
    def empty(cls, measures: int) -> Histogram:
        return cls(np.zeros(0, np.int64), np.zeros((measures, 0), np.int64))

    @classmethod
    def of(cls, values: Array, *measures: Array) -> Histogram:
        """``measures``: as many numbers as ``values``, each."""
        distinct, at = np.unique(values, return_inverse=True)
        sums = np.zeros((len(measures), len(distinct)), np.int64)
        for i, numbers in enumerate(measures):
            np.add.at(sums[i], at, numbers.astype(np.int64))
        return cls(distinct, sums)

    def add(self, other: Histogram) -> None:
        distinct, at = np.unique(np.concatenate([self.values, other.values]), return_inverse=True)
        sums = np.zeros((len(self.sums), len(distinct)), np.int64)
        both = np.concatenate([self.sums, other.sums], axis=1)
        for i in range(len(sums)):
            np.add.at(sums[i], at, both[i])
        self.values, self.sums = distinct, sums

    def tenths(self) -> Array:
        """The tenth (0 to 9) of each value, by persons (the first measure); equal values stay together.

        A value belongs to the tenth in which the middle of its persons lies.
        """
        persons = self.sums[0]
        whole = int(persons.sum())
        middle = np.cumsum(persons) * 2 - persons
        found: Array = np.minimum(middle * TENTHS // max(1, 2 * whole), TENTHS - 1)
        return found


def gini(values: Array, persons: Array) -> Fraction | None:
    """Of whole numbers, each held by so many persons; exact. None where there is nothing to share.

    Half the mean difference between any two persons, over the mean: Σ n·v·(2B + n − N) / (N·Σ n·v), with
    B the persons with less. Values must ascend and not be below 0.
    """
    everybody, income, weighted, below = int(persons.sum()), 0, 0, 0
    for v, n in zip(values.tolist(), persons.tolist(), strict=True):
        income += n * v
        weighted += n * v * (2 * below + n - everybody)
        below += n
    return Fraction(weighted, everybody * income) if income else None


def per_head(income: Array, size: Array) -> Array:
    """Whole yuan a year for each head, cut; ``income`` in fen a year. What is below 0 counts as 0."""
    found: Array = np.maximum(income, 0) // (size.astype(np.int64) * YUAN)
    return found


@dataclass(slots=True)
class Spread:
    """One side: persons by income of a head after benefits; persons below the line, and what they lack
    (fen a year)."""

    incomes: Histogram
    poor: int = 0
    gap: int = 0

    @classmethod
    def empty(cls) -> Spread:
        return cls(Histogram.empty(1))

    @classmethod
    def of(cls, income: Array, size: Array, line: Array | None) -> Spread:
        """``income`` in fen a year and ``size`` by household; ``line`` in fen a month, -1 not known."""
        found = cls(Histogram.of(per_head(income, size), size))
        if line is not None:
            lacks = np.where(line < 0, 0, np.maximum(0, line * MONTHS * size.astype(np.int64) - income))
            found.poor = int(size[lacks > 0].sum())
            found.gap = int(lacks.sum())
        return found

    def add(self, other: Spread) -> None:
        self.incomes.add(other.incomes)
        self.poor += other.poor
        self.gap += other.gap

    def gini(self) -> Fraction | None:
        return gini(self.incomes.values, self.incomes.sums[0])


__all__ = ["TENTHS", "Histogram", "Spread", "gini", "lines_of", "per_head", "registered"]
