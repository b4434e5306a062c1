"""A reform over a whole snapshot in one pass: two sides, what it does to people, the cliffs of both."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from zhida.population.store import Part, Snapshot
from zhida.rules.declarations import Pack
from zhida.rules.reforms.reform import Reform
from zhida.scan.cliffs import Cliffs, Search
from zhida.scan.comparison import Comparison, Simulation
from zhida.scan.effects import Effects, Ground, of_part
from zhida.scan.interest import Holdings, holdings
from zhida.scan.interest import of_part as people_of
from zhida.scan.loaded import Loaded
from zhida.scan.simulate import Change, over_parts, standing
from zhida.scan.where import Where

Progress = Callable[[int, int], None]
Found = dict[str, Holdings]
Side = tuple[Cliffs | None, Cliffs | None]


@dataclass(frozen=True, slots=True)
class Reformed:
    """``cliffs``: before and after; None where they were not asked for, or no income can be raised.
    ``moved``: households that the reform puts at a cliff, and those that it takes away from one."""

    simulation: Simulation
    ground: Ground
    effects: Effects
    cliffs: Side
    moved: tuple[int, int]


def run_reform(
    snapshot: Snapshot | Path | str,
    pack: Pack,
    reform: Reform,
    month: int | None = None,
    threads: int = 2,
    progress: Progress | None = None,
    *,
    step: int | None = None,
    compiled: bool = True,
    loaded: Loaded | None = None,
) -> Reformed:
    """``step``: also look for cliffs, with this many fen a month more. ``loaded``: of the same snapshot, pack
    and month, where it is at hand. Raises SnapshotError, PackError."""
    began = time.perf_counter()
    if loaded is None:
        loaded = Loaded.open(snapshot, pack, month, compiled=compiled)
    base, where = loaded, Where.of(loaded)
    change = Change.of(base, reform, compiled)
    ground = Ground.of(base, where, standing(base))
    searches = _searches(base, change, where, step)

    def one(part: Part) -> tuple[Found, Found, Effects, Side]:
        people = people_of(base, where, part, None)
        old = holdings(base, base.kernel, base.parameters, people)
        new = change.over(part, where, people)
        before, after = (None if s is None else s.over(part) for s in searches)
        return old, new, of_part(ground, part, old, new), (before, after)

    sides = Comparison.of(ground.benefits, change.affected, where.counties)
    effects, cliffs = Effects.empty(ground), _Sum(searches)
    for old, new, mine, theirs in over_parts(base.snapshot, one, threads, progress):
        sides.add(old, new)
        effects.add(mine)
        cliffs.add(theirs)
    simulation = sides.finished(base, change.loaded.pack, change.names, True, began)
    return Reformed(simulation, ground, effects, cliffs.sums, cliffs.moved)


def _searches(
    loaded: Loaded, change: Change, where: Where, step: int | None
) -> tuple[Search | None, Search | None]:
    if step is None:
        return None, None
    if change.rules:
        return Search.of(loaded, where, step), Search.of(change.loaded, where, step)
    # a reform of values is run by the same kernel, at the places that the reform tells apart
    return Search.of(loaded, where, step), Search.of(change.loaded, where, step, change.parameters)


class _Sum:
    """Cliffs of both sides over all parts."""

    def __init__(self, searches: tuple[Search | None, Search | None]) -> None:
        before, after = (
            None if s is None else Cliffs.empty(s.field.id, s.step, s.benefits, s.where.counties)
            for s in searches
        )
        self.sums: Side = (before, after)
        self.moved = (0, 0)

    def add(self, found: Side) -> None:
        for mine, theirs in zip(self.sums, found, strict=True):
            if mine is not None and theirs is not None:
                mine.add(theirs)
        before, after = found
        if before is not None and after is not None:
            created = len(np.setdiff1d(after.rows, before.rows))
            removed = len(np.setdiff1d(before.rows, after.rows))
            self.moved = (self.moved[0] + created, self.moved[1] + removed)
