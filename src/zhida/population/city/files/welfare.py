"""Files of departments that know of disability, care and who is owed what."""

from __future__ import annotations

import numpy as np

from zhida.population.city.files.scene import Scene, pick_rows
from zhida.population.city.files.sheets import Sheet, choices, word, words
from zhida.population.city.files.text import dates, integers, joined, repeated


def disability(scene: Scene) -> Sheet:
    """Certificates of disability, all valid."""
    source, persons = scene.source("disability"), scene.persons
    pack = scene.model.pack
    rows = np.flatnonzero(persons["disability_grade"] > 0)
    rng = scene.rng(source.id)
    kinds = choices(pack, "disability_category")
    issued = scene.last_day - rng.integers(30, 3500, len(rows))
    identities = scene.identities
    number = pick_rows(identities.number, rows)
    category, grade = persons["disability_category"][rows], persons["disability_grade"][rows]
    basis = persons["multiple_basis_category"][rows].astype(np.int64)
    multiple = str(scene.model.figures.get("disability.multiple"))
    several = category == scene.model.choice("disability_category", multiple)
    return Sheet(
        source, rows, scene.county[rows],
        {
            "id_number": number,
            "name": pick_rows(identities.name, rows),
            "certificate": joined(number, integers(category), integers(grade)),
            "category": words(source, "category", kinds, category),
            "grade": words(source, "grade", ["", "1", "2", "3", "4"], grade),
            "basis": words(source, "basis", kinds, np.where(several, basis, -1)),
            "issued": dates(issued),
            "expires": dates(issued + 3653),
            "status": repeated(word(source, "status", "valid"), len(rows)),
        },
    )  # fmt: skip
