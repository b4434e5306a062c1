"""A count beside a ratio: together they imply a population, which must be the one that the plan states."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from zhida.services.plan.checks import say
from zhida.services.plan.checks.finding import Finding, Place, Severity, Source
from zhida.services.plan.checks.interval import Interval
from zhida.services.plan.checks.names import alike, hard_difference, soft_difference
from zhida.services.plan.checks.observed import Observed, base_year
from zhida.services.plan.checks.quantity import Quantity, quantity, spanned, unit_of
from zhida.services.plan.model import Figure, Span

KIND = "count-and-ratio"
STATED = re.compile(
    r"(?P<who>常住人口|总人口|户籍人口|老年人口|老年人)(?:总数|总量|数)?(?:已)?(?:约为|约有|达到|约|为|有|达|共)?"
    r"(?P<raw>\d[\d,.]*)(?P<unit>万?人)"
)
# Before the word: another area's people, some of them, or those of another year.
OTHERS = re.compile(
    r"全国|全省|全世界|(?:[78九八七]\d?|[八七九]十)周?岁|高龄|失能|失智|独居|空巢|特殊困难|困难|新增|农村|城镇|预计|将达|20[345]\d年"
)
PLAUSIBLE = Fraction(1000)  # no plan is made for fewer people


@dataclass(frozen=True, slots=True)
class Implied:
    """What a count and a ratio say of the number of ``people``."""

    count: Observed
    ratio: Observed
    people: str
    range: Interval

    @property
    def middle(self) -> Fraction:
        return self.count.quantity.value / self.ratio.quantity.value

    def sum(self) -> str:
        return (
            f"{self.count.quantity.text}÷{say.told(self.ratio.quantity.value, self.ratio.quantity.measure)}"
            f"＝{say.people(self.middle)}（{_millions(self.range)}）"
        )


@dataclass(frozen=True, slots=True)
class Population:
    place: Place
    people: str
    quantity: Quantity


def counts_and_ratios(
    source: Source, found: Sequence[Observed], skip: Span | None = None
) -> Iterator[Finding]:
    stated = [p for p in populations(source) if not (skip and skip[0] <= p.place.at[0] < skip[1])]
    implied = list(_implied(found))
    told: list[Implied] = []
    for one in implied:
        known = [p for p in stated if p.people == one.people and one.count.year == base_year(source)]
        if known:
            if not any(p.quantity.range.meets(one.range) for p in known):
                yield _against_population(one, known[0])
            continue
        other = next((t for t in told if _contradict(one, t)), None)
        if other is not None and not any(_same_pair(one, t) and t is not other for t in told):
            yield _against_each_other(other, one)
        told.append(one)


def populations(source: Source) -> Iterator[Population]:
    """How many people the plan says there are."""
    for m in STATED.finditer(source.plan.text):
        if OTHERS.search(source.plan.text[max(0, m.start() - 14) : m.start()]):
            continue
        raw = m["raw"].rstrip(".,")
        try:
            value = Decimal(raw.replace(",", ""))
        except ArithmeticError:
            continue
        people = "老年人" if "老年" in m["who"] else "户籍人口" if m["who"] == "户籍人口" else "人口"
        figure = quantity(Figure(raw, value, value), unit_of(m["unit"]), m["raw"] + m["unit"])
        yield Population(Place(source, m.span()), people, figure)


def _implied(found: Sequence[Observed]) -> Iterator[Implied]:
    for count in found:
        if "/" in count.quantity.measure or count.quantity.measure == "率" or count.quantity.value <= 0:
            continue
        fits = [r for r in found if _goes_with(count, r)]
        exact = [r for r in fits if r.name.scope == count.name.scope]
        for ratio in {r.quantity.value: r for r in reversed(exact or fits)}.values():
            people = ratio.quantity.measure.partition("/")[2]
            yield Implied(count, ratio, people, count.quantity.range.over(ratio.quantity.range))


def _goes_with(count: Observed, ratio: Observed) -> bool:
    thing, _, people = ratio.quantity.measure.partition("/")
    if not people or people == "年" or ratio.quantity.value <= 0:
        return False
    if count.year != ratio.year or count.role != ratio.role or thing != count.quantity.measure:
        return False
    if hard_difference(count.name, ratio.name) or count.place.source is not ratio.place.source:
        return False
    return alike(count.name, ratio.name) is not None and count.quantity.range.high is not None


def _contradict(a: Implied, b: Implied) -> bool:
    """Two things counted over the same people; the same thing twice is two-values' business."""
    other = alike(a.count.name, b.count.name) is None
    big = a.middle >= PLAUSIBLE and b.middle >= PLAUSIBLE
    return (
        other and a.people == b.people and a.count.year == b.count.year and big and not a.range.meets(b.range)
    )


def _same_pair(a: Implied, b: Implied) -> bool:
    return a.count is b.count or alike(a.count.name, b.count.name) is not None


def _against_population(one: Implied, known: Population) -> Finding:
    soft = sorted(soft_difference(one.count.name, one.ratio.name))
    says = (
        f"“{say.short(one.count.label)}”{one.count.quantity.text}，与“{say.short(one.ratio.label)}”"
        f"{one.ratio.quantity.text}对不上：照这两个数，{one.people}应是{say.people(one.middle)}，"
        f"而文中写的是{known.quantity.text}。"
    )
    if soft:
        says += f"若两个数口径不同（{'、'.join(soft)}），请写明。"
    ratio = say.told(one.count.quantity.value / known.quantity.value, one.ratio.quantity.measure)
    return Finding(
        KIND,
        Severity.WARNING if soft else Severity.ERROR,
        says,
        (one.count.place, one.ratio.place, known.place),
        f"{one.sum()}；{one.count.quantity.text}÷{known.quantity.text}＝{ratio}",
        (one.count.quantity, one.ratio.quantity, known.quantity),
    )


def _against_each_other(a: Implied, b: Implied) -> Finding:
    soft = sorted(soft_difference(a.count.name, a.ratio.name) | soft_difference(b.count.name, b.ratio.name))
    says = (
        f"按“{say.short(a.count.label)}”{a.count.quantity.text}和{_rate(a)}推算，{a.people}是"
        f"{say.people(a.middle)}；按“{say.short(b.count.label)}”{b.count.quantity.text}和{_rate(b)}推算，"
        f"却是{say.people(b.middle)}。总有一对数口径不同"
        + (f"（{'、'.join(soft)}）" if soft else "")
        + "，请核对并写明。"
    )
    places = (a.count.place, a.ratio.place, b.count.place, b.ratio.place)
    figures = (a.count.quantity, a.ratio.quantity, b.count.quantity, b.ratio.quantity)
    return Finding(KIND, Severity.WARNING, says, places, f"{a.sum()}；{b.sum()}", figures)


def _rate(one: Implied) -> str:
    return say.told(one.ratio.quantity.value, one.ratio.quantity.measure)


def _millions(found: Interval) -> str:
    return spanned(found.times(Fraction(1, 10**4))) + "万"
