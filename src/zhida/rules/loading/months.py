"""``months`` of a benefit: which month it begins and ends with, and who pays the month of a move."""

from __future__ import annotations

from zhida.rules.loading.context import CITATION, Context
from zhida.rules.loading.yamlnodes import Node
from zhida.rules.timing import COUNTED, MONTHS, Event, MonthRule


def read_months(node: Node | None, context: Context) -> tuple[MonthRule, ...]:
    """In the order of :class:`Event`, each at most once."""
    if node is None:
        return ()
    record = node.map((), tuple(Event))
    return tuple(_rule(event, record[event], context) for event in Event if event in record)


def _rule(event: Event, node: Node, context: Context) -> MonthRule:
    begins = event is Event.BEGIN
    record = node.map(("counted", "month") if begins else ("month",), CITATION)
    counted = record["counted"].word(*COUNTED) if begins else ""
    return MonthRule(event, record["month"].word(*MONTHS[event]), counted, context.citation(record), node.at)
