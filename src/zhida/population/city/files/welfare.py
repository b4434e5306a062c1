"""Files of departments that know of disability, illness, care, school, prison, and who is owed what."""

from __future__ import annotations

import numpy as np

from zhida.population.city.files.identity import accounts
from zhida.population.city.files.scene import Scene
from zhida.population.city.files.sheets import Sheet, choices, joined_sheets, word, words
from zhida.population.city.files.text import (
    blank,
    dates,
    integers,
    joined,
    money,
    months,
    pick,
    repeated,
    yes_no,
)


def disability(scene: Scene) -> Sheet:
    """Certificates of disability, all valid."""
    source, persons = scene.source("disability"), scene.persons
    rows = np.flatnonzero(persons["disability_grade"] > 0)
    kinds = choices(scene.model.pack, "disability_category")
    issued = scene.last_day - scene.rng(source.id).integers(30, 3500, len(rows))
    who = scene.who(rows)
    category, grade = persons["disability_category"][rows], persons["disability_grade"][rows]
    basis = persons["multiple_basis_category"][rows].astype(np.int64)
    multiple = str(scene.model.figures.get("disability.multiple"))
    several = category == scene.model.choice("disability_category", multiple)
    columns = {
        "certificate": joined(who["id_number"], integers(category), integers(grade)),
        "category": words(source, "category", kinds, category),
        "grade": words(source, "grade", ["", "1", "2", "3", "4"], grade),
        "basis": words(source, "basis", kinds, np.where(several, basis, -1)),
        "issued": dates(issued),
        "expires": dates(issued + 3653),
        "status": repeated(word(source, "status", "valid"), len(rows)),
    }
    return Sheet(source, rows, scene.county[rows], who | columns)


def institutions(scene: Scene) -> Sheet:
    """Who lives in an institution, and whose abilities were assessed."""
    source, persons = scene.source("institutions"), scene.persons
    items, inside = persons["failed_selfcare_items"], persons["in_institution"] == 1
    rows = np.flatnonzero(inside | (items > 0))
    assessed = scene.last_day - scene.rng(source.id).integers(10, 700, len(rows))
    home = joined(scene.place_names(rows), "社会福利中心")
    columns = {
        "institution": blank(home, ~inside[rows]),
        "resides": yes_no(inside[rows]),
        "failed_items": integers(items[rows]),
        "assessed_on": dates(assessed),
    }
    return Sheet(source, rows, scene.county[rows], scene.who(rows) | columns)


def justice(scene: Scene) -> Sheet:
    """Who serves a sentence or is in compulsory rehabilitation."""
    source, persons = scene.source("justice"), scene.persons
    rng, kinds = scene.rng(source.id), ("prison", "rehab")
    sheets = []
    for kind, field in zip(kinds, ("serving_sentence", "compulsory_rehab"), strict=True):
        rows = np.flatnonzero(persons[field] == 1)
        since = scene.last_day - rng.integers(200, 1500, len(rows))
        columns = {
            "kind": repeated(word(source, "kind", kind), len(rows)),
            "from": dates(since),
            "release": dates(scene.last_day + rng.integers(20, 2500, len(rows))),
        }
        sheets.append(Sheet(source, rows, scene.county[rows], scene.who(rows) | columns))
    return joined_sheets(sheets)


def medical_conditions(scene: Scene) -> Sheet:
    """Serious illness that the health insurance recognised."""
    source = scene.source("medical_conditions")
    rng = scene.rng(source.id)
    rows = np.flatnonzero(scene.persons["serious_illness"] == 1)
    since = scene.last_day - rng.integers(10, 2500, len(rows))
    columns = {"disease": joined("M0", integers(rng.integers(100, 140, len(rows)), 4)), "from": dates(since)}
    return Sheet(source, rows, scene.county[rows], scene.who(rows) | columns)


def medical_bills(scene: Scene) -> Sheet:
    """This year's bills of the seriously ill; nobody has had medical aid yet."""
    source = scene.source("medical_bills")
    rng = scene.rng(source.id)
    rows = np.flatnonzero(scene.persons["serious_illness"] == 1)
    n = len(rows)
    total = np.rint(rng.lognormal(np.log(scene.figure("bill_median")), 0.9, n)).astype(np.int64) * 100
    paid = np.rint(total * rng.uniform(0.5, 0.75, n)).astype(np.int64)
    columns = {
        "kind": repeated(word(source, "kind", "inpatient"), n),
        "total": money(total),
        "paid_by_insurance": money(paid),
        "own_share": money((total - paid) * 8 // 10),
        "aid": money(np.zeros(n, np.int64)),
    }
    return Sheet(source, rows, scene.county[rows], scene.who(rows) | columns)


def students(scene: Scene) -> Sheet:
    source, persons = scene.source("students"), scene.persons
    stages = choices(scene.model.pack, "school_stage")
    rows = np.flatnonzero(persons["school_stage"] != scene.model.choice("school_stage", "none"))
    stage = persons["school_stage"][rows].astype(np.int64)
    school = scene.rng(source.id).integers(1, 400, len(rows))
    columns = {
        "school": joined(integers(scene.county[rows] + 10, 3), integers(stage), integers(school, 6)),
        "stage": words(source, "stage", stages, stage),
        "full_time": yes_no(persons["student"][rows] == 1),
        "status": repeated(word(source, "status", "enrolled"), len(rows)),
    }
    return Sheet(source, rows, scene.county[rows], scene.who(rows) | columns)


def child_welfare(scene: Scene) -> Sheet:
    """Minors one of whose parents is not simply alive and there."""
    source, persons = scene.source("child_welfare"), scene.persons
    states = choices(scene.model.pack, "father_state")
    alive = scene.model.choice("father_state", "alive")
    rows = np.flatnonzero((persons["father_state"] != alive) | (persons["mother_state"] != alive))
    columns = {
        side: words(source, side, states, persons[f"{side}_state"][rows].astype(np.int64))
        for side in ("father", "mother")
    }
    return Sheet(source, rows, scene.county[rows], scene.who(rows) | columns)


def supporters(scene: Scene) -> Sheet:
    """Whose kin somebody has looked into."""
    source, persons = scene.source("supporters"), scene.persons
    rng = scene.rng(source.id)
    state = persons["supporter_state"].astype(np.int64)
    recorded = scene.model.figures.get("registers.recorded.supporter_state")
    needy = state != scene.model.choice("supporter_state", "able")
    rows = np.flatnonzero(rng.random(len(state)) < np.where(needy, recorded["needy"], recorded["able"]))
    columns = {
        "state": words(source, "state", choices(scene.model.pack, "supporter_state"), state[rows]),
        "decided_on": dates(scene.last_day - rng.integers(10, 900, len(rows))),
    }
    return Sheet(source, rows, scene.county[rows], scene.who(rows) | columns)


def work_injury(scene: Scene) -> Sheet:
    source = scene.source("work_injury")
    rows = np.flatnonzero(scene.persons["work_injury_care"] == 1)
    amount = scene.rng(source.id).integers(24, 48, len(rows)) * 100_00
    columns = {
        "amount": money(amount),
        "status": repeated(word(source, "status", "paid"), len(rows)),
    }
    return Sheet(source, rows, scene.county[rows], scene.who(rows) | columns)


def awards(scene: Scene) -> Sheet:
    """Who receives what; a family's benefit stands with the head of the household. Of the dead some go on
    receiving what those beside whom they were registered receive for themselves."""
    source, paid, extras = scene.source("awards"), scene.awards, scene.extras
    benefits = scene.model.benefits
    by_person = np.array([table == "persons" for _, table in benefits])[paid["benefit"]]
    first = scene.truth.households["first_person"]
    rows = np.where(by_person, paid["unit_row"], first[np.where(by_person, 0, paid["unit_row"])])
    beside = np.full(scene.truth.count, -1, np.int64)
    listed = np.flatnonzero(extras.listed["awards"])
    beside[extras.dead[listed]] = listed
    copied = np.flatnonzero(by_person & (beside[rows] >= 0))
    at = np.concatenate([np.arange(len(rows)), copied])
    who = np.concatenate([rows, scene.first_dead + beside[rows[copied]]])
    months_left, refusals = paid["disregard_months"][at], paid["refusals"][at]
    columns = {
        "benefit": pick([scene.model.pack.benefits[b].name for b, _ in benefits], paid["benefit"][at]),
        "amount": money(paid["amount"][at]),
        "start": months(paid["start"][at]),
        "last_review": months(paid["last_review"][at]),
        "disregard_months": integers(months_left, empty=months_left == 0),
        "refusals": integers(refusals, empty=refusals == 0),
        "account": accounts(scene.chunk.index, who, 1),
    }
    dead = np.where(np.arange(len(at)) >= len(rows), 1, 0)
    return Sheet(source, who, scene.county[rows[at]], scene.who(who) | columns, dead)
