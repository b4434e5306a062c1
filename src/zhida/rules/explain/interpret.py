"""The interpreter: one household, every value kept, so that an answer can be explained.

The same graph as the kernel's and the same sets; slow and plain where the kernel is fast.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import Any

from zhida.codes.months import first_day, last_day
from zhida.rules import values as v
from zhida.rules.formulas.ir import MAX_MEMBERS, NA, NA_BIT, NO, PERSON, SCALAR, YES, Node, Unknown
from zhida.rules.parameters import Lookup, Resolved
from zhida.rules.program.build import Program
from zhida.rules.values import NONE, NOTHING, OPEN_HI, OPEN_LO, VALUE, Num

Value = Num | int
"""A :data:`Num`, a truth set, or a mask of choices."""

NOBODY, SOMEBODY = -1, -2


@dataclass(frozen=True, slots=True)
class Relatives:
    """A person's kin of one sort, as indexes into the persons. ``closed``: there are no others."""

    persons: tuple[int, ...]
    closed: bool


OPEN = Relatives((), False)
"""Nothing is known of the kin."""


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """Another household, whole: its own values, its place, its members as indexes into the persons."""

    group: Mapping[str, Value]
    place: str
    persons: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of one group: of its members first, then of people of other households.

    ``persons`` and ``group`` hold a value by field id; a field left out is unknown. ``places`` are
    12-digit division codes, '' outside the territory or not known. ``links`` are indexes into
    ``persons``, ``NOBODY`` or ``SOMEBODY`` (there is one, not in here). ``kin`` by id and person.
    ``elsewhere``: the households of others, where they are known whole.
    """

    persons: tuple[Mapping[str, Value], ...]
    members: int
    group: Mapping[str, Value]
    group_place: str
    places: tuple[str, ...]
    links: tuple[Mapping[str, int], ...] = ()
    kin: tuple[Mapping[str, Relatives], ...] = ()
    elsewhere: tuple[Elsewhere, ...] = ()

    def home(self, person: int) -> int | None:
        """0 for the group itself, i + 1 for ``elsewhere[i]``; None where the household is not known."""
        if person < self.members:
            return 0
        return next((i + 1 for i, e in enumerate(self.elsewhere) if person in e.persons), None)


BEFORE = "before"
"""As a pack's ``age_on``, for this evaluator only: ages as of the day before the month."""


@dataclass(slots=True)
class Run:
    """A program over one household in one month; ``values[node]`` by instance. ``named``: names of nodes that
    have one, filled by :mod:`zhida.rules.explain.kinship`. ``kept``: what is worked out
    once for all answers, by whom."""

    program: Program
    facts: Facts
    known_on: date | None = None
    cells: dict[int, list[Value]] = field(default_factory=dict)
    resolved: dict[tuple[str, str], Resolved] = field(default_factory=dict)
    cutoffs: list[int] = field(default_factory=list)
    source: Lookup | None = None
    named: dict[int, str] = field(default_factory=dict)
    kept: dict[type, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not 0 < self.facts.members <= MAX_MEMBERS:
            raise ValueError(
                f"a household of {self.facts.members} members; 1 to {MAX_MEMBERS} can be assessed"
            )
        month, on = self.program.month, self.program.pack.age_on
        days = {"last": last_day(month), BEFORE: last_day(month - 1)}
        self.cutoffs = _cutoffs(days.get(on, first_day(month)))

    def value(self, node: Node, instance: int = 0) -> Value:
        """The node's value for one person; for the group itself, or everybody, whatever ``instance``."""
        if node.id not in self.cells:
            needed: dict[int, Node] = {}
            todo = [node]
            while todo:
                n = todo.pop()
                if n.id not in self.cells and n.id not in needed:
                    needed[n.id] = n
                    todo += n.args
            for id in sorted(needed):
                self.cells[id] = self.compute(needed[id], self.cells)
        cells = self.cells[node.id]
        return cells[instance if node.unit == PERSON else 0]

    def count(self, node: Node) -> int:
        if node.unit == PERSON:
            return len(self.facts.persons)
        return 1 if node.unit == SCALAR else 1 + len(self.facts.elsewhere)

    def compute(self, node: Node, cells: Mapping[int, list[Value]]) -> list[Value]:
        if node.op == "input":
            return [self._input(node, i) for i in range(self.count(node))]
        if node.op == "param":
            return [self.parameter(node, i) for i in range(self.count(node))]
        if node.op in WHOLE:
            return WHOLE[node.op](self, node, cells)
        work = OPERATIONS[node.op]
        columns = [(cells[a.id], 0 if a.unit == SCALAR else 1) for a in node.args]
        return [work(self, node, [c[i * step] for c, step in columns]) for i in range(self.count(node))]

    def _input(self, node: Node, i: int) -> Value:
        name, presumed = str(node.data[0]), bool(node.data[1])
        facts = self.facts
        if node.unit == PERSON:
            known = facts.persons[i].get(name)
        else:
            known = (facts.group if i == 0 else facts.elsewhere[i - 1].group).get(name)
        if known is not None:
            return known
        f = self.program.pack.fields.get(name)
        if presumed and f is not None and f.empty is not None:
            if node.kind == "num":
                return v.point(f.empty)
            return 1 << f.empty if node.kind == "enum" else (YES if f.empty else NO)
        return unknown(node)

    def parameter(self, node: Node, i: int) -> Num:
        facts = self.facts
        if node.unit == PERSON:
            place = facts.places[i]
        else:
            place = facts.group_place if i == 0 else facts.elsewhere[i - 1].place
        found = self.lookup(str(node.data[0]), place)
        index = node.data[1]
        assert isinstance(index, int)
        if found.values is None:
            p = self.program.pack.parameters[str(node.data[0])]
            return (p.minimum, p.maximum, VALUE | OPEN_LO | OPEN_HI)
        return v.point(found.values[index])

    def lookup(self, parameter: str, place: str) -> Resolved:
        key = (parameter, place)
        if key not in self.resolved:
            if self.source is None:
                self.source = Lookup(self.program.pack, self.known_on)
            self.resolved[key] = self.source.resolve(parameter, self.program.month, place)
        return self.resolved[key]


_cutoffs = lru_cache(maxsize=64)(v.age_cutoffs)


def unknown(node: Node) -> Value:
    """All that the node may be."""
    return anything(node.kind, Unknown.of(node))


def anything(kind: str, some: Unknown) -> Value:
    """A value of which nothing but its bounds is known."""
    if kind == "num":
        opened = OPEN_HI | (OPEN_LO if some.lo < 0 else 0)
        return (some.lo, some.hi, VALUE | opened | (NONE if some.na else 0))
    if kind == "bool":
        return YES | NO | (NA if some.na else 0)
    return some.hi | (NA_BIT if some.na else 0)


Work = Callable[[Run, Node, list[Value]], Value]


def _select(run: Run, node: Node, args: list[Value]) -> Value:
    c, a, b = args
    assert isinstance(c, int)
    if node.kind == "num":
        result: Num = (0, 0, NONE if c & NA else 0)
        for bit, side in ((YES, a), (NO, b)):
            if c & bit:
                result = v.hull(result, side)  # type: ignore[arg-type]
        return result
    na = NA if node.kind == "bool" else NA_BIT
    mask = na if c & NA else 0
    for bit, side in ((YES, a), (NO, b)):
        if c & bit:
            assert isinstance(side, int)
            mask |= side
    return mask


def _coalesce(run: Run, node: Node, args: list[Value]) -> Value:
    a, b = args
    if isinstance(a, tuple):
        assert isinstance(b, tuple)
        rest = (a[0], a[1], a[2] & ~NONE)
        return v.hull(rest, b) if a[2] & NONE else rest
    assert isinstance(b, int)
    na = NA if node.kind == "bool" else NA_BIT
    return (a & ~na) | (b if a & na else 0)


def _applicable(run: Run, node: Node, args: list[Value]) -> Value:
    (a,) = args
    if isinstance(a, tuple):
        return (YES if a[2] & VALUE else 0) | (NO if a[2] & NONE else 0)
    na = NA if node.args[0].kind == "bool" else NA_BIT
    return (YES if a & ~na else 0) | (NO if a & na else 0)


def _among(run: Run, node: Node, args: list[Value]) -> Value:
    (a,) = args
    mask = node.data[0]
    assert isinstance(a, int) and isinstance(mask, int)
    return (YES if a & mask else 0) | (NO if a & ~mask & ~NA_BIT else 0) | (NA if a & NA_BIT else 0)


def _same_choice(run: Run, node: Node, args: list[Value]) -> Value:
    a, b = args
    assert isinstance(a, int) and isinstance(b, int)
    x, y = a & ~NA_BIT, b & ~NA_BIT
    bits = NA if (a | b) & NA_BIT else 0
    if x and y:
        bits |= (YES if x & y else 0) | (0 if x == y and x & (x - 1) == 0 else NO)
    return bits


def _pick(run: Run, node: Node, args: list[Value]) -> Value:
    chosen = args[0]
    assert isinstance(chosen, int)
    result: Num = (0, 0, NONE if chosen & NA_BIT else 0)
    for i, option in enumerate(args[1:]):
        if chosen >> i & 1:
            result = v.hull(result, option)  # type: ignore[arg-type]
    return result


def _age(run: Run, node: Node, args: list[Value]) -> Value:
    (born,) = args
    assert isinstance(born, tuple)
    if not born[2] & VALUE:
        return NOTHING
    flags = (born[2] & (VALUE | NONE)) | (OPEN_HI if born[2] & OPEN_LO else 0)
    return (v.age_at(run.cutoffs, born[1]), v.age_at(run.cutoffs, born[0]), flags)


def _born_by(run: Run, node: Node, args: list[Value]) -> Value:
    (born,) = args
    years = node.data[0]
    assert isinstance(born, tuple) and isinstance(years, int)
    return v.less(born, v.point(run.cutoffs[years]), True)


def _months_since(run: Run, node: Node, args: list[Value]) -> Value:
    (day,) = args
    assert isinstance(day, tuple)
    if not day[2] & VALUE:
        return NOTHING
    now = run.program.month
    return (now - v.month_index(day[1]), now - v.month_index(day[0]), day[2] & (VALUE | NONE))


def _aggregate(run: Run, node: Node, cells: Mapping[int, list[Value]]) -> list[Value]:
    how, default = node.data
    assert isinstance(default, int)
    column, facts = cells[node.args[0].id], run.facts
    found = [_joined(str(how), default, column[: facts.members])]
    return found + [_joined(str(how), default, [column[i] for i in e.persons]) for e in facts.elsewhere]


def _joined(how: str, default: int, values: Sequence[Value]) -> Value:
    if how in ("any", "all"):
        truth = NO if how == "any" else YES
        for value in values:
            truth = (v.either if how == "any" else v.both)(truth, value)  # type: ignore[arg-type]
        return truth
    total: Num = v.point(0 if how == "sum" else default)
    join = {"sum": v.add, "min": v.smaller, "max": v.larger}[how]
    for value in values:
        total = join(total, value)  # type: ignore[arg-type]
    return total


def _spread(run: Run, node: Node, cells: Mapping[int, list[Value]]) -> list[Value]:
    (source,) = node.args
    homes = [run.facts.home(i) for i in range(len(run.facts.persons))]
    return [unknown(node) if home is None else cells[source.id][home] for home in homes]


def _kin(run: Run, node: Node, cells: Mapping[int, list[Value]]) -> list[Value]:
    """Where there may be others: any number for a sum, else perhaps one more of whom nothing is known."""
    name, how, default, some = node.data
    assert isinstance(default, int) and isinstance(some, Unknown)
    source, facts = node.args[0], run.facts
    more = anything(source.kind, some)
    if isinstance(more, tuple):
        more = v.hull(more, v.point(default))
    found: list[Value] = []
    for i in range(len(facts.persons)):
        kin = facts.kin[i].get(str(name), OPEN) if i < len(facts.kin) else OPEN
        values = [cells[source.id][k] for k in kin.persons]
        if how == "sum" and not kin.closed:
            found.append(unknown(node))
        else:
            found.append(_joined(str(how), default, values if kin.closed else [*values, more]))
    return found


def _gather(run: Run, node: Node, cells: Mapping[int, list[Value]]) -> list[Value]:
    link, some = str(node.data[0]), node.data[1]
    assert isinstance(some, Unknown)
    source, none = node.args
    found: list[Value] = []
    for i in range(len(run.facts.persons)):
        target = run.facts.links[i].get(link, SOMEBODY) if i < len(run.facts.links) else SOMEBODY
        if target == NOBODY:
            found.append(cells[none.id][i if none.unit == PERSON else 0])
        elif target == SOMEBODY:
            found.append(anything(node.kind, some))
        else:
            found.append(cells[source.id][target if source.unit == PERSON else 0])
    return found


def _person(run: Run, node: Node, cells: Mapping[int, list[Value]]) -> list[Value]:
    return [cells[node.args[0].id][0]] * len(run.facts.persons)


WHOLE: dict[str, Callable[[Run, Node, Mapping[int, list[Value]]], list[Value]]] = {
    "agg": _aggregate,
    "spread": _spread,
    "gather": _gather,
    "kin": _kin,
    "person": _person,
}

OPERATIONS: dict[str, Work] = {
    "const": lambda run, n, a: v.point(n.lo),
    "truth": lambda run, n, a: YES if n.data[0] else NO,
    "choice": lambda run, n, a: n.hi,
    "na": lambda run, n, a: NOTHING if n.kind == "num" else NA if n.kind == "bool" else NA_BIT,
    "add": lambda run, n, a: v.add(a[0], a[1]),  # type: ignore[arg-type]
    "sub": lambda run, n, a: v.add(a[0], v.negative(a[1])),  # type: ignore[arg-type]
    "mul": lambda run, n, a: v.mul(a[0], a[1]),  # type: ignore[arg-type]
    "min": lambda run, n, a: v.smaller(a[0], a[1]),  # type: ignore[arg-type]
    "max": lambda run, n, a: v.larger(a[0], a[1]),  # type: ignore[arg-type]
    "positive": lambda run, n, a: v.larger(a[0], v.point(1)),  # type: ignore[arg-type]
    "divide": lambda run, n, a: v.divide(a[0], a[1], n.data[0], n.data[1]),  # type: ignore[arg-type]
    "age": _age,
    "born_by": _born_by,
    "months_since": _months_since,
    "less": lambda run, n, a: v.less(a[0], a[1], False),  # type: ignore[arg-type]
    "less_equal": lambda run, n, a: v.less(a[0], a[1], True),  # type: ignore[arg-type]
    "equal": lambda run, n, a: v.equal(a[0], a[1]),  # type: ignore[arg-type]
    "among": _among,
    "same_choice": _same_choice,
    "and": lambda run, n, a: v.both(a[0], a[1]),  # type: ignore[arg-type]
    "or": lambda run, n, a: v.either(a[0], a[1]),  # type: ignore[arg-type]
    "not": lambda run, n, a: v.opposite(a[0]),  # type: ignore[arg-type]
    "applicable": _applicable,
    "select": _select,
    "coalesce": _coalesce,
    "pick": _pick,
}
