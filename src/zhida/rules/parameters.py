"""Look-up of dated and placed parameters.

A value is paid from its first benefit month (as stated, else the first month whose first day is not
before the day it came into force) until its ``until``, or the same place's next value. Look-up
climbs the division tree of that month: the nearest place with a value, or with a declared "own value,
not known", wins. A city-wide act (``ends_below``) ends what began before it in the places below. What no
value covers is unknown, never the last value known.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from zhida.codes.divisions import DivisionTree, normalise
from zhida.codes.errors import CodeError
from zhida.codes.months import first_day, format_month, month_of
from zhida.rules.declarations import Pack, Parameter, ParameterValue

UNSURE = ""
"""In a chain of places: a level of which the table does not say who holds it."""
_COUNTY = 3


@dataclass(frozen=True, slots=True)
class Resolved:
    """What a parameter is in one month at one place.

    ``values`` in storage integers, one or one a choice of the table; None: unknown, and ``why`` says
    so. ``value`` is the record that gave it (also a declared unknown), ``place`` the code that had it.
    ``ambiguous``: another reading of an unstated first benefit month (one month sooner or later) would
    give another answer.
    """

    values: tuple[int, ...] | None
    value: ParameterValue | None
    place: str
    why: str
    ambiguous: bool


@dataclass(frozen=True, slots=True)
class Gap:
    """Months [first, until) in which a parameter is unknown; ``declared``: the pack says that it is."""

    parameter: str
    division: str
    first: int
    until: int
    declared: bool
    why: str


def is_stale(pack: Pack, month: int) -> bool:
    """Whether the month begins after the last day up to which somebody has checked the rules."""
    return first_day(month) > pack.verified_through


def effective_month(value: ParameterValue) -> int:
    """First benefit month: as stated, else the first month whose first day is not before ``start``."""
    if value.first_month is not None:
        return value.first_month
    return month_of(value.start) + (value.start.day > 1)


def end_month(until: date | None) -> int | None:
    """First month no longer meant: the first whose first day is not before ``until``."""
    return None if until is None else month_of(until) + (until.day > 1)


def known_since(value: ParameterValue) -> date:
    """The day from which the value could be known; where no date is stated, the day it came into force."""
    return value.known_from or value.announced or value.start


def is_visible(value: ParameterValue, known_on: date | None) -> bool:
    """Whether the value was known on that day (None: now)."""
    return known_on is None or known_since(value) <= known_on


def is_replaced(value: ParameterValue, first: int, other: ParameterValue, other_first: int) -> bool:
    """Whether ``other`` stands in place of ``value`` for all its months.

    A superseded value stays right for the months before its successor's; where the successor begins
    no later, a correction with effect for the past, nothing of it is left.
    """
    if value.superseded_on is None or value is other:
        return False
    return known_since(other) >= value.superseded_on and other_first <= first


def resolve(pack: Pack, parameter: str, month: int, division: str, known_on: date | None = None) -> Resolved:
    """The parameter (an id) in that month at that place, as known on ``known_on``.

    Raises KeyError where the pack has no such parameter. For many look-ups keep one :class:`Lookup`.
    """
    return Lookup(pack, known_on).resolve(parameter, month, division)


def gaps(
    pack: Pack, first_month: int, last_month: int, divisions: Sequence[str], known_on: date | None = None
) -> list[Gap]:
    """Where parameters are unknown from ``first_month`` to ``last_month``, both included."""
    lookup = Lookup(pack, known_on)
    found: list[Gap] = []
    for parameter in pack.parameters:
        for division in divisions:
            found += _gaps_of(lookup, parameter, division, range(first_month, last_month + 1))
    return found


def _gaps_of(lookup: Lookup, parameter: str, division: str, months: range) -> Iterable[Gap]:
    run: list[tuple[int, Resolved]] = []

    def closed() -> Iterable[Gap]:
        if run:
            first, got = run[0]
            yield Gap(parameter, division, first, run[-1][0] + 1, got.value is not None, got.why)
            run.clear()

    for month in months:
        got = lookup.resolve(parameter, month, division)
        if run and (got.values is not None or got.value is not run[-1][1].value):
            yield from closed()
        if got.values is None:
            run.append((month, got))
    yield from closed()


@dataclass(frozen=True, slots=True)
class _Span:
    """A value over months [first, until), or until the next span. ``order`` compares when values began."""

    first: int
    until: int | None
    order: tuple[int, date]
    value: ParameterValue


class _Timeline:
    """All spans of one parameter, each place apart, under one reading of unstated first months."""

    def __init__(self, values: Iterable[ParameterValue], shift: int) -> None:
        self._spans: dict[str, list[_Span]] = {}
        self._firsts: dict[str, list[int]] = {}
        self._acts: dict[str, list[_Span]] = {}
        by_place: dict[str, list[tuple[int, ParameterValue]]] = {}
        for value in values:
            first = effective_month(value) + (shift if assumes_first_month(value) else 0)
            for place in value.places:
                by_place.setdefault(place, []).append((first, value))
        for place, placed in by_place.items():
            placed = [p for p in placed if not any(is_replaced(p[1], p[0], q[1], q[0]) for q in placed)]
            placed.sort(key=lambda p: (p[0], p[1].start))
            spans = [_Span(first, end_month(v.until), (first, v.start), v) for first, v in placed]
            self._spans[place] = spans
            self._firsts[place] = [span.first for span in spans]
            self._acts[place] = [span for span in spans if span.value.ends_below]

    def own(self, place: str, month: int) -> _Span | None:
        """The place's own span in that month, before anything above is looked at."""
        firsts = self._firsts.get(place)
        index = bisect_right(firsts, month) - 1 if firsts else -1
        if index < 0:
            return None
        span = self._spans[place][index]
        return span if span.until is None or month < span.until else None

    def at(self, chain: Sequence[str], month: int) -> tuple[str, _Span | None]:
        """The place that decides and its span; (UNSURE, None) where an unknown level comes first."""
        for i, place in enumerate(chain):
            if place == UNSURE:
                return UNSURE, None
            span = self.own(place, month)
            if span is not None and not self._ended(span, chain[i + 1 :], month):
                return place, span
        return UNSURE, None

    def _ended(self, span: _Span, above: Sequence[str], month: int) -> bool:
        return any(
            span.order < act.order and act.first <= month
            for place in above
            for act in self._acts.get(place, ())
        )


def assumes_first_month(value: ParameterValue) -> bool:
    """True where the first benefit month is an assumption that may be wrong by a month."""
    return value.first_month is None and value.start.day > 1


class Lookup:
    """Resolves against one pack and one state of knowledge, and remembers what it worked out."""

    def __init__(self, pack: Pack, known_on: date | None = None) -> None:
        self.pack = pack
        self.known_on = known_on
        self._timelines: dict[tuple[str, int], _Timeline] = {}
        self._doubtful: dict[str, frozenset[int]] = {}
        self._chains: dict[tuple[str, int], tuple[tuple[str, ...], ...]] = {}

    def resolve(self, parameter: str, month: int, division: str) -> Resolved:
        """See :func:`resolve`."""
        record = self.pack.parameters[parameter]
        chains = self.chains(division, month)
        if not chains:
            why = f"{division} is no division of {self.pack.name} in {format_month(month)}"
            return Resolved(None, None, "", why, False)
        found = self._read(record, chains, month, 0)
        ambiguous = month in self._doubtful_months(record) and any(
            self._read(record, chains, month, shift).values != found.values for shift in (-1, 1)
        )
        if found.values is None and found.value is None and not found.why:
            name = self._name(chains[0][0])
            found = _unknown(f"no value of {record.name} is known for {name} in {format_month(month)}")
        return Resolved(found.values, found.value, found.place, found.why, ambiguous)

    def timeline(self, parameter: Parameter, shift: int = 0) -> _Timeline:
        key = (parameter.id, shift)
        if key not in self._timelines:
            visible = [v for v in parameter.values if is_visible(v, self.known_on)]
            self._timelines[key] = _Timeline(visible, shift)
        return self._timelines[key]

    def _read(
        self, parameter: Parameter, chains: Sequence[Sequence[str]], month: int, shift: int
    ) -> Resolved:
        """One answer for all the chains, or unknown where a divided place's successors differ."""
        timeline = self.timeline(parameter, shift)
        answers = [self._answer(parameter, *timeline.at(chain, month), month) for chain in chains]
        first = answers[0]
        if any(answer.values != first.values for answer in answers[1:]):
            names = " and ".join(dict.fromkeys(self._name(chain[0]) for chain in chains))
            return _unknown(f"{parameter.name} differs between {names} in {format_month(month)}")
        return first

    def _answer(self, parameter: Parameter, place: str, span: _Span | None, month: int) -> Resolved:
        if span is None:
            return _unknown("")
        why = ""
        if span.value.values is None:
            where, when = self._name(place), format_month(month)
            why = f"{where} has a value of its own of {parameter.name} in {when}, which is not known"
        return Resolved(span.value.values, span.value, place, why, False)

    def _doubtful_months(self, parameter: Parameter) -> frozenset[int]:
        """The only months in which a first month sooner or later by one could matter."""
        found = self._doubtful.get(parameter.id)
        if found is None:
            months = (effective_month(v) for v in parameter.values if assumes_first_month(v))
            found = self._doubtful[parameter.id] = frozenset(m for e in months for m in (e - 1, e))
        return found

    def chains(self, division: str, month: int) -> tuple[tuple[str, ...], ...]:
        """The ways from a place up to the root in that month; none where it lies outside.

        There are several where the place, or one above it, was divided and the table doesn't say
        into which part it fell.
        """
        key = (division, month)
        found = self._chains.get(key)
        if found is None:
            tree, day = self.pack.divisions, first_day(month)
            code = _listed(tree, division)
            ways = _ways(tree, code, day) if code is not None else []
            found = tuple(dict.fromkeys(way for way in ways if self.pack.root in way))
            self._chains[key] = found
        return found

    def _name(self, code: str) -> str:
        division = self.pack.divisions.get(code)
        return division.name if division is not None else code


def _unknown(why: str) -> Resolved:
    return Resolved(None, None, "", why, False)


def _listed(tree: DivisionTree, division: str) -> str | None:
    """The code as the table has it. A new village or town is placed by its digits; a new county is not."""
    try:
        full, _ = normalise(division)
    except CodeError:
        return None
    near = tree.nearest(full)
    if near is None or (near != full and tree[near].level < _COUNTY):
        return None
    return near


def _ways(tree: DivisionTree, code: str, day: date) -> list[tuple[str, ...]]:
    """Chains of divisions in force, from who holds ``code`` that day up to the top."""
    found: list[tuple[str, ...]] = []
    for holder in tree.current(code, day):
        parent = tree[holder].parent
        if not parent:
            found.append((holder,))
            continue
        above = _ways(tree, parent, day)
        if not above:
            # Nobody holds the parent's place: what lies above it is known, that level is not.
            beyond = tree[parent].parent
            above = [(UNSURE, *way) for way in (_ways(tree, beyond, day) if beyond else [()])]
        found.extend((holder, *way) for way in above)
    return found
