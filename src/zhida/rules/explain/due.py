"""What is due for a month into which something falls: a beginning, an end, a birthday, a death, a move.

``answer`` tells what the rules give for a month as a whole. Here the month is answered once for each way of
reading it (with and without who died in it, at the old place and the new, of the age before the
birthday and after) and each benefit takes the reading that it declares under ``months``. Where no source says
which, all of them are possible and the amount is what lies between.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date
from itertools import product
from typing import Any

from zhida.codes.months import format_month, last_day, month_of
from zhida.rules.declarations import Benefit, Pack
from zhida.rules.explain.assess import answer, program_of
from zhida.rules.explain.events import Events, births_in
from zhida.rules.explain.grounds import yuan
from zhida.rules.explain.interpret import BEFORE
from zhida.rules.explain.month_words import rule_json
from zhida.rules.explain.request import parse_request
from zhida.rules.program.build import Program
from zhida.rules.timing import UNKNOWN, Event, MonthRule, monthly

Key = tuple[str, str]
"""A benefit and the unit it is for."""
Ends = tuple[int, int | None]
"""Lowest and highest amount in fen; None: no end is known."""
NOTHING: Ends = (0, 0)
WHOLE, NONE = "whole", "none"
Reading = tuple[str, ...]
"""How the month is read: with whom who died, at which place, of which age."""
_READ: tuple[tuple[Event, Mapping[str, tuple[str, ...]]], ...] = (
    (Event.DEATH, {"same": ("with",), "before": ("without",), UNKNOWN: ("with", "without")}),
    (Event.MOVE, {"old": ("old",), "new": ("new",), UNKNOWN: ("new", "old")}),
    (Event.AGE, {"same": ("after",), "next": ("before",), UNKNOWN: ("after", "before")}),
)


@dataclass(frozen=True, slots=True)
class Due:
    """What one unit is due of one benefit. ``ways``: the amount by each possible reading of the month;
    ``paid``: whether the month is paid at all (``whole``, ``none`` or unknown). ``result``: the answer by the
    facts of the month as a whole; ``because``: the rules of months that made the amount what it is."""

    benefit: str
    unit_id: str
    ways: Mapping[Reading, Ends]
    paid: str
    result: Mapping[str, Any]
    because: tuple[MonthRule, ...]

    @property
    def ends(self) -> Ends:
        """Lowest and highest of all that is possible."""
        if self.paid == NONE:
            return NOTHING
        lo = 0 if self.paid == UNKNOWN else min(lo for lo, _ in self.ways.values())
        highs = [hi for _, hi in self.ways.values() if hi is not None]
        return lo, max(highs) if len(highs) == len(self.ways) else None

    def to_json(self) -> dict[str, Any]:
        """Amounts in yuan."""
        lo, hi = self.ends
        ends = [yuan(lo), None if hi is None else yuan(hi)]
        return {
            "amount": ends[0] if ends[0] == ends[1] else None,
            "amount_range": ends,
            "because": [rule_json(r) for r in self.because],
        }


Answers = Mapping[Key, tuple[Ends, Mapping[str, Any]]]
"""Amount and result of each unit, the month being read in one way."""


@dataclass(frozen=True, slots=True)
class Looked:
    """A month answered once for each way of reading it; what each benefit makes of that is told by its rules
    of months. ``possible``: the ways in each respect, the whole month's first."""

    possible: tuple[Reading, ...]
    answers: Mapping[Reading, Answers]
    events: Events
    month: int

    @property
    def keys(self) -> tuple[Key, ...]:
        return tuple(dict.fromkeys(key for one in self.answers.values() for key in one))

    def due(self, b: Benefit, unit_id: str) -> Due:
        """By the rules of ``b``, which is one of those looked at."""
        key = (b.id, unit_id)
        rules = {rule.event: rule for rule in b.months}
        amounts = {reading: one[key][0] if key in one else NOTHING for reading, one in self.answers.items()}
        ways, because = [], []
        for i, ((event, read), possible) in enumerate(zip(_READ, self.possible, strict=True)):
            rule = rules.get(event)
            chosen = read[rule.month if rule is not None else UNKNOWN]
            ways.append([way for way in chosen if way in possible] or list(possible))
            if rule is not None and len(possible) > 1 and _differs(amounts, i):
                because.append(rule)
        left = {reading: amounts[reading] for reading in product(*ways)}
        paid = WHOLE
        for rule, share in _paid(rules, self.events, self.month):
            if any(ends != NOTHING for ends in left.values()):
                because.append(rule)
            paid = share if paid != NONE else NONE
        result = next(one[key][1] for one in self.answers.values() if key in one)
        return Due(*key, left, paid, result, tuple(because))


def look(
    pack: Pack,
    data: Mapping[str, Any],
    events: Events,
    month: int,
    known_on: date | None = None,
    only: Collection[str] | None = None,
) -> Looked:
    """Of the benefits that are paid by the month, or of ``only`` some. ``data``: a request without its
    events. Raises RequestError."""
    wanted = {b.id for b in pack.benefits.values() if monthly(b) and (only is None or b.id in only)}
    program = program_of(pack, month)
    request = dict(data) | {"month": format_month(month), "known_on": known_on}
    possible = _readings(program, request, events)
    answers = {r: _answered(program, request, events, r, wanted) for r in product(*possible)}
    return Looked(possible, answers, events, month)


def due(
    pack: Pack,
    data: Mapping[str, Any],
    events: Events,
    month: int,
    known_on: date | None = None,
    only: Collection[str] | None = None,
) -> dict[Key, Due]:
    """What is due, by benefit and unit; see :func:`look`."""
    looked = look(pack, data, events, month, known_on, only)
    return {key: looked.due(pack.benefits[key[0]], key[1]) for key in looked.keys}


def _readings(program: Program, request: Mapping[str, Any], events: Events) -> tuple[Reading, ...]:
    """What may be read in two ways in this month; the first way is the whole month's."""
    month, end = program.month, last_day(program.month)
    died = any(month_of(day) == month for day in events.died.values())
    moved = events.moved_on is not None and month_of(events.moved_on) == month
    birthday = any(born <= end and born.month == end.month for born in births_in(program, request))
    return (
        ("with", "without") if died else ("with",),
        ("new", "old") if moved else ("new",),
        ("after", "before") if birthday else ("after",),
    )


def _answered(
    program: Program, request: dict[str, Any], events: Events, reading: Reading, wanted: Collection[str]
) -> Answers:
    alive, place, age = reading
    told = events.told_in(program, request, with_the_dead=alive == "with", at_the_old_place=place == "old")
    if not told["members"]:
        return {}
    parsed = parse_request(program.pack, told)
    day = {"after": "last", "before": BEFORE}[age]
    read = program if day == program.pack.age_on else replace(program, pack=replace(program.pack, age_on=day))
    answered = answer(read, parsed.facts, parsed.ids, parsed.division, parsed.known_on, wanted)
    return {(r["benefit"], r["unit_id"]): (_ends(r), r) for r in answered["results"]}


def _ends(result: Mapping[str, Any]) -> Ends:
    """Of an open answer the lowest is nothing."""
    ends = result["amount_range"]
    if result["answer"] not in ("yes", "undetermined") or ends is None:
        return NOTHING
    low, high = (None if end is None else round(end * 100) for end in ends)
    return (0 if low is None or result["answer"] == "undetermined" else low), high


def _differs(amounts: Mapping[Reading, Ends], i: int) -> bool:
    """Whether the amount hangs on how the month is read in one respect."""
    first: dict[Reading, Ends] = {}
    return any(
        first.setdefault((*reading[:i], *reading[i + 1 :]), ends) != ends for reading, ends in amounts.items()
    )


def _paid(rules: Mapping[Event, MonthRule], events: Events, month: int) -> list[tuple[MonthRule, str]]:
    """Whether the month is paid, for all that is told of beginning and end: none or unknown, else nothing."""
    found = []
    begin, end = rules.get(Event.BEGIN), rules.get(Event.END)
    began = (
        None
        if begin is None
        else {"application": events.applied, "decision": events.decided}.get(begin.counted)
    )
    if begin is not None and began is not None:
        first = month_of(began)
        if month < first or (month == first and begin.month == "next"):
            found.append((begin, NONE))
        elif month == first and begin.month == UNKNOWN:
            found.append((begin, UNKNOWN))
    if end is not None and events.ended is not None:
        last = month_of(events.ended)
        if month > last or (month == last and end.month == "before"):
            found.append((end, NONE))
        elif month == last and end.month == UNKNOWN:
            found.append((end, UNKNOWN))
    return found
