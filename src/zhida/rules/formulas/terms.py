"""Typed terms: what a formula's parts are before they become nodes.

A term is a node, or a quotient of two nodes with a denominator that is provably above 0. It has a
dimension (money, number, date, bool, enum). Quotients stay quotients: they are compared by
cross-multiplication and lose their denominator when multiplied by it.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import lcm

from zhida.rules.formulas.ir import Graph, Node


class FormulaError(Exception):
    """What is wrong and what was expected instead; the caller adds the position."""

    def __init__(self, says: str, expected: str) -> None:
        super().__init__(f"{says}; expected {expected}")
        self.says = says
        self.expected = expected


@dataclass(frozen=True, slots=True)
class Term:
    """``dim``: money, number, date, bool or enum; ``den`` None for a whole value."""

    dim: str
    num: Node
    den: Node | None = None
    enum: str = ""

    @property
    def is_number(self) -> bool:
        return self.dim in ("money", "number")


WORDS = {
    "money": "an amount of money",
    "number": "a number",
    "date": "a date",
    "bool": "a yes/no",
    "enum": "a choice",
}


def word(term: Term) -> str:
    return WORDS[term.dim]


def alike(a: Term, b: Term) -> tuple[Term, Term]:
    """A plain 0 beside money is an amount of nothing; no other number is taken for money."""
    if a.dim == "money" and _is_zero(b):
        return a, Term("money", b.num)
    if b.dim == "money" and _is_zero(a):
        return Term("money", a.num), b
    return a, b


def _is_zero(a: Term) -> bool:
    return a.dim == "number" and a.den is None and a.num.op == "const" and a.num.lo == 0


def _same(what: str, a: Term, b: Term) -> tuple[Term, Term]:
    a, b = alike(a, b)
    if not (a.is_number and b.is_number and a.dim == b.dim):
        raise FormulaError(f"{what} of {word(a)} and {word(b)}", "two amounts of money, or two numbers")
    return a, b


def common(g: Graph, a: Term, b: Term) -> tuple[Node, Node, Node | None]:
    """Numerators of both over one denominator (None: both whole)."""
    if a.den is b.den:
        return a.num, b.num, a.den
    if a.den is None:
        assert b.den is not None
        return g.mul(a.num, b.den), b.num, b.den
    if b.den is None:
        return a.num, g.mul(b.num, a.den), a.den
    if a.den.op == "const" and b.den.op == "const":
        den = lcm(a.den.lo, b.den.lo)
        return g.mul(a.num, g.const(den // a.den.lo)), g.mul(b.num, g.const(den // b.den.lo)), g.const(den)
    return g.mul(a.num, b.den), g.mul(b.num, a.den), g.mul(a.den, b.den)


def add(g: Graph, a: Term, b: Term) -> Term:
    a, b = _same("a sum", a, b)
    x, y, den = common(g, a, b)
    return Term(a.dim, g.add(x, y), den)


def subtract(g: Graph, a: Term, b: Term) -> Term:
    if a.dim == b.dim == "date":
        return Term("number", g.sub(a.num, b.num))
    a, b = _same("a difference", a, b)
    x, y, den = common(g, a, b)
    return Term(a.dim, g.sub(x, y), den)


def negative(g: Graph, a: Term) -> Term:
    if not a.is_number:
        raise FormulaError(f"minus before {word(a)}", "an amount or a number")
    return Term(a.dim, g.sub(g.const(0), a.num), a.den)


def cancels(den: Node | None, by: Term) -> bool:
    """True where ``by`` is the denominator itself (or what a guard made positive)."""
    if den is None or by.den is not None:
        return False
    return den is by.num or (den.op == "positive" and den.args[0] is by.num)


def multiply(g: Graph, a: Term, b: Term) -> Term:
    if not (a.is_number and b.is_number):
        raise FormulaError(f"a product of {word(a)} and {word(b)}", "an amount times a number")
    if a.dim == b.dim == "money":
        raise FormulaError("a product of two amounts of money", "an amount times a number")
    dim = "money" if "money" in (a.dim, b.dim) else "number"
    if cancels(a.den, b):
        return Term(dim, a.num)
    if cancels(b.den, a):
        return Term(dim, b.num)
    den = a.den if b.den is None else b.den if a.den is None else g.mul(a.den, b.den)
    return Term(dim, g.mul(a.num, b.num), den)


def divide(g: Graph, a: Term, b: Term, positive: frozenset[int]) -> Term:
    """``positive``: ids of nodes that a guard around this place has above 0."""
    if not (a.is_number and b.is_number):
        raise FormulaError(f"a quotient of {word(a)} and {word(b)}", "amounts or numbers")
    if a.dim == "number" and b.dim == "money":
        raise FormulaError("a number divided by an amount of money", "an amount on top, or a number below")
    below = b.num
    if below.lo <= 0:
        if below.id not in positive:
            raise FormulaError(
                "the denominator may be 0", "a guard: `applies: … > 0`, `… if x > 0 else …`, or max(x, 1)"
            )
        below = g.positive(below)
    top = a.num
    if below.na:
        # Whoever multiplies or compares the denominator away must not lose that it did not apply.
        top = g.select(g.applicable(below), top, g.not_applicable("num"))
    dim = "money" if a.dim == "money" and b.dim == "number" else "number"
    num = top if b.den is None else g.mul(top, b.den)
    den = below if a.den is None else g.mul(a.den, below)
    return reduce_constants(g, Term(dim, num, den))


def reduce_constants(g: Graph, t: Term) -> Term:
    """A quotient of two constants that comes out whole is whole."""
    if t.den is not None and t.den.op == "const" and t.num.op == "const" and t.num.lo % t.den.lo == 0:
        return Term(t.dim, g.const(t.num.lo // t.den.lo))
    return t


def compare(g: Graph, op: str, a: Term, b: Term) -> Node:
    """``op`` one of == != < <= > >=. Quotients by cross-multiplication: never a division."""
    a, b = alike(a, b)
    if a.dim == b.dim == "enum":
        return _compare_choices(g, op, a, b)
    if a.dim == b.dim == "bool" and op in ("==", "!="):
        same = g.either(g.both(a.num, b.num), g.both(g.negate(a.num), g.negate(b.num)))
        return same if op == "==" else g.negate(same)
    if a.dim != b.dim or a.dim in ("bool", "enum"):
        raise FormulaError(f"{word(a)} compared with {word(b)}", "two values of one kind")
    x, y, _ = common(g, a, b)
    if op == "<":
        return g.less(x, y)
    if op == "<=":
        return g.less_equal(x, y)
    if op == ">":
        return g.less(y, x)
    if op == ">=":
        return g.less_equal(y, x)
    return g.equal(x, y) if op == "==" else g.negate(g.equal(x, y))


def _compare_choices(g: Graph, op: str, a: Term, b: Term) -> Node:
    if op not in ("==", "!="):
        raise FormulaError("choices compared by size", "== or != or in")
    if a.enum != b.enum:
        raise FormulaError(
            f"a choice of {a.enum} compared with one of {b.enum}", "two choices of one enumeration"
        )
    if b.num.op == "choice":
        mask = b.num.data[0]
        assert isinstance(mask, int)
        same = g.among(a.num, mask)
    elif a.num.op == "choice":
        mask = a.num.data[0]
        assert isinstance(mask, int)
        same = g.among(b.num, mask)
    else:
        same = g.same_choice(a.num, b.num)
    return same if op == "==" else g.negate(same)


def select(g: Graph, condition: Node, a: Term, b: Term) -> Term:
    a, b = alike(a, b)
    if a.dim != b.dim or a.enum != b.enum:
        raise FormulaError(f"one branch gives {word(a)}, the other {word(b)}", "two values of one kind")
    if not a.is_number:
        return Term(a.dim, g.select(condition, a.num, b.num), None, a.enum)
    both_constant = all(d is None or d.op == "const" for d in (a.den, b.den))
    if a.den is b.den or both_constant:
        x, y, den = common(g, a, b)
        return Term(a.dim, g.select(condition, x, y), den)
    one = g.const(1)
    num = g.select(condition, a.num, b.num)
    return Term(a.dim, num, g.select(condition, a.den or one, b.den or one))


def extreme(g: Graph, how: str, a: Term, b: Term) -> Term:
    """The smaller (``min``) or larger (``max``) of two."""
    a, b = alike(a, b)
    if not (a.dim == b.dim and (a.is_number or a.dim == "date")):
        raise FormulaError(f"{how} of {word(a)} and {word(b)}", "two amounts, two numbers or two dates")
    x, y, den = common(g, a, b)
    return Term(a.dim, g.minimum(x, y) if how == "min" else g.maximum(x, y), den)


def rounded(g: Graph, a: Term, step: int, direction: str) -> Term:
    """``step`` in the smallest unit of the dimension (fen, or 1)."""
    if not a.is_number:
        raise FormulaError(f"rounding of {word(a)}", "an amount or a number")
    if a.den is None and step == 1:
        return a
    return Term(a.dim, g.divide(a.num, a.den or g.const(1), step, direction))
