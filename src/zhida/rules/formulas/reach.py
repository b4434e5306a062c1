"""Which benefits hang on which variables and benefits, by the names that formulas use."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from zhida.rules.declarations import Benefit, Formula, Pack, Variable


def names_in(formula: Formula) -> set[str]:
    """All names of a formula, also those after a dot."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(f"({formula.text})", mode="eval")):
        if isinstance(node, ast.Name):
            found.add(node.id)
        elif isinstance(node, ast.Attribute):
            found.add(node.attr)
    return found


def formulas_of(record: Variable | Benefit) -> Iterator[Formula]:
    """Every formula of a variable or benefit."""
    if isinstance(record, Variable):
        yield from record.formulas
        if record.applies is not None:
            yield record.applies
        return
    yield from (c.formula for c in record.conditions)
    yield from (c.grace.formula for c in record.conditions if c.grace is not None)
    yield from (a.formula for a in record.amounts)
    yield from (c.formula for c in (record.applies, record.signal) if c is not None)
    yield from (review.every for review in record.reviews)
    if record.covers is not None:
        yield record.covers


def _named(pack: Pack) -> Iterator[tuple[str, str]]:
    """Id and name of everything that a formula may name, each with the id."""
    for f in pack.fields.values():
        yield from ((f.id, f.id), (f.name, f.id))
    for p in pack.parameters.values():
        yield from ((p.id, p.id), (p.name, p.id))
    for v in pack.variables.values():
        yield from ((v.id, v.id), (v.name, v.id))
    for b in pack.benefits.values():
        yield from ((b.id, b.id), (b.name, b.id))


class Reach:
    """``uses[id]``: ids of all variables, benefits, fields and parameters that a variable or benefit
    hangs on, itself included, through whatever lies between."""

    def __init__(self, pack: Pack) -> None:
        self.pack = pack
        self.ids = dict(_named(pack))
        self.direct: dict[str, set[str]] = {}
        records: list[Variable | Benefit] = [*pack.variables.values(), *pack.benefits.values()]
        for record in records:
            self.direct[record.id] = {id for f in formulas_of(record) for id in self.ids_in(f)}
        for f in pack.fields.values():
            if f.presumed_if is not None:
                self.direct[f.id] = self.ids_in(f.presumed_if)
        for b in pack.benefits.values():
            self.direct[b.id] |= {e.benefit for e in b.excluded_by}
            self.direct[b.id] |= {f for f in (f"awarded_{b.id}", f"award_amount_{b.id}") if f in pack.fields}
        for group in pack.groups:
            for id in group.benefits:
                self.direct[id] |= set(group.benefits)
        for choice in pack.choices:
            for id in choice.benefits:
                self.direct[id] |= {*choice.benefits, choice.field}
        self.uses = {id: self._closed(id) for id in self.direct}

    def ids_in(self, formula: Formula) -> set[str]:
        """Ids of what a formula names itself."""
        return {self.ids[name] for name in names_in(formula) if name in self.ids}

    def _closed(self, id: str) -> frozenset[str]:
        found: set[str] = set()
        todo = [id]
        while todo:
            one = todo.pop()
            if one not in found:
                found.add(one)
                todo.extend(self.direct.get(one, ()))
        return frozenset(found)

    def seen_by(self, what: str, record: str) -> frozenset[str]:
        """Benefits that a change of a variable, benefit or group (``groups``) can show in."""
        records = [record]
        if what == "groups":
            records = [id for g in self.pack.groups if g.id == record for id in g.benefits]
            records += [id for c in self.pack.choices if c.id == record for id in c.benefits]
        return frozenset(b for b in self.pack.benefits if any(r in self.uses[b] for r in records))

    def without(self, what: str, record: str) -> frozenset[str]:
        """Variables that such a change leaves as they are."""
        touched = self.seen_by(what, record) | {record}
        return frozenset(v for v in self.pack.variables if not touched & self.uses[v])
