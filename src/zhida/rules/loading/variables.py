"""``variables/*.yaml``: named intermediate values."""

from __future__ import annotations

from zhida.rules.declarations import Formula, Variable
from zhida.rules.loading.context import CITATION, Context
from zhida.rules.loading.yamlnodes import Map, Node

_REQUIRED = ("id", "name", "unit", "type")
_OPTIONAL = ("enum", "says", "formula", "formulas", "applies", *CITATION)


def read_variable(item: Node, context: Context) -> Variable | None:
    record = item.map(_REQUIRED, _OPTIONAL)
    id, name = context.formula_id(record["id"]), context.name(record["name"])
    kind = context.kind(record["type"])
    applies = record.get("applies")
    variable = Variable(
        id=id,
        name=name,
        unit=context.reference(record["unit"], "unit", context.units),
        kind=kind,
        enum=context.enum(record, kind),
        formulas=_formulas(record, id, context),
        applies=applies.formula() if applies is not None else None,
        citation=context.citation(record),
        says=record.text("says"),
        at=item.at,
    )
    return variable if context.take("variable", id, name, item.at) and id else None


def _formulas(record: Map, id: str, context: Context) -> tuple[Formula, ...]:
    single, several = record.get("formula"), record.get("formulas")
    if (single is None) == (several is None):
        if not record.silent:
            record.node.add("not one of formula and formulas", "`formula: …` or `formulas: […]`", text=id)
        return ()
    if single is not None:
        return (single.formula(),)
    found: list[Formula] = []
    for node in record["formulas"].items():
        one = node.map(("formula",), ("from", "until"))
        start, until = context.months(one)
        found.append(one["formula"].formula(start, until))
    if not found and record["formulas"].kind == "list":
        record["formulas"].add("no formula", "at least one", text=id)
    context.no_overlap(id, found)
    return tuple(found)
