"""How many persons of each age and sex live where, and how the work is cut.

Everything here is exact and without chance: the margins are raked to the city's totals, rounded by
largest remainder, and dealt out to chunks. A chunk is a piece of one county with its own seed, so
the result does not hang on who computes it; a part of the snapshot is a run of chunks.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from zhida.population.city.figures import AGES, CityError, Figures, Floats

CHUNK = 70_000  # persons
PART = 310_000  # persons: with everybody in a hostel alone, still below the households a part may hold
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Chunk:
    """``here`` and ``away`` are persons by age and sex; ``away`` are registered here but live elsewhere."""

    index: int
    county: int
    here: Ints
    away: Ints
    villages: slice
    first_person: int

    @property
    def persons(self) -> int:
        return int(self.here.sum() + self.away.sum())


@dataclass(frozen=True, slots=True)
class Plan:
    """``local`` is the chance, by county and age, that a resident is registered in the city."""

    figures: Figures
    fraction: float
    seed: int
    month: int
    here: Floats
    away: Floats
    local: Floats
    chunks: tuple[Chunk, ...]
    parts: tuple[tuple[int, ...], ...]

    @property
    def persons(self) -> int:
        return sum(c.persons for c in self.chunks)


def rounded(values: Floats, total: int) -> Ints:
    """Whole numbers that add up to ``total``: floors, then one more where the remainder is largest."""
    scaled = values * (total / values.sum()) if values.sum() else values
    floors = np.floor(scaled).astype(np.int64)
    short = total - int(floors.sum())
    order = np.argsort(-(scaled - floors).ravel(), kind="stable")[:short]
    flat = floors.ravel()
    flat[order] += 1
    return flat.reshape(values.shape)


def rake(table: Floats, counties: Floats, sexes: Floats, group: Ints, ages: Floats) -> Floats:
    """Scales persons[county, age, sex] until counties, sexes and age groups have their totals."""
    for _ in range(60):
        table = table * (counties / table.sum(axis=(1, 2)))[:, None, None]
        table = table * (sexes / table.sum(axis=(0, 1)))[None, None, :]
        found = np.bincount(group, weights=table.sum(axis=(0, 2)), minlength=len(ages))
        table = table * (ages / found)[group][None, :, None]
    return table


def group_of_age(starts: list[int]) -> Ints:
    """Index of the age group of each age."""
    return np.searchsorted(np.array(starts), np.arange(AGES), side="right") - 1


def margins(figures: Figures) -> tuple[Floats, Floats, Floats]:
    """(residents, registered who live elsewhere, share of residents registered) by county, age, sex."""
    starts, ages = figures.groups("residents.by_age")
    total = figures.number("residents.total")
    sexes = np.array([figures.number("residents.male"), figures.number("residents.female")])
    for name, margin in (("by_age", ages), ("male and female", sexes)):
        if abs(margin.sum() - total) > 0.5:
            found = f"residents.{name} add up to {margin.sum():.0f}, not {total:.0f}"
            raise CityError(f"{figures.folder / 'city.yaml'}: {found}. Correct them.")
    counties = np.array([c.residents for c in figures.counties], dtype=np.float64)
    census = np.stack([c.census for c in figures.counties])
    here = rake(census, counties * total / counties.sum(), sexes, group_of_age(starts), ages)
    local = _local(figures, here)
    starts, registered = figures.groups("registered.by_age")
    _, elsewhere = figures.groups("registered.elsewhere_by_age")
    group = group_of_age(starts)
    own = here * local[:, :, None]
    weight = own * figures.by_county("registered.away")[:, None, None]
    by_group = np.bincount(group, weights=weight.sum(axis=(0, 2)), minlength=len(starts))
    away = weight * (registered * elsewhere / by_group)[group][None, :, None]
    return here, away, local


def _local(figures: Figures, here: Floats) -> Floats:
    """Chance of being registered in the city, by county and age: odds that fit both margins."""
    starts, registered = figures.groups("registered.by_age")
    _, elsewhere = figures.groups("registered.elsewhere_by_age")
    group = group_of_age(starts)
    outside = figures.number("registered.other_county_outside")
    persons = np.stack([np.bincount(group, weights=c.sum(axis=1), minlength=len(starts)) for c in here])
    by_age = registered * (1 - elsewhere)
    share = np.array([1 - c.other_province - outside * c.other_county for c in figures.counties])
    by_county = persons.sum(axis=1) * share
    by_county *= by_age.sum() / by_county.sum()
    if (by_age > persons.sum(axis=0)).any() or (by_county > persons.sum(axis=1)).any():
        raise CityError(
            f"{figures.folder / 'city.yaml'}: more people are registered and live here than live here."
        )
    row, column = np.zeros(len(persons)), np.zeros(len(starts))
    for _ in range(200):
        chance = 1 / (1 + np.exp(-(row[:, None] + column[None, :])))
        column += np.log(by_age / (persons * chance).sum(axis=0))
        chance = 1 / (1 + np.exp(-(row[:, None] + column[None, :])))
        row += np.log(by_county / (persons * chance).sum(axis=1))
    return np.asarray(chance[:, group])


def make_plan(figures: Figures, fraction: float, seed: int, month: int) -> Plan:
    """Cuts the city. Raises CityError where the fraction is no size or leaves a county empty."""
    if not 0 < fraction <= 1:
        raise CityError(
            f"A city can't be built at {fraction} of its size: give a fraction above 0, at most 1."
        )
    here, away, local = margins(figures)
    resident = rounded(here, round(fraction * here.sum()))
    outside = rounded(away, round(fraction * away.sum()))
    chunks: list[Chunk] = []
    first = 0
    for county, record in enumerate(figures.counties):
        persons = int(resident[county].sum() + outside[county].sum())
        if resident[county].sum() < 200:
            raise CityError(
                f"At {fraction} of its size {record.name} has {int(resident[county].sum())} people, "
                "too few for households. Build a larger fraction."
            )
        pieces = min(max(1, round(persons / CHUNK)), len(record.villages))
        edges = _edges(record.village_weights, pieces)
        for piece in range(pieces):
            chunk = Chunk(
                index=len(chunks),
                county=county,
                here=_share(resident[county], piece, pieces),
                away=_share(outside[county], piece, pieces),
                villages=slice(edges[piece], edges[piece + 1]),
                first_person=first,
            )
            first += chunk.persons
            chunks.append(chunk)
    return Plan(figures, fraction, seed, month, here, away, local, tuple(chunks), _parts(chunks))


def _share(counts: Ints, piece: int, pieces: int) -> Ints:
    """The part of each cell that a piece gets; what can't be divided goes round from cell to cell."""
    rest = counts % pieces
    turn = np.cumsum(rest.ravel()).reshape(counts.shape) - rest
    extra = ((piece - turn) % pieces) < rest
    return counts // pieces + extra


def _edges(weights: Floats, pieces: int) -> list[int]:
    """Cuts a county's villages into runs of about equal weight, none of them empty."""
    ends = np.searchsorted(np.cumsum(weights), weights.sum() * np.arange(1, pieces) / pieces)
    edges = [0]
    for i, end in enumerate(ends):
        edges.append(min(max(int(end), edges[-1] + 1), len(weights) - (pieces - 1 - i)))
    return [*edges, len(weights)]


def _parts(chunks: list[Chunk]) -> tuple[tuple[int, ...], ...]:
    parts: list[list[int]] = [[]]
    size = 0
    for chunk in chunks:
        if parts[-1] and size + chunk.persons > PART:
            parts.append([])
            size = 0
        parts[-1].append(chunk.index)
        size += chunk.persons
    return tuple(tuple(p) for p in parts)
