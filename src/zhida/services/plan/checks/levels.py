"""Two plans of two levels: where the lower aims lower, starts elsewhere, or counts something else."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from zhida.services.plan.checks import say
from zhida.services.plan.checks.finding import Finding, Place, Severity, Source
from zhida.services.plan.checks.names import alike, hard_difference, soft_difference
from zhida.services.plan.checks.observed import Observed, base_year

LOWER, BASE, OTHER, PERIODS = "level-aims-lower", "level-base", "level-counts-other", "level-periods"
RANKS = (
    ("国",),
    ("省", "自治区", "直辖市"),
    ("市", "州", "盟", "地区"),
    ("县", "区", "旗"),
    ("镇", "乡", "街道"),
)


def rank(area: str | None) -> int | None:
    """0 for the country, 1 for a province … by the last word of the area's name."""
    if not area:
        return None
    for i, endings in enumerate(RANKS):
        if area.endswith(endings) and not (i == 3 and area.endswith("自治区")):
            return i
    return None


@dataclass(frozen=True, slots=True)
class Pair:
    """One indicator of both plans: a figure of the lower beside one of the upper."""

    lower: Observed
    upper: Observed


def between_levels(
    lower: Source, upper: Source, low: Sequence[Observed], high: Sequence[Observed]
) -> Iterator[Finding]:
    if lower.plan.period != upper.plan.period:
        yield _periods(lower, upper)
        return
    pairs = _aligned(low, high)
    other = [p for p in pairs if _counts_other(p) and (p.upper.role == "target" or _in_tables(p))]
    yield from _other_things(other)
    rest = [p for p in pairs if not _counts_other(p)]
    for p in _once(rest, "target"):
        if _aims_lower(p):
            yield _lower(p)
    yield from _bases(lower, upper, rest)


def _aligned(low: Sequence[Observed], high: Sequence[Observed]) -> list[Pair]:
    """Figures of the time that both plans are for; each with the one of the other that fits best."""
    pairs = [Pair(a, b) for b in high if _ahead(b) for a in low if _ahead(a) and _comparable(a, b)]
    found: list[Pair] = []
    for p in sorted(pairs, key=_distance):
        rivals = [
            q for q in pairs if (q.lower is p.lower or q.upper is p.upper) and _distance(q) < _distance(p)
        ]
        if not rivals and not any(q.upper is p.upper or q.lower is p.lower for q in found):
            found.append(p)
    return sorted(found, key=lambda p: p.lower.place.at)


def _distance(p: Pair) -> tuple[bool, bool, int]:
    a, b = p.lower, p.upper
    return (alike(a.name, b.name) != "same", a.name.scope != b.name.scope, 2 - a.table - b.table)


def _ahead(o: Observed) -> bool:
    """A target of the plan's own period, or the base that it starts from; not what is past."""
    source = o.place.source
    if o.role == "target":
        return source.plan.period is None or (o.year or 0) >= source.plan.period[0]
    return o.year == base_year(source) or _is_base(o, source)


def _comparable(a: Observed, b: Observed) -> bool:
    if a.role != b.role or a.year is None or b.year is None or hard_difference(a.name, b.name):
        return False
    if a.year != b.year and not (a.role == "actual" and a.table and b.table):
        return False
    how = alike(a.name, b.name)
    if how is None or (how == "short" and not (a.table and b.table)):
        return False
    return a.quantity.measure == b.quantity.measure and _same_for_any_size(a)


def _same_for_any_size(o: Observed) -> bool:
    """A share, a figure per so many people, a standard a year; not a count, which grows with the area."""
    measure = o.quantity.measure
    return measure in ("率", "元/年") or ("/" in measure and o.name.per is not None)


def _counts_other(p: Pair) -> bool:
    whole = {p.lower.name.whole, p.upper.name.whole} - {""}
    return bool(soft_difference(p.lower.name, p.upper.name)) or len(whole) > 1


def _in_tables(p: Pair) -> bool:
    return p.lower.table and p.upper.table


def _once(pairs: Sequence[Pair], role: str) -> Iterator[Pair]:
    """Each year of each indicator once, tables before sentences."""
    told: set[tuple[str, int | None]] = set()
    for p in sorted(pairs, key=lambda p: not (p.upper.table and p.lower.table)):
        key = (p.upper.name.full, p.upper.year)
        if p.upper.role == role and key not in told:
            told.add(key)
            yield p


def _aims_lower(p: Pair) -> bool:
    low, high = p.lower.quantity.range, p.upper.quantity.range
    return high.below(low) if p.upper.name.fewer_is_better else low.below(high)


def _lower(p: Pair) -> Finding:
    a, b = p.lower, p.upper
    more = "高" if b.name.fewer_is_better else "低"
    says = (
        f"“{say.short(b.label)}”{b.year}年，上级规划定{b.quantity.text}，本级只定{a.quantity.text}，"
        f"{more}{say.gap(b.quantity, a.quantity)}。请确认是否与上级衔接过。"
    )
    return Finding(
        LOWER,
        Severity.WARNING,
        says,
        (a.place, b.place),
        f"{say.reckoned(a.quantity)} {'＞' if b.name.fewer_is_better else '＜'} {say.reckoned(b.quantity)}",
        (a.quantity, b.quantity),
    )


def _other_things(pairs: Sequence[Pair]) -> Iterator[Finding]:
    told: set[str] = set()
    for p in sorted(pairs, key=lambda p: (not p.upper.table, -(p.upper.year or 0))):
        if p.upper.name.core in told:
            continue
        told.add(p.upper.name.core)
        a, b = p.lower, p.upper
        differ = "、".join(sorted(soft_difference(a.name, b.name))) or f"占{a.name.whole}、占{b.name.whole}"
        says = (
            f"上级的“{say.short(b.label)}”与本级的“{say.short(a.label)}”口径不同（{differ}）："
            f"{b.year}年上级{b.quantity.text}，本级{a.quantity.text}，不能直接比较。请改用上级口径，或同时列出两种。"
        )
        yield Finding(
            OTHER,
            Severity.WARNING,
            says,
            (a.place, b.place),
            f"{say.reckoned(a.quantity)} 对 {say.reckoned(b.quantity)}",
            (a.quantity, b.quantity),
        )


def _bases(lower: Source, upper: Source, pairs: Sequence[Pair]) -> Iterator[Finding]:
    """Another base year is a fault; another base value may be the place's own, and is only noted."""
    actual = [p for p in _once(pairs, "actual") if _in_tables(p)]
    moved = [
        p
        for p in actual
        if p.lower.year != p.upper.year and _is_base(p.upper, upper) and _is_base(p.lower, lower)
    ]
    if moved:
        yield _moved(moved)
    apart = [
        p for p in actual
        if p.lower.year == p.upper.year and not p.lower.quantity.range.meets(p.upper.quantity.range)
    ]  # fmt: skip
    if apart:
        told = "；".join(
            f"“{say.short(p.upper.label)}”上级{p.upper.quantity.text}、本级{p.lower.quantity.text}"
            for p in apart
        )
        says = f"{apart[0].upper.year}年的起点两级不同，多半是地区差别，请确认口径一致：{told}。"
        yield Finding(
            BASE,
            Severity.NOTE,
            says,
            tuple(place for p in apart for place in (p.lower.place, p.upper.place)),
            "",
            tuple(q for p in apart for q in (p.lower.quantity, p.upper.quantity)),
        )


def _moved(pairs: Sequence[Pair]) -> Finding:
    first = pairs[0]
    told = "；".join(
        f"“{say.short(p.upper.label)}”本级{p.lower.year}年{p.lower.quantity.text}、"
        f"上级{p.upper.year}年{p.upper.quantity.text}"
        for p in pairs
    )
    return Finding(
        BASE,
        Severity.WARNING,
        f"本级以{first.lower.year}年为起点，上级以{first.upper.year}年为起点，两级不能逐年对照：{told}。",
        tuple(place for p in pairs for place in (p.lower.place, p.upper.place)),
        f"{first.lower.year}≠{first.upper.year}",
        tuple(q for p in pairs for q in (p.lower.quantity, p.upper.quantity)),
    )


def _is_base(o: Observed, source: Source) -> bool:
    """The last actual figure of an indicator that has targets ahead of it."""
    if o.indicator is None:
        return False
    values = source.plan.indicators[o.indicator].values
    ahead = [v for v in values if v.role in ("target", "planned") and (v.year or 0) > (o.year or 0)]
    last = max((v.year or 0 for v in values if v.role == "actual"), default=0)
    return bool(ahead) and o.year == last


def _periods(lower: Source, upper: Source) -> Finding:
    def told(source: Source) -> str:
        period = source.plan.period
        return f"{period[0]}—{period[1]}年" if period else "没有写明规划期"

    spans = "；".join(f"{s.label}：{told(s)}" for s in (upper, lower))
    says = f"两份规划的规划期不同（{spans}），目标没有逐项比较。"
    places = tuple(Place(s, _title(s)) for s in (lower, upper))
    return Finding(PERIODS, Severity.NOTE, says, places)


def _title(source: Source) -> tuple[int, int]:
    title = source.plan.title or ""
    found = re.search(re.escape(title), source.plan.text) if title else None
    return found.span() if found else (0, 0)
