"""People of a chunk beyond those who live: spouses elsewhere, the recently dead, second registrations."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from zhida.population.city.draw import Array, Rng
from zhida.population.city.truth import Model, Truth
from zhida.population.schema import UNKNOWN_LINK

DEAD_KEYS = 1 << 19
"""Numbers of the dead in a chunk begin here, beyond those of the living."""
LISTED = ("hukou", "residents", "pensions", "awards")
"""Sources that may go on listing somebody who is dead."""


@dataclass(frozen=True, slots=True)
class Extras:
    """Rows of the truth that each stands for, in the order in which they follow the chunk's people.

    ``strangers``: whose spouse is nobody of the city. ``dead``: beside whom somebody of about the same age
    was registered, with ``born`` and ``died`` (days since 1970-01-01) and, by source, whether they are
    listed still. ``twice``: who is registered in a second county too, at row ``second`` of the manifest.
    """

    strangers: Array
    stranger_born: Array
    dead: Array
    born: Array
    died: Array
    listed: dict[str, Array]
    twice: Array
    second: Array


def draw_extras(model: Model, truth: Truth, rng: Rng, defects: bool) -> Extras:
    """Deaths of the last year by age; second registrations only where defects are wanted."""
    persons, figures = truth.persons, model.figures
    birth = persons["birth_date"].astype(np.int64)
    strangers = np.flatnonzero(persons["link_spouse"] == UNKNOWN_LINK)
    registered = persons["registered"] >= 0
    rate = figures.curve("files.deaths_by_age")[truth.age]
    dead = np.flatnonzero(registered & (rng.random(truth.count) < rate))
    died = model.last_day - rng.integers(0, 365, len(dead))
    born = np.minimum(birth[dead] + rng.integers(-700, 700, len(dead)), died - 1)
    shares = figures.get("files.defects.dead_listed")
    listed = {source: (rng.random(len(dead)) < float(shares.get(source, 0))) & defects for source in LISTED}
    stranger_born = birth[strangers] + rng.integers(-900, 900, len(strangers))
    # Last, so that a city without defects has all the rest the same.
    share = float(figures.get("files.defects.registered_twice")) if defects else 0.0
    twice = np.flatnonzero(registered & (truth.age >= 18) & (rng.random(truth.count) < share))
    other = rng.integers(1, max(2, len(figures.counties)), len(twice))
    order = {c.code[:6]: i for i, c in enumerate(figures.counties)}
    own = np.array([order.get(c[:6], 0) for c in figures.divisions])[persons["registered"][twice]]
    county = (own + other) % len(figures.counties)
    village = rng.random(len(twice))
    second = np.zeros(len(twice), np.int64)
    for c, rows in enumerate(model.village_rows):
        mine = county == c
        second[mine] = rows[(village[mine] * len(rows)).astype(np.int64)]
    return Extras(strangers, stranger_born, dead, born, died, listed, twice, second)
