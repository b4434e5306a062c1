"""What is true of a chunk's people, before any register sees it: the builder's own knowledge."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from zhida.population.city.draw import Array, Rng, Rows
from zhida.population.city.figures import AGES, Figures, Floats
from zhida.population.city.plan import Chunk, Plan
from zhida.population.schema import contract_of
from zhida.rules.declarations import Pack


@dataclass
class Truth:
    """``persons`` and ``households`` hold fields by id (storage integers of the pack) and the fixed
    columns; ``notes`` what only the builder needs, by person or household.

    Persons stand in the order of their households, so ``household`` is ascending.
    """

    persons: dict[str, Array] = field(default_factory=dict)
    households: dict[str, Array] = field(default_factory=dict)
    notes: dict[str, Array] = field(default_factory=dict)

    @cached_property
    def age(self) -> Array:
        return self.notes["age"]

    @cached_property
    def household(self) -> Array:
        return self.persons["household"]

    @property
    def count(self) -> int:
        return len(self.persons["household"])

    @property
    def units(self) -> int:
        return len(self.households["size"])

    def total(self, values: Array) -> Floats:
        """Sum over the members of each household."""
        sums = np.bincount(self.household, weights=values, minlength=self.units)
        return sums.astype(np.float64)

    def any(self, mask: Array) -> Array:
        """Whether it holds of some member, for each household."""
        return np.asarray(np.bincount(self.household[mask], minlength=self.units) > 0)


@dataclass(frozen=True)
class Model:
    """Everything that the chunks of one build have in common. Made once in each process."""

    pack: Pack
    plan: Plan
    last_day: int

    @property
    def figures(self) -> Figures:
        return self.plan.figures

    def rng(self, chunk: Chunk, stage: int) -> Rng:
        """A stream of its own for each stage, so that a change in one leaves the others as they were."""
        return np.random.Generator(np.random.SFC64([self.plan.seed, self.plan.month, chunk.index, stage]))

    def choice(self, field_id: str, choice: str) -> int:
        """Storage integer of an enumeration's choice. Raises CityError where the pack has none."""
        from zhida.population.city.figures import CityError

        declared = self.pack.fields.get(field_id)
        index = self.pack.enums[declared.enum].index(choice) if declared and declared.enum else None
        if index is None:
            raise CityError(
                f"Pack {self.pack.id}: the city needs the choice {choice!r} of field {field_id}. "
                "Add it to the enumeration or leave the field out."
            )
        return index

    @cached_property
    def benefits(self) -> list[tuple[str, str]]:
        """(id, table that its units are rows of) of the benefits that are awarded, as awards number them."""
        contract = contract_of(self.pack)
        return list(zip(contract.benefits, contract.benefit_tables, strict=True))

    @cached_property
    def village_rows(self) -> list[Rows]:
        """Rows in ``divisions`` of the villages of each county."""
        rows = {code: i for i, code in enumerate(self.figures.divisions)}
        return [np.array([rows[v] for v in c.villages], dtype=np.int64) for c in self.figures.counties]

    @cached_property
    def village_shares(self) -> list[Floats]:
        """Cumulative shares of the villages of each county; sizes spread by a draw of the seed."""
        spread = self.figures.number("villages.spread")
        rng = np.random.Generator(np.random.SFC64([self.plan.seed, 7]))
        shares = []
        for county in self.figures.counties:
            weight = county.village_weights * np.exp(rng.normal(0, spread, len(county.villages)))
            shares.append(np.cumsum(weight))
        return shares

    def draw_villages(self, county: int, number: int, rng: Rng, within: slice = slice(None)) -> Rows:
        """Positions in the county's list of villages, by size."""
        ends = self.village_shares[county]
        start = within.start or 0
        low = ends[start - 1] if start else 0.0
        high = ends[(within.stop or len(ends)) - 1]
        at = np.searchsorted(ends, low + rng.random(number) * (high - low), side="right")
        places: Rows = np.clip(at, start, (within.stop or len(ends)) - 1)
        return places

    @cached_property
    def disability_chance(self) -> Floats:
        """Chance of a certificate by age; over all registered people it comes to the figure's share."""
        plan, figures = self.plan, self.figures
        registered = (plan.here * plan.local[:, :, None] + plan.away).sum(axis=(0, 2))
        relative = figures.curve("disability.by_age")
        scale = figures.number("disability.share_of_registered") * registered.sum()
        chance: Floats = relative * (scale / (registered * relative).sum())
        return chance

    @cached_property
    def disability_kinds(self) -> tuple[list[str], Floats, Floats]:
        """(ids, cumulative chance by age group and kind, cumulative chance by kind and grade)."""
        kinds = self.figures.get("disability.categories")
        names = list(kinds)
        mix = np.array([kinds[k]["mix"] for k in names], dtype=np.float64)
        table = np.array([kinds[k]["tilt"] for k in names], dtype=np.float64).T * mix
        plan = self.plan
        registered = (plan.here * plan.local[:, :, None] + plan.away).sum(
            axis=(0, 2)
        ) * self.disability_chance
        group = np.digitize(np.arange(AGES), [18, 60])
        sizes = np.bincount(group, weights=registered, minlength=3)
        for _ in range(50):  # rake, so that the mix over all ages is the figure's
            table *= (sizes / table.sum(axis=1))[:, None]
            table *= (mix / mix.sum() * sizes.sum() / table.sum(axis=0))[None, :]
        grades = np.array([kinds[k]["grades"] for k in names], dtype=np.float64)
        by_group = table / table.sum(axis=1, keepdims=True)
        return (
            names,
            np.cumsum(by_group, axis=1),
            np.cumsum(grades / grades.sum(axis=1, keepdims=True), axis=1),
        )
