"""Runs a sieve over a table: what others are asked for first, for everybody, then block by block."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any

import numpy as np

from zhida.rules.formulas.ir import YES
from zhida.rules.kernel.block import Array, Chosen, Local, Room, everyone
from zhida.rules.kernel.emit import SieveSource
from zhida.rules.kernel.plan import Stage
from zhida.rules.kernel.web import Used, Web

if TYPE_CHECKING:
    from zhida.rules.kernel.run import Table

SIEVE = 32_768
"""Groups that are looked at in one go."""

Rooms = Callable[[], AbstractContextManager[Room]]
ForEach = Callable[[Callable[[Any], Any], Iterable[Any]], Iterable[Any]]
"""``map``, perhaps in threads."""
Step = tuple[Stage, tuple[str, ...], Any]


@dataclass(frozen=True, slots=True)
class Sieve:
    """Compiled steps by phase, the last one that which tells groups apart. ``counts``: scratch rows."""

    early: tuple[tuple[Step, ...], ...]
    last: tuple[Step, ...]
    flag: int
    counts: Mapping[str, int]
    units: Mapping[str, str]

    @classmethod
    def of(
        cls, source: SieveSource, module: object, counts: Mapping[str, int], units: Mapping[str, str]
    ) -> Sieve:
        steps = [
            (stage, args, getattr(module, f"{source.prefix}_{i}"))
            for i, (stage, args) in enumerate(source.stages)
        ]
        phases = [tuple(some) for _, some in groupby(steps, key=lambda step: step[0].phase)]
        return cls(tuple(phases[:-1]), phases[-1], source.flag, counts, units)

    def ahead(
        self, table: Table, used: Used, fixed: Mapping[str, Array], rooms: Rooms, for_each: ForEach
    ) -> Mapping[str, Array]:
        """``fixed`` with ties, and with what is asked of everybody; whoever follows a tie asks for values
        that are all there already."""
        found = {**fixed, **self._wide(table), **_ties(table, used)}
        spans = list(_steps((0, len(table.size))))

        def work(steps: tuple[Step, ...], span: tuple[int, int]) -> None:
            with rooms() as room:
                self._run(steps, everyone(table, *span), found, room)

        for steps in self.early:
            list(for_each(lambda span, steps=steps: work(steps, span), spans))  # type: ignore[misc]
        return found

    def through(self, span: tuple[int, int], table: Table, fixed: Mapping[str, Array], room: Room) -> Array:
        """The groups of a block that are let through; ``fixed`` as from :meth:`ahead`."""
        found = []
        for lo, hi in _steps(span):
            chosen = everyone(table, lo, hi)
            scratch = self._run(self.last, chosen, fixed, room)
            flags = scratch[f"FG{self.flag}"][: len(chosen.size)]
            found.append(np.flatnonzero((flags & YES).view(np.bool_)) + lo)
        return np.concatenate(found)

    def _run(
        self, steps: tuple[Step, ...], chosen: Chosen, fixed: Mapping[str, Array], room: Room
    ) -> Mapping[str, Array]:
        scratch, _ = room.of(chosen)
        arrays = Local(fixed, chosen, scratch, self.units)
        for stage, args, work in steps:
            work(*chosen.head(stage.unit), *[arrays[a] for a in args])
        return scratch

    def _wide(self, table: Table) -> dict[str, Array]:
        persons, groups = len(table.group_of), len(table.size)
        return {
            f"{name}{i}": np.empty(
                persons if name[2] == "P" else groups, np.int64 if name[1] == "S" else np.uint8
            )
            for name, count in self.counts.items()
            if name[0] == "W"
            for i in range(count)
        }


def _steps(span: tuple[int, int]) -> Iterator[tuple[int, int]]:
    for g in range(*span, SIEVE):
        yield g, min(g + SIEVE, span[1])


def _ties(table: Table, used: Used) -> dict[str, Array]:
    """Of everybody, by name."""
    web = table.web or Web({}, {})
    named = {"group_of": table.group_of}
    for link in used.links if web.links else ():
        named[f"link_{link}"] = web.links[link]
    for link in used.back if web.links else ():
        named[f"back_first_{link}"], named[f"back_who_{link}"] = web.followers[link]
    none = np.zeros(len(table.group_of) if used.kin else 0, np.uint8)
    for kin in used.kin:
        closed = web.closed.get(kin)
        named[f"kin_closed_{kin}"] = none if closed is None else closed.view(np.uint8)
    return named
