"""``groups.yaml``: groups of which only the higher is paid, and choices of the person."""

from __future__ import annotations

from collections.abc import Mapping

from zhida.rules.declarations import Benefit, Field, Group, Kind, PersonsChoice
from zhida.rules.loading.context import CITATION, Context, read_list
from zhida.rules.loading.yamlnodes import Node


def read_groups(
    node: Node, context: Context, benefits: Mapping[str, Benefit], fields: Mapping[str, Field]
) -> tuple[tuple[Group, ...], tuple[PersonsChoice, ...]]:
    record = node.map((), ("higher", "choices"))
    groups = read_list(record.get("higher"), lambda item: _group(item, context, benefits))
    choices = read_list(record.get("choices"), lambda item: _choice(item, context, benefits, fields))
    everything: list[Group | PersonsChoice] = [*groups, *choices]
    context.unique("group", everything)
    return tuple(groups), tuple(choices)


def _members(node: Node, context: Context, benefits: Mapping[str, Benefit]) -> tuple[str, ...]:
    found: list[str] = []
    for item in node.items():
        id = context.reference(item, "benefit", benefits)
        if id and id in found:
            item.add("a benefit twice", "each benefit once")
        elif id:
            found.append(id)
    if node.kind == "list" and len(node.items()) < 2:
        node.add("a group of fewer than two", "two benefits or more")
    return tuple(found)


def _group(item: Node, context: Context, benefits: Mapping[str, Benefit]) -> Group:
    record = item.map(("id", "name", "benefits"), CITATION)
    members = _members(record["benefits"], context, benefits)
    units = {benefits[id].unit for id in members}
    if len(units) > 1:
        says = f"benefits of different units ({', '.join(sorted(units))}) in one group"
        record["benefits"].add(says, "benefits of one unit", text=", ".join(members))
    for id in members:
        if not benefits[id].amounts:
            record["benefits"].add(
                "a benefit without an amount can't be the higher", "benefits with amounts", text=id
            )
    citation = context.citation(record)
    return Group(context.id(record["id"]), context.label(record["name"]), members, citation, item.at)


def _choice(
    item: Node, context: Context, benefits: Mapping[str, Benefit], fields: Mapping[str, Field]
) -> PersonsChoice:
    record = item.map(("id", "name", "benefits", "field"), CITATION)
    members = _members(record["benefits"], context, benefits)
    field_id = context.reference(record["field"], "field", fields)
    field = fields.get(field_id)
    if field is not None and field.kind is not Kind.ENUM:
        record["field"].add(f"a choice told by a field of type {field.kind}", "an enum field")
    elif field is not None and field.enum in context.enums:
        enumeration = context.enums[field.enum]
        for id in members:
            if id not in [choice.id for choice in enumeration.choices]:
                says = f"{enumeration.id} has no choice for this benefit"
                record["benefits"].add(says, f"a choice with the id {id}", text=id)
    citation = context.citation(record)
    return PersonsChoice(
        context.id(record["id"]), context.label(record["name"]), members, field_id, citation, item.at
    )
