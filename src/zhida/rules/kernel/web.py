"""Who hangs on whom among the people of a table, and households together with those they hang on.

A link is a row of the same table, ``NOBODY`` or ``SOMEBODY`` (there is one, not in here). Kin are lists
of rows, as first and size over one array. All of it is local: when some households are taken out, those
that their people are tied to come along as *visitors*, which are looked at and get no rows of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from zhida.rules.declarations import Pack
from zhida.rules.formulas.ir import MAX_KIN, Node, cone
from zhida.rules.kernel import tying
from zhida.rules.kernel.tying import NOBODY, SOMEBODY

__all__ = [
    "NOBODY",
    "SOMEBODY",
    "Shape",
    "Tied",
    "Used",
    "Web",
    "arrays",
    "by_person",
    "followers",
    "is_open",
    "tied",
]

Array = npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class Web:
    """``links`` by id, a row per person. ``followers`` by link: people of *other* households who point at a
    person, as where each person's begin and who (:func:`by_person`). ``closed`` by kin: of whom it is known,
    whatever registers say, that there are no others."""

    links: Mapping[str, Array]
    followers: Mapping[str, tuple[Array, Array]]
    closed: Mapping[str, Array] = field(default_factory=dict)

    @classmethod
    def of(cls, group_of: Array, links: Mapping[str, Array]) -> Web:
        """Followers found from the links, of people who are all in one table."""
        found = {}
        for name, link in links.items():
            who = np.flatnonzero((link >= 0) & (group_of[np.maximum(link, 0)] != group_of))
            order = np.argsort(link[who], kind="stable")
            found[name] = by_person(link[who][order], who[order], len(group_of))
        return cls(links, found)


@dataclass(frozen=True, slots=True)
class Used:
    """Links and kin that a program follows, and how many households far. ``links``: also those that kin are
    found by; ``back``: links that are followed from their end."""

    gathered: tuple[str, ...] = ()
    kin: tuple[str, ...] = ()
    links: tuple[str, ...] = ()
    back: tuple[str, ...] = ()
    reach: int = 0

    @classmethod
    def of(cls, pack: Pack, roots: Sequence[Node]) -> Used:
        far: dict[int, int] = {}
        gathered: set[str] = set()
        kin: set[str] = set()
        for n in cone(roots):
            far[n.id] = max((far[a.id] for a in n.args), default=0)
            if n.op in ("gather", "kin"):
                far[n.id] += 1
                (gathered if n.op == "gather" else kin).add(str(n.data[0]))
        links = set(gathered)
        back: set[str] = set()
        for name in kin:
            links |= {*pack.kin[name].follows, *pack.kin[name].followed_by}
            back |= set(pack.kin[name].followed_by)
        order = list(pack.links)
        return cls(
            tuple(sorted(gathered, key=order.index)),
            tuple(k for k in pack.kin if k in kin),
            tuple(sorted(links, key=order.index)),
            tuple(sorted(back, key=order.index)),
            max(far.values(), default=0),
        )


@dataclass(frozen=True, slots=True)
class Shape:
    """Households of a table, one after the other: ``first`` person and ``size`` by group, group by person."""

    first: Array
    size: Array
    group_of: Array

    def persons(self, groups: Array) -> Array:
        """Rows of the members of some groups, in their order."""
        size = self.size[groups].astype(np.int64)
        start = np.cumsum(size) - size
        return np.repeat(self.first[groups] - start, size) + np.arange(int(size.sum()))


@dataclass(frozen=True, slots=True)
class Tied:
    """Chosen groups, then their visitors. ``own``: how many groups (``own_persons``: persons) were chosen.
    ``links``, ``kin`` (first, size, rows) and ``followers`` as local rows; of visitors only as far as the
    program reaches."""

    groups: Array
    persons: Array
    own: int
    own_persons: int
    links: Mapping[str, Array] = field(default_factory=dict)
    kin: Mapping[str, tuple[Array, Array, Array]] = field(default_factory=dict)
    followers: Mapping[str, tuple[Array, Array]] = field(default_factory=dict)
    closed: Mapping[str, Array] = field(default_factory=dict)

    def web(self) -> Web:
        """The ties among the people in here, to take households out of it again."""
        return Web(self.links, self.followers, self.closed)


def visitors(
    shape: Shape, web: Web, used: Used, groups: Array, apart: bool = False, state: Array | None = None
) -> Array:
    """Groups that people of ``groups`` are tied to, ascending; with ``apart`` also those in ``groups``.
    ``state`` by group, of zeros, is filled as :mod:`zhida.rules.kernel.tying` says."""
    state = np.zeros(len(shape.size), np.uint8) if state is None else state
    state[groups] = tying.OWN
    found = np.empty(len(shape.size), np.int64)
    fresh, k = groups, 0
    table = shape.first, shape.size, shape.group_of
    for _ in range(used.reach):
        new = k
        for link in used.links:
            k = tying.by_link(fresh, *table, web.links[link], state, apart, found, k)
        for link in used.back:
            k = tying.by_followers(fresh, *table, *web.followers[link], state, apart, found, k)
        fresh = found[new:k]
    return np.sort(found[:k])


def arrays(pack: Pack, used: Used, found: Tied, complete: Array, places: Array) -> dict[str, Array]:
    """What a kernel's stages take of it, by name. ``complete``: by register and place, whether the register
    holds all who belong there; ``places`` by person of the table."""
    named = {f"link_{link}": found.links[link] for link in used.gathered}
    for name in used.kin:
        opened = is_open(pack, name, found.web(), complete, places[found.persons])
        for part, array in zip(("first", "size", "rows"), found.kin[name], strict=True):
            named[f"kin_{part}_{name}"] = array
        named[f"kin_open_{name}"] = opened.astype(np.uint8)
    return named


def is_open(pack: Pack, name: str, web: Web, complete: Array, places: Array) -> Array:
    """By person of a table, whether there may be kin that no tie tells of; ``places`` by person."""
    kin = pack.kin[name]
    opened = np.zeros(len(places), bool)
    for link in kin.follows:
        opened |= web.links[link] == SOMEBODY
    if kin.followed_by and not kin.register:
        opened[:] = True
    elif kin.followed_by:
        opened |= complete[list(pack.registers).index(kin.register)][places] == 0
    return opened & ~web.closed[name] if name in web.closed else opened


def followers(pairs: tuple[Array, Array], rows: Array) -> tuple[Array, Array]:
    """(place in ``rows``, who) for everybody who points at one of them; ``pairs``: (whom, who) ascending."""
    whom, who = pairs
    return _expanded(np.searchsorted(whom, rows, "left"), np.searchsorted(whom, rows, "right"), who)


def _expanded(lo: Array, hi: Array, who: Array) -> tuple[Array, Array]:
    count = hi - lo
    start = np.cumsum(count) - count
    at = np.repeat(lo - start, count) + np.arange(int(count.sum()))
    return np.repeat(np.arange(len(lo)), count), who[at]


def by_person(whom: Array, who: Array, people: int) -> tuple[Array, Array]:
    """(where each person's begin, who), for pairs ascending by whom."""
    start = np.zeros(people + 1, np.int64)
    np.cumsum(np.bincount(whom, minlength=people), out=start[1:])
    return start, who


def tied(pack: Pack, shape: Shape, web: Web, used: Used, groups: Array, apart: bool = False) -> Tied:
    """Some groups with their visitors and all ties among them.

    ``apart``: groups may repeat, and each is a copy of its own: whom it hangs on is a visitor, even where a
    copy of that household is there too.
    """
    state, at = np.zeros(len(shape.size), np.uint8), np.empty(len(shape.size), np.int64)
    groups = groups.astype(np.int64, copy=False)
    whole = np.concatenate([groups, visitors(shape, web, used, groups, apart, state)])
    size = shape.size[whole].astype(np.int64)
    first = np.cumsum(size) - size
    count = int(size.sum())
    persons, home = np.empty(count, np.int64), np.empty(count, np.int64)
    tying.members(whole, shape.first, shape.size, persons, home)
    tying.placed(whole, len(groups) if apart else 0, first, state, at)
    links = {link: np.empty(count, np.int64) for link in used.links}
    for link, local in links.items():
        tying.targets(
            persons, home, whole, shape.first, first, shape.group_of, web.links[link], state, at, local
        )

    def followers_of(link: str, room: Room, fill: bool) -> None:
        of = web.followers[link]
        tying.put_followers(persons, *of, shape.group_of, shape.first, state, at, *room, fill)

    def kin_of(name: str, room: Room, fill: bool) -> None:
        for link in pack.kin[name].follows:
            tying.put_follows(links[link], *room, fill)
        for link in pack.kin[name].followed_by:
            tying.put_pointing(links[link], home, *room, fill)
            followers_of(link, room, fill)

    kin = {name: _listed(partial(kin_of, name), count) for name in used.kin}
    for found in kin.values():
        if count and int(found[1].max()) > MAX_KIN:
            raise ValueError(
                f"a person with {int(found[1].max())} kin of one sort; at most {MAX_KIN} can be computed"
            )
    back = {}
    for link in used.back if apart else ():
        start, _, who = _listed(partial(followers_of, link), count)
        back[link] = np.append(start, len(who)), who
    closed = {name: known[persons] for name, known in web.closed.items()}
    own = int(size[: len(groups)].sum())
    return Tied(whole, persons, len(groups), own, links, kin, back, closed)


Room = tuple[Array, Array]
"""Where each person's next one is put, and who is put there."""


def _listed(put: Callable[[Room, bool], None], count: int) -> tuple[Array, Array, Array]:
    """First, size and rows by person of what ``put`` puts: each once, in ascending order."""
    size = np.zeros(count, np.int64)
    put((size, size), False)
    first = np.cumsum(size) - size
    rows = np.empty(int(size.sum()), np.int64)
    put((first.copy(), rows), True)
    return first, size, rows[: tying.tidied(first, size, rows)]
