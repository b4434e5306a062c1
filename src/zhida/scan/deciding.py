"""Which fact would decide: unknown cells are given values and the same kernel is asked again.

A fact is a field (of all members of the household whose value is not known), that there are no other
kin than are known, or a parameter without a known value. It decides alone where some value of it makes
the answer one of yes, no or not applicable, whatever all the rest may be. Values tried: both ends of
what it may be, what an empty register means, and each choice; rules are made of comparisons, so an
answer that changes does so between these.
Where nothing decides alone, everything unknown is settled and then let go again, the dearest first,
as long as the answer stays settled: a small set, not always the smallest.

Trials of several parts run at once, over a table in which a household stands once for each of its trials.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zhida.rules.declarations import Kind
from zhida.rules.explain.deciding import KIN_COST
from zhida.rules.formulas.ir import PERSON, cone
from zhida.rules.kernel.run import Table
from zhida.scan.facts import own_facts, values_to_try
from zhida.scan.loaded import Loaded, leaves, restricted, unsettled
from zhida.scan.trial import (
    ALL_GAPS,
    HIGH,
    LOW,
    Copies,
    Picked,
    Trial,
    Value,
    found_in,
    pick,
    read_by,
    with_trial_places,
)

Array = NDArray[Any]

FEW_COPIES = 2_000
MOST_COPIES = 50_000
"""About so many households in one table of trials, at least and at most."""


Fact = tuple[str, Array]
"""One that is not known in some households of a trial, ascending."""


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
        self.presumed = {f.id for f in loaded.pack.fields.values() if f.presumed_if is not None}
        able = [b for b in loaded.benefits if self.fields[b] or self.gaps[b]]
        self.kernels = {b: restricted(kernel, (b,)) for b in loaded.benefits}
        self.columns = frozenset(c for b in able for c in read_by(self.kernels[b]))
        gaps = {p for b in able for p in self.gaps[b]}
        self.places = with_trial_places(loaded, sorted(gaps))
        self.own = {b: own_facts(loaded.program, b) & {*self.fields[b]} for b in able}
        self.values = {
            (b, f): values_to_try(loaded.program, f, b)
            for b in able
            for f in (*self.fields[b], *self.gaps[b])
        }

    def decide(self, table: Table, asked: Mapping[str, Array]) -> dict[str, Decided]:
        """``asked``: unit rows of the table by benefit, ascending; all with an answer that is not settled."""
        return self.decide_all([self.pick(table, asked)], [asked])[0]

    def pick(self, table: Table, asked: Mapping[str, Array]) -> Picked:
        """The households that are asked about, all that is needed of the table."""
        homes = [
            table.group_of[rows] if self._is_person(b) else rows
            for b, rows in asked.items()
            if b in self.fields
        ]
        groups = np.unique(np.concatenate(homes)) if homes else np.zeros(0, np.int64)
        return pick(self.loaded, self.columns, table, groups)

    def decide_all(
        self, picked: Sequence[Picked], asked: Sequence[Mapping[str, Array]]
    ) -> list[dict[str, Decided]]:
        """The same for several tables at once, which takes less than one by one: most trials are small."""
        found: list[dict[str, Decided]] = [{} for _ in picked]
        if not any(len(one.groups) for one in picked):
            return found
        trial = Trial(self.loaded, self.loaded.kernel, self.places, picked)
        for b in self.fields:
            rows = [own.get(b, np.zeros(0, np.int64)) for own in asked]
            units = trial.at(rows, self._is_person(b))
            if not len(units):
                continue
            groups = trial.table.group_of[units] if self._is_person(b) else units
            one = Asked(b, units, groups, self._is_person(b))
            homes = np.unique(groups)
            facts = [(f, self._homes(trial, one, f)) for f in (*self.fields[b], *self.gaps[b])]
            self._alone(trial, one, [(f, h[found_in(homes, h)[1]]) for f, h in facts])
            if not one.done.all():
                self._several(trial, one)
            start = 0
            for own, mine in zip(found, rows, strict=True):
                if len(mine):
                    own[b] = one.decided(start, start + len(mine))
                start += len(mine)
        return found

    def _is_person(self, benefit: str) -> bool:
        return self.loaded.pack.benefits[benefit].unit == PERSON

    def _alone(self, trial: Trial, one: Asked, facts: Sequence[Fact]) -> None:
        """Each unknown fact of each household, one value at a time; the cheapest that settles is kept.

        Facts of one cost go together: for whoever is settled by them no dearer ones are tried.
        """
        pairs: list[tuple[str, Value]] = []
        chosen: list[Array] = []
        for _, same in groupby(facts, key=lambda fact: self._cost(fact[0])):
            for fact, homes in one.waiting(list(same)):
                tried = self.values[one.benefit, fact]
                pairs += [(fact, value) for value in tried]
                chosen += [homes] * len(tried)
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
        copies = trial.copies(np.concatenate(chosen), self.kernels[one.benefit])
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
            mine = np.flatnonzero(there & ~one.done)
            units = one.copied(trial, copies, starts[k] + at[mine], mine)
            one.take((fact,), mine[copies.settled(rows, units)], alone=True)

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
            self._let_go(trial, one, rows, facts, known, end)
            for pattern in np.unique(known.T, axis=0):
                mine = rows[np.equal(known.T, pattern).all(axis=1)]
                one.take(self._named(one.benefit, facts, pattern), mine, alone=False)
        # what has no formula in this month hangs on nothing that could be looked up
        one.take(self.unwritten[one.benefit], np.flatnonzero(~one.done), alone=False)

    def _let_go(
        self, trial: Trial, one: Asked, rows: Array, facts: Sequence[str], known: Array, end: str
    ) -> None:
        """Takes out of ``known`` what each row can do without, the dearest first.

        Of what is not presumed: a fact that can't be missed beside all others can't be missed later. Where
        those alone settle the answer, they are what is left in the end.
        """
        sure = next((k for k, fact in enumerate(facts) if fact in self.presumed), len(facts))
        self._one_by_one(trial, one, rows, facts, known, end, range(len(facts) - 1, sure - 1, -1))
        asked, where = np.nonzero(known[:sure])
        fewer = known[:, where]
        fewer[asked, np.arange(len(where))] = False
        needed = known.copy()
        needed[:sure] = False
        needed[asked, where] = ~self._settled(trial, one, rows[where], facts, fewer, end)
        enough = self._settled(trial, one, rows, facts, needed, end)
        known[:, enough] = needed[:, enough]
        rest, left = np.flatnonzero(~enough), known[:, ~enough]
        self._one_by_one(
            trial, one, rows[rest], facts, left, end, range(sure - 1, -1, -1), left & ~needed[:, rest]
        )
        known[:, rest] = left

    def _one_by_one(
        self,
        trial: Trial,
        one: Asked,
        rows: Array,
        facts: Sequence[str],
        known: Array,
        end: str,
        order: Iterable[int],
        loose: Array | None = None,
    ) -> None:
        """``loose``: of which rows a fact may be let go at all."""
        for k in order:
            at = np.flatnonzero(known[k] if loose is None else known[k] & loose[k])
            if len(at):
                fewer = known[:, at]
                fewer[k] = False
                known[k, at] = ~self._settled(trial, one, rows[at], facts, fewer, end)

    def _named(self, benefit: str, facts: Sequence[str], used: Array) -> tuple[str, ...]:
        found = [f for f, is_used in zip(facts, used, strict=True) if is_used]
        return tuple(g for f in found for g in ((f,) if f != ALL_GAPS else self.gaps[benefit]))

    def _settled(
        self, trial: Trial, one: Asked, rows: Array, facts: Sequence[str], known: Array, end: str
    ) -> Array:
        """Which rows (any of them any number of times) are settled where each knows its own facts."""
        found = np.zeros(len(rows), bool)
        for start in range(0, len(rows), MOST_COPIES):
            few = slice(start, start + MOST_COPIES)
            copies = trial.copies(one.groups[rows[few]], self.kernels[one.benefit])
            for k, fact in enumerate(facts):
                homes = np.flatnonzero(known[k, few])
                if len(homes):
                    copies.force(fact, self._end(one.benefit, fact, end), homes)
            units = one.copied(trial, copies, np.arange(len(rows[few])), rows[few])
            found[few] = copies.settled(copies.run()[one.benefit], units)
        return found

    def _end(self, benefit: str, fact: str, end: str) -> Value:
        field = self.loaded.pack.fields.get(fact)
        if field is None or field.kind not in (Kind.BOOL, Kind.ENUM):
            return end
        return self.values[benefit, fact][0 if end == LOW else -1]


def _slices(sizes: Sequence[int]) -> Iterator[slice]:
    """Runs of pairs with about MOST_COPIES copies each."""
    start, copies = 0, 0
    for i, size in enumerate(sizes):
        copies += size
        if copies >= MOST_COPIES or i == len(sizes) - 1:
            yield slice(start, i + 1)
            start, copies = i + 1, 0


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

    def waiting(self, facts: Sequence[Fact]) -> list[Fact]:
        """Only households in which somebody is not decided yet."""
        homes = np.unique(self.groups[~self.done])
        left = [(fact, own[found_in(homes, own)[1]]) for fact, own in facts]
        return [(fact, own) for fact, own in left if len(own)]

    def copied(self, trial: Trial, copies: Copies, at: Array, rows: Array) -> Array:
        """Unit rows in a table of copies; ``at``: the copy that stands for each of ``rows``."""
        if not self.is_person:
            return at
        found: Array = copies.table.first_person[at] + (self.units[rows] - trial.first[self.groups[rows]])
        return found

    def take(self, facts: tuple[str, ...], rows: Array, alone: bool) -> None:
        if len(rows):
            self.index[rows] = self.sets.setdefault(facts, len(self.sets))
            self.alone[rows] = alone

    def decided(self, start: int, stop: int) -> Decided:
        """Of some of its rows."""
        return Decided(tuple(self.sets), self.index[start:stop], self.alone[start:stop])
