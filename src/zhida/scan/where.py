"""Where a unit belongs and how old it is: the axes of all totals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zhida.codes.months import first_day
from zhida.population.schema import OUTSIDE, Relation, State, state_column
from zhida.population.store import Part
from zhida.scan.loaded import Loaded, birth_field

Array = NDArray[Any]

AGE_EDGES = (18, 60, 70, 80, 90)
BANDS = ("0-17", "18-59", "60-69", "70-79", "80-89", "90+", "unknown")
COUNTY = 3


@dataclass(frozen=True, slots=True)
class Where:
    """``counties``: 12-digit codes, '' last for places of no county. ``county_of[division row]``."""

    counties: tuple[str, ...]
    county_of: Array
    birth: str | None
    cutoffs: Array

    @classmethod
    def of(cls, loaded: Loaded) -> Where:
        on = first_day(loaded.month)
        tree = loaded.pack.divisions
        found = [tree.at_level(code, COUNTY, on) or "" for code in loaded.snapshot.divisions]
        counties = (*sorted({c for c in found if c}), "")
        index = {c: i for i, c in enumerate(counties)}
        rows = np.array([index[c] for c in found], np.int32)
        birth = birth_field(loaded.program)
        if birth not in {f.id for f in loaded.snapshot.contract.fields}:
            birth = None
        return cls(counties, rows, birth, loaded.parameters.cutoffs)

    def bands(self, part: Part, persons: Array) -> Array:
        """Age bands (indexes of ``BANDS``) of rows of persons."""
        unknown = len(BANDS) - 1
        if self.birth is None:
            return np.full(len(persons), unknown, np.int8)
        born = part.persons[self.birth][persons]
        bands = np.zeros(len(persons), np.int8)
        for edge in AGE_EDGES:
            bands += born <= self.cutoffs[edge]
        bands[part.persons[state_column(self.birth)][persons] != State.KNOWN] = unknown
        return bands


@dataclass(frozen=True, slots=True)
class Homes:
    """What a part tells of its units: the head of each household and where units belong."""

    part: Part
    heads: Array

    @classmethod
    def of(cls, part: Part) -> Homes:
        """The head is who is registered as such, else the first person."""
        heads = part.households["first_person"].copy()
        rows = np.flatnonzero(part.persons["relation"] == Relation.HEAD)[::-1]
        heads[part.persons["household"][rows]] = rows
        return cls(part, heads)

    def persons(self, unit_is_person: bool, rows: Array) -> Array:
        """The person who stands for each unit: itself, or the household's head."""
        found: Array = rows if unit_is_person else self.heads[rows]
        return found

    def divisions(self, unit_is_person: bool, rows: Array) -> Array:
        """Division rows: a household's own; a person's registration, else where the household lives."""
        household = self.part.households["division"]
        if not unit_is_person:
            found: Array = household[rows]
            return found
        registered = self.part.persons["registered"][rows]
        inside = registered > OUTSIDE
        found = np.where(inside, registered, household[self.part.persons["household"][rows]])
        return found
