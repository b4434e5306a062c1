"""``open.yaml``: questions that the sources leave open."""

from __future__ import annotations

from collections.abc import Mapping

from zhida.rules.declarations import Benefit
from zhida.rules.loading.context import CITATION, Context, read_list
from zhida.rules.loading.yamlnodes import Node
from zhida.rules.matrix import OpenPoint


def read_open_points(node: Node, context: Context, benefits: Mapping[str, Benefit]) -> tuple[OpenPoint, ...]:
    """Each with an id of its own and at least one benefit."""

    def one(item: Node) -> OpenPoint:
        record = item.map(("id", "benefits", "says", "meanwhile"), CITATION)
        about = tuple(context.reference(n, "benefit", benefits) for n in record["benefits"].items())
        if record["benefits"].kind == "list" and not about:
            record["benefits"].add("an open point about nothing", "at least one benefit")
        return OpenPoint(
            context.id(record["id"]),
            about,
            record["says"].text(),
            record["meanwhile"].text(),
            context.citation(record),
            item.at,
        )

    points = read_list(node, one)
    seen: set[str] = set()
    for point in points:
        if point.id and point.id in seen:
            context.problems.add(point.at, "an open point twice", point.id, "each id once")
        seen.add(point.id)
    return tuple(points)
