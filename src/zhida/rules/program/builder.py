"""Builds a month's program from a pack: reads every formula, joins conditions into answers."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from zhida.rules.declarations import (
    At,
    Benefit,
    Condition,
    Formula,
    Kind,
    Pack,
    Variable,
)
from zhida.rules.formulas import terms
from zhida.rules.formulas.ir import PERSON, SCALAR, Graph, Node, RangeError
from zhida.rules.formulas.language import SYMBOLS, Reader, Scope
from zhida.rules.formulas.literals import proved_positive
from zhida.rules.formulas.syntax import Located, parse
from zhida.rules.formulas.terms import FormulaError, Term
from zhida.rules.problems import Problems
from zhida.rules.program.finishing import Broken, Finisher
from zhida.rules.program.formed import grounds_of
from zhida.rules.program.names import DIMS, PackNames
from zhida.rules.program.records import (
    ConditionProgram,
    Program,
    dated,
    exists_in,
    within,
)

T = TypeVar("T")

MAX_CONDITIONS = 20
"""Three bits for each condition have to fit an int64."""


@dataclass(slots=True)
class _Base:
    applies: Node
    conditions: list[ConditionProgram]
    node: Node
    amount: Node | None


class Builder:
    def __init__(self, pack: Pack, month: int, graph: Graph | None = None) -> None:
        """``graph``: one to build on, so that what was built before keeps its nodes."""
        self.pack = pack
        self.month = month
        self.g = Graph() if graph is None else graph
        self.problems = Problems()
        self.names = PackNames(self)
        self.doing: list[str] = []
        self.bases: dict[str, _Base | None] = {}
        self.finals: dict[str, tuple[Node, list[ConditionProgram]] | None] = {}
        self.variables: dict[str, Term | None] = {}
        self.formed = {f.counted: f for f in pack.formations.values()}

    def build(self) -> Program:
        for variable in self.pack.variables.values():
            self._try(partial(self.variable, variable))
        for benefit in self.pack.benefits.values():
            self._try(partial(self.final, benefit))
        self.problems.raise_if_any()
        done: dict[int, Node] = {}
        programs = {}
        for benefit in self.pack.benefits.values():
            try:
                programs[benefit.id] = Finisher(self, done).finish(benefit)
            except RangeError as error:
                self.problems.add(benefit.at, str(error), benefit.name, "narrower min and max of its fields")
            except Broken:
                continue
        self.problems.raise_if_any()
        known = {name: term for name, term in self.variables.items() if term is not None}
        grounds = {f.id: grounds_of(self, f) for f in self.pack.formations.values()}
        return Program(self.pack, self.month, self.g, programs, known, grounds)

    def _try(self, work: Callable[[], object]) -> None:
        try:
            work()
        except Broken:
            return
        except Located as error:
            self.note(error)

    def note(self, error: Located) -> None:
        self.problems.add(error.at, error.says, error.text, error.expected)

    @contextmanager
    def entered(self, what: str, at: At) -> Iterator[None]:
        """Refuses a circle: a value that hangs on itself."""
        if what in self.doing:
            ring = " → ".join([*self.doing[self.doing.index(what) :], what])
            raise Located(
                at, what, FormulaError(f"a circle: {ring}", "values that do not hang on themselves")
            )
        if len(self.doing) > 100:
            raise Located(at, what, FormulaError("a chain of more than 100 names", "fewer steps"))
        self.doing.append(what)
        try:
            yield
        finally:
            self.doing.pop()

    # variables ----------------------------------------------------------------------------------

    def variable(self, v: Variable) -> Term:
        if v.id in self.variables:
            found = self.variables[v.id]
            if found is None:
                raise Broken
            return found
        try:
            with self.entered(v.name, v.at):
                term = self._variable(v)
        except Located as error:
            self.variables[v.id] = None
            self.note(error)
            raise Broken from None
        except Broken:
            self.variables[v.id] = None
            raise
        self.variables[v.id] = term
        return term

    def _variable(self, v: Variable) -> Term:
        if v.id in self.formed:
            grounds_of(self, self.formed[v.id])
        formula = dated(v.formulas, self.month)
        if formula is None:
            return self._unknown(v)
        scope = Scope(v.unit)
        guard: Node | None = None
        if v.applies is not None:
            guard = Reader(self.names, v.applies).boolean(parse(v.applies), scope)
            scope = Scope(v.unit, positive=proved_positive(guard))
        reader = Reader(self.names, formula)
        if v.kind is Kind.ENUM:
            tree = parse(formula)
            term = reader._as_choice(tree, scope, self.pack.enums[v.enum])
        else:
            term = reader.read(scope)
        want = "enum" if v.kind is Kind.ENUM else DIMS[v.kind]
        if term.dim != want or (v.kind is Kind.INT and term.den is not None):
            gives = terms.word(term) if term.dim != want else "a quotient"
            says = f"{v.name} is declared {v.kind}, but the formula gives {gives}"
            raise Located(formula.at, formula.text, FormulaError(says, "a type that fits"))
        if guard is not None:
            kind = term.num.kind
            try:
                num = self.g.select(guard, term.num, self.g.not_applicable(kind))
            except RangeError as error:
                raise Located(formula.at, formula.text, FormulaError(str(error), "narrower ranges")) from None
            term = Term(term.dim, num, term.den, term.enum)
        return term

    def _unknown(self, v: Variable) -> Term:
        """No formula is known for this month: the value is unknown, whoever is looked at."""
        if v.kind is Kind.BOOL:
            return Term("bool", self.g.input(f"?{v.id}", "bool", v.unit, 0, 0, False))
        if v.kind is Kind.ENUM:
            top = (1 << len(self.pack.enums[v.enum].choices)) - 1
            return Term("enum", self.g.input(f"?{v.id}", "enum", v.unit, 0, top, False), None, v.enum)
        return Term(DIMS[v.kind], self.g.input(f"?{v.id}", "num", v.unit, -(10**10), 10**10, False))

    # benefits -----------------------------------------------------------------------------------

    def base(self, b: Benefit) -> _Base:
        """A benefit by its own conditions and exclusions, before groups and choices."""
        if b.id in self.bases:
            found = self.bases[b.id]
            if found is None:
                raise Broken
            return found
        with self.entered(b.name, b.at):
            base = self._noting(lambda: self._base(b), self.bases, b.id)
        return base

    def _base(self, b: Benefit) -> _Base:
        applies = self.g.truth(True)
        if b.applies is not None:
            applies = Reader(self.names, b.applies.formula).boolean(parse(b.applies.formula), Scope(b.unit))
        scope = Scope(b.unit, positive=proved_positive(applies))
        conditions: list[ConditionProgram] = []
        failed = False
        for condition in b.conditions:
            if not within(condition.formula, self.month):
                continue
            try:
                conditions.append(self._condition(condition, scope))
            except Located as error:
                self.note(error)
                failed = True
        for exclusion in b.excluded_by:
            other = self.pack.benefits[exclusion.benefit]
            held = self._held_across(other, b.unit)
            node = self.g.negate(held)
            conditions.append(
                ConditionProgram(
                    f"excluded_by:{other.id}",
                    exclusion.says,
                    "excluded_by",
                    node,
                    exclusion.citation,
                    other=other.id,
                )
            )
        amount: Node | None = None
        for a in b.amounts:
            if within(a.formula, self.month):
                amount = self._amount(a.formula, a.rounding.step, a.rounding.direction, scope)
                if a.ceiling:
                    granted = self.g.input(f"?granted_{b.id}", "bool", b.unit, 0, 0, False)
                    amount = self.g.select(granted, amount, self.g.const(0))
        if b.amounts and amount is None:
            amount = self.g.input(f"?{b.id}", "num", b.unit, 0, 10**10, False)
        if failed:
            raise Broken
        node = self.g.truth(True)
        for c in conditions:
            node = self.g.both(node, c.node)
        return _Base(applies, conditions, node, amount)

    def _condition(self, c: Condition, scope: Scope) -> ConditionProgram:
        reader = Reader(self.names, c.formula)
        tree = parse(c.formula)
        node = reader.boolean(tree, scope)
        symbol, left, right = single_comparison(reader, tree, scope)
        if c.near is not None and left is None:
            raise Located(
                c.at, c.formula.text, FormulaError("near without a single comparison", "a < b or the like")
            )
        bare, grace = None, ""
        if c.grace is not None:
            held = Reader(self.names, c.grace.formula).boolean(parse(c.grace.formula), scope)
            bare, grace = node, c.grace.says
            node = self.g.either(node, self.g.coalesce(held, self.g.truth(False)))
        compared = (symbol, left, right, c.near)
        told = (c.id, c.says, "rule", node, c.citation, c.formula.text)
        return ConditionProgram(*told, *compared, bare=bare, grace=grace)

    def _amount(self, formula: Formula, step: int, direction: str, scope: Scope) -> Node:
        reader = Reader(self.names, formula)
        tree = parse(formula)
        term = reader.term(tree, scope)
        with reader.located(tree):
            if term.dim != "money":
                raise FormulaError(f"an amount that is {terms.word(term)}", "money")
            paid = terms.rounded(self.g, term, step, direction).num
            return self.g.maximum(paid, self.g.const(0))

    def final(self, b: Benefit) -> tuple[Node, list[ConditionProgram]]:
        """The answer with groups of which the higher is paid, and the person's own choices."""
        if b.id in self.finals:
            found = self.finals[b.id]
            if found is None:
                raise Broken
            return found
        base = self.base(b)
        with self.entered(f"{b.name} (all)", b.at):
            return self._noting(lambda: self._final(b, base), self.finals, b.id)

    def _noting(self, work: Callable[[], T], memo: dict[str, T | None], key: str) -> T:
        """Runs and remembers; what fails is noted once and then known as broken."""
        try:
            done = work()
        except Located as error:
            memo[key] = None
            self.note(error)
            raise Broken from None
        except Broken:
            memo[key] = None
            raise
        memo[key] = done
        return done

    def _final(self, b: Benefit, base: _Base) -> tuple[Node, list[ConditionProgram]]:
        conditions = list(base.conditions)
        g = self.g
        for group in self.pack.groups:
            if b.id not in group.benefits:
                continue
            for other_id in group.benefits:
                if other_id == b.id:
                    continue
                other = self.base(self.pack.benefits[other_id])
                if other.amount is None or base.amount is None:
                    raise Located(
                        group.at,
                        group.name,
                        FormulaError("a benefit without an amount", "amounts to compare"),
                    )
                earlier = group.benefits.index(other_id) < group.benefits.index(b.id)
                more = (
                    g.less_equal(base.amount, other.amount) if earlier else g.less(base.amount, other.amount)
                )
                # Where the other's amount does not apply to this unit it can't be the higher.
                more = g.coalesce(more, g.truth(False))
                loses = g.both(self._held(self.pack.benefits[other_id], other.applies, other.node), more)
                conditions.append(
                    ConditionProgram(
                        f"excluded_by:{other_id}",
                        group.name,
                        "higher",
                        g.negate(loses),
                        group.citation,
                        other=other_id,
                    )
                )
        for choice in self.pack.choices:
            if b.id in choice.benefits:
                conditions.append(self._chosen(b, choice.id))
        if len(conditions) > MAX_CONDITIONS:
            raise Located(b.at, b.name, FormulaError("too many conditions", f"at most {MAX_CONDITIONS}"))
        exists = exists_in(b, self.month)
        node = g.truth(True)
        for c in conditions:
            node = g.both(node, c.node)
        answer = (
            g.select(base.applies, node, g.not_applicable("bool")) if exists else g.not_applicable("bool")
        )
        return answer, conditions

    def _chosen(self, b: Benefit, choice_id: str) -> ConditionProgram:
        choice = next(c for c in self.pack.choices if c.id == choice_id)
        g = self.g
        rival = g.truth(False)
        for other_id in choice.benefits:
            if other_id != b.id:
                other = self.base(self.pack.benefits[other_id])
                rival = g.either(
                    rival,
                    g.coalesce(g.select(other.applies, other.node, g.not_applicable("bool")), g.truth(False)),
                )
        term = self.names.value(choice.field, b.unit)
        index = self.pack.enums[self.pack.fields[choice.field].enum].index(b.id)
        assert term is not None and index is not None
        chosen = g.coalesce(g.among(term.num, 1 << index), g.truth(False))
        node = g.either(g.negate(rival), chosen)
        return ConditionProgram(f"choice:{choice.id}", choice.name, "choice", node, choice.citation)

    def _held(self, b: Benefit, applies: Node, node: Node) -> Node:
        """Held: awarded, or else by rule; where the rule is not applicable, not held by it."""
        g = self.g
        by_rule = g.truth(False)
        if exists_in(b, self.month):
            by_rule = g.coalesce(g.select(applies, node, g.not_applicable("bool")), g.truth(False))
        awarded = self.awarded(b)
        return by_rule if awarded is None else g.either(awarded, by_rule)

    def awarded(self, b: Benefit) -> Node | None:
        term = self.names.value(f"awarded_{b.id}", b.unit) if b.award else None
        return term.num if term is not None else None

    def held(self, b: Benefit) -> Node:
        answer, _ = self.final(b)
        by_rule = self.g.coalesce(answer, self.g.truth(False))
        awarded = self.awarded(b)
        return by_rule if awarded is None else self.g.either(awarded, by_rule)

    def _held_across(self, other: Benefit, unit: str) -> Node:
        """Held by the unit asked about: a group holds a person's benefit where all members do."""
        held = self.held(other)
        if other.unit == unit or held.unit == SCALAR:
            return held
        if unit == PERSON:
            return self.theirs(other, held)
        return self.g.aggregate("all", unit, held)

    def theirs(self, b: Benefit, held: Node) -> Node:
        """A household's benefit for each member: of a unit formed by rule only those who count hold it."""
        formation = self.pack.formations.get(b.formed)
        if formation is None:
            return self.g.spread(held)
        counted = self.variable(self.pack.variables[formation.counted]).num
        return self.g.both(counted, self.g.spread(held))


def single_comparison(reader: Reader, tree: ast.expr, scope: Scope) -> tuple[str, Term | None, Term | None]:
    """Symbol and both sides where the formula is one comparison of two numbers or amounts."""
    if not (isinstance(tree, ast.Compare) and len(tree.ops) == 1 and type(tree.ops[0]) in SYMBOLS):
        return "", None, None
    sides = (tree.left, tree.comparators[0])
    if any(isinstance(s, ast.Constant) and isinstance(s.value, str) for s in sides):
        return "", None, None
    left, right = (reader.term(s, scope) for s in sides)
    symbol = SYMBOLS[type(tree.ops[0])]
    if not (left.is_number and right.is_number) or symbol in ("==", "!="):
        return "", None, None
    left, right = terms.alike(left, right)
    return symbol, left, right
