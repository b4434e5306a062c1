"""A program made simpler by what is proved of the columns.

Where a field is known of everybody, what is presumed of it is what is known, so both answers share their
nodes; where it has no column at all, what is presumed of it is a constant.
"""

from __future__ import annotations

from dataclasses import replace

from zhida.rules.declarations import Field, Kind
from zhida.rules.formulas.ir import Graph, Node
from zhida.rules.kernel.plan import Form
from zhida.rules.program.build import Outcome, Program


def specialised(program: Program, form: Form) -> Program:
    """The same program for one form of columns; says the same of every unit."""
    g, fields, columns = program.graph, program.pack.fields, dict(form.columns)
    done: dict[int, Node] = {}

    def leaf(n: Node) -> Node:
        if n.op != "input" or not n.data[1]:
            return n
        name = str(n.data[0])
        column = columns.get(name, "absent")
        if column == "known":
            return g.input(name, n.kind, n.unit, n.lo, n.hi, n.na)
        return _empty(g, fields[name]) if column == "absent" else n

    def simple(n: Node) -> Node:
        return g.replace(n, leaf, done)

    def outcome(o: Outcome) -> Outcome:
        amount = None if o.amount is None else simple(o.amount)
        return Outcome(simple(o.answer), amount, tuple(simple(c) for c in o.conditions))

    benefits = {
        name: replace(
            b,
            presumed=outcome(b.presumed),
            presumed_applies=simple(b.presumed_applies),
            almost=tuple(simple(n) for n in b.almost),
            near=simple(b.near),
            signal=simple(b.signal),
            bands=tuple(simple(n) for n in b.bands),
            review=None
            if b.review is None
            else replace(b.review, early=simple(b.review.early), over=simple(b.review.over)),
        )
        for name, b in program.benefits.items()
    }
    return replace(program, benefits=benefits)


def _empty(g: Graph, f: Field) -> Node:
    assert f.empty is not None
    if f.kind is Kind.BOOL:
        return g.truth(bool(f.empty))
    return g.choice(1 << f.empty) if f.kind is Kind.ENUM else g.const(f.empty)
