"""A pack's rules for one month as one graph: what the explainer walks and the kernel is made of.

Structure depends on the month only through dated formulas and benefits; the values of parameters
and the month's own days come in when a program is run.
"""

from __future__ import annotations

from zhida.rules.declarations import Pack
from zhida.rules.problems import PackError, Problem
from zhida.rules.program.builder import Builder
from zhida.rules.program.records import BenefitProgram, ConditionProgram, Outcome, Program, margin

__all__ = [
    "BenefitProgram",
    "ConditionProgram",
    "Outcome",
    "Program",
    "build_program",
    "margin",
    "refuse_broken",
    "structure_months",
]


def build_program(pack: Pack, month: int) -> Program:
    """The program of a month; :class:`PackError` with every problem of every formula."""
    return Builder(pack, month).build()


def refuse_broken(pack: Pack) -> None:
    """Raises :class:`PackError` with the problems of every formula in every stretch of time."""
    found: set[Problem] = set()
    for month in structure_months(pack):
        try:
            build_program(pack, month)
        except PackError as error:
            found |= set(error.problems)
    if found:
        raise PackError(found)


def structure_months(pack: Pack) -> list[int]:
    """First months of each stretch in which the structure stays the same."""
    found: set[int] = set()
    for v in pack.variables.values():
        found |= {m for f in v.formulas for m in (f.start, f.until) if m is not None}
    for b in pack.benefits.values():
        parts = [f for c in b.conditions for f in (c.formula,)] + [a.formula for a in b.amounts]
        parts += [review.every for review in b.reviews]
        found |= {m for f in parts for m in (f.start, f.until) if m is not None}
        found |= {m for m in (b.start, b.until) if m is not None}
    if not found:
        return [pack.verified_through.year * 12 + pack.verified_through.month - 1]
    return sorted(found | {min(found) - 1})
