"""Small tools for drawing: exact numbers by weight, steps over age, matching of children to parents."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.int64]
Array = NDArray[Any]
Rng = np.random.Generator


def by_weight(rows: Rows, weight: Array, number: int, rng: Rng) -> Rows:
    """``number`` different rows, the likelier the heavier; fewer where fewer weigh anything."""
    able = weight > 0
    rows, weight = rows[able], weight[able]
    if number >= len(rows):
        return rows
    if number <= 0:
        return rows[:0]
    keys = rng.standard_exponential(len(rows)) / weight
    return np.sort(rows[np.argpartition(keys, number)[:number]])


def by_chance(rows: Rows, chance: Array, number: int, rng: Rng) -> Rows:
    """``number`` different rows with about these chances, their odds scaled so that the number is met
    (Pareto sampling)."""
    number = min(number, len(rows))
    if number <= 0:
        return rows[:0]
    odds = chance / (1 - chance)
    low, high = -12.0, 12.0
    for _ in range(30):
        middle = (low + high) / 2
        scaled = odds * np.exp(middle)
        if (scaled / (1 + scaled)).sum() < number:
            low = middle
        else:
            high = middle
    uniform = rng.random(len(rows))
    keys = uniform / (1 - uniform) / (odds * np.exp(low))
    if number == len(rows):
        return rows
    return np.sort(rows[np.argpartition(keys, number)[:number]])


def to_parents(
    want: Array, parent_age: Array, per_parent: float, most: int, rng: Rng, upward: bool = True
) -> Rows:
    """For each child the row of a parent of about the age it wants, or -1 where none is left.

    ``per_parent`` children go to a parent on average where there are parents enough, ``most`` at
    most. Who finds no parent of the age tries the next, ``upward`` in age or downward.
    """
    found = np.full(len(want), -1, dtype=np.int64)
    if not len(parent_age) or not len(want):
        return found
    want = np.clip(want.astype(np.int64), int(parent_age.min()), int(parent_age.max()))
    children = rng.permutation(len(want))
    children = children[np.argsort(want[children], kind="stable")]
    parents = rng.permutation(len(parent_age))
    parents = parents[np.argsort(parent_age[parents], kind="stable")]
    low, high = int(parent_age.min()), int(parent_age.max())
    child_edges = np.searchsorted(want[children], np.arange(low, high + 2))
    parent_edges = np.searchsorted(parent_age[parents], np.arange(low, high + 2))
    waiting = children[:0]
    ages = range(high - low + 1) if upward else range(high - low, -1, -1)
    for age in ages:
        mine = children[child_edges[age] : child_edges[age + 1]]
        waiting = np.concatenate([waiting, mine]) if len(waiting) else mine
        here = parents[parent_edges[age] : parent_edges[age + 1]]
        if not len(here) or not len(waiting):
            continue
        taken = min(len(waiting), most * len(here))
        used = min(len(here), max(-(-taken // most), int(np.ceil(taken / per_parent))))
        found[waiting[:taken]] = here[np.arange(taken) % used]
        waiting = waiting[taken:]
    return found
