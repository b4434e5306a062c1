"""A chunk as its departments see it: the truth, identities, and what several sources need."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa

from zhida.codes.months import first_day
from zhida.population.city.draw import Array, Rng
from zhida.population.city.figures import AGES, CityError
from zhida.population.city.files.extras import DEAD_KEYS, Extras, draw_extras
from zhida.population.city.files.identity import Identities, Names, family_names, numbers
from zhida.population.city.files.text import Text, integers, joined, pick, repeated, where
from zhida.population.city.places import keys_of
from zhida.population.city.plan import Chunk
from zhida.population.city.truth import Model, Truth
from zhida.population.imports.contract import SourceContract
from zhida.population.imports.contracts import load_contracts
from zhida.rules.declarations import Pack

STAGES = {"identity": 20, "omitted": 21, "extras": 22, "defects": 30}
FIRST_SOURCE = 40
"""Streams of chance beyond those of the truth: one for each step, and one for each source from here on."""


def read_sources(pack: Pack) -> Mapping[str, SourceContract]:
    """The contracts of a pack. Raises CityError where it has none, PackError."""
    found = load_contracts(pack).sources
    if not found:
        raise CityError(f"Pack {pack.id} has no contracts of departments' files (imports/). Add some.")
    return found


@dataclass(frozen=True)
class Setting:
    """What all chunks of one build of files have in common."""

    model: Model
    sources: Mapping[str, SourceContract]
    names: Names
    defects: bool

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

    def source(self, id: str) -> SourceContract:
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
    def extras(self) -> Extras:
        return draw_extras(self.model, self.truth, self.rng("extras"), self.setting.defects)

    @cached_property
    def identities(self) -> Identities:
        """Of the chunk's people, then of strangers, the dead, and second registrations."""
        rng, extras = self.rng("identity"), self.extras
        persons, names = self.persons, self.setting.names
        surname = family_names(names, persons["link_father"], persons["link_mother"], rng)
        others = len(extras.strangers) + len(extras.dead)
        surname = np.concatenate([surname, names.draw_surnames(others, rng)])
        own = self.female
        female = np.concatenate([own, 1 - own[extras.strangers], own[extras.dead], own[extras.twice]])
        birth = persons["birth_date"].astype(np.int64)
        birth = np.concatenate([birth, extras.stranger_born, extras.born, birth[extras.twice]])
        name = names.full(surname, female[: len(surname)], rng)
        number = numbers(self.chunk.index, birth, female, rng)
        name = pa.concat_arrays([name, name.take(pa.array(extras.twice))])
        return Identities(number, name, np.concatenate([surname, surname[extras.twice]]))

    @property
    def first_dead(self) -> int:
        """Index of the first of the dead among all who have an identity."""
        return self.truth.count + len(self.extras.strangers)

    @cached_property
    def dead_keys(self) -> Array:
        return keys_of(self.chunk, DEAD_KEYS + np.arange(len(self.extras.dead)), 0)

    @cached_property
    def keys(self) -> Array:
        """True person numbers of all who have an identity here; -1 of who is nobody of the city."""
        own, extras = self.persons["person_key"], self.extras
        return np.concatenate([own, np.full(len(extras.strangers), -1), self.dead_keys, own[extras.twice]])

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

    def who(self, rows: Array) -> dict[str, Text]:
        """The two columns that say whom rows are about."""
        identities = self.identities
        return {"id_number": pick_rows(identities.number, rows), "name": pick_rows(identities.name, rows)}

    def codes(self, divisions: Array) -> Text:
        """Codes of twelve digits of rows of the manifest."""
        return pick(self.model.figures.divisions, divisions)

    def place_names(self, rows: Array) -> Text:
        """The county of the people's household in words."""
        names = [c.name for c in self.model.figures.counties]
        return pick(names, self.home_county[rows])

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
    return text.take(pa.array(np.maximum(rows, 0), mask=np.asarray(rows) < 0))
