"""A third evaluator, for tests only: what a formula means, read straight off its text with fractions.

It knows nothing of graphs, intervals or kernels. Everything must be known, who is tied to whom too; what does
not apply is ``NA``. Loops are loops, branches not taken are not looked at, and a quotient is a fraction.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction
from math import ceil, floor

from zhida.codes.months import first_day, last_day, month_of
from zhida.rules.declarations import Benefit, Field, Formula, Kind, Pack, Parameter, Variable
from zhida.rules.formation import Formation
from zhida.rules.formulas.ir import PERSON


@dataclass(frozen=True)
class Value:
    """``dim`` is money (fen), number, date (days), bool or enum (index of the choice)."""

    dim: str
    value: Fraction | bool | int


class NotApplicable:
    def __repr__(self) -> str:
        return "NA"


NA = NotApplicable()
Result = Value | NotApplicable
DIMS = {
    Kind.MONEY: "money",
    Kind.INT: "number",
    Kind.DECIMAL: "number",
    Kind.DATE: "date",
    Kind.BOOL: "bool",
    Kind.ENUM: "enum",
}
Stored = int | NotApplicable
"""A value as a snapshot stores it."""


def rounded(value: Fraction, step: Fraction, direction: str) -> Fraction:
    """To a multiple of ``step``, the way the words say it."""
    steps = value / step
    if direction == "up":
        return ceil(steps) * step
    if direction == "down":
        return floor(steps) * step
    return floor(steps + Fraction(1, 2)) * step


@dataclass
class Oracle:
    """Some households, all of them known. ``parameter(id, index, place)`` is a storage integer; ``homes`` the
    household of each person; ``links`` and ``kin`` by id and person, as persons (None: nobody).

    Whoever is asked about is a number: a person, or ``~h`` for household ``h``.
    """

    pack: Pack
    month: int
    persons: Sequence[Mapping[str, Stored]]
    groups: Sequence[Mapping[str, Stored]]
    group_places: Sequence[str]
    places: Sequence[str]
    homes: Sequence[int]
    links: Sequence[Mapping[str, int | None]]
    kin: Sequence[Mapping[str, Sequence[int]]]
    parameter: Callable[[str, int, str], int]
    memo: dict[tuple[str, int], object] = field(default_factory=dict)

    def __post_init__(self) -> None:
        p = self.pack
        self.named: dict[str, Field | Parameter | Variable] = {}
        for things in (p.fields, p.parameters, p.variables):
            for thing in things.values():
                self.named[thing.id] = self.named[thing.name] = thing
        self.benefits = {w: b for b in p.benefits.values() for w in (b.id, b.name)}
        self.link_words = {w: link.id for link in p.links.values() for w in (link.id, link.name)}
        self.kin_words = {w: kin.id for kin in p.kin.values() for w in (kin.id, kin.name)}

    def home(self, who: int) -> int:
        return ~who if who < 0 else self.homes[who]

    def members(self, who: int) -> list[int]:
        return [i for i, h in enumerate(self.homes) if h == self.home(who)]

    # formulas -----------------------------------------------------------------------------------

    def read(self, formula: Formula, unit: str, who: int) -> Result:
        text = f"({formula.text})"
        return Reading(self, text, unit, who, "").of(ast.parse(text, mode="eval").body)

    def now(self, formula: Formula) -> bool:
        return (formula.start is None or formula.start <= self.month) and (
            formula.until is None or self.month < formula.until
        )

    def value(self, thing: Field | Parameter | Variable, who: int, unit: str) -> Result:
        """A person may name the household's values."""
        if isinstance(thing, Parameter):
            return self.at_place(thing, 0, who)
        at = who if thing.unit == PERSON else ~self.home(who)
        if isinstance(thing, Field):
            stored = (self.persons[at] if at >= 0 else self.groups[~at])[thing.id]
            return NA if isinstance(stored, NotApplicable) else told(thing.kind, thing.places, stored)
        key = (thing.id, at)
        if key not in self.memo:
            self.memo[key] = self.variable(thing, at)
        return self.memo[key]  # type: ignore[return-value]

    def variable(self, v: Variable, who: int) -> Result:
        if v.applies is not None and not isinstance(guard := self.read(v.applies, v.unit, who), Value):
            return NA
        if v.applies is not None and isinstance(guard, Value) and not guard.value:
            return NA
        formation = next((f for f in self.pack.formations.values() if f.counted == v.id), None)
        if formation is not None:
            return Value("bool", self.counts(formation, who))
        formula = next(f for f in v.formulas if self.now(f))
        if v.kind is Kind.ENUM:
            text = f"({formula.text})"
            return Reading(self, text, v.unit, who, "").choice(ast.parse(text, mode="eval").body, v.enum)
        return self.read(formula, v.unit, who)

    def counts(self, formation: Formation, who: int) -> bool:
        """Down the grounds, as one would read them."""
        for ground in formation.grounds:
            assert ground.formula is not None
            if self.now(ground.formula):
                held = self.read(ground.formula, PERSON, who)
                assert isinstance(held, Value)
                if held.value:
                    return ground.counts
        return formation.otherwise.counts

    def looped(self, word: str, who: int) -> list[int]:
        """Whom a loop over members goes over."""
        formation = next((f for f in self.pack.formations.values() if f.members == word), None)
        everybody = self.members(who)
        return [i for i in everybody if formation is None or self.counts(formation, i)]

    def at_place(self, p: Parameter, index: int, who: int) -> Value:
        place = self.places[who] if who >= 0 else self.group_places[~who]
        return told(p.kind, p.places, self.parameter(p.id, index, place))

    # benefits -----------------------------------------------------------------------------------

    def exists(self, b: Benefit) -> bool:
        return (b.start is None or b.start <= self.month) and (b.until is None or self.month < b.until)

    def amount(self, b: Benefit, who: int) -> Fraction | NotApplicable | None:
        for a in b.amounts:
            if self.now(a.formula):
                value = self.read(a.formula, b.unit, who)
                if not isinstance(value, Value):
                    return NA
                paid = rounded(Fraction(value.value), Fraction(a.rounding.step), str(a.rounding.direction))
                return max(paid, Fraction(0))  # nobody owes for being entitled
        return None

    def own(self, b: Benefit, who: int) -> bool | NotApplicable:
        """By its own conditions and exclusions; NA where it does not apply."""
        if not self.exists(b) or self.applies(b, who) is not True:
            return NA
        held: list[bool | NotApplicable] = []
        for c in b.conditions:
            if self.now(c.formula):
                found = self.read(c.formula, b.unit, who)
                met = bool(found.value) if isinstance(found, Value) else NA
                if c.grace is not None and met is False:
                    spared = self.read(c.grace.formula, b.unit, who)
                    met = isinstance(spared, Value) and bool(spared.value)
                held.append(met)
        held += [self.no(self.held_across(self.pack.benefits[e.benefit], b.unit, who)) for e in b.excluded_by]
        return NA if any(isinstance(h, NotApplicable) for h in held) else all(held)

    def applies(self, b: Benefit, who: int) -> bool | NotApplicable:
        if b.applies is None:
            return True
        found = self.read(b.applies.formula, b.unit, who)
        return bool(found.value) if isinstance(found, Value) else NA

    @staticmethod
    def no(x: bool | NotApplicable) -> bool | NotApplicable:
        return NA if isinstance(x, NotApplicable) else not x

    def awarded(self, b: Benefit, who: int) -> bool:
        if not b.award:
            return False
        return bool((self.persons[who] if who >= 0 else self.groups[~who])[f"awarded_{b.id}"])

    def answer(self, b: Benefit, who: int) -> bool | NotApplicable:
        """With groups of which only the higher is paid, and the person's choices."""
        answer = self.own(b, who)
        if isinstance(answer, NotApplicable):
            return NA
        for group in self.pack.groups:
            for other_id in group.benefits if b.id in group.benefits else ():
                other = self.pack.benefits[other_id]
                if other_id != b.id and (self.own(other, who) is True or self.awarded(other, who)):
                    mine, theirs = self.amount(b, who), self.amount(other, who)
                    if isinstance(mine, Fraction) and isinstance(theirs, Fraction):
                        first = group.benefits.index(other_id) < group.benefits.index(b.id)
                        answer = answer and not (theirs > mine or (theirs == mine and first))
        for choice in self.pack.choices:
            if b.id in choice.benefits:
                rivals = [o for o in choice.benefits if o != b.id]
                if any(self.own(self.pack.benefits[o], who) is True for o in rivals):
                    wish = self.value(self.pack.fields[choice.field], who, b.unit)
                    enum = self.pack.enums[self.pack.fields[choice.field].enum]
                    answer = answer and isinstance(wish, Value) and wish.value == enum.index(b.id)
        return answer

    def held(self, b: Benefit, who: int) -> bool:
        return self.awarded(b, who) or self.answer(b, who) is True

    def theirs(self, b: Benefit, who: int) -> bool:
        """Whether a household's benefit is also for this member of it."""
        formation = self.pack.formations.get(b.formed)
        return who < 0 or formation is None or b.unit == PERSON or self.counts(formation, who)

    def held_across(self, b: Benefit, unit: str, who: int) -> bool:
        if b.unit == unit:
            return self.held(b, who)
        if unit == PERSON:
            return self.theirs(b, who) and self.held(b, ~self.home(who))
        return all(self.held(b, i) for i in self.members(who))


def told(kind: Kind, places: int, stored: int) -> Value:
    if kind is Kind.BOOL:
        return Value("bool", bool(stored))
    if kind in (Kind.ENUM, Kind.DATE):
        return Value(DIMS[kind], stored)
    return Value(DIMS[kind], Fraction(stored, 10**places if kind is Kind.DECIMAL else 1))


class Reading:
    """One formula for one person or household (``who``); ``loop`` is the variable of a loop. In one over kin
    a parameter is the kin's, at its place."""

    def __init__(
        self, oracle: Oracle, text: str, unit: str, who: int, loop: str, member: int = -1, kin: bool = False
    ) -> None:
        self.o, self.text, self.unit, self.who, self.loop, self.member = oracle, text, unit, who, loop, member
        self.here = member if kin else who

    def of(self, node: ast.expr) -> Result:
        return getattr(self, f"_{type(node).__name__.lower()}")(node)  # type: ignore[no-any-return]

    def truth(self, node: ast.expr) -> bool | NotApplicable:
        found = self.of(node)
        return bool(found.value) if isinstance(found, Value) else NA

    def _constant(self, node: ast.Constant) -> Result:
        if isinstance(node.value, bool):
            return Value("bool", node.value)
        return Value("number", Fraction(ast.get_source_segment(self.text, node) or ""))

    def _name(self, node: ast.Name) -> Result:
        thing = self.o.named[node.id]
        assert self.here == self.who or isinstance(thing, Parameter), node.id
        return self.o.value(thing, self.here, self.unit)

    def _attribute(self, node: ast.Attribute) -> Result:
        assert isinstance(node.value, ast.Name)
        base = node.value.id
        if base == self.loop:
            return self.o.value(self.o.named[node.attr], self.member, PERSON)
        if base in self.o.link_words:
            assert not self.loop, base
            target = self.o.links[self.who][self.o.link_words[base]]
            return NA if target is None else self.o.value(self.o.named[node.attr], target, PERSON)
        b = self.o.benefits[base]
        who = self.who if b.unit == PERSON else ~self.o.home(self.who)
        answer = self.o.answer(b, who)
        if not self.o.theirs(b, self.who):
            return Value("money", Fraction(0)) if node.attr in ("金额", "amount") else Value("bool", False)
        if node.attr in ("享有", "held"):
            return Value("bool", self.o.held(b, who))
        if node.attr in ("符合", "entitled"):
            return Value("bool", answer is True)
        amount = self.o.amount(b, who) if answer is True else Fraction(0)
        return Value("money", amount if isinstance(amount, Fraction) else Fraction(0))

    def _subscript(self, node: ast.Subscript) -> Result:
        assert isinstance(node.value, ast.Name)
        p = self.o.named[node.value.id]
        assert isinstance(p, Parameter)
        chosen = self.choice(node.slice, p.table)
        return self.o.at_place(p, int(chosen.value), self.here) if isinstance(chosen, Value) else NA

    def choice(self, node: ast.expr, enum: str) -> Result:
        if isinstance(node, ast.Constant):
            index = self.o.pack.enums[enum].index(str(node.value))
            assert index is not None
            return Value("enum", index)
        if isinstance(node, ast.IfExp):
            test = self.truth(node.test)
            if isinstance(test, NotApplicable):
                return NA
            return self.choice(node.body if test else node.orelse, enum)
        return self.of(node)

    def _binop(self, node: ast.BinOp) -> Result:
        a, b = self.of(node.left), self.of(node.right)
        if not (isinstance(a, Value) and isinstance(b, Value)):
            return NA
        x, y = Fraction(a.value), Fraction(b.value)
        money = "money" if "money" in (a.dim, b.dim) else "number"
        if isinstance(node.op, ast.Add):
            return Value(money, x + y)
        if isinstance(node.op, ast.Sub):
            return Value(money, x - y)
        if isinstance(node.op, ast.Mult):
            return Value(money, x * y)
        return Value("number" if a.dim == b.dim else money, x / y)

    def _unaryop(self, node: ast.UnaryOp) -> Result:
        a = self.of(node.operand)
        if not isinstance(a, Value):
            return NA
        return (
            Value("bool", not a.value) if isinstance(node.op, ast.Not) else Value(a.dim, -Fraction(a.value))
        )

    def _boolop(self, node: ast.BoolOp) -> Result:
        found = [self.truth(v) for v in node.values]
        if any(isinstance(f, NotApplicable) for f in found):
            return NA
        return Value("bool", all(found) if isinstance(node.op, ast.And) else any(found))

    def _ifexp(self, node: ast.IfExp) -> Result:
        test = self.truth(node.test)
        return NA if isinstance(test, NotApplicable) else self.of(node.body if test else node.orelse)

    def _compare(self, node: ast.Compare) -> Result:
        steps = []
        left = node.left
        for op, right in zip(node.ops, node.comparators, strict=True):
            steps.append(self.step(left, op, right))
            left = right
        return NA if any(isinstance(s, NotApplicable) for s in steps) else Value("bool", all(steps))

    def step(self, left: ast.expr, op: ast.cmpop, right: ast.expr) -> bool | NotApplicable:
        if isinstance(right, ast.Tuple):
            one = self.of(left)
            if not isinstance(one, Value):
                return NA
            among = any(self.literal(e, left) == one.value for e in right.elts)
            return among if isinstance(op, ast.In) else not among
        a = self.of(left) if not isinstance(left, ast.Constant) else Value("", self.literal(left, right))
        b = self.of(right) if not isinstance(right, ast.Constant) else Value("", self.literal(right, left))
        if not (isinstance(a, Value) and isinstance(b, Value)):
            return NA
        x, y = a.value, b.value
        return {
            ast.Lt: x < y,
            ast.LtE: x <= y,
            ast.Gt: x > y,
            ast.GtE: x >= y,
            ast.Eq: x == y,
            ast.NotEq: x != y,
        }[type(op)]

    def literal(self, node: ast.expr, beside: ast.expr) -> Fraction | bool | int:
        assert isinstance(node, ast.Constant)
        if isinstance(node.value, str):
            found = next(i for e in self.o.pack.enums.values() if (i := e.index(node.value)) is not None)
            return found
        value = self._constant(node)
        assert isinstance(value, Value)
        return value.value

    def _call(self, node: ast.Call) -> Result:
        assert isinstance(node.func, ast.Name)
        name = node.func.id
        if isinstance(node.args[0], ast.GeneratorExp):
            return self.over(name, node, node.args[0])
        if name == "applicable":
            return Value("bool", isinstance(self.of(node.args[0]), Value))
        if name == "coalesce":
            first = self.of(node.args[0])
            return first if isinstance(first, Value) else self.of(node.args[1])
        if name.startswith("round_"):
            a, step = self.of(node.args[0]), self.of(node.args[1])
            if not isinstance(a, Value):
                return NA
            assert isinstance(step, Value)
            unit = Fraction(step.value) * (100 if a.dim == "money" else 1)
            return Value(a.dim, rounded(Fraction(a.value), unit, name.removeprefix("round_")))
        values = [self.of(a) for a in node.args]
        if not all(isinstance(v, Value) for v in values):
            return NA
        known = [v for v in values if isinstance(v, Value)]
        dim = "money" if any(v.dim == "money" for v in known) else known[0].dim
        if name in ("min", "max"):
            numbers = [v.value for v in known]
            return Value(dim, min(numbers) if name == "min" else max(numbers))
        day = date(1970, 1, 1) + timedelta(days=int(known[0].value))
        if name == "months_since":
            return Value("number", Fraction(self.o.month - month_of(day)))
        return Value("number", Fraction(age(day, self.o.pack, self.o.month)))

    def over(self, name: str, node: ast.Call, loop: ast.GeneratorExp) -> Result:
        part = loop.generators[0]
        assert isinstance(part.target, ast.Name)
        assert isinstance(part.iter, ast.Name)
        kin = self.o.kin_words.get(part.iter.id)
        found: list[Value] = []
        looped = self.o.looped(part.iter.id, self.who) if kin is None else self.o.kin[self.who][kin]
        for i in looped:
            inner = Reading(self.o, self.text, self.unit, self.who, part.target.id, i, kin is not None)
            tests = [inner.truth(t) for t in part.ifs]
            if any(isinstance(t, NotApplicable) for t in tests):
                return NA
            if all(tests):
                one = Value("number", Fraction(1)) if name == "count" else inner.of(loop.elt)
                if not isinstance(one, Value):
                    # Strict, so one member to whom it does not apply settles it: see the handbook.
                    return NA
                found.append(one)
        if name in ("any", "all"):
            return Value("bool", (any if name == "any" else all)(v.value for v in found))
        if name in ("sum", "count"):
            dim = "number" if name == "count" else self.dim(loop.elt)
            return Value(dim, sum((Fraction(v.value) for v in found), Fraction(0)))
        if not found:
            default = self.of(next(k.value for k in node.keywords))
            assert isinstance(default, Value)
            return Value(self.dim(loop.elt), default.value)
        return Value(found[0].dim, (min if name == "min" else max)(v.value for v in found))

    def dim(self, node: ast.expr) -> str:
        """Money or number, as it is written: nobody in a loop still makes a sum of one or the other."""
        if isinstance(node, ast.Name | ast.Attribute | ast.Subscript):
            word = node.id if isinstance(node, ast.Name) else getattr(node, "attr", "")
            if isinstance(node, ast.Subscript):
                assert isinstance(node.value, ast.Name)
                word = node.value.id
            return (
                DIMS[self.o.named[word].kind] if word in self.o.named else "money"
            )  # else a benefit's amount
        if isinstance(node, ast.Call):
            assert isinstance(node.func, ast.Name)
            if node.func.id in ("age", "months_since", "count"):
                return "number"
            first = node.args[0]
            parts = [first.elt] if isinstance(first, ast.GeneratorExp) else node.args
            parts = parts[:1] if node.func.id.startswith("round_") else parts
        elif isinstance(node, ast.BinOp):
            if isinstance(node.op, ast.Div) and self.dim(node.right) == "money":
                return "number"
            parts = [node.left, node.right]
        elif isinstance(node, ast.IfExp):
            parts = [node.body, node.orelse]
        else:
            parts = [node.operand] if isinstance(node, ast.UnaryOp) else []
        return "money" if "money" in map(self.dim, parts) else "number"


def age(born: date, pack: Pack, month: int) -> int:
    """Birthdays had by the day of reckoning; one on 29 February comes on 1 March in other years."""
    on = last_day(month) if pack.age_on == "last" else first_day(month)
    years = on.year - born.year - ((on.month, on.day) < (born.month, born.day))
    return max(0, min(150, years))
