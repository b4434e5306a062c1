"""What can be tried of a fact: the values that rules can tell apart, and whose it is."""

from __future__ import annotations

from zhida.rules.declarations import Kind
from zhida.rules.formulas.ir import PERSON, cone
from zhida.rules.program.build import Program
from zhida.scan.trial import HIGH, LOW, Value


def own_facts(program: Program, benefit: str) -> set[str]:
    """Fields of a person that its answer takes from the person alone, never from another member."""
    if program.pack.benefits[benefit].unit != PERSON:
        return set()
    nodes = cone([program.benefits[benefit].presumed.answer])
    others = cone(n for n in nodes if n.op in ("spread", "gather", "agg", "kin"))
    shared = {str(n.data[0]) for n in others if n.op == "input"}
    return {str(n.data[0]) for n in nodes if n.op == "input" and n.unit == PERSON} - shared


def values_to_try(program: Program, fact: str, benefit: str | None = None) -> tuple[Value, ...]:
    """Values of a fact: both ends, what an empty register means, one of each kind of choices. ``benefit``: as
    far as this one's answer tells choices apart."""
    if fact in program.pack.kin:
        return (HIGH,)
    field = program.pack.fields.get(fact)
    if field is None:
        return (LOW, HIGH)
    if field.kind is Kind.BOOL:
        return (0, 1)
    if field.kind is Kind.ENUM:
        return tuple(different_choices(program, fact, len(program.pack.enums[field.enum].choices), benefit))
    if field.empty is None or field.empty in (field.minimum, field.maximum):
        return (LOW, HIGH)
    return (field.empty, LOW, HIGH)


def different_choices(program: Program, fact: str, count: int, benefit: str | None = None) -> list[int]:
    """One choice of each set that no rule (none of a benefit) tells apart: rules mostly ask whether it is
    among some."""
    nodes = program.graph.nodes
    if benefit is not None:
        nodes = cone([program.benefits[benefit].presumed.answer])
    passed = {n.id for n in nodes if n.op == "input" and n.data[0] == fact}
    masks = []
    for n in nodes:
        if not any(a.id in passed for a in n.args):
            continue
        if n.op in ("select", "coalesce", "spread") and n.kind == "enum":
            passed.add(n.id)
        elif n.op == "among":
            masks.append(int(str(n.data[0])))
        elif n.op != "applicable":
            return list(range(count))
    found: dict[tuple[int, ...], int] = {}
    for choice in range(count):
        found.setdefault(tuple(mask >> choice & 1 for mask in masks), choice)
    return list(found.values())
