"""The last step of building: each benefit as registers tell it, near misses, margins for its basis."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from zhida.rules.declarations import Benefit, Formula
from zhida.rules.formulas import terms
from zhida.rules.formulas.ir import PERSON, Node, RangeError
from zhida.rules.formulas.language import Reader, Scope
from zhida.rules.formulas.syntax import Located, parse
from zhida.rules.formulas.terms import FormulaError, Term
from zhida.rules.program.records import (
    BenefitProgram,
    ConditionProgram,
    Outcome,
    ReviewProgram,
    exists_in,
    margin,
)
from zhida.rules.timing import review_in

if TYPE_CHECKING:
    from zhida.rules.program.builder import Builder

Presume = Callable[[Node], Node]
LONGEST = 120
"""Months of a review interval."""


class Broken(Exception):
    """Something that this formula names has a problem of its own, already noted."""


class Finisher:
    """``done`` is shared by all benefits, so that what is presumed once is one node."""

    def __init__(self, builder: Builder, done: dict[int, Node]) -> None:
        self.builder = builder
        self.g = builder.g
        self.done = done

    def finish(self, b: Benefit) -> BenefitProgram:
        base = self.builder.base(b)
        answer, conditions = self.builder.final(b)
        exists = exists_in(b, self.builder.month)

        def presumed(node: Node) -> Node:
            return self.g.replace(node, self._presume, self.done)

        full = Outcome(answer, base.amount, tuple(c.node for c in conditions))
        by_registers = Outcome(
            presumed(answer),
            None if base.amount is None else presumed(base.amount),
            tuple(presumed(c.node) for c in conditions),
        )
        signal = self._read(b.signal.formula, b.unit) if b.signal is not None else self.g.truth(True)
        covers = self._read(b.covers, PERSON) if b.covers is not None else None
        amount = self.builder.names.value(f"award_amount_{b.id}", b.unit) if b.award else None
        return BenefitProgram(
            b,
            exists,
            base.applies,
            tuple(conditions),
            full,
            by_registers,
            presumed(base.applies),
            tuple(presumed(self._met_or_near(c)) for c in conditions),
            self._near(conditions, presumed, base.applies) if exists else self.g.truth(False),
            presumed(signal),
            self._bands(conditions, presumed),
            covers,
            self.builder.awarded(b),
            amount.num if amount is not None else None,
            self._review(b, presumed),
        )

    def _review(self, b: Benefit, presumed: Presume) -> ReviewProgram | None:
        """None where nothing is awarded, so that there is nothing to review."""
        rule = review_in(b, self.builder.month)
        since = self.builder.names.value(f"review_months_{b.id}", b.unit) if b.award else None
        if rule is None or since is None:
            return None
        try:
            every = Reader(self.builder.names, rule.every).term(parse(rule.every), Scope(b.unit))
            if every.dim != "number" or every.den is not None or every.num.lo < 1 or every.num.hi > LONGEST:
                says = f"an interval that is {terms.word(every)}, or may not be 1 to {LONGEST}"
                raise Located(rule.every.at, rule.every.text, FormulaError(says, "whole months"))
        except Located as error:
            self.builder.note(error)
            raise Broken from None
        g = self.g
        early = g.coalesce(presumed(g.less(since.num, every.num)), g.truth(False))
        over = g.truth(False) if rule.valid is None else g.less_equal(g.const(rule.valid), since.num)
        return ReviewProgram(rule, presumed(every.num), since.num, early, over)

    def _presume(self, leaf: Node) -> Node:
        if leaf.op != "input":
            return leaf
        name = str(leaf.data[0])
        f = self.builder.pack.fields.get(name)
        if f is None or f.empty is None:
            return leaf
        if f.register and self.builder.pack.registers[f.register].access == "register":
            return leaf
        presumed = self.g.input(name, leaf.kind, leaf.unit, leaf.lo, leaf.hi, leaf.na, presumed=True)
        if f.presumed_if is None:
            return presumed
        return self.g.select(self._read(f.presumed_if, f.unit), presumed, leaf)

    def _read(self, formula: Formula, unit: str) -> Node:
        try:
            return Reader(self.builder.names, formula).boolean(parse(formula), Scope(unit))
        except Located as error:
            self.builder.note(error)
            raise Broken from None

    def _almost(self, c: ConditionProgram) -> Node | None:
        """The comparison eased by what still counts as near."""
        if c.near is None or c.left is None or c.right is None:
            return None
        g, slack = self.g, Term(c.left.dim, self.g.const(c.near))
        closer = terms.subtract(g, c.left, slack) if "<" in c.symbol else terms.add(g, c.left, slack)
        return terms.compare(g, c.symbol, closer, c.right)

    def _met_or_near(self, c: ConditionProgram) -> Node:
        """What the condition needs at the least; with a grace that is more than the eased comparison."""
        closer = self._almost(c)
        if closer is None:
            return c.node
        return closer if c.bare is None else self.g.either(c.node, closer)

    def _near(self, conditions: Sequence[ConditionProgram], presumed: Presume, applies: Node) -> Node:
        g = self.g
        result = g.truth(False)
        for c in conditions:
            closer = self._almost(c)
            if closer is None:
                continue
            near = g.both(g.negate(c.node), closer)
            for other in conditions:
                if other is not c:
                    near = g.both(near, other.node)
            result = g.either(result, near)
        guarded = g.coalesce(g.select(applies, result, g.not_applicable("bool")), g.truth(False))
        return presumed(guarded)

    def _bands(self, conditions: Sequence[ConditionProgram], presumed: Presume) -> tuple[Node, ...]:
        found = []
        for c in conditions:
            if c.left is None or c.right is None:
                continue
            try:
                m = margin(self.g, c)
                if m is not None:
                    scale = self.g.const(100 if m.dim == "money" else 1)
                    den = self.g.mul(m.den, scale) if m.den is not None else scale
                    found.append(presumed(self.g.divide(m.num, den, 1, "down")))
            except RangeError:
                continue
        return tuple(found)
