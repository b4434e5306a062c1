"""The loops of :mod:`zhida.rules.kernel.web`, compiled once for all packs: they run beside other threads.

Groups and persons are rows of a table; ``local`` rows count within what is taken out of it. ``state`` by
group of the table: ``OWN`` was chosen, ``GUEST`` is a visitor, ``MAPPED`` has its first local person in
``at``. A group that was chosen twice has two copies there.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba as nb
import numpy as np

OWN, GUEST, MAPPED = 1, 2, 4
NOBODY, SOMEBODY = -1, -2

_compile: Callable[[Any], Any] = nb.njit(cache=True, nogil=True)


@_compile
def by_link(groups, first, size, group_of, link, state, apart, found, k):  # type: ignore[no-untyped-def]
    """Adds to ``found``, of which ``k`` are told, the groups that members of ``groups`` point at."""
    for g in groups:
        for m in range(first[g], first[g] + size[g]):
            if link[m] >= 0:
                other = group_of[link[m]]
                if other != g and (state[other] & GUEST) == 0 and (apart or (state[other] & OWN) == 0):
                    state[other] |= GUEST
                    found[k] = other
                    k += 1
    return k


@_compile
def by_followers(groups, first, size, group_of, start, who, state, apart, found, k):  # type: ignore[no-untyped-def]
    """The same for groups from which somebody points at members of ``groups``."""
    for g in groups:
        for i in range(start[first[g]], start[first[g] + size[g]]):
            other = group_of[who[i]]
            if (state[other] & GUEST) == 0 and (apart or (state[other] & OWN) == 0):
                state[other] |= GUEST
                found[k] = other
                k += 1
    return k


@_compile
def members(groups, first, size, persons, home):  # type: ignore[no-untyped-def]
    """Rows of the members of ``groups``, in their order, and the place in ``groups`` of each."""
    k = 0
    for i in range(len(groups)):
        for m in range(size[groups[i]]):
            persons[k] = first[groups[i]] + m
            home[k] = i
            k += 1


@_compile
def placed(groups, since, first_local, state, at):  # type: ignore[no-untyped-def]
    """Maps ``groups[since:]`` to where they are, locally."""
    for i in range(since, len(groups)):
        state[groups[i]] |= MAPPED
        at[groups[i]] = first_local[i]


@_compile
def targets(persons, home, groups, first, first_local, group_of, link, state, at, out):  # type: ignore[no-untyped-def]
    """A link as local rows: within a household to the same copy, else to where the other one is mapped."""
    for i in range(len(persons)):
        target: Any = np.int64(link[persons[i]])
        if target >= 0:
            g, own = group_of[target], groups[home[i]]
            if g == own:
                target += first_local[home[i]] - first[g]
            elif state[g] & MAPPED:
                target += at[g] - first[g]
            else:
                target = SOMEBODY
        out[i] = target


@_compile
def put_follows(link, at, rows, fill):  # type: ignore[no-untyped-def]
    """Whom a local link points at, as kin of whoever points. ``at`` by person: how many, or where the next
    one is put."""
    for q in range(len(link)):
        if link[q] >= 0 and link[q] != q:
            if fill:
                rows[at[q]] = link[q]
            at[q] += 1


@_compile
def put_pointing(link, home, at, rows, fill):  # type: ignore[no-untyped-def]
    """Who points at somebody of the same household, as kin of whom they point at."""
    for m in range(len(link)):
        q = link[m]
        if q >= 0 and q != m and home[q] == home[m]:
            if fill:
                rows[at[q]] = m
            at[q] += 1


@_compile
def put_followers(persons, start, who, group_of, first, state, place, at, rows, fill):  # type: ignore[no-untyped-def]
    """Who points at somebody from another household that is mapped to a ``place``."""
    for q in range(len(persons)):
        for i in range(start[persons[q]], start[persons[q] + 1]):
            g = group_of[who[i]]
            if state[g] & MAPPED:
                if fill:
                    rows[at[q]] = place[g] + who[i] - first[g]
                at[q] += 1


@_compile
def tidied(first, size, rows):  # type: ignore[no-untyped-def]
    """Each list in ascending order and nobody in it twice, moved together; returns how many in all."""
    k = np.int64(0)
    for q in range(len(first)):
        lo, hi = first[q], first[q] + size[q]
        for i in range(lo + 1, hi):
            one, j = rows[i], i
            while j > lo and rows[j - 1] > one:
                rows[j] = rows[j - 1]
                j -= 1
            rows[j] = one
        first[q] = k
        for i in range(lo, hi):
            one = rows[i]
            if k == first[q] or rows[k - 1] != one:
                rows[k] = one
                k += 1
        size[q] = k - first[q]
    return k
