"""Which facts would settle an undetermined answer.

A fact (one field of one person or of the household) decides if some value of it alone fixes the
answer. Where none does, a smallest set is sought by dropping facts, the dearest first, from a set
that fixes it: small, not proved smallest.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from weakref import WeakKeyDictionary

from zhida.rules import values as v
from zhida.rules.explain.interpret import OPEN, OPERATIONS, WHOLE, Run, Value, Work
from zhida.rules.formulas.ir import NA, PERSON, SCALAR, YES, Graph, Node, cone

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
    """What an answer hangs on, whatever the household: nodes in order, ``inputs`` by field or kin."""

    def __init__(self, answer: Node) -> None:
        nodes = cone((answer,))
        self.inputs: dict[str, list[Node]] = {}
        self.ways: dict[int, Way] = {}
        for n in nodes:
            if n.op in ("input", "kin"):
                self.inputs.setdefault(str(n.data[0]), []).append(n)
            whole = n.op == "input" or n.op in WHOLE
            args = tuple((a.id, a.unit != SCALAR) for a in n.args)
            self.ways[n.id] = (n, None if whole else OPERATIONS.get(n.op), args)


shape_of = lru_cache(maxsize=256)(Shape)
"""Kept, since the same answers are asked of one household after the other."""

_dependents: WeakKeyDictionary[Graph, dict[str, frozenset[int]]] = WeakKeyDictionary()


def dependents(graph: Graph, name: str) -> frozenset[int]:
    """Nodes of a graph that hang on a field or on who somebody's kin are."""
    known = _dependents.setdefault(graph, {})
    if name not in known:
        found: set[int] = set()
        for n in graph.nodes:
            if (n.op in ("input", "kin") and n.data[0] == name) or any(a.id in found for a in n.args):
                found.add(n.id)
        known[name] = frozenset(found)
    return known[name]


class Worlds:
    """A household as it is known, and as it would be with some facts given. Answers share what they have in
    common: whoever asks the same of several answers of one household computes that once.

    What is settled stays so whatever is found out. So only nodes that are not settled are looked at.
    """

    def __init__(self, run: Run) -> None:
        self.run = run
        self.found: dict[frozenset[tuple[Fact, Value]], World] = {}
        self.closed: dict[frozenset[tuple[str, int]], Run] = {}
        self.orders: dict[tuple[Shape, frozenset[str]], list[int]] = {}
        self.unsettled: dict[int, bool] = {}

    def of(self, given: Mapping[Fact, Value], before: World | None = None) -> World:
        """``before``: a world that differs in few facts, from which to start."""
        key = frozenset(given.items())
        if key not in self.found:
            self.found[key] = World(self, dict(given), before)
        return self.found[key]

    def touched(self, fields: Iterable[str]) -> frozenset[int]:
        graph = self.run.program.graph
        return frozenset().union(*(dependents(graph, name) for name in fields))

    def order(self, shape: Shape, fields: frozenset[str]) -> list[int]:
        """Open nodes of an answer that hang on some fields, arguments first."""
        if (shape, fields) not in self.orders:
            touched = self.touched(fields)
            self.orders[shape, fields] = [i for i in shape.ways if i in touched and self.is_open(i)]
        return self.orders[shape, fields]

    def is_open(self, id: int) -> bool:
        if id not in self.unsettled:
            self.unsettled[id] = not all(map(v.settled, self.run.cells[id]))
        return self.unsettled[id]

    def closing(self, given: Iterable[Fact]) -> Run:
        """The same household with some kin known to be all there is."""
        closed = frozenset((f.field, f.instance) for f in given if f.kin)
        if closed not in self.closed:
            facts = self.run.facts
            kin = tuple(
                {k: replace(r, closed=r.closed or (k, i) in closed) for k, r in own.items()}
                for i, own in enumerate(facts.kin)
            )
            self.closed[closed] = replace(self.run, facts=replace(facts, kin=kin)) if closed else self.run
        return self.closed[closed]


class World:
    """``new`` holds the columns that differ from what is known, as far as answers have asked for them, and
    ``where`` the instances that differ from the world before."""

    def __init__(self, worlds: Worlds, given: dict[Fact, Value], before: World | None) -> None:
        self.worlds, self.given, self.before = worlds, given, before
        known = before.given if before is not None else {}
        changed = {f.field for f, _ in given.items() ^ known.items()}
        self.touched = worlds.touched(changed)
        self.fields = frozenset(f.field for f in given) | changed
        self.new: dict[int, list[Value]] = {}
        self.where: dict[int, set[int]] = {}
        self.seen: set[int] = set()
        self.filled: set[Shape] = set()

    def bits(self, answer: Node, instance: int) -> int:
        """The answer's, with what is given."""
        self.fill(shape_of(answer))
        column = self.new.get(answer.id) or self.worlds.run.cells[answer.id]
        found = column[instance if answer.unit == PERSON else 0]
        assert isinstance(found, int)
        return found

    def fill(self, shape: Shape) -> None:
        """Computes what an answer hangs on; only cells whose arguments changed, arguments first."""
        if shape in self.filled:
            return
        self.filled.add(shape)
        if self.before is not None:
            self.before.fill(shape)
        earlier: Cells = self.before.new if self.before is not None else {}
        cells, seen = self.worlds.run.cells, self.seen
        for id in self.worlds.order(shape, self.fields):
            if id in seen:
                continue
            seen.add(id)
            old = earlier.get(id) or cells[id]
            column = self._column(shape.ways[id], old) if id in self.touched else old
            if column is not cells[id]:
                self.new[id] = column

    def _column(self, way: Way, old: list[Value]) -> list[Value]:
        n, work, args = way
        run, where = self.worlds.run, self.where
        changed: set[int] = set()
        column = old
        if work is None:
            if n.op not in ("input", "kin") and not any(a in where for a, _ in args):
                return old
            column = self._whole(n)
            changed = {i for i, value in enumerate(column) if value != old[i]}
        else:
            again: set[int] = set()
            for a, _ in args:
                if a in where:
                    again = again | where[a] if again else where[a]
            if again:
                new, cells = self.new, run.cells
                columns = [(new.get(a) or cells[a], own) for a, own in args]
                for i in again:
                    value = work(run, n, [c[i if own else 0] for c, own in columns])
                    if value != old[i]:
                        column = list(old) if column is old else column
                        column[i] = value
                        changed.add(i)
        if not changed:
            return old
        where[n.id] = changed
        return column

    def _whole(self, n: Node) -> list[Value]:
        """All cells of a field, or of what looks at more than one instance."""
        if n.op in WHOLE:
            run = self.worlds.closing(self.given) if n.op == "kin" else self.worlds.run
            return WHOLE[n.op](run, n, Overlay(self.new, run.cells))
        column = list(self.worlds.run.cells[n.id])
        for fact, value in self.given.items():
            if fact.field == n.data[0]:
                column[fact.instance] = value
        return column


class Trials:
    """What may be found out of one answer. ``open``: by node the instances that leave it open."""

    def __init__(self, run: Run, answer: Node, instance: int) -> None:
        self.run, self.answer, self.instance = run, answer, instance
        run.value(answer, instance)
        self.shape = shape_of(answer)
        self.open = self._open()
        self.worlds: Worlds = run.kept.setdefault(Worlds, Worlds(run))

    def _open(self) -> dict[int, set[int]]:
        """What is settled passes on nothing of what it is made of."""
        run, found = self.run, dict[int, set[int]]()
        todo = [(self.answer, self.instance if self.answer.unit == PERSON else 0)]
        while todo:
            n, i = todo.pop()
            if i in found.get(n.id, ()) or v.settled(run.cells[n.id][i]):
                continue
            found.setdefault(n.id, set()).add(i)
            for a in n.args:
                if n.op in WHOLE:
                    todo += [(a, k) for k in range(len(run.cells[a.id]))]
                else:
                    todo.append((a, i if a.unit != SCALAR else 0))
        return found

    def unknown(self) -> list[Fact]:
        """Facts that leave the answer open, the cheapest first."""
        pack, told = self.run.program.pack, self.run.facts.kin
        found: dict[Fact, None] = {}
        for name, n in ((name, n) for name, some in self.shape.inputs.items() for n in some):
            for i in sorted(self.open.get(n.id, ())):
                if name in pack.fields and (n.unit == PERSON or i == 0):  # of the household itself
                    found[Fact(name, n.unit == PERSON, i)] = None
                elif name in pack.kin and i < len(told) and not told[i].get(name, OPEN).closed:
                    found[Fact(name, True, i, True)] = None
        order = [*pack.fields, *pack.kin]

        def rank(f: Fact) -> tuple[int, int, int]:
            return KIN_COST if f.kin else pack.fields[f.field].cost, order.index(f.field), f.instance

        return sorted(found, key=rank)

    def answer_with(self, given: Mapping[Fact, Value]) -> int:
        """The answer's bits."""
        return self.worlds.of(given).bits(self.answer, self.instance)

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
        if len(best) == 2:  # one is never enough here, so no set is smaller
            break
        start = {f: trials.values(f)[pick] for f in unknown if trials.values(f)}
        small = _smallest(trials, start, list(reversed(unknown)))
        if small and (not best or len(small) < len(best)):
            best = small
    return Deciding((), tuple(f for f in unknown if f in best))


def _smallest(trials: Trials, start: dict[Fact, Value], order: Sequence[Fact]) -> dict[Fact, Value]:
    """Facts are let go one after the other; what hangs on one is all that is computed again."""
    kept, world = dict(start), trials.worlds.of(start)
    if not start or not decided(world.bits(trials.answer, trials.instance)):
        return {}
    for fact in order:
        if fact in kept and len(kept) > 1:
            less = {f: value for f, value in kept.items() if f != fact}
            other = trials.worlds.of(less, world)
            if decided(other.bits(trials.answer, trials.instance)):
                kept, world = less, other
    return kept
