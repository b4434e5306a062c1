"""A chunk as its departments see it: the truth, identities, and what several sources need."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from zhida.codes.months import first_day
from zhida.population.city.draw import Array, Rng
from zhida.population.city.figures import AGES
from zhida.population.city.files.contracts import Source
from zhida.population.city.files.identity import Identities, Names, family_names, numbers
from zhida.population.city.files.text import Text, integers, joined, pick, repeated, where
from zhida.population.city.plan import Chunk
from zhida.population.city.truth import Model, Truth

STAGES = {"identity": 20, "addresses": 21, "defects": 30}
FIRST_SOURCE = 40
"""Streams of chance beyond those of the truth: one for each step, and one for each source from here on."""


@dataclass(frozen=True)
class Setting:
    """What all chunks of one build of files have in common."""

    model: Model
    sources: Mapping[str, Source]
    names: Names

    def stream(self, source: str) -> int:
        return FIRST_SOURCE + sorted(self.sources).index(source)

    @cached_property
    def county_of(self) -> Array:
        """Row of the county of each division of the manifest; -1 above counties."""
        order = {c.code[:6]: i for i, c in enumerate(self.model.figures.counties)}
        return np.array([order.get(code[:6], -1) for code in self.model.figures.divisions])

    @cached_property
    def place_names(self) -> list[str]:
        """Where each division lies in words, from the city down."""
        figures, tree = self.model.figures, self.model.pack.divisions
        on = first_day(self.model.plan.month)
        found = []
        for code in figures.divisions:
            chain = [tree[c].name for c in tree.ancestors(code, on) if tree[c].level >= 2]
            found.append("".join(reversed(chain)))
        return found

    @cached_property
    def origins(self) -> tuple[list[str], Array]:
        """Provinces that newcomers come from, as codes of twelve digits, with cumulative shares."""
        weights = self.model.figures.get("files.origins")
        ends = np.cumsum(np.array(list(weights.values()), dtype=np.float64))
        return [str(code).ljust(12, "0") for code in weights], ends / ends[-1]


@dataclass
class Scene:
    """One chunk. Rows of persons and households are those of its truth."""

    setting: Setting
    chunk: Chunk
    truth: Truth
    awards: Mapping[str, Array]
    _streams: dict[str, Rng] = field(default_factory=dict)

    @property
    def model(self) -> Model:
        return self.setting.model

    @property
    def last_day(self) -> int:
        return self.model.last_day

    @property
    def persons(self) -> Mapping[str, Array]:
        return self.truth.persons

    def source(self, id: str) -> Source:
        return self.setting.sources[id]

    def rng(self, step: str) -> Rng:
        """The stream of a step or a source, begun once."""
        if step not in self._streams:
            stage = STAGES[step] if step in STAGES else self.setting.stream(step)
            self._streams[step] = self.model.rng(self.chunk, stage)
        return self._streams[step]

    def figure(self, path: str) -> Any:
        return self.model.figures.get(f"files.{path}")

    def curve(self, path: str) -> Array:
        found: Array = self.model.figures.curve(f"files.{path}")[np.clip(self.truth.age, 0, AGES - 1)]
        return found

    def mark(self, n: int) -> Text:
        """Four digits of the chunk, for numbers that no two chunks may share."""
        return repeated(f"{self.chunk.index:04d}", n)

    @cached_property
    def female(self) -> Array:
        return np.where(self.persons["sex"] == 1, 1, 0)

    @cached_property
    def identities(self) -> Identities:
        rng = self.rng("identity")
        persons, names = self.persons, self.setting.names
        surname = family_names(names, persons["link_father"], persons["link_mother"], rng)
        number = numbers(self.chunk.index, persons["birth_date"].astype(np.int64), self.female, rng)
        return Identities(number, names.full(surname, self.female, rng), surname)

    @cached_property
    def registered_county(self) -> Array:
        """Row of the county of registration, -1 outside the territory."""
        registered = self.persons["registered"]
        found: Array = np.where(registered >= 0, self.setting.county_of[registered], -1)
        return found

    @cached_property
    def home_county(self) -> Array:
        """Row of the county that the person's household belongs to."""
        found: Array = self.setting.county_of[self.truth.households["division"]][self.truth.household]
        return found

    @cached_property
    def county(self) -> Array:
        """Whose file a person's row is in: of registration, for newcomers of the household."""
        found: Array = np.where(self.registered_county >= 0, self.registered_county, self.home_county)
        return found

    def number_of(self, link: str, rows: Array) -> Text:
        """Resident IDs of the people that these rows are linked to; empty where it is nobody here."""
        return pick_rows(self.identities.number, self.persons[link][rows])

    def addresses(self, division: Array, home: Array, town_like: Array) -> Text:
        """An address in each division (row of the manifest) for each number of a home there."""
        place = pick(self.setting.place_names, division)
        urban = joined(
            integers(home % 97 + 1), "幢", integers(home // 97 % 3 + 1), "单元",
            integers(home // 291 % 24 + 1), "0", integers(home // 6984 % 4 + 1), "室",
        )  # fmt: skip
        rural = joined(integers(home % 16 + 1), "组", integers(home // 16 % 240 + 1), "号")
        return joined(place, where(town_like, urban, rural))


def pick_rows(text: Text, rows: Array) -> Text:
    """Cells at some rows; a negative row leaves the cell empty."""
    import pyarrow as pa

    return text.take(pa.array(np.maximum(rows, 0), mask=np.asarray(rows) < 0))
