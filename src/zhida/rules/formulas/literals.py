"""Literals and small makers of terms: exact numbers, choices, "or else", what a guard proves."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

from zhida.rules.declarations import Enumeration
from zhida.rules.formulas import terms
from zhida.rules.formulas.ir import Graph, Node
from zhida.rules.formulas.terms import FormulaError, Term, word
from zhida.rules.problems import shown


def number(g: Graph, text: str) -> Term:
    """An exact decimal literal."""
    try:
        value = Decimal(text.replace("_", ""))
    except InvalidOperation:
        raise FormulaError(f"{shown(text)} is no plain number", "digits, with decimals if need be") from None
    exponent = value.as_tuple().exponent
    places = -exponent if isinstance(exponent, int) and exponent < 0 else 0
    if places > 6 or abs(value) > 10**12:
        limit = "at most 6 decimals and 12 digits before them"
        raise FormulaError(f"{shown(text)} has too many digits", limit)
    top = g.const(int(value.scaleb(places)))
    return terms.reduce_constants(g, Term("number", top, g.const(10**places) if places else None))


def choice(g: Graph, enum: Enumeration, text: str) -> Term:
    index = enum.index(text)
    if index is None:
        raise FormulaError(f"{enum.name} has no choice {shown(text)}", " ".join(c.name for c in enum.choices))
    return Term("enum", g.choice(1 << index), None, enum.id)


def coalesce(g: Graph, a: Term, b: Term) -> Term:
    a, b = terms.alike(a, b)
    if a.dim != b.dim or a.enum != b.enum:
        raise FormulaError(f"{word(a)} or else {word(b)}", "two values of one kind")
    if a.den is None and b.den is None:
        return Term(a.dim, g.coalesce(a.num, b.num), None, a.enum)
    there = g.applicable(a.num)
    zero, one = g.const(0), g.const(1)
    whole = Term(a.dim, g.coalesce(a.num, zero), g.coalesce(a.den or one, one))
    return terms.select(g, there, whole, b)


def proved_positive(condition: Node) -> frozenset[int]:
    """Ids of nodes that are above 0 wherever the condition is yes."""
    if condition.op == "and":
        return proved_positive(condition.args[0]) | proved_positive(condition.args[1])
    if condition.op == "born_by":  # at least one year old
        age = condition.data[1]
        assert isinstance(age, int)
        return frozenset((age,))
    if condition.op == "less" and condition.args[0].lo >= 0:
        return frozenset((condition.args[1].id,))
    if condition.op == "less_equal" and condition.args[0].lo >= 1:
        return frozenset((condition.args[1].id,))
    return frozenset()
