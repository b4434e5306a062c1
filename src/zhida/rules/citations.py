"""Every citation of a pack with what it is about and where it stands."""

from __future__ import annotations

from collections.abc import Iterator

from zhida.codes.months import format_month
from zhida.rules.declarations import At, Benefit, Citation, Pack
from zhida.rules.parameters import effective_month

Cited = tuple[str, Citation, At]


def cited(pack: Pack) -> Iterator[Cited]:
    """What, citation, place; in the order of the pack."""
    whole = At("pack.yaml", 0, 0)
    yield f"the day of the month on which age is taken ({pack.age_on})", pack.age_citation, whole
    yield "the first benefit month where none is stated", pack.first_month_citation, whole
    for p in pack.parameters.values():
        for value in p.values:
            yield f"parameter {p.id} of {format_month(effective_month(value))}", value.citation, value.at
    for v in pack.variables.values():
        yield f"variable {v.id}", v.citation, v.at
    for b in pack.benefits.values():
        yield from _of_benefit(b)
    for g in pack.groups:
        yield f"group {g.id}", g.citation, g.at
    for choice in pack.choices:
        yield f"choice {choice.id}", choice.citation, choice.at
    for cell in pack.stacking.cells if pack.stacking is not None else ():
        yield f"stacking ({cell.rule}) of {', '.join(cell.of[:3])}", cell.citation, cell.at
    for point in pack.open_points:
        yield f"open point {point.id}", point.citation, point.at
    yield from _of_supplements(pack)


def _of_benefit(b: Benefit) -> Iterator[Cited]:
    for owner in b.owners:
        yield f"owner of {b.id} ({owner.department})", owner.citation, b.at
    if b.applies is not None:
        yield f"{b.id}: whom it applies to", b.applies.citation, b.applies.at
    for c in b.conditions:
        yield f"condition {b.id}.{c.id}", c.citation, c.at
        if c.grace is not None:
            yield f"grace of {b.id}.{c.id}", c.grace.citation, c.grace.formula.at
    for a in b.amounts:
        yield f"amount of {b.id}", a.citation, a.at
        yield f"rounding of {b.id}", a.rounding.citation, a.at
    for e in b.excluded_by:
        yield f"exclusion of {b.id} by {e.benefit}", e.citation, e.at
    for p in b.provides:
        yield f"what {b.id} provides", p.citation, p.at
    for s in b.procedure:
        yield f"step {b.id}.{s.id}", s.citation, s.at
    for m in b.months:
        yield f"month ({m.event}) of {b.id}", m.citation, m.at
    if b.signal is not None:
        yield f"signal of {b.id}", b.signal.citation, b.signal.at
    for review in b.reviews:
        yield f"review of {b.id}", review.citation, review.every.at


def _of_supplements(pack: Pack) -> Iterator[Cited]:
    if pack.worksheet is not None:
        yield "the work-sheet", pack.worksheet.citation, pack.worksheet.at
        for line in pack.worksheet.lines:
            yield f"line {line.of} of the work-sheet", line.citation, line.at
    for sharing in pack.sharing:
        yield f"who bears the cost of {sharing.benefit}", sharing.citation, sharing.at
    for series in pack.setting.series:
        for figure in series.figures:
            yield f"{series.id} of {figure.year}", figure.citation, figure.at
    for rule in pack.setting.rules:
        yield f"rule of setting {rule.id}", rule.citation, rule.at
        yield f"rounding of {rule.id}", rule.rounding.citation, rule.at
        for place in rule.places:
            yield f"rule of setting {rule.id} at {', '.join(place.places)}", place.citation, place.at
