"""Who lives together: from persons of known age and sex to households with heads and kin.

Persons are given, so the margins by age and sex stay exact; what is drawn is who belongs to whom.
First those in collective quarters, then couples, single parents, children to parents, grown
children at home, grandparents to families, flatmates; who is left lives alone. How many there are
of each follows from the county's number of households, one-person and three-generation shares.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from zhida.population.city.draw import Array, Rng, Rows, by_chance, by_weight, to_parents
from zhida.population.city.figures import Figures
from zhida.population.schema import NO_LINK, UNKNOWN_LINK, Relation


@dataclass(frozen=True, slots=True)
class Targets:
    """What the households of a place must come to. Shares are of family households, except
    ``collective`` (of persons)."""

    mean_size: float
    one_person: float
    three_generation: float
    collective: float


@dataclass(slots=True)
class Families:
    """Persons in their households, not yet sorted: ``unit`` numbers the households without order.

    ``father``, ``mother``, ``spouse`` are rows of these arrays, -1 none, -2 unknown; ``alone_with``
    marks minors whose parents live elsewhere (1 with grandparents, 2 with one parent).
    """

    age: Array
    sex: Array
    unit: Rows
    relation: Array
    collective: Array
    father: Rows
    mother: Rows
    spouse: Rows
    alone_with: Array


class _Builder:
    def __init__(self, age: Array, sex: Array, targets: Targets, figures: Figures, rng: Rng) -> None:
        self.age, self.sex, self.targets, self.figures, self.rng = age, sex, targets, figures, rng
        n = len(age)
        self.rows = np.arange(n)
        self.collective = np.zeros(n, dtype=bool)
        self.placed = np.zeros(n, dtype=bool)
        self.unit = self.rows.copy()
        self.relation = np.full(n, int(Relation.HEAD), dtype=np.uint8)
        self.father = np.full(n, UNKNOWN_LINK, dtype=np.int64)
        self.mother = np.full(n, UNKNOWN_LINK, dtype=np.int64)
        self.spouse = np.full(n, NO_LINK, dtype=np.int64)
        self.alone_with = np.zeros(n, dtype=np.uint8)
        self.curve = {
            name: figures.curve(f"households.{name}")
            for name in (
                "collective_by_age",
                "partnered_male",
                "partnered_female",
                "single_parent_weight",
                "at_home_by_age",
                "elder_with_family_by_age",
            )
        }

    def share(self, name: str) -> float:
        return self.figures.number(f"households.{name}")

    def gap(self, number: int) -> Array:
        f = self.figures
        values = self.rng.normal(
            f.number("households.mother_gap.mean"), f.number("households.mother_gap.spread"), number
        )
        low, high = f.number("households.mother_gap.min"), f.number("households.mother_gap.max")
        return np.clip(np.rint(values), low, high).astype(np.int64)

    def free(self, extra: Array) -> Rows:
        """Rows not yet in a family nor in collective quarters."""
        return np.flatnonzero(~self.placed & ~self.collective & extra)

    # --- the steps, in order

    def collective_quarters(self) -> None:
        number = round(self.targets.collective * len(self.age))
        chosen = by_weight(self.rows, self.curve["collective_by_age"][self.age], number, self.rng)
        self.collective[chosen] = True
        self.relation[chosen] = Relation.COLLECTIVE

    def counts(self) -> None:
        """How many couples, grown children at home and so on make the wanted households.

        Every household has one couple or single person at its head, so
        households = alone + couples + single parents + flats + hosts − elder couples living along.
        """
        private = ~self.collective
        adults = int((private & (self.age >= 18)).sum())
        households = private.sum() / self.targets.mean_size
        alone = self.targets.one_person * households
        families = self.targets.three_generation * households
        self.elder_couples = round(self.share("three_generation_couples") * families)
        self.elder_singles = round(families) - self.elder_couples
        self.single_parents = round(self.share("single_parent") * households)
        self.flats = round(self.share("shared_flat") * households)
        self.flatmates = round(self.share("shared_flat_members") * self.flats)
        couples = households - alone + self.elder_couples - self.single_parents - self.flats
        hosts = self.share("hosts_alone")
        rest = adults - 2 * couples - self.elder_singles - self.single_parents - self.flatmates - alone
        self.at_home = max(0, round(rest / (1 - hosts)))
        self.hosts = round(hosts * self.at_home)
        self.couples = max(0, round(couples - self.hosts))

    def marry(self) -> None:
        adult = self.age >= 18
        sides = []
        for sex, curve in ((0, "partnered_male"), (1, "partnered_female")):
            rows = self.free(adult & (self.sex == sex))
            sides.append((rows, np.clip(self.curve[curve][self.age[rows]], 0.001, 0.999)))
        number = min(self.couples, *(len(rows) for rows, _ in sides))
        men, women = (by_chance(rows, chance, number, self.rng) for rows, chance in sides)
        mean, spread = (self.figures.number(f"households.couple_gap.{k}") for k in ("mean", "spread"))
        noise = self.rng.normal(0, spread, (2, number))
        self.husband = men[np.argsort(self.age[men] + noise[0], kind="stable")]
        self.wife = women[np.argsort(self.age[women] + mean + noise[1], kind="stable")]
        self.spouse[self.husband], self.spouse[self.wife] = self.wife, self.husband
        self.unit[self.wife] = self.husband
        self.relation[self.wife] = Relation.SPOUSE
        self.placed[self.husband] = self.placed[self.wife] = True
        # Families are counted by their head: the husband of a couple, or a single parent or host.
        self.has_children = np.zeros(len(self.age), dtype=bool)
        self.lives_along = np.zeros(len(self.age), dtype=bool)

    def choose_singles(self) -> None:
        """Single parents, grown children at home, elders with families and those who host a child."""
        rows = self.free(self.age >= 18)
        weight = self.curve["single_parent_weight"][self.age[rows]]
        women = self.share("mother_only")
        weight = weight * np.where(self.sex[rows] == 1, women, 1 - women)
        self.parents = by_weight(rows, weight, self.single_parents, self.rng)
        self.placed[self.parents] = True
        rows = self.free(self.age >= 18)
        self.grown = by_weight(rows, self.curve["at_home_by_age"][self.age[rows]], self.at_home, self.rng)
        self.placed[self.grown] = True
        rows = self.free(self.age >= 55)
        weight = self.curve["elder_with_family_by_age"][self.age[rows]]
        self.elders = by_weight(rows, weight, self.elder_singles, self.rng)
        self.placed[self.elders] = True
        rows = self.free(self.age >= 45)
        self.host = by_weight(rows, np.clip(self.age[rows] - 40, 1, 30), self.hosts, self.rng)
        self.placed[self.host] = True

    def join(self, children: Rows, heads: Rows, relation: Relation) -> None:
        """Puts children into the households of these heads and ties them to their parents."""
        self.unit[children] = heads
        self.relation[children] = relation
        self.placed[children] = True
        partner = self.spouse[heads]
        male = self.sex[heads] == 0
        other = np.where(partner >= 0, partner, UNKNOWN_LINK)
        self.father[children] = np.where(male, heads, other)
        self.mother[children] = np.where(male, other, heads)
        self.has_children[heads] = True

    def raise_children(self) -> None:
        kids = self.rng.permutation(self.free(self.age < 18))
        skipped = round(self.share("skip_generation") * len(kids))
        grandparents = self.husband[(self.age[self.wife] >= 48) & (self.age[self.wife] < 80)]
        skipped = min(skipped, len(grandparents))
        self.with_grandparents(kids[:skipped], self.rng.permutation(grandparents)[:skipped])
        kids = kids[skipped:]
        kids = self.each_one(self.parents, kids)
        second = self.share("children_per_family") - 1
        kids = self.each_one(self.parents[self.rng.random(len(self.parents)) < second], kids)
        able = (self.age[self.wife] <= 63) & ~self.lives_along[self.husband]
        self.to_couples(kids, self.husband[able], second + 1, 3)
        left = self.free(self.age < 18)
        if len(left) and len(self.husband):  # a handful at the edges of the age range
            elder = self.husband[self.age[self.wife] >= 45]
            elder = elder if len(elder) else self.husband
            heads = elder[self.rng.integers(0, len(elder), len(left))]
            self.with_grandparents(left, heads)

    def with_grandparents(self, kids: Rows, heads: Rows) -> None:
        """Minors in the household of an elder couple; their parents live elsewhere."""
        self.unit[kids] = heads
        self.relation[kids] = np.where(
            self.age[heads] - self.age[kids] >= 32, Relation.GRANDCHILD, Relation.OTHER
        )
        self.placed[kids] = True
        self.alone_with[kids] = 1
        self.lives_along[heads] = True  # not free to move in with a family any more

    def grown_children(self) -> None:
        couples = self.husband[(self.age[self.wife] >= 38) & ~self.lives_along[self.husband]]
        grown = self.each_one(self.host, self.rng.permutation(self.grown))
        self.placed[grown] = False
        self.to_couples(grown, couples, 1.1, 2)

    def each_one(self, parents: Rows, children: Rows) -> Rows:
        """One child for each single parent; gives back the children who are left."""
        got = to_parents(self.age[parents] - self.gap(len(parents)), self.age[children], 1, 1, self.rng)
        found = got >= 0
        self.join(children[got[found]], parents[found], Relation.CHILD)
        self.alone_with[children[got[found]]] = 2
        return np.delete(children, got[found])

    def to_couples(self, children: Rows, heads: Rows, per_couple: float, most: int) -> None:
        want = self.age[children] + self.gap(len(children))
        got = to_parents(want, self.age[self.spouse[heads]], per_couple, most, self.rng)
        self.join(children[got >= 0], heads[got[got >= 0]], Relation.CHILD)

    def grandparents(self) -> None:
        """Elder couples and single elders move in with families that have minors."""
        minors = np.flatnonzero((self.age < 18) & (self.alone_with != 1) & self.placed & ~self.collective)
        heads = np.unique(self.unit[minors])
        heads = self.rng.permutation(heads)
        free = self.husband[~self.has_children[self.husband] & ~self.lives_along[self.husband]]
        free = free[self.age[self.spouse[free]] >= 44]
        middle_age = self.age[np.where(self.spouse[heads] >= 0, self.spouse[heads], heads)]
        want = middle_age + self.gap(len(heads)) - 2
        singles, couples = self.elders, free
        first = heads[: len(singles)]
        got = to_parents(want[: len(first)], self.age[singles], 1, 1, self.rng)
        self.move_in(singles[got[got >= 0]], first[got >= 0])
        self.placed[np.setdiff1d(singles, singles[got[got >= 0]])] = False
        second = slice(len(first), len(first) + self.elder_couples)
        got = to_parents(want[second], self.age[self.spouse[couples]], 1, 1, self.rng)
        self.move_in(couples[got[got >= 0]], heads[second][got >= 0])

    def move_in(self, elders: Rows, heads: Rows) -> None:
        """An elder (with the spouse) becomes the parent of one of the family's couple."""
        partner = self.spouse[heads]
        own = (partner < 0) | (self.rng.random(len(heads)) < 0.7)
        child = np.where(own, heads, partner)
        spouse = self.spouse[elders]
        male = self.sex[elders] == 0
        other = np.where(spouse >= 0, spouse, UNKNOWN_LINK)
        self.father[child] = np.where(male, elders, other)
        self.mother[child] = np.where(male, other, elders)
        self.unit[elders] = heads
        self.unit[spouse[spouse >= 0]] = heads[spouse >= 0]
        self.relation[elders] = Relation.PARENT
        self.relation[spouse[spouse >= 0]] = Relation.PARENT
        self.placed[elders] = True

    def flat_shares(self) -> None:
        rows = self.free((self.age >= 18) & (self.age < 45))
        mates = self.rng.permutation(rows)[: self.flatmates]
        if self.flats and len(mates) >= 2:
            heads = mates[: min(self.flats, len(mates) // 2)]
            others = mates[len(heads) :]
            self.unit[others] = heads[np.arange(len(others)) % len(heads)]
            self.relation[others] = Relation.OTHER

    def unknown_spouses(self) -> None:
        """Of the many who live without a partner some have one elsewhere."""
        alone = np.flatnonzero((self.spouse == NO_LINK) & (self.age >= 25) & (self.age < 65))
        self.spouse[alone[self.rng.random(len(alone)) < 0.06]] = UNKNOWN_LINK

    def siblings(self) -> None:
        """Some who have nobody else live with a brother or sister and that one's family."""
        rows = self.rng.permutation(self.free((self.age >= 25) & (self.age < 75)))
        rows = rows[np.bincount(self.unit, minlength=len(self.unit))[rows] == 1]  # not those who share a flat
        number = round(self.share("sibling_at_home") * len(self.husband))
        rows = rows[:number]
        heads = self.rng.permutation(self.husband[self.unit[self.husband] == self.husband])
        got = to_parents(self.age[rows], self.age[heads[: 20 * len(rows)]], 1, 1, self.rng)
        rows, heads = rows[got >= 0], heads[got[got >= 0]]
        self.unit[rows] = heads
        self.relation[rows] = Relation.SIBLING
        self.placed[rows] = True


def form_families(age: Array, sex: Array, targets: Targets, figures: Figures, rng: Rng) -> Families:
    """Households for these persons (age in years, sex 0 male, 1 female)."""
    b = _Builder(age, sex, targets, figures, rng)
    b.collective_quarters()
    b.counts()
    b.marry()
    b.choose_singles()
    b.raise_children()
    b.grown_children()
    b.grandparents()
    b.flat_shares()
    b.unknown_spouses()
    b.siblings()
    return Families(age, sex, b.unit, b.relation, b.collective, b.father, b.mother, b.spouse, b.alone_with)
