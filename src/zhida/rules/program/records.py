"""A pack's rules for one month, checked and turned into nodes: the records that a program is made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from zhida.rules.declarations import Benefit, Citation, Formula, Pack
from zhida.rules.formation import Ground
from zhida.rules.formulas import terms
from zhida.rules.formulas.ir import Graph, Node
from zhida.rules.formulas.terms import Term
from zhida.rules.timing import Review


@dataclass(frozen=True, slots=True)
class ConditionProgram:
    """``role``: rule, excluded_by, higher or choice. ``left symbol right`` where the formula is one
    single comparison of numbers; ``other`` is the benefit that displaces. Where a grace may
    stand in for the condition, ``bare`` is it without, and ``grace`` says what stands in."""

    id: str
    says: str
    role: str
    node: Node
    citation: Citation
    formula: str = ""
    symbol: str = ""
    left: Term | None = None
    right: Term | None = None
    near: int | None = None
    other: str = ""
    bare: Node | None = None
    grace: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """``conditions`` in the order of the benefit's; ``amount`` in whole fen, None for a status."""

    answer: Node
    amount: Node | None
    conditions: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class ReviewProgram:
    """The review rules of the month, as far as registers tell. ``early``: inside the interval; ``over``: the
    validity has run out; ``every``, ``since``: months."""

    rule: Review
    every: Node
    since: Node
    early: Node
    over: Node


@dataclass(frozen=True, slots=True)
class BenefitProgram:
    """``full``: what is known; ``presumed``: as far as registers tell, with what families declare or
    authorise taken at its empty value where it is not known. ``near``: exactly one condition fails,
    and by little. ``bands``: whole-yuan margins that the basis of a list entry is made of."""

    benefit: Benefit
    exists: bool
    applies: Node
    conditions: tuple[ConditionProgram, ...]
    full: Outcome
    presumed: Outcome
    presumed_applies: Node
    almost: tuple[Node, ...]
    near: Node
    signal: Node
    bands: tuple[Node, ...]
    covers: Node | None
    awarded: Node | None
    award_amount: Node | None
    review: ReviewProgram | None = None


@dataclass(frozen=True, slots=True)
class Program:
    pack: Pack
    month: int
    graph: Graph
    benefits: dict[str, BenefitProgram]
    variables: dict[str, Term] = field(default_factory=dict)
    grounds: dict[str, tuple[tuple[Ground, Node], ...]] = field(default_factory=dict)
    """By formation, in order; none where the variable's formula is not what the grounds come to."""

    def outputs(self, benefit: str) -> list[Node]:
        """All nodes that a row of this benefit is made of."""
        b = self.benefits[benefit]
        found = [
            b.full.answer,
            *b.full.conditions,
            b.presumed.answer,
            *b.presumed.conditions,
            b.near,
            b.signal,
            *b.bands,
        ]
        found += [
            n
            for n in (b.full.amount, b.presumed.amount, b.awarded, b.award_amount, b.applies)
            if n is not None
        ]
        return found + ([b.review.early, b.review.over] if b.review is not None else [])


def margin(g: Graph, c: ConditionProgram) -> Term | None:
    """By how much a comparison is met: 0 or more means met (a strict one needs one fen, or 1, more;
    in a quotient, one fen of its numerator)."""
    if c.left is None or c.right is None or c.symbol not in ("<", "<=", ">", ">="):
        return None
    less = c.symbol.startswith("<")
    gap = terms.subtract(g, c.right, c.left) if less else terms.subtract(g, c.left, c.right)
    if c.symbol in ("<", ">"):
        return Term(gap.dim, g.sub(gap.num, g.const(1)), gap.den)
    return gap


def within(formula: Formula, month: int) -> bool:
    return (formula.start is None or formula.start <= month) and (
        formula.until is None or month < formula.until
    )


def dated(formulas: Sequence[Formula], month: int) -> Formula | None:
    return next((f for f in formulas if within(f, month)), None)


def exists_in(b: Benefit, month: int) -> bool:
    return (b.start is None or b.start <= month) and (b.until is None or month < b.until)
