"""One quantity with two values: text and table, table and table, sentence and sentence, two documents."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import combinations

from zhida.services.plan.checks import say
from zhida.services.plan.checks.finding import Finding, Severity
from zhida.services.plan.checks.names import alike, hard_difference, soft_difference
from zhida.services.plan.checks.observed import Observed

KIND = "two-values"
LEVELS = "国省市县区"


def two_values(found: Sequence[Observed]) -> Iterator[Finding]:
    """``found``: what one plan says, or what several documents say of one area and period."""
    own = [o for o in found if _speaks_of_its_own_area(o) and o.year is not None]
    alike_in_kind: dict[object, list[Observed]] = defaultdict(list)
    for o in own:
        alike_in_kind[(o.year, o.role, o.quantity.measure)].append(o)
    pairs = [p for kind in alike_in_kind.values() for p in combinations(kind, 2) if differ(*p, own)]
    for group in _joined(pairs):
        inside = {id(o) for o in group}
        yield _finding(group, [p for p in pairs if id(p[0]) in inside])


def differ(a: Observed, b: Observed, everything: Sequence[Observed]) -> bool:
    """Two figures of one year, role and measure: for the same thing, and not to be reconciled by rounding."""
    if a.quantity.range.meets(b.quantity.range) or hard_difference(a.name, b.name):
        return False
    if a.place.source is b.place.source and _rows_of_two_groups(a, b):
        return False
    how = alike(a.name, b.name)
    if a.table or b.table:
        return how is not None and not _better_elsewhere(a, b, how, everything)
    apart = a.place.source is not b.place.source or not (_one_sentence(a, b) or _part(a) or _part(b))
    return how == "same" and a.name.scope == b.name.scope and len(a.name.core) >= 4 and apart


def _better_elsewhere(a: Observed, b: Observed, how: str, everything: Sequence[Observed]) -> bool:
    """A sentence goes with the row of its very name, if there is one, and with no other."""
    if a.table == b.table or (how == "same" and a.name.scope == b.name.scope):
        return False
    said, row = (b, a) if a.table else (a, b)
    return any(
        o.table
        and o.place.source is row.place.source
        and o.quantity.same_measure(said.quantity)
        and alike(said.name, o.name) == "same"
        and said.name.scope == o.name.scope
        for o in everything
    )


def _rows_of_two_groups(a: Observed, b: Observed) -> bool:
    """One row, or rows of one table whose groups (城市, 农村) tell them apart."""
    if a.indicator is None or b.indicator is None:
        return False
    rows = a.place.source.plan.indicators
    groups = rows[a.indicator].group, rows[b.indicator].group
    apart = groups[0] != groups[1] and say.where(a.place, True) == say.where(b.place, True)
    return a.indicator == b.indicator or apart


def _part(o: Observed) -> bool:
    """After 其中: a part of one whole, as others of its name may be of another."""
    text = o.place.source.plan.text
    return "其中" in text[max(text.rfind(c, 0, o.place.at[0]) for c in "。\n") + 1 : o.place.at[0]]


def _one_sentence(a: Observed, b: Observed) -> bool:
    text = a.place.source.plan.text
    first, second = sorted((a.place.at, b.place.at))
    between = text[first[1] : second[0]]
    return "。" not in between and "\n" not in between


def _speaks_of_its_own_area(o: Observed) -> bool:
    area = o.place.source.plan.area
    if o.name.area is None or not area:
        return True
    own = area[-1]
    return o.name.area == own or {o.name.area, own} <= {"县", "区"} or own not in LEVELS


def _joined(pairs: Sequence[tuple[Observed, Observed]]) -> list[list[Observed]]:
    """Figures that contradict each other, directly or through others."""
    group_of: dict[int, list[Observed]] = {}
    for a, b in pairs:
        one, other = (group_of.setdefault(id(o), [o]) for o in (a, b))
        if one is not other:
            one += other
            group_of.update({id(o): one for o in other})
    groups = {id(g): g for g in group_of.values()}.values()
    return [sorted(g, key=lambda o: (o.place.source.name, o.place.at)) for g in groups]


def _finding(group: Sequence[Observed], pairs: Sequence[tuple[Observed, Observed]]) -> Finding:
    several = len({id(o.place.source) for o in group}) > 1
    sure = [p for p in pairs if _sure(*p)]
    severity = Severity.ERROR if sure else Severity.WARNING
    label = max((o.label for o in group if o.table), key=len, default=group[0].label)
    when = f"{group[0].year}年" + ("的目标" if group[0].role == "target" else "")
    one_unit = len({o.quantity.unit for o in group}) == 1
    told = []
    for o in group:
        as_named = f"（写作“{say.short(o.label)}”）" if o.label != label else ""
        base = say.told(o.quantity.value, o.quantity.measure)
        other = f"（合{base}）" if not one_unit and say.reckoned(o.quantity) != o.quantity.text else ""
        told.append(f"{say.of(o, several)}{as_named}是{o.quantity.text}{other}")
    says = f"“{say.short(label)}”{when}有两个数：" + "，".join(told) + "。"
    softs = sorted(set().union(*(soft_difference(a.name, b.name) for a, b in pairs)))
    if not sure and softs:
        says += f"若是口径不同（{'、'.join(softs)}），请写明；否则请统一。"
    elif not sure:
        says += "若说的是同一件事，请统一；若不是，请把名称写得分明。"
    else:
        says += "请核对后统一。"
    sums = [o.quantity.text if one_unit else say.reckoned(o.quantity) for o in group]
    ranges = [say.bounds(o.quantity) for o in group]
    arithmetic = "；".join(dict.fromkeys(sums)) + "；各自四舍五入的范围 " + " 与 ".join(dict.fromkeys(ranges))
    return Finding(
        KIND,
        severity,
        says,
        tuple(o.place for o in group),
        arithmetic + " 没有交集",
        tuple(o.quantity for o in group),
    )


def _sure(a: Observed, b: Observed) -> bool:
    named = alike(a.name, b.name) in ("same", "near") and not soft_difference(a.name, b.name)
    named = named and not (a.flow or b.flow)
    return named and (a.table or b.table or a.place.source is not b.place.source)
