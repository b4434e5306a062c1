"""Files of the police: the household register, and who lives where."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from zhida.population.city.draw import Array
from zhida.population.city.files.identity import drawn, phones
from zhida.population.city.files.scene import Scene, pick_rows
from zhida.population.city.files.sheets import Sheet, choices, words
from zhida.population.city.files.text import dates, integers, joined, pick, where
from zhida.population.schema import Relation

RELATIONS = [r.name.lower() for r in Relation]


def hukou(scene: Scene) -> Sheet:
    """Who is registered in which book. A household's people who stand registered in one place share a book;
    where its head is not among them, the first is head of the book."""
    source, persons, truth = scene.source("hukou"), scene.persons, scene.truth
    rows = np.flatnonzero(persons["registered"] >= 0)
    place = persons["registered"][rows].astype(np.int64)
    home = truth.household[rows].astype(np.int64)
    _, first, book = np.unique(home * 2**20 + place, return_index=True, return_inverse=True)
    county = scene.registered_county[rows]
    missing = persons["declared_missing"][rows] == 1
    rng = scene.rng(source.id)
    changed = scene.last_day - rng.integers(30, 3000, len(rows))
    identities, rural = scene.identities, truth.notes["rural"][rows]
    return Sheet(
        source, rows, county,
        {
            "id_number": pick_rows(identities.number, rows),
            "name": pick_rows(identities.name, rows),
            "sex": words(source, "sex", choices(scene.model.pack, "sex"), persons["sex"][rows]),
            "birth_date": dates(persons["birth_date"][rows]),
            "book": joined(integers(place, 5), scene.mark(len(rows)), integers(book, 6)),
            "relation": words(source, "relation", RELATIONS, _to_head(scene, rows, rows[first][book])),
            "registered": pick(scene.model.figures.divisions, place),
            "address": scene.addresses(place, book * 7 + scene.chunk.index, ~rural),
            "father": scene.number_of("link_father", rows),
            "mother": scene.number_of("link_mother", rows),
            "spouse": scene.number_of("link_spouse", rows),
            "status": words(source, "status", ["present", "declared_missing"], missing.astype(np.int64)),
            "changed_on": dates(changed, empty=~missing),
        },
    )  # fmt: skip


def _to_head(scene: Scene, rows: Array, head: Array) -> Array:
    """What each person is to the head of the book."""
    persons = scene.persons
    relation = persons["relation"][rows].astype(np.int64)
    own_head = persons["relation"][head] == Relation.HEAD
    found = np.full(len(rows), int(Relation.OTHER))
    found[(persons["link_father"][head] == rows) | (persons["link_mother"][head] == rows)] = Relation.PARENT
    found[(persons["link_father"][rows] == head) | (persons["link_mother"][rows] == head)] = Relation.CHILD
    found[persons["link_spouse"][rows] == head] = Relation.SPOUSE
    found = np.where(own_head | (relation == Relation.COLLECTIVE), relation, found)
    return np.where((rows == head) & (relation != Relation.COLLECTIVE), int(Relation.HEAD), found)


def residents(scene: Scene) -> Sheet:
    """Who lives where with whom; people who live in one dwelling share its number."""
    source, persons, truth = scene.source("residents"), scene.persons, scene.truth
    rng = scene.rng(source.id)
    outside = drawn(scene.setting.origins[1], truth.units, rng)
    since = scene.last_day - rng.integers(20, 4000, truth.units)
    rows = np.flatnonzero(persons["lives"] >= 0)
    home = truth.household[rows]
    place = persons["lives"][rows].astype(np.int64)
    collective = truth.notes["collective"][rows]
    kind = np.where(persons["in_institution"][rows] == 1, 2, collective.astype(np.int64))
    divisions = scene.model.figures.divisions
    registered = persons["registered"][rows]
    here = pick(divisions, registered)
    adult = truth.age[rows] >= 16
    phone = phones(scene.chunk.index, rows)
    return Sheet(
        source, rows, scene.setting.county_of[place],
        {
            "id_number": pick_rows(scene.identities.number, rows),
            "name": pick_rows(scene.identities.name, rows),
            "lives": pick(divisions, place),
            "dwelling": joined(
                pick(divisions, place), scene.mark(len(rows)), integers(home, 6)
            ),
            "kind": words(source, "kind", ["family", "collective", "institution"], kind),
            "relation": words(source, "relation", RELATIONS, persons["relation"][rows].astype(np.int64)),
            "address": scene.addresses(place, home * 7 + scene.chunk.index, ~truth.notes["rural"][rows]),
            "phone": where(adult, phone, pa.scalar(None, pa.string())),
            "since": dates(since[home]),
            "registered": where(registered >= 0, here, pick(scene.setting.origins[0], outside[home])),
        },
    )  # fmt: skip
