"""Small wrongs put into a pack, one at a time, that its worked cases must notice.

Parameters: each value a smallest step up and down (a yes/no turned), each dated boundary a month sooner
and later, each city-wide act no longer one. Formulas: see :mod:`zhida.rules.checks.edits`. Benefits:
each rounding turned, each exclusion, group and choice taken out, each dated boundary shifted, each rule of
months turned, what is near and each review rule a step to both sides. What speaks for need (``signal``) is
left alone: no answer shows it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

from zhida.codes.months import first_day, format_month
from zhida.rules.checks.edits import edits
from zhida.rules.declarations import (
    Amount,
    At,
    Benefit,
    Condition,
    Direction,
    Formula,
    Group,
    Kind,
    Pack,
    Parameter,
    ParameterValue,
    PersonsChoice,
    Variable,
)
from zhida.rules.formation import Formation, Ground
from zhida.rules.loading.units import formulas_of
from zhida.rules.parameters import effective_month, end_month
from zhida.rules.timing import MONTHS, Grace, Review, monthly

MONTH = "month rule"
"""The kind of mutants that only show in what a month is due."""
LISTED = "lists"
"""The kind of mutants that only show in lists."""
_DIRECTIONS = {Direction.UP: Direction.DOWN, Direction.DOWN: Direction.UP, Direction.HALF_UP: Direction.DOWN}


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change. ``key`` names it as long as the place in the pack reads as it does now.

    ``what`` is parameter, variable, benefit or groups, ``record`` its id, ``kind`` the sort of change.
    ``month``: the boundary that was shifted.
    """

    key: str
    at: At
    kind: str
    what: str
    record: str
    change: Callable[[Pack], Pack] = field(compare=False)
    month: int | None = None

    def __str__(self) -> str:
        return f"{self.at.file}:{self.at.line}: {self.key}"


def mutants(pack: Pack) -> list[Mutant]:
    """All mutants of a pack in its own order; keys are unique."""
    found: list[Mutant] = []
    for p in pack.parameters.values():
        found += _of_parameter(pack, p)
    formed = {f.counted: f for f in pack.formations.values()}
    for v in pack.variables.values():
        found += _of_formation(v, formed[v.id]) if v.id in formed else _of_variable(v)
    for b in pack.benefits.values():
        found += _of_benefit(b)
    found += _of_groups(pack)
    counts: dict[str, int] = {}
    unique = []
    for m in found:
        counts[m.key] = counts.get(m.key, 0) + 1
        unique.append(m if counts[m.key] == 1 else replace(m, key=f"{m.key} ({counts[m.key]})"))
    return unique


# --- parameters


def _of_parameter(pack: Pack, p: Parameter) -> Iterator[Mutant]:
    enum = pack.enums.get(p.table)
    for i, v in enumerate(p.values):
        place = pack.divisions.get(v.places[0])
        where = (place.name if place is not None else v.places[0]) + (
            f"等{len(v.places)}处" if len(v.places) > 1 else ""
        )
        name = f"{p.id} {format_month(effective_month(v))} {where}"
        for index, value in enumerate(v.values or ()):
            choice = f" {enum.choices[index].name}" if enum is not None else ""
            others = (1 - value,) if p.kind is Kind.BOOL else (value - 1, value + 1)
            for other in others:
                if not p.minimum <= other <= p.maximum:
                    continue
                values = tuple(other if k == index else x for k, x in enumerate(v.values or ()))
                text = f"{name}{choice} | {written(p, value)} → {written(p, other)}"
                yield _parameter_mutant(p, i, replace(v, values=values), text, "value")
        begin = effective_month(v)
        for other in (begin - 1, begin + 1):
            text = f"{name} | from {format_month(begin)} → {format_month(other)}"
            yield _parameter_mutant(p, i, replace(v, first_month=other), text, "first month", begin)
        end = end_month(v.until)
        if end is not None:
            for other in (end - 1, end + 1):
                text = f"{name} | until {format_month(end)} → {format_month(other)}"
                yield _parameter_mutant(p, i, replace(v, until=first_day(other)), text, "end", end)
        if v.ends_below:
            text = f"{name} | ends_below → values below stay"
            yield _parameter_mutant(p, i, replace(v, ends_below=False), text, "ends_below", begin)


def _parameter_mutant(
    p: Parameter, i: int, value: ParameterValue, key: str, kind: str, month: int | None = None
) -> Mutant:
    values = (*p.values[:i], value, *p.values[i + 1 :])
    changed = replace(p, values=values)
    return Mutant(key, p.values[i].at, kind, "parameter", p.id, _with(parameter=changed), month)


def written(p: Parameter, value: int) -> str:
    """A stored value as the pack writes it."""
    if p.kind is Kind.BOOL:
        return "true" if value else "false"
    places = 2 if p.kind is Kind.MONEY else p.places if p.kind is Kind.DECIMAL else 0
    text = f"{Decimal(value).scaleb(-places):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


# --- formulas


def _edited(
    formula: Formula, name: str, what: str, record: str, put: Callable[[Formula], Callable[[Pack], Pack]]
) -> Iterator[Mutant]:
    for e in edits(formula):
        yield Mutant(f"{name} | {e.was} → {e.now}", e.at, e.kind, what, record, put(e.formula))


# --- variables and benefits


def _of_variable(v: Variable) -> Iterator[Mutant]:
    for i, formula in enumerate(v.formulas):

        def put(f: Formula, i: int = i) -> Callable[[Pack], Pack]:
            return _with(variable=replace(v, formulas=(*v.formulas[:i], f, *v.formulas[i + 1 :])))

        yield from _edited(formula, v.id, "variable", v.id, put)
    if v.applies is not None:
        yield from _edited(
            v.applies, f"{v.id}.applies", "variable", v.id, lambda f: _with(variable=replace(v, applies=f))
        )
    for month, other in _shifts(v.formulas):
        changed = replace(v, formulas=tuple(_shifted(f, month, other) for f in v.formulas))
        key = f"{v.id} | {format_month(month)} → {format_month(other)}"
        yield Mutant(key, v.at, "date", "variable", v.id, _with(variable=changed), month)


def _of_formation(v: Variable, formation: Formation) -> Iterator[Mutant]:
    """Grounds edited, shifted and taken out one by one, and the opposite of what holds otherwise."""
    grounds, rest = formation.grounds, formation.otherwise

    def mutant(
        key: str, at: At, kind: str, changed: Sequence[Ground], other: Ground = rest, month: int | None = None
    ) -> Iterator[Mutant]:
        made = replace(v, formulas=formulas_of(changed, other, formation.at))
        told = replace(formation, grounds=tuple(changed), otherwise=other)
        yield Mutant(f"{v.id}.{key}", at, kind, "variable", v.id, _with(variable=made, formation=told), month)

    for i, g in enumerate(grounds):
        rules = (*grounds[:i], *grounds[i + 1 :])
        yield from mutant(f"{g.id} | taken out", g.at, "exclusion", rules)
        assert g.formula is not None
        for e in edits(g.formula):
            changed = (*grounds[:i], replace(g, formula=e.formula), *grounds[i + 1 :])
            yield from mutant(f"{g.id} | {e.was} → {e.now}", e.at, e.kind, changed)
    for id in dict.fromkeys(g.id for g in grounds):
        mine = [g for g in grounds if g.id == id]
        for month, other in _shifts([g.formula for g in mine if g.formula is not None]):
            changed = tuple(
                replace(g, formula=_shifted(g.formula, month, other)) if g.id == id and g.formula else g
                for g in grounds
            )
            key = f"{id} | {format_month(month)} → {format_month(other)}"
            yield from mutant(key, mine[0].at, "date", changed, month=month)
    turned = replace(rest, counts=not rest.counts)
    yield from mutant(f"otherwise | {rest.counts} → {turned.counts}", rest.at, "value", grounds, turned)


def _shifts(formulas: Sequence[Formula]) -> list[tuple[int, int]]:
    months = sorted({m for f in formulas for m in (f.start, f.until) if m is not None})
    return [(m, m + d) for m in months for d in (-1, 1)]


def _shifted(f: Formula, month: int, other: int) -> Formula:
    """Where one formula ends and the next begins both move."""
    return replace(
        f, start=other if f.start == month else f.start, until=other if f.until == month else f.until
    )


def _of_benefit(b: Benefit) -> Iterator[Mutant]:
    def mutant(key: str, at: At, kind: str, changed: Benefit, month: int | None = None) -> Mutant:
        return Mutant(key, at, kind, "benefit", b.id, _with(benefit=changed), month)

    for month, attribute in ((b.start, "start"), (b.until, "until")):
        for other in () if month is None else (month - 1, month + 1):
            key = f"{b.id}.exists | {attribute} {format_month(month or 0)} → {format_month(other)}"
            changed = replace(b, start=other) if attribute == "start" else replace(b, until=other)
            yield mutant(key, b.at, "date", changed, month)
    if b.applies is not None:
        applies = b.applies
        yield from _edited(
            applies.formula,
            f"{b.id}.applies",
            "benefit",
            b.id,
            lambda f: _with(benefit=replace(b, applies=replace(applies, formula=f))),
        )
    yield from _of_conditions(b)
    yield from _of_amounts(b)
    yield from _of_lists(b)
    if b.covers is not None:
        yield from _edited(
            b.covers, f"{b.id}.covers", "benefit", b.id, lambda f: _with(benefit=replace(b, covers=f))
        )
    for i, rule in enumerate(b.months if monthly(b) else ()):
        for word in MONTHS[rule.event] if rule.counted != "event" else ():
            if word != rule.month:
                months = (*b.months[:i], replace(rule, month=word), *b.months[i + 1 :])
                key = f"{b.id}.months | {rule.event} {rule.month} → {word}"
                yield mutant(key, rule.at, MONTH, replace(b, months=months))
    for e in b.excluded_by:
        rest = tuple(x for x in b.excluded_by if x is not e)
        yield mutant(
            f"{b.id}.excluded_by | {e.benefit} → taken out", e.at, "exclusion", replace(b, excluded_by=rest)
        )


def _of_lists(b: Benefit) -> Iterator[Mutant]:
    """What is near, and the review rules."""

    def mutant(key: str, at: At, changed: Benefit, month: int | None = None) -> Mutant:
        return Mutant(key, at, LISTED, "benefit", b.id, _with(benefit=changed), month)

    for i, c in enumerate(b.conditions):
        for near in () if c.near is None else (c.near - 1, c.near + 1):
            conditions = (*b.conditions[:i], replace(c, near=near), *b.conditions[i + 1 :])
            yield mutant(f"{b.id}.{c.id}.near | {c.near} → {near}", c.at, replace(b, conditions=conditions))
    for i, r in enumerate(b.reviews if b.award else ()):

        def put(review: Review, i: int = i) -> Benefit:
            return replace(b, reviews=(*b.reviews[:i], review, *b.reviews[i + 1 :]))

        at = r.every.at
        for e in edits(r.every):
            yield mutant(f"{b.id}.review | {e.was} → {e.now}", e.at, put(replace(r, every=e.formula)))
        for change in (r.clear_change - 1, r.clear_change + 1) if b.amounts else ():
            key = f"{b.id}.review.clear_change | {r.clear_change} → {change}"
            yield mutant(key, at, put(replace(r, clear_change=change)))
        for valid in () if r.valid is None else (r.valid - 1, r.valid + 1):
            yield mutant(f"{b.id}.review.valid | {r.valid} → {valid}", at, put(replace(r, valid=valid)))
    for month, other in _shifts([r.every for r in b.reviews]):
        reviews = tuple(replace(r, every=_shifted(r.every, month, other)) for r in b.reviews)
        key = f"{b.id}.review | {format_month(month)} → {format_month(other)}"
        yield mutant(key, b.at, replace(b, reviews=reviews), month)


def _of_conditions(b: Benefit) -> Iterator[Mutant]:
    for i, c in enumerate(b.conditions):

        def put(f: Formula, i: int = i, c: Condition = c) -> Callable[[Pack], Pack]:
            changed = (*b.conditions[:i], replace(c, formula=f), *b.conditions[i + 1 :])
            return _with(benefit=replace(b, conditions=changed))

        yield from _edited(c.formula, f"{b.id}.{c.id}", "benefit", b.id, put)
        if c.grace is not None:

            def spare(
                f: Formula, i: int = i, c: Condition = c, grace: Grace = c.grace
            ) -> Callable[[Pack], Pack]:
                changed = replace(c, grace=replace(grace, formula=f))
                conditions = (*b.conditions[:i], changed, *b.conditions[i + 1 :])
                return _with(benefit=replace(b, conditions=conditions))

            yield from _edited(c.grace.formula, f"{b.id}.{c.id}.grace", "benefit", b.id, spare)
            without = (*b.conditions[:i], replace(c, grace=None), *b.conditions[i + 1 :])
            yield Mutant(
                f"{b.id}.{c.id}.grace | taken out",
                c.grace.formula.at,
                "grace",
                "benefit",
                b.id,
                _with(benefit=replace(b, conditions=without)),
            )
    for id in dict.fromkeys(c.id for c in b.conditions):
        for month, other in _shifts([c.formula for c in b.conditions if c.id == id]):
            changed = tuple(
                replace(c, formula=_shifted(c.formula, month, other)) if c.id == id else c
                for c in b.conditions
            )
            at = next(c.at for c in b.conditions if c.id == id)
            key = f"{b.id}.{id} | {format_month(month)} → {format_month(other)}"
            yield Mutant(
                key, at, "date", "benefit", b.id, _with(benefit=replace(b, conditions=changed)), month
            )


def _of_amounts(b: Benefit) -> Iterator[Mutant]:
    for i, a in enumerate(b.amounts):

        def put(f: Formula, i: int = i, a: Amount = a) -> Callable[[Pack], Pack]:
            return _with(
                benefit=replace(b, amounts=(*b.amounts[:i], replace(a, formula=f), *b.amounts[i + 1 :]))
            )

        yield from _edited(a.formula, f"{b.id}.amount", "benefit", b.id, put)
        turned = _DIRECTIONS[a.rounding.direction]
        other = replace(a, rounding=replace(a.rounding, direction=turned))
        changed = replace(b, amounts=(*b.amounts[:i], other, *b.amounts[i + 1 :]))
        key = f"{b.id}.amount | round {a.rounding.direction} → {turned}"
        yield Mutant(key, a.at, "rounding", "benefit", b.id, _with(benefit=changed))
    for month, new in _shifts([a.formula for a in b.amounts]):
        amounts = tuple(replace(a, formula=_shifted(a.formula, month, new)) for a in b.amounts)
        key = f"{b.id}.amount | {format_month(month)} → {format_month(new)}"
        yield Mutant(key, b.at, "date", "benefit", b.id, _with(benefit=replace(b, amounts=amounts)), month)


def _of_groups(pack: Pack) -> Iterator[Mutant]:
    for group in pack.groups:

        def change(p: Pack, gone: Group = group) -> Pack:
            return replace(p, groups=tuple(g for g in p.groups if g.id != gone.id))

        yield Mutant(f"{group.id} | group → taken out", group.at, "exclusion", "groups", group.id, change)
    for choice in pack.choices:

        def choose(p: Pack, gone: PersonsChoice = choice) -> Pack:
            return replace(p, choices=tuple(c for c in p.choices if c.id != gone.id))

        yield Mutant(f"{choice.id} | choice → taken out", choice.at, "exclusion", "groups", choice.id, choose)


def _with(
    parameter: Parameter | None = None,
    variable: Variable | None = None,
    benefit: Benefit | None = None,
    formation: Formation | None = None,
) -> Callable[[Pack], Pack]:
    """A change of a pack: one record in place of the one with its id."""

    def change(pack: Pack) -> Pack:
        if parameter is not None:
            pack = replace(pack, parameters={**pack.parameters, parameter.id: parameter})
        if variable is not None:
            pack = replace(pack, variables={**pack.variables, variable.id: variable})
        if benefit is not None:
            pack = replace(pack, benefits={**pack.benefits, benefit.id: benefit})
        if formation is not None:
            pack = replace(pack, formations={**pack.formations, formation.id: formation})
        return pack

    return change
