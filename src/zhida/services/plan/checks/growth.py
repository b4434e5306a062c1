"""Growth rates: compound or simple, from the figures beside them; and a table that mixes the two."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal, localcontext
from fractions import Fraction

from zhida.services.plan.checks import say
from zhida.services.plan.checks.finding import Finding, Place, Severity, Source
from zhida.services.plan.checks.interval import Interval
from zhida.services.plan.checks.names import name_of
from zhida.services.plan.checks.observed import full_name, table_quantity
from zhida.services.plan.checks.quantity import Quantity, figures_step, plain, quantity, unit_of
from zhida.services.plan.model import Figure, Indicator, Span, Value

KIND, MIXED = "growth", "growth-mixed"
PERCENT = unit_of("%")
SPOKEN = re.compile(
    r"从(?:(?P<from>\d{4})年(?:底|末)?的?)?(?P<old>\d[\d,]*(?:\.\d+)?)(?P<unit>[^\d，。,；]{1,4}?)"
    r"(?:增加|增长|提高|提升|上升|扩大|发展)(?:到|至)(?:(?P<to>\d{4})年(?:底|末)?的?)?"
    r"(?P<new>\d[\d,]*(?:\.\d+)?)(?P=unit)[，,](?P<yearly>年均|年平均)?(?:共|累计|总共)?"
    r"(?:增长|增加|增幅|提高)(?:率|了|达到|达|为)*(?P<rate>\d+(?:\.\d+)?)[%％]"
)


@dataclass(frozen=True, slots=True)
class Rate:
    """``ends``: where the growth begins and ends; ``years`` between; ``printed``: the rate as a share."""

    label: str
    ends: tuple[Quantity, Quantity]
    places: tuple[Place, ...]
    years: int
    printed: Quantity
    raw: str

    def ratio(self) -> Interval:
        return self.ends[1].range.over(self.ends[0].range)

    @property
    def point(self) -> Fraction:
        return self.ends[1].value / self.ends[0].value

    def compound(self, rate: Interval) -> bool:
        """Some rate in the interval, compounded, leads from the one figure to the other."""
        ratio = self.ratio()
        assert rate.low is not None and rate.high is not None
        slow = max(1 + rate.low, Fraction(0)) ** self.years
        fast = max(1 + rate.high, Fraction(0)) ** self.years
        return ratio.meets(Interval(slow, fast))

    def simple(self, rate: Interval) -> bool:
        ratio = self.ratio()
        return ratio.meets(
            Interval(*(None if r is None else 1 + r * self.years for r in (rate.low, rate.high)))
        )

    def compound_rate(self) -> Fraction:
        """Near enough to be shown and rounded: thirty digits."""
        with localcontext() as c:
            c.prec = 30
            root = (Decimal(self.point.numerator) / self.point.denominator) ** (Decimal(1) / self.years)
            return Fraction(root) - 1

    def simple_rate(self) -> Fraction:
        return (self.point - 1) / self.years

    def cut(self, rate: Fraction) -> bool:
        """Printed without rounding: 9.26 as 9.2."""
        step = self.printed.step
        return rate > 0 and rate // step * step == self.printed.value

    def points(self) -> bool:
        """For a share: so many points a year."""
        a, b = self.ends
        yearly = b.range.times(Fraction(1, self.years)), a.range.times(Fraction(1, self.years))
        low, high = (None if x is None or y is None else x - y for x, y in _ends(*yearly))
        return a.measure == "率" and self.printed.range.meets(Interval(low, high))

    def exactly(self, rate: Fraction) -> bool:
        return abs(rate - self.printed.value) <= self.printed.step / 2


def _ends(b: Interval, a: Interval) -> tuple[tuple[Fraction | None, Fraction | None], ...]:
    return (b.low, a.high), (b.high, a.low)


def growth(source: Source, skip: Span | None = None) -> Iterator[Finding]:
    for table in _tables(source):
        yield from _of_table(table)
    for m in SPOKEN.finditer(source.plan.text):
        if skip and skip[0] <= m.start() < skip[1]:
            continue
        rate = _spoken(source, m)
        if rate is not None:
            yield from _judged(rate)


def _tables(source: Source) -> Iterator[list[Rate]]:
    """The rates of each table: rows that no sentence stands between."""
    found: list[Rate] = []
    last: Indicator | None = None
    for row in source.plan.indicators:
        if last is not None and _apart(source, last, row):
            yield found
            found = []
        last = row
        rate = _of_row(source, row)
        if rate is not None:
            found.append(rate)
    yield found


def _apart(source: Source, a: Indicator, b: Indicator) -> bool:
    between = source.plan.text[a.at[1] : b.at[0]]
    return "。" in between or "专栏" in between or b.at[0] < a.at[0]


def _of_row(source: Source, row: Indicator) -> Rate | None:
    """The rate and the two figures that it is reckoned from: the first, and the one that it stands behind."""
    rates = [v for v in row.values if v.role == "growth" and not _bracketed(source, v)]
    figures = [v for v in row.values if v.role != "growth" and v.year is not None]
    if len(rates) != 1 or len(figures) < 2:
        return None
    first = min(figures, key=lambda v: (v.year or 0, v.at))
    later = [v for v in figures if (v.year or 0) > (first.year or 0)]
    before = [v for v in later if v.at[0] < rates[0].at[0]] or later
    if not before or first.low <= 0 or first.role != "actual":
        return None
    return _rate(source, row, first, max(before, key=lambda v: v.at), rates[0])


def _bracketed(source: Source, v: Value) -> bool:
    """[5] in such a column is a sum over all years."""
    return source.plan.text[v.at[0] : v.at[0] + 1] in "[〔【（("


def _rate(source: Source, row: Indicator, first: Value, last: Value, rate: Value) -> Rate:
    name = name_of(full_name(source, row))
    ends = tuple(table_quantity(source, row, v, name) for v in (first, last))
    years = (last.year or 0) - (first.year or 0)
    places = tuple(Place(source, v.at) for v in (first, last, rate))
    printed = quantity(rate, PERCENT, f"{rate.raw}%")
    return Rate(full_name(source, row), (ends[0], ends[1]), places, years, printed, rate.raw)


def _spoken(source: Source, m: re.Match[str]) -> Rate | None:
    def amount(raw: str, unit: str) -> Quantity:
        value = Decimal(raw.replace(",", ""))
        return quantity(Figure(raw, value, value), unit_of(unit), raw + unit)

    years = int(m["to"] or 0) - int(m["from"] or 0) if m["from"] and m["to"] else 0
    if m["yearly"] and not m["to"] and m["from"] and source.plan.period:
        years = source.plan.period[0] - 1 - int(m["from"])
    if m["yearly"] and years <= 0:
        return None
    old, new = amount(m["old"], m["unit"]), amount(m["new"], m["unit"])
    if old.value <= 0:
        return None
    spans = [m.span(k) for k in ("old", "new", "rate")]
    rate = amount(m["rate"], "%")
    places = tuple(Place(source, s) for s in spans)
    return Rate("", (old, new), places, years if m["yearly"] else 1, rate, m["rate"])


def _of_table(rates: list[Rate]) -> Iterator[Finding]:
    for rate in rates:
        yield from _judged(rate)
    finest = min((figures_step(r.raw, Decimal(0)) for r in rates), default=Fraction(1)) / 100
    compound, simple = [], []
    for rate in rates:
        half = min(finest, rate.printed.step) / 2
        tight = Interval(rate.printed.value - half, rate.printed.value + half)
        by_years, by_whole = rate.compound_rate(), rate.simple_rate()
        if rate.exactly(by_years) and not rate.simple(tight):
            compound.append(rate)
        elif (rate.exactly(by_whole) or rate.cut(by_whole)) and not rate.compound(tight):
            simple.append(rate)
    if compound and simple:
        yield _mixed(compound, simple)


def _judged(rate: Rate) -> Iterator[Finding]:
    one, other = rate.compound_rate(), rate.simple_rate()
    if rate.exactly(one) or rate.exactly(other) or rate.points():
        return
    a, b = (plain(v * 100) for v in (one, other))
    start, end = rate.ends
    what = f"“{say.short(rate.label)}”" if rate.label else ""
    if rate.years == 1:
        computed = f"算得{a}%"
        arithmetic = f"{end.text}÷{start.text}－1＝{a}%≠{rate.printed.text}"
    else:
        computed = f"按复合增长算是{a}%，按简单平均算是{b}%"
        arithmetic = (
            f"复合：({end.text}÷{start.text})^(1/{rate.years})－1＝{a}%；"
            f"简单平均：({end.text}÷{start.text}－1)÷{rate.years}＝{b}%；文中{rate.printed.text}"
        )
    says = f"{what}由{start.text}到{end.text}，增速写的是{rate.printed.text}，{computed}"
    severity = Severity.ERROR
    if rate.compound(rate.printed.range) or rate.simple(rate.printed.range):
        severity = Severity.NOTE
        says += "；两头的数按四舍五入有出入，可以解释这个差，建议用未取整的数复核。"
    elif rate.cut(one) or rate.cut(other):
        severity = Severity.WARNING
        says += "；看来是截去了末位而没有四舍五入，请改。"
    else:
        says += "，哪一种都对不上，请核对。"
    yield Finding(KIND, severity, says, rate.places, arithmetic, (start, end, rate.printed))


def _mixed(compound: list[Rate], simple: list[Rate]) -> Finding:
    def told(rates: list[Rate]) -> str:
        return "、".join(f"“{say.short(r.label)}”（{r.printed.text}）" for r in rates)

    says = (
        f"同一张表的年均增速用了两种算法：{told(compound)}是复合增长率，{told(simple)}是总增幅除以年数。"
        "请统一成一种，并在表下注明。"
    )
    rates = (*compound, *simple)
    both = [(r.printed.text, plain(r.compound_rate() * 100), plain(r.simple_rate() * 100)) for r in rates]
    sums = [f"{printed}：复合{one}%，简单平均{other}%" for printed, one, other in both]
    return Finding(
        MIXED,
        Severity.WARNING,
        says,
        tuple(r.places[2] for r in rates),
        "；".join(sums),
        tuple(r.printed for r in rates),
    )
