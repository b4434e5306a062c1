"""What a city looks like in figures that it was not made to meet: who lives with whom, disability by kind and
grade, income and property. Computed from the truth that a build keeps, for ``docs/city.md``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from zhida.population.city.draw import Array
from zhida.population.city.kept import kept_manifest, read_kept
from zhida.population.city.money import INCOMES
from zhida.population.schema import Relation
from zhida.population.writer import last_day_of
from zhida.rules.declarations import Pack

Line = tuple[str, str, float]
"""(what, of, value): shares in per cent, money in yuan."""

TENTHS = (5, 10, 25, 50, 75, 90, 95, 99)


def shape(truth: Path, pack: Pack) -> Iterator[Line]:
    """All figures, in the order of the page. Raises SnapshotError where there is no truth."""
    year, month = str(kept_manifest(truth)["month"]).split("-")
    last = last_day_of(int(year) * 12 + int(month) - 1)
    persons, homes = _columns(truth, "persons"), _columns(truth, "households")
    order = np.argsort(homes["household_key"])
    home = order[np.searchsorted(homes["household_key"][order], persons["household_key"])]
    age = np.floor((last - persons["birth_date"]) / 365.2425)
    here = persons["lives"] >= 0
    yield from _together(persons["relation"], home, homes["size"], age, here)
    certified = (persons["registered"] >= 0) & (persons["disability_grade"] > 0)
    kinds = [c.name for c in pack.enums[pack.fields["disability_category"].enum].choices]
    yield from _certificates(kinds, persons["disability_category"], persons["disability_grade"], certified)
    yield from _means(persons, homes, home, here)


def _columns(truth: Path, table: str) -> dict[str, Array]:
    found = read_kept(truth, table)
    return {name: found[name].to_numpy() for name in found.column_names}


def _together(relation: Array, home: Array, size: Array, age: Array, here: Array) -> Iterator[Line]:
    couple = np.bincount(home[relation == Relation.SPOUSE], minlength=len(size)) > 0
    own, members = couple[home], size[home]
    collective = relation == Relation.COLLECTIVE
    elder = here & (age >= 65)
    pair = (members == 2) & own
    for name, mask in (
        ("alone", (members == 1) & ~collective),
        ("with the spouse only", pair),
        ("with children or others", (members > 1) & ~pair),
        ("in collective quarters or an institution", collective),
    ):
        yield "65+ live", name, 100 * (mask & elder).sum() / elder.sum()
    minor = here & (age < 18)
    child = relation == Relation.CHILD
    for name, mask in (
        ("two parents", child & own),
        ("one parent", child & ~own),
        ("grandparents or others", ~child & ~collective),
        ("nobody: collective quarters or an institution", collective),
    ):
        yield "under 18 live with", name, 100 * (mask & minor).sum() / minor.sum()


def _certificates(kinds: list[str], kind: Array, grade: Array, mask: Array) -> Iterator[Line]:
    for i in np.unique(kind[mask]):
        mine = mask & (kind == i)
        for g in range(1, 5):
            yield f"certificates {kinds[int(i)]}", str(g), 100 * (grade[mine] == g).sum() / mask.sum()


def _means(persons: dict[str, Array], homes: dict[str, Array], home: Array, here: Array) -> Iterator[Line]:
    income = sum((persons[n].astype(np.int64) for n in INCOMES), np.zeros(len(home), np.int64))
    per_head = np.bincount(home, weights=income, minlength=len(homes["size"])) / homes["size"] / 100
    values = per_head[home][here]
    for tenth in TENTHS:
        yield "income per head, yuan a month", f"{tenth} %", float(np.percentile(values, tenth))
    yield "income per head", "Gini", gini(values)
    fifths = np.add.reduceat(np.sort(values), np.arange(5) * len(values) // 5)
    for i, share in enumerate(100 * fifths / fifths.sum()):
        yield "income per head, share of fifths", str(i + 1), float(share)
    saved = np.bincount(home, weights=persons["deposits"], minlength=len(homes["size"])) / 100
    local = np.bincount(home[persons["registered"] >= 0], minlength=len(homes["size"])) > 0
    for tenth in TENTHS:
        yield "savings of a household, yuan", f"{tenth} %", float(np.percentile(saved[local], tenth))
    yield "savings of a household", "Gini", gini(saved[local])
    top = np.sort(saved[local])[::-1]
    yield "savings of a household", "held by the richest 1 %", 100 * top[: len(top) // 100].sum() / top.sum()
    owners = homes["homes"][local & (homes["homes"] > 0)]
    for i, name in ((1, "one"), (2, "two")):
        yield "homes of owners", name, 100 * (owners == i).mean()
    yield "homes of owners", "three or more", 100 * (owners >= 3).mean()


def gini(values: Array) -> float:
    """Half the mean difference between any two, over the mean."""
    ordered = np.sort(values.astype(np.float64))
    n = len(ordered)
    ranks = np.arange(1, n + 1)
    return float((2 * (ranks * ordered).sum() / ordered.sum() - (n + 1)) / n)
