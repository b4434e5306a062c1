"""What a pack's rule of setting proposes for a standard, and where the real one departed from it.

Answers never hang on this: a standard is a dated parameter. The rule is a share of a published figure of the
year before, by twelve months, rounded; places may follow by a percent or as the average of all counties.
Everything is exact until the rounding that the pack declares.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from math import ceil, floor

from zhida.codes.months import first_day
from zhida.rules.declarations import Citation, Direction, Pack, Parameter, Rounding
from zhida.rules.parameters import Lookup
from zhida.rules.supplements import WHOLE, Figure, Series, SettingPlace, SettingRule

COUNTY = 3
MONTHS = 12


@dataclass(frozen=True, slots=True)
class Real:
    """A run of months [first, until) of the year in which a place really has one value (fen); None: not
    known. ``departs``: the real value less the proposed one; None where one of the two is not known."""

    first: int
    until: int
    value: int | None
    departs: int | None
    citation: Citation | None


@dataclass(frozen=True, slots=True)
class Proposal:
    """``places``: the rule's own, or those of its counties that have one history; or those of an entry that
    follows it. ``exact`` before and ``value`` after rounding, in fen; None where the figure is not known.
    ``how``: base, percent or average."""

    places: tuple[str, ...]
    how: str
    percent: int
    exact: Fraction | None
    value: int | None
    real: tuple[Real, ...]
    citation: Citation


@dataclass(frozen=True, slots=True)
class Implied:
    """Whole yuan a year that a figure must lie between (both included) for the rule to give the real value
    at its own place in months [first, until); ``low`` > ``high``: no whole yuan does."""

    parameter: str
    value: int
    first: int
    until: int
    low: int
    high: int


@dataclass(frozen=True, slots=True)
class Year:
    """``in_force``: the rule is said to hold in some month of it. ``given``: the figure is the user's own.
    ``implied``: for this rule and all others of the same series. ``one_base``: whether a single figure could
    have given all their values that hold at one time; None where fewer than two are known."""

    rule: SettingRule
    year: int
    figure: Figure | None
    given: bool
    in_force: bool
    proposals: tuple[Proposal, ...]
    implied: tuple[Implied, ...]
    one_base: bool | None


def rules_for(pack: Pack, parameter: Parameter) -> list[SettingRule]:
    return [r for r in pack.setting.rules if r.parameter == parameter.id]


def years_of(pack: Pack, rule: SettingRule) -> list[int]:
    """Years for which there is a figure of the year before, or a real value while the rule holds."""
    known = {f.year + 1 for f in series_of(pack, rule).figures}
    lookup = Lookup(pack)
    first = rule.start if rule.start is not None else pack.verified_through.year * MONTHS
    last = (pack.verified_through.year + 1) * MONTHS
    for month in range(first, last):
        counties = _counties(pack, rule.place, month)
        if any(lookup.resolve(rule.parameter, month, c).values is not None for c in counties):
            known.add(month // MONTHS)
    start = 0 if rule.start is None else rule.start // MONTHS
    return sorted(y for y in known if y >= start)


def series_of(pack: Pack, rule: SettingRule) -> Series:
    return next(s for s in pack.setting.series if s.id == rule.series)


def propose(pack: Pack, rule: SettingRule, year: int, figure: int | None = None) -> Year:
    """``figure``: fen of the year before, in place of the published one."""
    series = series_of(pack, rule)
    published = next((f for f in series.figures if f.year == year - 1), None)
    base = figure if figure is not None else published.value if published is not None else None
    months = range(year * MONTHS, (year + 1) * MONTHS)
    held = [m for m in months if _holds(rule.start, rule.until, m)]
    at = held[-1] if held else months[-1]
    reals = _Reals(pack, rule, months, at)
    proposals = tuple(reals.with_real(_proposals(pack, rule, base, at)))
    implied = tuple(
        one
        for other in pack.setting.rules
        if other.series == rule.series and other.place == rule.place
        for one in _implied(_Reals(pack, other, months, at))
    )
    return Year(rule, year, published, figure is not None, bool(held), proposals, implied, _one_base(implied))


def _holds(start: int | None, until: int | None, month: int) -> bool:
    return (start is None or start <= month) and (until is None or month < until)


Made = tuple[str, str, int, Fraction | None, int | None, Citation]


def _proposals(pack: Pack, rule: SettingRule, base: int | None, month: int) -> Iterator[Made]:
    exact = None if base is None else Fraction(base * rule.percent, WHOLE * MONTHS)
    own = None if exact is None else rounded(exact, rule.rounding)
    yield rule.place, "base", rule.percent, exact, own, rule.citation
    places = [p for p in rule.places if _holds(p.start, p.until, month)]
    by_place: dict[str, int | None] = {}
    for p in places:
        if not p.average:
            part = None if own is None else Fraction(own * p.percent, WHOLE)
            value = None if part is None else rounded(part, rule.rounding)
            for place in p.places:
                by_place[place] = value
                yield place, "percent", p.percent, part, value, p.citation
    for p in places:
        if p.average:
            mean = _mean(pack, rule, p, own, by_place, month)
            value = None if mean is None else rounded(mean, rule.rounding)
            for place in p.places:
                yield place, "average", WHOLE, mean, value, p.citation


def _mean(
    pack: Pack, rule: SettingRule, p: SettingPlace, own: int | None, known: dict[str, int | None], month: int
) -> Fraction | None:
    """Plain mean of what all other counties of the rule's place get."""
    below = [code for code in _counties(pack, rule.place, month) if code not in p.places]
    values = [known.get(code, own) for code in below]
    if not values or any(v is None for v in values):
        return None
    return Fraction(sum(v for v in values if v is not None), len(values))


def rounded(x: Fraction, how: Rounding) -> int:
    steps = x / how.step
    if how.direction is Direction.UP:
        return ceil(steps) * how.step
    if how.direction is Direction.DOWN:
        return floor(steps) * how.step
    return floor(steps + Fraction(1, 2)) * how.step


@dataclass(frozen=True, slots=True)
class _Reals:
    """What a standard really was, month by month of one year."""

    pack: Pack
    rule: SettingRule
    months: range
    at: int

    def with_real(self, made: Iterator[Made]) -> Iterator[Proposal]:
        for place, how, percent, exact, value, citation in made:
            groups = self.base() if how == "base" else {tuple(self.runs(place)): (place,)}
            for runs, places in groups.items():
                real = tuple(replace(r, departs=_less(r.value, value)) for r in runs)
                yield Proposal(places, how, percent, exact, value, real, citation)

    def base(self) -> dict[tuple[Real, ...], tuple[str, ...]]:
        """Counties of the rule's place that nothing else is said of, by their history; the place itself where
        all have one."""
        others = {place for p in self.rule.places if _holds(p.start, p.until, self.at) for place in p.places}
        found: dict[tuple[Real, ...], list[str]] = {}
        for code in _counties(self.pack, self.rule.place, self.at):
            if code not in others:
                found.setdefault(tuple(self.runs(code)), []).append(code)
        if not found or (len(found) == 1 and not others):
            return {tuple(self.runs(self.rule.place)): (self.rule.place,)}
        return {runs: tuple(codes) for runs, codes in found.items()}

    def runs(self, place: str) -> Iterator[Real]:
        lookup = Lookup(self.pack)
        run: Real | None = None
        for month in self.months:
            found = lookup.resolve(self.rule.parameter, month, place)
            value = None if found.values is None else found.values[0]
            if run is not None and run.value == value:
                run = replace(run, until=month + 1)
                continue
            if run is not None:
                yield run
            run = Real(month, month + 1, value, None, found.value.citation if found.value else None)
        if run is not None:
            yield run


def _less(real: int | None, proposed: int | None) -> int | None:
    return None if real is None or proposed is None else real - proposed


def _counties(pack: Pack, place: str, month: int) -> list[str]:
    """Counties below a place; where it has none the places right below it, else itself."""
    on, tree = first_day(month), pack.divisions
    below = [code for code in tree.descendants(place, on) if code != place]
    found = [code for code in below if tree[code].level == COUNTY and not tree[code].overlay]
    if found or not below:
        return found or [place]
    return [code for code in below if tree[code].level == tree[place].level + 1]


def _implied(reals: _Reals) -> Iterator[Implied]:
    known = {(r.first, r.until, r.value) for runs in reals.base() for r in runs if r.value is not None}
    for first, until, value in sorted(known):
        low, high = bounds(value, reals.rule)
        yield Implied(reals.rule.parameter, value, first, until, low, high)


def bounds(value: int, rule: SettingRule) -> tuple[int, int]:
    """Whole yuan of a year's figure that the rule rounds to ``value``; both ends included."""
    yuan = Fraction(WHOLE * MONTHS, rule.percent * 100)
    step = rule.rounding.step
    if rule.rounding.direction is Direction.UP:
        return floor((value - step) * yuan) + 1, floor(value * yuan)
    if rule.rounding.direction is Direction.DOWN:
        return ceil(value * yuan), ceil((value + step) * yuan) - 1
    half = Fraction(step, 2)
    return ceil((value - half) * yuan), ceil((value + half) * yuan) - 1


def _one_base(implied: tuple[Implied, ...]) -> bool | None:
    """Over every month in which values of several rules hold."""
    told: list[bool] = []
    for month in {i.first for i in implied}:
        now = [i for i in implied if i.first <= month < i.until]
        if len({i.parameter for i in now}) > 1:
            told.append(max(i.low for i in now) <= min(i.high for i in now))
    return all(told) if told else None
