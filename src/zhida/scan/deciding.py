"""Which fact would decide: unknown cells are given values and the same kernel is asked again.

A fact is a field (of all members of the household whose value is not known) or a parameter without a
known value. It decides alone where some value of it makes the answer one of yes, no or not applicable,
whatever all the rest may be. Values tried: both ends of what it may be, what an empty register means, and
each choice; rules are made of comparisons, so an answer that changes does so between these.
Where nothing decides alone, everything unknown is settled and then let go again, the dearest first,
as long as the answer stays settled: a small set, not always the smallest.

All trials of a part run at once, over a table in which a household stands once for each of its trials.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zhida.rules.declarations import Kind
from zhida.rules.ir import PERSON
from zhida.rules.kernel.run import Table
from zhida.scan.loaded import Loaded, leaves, restricted, unsettled
from zhida.scan.trial import HIGH, LOW, Trial, Value, with_trial_places

Array = NDArray[Any]

MOST_COPIES = 400_000
"""Households in one table of trials."""


@dataclass(frozen=True, slots=True)
class Decided:
    """For each row asked: index into ``sets`` and whether that set is a single fact that decides alone."""

    sets: tuple[tuple[str, ...], ...]
    index: Array
    alone: Array


class Finder:
    """What can be asked for each benefit; made once for a scan. Thread-safe."""

    def __init__(self, loaded: Loaded) -> None:
        self.loaded = loaded
        program, kernel = loaded.program, loaded.kernel
        unknown = {
            name for (name, _), slot in kernel.source.parameters.items()
            if (loaded.parameters.lo[slot] < loaded.parameters.hi[slot]).any()
        }  # fmt: skip
        self.fields: dict[str, tuple[str, ...]] = {}
        self.gaps: dict[str, tuple[str, ...]] = {}
        self.unwritten: dict[str, tuple[str, ...]] = {}
        for b in loaded.benefits:
            answer = [program.benefits[b].presumed.answer]
            self.fields[b] = tuple(unsettled(program, kernel.form, b))
            named = {str(leaf.data[0]) for leaf in leaves(answer, "param")}
            self.gaps[b] = tuple(p for p in loaded.pack.parameters if p in named & unknown)
            inputs = {str(leaf.data[0]) for leaf in leaves(answer, "input")}
            self.unwritten[b] = tuple(sorted(i.removeprefix("?") for i in inputs if i.startswith("?")))
        able = [b for b in loaded.benefits if self.fields[b] or self.gaps[b]]
        self.kernel = restricted(kernel, able)
        order = list(loaded.pack.fields)
        fields = {f for b in able for f in self.fields[b]}
        gaps = {p for b in able for p in self.gaps[b]}
        self.facts = (
            *sorted(fields, key=lambda f: (loaded.pack.fields[f].cost, order.index(f))),
            *sorted(gaps),
        )
        """Fields by cost, then parameters, which nobody can look up."""
        self.places = with_trial_places(loaded, sorted(gaps))

    def decide(self, table: Table, asked: Mapping[str, Array]) -> dict[str, Decided]:
        """``asked``: unit rows of the table by benefit, ascending; all with an answer that is not settled."""
        asked = {b: rows for b, rows in asked.items() if len(rows)}
        if not asked:
            return {}
        is_person = {b: self.loaded.pack.benefits[b].unit == PERSON for b in asked}
        groups = {b: table.group_of[rows] if is_person[b] else rows for b, rows in asked.items()}
        trial = Trial(self.loaded, self.kernel, self.places, table, np.unique(np.concatenate([*groups.values()])))
        waiting = {
            b: Asked(b, trial.units(rows, is_person[b]), trial.at(groups[b]), is_person[b])
            for b, rows in asked.items()
        }
        self._alone(trial, list(waiting.values()))
        for one in waiting.values():
            if not one.done.all():
                self._several(trial, one)
        return {b: one.as_decided() for b, one in waiting.items()}

    def _alone(self, trial: Trial, waiting: Sequence[Asked]) -> None:
        """Each unknown fact of each household, one value at a time; the cheapest that settles is kept."""
        pairs = [(f, v) for f in self.facts for v in self.values(f)]
        chosen = [trial.unknown_in(f) for f, _ in pairs]
        start = 0
        while start < len(pairs):
            end, copies = start, 0
            while end < len(pairs) and (copies == 0 or copies + len(chosen[end]) <= MOST_COPIES):
                copies += len(chosen[end])
                end += 1
            if copies:
                self._try(trial, waiting, pairs[start:end], chosen[start:end])
            start = end

    def _try(
        self, trial: Trial, waiting: Sequence[Asked], pairs: Sequence[tuple[str, Value]], chosen: Sequence[Array]
    ) -> None:
        sizes = [len(c) for c in chosen]
        which = np.repeat(np.arange(len(pairs)), sizes)
        copies = trial.copies(np.concatenate(chosen))
        for k, (fact, value) in enumerate(pairs):
            if sizes[k]:
                copies.force(fact, value, which == k)
        rows = copies.run()
        starts = np.cumsum([0, *sizes])
        for one in waiting:
            mine = {*self.fields[one.benefit], *self.gaps[one.benefit]}
            for k, (fact, _) in enumerate(pairs):
                if sizes[k] == 0 or fact not in mine or one.done.all():
                    continue
                at = np.searchsorted(chosen[k], one.groups)
                there = (at < sizes[k]) & ~one.done
                there[there] = chosen[k][at[there]] == one.groups[there]
                if there.any():
                    units = one.copied(trial, copies, starts[k] + at[there], there)
                    settled = np.zeros(len(there), bool)
                    settled[there] = copies.settled(rows[one.benefit], units)
                    one.take((fact,), settled, alone=True)

    def values(self, fact: str) -> tuple[Value, ...]:
        """What is tried for a fact."""
        field = self.loaded.pack.fields.get(fact)
        if field is None:
            return (LOW, HIGH)
        if field.kind is Kind.BOOL:
            return (0, 1)
        if field.kind is Kind.ENUM:
            return tuple(range(len(self.loaded.pack.enums[field.enum].choices)))
        if field.empty is None or field.empty in (field.minimum, field.maximum):
            return (LOW, HIGH)
        return (field.empty, LOW, HIGH)

    def _several(self, trial: Trial, one: Asked) -> None:
        """For rows that no single fact decides: settle all, then let the dearest go again."""
        facts = (*self.fields[one.benefit], *self.gaps[one.benefit])
        for end in (HIGH, LOW):
            rows = np.flatnonzero(~one.done)
            if len(rows) == 0:
                return
            known = np.zeros((len(facts), len(rows)), bool)
            for k, fact in enumerate(facts):
                known[k] = np.isin(one.groups[rows], trial.unknown_in(fact))
            settled = self._settled(trial, one, rows, facts, known, end)
            rows, known = rows[settled], known[:, settled]
            for k in range(len(facts) - 1, -1, -1):
                if known[k].any():
                    fewer = known.copy()
                    fewer[k] = False
                    known[k] &= ~self._settled(trial, one, rows, facts, fewer, end)
            for pattern in np.unique(known.T, axis=0):
                mask = np.zeros(len(one.units), bool)
                mask[rows[(known.T == pattern).all(axis=1)]] = True
                one.take(tuple(f for f, used in zip(facts, pattern, strict=True) if used), mask, alone=False)
        missing = self.unwritten[one.benefit]
        one.take(missing or facts, ~one.done, alone=False)

    def _settled(
        self, trial: Trial, one: Asked, rows: Array, facts: Sequence[str], known: Array, end: str
    ) -> Array:
        """Which rows are settled where each knows its own facts."""
        copies = trial.copies(one.groups[rows])
        for k, fact in enumerate(facts):
            if known[k].any():
                copies.force(fact, self._end(fact, end), known[k])
        mask = np.zeros(len(one.units), bool)
        mask[rows] = True
        return copies.settled(copies.run()[one.benefit], one.copied(trial, copies, np.arange(len(rows)), mask))

    def _end(self, fact: str, end: str) -> Value:
        field = self.loaded.pack.fields.get(fact)
        if field is None or field.kind not in (Kind.BOOL, Kind.ENUM):
            return end
        return self.values(fact)[0 if end == LOW else -1]


class Asked:
    """Rows of one benefit that wait for an answer. ``units`` and ``groups`` are rows of the trial."""

    def __init__(self, benefit: str, units: Array, groups: Array, is_person: bool) -> None:
        self.benefit, self.units, self.groups, self.is_person = benefit, units, groups, is_person
        self.sets: dict[tuple[str, ...], int] = {}
        self.index = np.full(len(units), -1, np.int32)
        self.alone = np.zeros(len(units), bool)

    @property
    def done(self) -> Array:
        found: Array = self.index >= 0
        return found

    def copied(self, trial: Trial, copies: Any, at: Array, mask: Array) -> Array:
        """Unit rows in a table of copies; ``at``: the copy that stands for each row of ``mask``."""
        if not self.is_person:
            return at
        first = trial.first[self.groups[mask]]
        found: Array = copies.table.first_person[at] + (self.units[mask] - first)
        return found

    def take(self, facts: tuple[str, ...], mask: Array, alone: bool) -> None:
        if mask.any():
            self.index[mask] = self.sets.setdefault(facts, len(self.sets))
            self.alone[mask] = alone

    def as_decided(self) -> Decided:
        return Decided(tuple(self.sets), self.index, self.alone)
