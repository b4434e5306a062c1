"""Where people live and are registered; the persons of a chunk in their final order."""

from __future__ import annotations

import numpy as np

from zhida.population.city.draw import Array, Rng, Rows
from zhida.population.city.figures import AGES
from zhida.population.city.households import Families, Targets, form_families
from zhida.population.city.plan import Chunk
from zhida.population.city.truth import Model, Truth
from zhida.population.schema import OPEN_END, OUTSIDE, Relation

ORDER = np.array([0, 1, 2, 4, 3, 5, 6, 7, 8], dtype=np.int64)  # place in the household by relation
KEY_BITS = 40
KEY_FACTOR = 0x5DEECE66D  # odd, so that multiplying modulo a power of two never maps two keys on one


def settle(model: Model, chunk: Chunk) -> Truth:
    """Persons and households of a chunk with their places, keys and kin."""
    rng = model.rng(chunk, 1)
    county = model.figures.counties[chunk.county]
    here = _families(
        model,
        chunk.here,
        Targets(county.mean_size, county.one_person, county.three_generation, county.collective),
        rng,
    )
    f = model.figures
    elsewhere = Targets(
        f.number("households.away.mean_size"),
        f.number("households.away.one_person_pct") / 100,
        f.number("households.away.three_generation_pct") / 100,
        f.number("households.away.collective_pct") / 100,
    )
    away = _families(model, chunk.away, elsewhere, rng)
    return _arrange(model, chunk, here, away)


def _families(model: Model, counts: Array, targets: Targets, rng: Rng) -> Families:
    ages, sexes = np.divmod(np.arange(AGES * 2), 2)
    cells = np.repeat(np.arange(AGES * 2), counts.ravel())
    return form_families(ages[cells], sexes[cells].astype(np.uint8), targets, model.figures, rng)


def _arrange(model: Model, chunk: Chunk, here: Families, away: Families) -> Truth:
    rng = model.rng(chunk, 2)
    n = len(here.age)

    def both(name: str, shift: bool = False) -> Array:
        other = getattr(away, name)
        if shift:
            other = np.where(other >= 0, other + n, other)
        return np.concatenate([getattr(here, name), other])

    unit, age, relation = both("unit", shift=True), both("age"), both("relation")
    is_away = np.arange(len(unit)) >= n
    # A household's village, drawn for the row that names it; then households in the order of villages.
    village = model.draw_villages(chunk.county, len(unit), rng, chunk.villages)
    order = np.lexsort((-age, ORDER[relation], unit, village[unit]))
    position = np.empty(len(order), dtype=np.int64)
    position[order] = np.arange(len(order))
    unit = unit[order]
    starts = np.flatnonzero(np.concatenate([[True], unit[1:] != unit[:-1]]))
    size = np.diff(np.append(starts, len(unit)))
    truth = Truth()
    household = np.repeat(np.arange(len(starts)), size)

    def linked(name: str) -> Rows:
        values = both(name, shift=True)[order]
        return np.where(values >= 0, position[values], values)

    truth.notes = {
        "age": age[order],
        "away": is_away[order],
        "collective": both("collective")[order],
        "alone_with": both("alone_with")[order],
        "village": village[unit],
        "first": starts,
    }
    truth.persons = {
        "household": household.astype(np.int32),
        "relation": relation[order],
        "sex": both("sex")[order],
        "link_father": linked("father"),
        "link_mother": linked("mother"),
        "link_spouse": linked("spouse"),
    }
    rows = model.village_rows[chunk.county]
    division = rows[village[unit[starts]]]
    truth.households = {
        "household_key": keys_of(chunk, np.arange(len(starts)), 1),
        "division": division.astype(np.int32),
        "first_person": starts.astype(np.int32),
        "size": size.astype(np.int32),
    }
    # Keys follow the draw's own order, not the place: a person keeps the key though the household moves.
    truth.persons["person_key"] = keys_of(chunk, np.arange(len(order)), 0)[order]
    lives = division[household].astype(np.int32)
    truth.persons["lives"] = np.where(truth.notes["away"], OUTSIDE, lives).astype(np.int32)
    truth.persons["registered"] = _registered(model, chunk, truth, lives, rng)
    _memberships(model, truth, rng)
    return truth


def keys_of(chunk: Chunk, numbers: Array, kind: int) -> Rows:
    """Pseudonyms without a meaning, different over the whole city, of numbers below 2 ** 20 in a chunk."""
    plain = (np.int64(chunk.index) << 20 | numbers.astype(np.int64)) << 1 | kind
    return np.asarray((plain * KEY_FACTOR) & ((1 << KEY_BITS) - 1))


def _registered(model: Model, chunk: Chunk, truth: Truth, lives: Array, rng: Rng) -> Array:
    """Place of registration: mostly where one lives, else another town or county, else outside.

    One draw for a household decides for nearly all its members, so that families mostly stand together.
    """
    f = model.figures
    county = f.counties[chunk.county]
    n, units = truth.count, truth.units
    chance = model.plan.local[chunk.county][truth.age]
    student = truth.notes["collective"] & (truth.age >= 18) & (truth.age < 24)
    # Few students in hostels are registered in the city; their share goes to the others of their age.
    factor = f.number("registered.collective_student_factor")
    ages = truth.age[~truth.notes["away"]]
    hostel = np.bincount(truth.age[student], minlength=AGES)
    others = np.maximum(np.bincount(ages, minlength=AGES) - hostel, 1)
    raised = model.plan.local[chunk.county] * (1 + hostel * (1 - factor) / others)
    chance = np.where(student, chance * factor, np.minimum(raised, 0.98)[truth.age])
    coherent = rng.random(n) < f.number("registered.family_coherence")
    own = rng.random(n)
    local = np.where(coherent, rng.random(units)[truth.household], own) < chance
    share = model.plan.local[chunk.county].mean()
    moved = county.other_county * (1 - f.number("registered.other_county_outside")) / max(share, 0.3)
    nearby = county.other_town / max(share, 0.3)
    draw = rng.random(units)
    place = truth.households["division"].astype(np.int64)
    near = draw < nearby
    place[near] = model.village_rows[chunk.county][model.draw_villages(chunk.county, int(near.sum()), rng)]
    far = draw > 1 - moved
    place[far] = _origins(model, chunk, int(far.sum()), rng)
    registered = np.where(local, place[truth.household], OUTSIDE)
    return np.where(truth.notes["away"], lives, registered).astype(np.int32)


def _origins(model: Model, chunk: Chunk, number: int, rng: Rng) -> Rows:
    """Villages of other counties where movers within the city are registered."""
    weight = model.figures.by_county("registered.origin").copy()
    weight[chunk.county] = 0
    counties = rng.choice(len(weight), size=number, p=weight / weight.sum())
    places = np.empty(number, dtype=np.int64)
    for county in range(len(weight)):
        mine = counties == county
        places[mine] = model.village_rows[county][model.draw_villages(county, int(mine.sum()), rng)]
    return places


def _memberships(model: Model, truth: Truth, rng: Rng) -> None:
    """Birth dates, and since when somebody belongs to the household."""
    n = truth.count
    age = truth.age
    days = np.floor((age + rng.uniform(0.003, 0.997, n)) * 365.2425).astype(np.int64)
    birth = model.last_day - days
    truth.persons["birth_date"] = birth.astype(np.int32)
    since = np.where(age < 25, days, np.minimum(days, rng.integers(30, 9000, n)))
    relation = truth.persons["relation"]
    since = np.where(relation == Relation.COLLECTIVE, np.minimum(days, rng.integers(30, 1500, n)), since)
    truth.persons["member_from"] = (model.last_day - since).astype(np.int32)
    truth.persons["member_until"] = np.full(n, OPEN_END, dtype=np.int32)
