"""Files of the police: the household register, and who lives where."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from zhida.population.city.draw import Array
from zhida.population.city.files.identity import drawn, phones
from zhida.population.city.files.scene import Scene
from zhida.population.city.files.sheets import Sheet, choices, joined_sheets, word, words
from zhida.population.city.files.text import Text, dates, integers, joined, pick, repeated, where
from zhida.population.schema import Relation

RELATIONS = [r.name.lower() for r in Relation]


def hukou(scene: Scene) -> Sheet:
    """Who is registered in which book, and who died last year. A household's people who stand registered in
    one place share a book; where its head is not among them, the first is head of the book."""
    source, persons, truth = scene.source("hukou"), scene.persons, scene.truth
    rows = np.flatnonzero(persons["registered"] >= 0)
    place = persons["registered"][rows].astype(np.int64)
    home = truth.household[rows].astype(np.int64)
    _, first, book = np.unique(home * 2**20 + place, return_index=True, return_inverse=True)
    missing = persons["declared_missing"][rows] == 1
    changed = scene.last_day - scene.rng(source.id).integers(30, 3000, len(rows))
    books = joined(integers(place, 5), scene.mark(len(rows)), integers(book, 6))
    living = _booked(scene, rows, place, book * 7 + scene.chunk.index) | {
        **scene.who(rows),
        "birth_date": dates(persons["birth_date"][rows]),
        "book": books,
        "relation": words(source, "relation", RELATIONS, _to_head(scene, rows, rows[first][book])),
        "father": scene.number_of("link_father", rows),
        "mother": scene.number_of("link_mother", rows),
        "spouse": scene.number_of("link_spouse", rows),
        "status": words(source, "status", ["present", "declared_missing"], missing.astype(np.int64)),
        "changed_on": dates(changed, empty=~missing),
    }
    extras = scene.extras
    at = np.searchsorted(rows, extras.dead)
    listed = extras.listed["hukou"]
    dead = scene.first_dead + np.arange(len(at))
    gone = _booked(scene, extras.dead, place[at], book[at] * 7 + scene.chunk.index) | {
        **scene.who(dead),
        "birth_date": dates(extras.born),
        "book": books.take(pa.array(at)),
        "relation": repeated(word(source, "relation", "other"), len(at)),
        "status": words(source, "status", ["present", "dead"], np.where(listed, 0, 1)),
        "changed_on": dates(np.minimum(extras.died + 9, scene.last_day), empty=listed),
    }
    twice = scene.first_dead + len(dead) + np.arange(len(extras.twice))
    n = len(twice)
    again = _booked(scene, extras.twice, extras.second, np.arange(n) * 7 + scene.chunk.index) | {
        **scene.who(twice),
        "birth_date": dates(persons["birth_date"][extras.twice]),
        "book": joined(integers(extras.second, 5), scene.mark(n), "8", integers(np.arange(n), 5)),
        "relation": repeated(word(source, "relation", "head"), n),
        "status": repeated(word(source, "status", "present"), n),
    }
    county = scene.registered_county
    return joined_sheets(
        [
            Sheet(source, rows, county[rows], living),
            Sheet(source, dead, county[extras.dead], gone, np.where(listed, 1, 0)),
            Sheet(source, twice, scene.setting.county_of[extras.second], again, 2),
        ]
    )


def _booked(scene: Scene, rows: Array, place: Array, home: Array) -> dict[str, Text]:
    """Sex and place of registration."""
    source, rural = scene.source("hukou"), scene.truth.notes["rural"][rows]
    return {
        "sex": words(source, "sex", choices(scene.model.pack, "sex"), scene.persons["sex"][rows]),
        "registered": scene.codes(place),
        "address": scene.addresses(place, home, ~rural),
    }


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
    rng, extras = scene.rng(source.id), scene.extras
    outside = drawn(scene.setting.origins[1], truth.units, rng)
    since = scene.last_day - rng.integers(20, 4000, truth.units)
    living = np.flatnonzero(persons["lives"] >= 0)
    which = np.flatnonzero(extras.listed["residents"] & (persons["lives"][extras.dead] >= 0))
    rows = np.concatenate(
        [living, extras.dead[which]]
    )  # the dead stand in the dwelling of those they lived with
    who = np.concatenate([living, scene.first_dead + which])
    dead = np.arange(len(rows)) >= len(living)
    home = truth.household[rows]
    place = persons["lives"][rows].astype(np.int64)
    collective = truth.notes["collective"][rows]
    kind = np.where(persons["in_institution"][rows] == 1, 2, collective.astype(np.int64))
    registered = persons["registered"][rows]
    phone = phones(scene.chunk.index, np.arange(len(rows)))
    relation = persons["relation"][rows].astype(np.int64)
    relation = np.where(dead & ~collective, int(Relation.OTHER), relation)
    return Sheet(
        source, who, scene.setting.county_of[place],
        {
            **scene.who(who),
            "lives": scene.codes(place),
            "dwelling": joined(scene.codes(place), scene.mark(len(rows)), integers(home, 6)),
            "kind": words(source, "kind", ["family", "collective", "institution"], kind),
            "relation": words(source, "relation", RELATIONS, relation),
            "address": scene.addresses(place, home * 7 + scene.chunk.index, ~truth.notes["rural"][rows]),
            "phone": where(truth.age[rows] >= 16, phone, pa.scalar(None, pa.string())),
            "since": dates(since[home]),
            "registered": where(
                registered >= 0, scene.codes(registered), pick(scene.setting.origins[0], outside[home])
            ),
        },
        np.where(dead, 1, 0),
    )  # fmt: skip


def marriages(scene: Scene) -> Sheet:
    """Couples; a spouse who is nobody of the city has an identity all the same."""
    source, persons = scene.source("marriages"), scene.persons
    spouse = persons["link_spouse"].astype(np.int64)
    away = scene.extras.strangers
    spouse[away] = scene.truth.count + np.arange(len(away))  # strangers stand after the people
    men = np.flatnonzero((spouse >= 0) & (persons["sex"] == 0))
    women = away[persons["sex"][away] == 1]
    man, woman = np.concatenate([men, spouse[women]]), np.concatenate([spouse[men], women])
    about = np.concatenate([men, women])
    age = scene.truth.age[about]
    years = scene.rng(source.id).uniform(0, np.maximum(age - 21, 1))
    him, her = scene.who(man), scene.who(woman)
    columns = {
        "man": him["id_number"],
        "name": him["name"],
        "woman": her["id_number"],
        "woman_name": her["name"],
        "kind": repeated(word(source, "kind", "married"), len(about)),
        "on": dates(scene.last_day - (years * 365).astype(np.int64)),
    }
    return Sheet(source, man, scene.county[about], columns)


def funerals(scene: Scene) -> Sheet:
    """Who died in the last year."""
    source, extras = scene.source("funerals"), scene.extras
    rows = scene.first_dead + np.arange(len(extras.dead))
    columns = {
        "died": dates(extras.died),
        "cremated": dates(np.minimum(extras.died + 3, scene.last_day)),
    }
    return Sheet(source, rows, scene.registered_county[extras.dead], scene.who(rows) | columns)
