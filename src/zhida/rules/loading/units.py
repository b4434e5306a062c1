"""``units.yaml``: units formed by rule, and the variable that each comes to."""

from __future__ import annotations

from collections.abc import Sequence

from zhida.rules.declarations import At, Formula, Kind, Variable
from zhida.rules.formation import PERSON, Formation, Ground, boundaries, composed
from zhida.rules.loading.context import CITATION, Context, read_list
from zhida.rules.loading.yamlnodes import Node

MOST_GROUNDS = 30


def read_formations(node: Node, context: Context) -> tuple[dict[str, Formation], dict[str, Variable]]:
    """Formations by id, and their variables by id."""
    formations: dict[str, Formation] = {}
    variables: dict[str, Variable] = {}
    for formation, variable in read_list(node, lambda item: _formation(item, context)):
        word, at = formation.members, formation.at
        free = context.take("unit", formation.id, formation.name, at)
        free = (not word or context.take("word for members", word, word, at)) and free
        if context.take("variable", variable.id, variable.name, at) and free:
            formations[formation.id] = formation
            variables[variable.id] = variable
    return formations, variables


def _formation(item: Node, context: Context) -> tuple[Formation, Variable]:
    record = item.map(("id", "name", "of", "counted", "grounds", "otherwise"), ("members",))
    of = context.reference(record["of"], "unit", context.units)
    members = record.get("members")
    if of and of != PERSON and members is None:
        item.add("a unit without a word for its members", "`members: …`", text=record["id"].text())
    if of == PERSON and members is not None:
        members.add("a unit of one person has no members", "no such key")
    grounds = tuple(read_list(record["grounds"], lambda one: _ground(one, context)))
    _check(record["grounds"], grounds, context)
    rest = record["otherwise"].map(("counts", "says"), CITATION)
    otherwise = Ground(
        "otherwise", rest["says"].text(), rest["counts"].boolean(), None, context.citation(rest), rest.at
    )
    counted = record["counted"].map(("id", "name", "says"), CITATION)
    formation = Formation(
        context.formula_id(record["id"]),
        context.name(record["name"]),
        of,
        context.name(members) if members is not None else "",
        context.formula_id(counted["id"]),
        grounds,
        otherwise,
        counted["says"].text(),
        context.citation(counted),
        item.at,
    )
    variable = Variable(
        id=formation.counted,
        name=context.name(counted["name"]),
        unit=PERSON,
        kind=Kind.BOOL,
        enum="",
        formulas=formulas_of(grounds, otherwise, item.at),
        applies=None,
        citation=formation.citation,
        says=formation.says,
        at=item.at,
    )
    return formation, variable


def _ground(item: Node, context: Context) -> Ground:
    record = item.map(("id", "counts", "says", "formula"), ("from", "until", *CITATION))
    start, until = context.months(record)
    return Ground(
        context.id(record["id"]),
        record["says"].text(),
        record["counts"].boolean(),
        record["formula"].formula(start, until),
        context.citation(record),
        item.at,
    )


def _check(node: Node, grounds: Sequence[Ground], context: Context) -> None:
    if node.kind == "list" and not 1 <= len(grounds) <= MOST_GROUNDS:
        node.add("no grounds, or too many", f"1 to {MOST_GROUNDS}", text="grounds")
    by_id: dict[str, list[Formula]] = {}
    for ground in grounds:
        if ground.id == "otherwise":
            context.problems.add(ground.at, "an id with a meaning of its own", ground.id, "another id")
        if ground.formula is not None:
            by_id.setdefault(ground.id, []).append(ground.formula)
    for id, formulas in by_id.items():
        if id:
            context.no_overlap(f"the ground {id}", formulas)


def formulas_of(grounds: Sequence[Ground], otherwise: Ground, at: At) -> tuple[Formula, ...]:
    """The variable's formulas: one for each stretch of months in which the same grounds are in force."""
    cuts = boundaries(grounds)
    edges: list[int | None] = [None, *cuts, None]
    inside = [cuts[0] - 1 if cuts else 0, *cuts]
    return tuple(
        Formula(composed(grounds, otherwise, month), at, start, until)
        for month, start, until in zip(inside, edges[:-1], edges[1:], strict=True)
    )
