"""Ties between people of different households and parts: who points at whom, and who must come along.

Rows are counted over the whole snapshot, as the link columns do. A part is computed together with its
*guests*: households of other parts that its people are tied to, as far as the rules look.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zhida.population.store import Part, Snapshot
from zhida.rules.kernel.web import NOBODY, SOMEBODY, Shape, Used, Web, by_person, followers

Array = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Back:
    """By link, (whom, who) of people of other households, ascending by whom, over the whole snapshot."""

    pairs: Mapping[str, tuple[Array, Array]]

    @classmethod
    def of(cls, snapshot: Snapshot, links: Iterable[str]) -> Back:
        found = {}
        for link in links:
            whom, who = [], []
            for part in snapshot.parts():
                target = part.persons[f"link_{link}"]
                first = part.info.first_person
                home = part.persons["household"]
                inside = (target >= first) & (target < first + len(target))
                near = np.where(inside, target - first, 0)
                apart = (target >= 0) & ~(inside & (home[near] == home))
                at = np.flatnonzero(apart)
                whom.append(target[at])
                who.append(at + first)
            pair = np.concatenate(whom), np.concatenate(who)
            order = np.argsort(pair[0], kind="stable")
            found[link] = pair[0][order], pair[1][order]
        return cls(found)


@dataclass(frozen=True, slots=True)
class Guests:
    """Households of other parts by part, ascending rows there; their people by row of the snapshot."""

    households: Mapping[int, Array]
    persons: Array


NO_GUESTS = Guests({}, np.zeros(0, np.int64))


def shape_of(part: Part) -> Shape:
    return Shape(part.households["first_person"], part.households["size"], part.persons["household"])


def guests_of(snapshot: Snapshot, part: Part, used: Used, back: Back) -> Guests:
    """Whom people of the part are tied to elsewhere, ``used.reach`` households far."""
    first, last = part.info.first_person, part.info.first_person + part.info.rows("persons")
    targets = [part.persons[f"link_{link}"] for link in used.links]
    targets += [_followers_of(back.pairs[link], first, last)[1] for link in used.back]
    households: dict[int, Array] = {}
    rows = np.zeros(0, np.int64)
    for far in range(used.reach):
        if far:
            targets = [target for _, target in _pointed_at(snapshot, part, rows, used.links)]
            targets += [followers(back.pairs[link], rows)[1] for link in used.back]
        elsewhere = [t[(t >= 0) & ((t < first) | (t >= last))] for t in targets]
        at = np.unique(np.concatenate(elsewhere)) if elsewhere else rows
        fresh: list[Array] = []
        for index, local in _by_part(snapshot, at):
            other = snapshot.part(index)
            homes = np.unique(other.persons["household"][local])
            new = np.setdiff1d(homes, households.get(index, homes[:0]), assume_unique=True)
            if len(new):
                households[index] = np.union1d(households.get(index, new), new)
                fresh.append(shape_of(other).persons(new) + other.info.first_person)
        if not fresh:
            break
        rows = np.concatenate(fresh)
    if not households:
        return NO_GUESTS
    chosen = {index: households[index] for index in sorted(households)}
    people = [
        shape_of(snapshot.part(index)).persons(homes) + snapshot.infos[index].first_person
        for index, homes in chosen.items()
    ]
    return Guests(chosen, np.concatenate(people))


def _followers_of(pairs: tuple[Array, Array], first: int, last: int) -> tuple[Array, Array]:
    """(whom, who) for everybody who points at a row from ``first`` to before ``last``."""
    whom, who = pairs
    lo, hi = np.searchsorted(whom, (first, last))
    return whom[lo:hi], who[lo:hi]


def _by_part(snapshot: Snapshot, rows: Array) -> Iterable[tuple[int, Array]]:
    """(part, rows in it) of ascending rows of the snapshot."""
    starts = np.array([info.first_person for info in snapshot.infos])
    of = np.searchsorted(starts, rows, "right") - 1
    for index in np.unique(of):
        yield int(index), rows[of == index] - starts[index]


def _pointed_at(
    snapshot: Snapshot, part: Part, rows: Array, links: Iterable[str]
) -> Iterable[tuple[str, Array]]:
    for index, local in _by_part(snapshot, rows):
        other = part if index == part.info.index else snapshot.part(index)
        for link in links:
            yield link, other.persons[f"link_{link}"][local]


def web_of(snapshot: Snapshot, part: Part, used: Used, back: Back, guests: Guests) -> Web:
    """Ties of a part and its guests, as rows of the table that holds both."""
    first, count = part.info.first_person, part.info.rows("persons")
    people = count + len(guests.persons)

    def local(target: Array) -> Array:
        own = (target >= first) & (target < first + count)
        found = np.where(own, target - first, np.minimum(target, NOBODY))
        far = np.flatnonzero((target >= 0) & ~own)
        at = np.searchsorted(guests.persons, target[far])
        there = at < len(guests.persons)
        there[there] = guests.persons[at[there]] == target[far][there]
        found[far] = np.where(there, at + count, SOMEBODY)
        return found.astype(np.int32)

    links: dict[str, list[Array]] = {link: [part.persons[f"link_{link}"]] for link in used.links}
    for link, target in _pointed_at(snapshot, part, guests.persons, used.links):
        links[link].append(target)
    pairs = {}
    for link in used.back:
        whom, who = _followers_of(back.pairs[link], first, first + count)
        guest, more = followers(back.pairs[link], guests.persons)
        at, here = np.concatenate([whom - first, guest + count]), local(np.concatenate([who, more]))
        pairs[link] = by_person(at[here >= 0], here[here >= 0], people)
    return Web({link: local(np.concatenate(found)) for link, found in links.items()}, pairs)
