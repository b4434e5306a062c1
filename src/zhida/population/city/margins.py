"""The city held against the figures it was made from: published beside synthetic, margin by margin."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import numpy as np

from zhida.population.city.draw import Array
from zhida.population.city.figures import Figures, load_figures
from zhida.population.city.plan import group_of_age
from zhida.population.schema import Relation, State
from zhida.population.store import Part, Snapshot
from zhida.population.writer import last_day_of
from zhida.rules.declarations import Pack


@dataclass(frozen=True, slots=True)
class Margin:
    """``published`` and ``synthetic`` are persons at full size, or per cent, or persons a household."""

    name: str
    of: str
    published: float
    synthetic: float
    unit: str

    @property
    def deviation(self) -> float:
        """Relative deviation."""
        return self.synthetic / self.published - 1 if self.published else 0.0


class _Counts:
    """Sums over the parts of a snapshot."""

    def __init__(self, figures: Figures, snapshot: Snapshot, pack: Pack) -> None:
        self.figures, self.snapshot, self.pack = figures, snapshot, pack
        codes = np.array(snapshot.divisions)
        order = {c.code[:6]: i for i, c in enumerate(figures.counties)}
        self.county_of = np.array([order.get(str(c)[:6], -1) for c in codes])
        n = len(figures.counties)
        self.residents = np.zeros((n, 111, 2))
        self.registered = np.zeros((n, 111))
        self.sums: dict[str, Array] = defaultdict(lambda: np.zeros(n))
        self.totals: dict[str, float] = defaultdict(float)
        kinds = pack.enums[pack.fields["disability_category"].enum].choices
        self.kinds = [k.id for k in kinds]
        self.by_kind = np.zeros(len(kinds))

    def add(self, part: Part) -> None:
        persons, households = part.persons, part.households
        last = last_day_of(self.snapshot.month)
        age = np.clip((last - persons["birth_date"]) / 365.2425, 0, 110).astype(np.int64)
        told = persons["birth_date__state"] == State.KNOWN
        lives, registered = persons["lives"], persons["registered"]
        here = (lives >= 0) & told
        np.add.at(self.residents, (self.county_of[lives[here]], age[here], persons["sex"][here]), 1)
        local = (registered >= 0) & told
        np.add.at(self.registered, (self.county_of[registered[local]], age[local]), 1)
        self._households(part, age)
        certificate = (persons["disability_grade"] > 0) & (registered >= 0)
        self.totals["certificates"] += certificate.sum()
        self.by_kind += np.bincount(persons["disability_category"][certificate], minlength=len(self.kinds))
        receiving = np.zeros(len(registered), dtype=bool)
        for benefit in self.figures.get("awards.receiving_benefits"):
            index = self.snapshot.contract.benefits.index(benefit)
            rows = part.awards["unit_row"][part.awards["benefit"] == index]
            if self.snapshot.contract.benefit_tables[index] == "persons":
                receiving[rows] = True
            else:
                holds = np.zeros(len(households["size"]), dtype=bool)
                holds[rows] = True
                receiving |= holds[persons["household"]]
        self.totals["receiving"] += (receiving & (registered >= 0)).sum()

    def _households(self, part: Part, age: Array) -> None:
        persons, households = part.persons, part.households
        first = households["first_person"]
        private = (persons["relation"][first] != Relation.COLLECTIVE) & (persons["lives"][first] >= 0)
        size, number = households["size"][private], len(first)
        county = self.county_of[households["division"][private]]
        relation, home = persons["relation"], persons["household"]
        parent = np.bincount(home[relation == Relation.PARENT], minlength=number) > 0
        young = np.bincount(home[(relation == Relation.CHILD)], minlength=number) > 0
        old = np.bincount(home[age >= 65], minlength=number)
        n = len(self.figures.counties)
        for name, values in (
            ("households", np.ones(len(size))),
            ("members", size),
            ("alone", size == 1),
            ("three", (parent & young)[private]),
            ("with_old", old[private] > 0),
        ):
            self.sums[name] += np.bincount(county, weights=values, minlength=n)
        collective = (relation == Relation.COLLECTIVE) & (persons["lives"] >= 0)
        self.sums["collective"] += np.bincount(
            self.county_of[households["division"][home[collective]]], minlength=n
        )
        elders = (age >= 65) & (persons["lives"] >= 0)
        self.totals["elders"] += elders.sum()
        self.totals["elders_one"] += (elders & (old[home] == 1) & (relation != Relation.COLLECTIVE)).sum()
        self.totals["elders_two"] += (elders & (old[home] == 2)).sum()


def compare(pack: Pack, snapshot: Snapshot) -> list[Margin]:
    """Every margin that the builder aims at, in the order of ``docs/city.md``."""
    month = snapshot.month
    figures = load_figures(pack, date(month // 12, month % 12 + 1, 1))
    counts = _Counts(figures, snapshot, pack)
    for part in snapshot.parts():
        counts.add(part)
    return list(_margins(figures, counts, float(snapshot.manifest["fraction"])))


def _margins(figures: Figures, counts: _Counts, fraction: float) -> Iterator[Margin]:
    full = counts.residents / fraction
    yield Margin("residents", "all", figures.number("residents.total"), full.sum(), "persons")
    for sex, name in enumerate(("male", "female")):
        yield Margin("residents", name, figures.number(f"residents.{name}"), full[:, :, sex].sum(), "persons")
    for label, published, synthetic in _by_age(figures, "residents.by_age", full.sum(axis=(0, 2))):
        yield Margin("residents by age", label, published, synthetic, "persons")
    counties = figures.counties
    scale = figures.number("residents.total") / sum(c.residents for c in counties)
    for i, c in enumerate(counties):
        yield Margin("residents by county", c.name, c.residents * scale, full[i].sum(), "persons")
    registered = counts.registered / fraction
    for label, published, synthetic in _by_age(figures, "registered.by_age", registered.sum(axis=0)):
        yield Margin("registered by age", label, published, synthetic, "persons")
    s, households = counts.sums, counts.sums["households"]
    for i, c in enumerate(counties):
        yield Margin("mean household", c.name, c.mean_size, s["members"][i] / households[i], "persons")
    for i, c in enumerate(counties):
        yield Margin(
            "one-person households", c.name, 100 * c.one_person, 100 * s["alone"][i] / households[i], "%"
        )
    for i, c in enumerate(counties):
        yield Margin(
            "three generations", c.name, 100 * c.three_generation, 100 * s["three"][i] / households[i], "%"
        )
    for i, c in enumerate(counties):
        share = 100 * s["collective"][i] / counts.residents[i].sum()
        yield Margin("collective quarters", c.name, 100 * c.collective, share, "%")
    elders = counts.totals["elders"]
    for name in ("one", "two"):
        published = figures.number(f"households.elders_published.{name}")
        yield Margin(
            "65+ living with 65+", name, published, 100 * counts.totals[f"elders_{name}"] / elders, "%"
        )
    yield Margin(
        "households with 65+", "all", figures.number("households.elders_published.households"),
        100 * s["with_old"].sum() / households.sum(), "%",
    )  # fmt: skip
    people = counts.registered.sum()
    share = 100 * counts.totals["certificates"] / people
    yield Margin(
        "certificates", "of registered", 100 * figures.number("disability.share_of_registered"), share, "%"
    )
    kinds = figures.get("disability.categories")
    total = sum(k["mix"] for k in kinds.values())
    for name, kind in kinds.items():
        found = counts.by_kind[counts.kinds.index(name)] / counts.by_kind.sum()
        yield Margin("certificates by kind", name, 100 * kind["mix"] / total, 100 * found, "%")
    yield Margin(
        "receiving basic aid", "of registered", 100 * figures.number("awards.receiving"),
        100 * counts.totals["receiving"] / people, "%",
    )  # fmt: skip


def _by_age(figures: Figures, path: str, persons: Array) -> Iterator[tuple[str, float, float]]:
    starts, published = figures.groups(path)
    found = np.bincount(group_of_age(starts), weights=persons, minlength=len(starts))
    for i, start in enumerate(starts):
        label = f"{start}–{starts[i + 1] - 1}" if i + 1 < len(starts) else f"{start}+"
        yield label, published[i], found[i]
