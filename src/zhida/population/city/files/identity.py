"""Identities of synthetic people: numbers, names, telephones, accounts. None can be a real person's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
import yaml

from zhida.codes.resident_id import check_digits
from zhida.population.city.draw import Array, Rng
from zhida.population.city.figures import CityError, Figures, Floats
from zhida.population.city.files.text import Text, digits_of, joined, of_bytes, pick, where

FIRST_REGION = 840_000
"""No province has a number that begins with 84 to 99."""
REGIONS = 40
"""Regions for each chunk, so that no two people of the city share a number."""
IN_ORDER = 497
"""People of one sex born on one day in one region: sequence numbers of each parity below 996."""


@dataclass(frozen=True, slots=True)
class Identities:
    """One row a person: 18 characters, name, index of the surname."""

    number: Text
    name: Text
    surname: Array


@dataclass(frozen=True)
class Names:
    """The pack's ``city/names.yaml``: characters with how common they are."""

    tree: Mapping[str, Any]

    def choices(self, what: str) -> tuple[list[str], Floats]:
        """Words and their cumulative shares."""
        weights = np.array(list(self.tree[what].values()), dtype=np.float64)
        return list(self.tree[what]), np.cumsum(weights / weights.sum())

    @cached_property
    def surnames(self) -> tuple[list[str], Floats]:
        return self.choices("surnames")

    def draw_surnames(self, n: int, rng: Rng) -> Array:
        return drawn(self.surnames[1], n, rng)

    def given(self, female: Array, rng: Rng) -> Text:
        """Given names of one or two characters."""
        n = len(female)
        men, women = self.choices("male"), self.choices("female")
        first, second = (
            where(female, pick(women[0], drawn(women[1], n, rng)), pick(men[0], drawn(men[1], n, rng)))
            for _ in range(2)
        )
        short = rng.random(n) < float(self.tree["one_character"])
        return joined(first, where(short, pa.scalar(""), second))

    def full(self, surname: Array, female: Array, rng: Rng) -> Text:
        return joined(pick(self.surnames[0], surname), self.given(female, rng))


def drawn(ends: Floats, n: int, rng: Rng) -> Array:
    found: Array = np.minimum(np.searchsorted(ends, rng.random(n), side="right"), len(ends) - 1)
    return found


def load_names(figures: Figures) -> Names:
    """Raises CityError where the file is missing or lacks something."""
    file = figures.folder / "names.yaml"
    try:
        tree = yaml.load(file.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
        names = Names(tree)
        for what in ("surnames", "male", "female", "spellings"):
            if not tree[what]:
                raise KeyError(what)
        float(tree["one_character"])
    except (OSError, UnicodeDecodeError, yaml.YAMLError, KeyError, TypeError, ValueError) as error:
        raise CityError(f"{file} can't be used for names ({error}). Correct it.") from None
    return names


def family_names(names: Names, father: Array, mother: Array, rng: Rng) -> Array:
    """Surnames: the father's; where he is nobody here, one for all children of a mother."""
    n = len(father)
    found, other = names.draw_surnames(n, rng), names.draw_surnames(n, rng)
    fatherless = (father < 0) & (mother >= 0)
    found[fatherless] = other[mother[fatherless]]
    rows = np.flatnonzero(father >= 0)
    for _ in range(3):  # grandparents before parents before children
        found[rows] = found[father[rows]]
    return found


def numbers(chunk: int, birth: Array, female: Array, rng: Rng) -> Text:
    """Resident IDs of all people of one chunk, all different. Raises CityError where a day has too many
    births."""
    region = rng.integers(0, REGIONS, len(birth))
    cell = (region * 100_000 + (birth + 40_000)) * 2 + female
    order = np.argsort(cell, kind="stable")
    ordered = cell[order]
    first = np.concatenate([[True], ordered[1:] != ordered[:-1]]) if len(order) else np.zeros(0, bool)
    starts = np.flatnonzero(first)
    rank = np.empty(len(cell), dtype=np.int64)
    rank[order] = np.arange(len(cell)) - np.repeat(starts, np.diff(np.append(starts, len(cell))))
    if len(rank) and rank.max() >= IN_ORDER:
        raise CityError("More were born on one day than one region has numbers for. Cut smaller chunks.")
    turn = (cell // 2 * 7919 + rank) % IN_ORDER  # where a cell's numbers begin hangs on the cell alone
    sequence = 2 * turn + np.where(female == 1, 2, 1)
    day = birth.astype("datetime64[D]")
    year = day.astype("datetime64[Y]").astype(np.int64) + 1970
    month = day.astype("datetime64[M]").astype(np.int64) % 12 + 1
    of_month = (day - day.astype("datetime64[M]")).astype(np.int64) + 1
    table = np.zeros((len(birth), 18), dtype=np.uint8)
    table[:, :6] = digits_of(FIRST_REGION + chunk * REGIONS + region, 6)
    table[:, 6:14] = digits_of(year * 10_000 + month * 100 + of_month, 8)
    table[:, 14:17] = digits_of(sequence, 3)
    table[:, 17] = check_digits(table)
    return of_bytes(table)


def phones(chunk: int, rows: Array) -> Text:
    """Mobile numbers of eleven digits that begin with 12, which no operator was given."""
    return of_bytes(digits_of(12 * 10**9 + chunk * 200_000 + np.asarray(rows, dtype=np.int64), 11))


def accounts(chunk: int, rows: Array, kind: int) -> Text:
    """Card numbers of 19 digits, the last by Luhn's rule, with an issuer that nobody was given (9000 …)."""
    body = (9_000 * 10**3 + kind) * 10**11 + (chunk * 1_000_000 + np.asarray(rows, dtype=np.int64))
    table = digits_of(body, 18) - ord("0")
    doubled = table[:, ::-2] * 2
    total = (doubled // 10 + doubled % 10).sum(axis=1) + table[:, -2::-2].sum(axis=1)
    check = (10 - total % 10) % 10
    return of_bytes(np.column_stack([table, check]).astype(np.uint8) + ord("0"))
