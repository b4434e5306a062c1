"""The grounds of a unit formed by rule, as nodes: for reasons, and so that each is checked by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zhida.rules.declarations import Formula
from zhida.rules.formation import PERSON, Formation, Ground, composed
from zhida.rules.formulas.ir import Node
from zhida.rules.formulas.language import Reader, Scope
from zhida.rules.formulas.syntax import Located, parse
from zhida.rules.formulas.terms import FormulaError
from zhida.rules.program.records import dated

if TYPE_CHECKING:
    from zhida.rules.program.builder import Builder


def grounds_of(builder: Builder, formation: Formation) -> tuple[tuple[Ground, Node], ...]:
    """Those of the month, in order. What is wrong with one is told at its own place, not at that of the
    formula that they come to. None where another formula was put in their place."""
    told = dated(builder.pack.variables[formation.counted].formulas, builder.month)
    if told is None or told.text != composed(formation.grounds, formation.otherwise, builder.month):
        return ()
    sure = builder.g.truth(True)
    grounds = formation.in_force(builder.month)
    return tuple((g, sure if g.formula is None else _ground(builder, g.formula)) for g in grounds)


def _ground(builder: Builder, formula: Formula) -> Node:
    """Holds or not: where it may not apply nothing would decide."""
    node = Reader(builder.names, formula).boolean(parse(formula), Scope(PERSON))
    if node.na:
        raise Located(
            formula.at, formula.text, FormulaError("a ground that may not apply", "coalesce(…, False)")
        )
    return node
