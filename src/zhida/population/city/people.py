"""Disability, illness, school and the state of a child's parents."""

from __future__ import annotations

import numpy as np

from zhida.population.city.draw import Array, Rng, to_parents
from zhida.population.city.plan import Chunk
from zhida.population.city.truth import Model, Truth
from zhida.population.schema import NO_LINK, OUTSIDE, UNKNOWN_LINK, Relation


def describe(model: Model, chunk: Chunk, truth: Truth) -> None:
    """Adds the personal fields that don't tell of money."""
    rng = model.rng(chunk, 3)
    roles = [model.choice("relation_to_head", r.name.lower()) for r in Relation]
    truth.persons["relation_to_head"] = np.array(roles, dtype=np.uint8)[truth.persons["relation"]]
    _disability(model, truth, rng)
    _health(model, truth, rng)
    _school(model, truth, rng)
    _kin(model, truth, model.rng(chunk, 4))


def _flag(truth: Truth, name: str, mask: Array) -> None:
    truth.persons[name] = mask.astype(np.uint8)


def _disability(model: Model, truth: Truth, rng: Rng) -> None:
    f, n = model.figures, truth.count
    names, by_group, by_kind = model.disability_kinds
    codes = np.array([model.choice("disability_category", k) for k in names], dtype=np.uint8)
    none = model.choice("disability_category", str(f.get("disability.none")))
    multiple = names.index(str(f.get("disability.multiple")))
    outsider = truth.persons["registered"] == OUTSIDE
    chance = model.disability_chance[truth.age] * np.where(outsider, f.number("disability.outsiders"), 1.0)
    kept = truth.persons["relation"] == Relation.SIBLING  # who lives with kin mostly can't live alone
    chance = np.minimum(chance * np.where(kept, f.number("disability.sibling_factor"), 1.0), 1.0)
    rows = np.flatnonzero(rng.random(n) < chance)
    group = np.digitize(truth.age[rows], [18, 60])
    kind = np.minimum((rng.random(len(rows))[:, None] > by_group[group]).sum(axis=1), len(names) - 1)
    grade = np.minimum((rng.random(len(rows))[:, None] > by_kind[kind]).sum(axis=1), 3) + 1
    basis = np.minimum((rng.random(len(rows))[:, None] > by_group[group]).sum(axis=1), len(names) - 1)
    basis = np.where(basis == multiple, names.index("physical") if "physical" in names else 0, basis)
    category = np.full(n, none, dtype=np.uint8)
    category[rows] = codes[kind]
    grades = np.zeros(n, dtype=np.int16)
    grades[rows] = grade
    basis_of = np.full(n, none, dtype=np.uint8)
    several = kind == multiple
    basis_of[rows[several]] = codes[basis[several]]
    truth.persons["disability_category"] = category
    truth.persons["disability_grade"] = grades
    truth.persons["multiple_basis_category"] = basis_of
    truth.notes["disabled"] = grades > 0
    truth.notes["severe"] = (grades > 0) & (grades <= 2)


def _health(model: Model, truth: Truth, rng: Rng) -> None:
    f, n, age = model.figures, truth.count, truth.age
    severe = truth.notes["severe"]
    factor = np.where(severe, f.number("health.severe_disability_factor"), 1.0)
    full = np.minimum(f.curve("health.fully_dependent_by_age")[age] * factor, 0.6)
    partly = np.minimum(f.curve("health.partly_dependent_by_age")[age] * factor, 0.35)
    draw = rng.random(n)
    is_full, is_partly = draw < full, (draw >= full) & (draw < full + partly)
    items = np.zeros(n, dtype=np.int16)
    items[is_full] = rng.integers(4, 7, int(is_full.sum()))
    items[is_partly] = rng.integers(1, 4, int(is_partly.sum()))
    truth.persons["failed_selfcare_items"] = items
    _flag(truth, "serious_illness", rng.random(n) < f.curve("health.serious_illness_by_age")[age])
    collective = truth.notes["collective"]
    chance = np.where(age >= 65, f.number("health.institution_of_collective_elders"), 0.0)
    chance = np.where(
        (age < 65) & (severe | (age < 15)), f.number("health.institution_of_disabled_collective"), chance
    )
    _flag(truth, "in_institution", collective & (rng.random(n) < chance))
    adult = age >= 18
    free = ~truth.notes["severe"]
    for name in ("serving_sentence", "compulsory_rehab", "declared_missing"):
        mask = adult & free & (age < 75) & (rng.random(n) < f.number(f"health.{name}"))
        if name != "declared_missing":
            mask &= (truth.persons["sex"] == 0) | (rng.random(n) < 0.12)
        _flag(truth, name, mask)
    injured = (
        (age >= 20) & truth.notes["disabled"] & (rng.random(n) < f.number("health.work_injury_care") * 20)
    )
    _flag(truth, "work_injury_care", injured)


def _school(model: Model, truth: Truth, rng: Rng) -> None:
    f, n, age = model.figures, truth.count, truth.age
    stage = np.full(n, model.choice("school_stage", "none"), dtype=np.uint8)
    student = np.zeros(n, dtype=bool)
    draw, collective = rng.random(n), truth.notes["collective"]
    alone = (truth.households["size"] == 1)[truth.household] & ~collective
    used = np.zeros(n)
    for name in ("preschool", "compulsory", "high", "vocational", "bachelor", "graduate"):
        figure = f.get(f"school.{name}")
        share = np.where(collective, figure.get("collective", figure["share"]), figure["share"])
        share = np.where(alone, figure.get("alone", share), share)
        inside = (age >= figure["from"]) & (age < figure["until"])
        mine = inside & (draw >= used) & (draw < used + share)
        used = np.where(inside, used + share, used)
        stage[mine] = model.choice("school_stage", name)
        if name != "preschool":
            student |= mine
    truth.persons["school_stage"] = stage
    _flag(truth, "student", student & (truth.persons["serving_sentence"] == 0))


def _kin(model: Model, truth: Truth, rng: Rng) -> None:
    """Parents who are dead or elsewhere, their states for minors, and supporters."""
    f, age, n = model.figures, truth.age, truth.count
    dead = f.curve("households.parent_dead_by_age")[age]
    for link in ("link_father", "link_mother"):
        away = truth.persons[link] == UNKNOWN_LINK
        truth.persons[link] = np.where(
            away & (age >= 18) & (rng.random(n) < dead), NO_LINK, truth.persons[link]
        )
    _parents_of_minors(model, truth, rng)
    has_child = _parents_nearby(model, truth, rng)
    draw = rng.random(n)
    adult = age >= 18
    none = adult & (draw < f.curve("hardship.no_supporter_by_age")[age])
    # Who lives with a spouse or a grown child has a supporter.
    members = truth.households["size"][truth.household]
    none &= (members == 1) & ~has_child
    needy = (age >= 60) | truth.notes["severe"]
    unable = ~none & adult & needy & (members <= 2) & (rng.random(n) < f.number("hardship.unable_supporter"))
    state = np.full(n, model.choice("supporter_state", "able"), dtype=np.uint8)
    state[none] = model.choice("supporter_state", "none")
    state[unable] = model.choice("supporter_state", "unable")
    bereaved = truth.notes["bereaved"]
    state[bereaved] = model.choice("supporter_state", "none")
    truth.persons["supporter_state"] = state
    truth.notes["no_supporter"] = none | unable


def _parents_nearby(model: Model, truth: Truth, rng: Rng) -> Array:
    """Ties grown people to parents in other households; says who is somebody's parent."""
    f, age, persons = model.figures, truth.age, truth.persons
    adult = (age >= 20) & (age < 66) & (persons["registered"] != OUTSIDE)
    apart = (persons["link_mother"] == UNKNOWN_LINK) & (persons["link_father"] == UNKNOWN_LINK)
    rows = np.flatnonzero(adult & apart & (rng.random(truth.count) < f.number("households.parents_near")))
    women = (persons["sex"] == 1) & (age >= 42) & (persons["registered"] != OUTSIDE)
    mothers = np.flatnonzero(women & ~truth.notes["collective"])
    gap = f.number("households.mother_gap.mean"), f.number("households.mother_gap.spread")
    want = age[rows] + np.clip(np.rint(rng.normal(*gap, len(rows))), 18, 46)
    # Nobody is tied to one so young that the gap could not be: those wait for older mothers.
    got = to_parents(want, age[mothers], 1.5, 3, rng)
    found = got >= 0
    rows, mother = rows[found], mothers[got[found]]
    right = (age[mother] - age[rows] >= 16) & (truth.household[mother] != truth.household[rows])
    rows, mother = rows[right], mother[right]
    persons["link_mother"][rows] = mother
    husband = persons["link_spouse"][mother]
    persons["link_father"][rows] = np.where(husband >= 0, husband, UNKNOWN_LINK)
    has_child = np.zeros(truth.count, dtype=bool)
    for link in ("link_father", "link_mother"):
        has_child[persons[link][persons[link] >= 0]] = True
    return has_child


def _parents_of_minors(model: Model, truth: Truth, rng: Rng) -> None:
    f, age, n = model.figures, truth.age, truth.count
    minor = age < 18
    with_elders = minor & (truth.notes["alone_with"] == 1)
    in_home = minor & (truth.persons["in_institution"] == 1)
    bereaved = (with_elders & (rng.random(n) < f.number("children.bereaved_of_skip"))) | (
        in_home & (rng.random(n) < f.number("children.bereaved_of_institution"))
    )
    truth.notes["bereaved"] = bereaved
    persons = truth.persons
    for side in ("father", "mother"):
        name, link = f"{side}_state", f"link_{side}"
        code = {k: model.choice(name, k) for k in f.get("children.absent_parent")}
        state = np.full(n, model.choice(name, "alive"), dtype=np.uint8)
        present = minor & (persons[link] >= 0)
        parent = np.where(present, persons[link], 0)
        for kind, mask in (
            ("seriously_ill", persons["serious_illness"] == 1),
            ("severely_disabled", truth.notes["severe"]),
            ("prison", persons["serving_sentence"] == 1),
            ("rehab", persons["compulsory_rehab"] == 1),
            ("declared_missing", persons["declared_missing"] == 1),
        ):
            state[present & mask[parent]] = model.choice(name, kind)
        absent = minor & (persons[link] < 0)
        for figure, group in (
            ("children.absent_parent", absent & ~with_elders),
            ("children.skip_parent", absent & with_elders),
        ):
            shares = f.get(figure)
            ends = np.cumsum([shares[k] for k in code])
            drawn = np.searchsorted(ends, rng.random(n), side="right")
            for i, k in enumerate(code):
                state[group & (drawn == i)] = code[k]
        state[bereaved] = code["dead"]
        persons[name] = state
        gone = np.isin(state, [code["dead"]]) & (persons[link] < 0)
        persons[link] = np.where(gone, NO_LINK, persons[link])
