"""Which facts would settle an undetermined answer.

A fact (one field of one person or of the household) decides if some value of it alone fixes the
answer. Where none does, a smallest set is sought by dropping facts, the dearest first, from a set
that fixes it: small, not proved smallest.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from heapq import heappop, heappush

from zhida.rules import values as v
from zhida.rules.explain.interpret import OPEN, OPERATIONS, WHOLE, Run, Value, Work
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
Way = tuple[Node, Work | None, tuple[tuple[int, bool], ...]]
"""How a node is computed: its operation (None: on whole columns), its arguments and whether each has a
value for each instance."""


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


class Shape:
    """What an answer hangs on, whatever the household: ``users`` of each node, ``inputs`` by field or kin."""

    def __init__(self, answer: Node) -> None:
        nodes = cone((answer,))
        self.loops = answer.unit != PERSON or any(n.op in ("spread", "gather", "kin") for n in nodes)
        self.inputs: dict[str, list[Node]] = {}
        self.users: dict[int, list[int]] = {n.id: [] for n in nodes}
        self.ways: dict[int, Way] = {}
        for n in nodes:
            if n.op in ("input", "kin"):
                self.inputs.setdefault(str(n.data[0]), []).append(n)
            for id in {a.id for a in n.args}:
                self.users[id].append(n.id)
            whole = n.op == "input" or n.op in WHOLE
            args = tuple((a.id, a.unit != SCALAR) for a in n.args)
            self.ways[n.id] = (n, None if whole else OPERATIONS.get(n.op), args)


shape_of = lru_cache(maxsize=256)(Shape)
"""Kept, since the same answers are asked of one household after the other."""


class Trials:
    """Answers again with some facts given other values; only what hangs on them is computed anew."""

    def __init__(self, run: Run, answer: Node, instance: int) -> None:
        self.run, self.answer, self.instance = run, answer, instance
        run.value(answer, instance)
        self.shape = shape_of(answer)
        self.closed: dict[frozenset[tuple[str, int]], Run] = {}

    def unknown(self) -> list[Fact]:
        """Facts that the answer may hang on and that are not settled."""
        pack = self.run.program.pack
        found: list[Fact] = []
        seen: set[Fact] = set()
        for name, n in ((name, n) for name, some in self.shape.inputs.items() for n in some):
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
        return range(len(self.run.facts.persons)) if self.shape.loops else (self.instance,)

    def answer_with(self, given: Mapping[Fact, Value]) -> int:
        """The answer's bits."""
        return self.step(self.run.cells, given, given)[0]

    def step(
        self, cells: Cells, given: Mapping[Fact, Value | None], holds: Collection[Fact]
    ) -> tuple[int, dict[int, list[Value]]]:
        """The answer's bits, and the cells that differ from ``cells``, where facts are given other values
        (None: as they are known). ``holds``: the kin that are all there is then. Only cells whose arguments
        changed are computed again, arguments first."""
        ways, users = self.shape.ways, self.shape.users
        new: dict[int, list[Value]] = {}
        touched: dict[int, set[int]] = {}
        order = sorted({n.id for f in given for n in self.shape.inputs[f.field]})
        seen = set(order)
        while order:
            id = heappop(order)
            n, work, args = ways[id]
            old = cells[id]
            column = old
            where: set[int] = set()
            if work is None:
                column = self._whole(n, given, holds, Overlay(new, cells))
                where = {i for i, value in enumerate(column) if value != old[i]}
            else:
                again: set[int] = set()
                for a, _ in args:
                    if a in touched:
                        again = again | touched[a] if again else touched[a]
                columns = [(new[a] if a in touched else cells[a], own) for a, own in args]
                for i in again:
                    value = work(self.run, n, [c[i if own else 0] for c, own in columns])
                    if value != old[i]:
                        column = list(old) if column is old else column
                        column[i] = value
                        where.add(i)
            if where:
                new[id], touched[id] = column, where
                for user in users[id]:
                    if user not in seen:
                        seen.add(user)
                        heappush(order, user)
        answer = new.get(self.answer.id) or cells[self.answer.id]
        found = answer[self.instance if self.answer.unit == PERSON else 0]
        assert isinstance(found, int)
        return found, new

    def _whole(
        self, n: Node, given: Mapping[Fact, Value | None], holds: Collection[Fact], at: Overlay
    ) -> list[Value]:
        """All cells of a field, or of what looks at more than one instance."""
        if n.op in WHOLE:
            return WHOLE[n.op](self._closing(holds) if n.op == "kin" else self.run, n, at)
        column = list(at.old[n.id])
        for fact, value in given.items():
            if fact.field == n.data[0]:
                known = self.run.cells[n.id][fact.instance]
                column[fact.instance] = known if value is None else value
        return column

    def _closing(self, holds: Collection[Fact]) -> Run:
        """The same household with some kin known to be all there is."""
        closed = frozenset((f.field, f.instance) for f in holds if f.kin)
        if closed not in self.closed:
            facts = self.run.facts
            kin = tuple(
                {k: replace(r, closed=r.closed or (k, i) in closed) for k, r in own.items()}
                for i, own in enumerate(facts.kin)
            )
            self.closed[closed] = replace(self.run, facts=replace(facts, kin=kin)) if closed else self.run
        return self.closed[closed]

    def values(self, fact: Fact) -> list[Value]:
        """Values to try: every choice, or both ends."""
        if fact.kin:
            return [YES]
        node = self.shape.inputs[fact.field][0]
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
    bits, new = trials.step(trials.run.cells, start, start)
    if not start or not decided(bits):
        return {}
    kept, cells = dict(start), trials.run.cells | new
    for fact in order:
        if fact in kept and len(kept) > 1:
            bits, new = trials.step(cells, {fact: None}, [f for f in kept if f.kin and f != fact])
            if decided(bits):
                del kept[fact]
                cells |= new
    return kept
