"""Parts and their whole: sums after 其中 in a sentence, and a table's rows below their parent."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction

from zhida.services.plan.checks import say
from zhida.services.plan.checks.finding import Finding, Place, Severity, Source
from zhida.services.plan.checks.interval import Interval, total
from zhida.services.plan.checks.names import name_of
from zhida.services.plan.checks.observed import full_name, table_quantity
from zhida.services.plan.checks.quantity import Quantity, quantity, unit_of
from zhida.services.plan.model import Figure, Indicator, Span

KIND = "parts"
FIGURE = re.compile(
    r"(?P<about>约|近)?(?P<raw>\d[\d,]*(?:\.\d+)?)\s*(?P<unit>[万亿]?[元人张个家项件所处对户名座条平米吨])(?P<more>余|多|以上)?"
)
SENTENCE = re.compile(r"[^。；;\n]+")
INSIDE = re.compile(r"其中|包括|分别为")
# Parts that fall this far short of the whole are not all of it: a few are only named.
ALL, NEARLY_ALL = Fraction(85, 100), Fraction(95, 100)
PARTLY = "如果分项只列了一部分，可不理会；如果已经列全，请核对。"
COMPLEMENTS = (
    {"城市", "农村"},
    {"城镇", "农村"},
    {"城镇", "乡村"},
    {"城区", "农村"},
    {"公办", "民办"},
    {"男", "女"},
)


@dataclass(frozen=True, slots=True)
class Part:
    at: Span
    label: str
    quantity: Quantity


def parts(source: Source, skip: Span | None = None) -> Iterator[Finding]:
    for sentence in SENTENCE.finditer(source.plan.text):
        if skip and skip[0] <= sentence.start() < skip[1]:
            continue
        yield from _in_sentence(source, sentence.group(), sentence.start())
    yield from _in_tables(source)


def _in_sentence(source: Source, text: str, offset: int) -> Iterator[Finding]:
    marks = list(INSIDE.finditer(text))
    for i, mark in enumerate(marks):
        end = marks[i + 1].start() if i + 1 < len(marks) else len(text)
        end = _bracket_end(text, mark.start(), end)
        listed = [_part(text, m, offset) for m in FIGURE.finditer(text, mark.end(), end)]
        before = [_part(text, m, offset) for m in FIGURE.finditer(text, 0, mark.start())]
        if len(listed) < 2 or not before:
            continue
        whole = before[-1]
        same = [p for p in listed if p.quantity.same_measure(whole.quantity)]
        if len(same) >= 2 and len(same) == len(listed):
            yield from _compared(source, whole, same)


def _bracket_end(text: str, start: int, end: int) -> int:
    """Where a list inside brackets ends."""
    if text.rfind("（", 0, start) > text.rfind("）", 0, start):
        close = text.find("）", start)
        return min(end, close) if close >= 0 else end
    return end


def _part(text: str, m: re.Match[str], offset: int) -> Part:
    value = Decimal(m["raw"].replace(",", ""))
    about = "≈" if m["about"] else ">" if m["more"] else "="
    figure = Figure(m["raw"], value, value, about)  # type: ignore[arg-type]
    found = quantity(figure, unit_of(m["unit"]), m["raw"] + m["unit"])
    label = re.split(r"[，,、：:（(其中]", text[: m.start()])[-1].strip()
    return Part((offset + m.start("raw"), offset + m.end("unit")), label, found)


def _compared(source: Source, whole: Part, listed: list[Part]) -> Iterator[Finding]:
    """A list may name some parts only, and counts may overlap (持证的, 女性): then it proves nothing."""
    exact = replace(whole.quantity, range=_strict(whole))
    added = sum((p.quantity.value for p in listed), Fraction(0))
    money = exact.measure in ("元", "元/年")
    whole_set = _divide({_bare(p.label) for p in listed})
    enough = 0 if whole_set else ALL if money or len(listed) > 2 else NEARLY_ALL
    if added == exact.value:
        return
    if added < exact.value * enough:
        if money and len(listed) > 2:
            yield _finding(source, whole, listed, added, Severity.NOTE, PARTLY)
        return
    if not money and not _of_one_kind(listed):
        return
    explained = total([p.quantity.range for p in listed]).meets(exact.range)
    if explained and (money or exact.step != 1):
        yield _finding(source, whole, listed, added, Severity.NOTE)
    else:
        yield _finding(source, whole, listed, added, Severity.ERROR)


def _of_one_kind(listed: list[Part]) -> bool:
    """Names that end alike (养老类, 社区类) divide a whole; those of a known pair do too."""
    labels = [_bare(p.label) for p in listed]
    return (labels[0] != "" and len({label[-1:] for label in labels}) == 1) or _divide(set(labels))


def _divide(names: set[str]) -> bool:
    return any(
        all(any(name.startswith(word) for name in names) for word in pair) and len(names) == len(pair)
        for pair in COMPLEMENTS
    )


def _strict(whole: Part) -> Interval:
    """约 before a whole does not excuse its parts: they are what it is about."""
    half = whole.quantity.step / 2
    return Interval(whole.quantity.value - half, whole.quantity.value + half)


def _finding(
    source: Source,
    whole: Part,
    listed: list[Part],
    added: Fraction,
    severity: Severity,
    advice: str = "各项四舍五入可以解释这个差；若总数是精确的，请把分项也写到同样的位数。",
) -> Finding:
    gap = added - whole.quantity.value
    sign = "多" if gap > 0 else "少"
    says = (
        f"“{say.short(whole.label) or '合计'}”写的是{whole.quantity.text}，分项加起来是"
        f"{say.told_in(added, whole.quantity)}，{sign}{say.told_in(abs(gap), whole.quantity)}。"
    )
    if severity is Severity.NOTE:
        says += advice
    else:
        says += "请核对是分项有误、漏了一项，还是总数没有改过来。"
    shown = "＋".join(p.quantity.text for p in listed)
    relation = "≠" if severity is not Severity.NOTE or advice is PARTLY else "，四舍五入后可等于"
    return Finding(
        KIND,
        severity,
        says,
        (Place(source, whole.at), *(Place(source, p.at) for p in listed)),
        f"{shown}＝{say.told_in(added, whole.quantity)}{relation}{whole.quantity.text}",
        (whole.quantity, *(p.quantity for p in listed)),
    )


def _in_tables(source: Source) -> Iterator[Finding]:
    rows = source.plan.indicators
    for index, parent in enumerate(rows):
        children = [r for r in rows if r.parent == index and (r.unit or parent.unit) == parent.unit]
        if children and parent.values:
            yield from _rows(source, parent, children)


def _rows(source: Source, parent: Indicator, children: list[Indicator]) -> Iterator[Finding]:
    names = {_bare(c.name) for c in children}
    whole_set = _divide(names)
    name = name_of(full_name(source, parent))
    for value in parent.values:
        if value.role == "growth":
            continue
        cells = [(c, v) for c in children for v in c.values if (v.year, v.role) == (value.year, value.role)]
        if len(cells) != len(children):
            continue
        whole = Part(value.at, parent.name, table_quantity(source, parent, value, name))
        listed = [Part(v.at, c.name, table_quantity(source, c, v, name)) for c, v in cells]
        if whole.quantity.measure == "率" or "/" in whole.quantity.measure:
            if whole_set:
                yield from _mean(source, whole, listed)
        elif whole_set or (len(listed) == 1 and listed[0].quantity.value > whole.quantity.value):
            yield from _compared_rows(source, whole, listed)


def _bare(name: str) -> str:
    return re.sub(r"^其中[:：]?|[:：\s]", "", name)


def _compared_rows(source: Source, whole: Part, listed: list[Part]) -> Iterator[Finding]:
    added = sum((p.quantity.value for p in listed), Fraction(0))
    if added == whole.quantity.value:
        return
    explained = total([p.quantity.range for p in listed]).meets(whole.quantity.range)
    exact = whole.quantity.step == 1 and whole.quantity.measure not in ("元", "元/年")
    yield _finding(source, whole, listed, added, Severity.NOTE if explained and not exact else Severity.ERROR)


def _mean(source: Source, whole: Part, listed: list[Part]) -> Iterator[Finding]:
    """A rate of the whole lies between the rates of its parts."""
    ranges = [p.quantity.range for p in listed]
    over = all(r.below(whole.quantity.range) for r in ranges)
    under = all(whole.quantity.range.below(r) for r in ranges)
    if not (over or under):
        return
    shown = "、".join(f"{p.label}{p.quantity.text}" for p in listed)
    says = (
        f"“{say.short(whole.label)}”写的是{whole.quantity.text}，而{shown}："
        f"整体的比率不可能比各部分都{'高' if over else '低'}。"
    )
    yield Finding(
        KIND,
        Severity.ERROR,
        says,
        (Place(source, whole.at), *(Place(source, p.at) for p in listed)),
        f"{whole.quantity.text}不在{shown}之间",
        (whole.quantity, *(p.quantity for p in listed)),
    )
