"""Which facts would settle an undetermined answer.

A fact (one field of one person or of the household) decides if some value of it alone fixes the
answer. Where none does, a smallest set is sought by dropping facts, the dearest first, from a set
that fixes it: small, not proved smallest.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from heapq import heappop, heappush

from zhida.rules import values as v
from zhida.rules.explain.interpret import OPEN, OPERATIONS, WHOLE, Run, Value
from zhida.rules.formulas.ir import NA, PERSON, SCALAR, YES, Node, cone

MOST_ALONE = 3
KIN_COST = 5
"""To find out whether somebody has other kin: a question to the family and the village."""
MOST_TRIED = 60


@dataclass(frozen=True, slots=True)
class Fact:
    """``instance`` counts persons; 0 for a field of the household. ``kin``: ``field`` is a kind of kin, and
    the fact is that there are no others than are known."""

    field: str
    person: bool
    instance: int
    kin: bool = False


@dataclass(frozen=True, slots=True)
class Deciding:
    """``alone``: facts each of which decides by itself, cheapest first; else ``together``: a set that
    decides. Both empty: no value of any fact helps (a parameter is missing)."""

    alone: tuple[Fact, ...]
    together: tuple[Fact, ...]


Cells = Mapping[int, list[Value]]
"""By node, its value for each instance of its unit."""


class Overlay(Mapping[int, list[Value]]):
    """Cells with some replaced."""

    def __init__(self, new: Cells, old: Cells) -> None:
        self.new, self.old = new, old

    def __getitem__(self, key: int) -> list[Value]:
        found = self.new.get(key)
        return self.old[key] if found is None else found

    def __iter__(self) -> Iterator[int]:
        return iter(self.old)

    def __len__(self) -> int:
        return len(self.old)


class Trials:
    """Answers again with some facts given other values; only what hangs on them is computed anew."""

    def __init__(self, run: Run, answer: Node, instance: int) -> None:
        self.run, self.answer, self.instance = run, answer, instance
        self.nodes = cone((answer,))
        run.value(answer, instance)
        self.inputs: dict[str, list[Node]] = {}
        self.users: dict[int, list[Node]] = {n.id: [] for n in self.nodes}
        for n in self.nodes:
            if n.op in ("input", "kin"):
                self.inputs.setdefault(str(n.data[0]), []).append(n)
            for id in {a.id for a in n.args}:
                self.users[id].append(n)

    def unknown(self) -> list[Fact]:
        """Facts that the answer may hang on and that are not settled."""
        pack = self.run.program.pack
        found: list[Fact] = []
        seen: set[Fact] = set()
        for name, n in ((name, n) for name, some in self.inputs.items() for n in some):
            if name in pack.kin:
                found += [f for f in self._open(n) if f not in seen]
                seen |= set(found)
            if name not in pack.fields:
                continue
            for i in self._instances(n):
                fact = Fact(name, n.unit == PERSON, i)
                if fact not in seen and not v.settled(self.run.cells[n.id][i]):
                    seen.add(fact)
                    found.append(fact)
        order = [*pack.fields, *pack.kin]

        def rank(f: Fact) -> tuple[int, int, int]:
            return KIN_COST if f.kin else pack.fields[f.field].cost, order.index(f.field), f.instance

        return sorted(found, key=rank)

    def _open(self, n: Node) -> list[Fact]:
        """Of whom it is not known whether there are more kin."""
        name, told = str(n.data[0]), self.run.facts.kin
        ways = (i for i in self._instances(n) if i < len(told) and not told[i].get(name, OPEN).closed)
        return [Fact(name, True, i, True) for i in ways]

    def _instances(self, n: Node) -> Iterable[int]:
        """A person's own facts come in by themselves unless the answer loops over members."""
        if n.unit != PERSON:
            return (0,)
        loops = self.answer.unit != PERSON or any(m.op in ("spread", "gather", "kin") for m in self.nodes)
        return range(len(self.run.facts.persons)) if loops else (self.instance,)

    def answer_with(self, given: Mapping[Fact, Value]) -> int:
        """The answer's bits."""
        return self.step({}, given)[0]

    def step(self, before: Cells, given: Mapping[Fact, Value | None]) -> tuple[int, dict[int, list[Value]]]:
        """The answer's bits, and the cells that differ, where some facts are given other values (None: as
        they are known). ``before``: cells that differ already. Only cells whose arguments changed are
        computed again, arguments first."""
        cells: Cells = Overlay(before, self.run.cells) if before else self.run.cells
        new: dict[int, list[Value]] = {}
        touched: dict[int, set[int]] = {}
        at = Overlay(new, cells)
        waiting: dict[int, Node] = {n.id: n for f in given for n in self.inputs[f.field]}
        order = sorted(waiting)
        while order:
            n = waiting.pop(heappop(order))
            column, where = self._again(n, given, at, touched)
            old = cells[n.id]
            where = {i for i in where if column[i] != old[i]}
            if where:
                new[n.id], touched[n.id] = column, where
                for user in self.users[n.id]:
                    if user.id not in waiting:
                        waiting[user.id] = user
                        heappush(order, user.id)
        found = at[self.answer.id][self.instance if self.answer.unit == PERSON else 0]
        assert isinstance(found, int)
        return found, new

    def _again(
        self, n: Node, given: Mapping[Fact, Value | None], at: Overlay, touched: Mapping[int, set[int]]
    ) -> tuple[list[Value], set[int]]:
        """A node's cells, and which of them were computed again."""
        if n.op in WHOLE:
            column = WHOLE[n.op](self._closing(given) if n.op == "kin" else self.run, n, at)
            return column, set(range(len(column)))
        column = list(at.old[n.id])
        if n.op == "input":
            mine = {f.instance: value for f, value in given.items() if f.field == n.data[0]}
            for i, value in mine.items():
                column[i] = self.run.cells[n.id][i] if value is None else value
            return column, set(mine)
        where: set[int] = set()
        columns = []
        for a in n.args:
            columns.append((at[a.id], a.unit != SCALAR))
            if a.id in touched:
                where |= touched[a.id]
        work = OPERATIONS[n.op]
        for i in where:
            column[i] = work(self.run, n, [c[i if own else 0] for c, own in columns])
        return column, where

    def _closing(self, given: Mapping[Fact, Value | None]) -> Run:
        """The same household with some kin known to be all there is."""
        closed = {(f.field, f.instance) for f, value in given.items() if f.kin and value is not None}
        if not closed:
            return self.run
        facts = self.run.facts
        kin = tuple(
            {k: replace(r, closed=r.closed or (k, i) in closed) for k, r in own.items()}
            for i, own in enumerate(facts.kin)
        )
        return replace(self.run, facts=replace(facts, kin=kin))

    def values(self, fact: Fact) -> list[Value]:
        """Values to try: every choice, or both ends."""
        if fact.kin:
            return [YES]
        node = self.inputs[fact.field][0]
        now = self.run.cells[node.id][fact.instance]
        if isinstance(now, tuple):
            return [v.point(now[0]), v.point(now[1])] if now[2] & v.VALUE else []
        return [1 << b for b in range(62) if now >> b & 1 and (node.kind == "enum" or 1 << b != NA)]


def decided(bits: int) -> bool:
    return bits & (bits - 1) == 0 or not bits & YES


def deciding_facts(run: Run, answer: Node, instance: int) -> Deciding:
    """Facts that decide an undetermined answer; see :class:`Deciding`."""
    trials = Trials(run, answer, instance)
    unknown = trials.unknown()[:MOST_TRIED]
    alone: list[Fact] = []
    for fact in unknown:
        if any(decided(trials.answer_with({fact: value})) for value in trials.values(fact)):
            alone.append(fact)
            if len(alone) == MOST_ALONE:
                break
    if alone or not unknown:
        return Deciding(tuple(alone), ())
    best: dict[Fact, Value] = {}
    for pick in (0, -1):
        start = {f: trials.values(f)[pick] for f in unknown if trials.values(f)}
        small = _smallest(trials, start, list(reversed(unknown)))
        if small and (not best or len(small) < len(best)):
            best = small
    return Deciding((), tuple(f for f in unknown if f in best))


def _smallest(trials: Trials, start: dict[Fact, Value], order: Sequence[Fact]) -> dict[Fact, Value]:
    """Facts are let go one after the other; what hangs on one is all that is computed again."""
    bits, cells = trials.step({}, start)
    if not start or not decided(bits):
        return {}
    kept = dict(start)
    for fact in order:
        if fact in kept and len(kept) > 1:
            bits, new = trials.step(cells, {fact: None})
            if decided(bits):
                del kept[fact]
                cells |= new
    return kept
