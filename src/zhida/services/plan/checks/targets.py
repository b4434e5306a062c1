"""Targets that go backwards or lie below the base; targets missed where the text says that all were met."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from zhida.services.plan.checks import say
from zhida.services.plan.checks.finding import Finding, Place, Severity, Source
from zhida.services.plan.checks.names import alike, name_of
from zhida.services.plan.checks.observed import Observed, full_name, table_quantity
from zhida.services.plan.checks.quantity import Quantity
from zhida.services.plan.model import Indicator, Span, Value

BACKWARDS, BELOW, MISSED = "target-backwards", "target-below-base", "target-missed"
YEARLY_WORK = re.compile(r"培训|发放|救助|帮扶|服务|开展|举办|募集|接收|投入|安排|每年|新增|新建")
ALL_MET = re.compile(
    r"(?:规划|指标|目标|任务)[^。；\n]{0,16}?(?:(?P<nearly>基本|大体)|全部|全面|均|都|圆满|如期|顺利|超额|已经?)"
    r"(?:按期|已经?|得以|如期|顺利|圆满|全部|超额)*(?:完成|实现|达到|达成)"
)


def targets(source: Source, found: Sequence[Observed]) -> Iterator[Finding]:
    """``found``: what the plan says, for targets in sentences."""
    for index, row in enumerate(source.plan.indicators):
        yield from _course(source, index, row)
    yield from _in_sentences(found)


def _course(source: Source, index: int, row: Indicator) -> Iterator[Finding]:
    """From the base over the targets to come."""
    actual = [v for v in row.values if v.role == "actual" and v.year is not None]
    base = max(actual, key=lambda v: v.year or 0, default=None)
    start = base.year or 0 if base else 0
    ahead = sorted(
        (v for v in row.values if v.role in ("target", "planned") and (v.year or 0) > start),
        key=lambda v: v.year or 0,
    )
    name = name_of(full_name(source, row))
    sign = -1 if name.fewer_is_better else 1
    points = [(v, table_quantity(source, row, v, name)) for v in ahead]
    label = say.short(full_name(source, row))
    rising = (
        base is None or not points or _behind(sign, table_quantity(source, row, base, name), points[-1][1])
    )
    for (v1, q1), (v2, q2) in pairwise(points):
        if _behind(sign, q2, q1) and (rising or len(points) > 2):
            yield _backwards(source, label, (v1, q1), (v2, q2))
    if base is not None and points:
        start_at = table_quantity(source, row, base, name)
        low = [(v, q) for v, q in points if _behind(sign, q, start_at)]
        if low:
            yield _below(source, label, (base, start_at), low, ends_below=low[-1][0] is points[-1][0])


def _behind(sign: int, a: Quantity, b: Quantity) -> bool:
    """a lies short of b whatever the rounding."""
    return a.range.below(b.range) if sign > 0 else b.range.below(a.range)


def _backwards(source: Source, label: str, a: tuple[Value, Quantity], b: tuple[Value, Quantity]) -> Finding:
    return Finding(
        BACKWARDS,
        Severity.ERROR,
        f"“{label}”{a[0].year}年的目标是{a[1].text}，{b[0].year}年反而是{b[1].text}，目标往回走了。请核对是否填错了列。",
        (Place(source, a[0].at), Place(source, b[0].at)),
        f"{a[1].text} → {b[1].text}，相差{say.gap(a[1], b[1])}",
        (a[1], b[1]),
    )


def _below(
    source: Source,
    label: str,
    base: tuple[Value, Quantity],
    low: Sequence[tuple[Value, Quantity]],
    ends_below: bool,
) -> Finding:
    told = "、".join(f"{v.year}年{q.text}" for v, q in low)
    says = f"“{label}”{base[0].year}年已是{base[1].text}，目标{told}反而不如起点。"
    says += "若本来就是要压减，请在名称或说明里写明；否则请核对。" if ends_below else "请核对起点和中期目标。"
    return Finding(
        BELOW,
        Severity.WARNING,
        says,
        (Place(source, base[0].at), *(Place(source, v.at) for v, _ in low)),
        f"{base[1].text} → {low[0][1].text}，相差{say.gap(low[0][1], base[1])}",
        (base[1], *(q for _, q in low)),
    )


def _in_sentences(found: Sequence[Observed]) -> Iterator[Finding]:
    """A promise below what is reported as reached."""
    told: set[Span] = set()
    for promise in found:
        if promise.role != "target" or promise.table or promise.place.at in told:
            continue
        for fact in found:
            if not _exceeds(fact, promise):
                continue
            told.add(promise.place.at)
            says = (
                f"{say.of(fact, False)}说“{say.short(promise.label)}”已有{fact.quantity.text}，"
                f"{say.of(promise, False)}的目标却是{promise.quantity.text}。"
                "若目标只算新增的，请写明“新增”；否则目标低于现状。"
            )
            yield Finding(
                BELOW,
                Severity.WARNING,
                says,
                (fact.place, promise.place),
                f"{fact.quantity.text}－{promise.quantity.text}＝{say.gap(promise.quantity, fact.quantity)}",
                (fact.quantity, promise.quantity),
            )
            break


def _exceeds(fact: Observed, promise: Observed) -> bool:
    if fact.indicator is not None and _has_targets(fact):
        return False  # the row's own course says it
    same = alike(fact.name, promise.name) == "same" and fact.name.scope == promise.name.scope
    if fact.role != "actual" or not same or not fact.quantity.same_measure(promise.quantity):
        return False
    if len(fact.name.core) < 3 or fact.name.fewer_is_better or fact.name.area != promise.name.area:
        return False
    if YEARLY_WORK.search(promise.place.text) or YEARLY_WORK.search(fact.place.text):
        return False
    in_order = fact.year is None or promise.year is None or fact.year < promise.year
    return in_order and promise.quantity.range.below(fact.quantity.range)


def _has_targets(o: Observed) -> bool:
    assert o.indicator is not None
    return any(v.role == "target" for v in o.place.source.plan.indicators[o.indicator].values)


def missed(source: Source, skip: Span | None = None) -> Iterator[Finding]:
    """Rows of a past plan whose target was not reached."""
    plan = source.plan
    said = [
        m for m in ALL_MET.finditer(plan.text)
        if not (skip and skip[0] <= m.start() < skip[1]) and _of_the_plan(plan.text, m)
    ]  # fmt: skip
    for row in plan.indicators:
        name = name_of(full_name(source, row))
        for v in row.values:
            reached = [w for w in row.values if w.role == "actual" and w.year == v.year]
            if v.role not in ("target", "planned") or not reached:
                continue
            wanted = table_quantity(source, row, v, name)
            got = table_quantity(source, row, reached[0], name)
            if _behind(-1 if name.fewer_is_better else 1, got, wanted):
                yield _missed(source, say.short(full_name(source, row)), (v, wanted), (reached[0], got), said)


def _of_the_plan(text: str, said: re.Match[str]) -> bool:
    """Not of a single reform's aims, and not of what is still to come (确保…如期完成)."""
    start = max(text.rfind("。", 0, said.start()), text.rfind("\n", 0, said.start())) + 1
    before = text[start : said.start()]
    if re.search(r"确保|保证|力争|争取|将要|为了", before):
        return False
    return said.group().startswith(("规划", "指标")) or bool(re.search(r"规划|指标", before))


def _missed(
    source: Source,
    label: str,
    wanted: tuple[Value, Quantity],
    got: tuple[Value, Quantity],
    said: Sequence[re.Match[str]],
) -> Finding:
    gap = say.gap(wanted[1], got[1])
    says = f"“{label}”{wanted[0].year}年的目标是{wanted[1].text}，实际{got[1].text}，差{gap}"
    places = [Place(source, wanted[0].at), Place(source, got[0].at)]
    if said:
        places.append(Place(source, said[0].span()))
        severity = Severity.WARNING if said[0]["nearly"] else Severity.ERROR
        says += (
            f"；而文中说“{say.short(said[0].group().rpartition('》')[2])}”。请据实改写，或说明未完成的原因。"
        )
    else:
        severity = Severity.NOTE
        says += "；文中没有说明原因。"
    shown = f"{wanted[1].text}－{got[1].text}＝{gap}"
    return Finding(MISSED, severity, says, tuple(places), shown, (wanted[1], got[1]))
