"""What a reform would change over the whole population: who gains, who loses, what it costs.

A :class:`Simulator` holds what stays the same. A reform of parameters compiles nothing, runs only what
hangs on the parameters that differ, and only over whom they could concern.

Both sides are the rules as far as registers tell: who receives a benefit is counted while the answer
can be yes, who does not while it is yes. What was awarded counts as held on both sides, so what follows
from awards that would end is not followed further.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self, TypeVar

from zhida.population.store import Part, PartInfo, Snapshot
from zhida.population.tables import map_places
from zhida.rules.declarations import Pack
from zhida.rules.kernel.run import Kernel, Parameters
from zhida.rules.reforms.reform import Reform, apply
from zhida.scan.comparison import Comparison, Simulation
from zhida.scan.interest import Concerned, Holdings, Reach, holdings, narrowed, of_part, ranges
from zhida.scan.loaded import Loaded, leaves, restricted
from zhida.scan.where import Where

Progress = Callable[[int, int], None]
T = TypeVar("T")
Found = dict[str, Holdings]


def simulate(
    snapshot: Snapshot | Path | str,
    pack: Pack,
    reform: Reform,
    month: int | None = None,
    threads: int = 2,
    progress: Progress | None = None,
    *,
    compiled: bool = True,
) -> Simulation:
    """One reform over a snapshot, streamed; for several keep a :class:`Simulator`. Raises SnapshotError,
    PackError."""
    began = time.perf_counter()
    loaded = Loaded.open(snapshot, pack, month, compiled=compiled)
    where = loaded.once(Where.of)
    change = Change.of(loaded, reform, compiled)

    def both(part: Part) -> tuple[Found, Found]:
        people = of_part(loaded, where, part, None)
        old = holdings(loaded, loaded.kernel, loaded.parameters, people)
        return old, change.over(part, where, people)

    sides = Comparison.of(standing(loaded), change.affected, where.counties)
    for old, new in over_parts(loaded.snapshot, both, threads, progress):
        sides.add(old, new)
    return sides.finished(loaded, change.loaded.pack, change.names, True, began)


def standing(loaded: Loaded) -> tuple[str, ...]:
    """Benefits that monthly lists hold."""
    return tuple(b for b in loaded.benefits if loaded.pack.benefits[b].kind == "standing")


def over_parts(
    snapshot: Snapshot, work: Callable[[Part], T], threads: int, progress: Progress | None = None
) -> Iterator[T]:
    """Work on all parts, a few side by side, in order."""

    def one(info: PartInfo) -> T:
        return work(snapshot.part(info.index))

    done, step = 0, max(1, threads)
    with ThreadPoolExecutor(step) as pool:
        for start in range(0, len(snapshot.infos), step):
            few = snapshot.infos[start : start + step]
            yield from pool.map(one, few)
            done += sum(info.rows("persons") for info in few)
            if progress is not None:
                progress(done, snapshot.counts["persons"])


@dataclass(frozen=True, slots=True)
class Change:
    """A reform made ready: what to run, with which values, and which benefits it can touch. ``names``: ids of
    the parameters that differ in the month; ``rules``: other formulas, so all is other code."""

    loaded: Loaded
    kernel: Kernel
    parameters: Parameters
    affected: tuple[str, ...]
    names: tuple[str, ...]
    rules: bool

    @classmethod
    def of(cls, loaded: Loaded, reform: Reform, compiled: bool = True) -> Change:
        """Raises PackError where the reform does not fit the pack."""
        if reform.changes_formulas:
            other = Loaded.open(loaded.snapshot, loaded.pack, loaded.month, reform, compiled=compiled)
            return cls(other, other.kernel, other.parameters, standing(other), (), True)
        pack = apply(loaded.pack, reform)
        places = map_places(loaded.snapshot, pack, loaded.month)
        base = loaded.parameters
        if places.places.codes != loaded.places.places.codes:
            # only the reform tells some places apart: both sides are looked up at the finer ones
            base = loaded.kernel.parameters(places.places, loaded.month)
        new = loaded.kernel.parameters(places.places, loaded.month, pack)
        differ = (base.lo != new.lo).any(axis=1) | (base.hi != new.hi).any(axis=1)
        changed = {key for key, slot in loaded.kernel.source.parameters.items() if differ[slot]}
        affected = []
        for b in standing(loaded):
            named = leaves(loaded.program.outputs(b), "param")
            if any((str(n.data[0]), int(str(n.data[1]))) in changed for n in named):
                affected.append(b)
        placed = replace(loaded, pack=pack, places=places, parameters=base)
        names = tuple(sorted({name for name, _ in changed}))
        return cls(placed, restricted(loaded.kernel, affected), new, tuple(affected), names, False)

    def over(self, part: Part, where: Where, people: Concerned | None = None) -> Found:
        """Everybody in a part. ``people``: the part as it was before the reform, if that is at hand."""
        if not self.affected:
            return {}
        if people is None or self.rules:
            people = of_part(self.loaded, where, part, None)
        return holdings(self.loaded, self.kernel, self.parameters, self.moved(people))

    def moved(self, people: Concerned) -> Concerned:
        """The same people at the places that the reform tells apart."""
        if self.rules:
            return people
        assert people.table.divisions is not None
        of_group, of_person = map(self.loaded.places.rows, people.table.divisions)
        placed = replace(people.table, place_group=of_group, place_person=of_person)
        return replace(people, table=placed)


class Simulator:
    """A snapshot and a pack kept in memory for many reforms: only whom parameters up to a quarter above
    or below their values could concern; for other reforms all are read again."""

    def __init__(
        self, loaded: Loaded, threads: int = 2, progress: Progress | None = None, *, compiled: bool = True
    ) -> None:
        self.loaded, self.threads, self.compiled = loaded, threads, compiled
        self.where = loaded.once(Where.of)
        reach = Reach.of(loaded, compiled=compiled)
        self.parts: list[Concerned] = []
        self.baseline: list[Found] = []

        def prepare(part: Part) -> tuple[Concerned, Found]:
            people = of_part(loaded, self.where, part, reach)
            return people, holdings(loaded, loaded.kernel, loaded.parameters, people)

        for people, found in over_parts(loaded.snapshot, prepare, threads, progress):
            self.parts.append(people)
            self.baseline.append(found)
        self.side = Comparison.of(standing(loaded), (), self.where.counties)
        for found in self.baseline:
            self.side.add(found, {})
        self._few: tuple[tuple[str, ...], list[Concerned]] = ((), [])

    @classmethod
    def open(
        cls,
        snapshot: Snapshot | Path | str,
        pack: Pack,
        month: int | None = None,
        threads: int = 2,
        progress: Progress | None = None,
        *,
        compiled: bool = True,
    ) -> Self:
        """Raises SnapshotError, PackError."""
        loaded = Loaded.open(snapshot, pack, month, compiled=compiled)
        return cls(loaded, threads, progress, compiled=compiled)

    def run(self, reform: Reform) -> Simulation:
        """Raises PackError where the reform does not fit the pack."""
        began = time.perf_counter()
        change = Change.of(self.loaded, reform, self.compiled)
        inside = not change.rules and self._inside(change)
        sides = Comparison.over(self.side, change.affected)
        for old, new in zip(self.baseline, self._found(change, inside), strict=True):
            sides.add_changes(old, new)
        return sides.finished(self.loaded, change.loaded.pack, change.names, not inside, began)

    def both(self, reform: Reform) -> tuple[Change, Iterable[tuple[Found, Found]]]:
        """What is held before and after, part by part, of the benefits that the reform touches (before: of
        all). Raises PackError where the reform does not fit the pack."""
        change = Change.of(self.loaded, reform, self.compiled)
        inside = not change.rules and self._inside(change)
        return change, zip(self.baseline, self._found(change, inside), strict=True)

    def _inside(self, change: Change) -> bool:
        wide = ranges(change.loaded)
        new = change.parameters
        return bool((new.lo >= wide.lo).all() and (new.hi <= wide.hi).all())

    def _found(self, change: Change, inside: bool) -> Iterable[Found]:
        if not change.affected:
            return [{} for _ in self.parts]
        if not inside:
            return over_parts(self.loaded.snapshot, lambda part: change.over(part, self.where), self.threads)
        if self._few[0] != change.affected:
            # one set is kept: the next reform mostly turns the same screw
            few = [narrowed(self.loaded, part, change.affected) for part in self.parts]
            self._few = (change.affected, few)

        def one(people: Concerned) -> Found:
            return holdings(change.loaded, change.kernel, change.parameters, change.moved(people))

        with ThreadPoolExecutor(max(1, self.threads)) as pool:
            return list(pool.map(one, self._few[1]))
