"""Words that several remarks share: where a figure stands, and how a quantity is told."""

from __future__ import annotations

import re
from fractions import Fraction

from zhida.services.plan.checks.finding import Place
from zhida.services.plan.checks.observed import Observed
from zhida.services.plan.checks.quantity import Quantity, plain, spanned
from zhida.services.plan.model import Section

CAPTION = re.compile(r"^[ \t　]*(专栏\s*\d*|附?表\s*\d+)", re.MULTILINE)
LONGEST = 24


def where(place: Place, table: bool = False) -> str:
    """专栏2, or the heading that a passage stands under: “（二）主要目标”."""
    plan = place.source.plan
    if table:
        captions = [m for m in CAPTION.finditer(plan.text) if m.start() < place.at[0]]
        return re.sub(r"\s+", "", captions[-1][1]) if captions else "表"
    above = [s for s in plan.sections if s.at[0] <= place.at[0] and not _of_a_box(s)]
    if not above:
        return "正文"
    return f"“{heading(above[-1])}”"


def _of_a_box(section: Section) -> bool:
    """What follows a box stands below no heading of its."""
    return section.level > 3 or section.number.startswith("专栏")


def heading(section: Section) -> str:
    """With its number as headings are printed: 一、, （二）, 3."""
    n = section.number
    dot = "." if n.isdigit() else "、" if re.fullmatch(r"[一二三四五六七八九十百]+", n) else ""
    return short(f"{n}{dot}") + (" " if n.startswith(("第", "专栏")) else "") + short(section.title)


def of(o: Observed, several: bool) -> str:
    """Where an observation stands; with the file where there are several plans."""
    found = where(o.place, o.table)
    return f"{o.place.source.label}的{found}" if several else found


def short(text: str) -> str:
    """One line, cut where it is long."""
    text = re.sub(r"\s+", "", text)
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def told(value: Fraction, measure: str) -> str:
    """A number of base units in the unit that people use for its size."""
    if measure in ("元", "元/年"):
        tail = measure.removeprefix("元")
        for size, word in ((10**8, "亿元"), (10**4, "万元")):
            if abs(value) >= size and not tail:
                return f"{plain(value / size, 3)}{word}"
        return f"{plain(value)}元{tail}"
    if measure == "率":
        return f"{plain(value * 100)}%"
    thing, _, people = measure.partition("/")
    if people:
        many, word = _size(value, people)
        return f"每{word}{people}{plain(value * many)}{thing}"
    return f"{plain(value)}{thing}"


def _size(value: Fraction, people: str) -> tuple[int, str]:
    """Beds are told for a thousand old people, nurses for ten thousand."""
    return (1000, "千") if people == "老年人" and value * 1000 >= 10 else (10**4, "万")


def told_in(value: Fraction, q: Quantity) -> str:
    """A number of base units in the unit that a figure is printed in."""
    return f"{plain(value / q.factor, 3)}{q.unit}" if q.unit else told(value, q.measure)


def gap(a: Quantity, b: Quantity) -> str:
    """How far apart two figures are, in the first one's unit; shares in points."""
    found = abs(a.value - b.value)
    if a.measure == "率" and a.unit == "%":
        return f"{plain(found * 100)}个百分点"
    return told_in(found, a)


def people(value: Fraction) -> str:
    return f"{plain(value / 10**4)}万人" if value >= 10**4 else f"{plain(value)}人"


def reckoned(q: Quantity) -> str:
    """The figure in base units, where that is another: 1102元/月＝13224元/年."""
    base = told(q.value, q.measure)
    if re.sub(r"[,，\s]", "", q.text) in (base, base.replace("个", "")) or q.measure == "个":
        return q.text
    if q.text.startswith("每月") or q.text.endswith("/月"):
        return f"{q.text}×12＝{base}"
    return f"{q.text}＝{base}"


def bounds(q: Quantity) -> str:
    """All that rounds to the figure, told in its measure's usual unit."""
    thing, _, whom = q.measure.partition("/")
    if q.measure == "率":
        return f"{spanned(q.range.times(Fraction(100)), 3)}%"
    if whom and thing != "元":
        many, word = _size(q.value, whom)
        return f"每{word}{whom}{spanned(q.range.times(Fraction(many)), 3)}{thing}"
    if q.measure == "元":
        for size, word in ((10**8, "亿元"), (10**4, "万元")):
            if abs(q.value) >= size:
                return f"{spanned(q.range.times(Fraction(1, size)), 3)}{word}"
    return f"{spanned(q.range, 3)}{q.measure}"
