"""Which facts would settle an undetermined answer.

A fact (one field of one person or of the household) decides if some value of it alone fixes the
answer. Where none does, a smallest set is sought by dropping facts, the dearest first, from a set
that fixes it: small, not proved smallest.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

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


class Overlay(Mapping[int, list[Value]]):
    """Cells with some replaced."""

    def __init__(self, new: Mapping[int, list[Value]], old: Mapping[int, list[Value]]) -> None:
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
        self.fields: dict[str, int] = {}
        self.hangs: dict[int, int] = {}
        self.chains: dict[int, list[Node]] = {}
        for n in self.nodes:
            mask = 0
            for a in n.args:
                mask |= self.hangs[a.id]
            if n.op in ("input", "kin"):
                mask |= 1 << self.fields.setdefault(str(n.data[0]), len(self.fields))
            self.hangs[n.id] = mask

    def unknown(self) -> list[Fact]:
        """Facts that the answer may hang on and that are not settled."""
        pack = self.run.program.pack
        found: list[Fact] = []
        for n in self.nodes:
            if n.op == "kin":
                found += [f for f in self._open(n) if f not in found]
            name = str(n.data[0]) if n.op == "input" else ""
            if not name or name not in pack.fields:
                continue
            for i in self._instances(n):
                fact = Fact(name, n.unit == PERSON, i)
                if fact not in found and not v.settled(self.run.cells[n.id][i]):
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
        """The answer's bits. Only cells whose arguments changed are computed again."""
        cells = self.run.cells
        new: dict[int, list[Value]] = {}
        closed = {(f.field, f.instance) for f in given if f.kin}
        run = self._closing(closed) if closed else self.run
        touched: dict[int, set[int]] = {}
        at = Overlay(new, cells)
        mask = 0
        for fact in given:
            mask |= 1 << self.fields[fact.field]
        for n in self._hanging(mask):
            if n.op == "input":
                column = list(cells[n.id])
                where = {f.instance for f in given if f.field == n.data[0]}
                for fact, value in given.items():
                    if fact.field == n.data[0]:
                        column[fact.instance] = value
            elif n.op in WHOLE:
                mine = n.op == "kin" and any(name == n.data[0] for name, _ in closed)
                if not mine and not any(a.id in touched for a in n.args):
                    continue
                column = WHOLE[n.op](run, n, at)
                where = set(range(len(column)))
            else:
                where = set()
                for a in n.args:
                    where |= touched.get(a.id, set())
                if not where:
                    continue
                column = list(cells[n.id])
                work = OPERATIONS[n.op]
                for i in where:
                    column[i] = work(self.run, n, [at[a.id][0 if a.unit == SCALAR else i] for a in n.args])
            where = {i for i in where if column[i] != cells[n.id][i]}
            if where:
                new[n.id], touched[n.id] = column, where
        found = at[self.answer.id][self.instance if self.answer.unit == PERSON else 0]
        assert isinstance(found, int)
        return found

    def _closing(self, closed: set[tuple[str, int]]) -> Run:
        """The same household with some kin known to be all there is."""
        facts = self.run.facts
        kin = tuple(
            {k: replace(r, closed=r.closed or (k, i) in closed) for k, r in own.items()}
            for i, own in enumerate(facts.kin)
        )
        return replace(self.run, facts=replace(facts, kin=kin))

    def _hanging(self, mask: int) -> list[Node]:
        """Nodes that hang on any of the fields, in order."""
        if mask not in self.chains:
            self.chains[mask] = [n for n in self.nodes if self.hangs[n.id] & mask]
        return self.chains[mask]

    def values(self, fact: Fact) -> list[Value]:
        """Values to try: every choice, or both ends."""
        if fact.kin:
            return [YES]
        node = next(n for n in self.nodes if n.op == "input" and n.data[0] == fact.field)
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
    if not start or not decided(trials.answer_with(start)):
        return {}
    kept = dict(start)
    for fact in order:
        less = {f: value for f, value in kept.items() if f != fact}
        if len(less) < len(kept) and less and decided(trials.answer_with(less)):
            kept = less
    return kept
