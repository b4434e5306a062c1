"""Checking plans: each for itself, documents of one plan together, and levels against each other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

from zhida.services.plan.checks.finding import Finding, Place, Severity, Source
from zhida.services.plan.checks.growth import growth
from zhida.services.plan.checks.levels import between_levels, rank
from zhida.services.plan.checks.numbering import numbering
from zhida.services.plan.checks.observed import Observed, observed
from zhida.services.plan.checks.parts import parts
from zhida.services.plan.checks.ratios import counts_and_ratios
from zhida.services.plan.checks.repeats import repeats, second_copy
from zhida.services.plan.checks.targets import missed, targets
from zhida.services.plan.checks.terms import terms
from zhida.services.plan.checks.values import two_values
from zhida.services.plan.model import Plan, Span

ORDER = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.NOTE: 2}


@dataclass(frozen=True, slots=True)
class Read:
    """A plan with all that it says of measured things."""

    source: Source
    says: list[Observed]


def check_plans(named: Sequence[tuple[str, Plan]]) -> list[Finding]:
    """All findings over the plans, the gravest first, each in the order of the documents.

    Args:
        named: name (of the file) and plan; two plans of one area and period are read as two documents of
            one plan, two of different rank as levels.
    """
    read = []
    found: list[Finding] = []
    for name, plan in named:
        skip = second_copy(plan.text)
        source = Source(name, _once(plan, skip))
        says = observed(source)
        read.append(Read(source, says))
        found += _one(source, says, skip)
    for a, b in combinations(read, 2):
        found += _two(a, b)
    order = {id(r.source): i for i, r in enumerate(read)}
    found.sort(key=lambda f: (ORDER[f.severity], *((order[id(p.source)], *p.at) for p in f.places[:1])))
    return found


def _once(plan: Plan, skip: Span | None) -> Plan:
    """Without what was read from the second copy of its text."""
    if skip is None:
        return plan

    def first(at: Span) -> bool:
        return not skip[0] <= at[0] < skip[1]

    kept = [i for i, row in enumerate(plan.indicators) if first(row.at)]
    moved = {old: new for new, old in enumerate(kept)}
    rows = (plan.indicators[i] for i in kept)
    return replace(
        plan,
        sections=tuple(s for s in plan.sections if first(s.at)),
        indicators=tuple(replace(r, parent=None if r.parent is None else moved.get(r.parent)) for r in rows),
        commitments=tuple(c for c in plan.commitments if first(c.at)),
        projects=tuple(p for p in plan.projects if first(p.at)),
        unread=tuple(u for u in plan.unread if first(u.at)),
    )


def _one(source: Source, says: Sequence[Observed], skip: Span | None) -> Iterator[Finding]:
    yield from two_values(says)
    yield from counts_and_ratios(source, says, skip)
    yield from parts(source, skip)
    yield from growth(source, skip)
    yield from targets(source, says)
    yield from missed(source, skip)
    yield from repeats(source)
    yield from numbering(source)
    yield from terms(source, skip)
    yield from _not_checked(source)


def _not_checked(source: Source) -> Iterator[Finding]:
    """What could not be read was not checked either, and no silence says that it is sound."""
    plan = source.plan
    if not (plan.indicators or plan.commitments or plan.projects):
        says = "没有读出任何指标、承诺或项目，数字等于没有核对；请确认这份文件是规划，文字可以读出。"
        yield Finding("not-checked", Severity.NOTE, says, (Place(source, (0, min(len(plan.text), 20))),))
    places = [Place(source, u.at) for u in source.plan.unread]
    if places:
        reasons = "；".join(dict.fromkeys(u.why for u in source.plan.unread))
        says = f"有{len(places)}处没能读出，因此没有核对：{reasons}。"
        yield Finding("not-checked", Severity.NOTE, says, tuple(places))


def _two(a: Read, b: Read) -> Iterator[Finding]:
    ranks = rank(a.source.plan.area), rank(b.source.plan.area)
    if ranks[0] is None or ranks[1] is None:
        return
    if ranks[0] != ranks[1]:
        lower, upper = (a, b) if ranks[0] > ranks[1] else (b, a)
        yield from between_levels(lower.source, upper.source, lower.says, upper.says)
    elif a.source.plan.area == b.source.plan.area and a.source.plan.period == b.source.plan.period:
        for finding in two_values([*a.says, *b.says]):
            if len({id(p.source) for p in finding.places}) > 1:
                yield finding
