"""Which fact would decide: unknown cells are given values and the same kernel is asked again.

A fact is a field (of all members of the household whose value is not known), that there are no other
kin than are known, or a parameter without a known value. It decides alone where some value of it makes
the answer one of yes, no or not applicable, whatever all the rest may be. Values tried: both ends of
what it may be, what an empty register means, and each choice; rules are made of comparisons, so an
answer that changes does so between these.
Where nothing decides alone, everything unknown is settled and then let go again, the dearest first,
as long as the answer stays settled: a small set, not always the smallest.

All trials of a part run at once, over a table in which a household stands once for each of its trials.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zhida.rules.declarations import Kind
from zhida.rules.explain.deciding import KIN_COST
from zhida.rules.formulas.ir import PERSON, cone
from zhida.rules.kernel.run import Table
from zhida.rules.program.build import Program
from zhida.scan.loaded import Loaded, leaves, restricted, unsettled
from zhida.scan.trial import ALL_GAPS, HIGH, LOW, Copies, Trial, Value, found_in, with_trial_places

Array = NDArray[Any]

FEW_COPIES = 2_000
MOST_COPIES = 50_000
"""About so many households in one table of trials, at least and at most."""


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
            kin = [k for k in loaded.pack.kin if any(n.data[0] == k for n in cone(answer) if n.op == "kin")]
            self.fields[b] = tuple(sorted((*unsettled(program, kernel.form, b), *kin), key=self._cost))
            named = {str(leaf.data[0]) for leaf in leaves(answer, "param")}
            self.gaps[b] = tuple(p for p in loaded.pack.parameters if p in named & unknown)
            inputs = {str(leaf.data[0]) for leaf in leaves(answer, "input")}
            self.unwritten[b] = tuple(sorted(i.removeprefix("?") for i in inputs if i.startswith("?")))
        able = [b for b in loaded.benefits if self.fields[b] or self.gaps[b]]
        self.kernels = {b: restricted(kernel, (b,)) for b in loaded.benefits}
        gaps = {p for b in able for p in self.gaps[b]}
        self.places = with_trial_places(loaded, sorted(gaps))
        self.own = {b: own_facts(loaded.program, b) & {*self.fields[b]} for b in able}
        facts = {f for b in able for f in self.fields[b]} | gaps
        self.values = {f: values_to_try(loaded.program, f) for f in facts}

    def decide(self, table: Table, asked: Mapping[str, Array]) -> dict[str, Decided]:
        """``asked``: unit rows of the table by benefit, ascending; all with an answer that is not settled."""
        return self.decide_all([table], [asked])[0]

    def decide_all(
        self, tables: Sequence[Table], asked: Sequence[Mapping[str, Array]]
    ) -> list[dict[str, Decided]]:
        """The same for several tables at once, which takes less than one by one: most trials are small."""
        found: list[dict[str, Decided]] = [{} for _ in tables]
        for b in self.fields:
            at = [i for i, rows in enumerate(asked) if len(rows.get(b, ()))]
            if not at:
                continue
            is_person = self.loaded.pack.benefits[b].unit == PERSON
            rows = [asked[i][b] for i in at]
            homes = [tables[i].group_of[r] for i, r in zip(at, rows, strict=True)] if is_person else rows
            trial = Trial(
                self.loaded,
                self.kernels[b],
                self.places,
                [tables[i] for i in at],
                [np.unique(h) for h in homes],
            )
            one = Asked(b, trial.at(rows, is_person), trial.at(homes), is_person)
            self._alone(trial, one)
            if not one.done.all():
                self._several(trial, one)
            start = 0
            for i, own in zip(at, rows, strict=True):
                found[i][b] = one.decided(start, start + len(own))
                start += len(own)
        return found

    def _alone(self, trial: Trial, one: Asked) -> None:
        """Each unknown fact of each household, one value at a time; the cheapest that settles is kept.

        Facts of one cost go together: for whoever is settled by them no dearer ones are tried.
        """
        facts = (*self.fields[one.benefit], *self.gaps[one.benefit])
        pairs: list[tuple[str, Value]] = []
        chosen: list[Array] = []
        for _, same in groupby(facts, key=self._cost):
            waiting = np.unique(one.groups[~one.done])
            for fact in same:
                homes = self._homes(trial, one, fact)
                homes = homes[found_in(waiting, homes)[1]]
                if len(homes):
                    pairs += [(fact, v) for v in self.values[fact]]
                    chosen += [homes] * len(self.values[fact])
            # a run over few costs nearly as much as one over many: the next cost comes along
            if sum(len(c) for c in chosen) > FEW_COPIES:
                self._try_all(trial, one, pairs, chosen)
                pairs, chosen = [], []
        self._try_all(trial, one, pairs, chosen)

    def _try_all(
        self, trial: Trial, one: Asked, pairs: Sequence[tuple[str, Value]], chosen: Sequence[Array]
    ) -> None:
        for few in _slices([len(c) for c in chosen]):
            if not one.done.all():
                self._try(trial, one, pairs[few], chosen[few])

    def _cost(self, fact: str) -> int:
        field = self.loaded.pack.fields.get(fact)
        return field.cost if field is not None else KIN_COST if fact in self.loaded.pack.kin else 10

    def _homes(self, trial: Trial, one: Asked, fact: str) -> Array:
        """Households in which it is not known, for a fact of the person alone: in the one asked about."""
        if fact in self.own[one.benefit]:
            found: Array = np.unique(one.groups[trial.cells(fact)[one.units]])
            return found
        return trial.unknown_in(fact)

    def _try(
        self, trial: Trial, one: Asked, pairs: Sequence[tuple[str, Value]], chosen: Sequence[Array]
    ) -> None:
        sizes = [len(c) for c in chosen]
        starts = np.cumsum([0, *sizes]).tolist()
        copies = trial.copies(np.concatenate(chosen))
        for k, (fact, value) in enumerate(pairs):
            if sizes[k]:
                copies.force(fact, value, slice(starts[k], starts[k + 1]))
        rows = copies.run()[one.benefit]
        found: dict[int, tuple[Array, Array]] = {}
        for k, (fact, _) in enumerate(pairs):
            same = id(chosen[k])  # the values of one fact are tried in the same households
            if same not in found:
                found[same] = found_in(chosen[k], one.groups)
            at, there = found[same]
            there = there & ~one.done
            if there.any():
                units = one.copied(trial, copies, starts[k] + at[there], there)
                settled = np.zeros(len(there), bool)
                settled[there] = copies.settled(rows, units)
                one.take((fact,), settled, alone=True)

    def _several(self, trial: Trial, one: Asked) -> None:
        """For rows that no single fact decides: settle all, then let the dearest go again."""
        facts = (*self.fields[one.benefit], *((ALL_GAPS,) if self.gaps[one.benefit] else ()))
        for end in (HIGH, LOW):
            rows = np.flatnonzero(~one.done)
            if len(rows) == 0:
                return
            known = np.zeros((len(facts), len(rows)), bool)
            for k, fact in enumerate(facts):
                known[k] = found_in(self._homes(trial, one, fact), one.groups[rows])[1]
            settled = self._settled(trial, one, rows, facts, known, end)
            rows, known = rows[settled], known[:, settled]
            for k in range(len(facts) - 1, -1, -1):
                if known[k].any():
                    fewer = known.copy()
                    fewer[k] = False
                    known[k] &= ~self._settled(trial, one, rows, facts, fewer, end)
            for pattern in np.unique(known.T, axis=0):
                mask = np.zeros(len(one.units), bool)
                mask[rows[np.equal(known.T, pattern).all(axis=1)]] = True
                one.take(self._named(one.benefit, facts, pattern), mask, alone=False)
        # what has no formula in this month hangs on nothing that could be looked up
        one.take(self.unwritten[one.benefit], ~one.done, alone=False)

    def _named(self, benefit: str, facts: Sequence[str], used: Array) -> tuple[str, ...]:
        found = [f for f, is_used in zip(facts, used, strict=True) if is_used]
        return tuple(g for f in found for g in ((f,) if f != ALL_GAPS else self.gaps[benefit]))

    def _settled(
        self, trial: Trial, one: Asked, rows: Array, facts: Sequence[str], known: Array, end: str
    ) -> Array:
        """Which rows are settled where each knows its own facts."""
        copies = trial.copies(one.groups[rows])
        for k, fact in enumerate(facts):
            if known[k].any():
                copies.force(fact, self._end(fact, end), np.flatnonzero(known[k]))
        mask = np.zeros(len(one.units), bool)
        mask[rows] = True
        units = one.copied(trial, copies, np.arange(len(rows)), mask)
        return copies.settled(copies.run()[one.benefit], units)

    def _end(self, fact: str, end: str) -> Value:
        field = self.loaded.pack.fields.get(fact)
        if field is None or field.kind not in (Kind.BOOL, Kind.ENUM):
            return end
        return self.values[fact][0 if end == LOW else -1]


def _slices(sizes: Sequence[int]) -> Iterator[slice]:
    """Runs of pairs with about MOST_COPIES copies each."""
    start, copies = 0, 0
    for i, size in enumerate(sizes):
        copies += size
        if copies >= MOST_COPIES or i == len(sizes) - 1:
            yield slice(start, i + 1)
            start, copies = i + 1, 0


def own_facts(program: Program, benefit: str) -> set[str]:
    """Fields of a person that its answer takes from the person alone, never from another member."""
    if program.pack.benefits[benefit].unit != PERSON:
        return set()
    nodes = cone([program.benefits[benefit].presumed.answer])
    others = cone(n for n in nodes if n.op in ("spread", "gather", "agg", "kin"))
    shared = {str(n.data[0]) for n in others if n.op == "input"}
    return {str(n.data[0]) for n in nodes if n.op == "input" and n.unit == PERSON} - shared


def values_to_try(program: Program, fact: str) -> tuple[Value, ...]:
    """Values of a fact: both ends, what an empty register means, one of each kind of choices."""
    if fact in program.pack.kin:
        return (HIGH,)
    field = program.pack.fields.get(fact)
    if field is None:
        return (LOW, HIGH)
    if field.kind is Kind.BOOL:
        return (0, 1)
    if field.kind is Kind.ENUM:
        return tuple(different_choices(program, fact, len(program.pack.enums[field.enum].choices)))
    if field.empty is None or field.empty in (field.minimum, field.maximum):
        return (LOW, HIGH)
    return (field.empty, LOW, HIGH)


def different_choices(program: Program, fact: str, count: int) -> list[int]:
    """One choice of each set that no rule tells apart: rules mostly ask whether it is among some."""
    passed = {n.id for n in program.graph.nodes if n.op == "input" and n.data[0] == fact}
    masks = []
    for n in program.graph.nodes:
        if not any(a.id in passed for a in n.args):
            continue
        if n.op in ("select", "coalesce", "spread") and n.kind == "enum":
            passed.add(n.id)
        elif n.op == "among":
            masks.append(int(str(n.data[0])))
        elif n.op != "applicable":
            return list(range(count))
    found: dict[tuple[int, ...], int] = {}
    for choice in range(count):
        found.setdefault(tuple(mask >> choice & 1 for mask in masks), choice)
    return list(found.values())


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

    def copied(self, trial: Trial, copies: Copies, at: Array, mask: Array) -> Array:
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

    def decided(self, start: int, stop: int) -> Decided:
        """Of some of its rows."""
        return Decided(tuple(self.sets), self.index[start:stop], self.alone[start:stop])
