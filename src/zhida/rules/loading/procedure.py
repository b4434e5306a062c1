"""What a benefit gives besides money, how it is applied for, and what its kind demands."""

from __future__ import annotations

from zhida.rules.declarations import Benefit, Formula
from zhida.rules.handling import Provision, Step
from zhida.rules.loading.context import CITATION, Context, read_list
from zhida.rules.loading.yamlnodes import Map, Node

COUNTED = ("hours", "days", "workdays", "months")
_DATED = ("from", "until")
_LONGEST = 1_000


def read_provisions(node: Node | None, context: Context) -> tuple[Provision, ...]:
    def one(item: Node) -> Provision:
        record = item.map(("says",), (*_DATED, *CITATION))
        start, until = context.months(record)
        return Provision(record["says"].text(), start, until, context.citation(record), item.at)

    return tuple(read_list(node, one))


def read_procedure(node: Node | None, benefit: str, context: Context) -> tuple[Step, ...]:
    """Steps in the order of the file; two of one id may not hold in the same month."""
    steps = read_list(node, lambda item: _step(item, context))
    by_id: dict[str, list[Formula]] = {}
    for step in steps:
        by_id.setdefault(step.id, []).append(Formula(step.says, step.at, step.start, step.until))
    for id, dated in by_id.items():
        if id:
            context.no_overlap(f"step {benefit}.{id}", dated)
    return tuple(steps)


def _step(item: Node, context: Context) -> Step:
    record = item.map(("id", "says"), ("within", "counted", *_DATED, *CITATION))
    start, until = context.months(record)
    within, counted = record.get("within"), record.get("counted")
    if (within is None) != (counted is None):
        there = within if within is not None else counted
        assert there is not None
        there.add("a limit is a number and what is counted", f"`within` and `counted` ({', '.join(COUNTED)})")
    return Step(
        context.id(record["id"]),
        record["says"].text(),
        within.integer(1, _LONGEST) if within is not None else None,
        counted.word(*COUNTED) if counted is not None else "",
        start,
        until,
        context.citation(record),
        item.at,
    )


def check_kind(benefit: Benefit, record: Map) -> None:
    """What help in kind and help at discretion may and must have."""
    if benefit.kind == "in_kind":
        for key in ("amount", "amounts", "ceiling", "signal", "review", "reviews"):
            if key in record:
                record[key].add("help in kind is no money and on no list", f"no `{key}`", text=benefit.id)
        if not benefit.provides:
            record["kind"].add("help in kind that gives nothing", "`provides: [{says: …}]`")
        if benefit.award:
            record["award"].add("the awards register holds no help in kind", "award: false")
    if "ceiling" in record and benefit.kind == "standing":
        record["ceiling"].add("a standing benefit has an amount", "`amount`", text=benefit.id)
