"""The typed intermediate form that both evaluators run.

A program is a list of nodes in an order in which arguments come before users. Equal nodes are one
node (hash-consing), so a value that is written twice is computed once, and a quotient times its own
denominator can cancel. A node holds one value for each instance of its unit:

- ``num``: an int64 interval (money in fen, dates in days, decimals scaled);
- ``bool``: a set out of {yes, no, not applicable};
- ``enum``: a set of choices as a bit mask, with ``NA_BIT`` for not applicable.

A quotient is not a node: it is a pair of nodes (see :mod:`zhida.rules.formulas.terms`). Units are a parameter
of every node: ``""`` (the same for all), the person unit, or a group unit. Values cross units only
through ``agg`` (members → group), ``spread`` (group → members), ``gather`` (a person → the person that a
link points at, in whatever household) and ``kin`` (a person → all of its kin of one sort): these two need
the values of other households to be there before.
"""

from __future__ import annotations

from collections.abc import Callable

from zhida.rules.formulas.node import (
    INT64_MAX,
    INT64_MIN,
    MAX_KIN,
    MAX_MEMBERS,
    MOST_MONTHS,
    NA,
    NA_BIT,
    NO,
    PERSON,
    SCALAR,
    YES,
    Node,
    RangeError,
    Unknown,
    cone,
)
from zhida.rules.formulas.whole import divide_exact, size

__all__ = [
    "INT64_MAX",
    "INT64_MIN",
    "MAX_KIN",
    "MAX_MEMBERS",
    "MOST_MONTHS",
    "NA",
    "NA_BIT",
    "NO",
    "PERSON",
    "SCALAR",
    "YES",
    "Graph",
    "Node",
    "RangeError",
    "Unknown",
    "cone",
]


class Graph:
    """Builds nodes once each, with their proven ranges."""

    def __init__(self) -> None:
        self.nodes: list[Node] = []
        self._known: dict[tuple[object, ...], Node] = {}

    def copy(self) -> Graph:
        """A graph to build on further; what is there keeps its nodes."""
        other = Graph()
        other.nodes = list(self.nodes)
        other._known = dict(self._known)
        return other

    def _node(
        self,
        op: str,
        kind: str,
        unit: str,
        args: tuple[Node, ...] = (),
        data: tuple[object, ...] = (),
        lo: int = 0,
        hi: int = 0,
        na: bool = False,
    ) -> Node:
        key = (op, kind, unit, tuple(a.id for a in args), data)
        found = self._known.get(key)
        if found is not None:
            return found
        if lo < INT64_MIN // 2 or hi > INT64_MAX // 2:
            raise RangeError(f"the value may reach {size(max(abs(lo), abs(hi)))}, beyond what int64 holds")
        node = Node(len(self.nodes), op, kind, unit, args, data, lo, hi, na)
        self.nodes.append(node)
        self._known[key] = node
        return node

    @staticmethod
    def _join(*nodes: Node) -> str:
        units = {n.unit for n in nodes if n.unit != SCALAR}
        if len(units) > 1:
            raise AssertionError(f"units {sorted(units)} meet without a spread")
        return units.pop() if units else SCALAR

    # leaves -----------------------------------------------------------------------------------

    def const(self, value: int) -> Node:
        return self._node("const", "num", SCALAR, data=(value,), lo=value, hi=value)

    def truth(self, value: bool) -> Node:
        return self._node("truth", "bool", SCALAR, data=(value,))

    def choice(self, mask: int) -> Node:
        return self._node("choice", "enum", SCALAR, data=(mask,), lo=mask, hi=mask)

    def not_applicable(self, kind: str) -> Node:
        return self._node("na", kind, SCALAR, na=True)

    def input(
        self, field: str, kind: str, unit: str, lo: int, hi: int, na: bool, presumed: bool = False
    ) -> Node:
        """A field. ``presumed``: where it is unknown its empty value is taken."""
        return self._node("input", kind, unit, data=(field, presumed), lo=lo, hi=hi, na=na)

    def param(self, parameter: str, index: int, unit: str, lo: int, hi: int) -> Node:
        """A parameter at the place of the unit; ``index`` in its table."""
        return self._node("param", "num", unit, data=(parameter, index), lo=lo, hi=hi)

    # numbers ----------------------------------------------------------------------------------

    def add(self, a: Node, b: Node) -> Node:
        if a.op == "const" and b.op == "const":
            return self.const(a.lo + b.lo)
        if a.op == "const" and a.lo == 0:
            return b
        if b.op == "const" and b.lo == 0:
            return a
        return self._num("add", (a, b), a.lo + b.lo, a.hi + b.hi)

    def sub(self, a: Node, b: Node) -> Node:
        if a.op == "const" and b.op == "const":
            return self.const(a.lo - b.lo)
        if b.op == "const" and b.lo == 0:
            return a
        return self._num("sub", (a, b), a.lo - b.hi, a.hi - b.lo)

    def mul(self, a: Node, b: Node) -> Node:
        if a.op == "const":
            a, b = b, a
        if b.op == "const":
            if a.op == "const":
                return self.const(a.lo * b.lo)
            if b.lo == 1:
                return a
        corners = [a.lo * b.lo, a.lo * b.hi, a.hi * b.lo, a.hi * b.hi]
        return self._num("mul", (a, b), min(corners), max(corners))

    def minimum(self, a: Node, b: Node) -> Node:
        return a if a is b else self._num("min", (a, b), min(a.lo, b.lo), min(a.hi, b.hi))

    def maximum(self, a: Node, b: Node) -> Node:
        return a if a is b else self._num("max", (a, b), max(a.lo, b.lo), max(a.hi, b.hi))

    def positive(self, a: Node) -> Node:
        """``a`` where a guard has it above 0: elsewhere the value is never used, so 1 will do."""
        return a if a.lo > 0 else self._num("positive", (a,), 1, max(1, a.hi))

    def divide(self, num: Node, den: Node, step: int, direction: str) -> Node:
        """``num / den`` rounded to a multiple of ``step``; the only division there is."""
        if den.lo <= 0:
            raise RangeError("the denominator may be 0 or less")
        widest = 2 * max(abs(num.lo), abs(num.hi)) + den.hi * step * 2
        if widest > INT64_MAX // 2:
            raise RangeError(f"rounding needs numbers up to {size(widest)}, beyond what int64 holds")
        corners = [divide_exact(n, d, step, direction) for n in (num.lo, num.hi) for d in (den.lo, den.hi)]
        return self._num("divide", (num, den), min(corners), max(corners), (step, direction))

    def age(self, born: Node) -> Node:
        return self._num("age", (born,), 0, 150)

    def months_since(self, day: Node) -> Node:
        return self._num("months_since", (day,), -MOST_MONTHS, MOST_MONTHS)

    def _num(self, op: str, args: tuple[Node, ...], lo: int, hi: int, data: tuple[object, ...] = ()) -> Node:
        return self._node(op, "num", self._join(*args), args, data, lo, hi, any(a.na for a in args))

    # truths -----------------------------------------------------------------------------------

    def less(self, a: Node, b: Node) -> Node:
        if b.op == "age" and a.op == "const":
            return self._aged(b, a.lo + 1)
        if a.op == "age" and b.op == "const":
            return self.negate(self._aged(a, b.lo))
        if a.op == b.op == "const":
            return self.truth(a.lo < b.lo)
        return self._bool("less", (a, b))

    def less_equal(self, a: Node, b: Node) -> Node:
        if b.op == "age" and a.op == "const":
            return self._aged(b, a.lo)
        if b.op == "add" and a.op == b.args[1].op == "const" and b.args[0].op == "age":
            return self._aged(b.args[0], a.lo - b.args[1].lo)
        if a.op == "age" and b.op == "const":
            return self.negate(self._aged(a, b.lo + 1))
        if a.op == b.op == "const":
            return self.truth(a.lo <= b.lo)
        return self._bool("less_equal", (a, b))

    def _aged(self, age: Node, years: int) -> Node:
        """At least so many years old: a comparison of days, without working the age out."""
        if 1 <= years <= age.hi:
            return self._bool("born_by", age.args, (years, age.id))
        return self._bool("less_equal", (self.const(years), age))

    def equal(self, a: Node, b: Node) -> Node:
        if a.op == b.op == "const":
            return self.truth(a.lo == b.lo)
        return self._bool("equal", (a, b))

    def among(self, a: Node, mask: int) -> Node:
        if a.op == "choice":
            return self.truth(bool(a.lo & mask))
        return self._bool("among", (a,), (mask,))

    def same_choice(self, a: Node, b: Node) -> Node:
        return self._bool("same_choice", (a, b))

    def both(self, a: Node, b: Node) -> Node:
        for x, y in ((a, b), (b, a)):
            if x.op == "truth" and x.data[0]:
                return y
            if x.op == "truth" and not y.na:
                return x
        return a if a is b else self._bool("and", (a, b))

    def either(self, a: Node, b: Node) -> Node:
        for x, y in ((a, b), (b, a)):
            if x.op == "truth" and not x.data[0]:
                return y
            if x.op == "truth" and not y.na:
                return x
        return a if a is b else self._bool("or", (a, b))

    def negate(self, a: Node) -> Node:
        if a.op == "truth":
            return self.truth(not a.data[0])
        return a.args[0] if a.op == "not" else self._bool("not", (a,))

    def applicable(self, a: Node) -> Node:
        if not a.na:
            return self.truth(True)
        return self._node("applicable", "bool", a.unit, (a,))

    def _bool(self, op: str, args: tuple[Node, ...], data: tuple[object, ...] = ()) -> Node:
        return self._node(op, "bool", self._join(*args), args, data, na=any(a.na for a in args))

    def modal(self, how: str, a: Node) -> Node:
        """What is told of a truth: that it ``may`` hold, that it ``must``; or a truth that is open
        (``perhaps``) where that may hold, else no. The kernel's sieve alone asks so."""
        if a.op == "truth" and (how != "perhaps" or not a.data[0]):
            return a
        return self._node(how, "bool", a.unit, (a,))

    # any kind ---------------------------------------------------------------------------------

    def select(self, condition: Node, a: Node, b: Node) -> Node:
        """``a`` where the condition is yes, ``b`` where it is no; the other one is not looked at."""
        if condition.op == "truth":
            return a if condition.data[0] else b
        if a is b and not condition.na:
            return a
        lo, hi = _ends(*(n for n in (a, b) if n.op != "na"))
        na = condition.na or a.na or b.na
        return self._node("select", a.kind, self._join(condition, a, b), (condition, a, b), (), lo, hi, na)

    def coalesce(self, a: Node, b: Node) -> Node:
        """``b`` where ``a`` is not applicable."""
        if not a.na:
            return a
        lo, hi = _ends(a, b)
        return self._node("coalesce", a.kind, self._join(a, b), (a, b), (), lo, hi, b.na)

    def pick(self, choice: Node, options: tuple[Node, ...]) -> Node:
        """The option whose index the enumeration has."""
        lo, hi = min(o.lo for o in options), max(o.hi for o in options)
        na = choice.na or any(o.na for o in options)
        return self._node("pick", "num", self._join(choice, *options), (choice, *options), (), lo, hi, na)

    # units ------------------------------------------------------------------------------------

    def spread(self, a: Node) -> Node:
        """A group's value for each of its members."""
        if a.unit in (SCALAR, PERSON):
            return a
        return self._node("spread", a.kind, PERSON, (a,), (), a.lo, a.hi, a.na)

    def aggregate(self, how: str, unit: str, a: Node, default: int = 0) -> Node:
        """``sum``, ``any``, ``all`` over members; ``min``, ``max`` over members and ``default``."""
        if a.unit == SCALAR:
            a = self._node("person", a.kind, PERSON, (a,), (), a.lo, a.hi, a.na)
        if how in ("any", "all"):
            return self._node("agg", "bool", unit, (a,), (how, 0), na=a.na)
        if how == "sum":
            lo, hi = min(0, a.lo * MAX_MEMBERS), max(0, a.hi * MAX_MEMBERS)
        elif how == "max":
            lo, hi = default, max(default, a.hi)
        else:
            lo, hi = min(default, a.lo), default
        return self._node("agg", "num", unit, (a,), (how, default), lo, hi, a.na)

    def kin(self, name: str, how: str, a: Node, default: int = 0, any_one: Unknown | None = None) -> Node:
        """Like :meth:`aggregate`, over a person's kin in whatever household, for each person. ``any_one``:
        what it may be of somebody of whom nothing is known."""
        if a.unit == SCALAR:
            a = self._node("person", a.kind, PERSON, (a,), (), a.lo, a.hi, a.na)
        some = any_one or Unknown.of(a)
        data, na = (name, how, default, some), a.na or some.na
        if how in ("any", "all"):
            return self._node("kin", "bool", PERSON, (a,), data, na=na)
        least, most = min(a.lo, some.lo), max(a.hi, some.hi)
        lo, hi = default, default
        if how == "sum":
            lo, hi = min(0, least * MAX_KIN), max(0, most * MAX_KIN)
        elif how == "max":
            hi = max(default, most)
        else:
            lo = min(default, least)
        return self._node("kin", "num", PERSON, (a,), data, lo, hi, na)

    def gather(self, link: str, a: Node, none: Node, any_one: Unknown | None = None) -> Node:
        """``a`` of the person that the link points at, ``none`` where there is nobody."""
        # somebody unknown, or nobody: which of the two is not known either
        some = any_one or Unknown(a.lo, a.hi, a.na or none.na)
        lo, hi = min(a.lo, some.lo), a.hi | some.hi if a.kind == "enum" else max(a.hi, some.hi)
        if none.op != "na":
            lo, hi = min(lo, none.lo), hi | none.hi if a.kind == "enum" else max(hi, none.hi)
        na = a.na or none.na or some.na
        return self._node("gather", a.kind, PERSON, (a, none), (link, some), lo, hi, na)

    # whole graphs -----------------------------------------------------------------------------

    def rebuild(self, node: Node, args: tuple[Node, ...]) -> Node:
        """The same operation over other arguments, ranges proved anew."""
        d = node.data
        make: dict[str, Callable[[], Node]] = {
            "add": lambda: self.add(*args),
            "sub": lambda: self.sub(*args),
            "mul": lambda: self.mul(*args),
            "min": lambda: self.minimum(*args),
            "max": lambda: self.maximum(*args),
            "positive": lambda: self.positive(*args),
            "divide": lambda: self.divide(args[0], args[1], d[0], d[1]),  # type: ignore[arg-type]
            "age": lambda: self.age(*args),
            "months_since": lambda: self.months_since(*args),
            "less": lambda: self.less(*args),
            "less_equal": lambda: self.less_equal(*args),
            "born_by": lambda: self._bool("born_by", args, d),
            "equal": lambda: self.equal(*args),
            "among": lambda: self.among(args[0], d[0]),  # type: ignore[arg-type]
            "same_choice": lambda: self.same_choice(*args),
            "and": lambda: self.both(*args),
            "or": lambda: self.either(*args),
            "not": lambda: self.negate(*args),
            "applicable": lambda: self.applicable(*args),
            "select": lambda: self.select(*args),
            "coalesce": lambda: self.coalesce(*args),
            "pick": lambda: self.pick(args[0], args[1:]),
            "spread": lambda: self.spread(*args),
            "agg": lambda: self.aggregate(d[0], node.unit, args[0], d[1]),  # type: ignore[arg-type]
            "gather": lambda: self.gather(d[0], args[0], args[1], d[1]),  # type: ignore[arg-type]
            "kin": lambda: self.kin(d[0], d[1], args[0], d[2], d[3]),  # type: ignore[arg-type]
            "person": lambda: self._node(
                "person", node.kind, PERSON, args, (), args[0].lo, args[0].hi, args[0].na
            ),
        }
        return make[node.op]()

    def replace(self, node: Node, leaf: Callable[[Node], Node], done: dict[int, Node]) -> Node:
        """A copy of the node's whole cone with each leaf put through ``leaf``; shares what is equal."""
        for n in cone((node,)):
            if n.id in done:
                continue
            if not n.args:
                done[n.id] = leaf(n)
            else:
                args = tuple(done[a.id] for a in n.args)
                done[n.id] = (
                    n if all(x is y for x, y in zip(args, n.args, strict=True)) else self.rebuild(n, args)
                )
        return done[node.id]


def _ends(*nodes: Node) -> tuple[int, int]:
    """The range of whichever of them it is; of choices, the highest end is the mask of all they may be."""
    lo, hi = min((n.lo for n in nodes), default=0), max((n.hi for n in nodes), default=0)
    for n in nodes:
        hi = hi | n.hi if n.kind == "enum" else hi
    return lo, hi
