"""Which value of a parameter meets a budget: a bounded bisection over a :class:`Simulator`.

The cost is that of :mod:`zhida.scan.effects`: who receives goes on, who newly comes in takes it. Where
amounts are not exact the dearer end must meet the budget. That the cost goes one way with the value is not
taken for granted: every value tried is kept, and where the cost turns back is said.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import pairwise
from typing import Any

import numpy as np

from zhida.rules.declarations import Kind, Pack, Parameter
from zhida.rules.handbook import say
from zhida.rules.problems import PackError, Problem, one_of
from zhida.rules.reforms.reform import COMMAND, Reform, parse_set
from zhida.scan.cliffs import yearly
from zhida.scan.effects import cases_of
from zhida.scan.simulate import Simulator
from zhida.scan.totals import withheld

MOST_TRIES = 80
SAMPLES = 6
"""Values between the first and the last that are tried only to see whether the cost goes one way."""
_BUDGET = re.compile(r"([+-]?[0-9]+(?:\.[0-9]+)?)(亿|万)?元?/(年|月)")
_UNITS = {None: 1, "万": 10_000, "亿": 100_000_000}


def parse_budget(text: str) -> int:
    """``1.2亿/年``, ``-300万/年``, ``50000元/月`` → fen a year. Raises ValueError with what is expected."""
    match = _BUDGET.fullmatch(text.strip())
    if match is None:
        raise ValueError("write an amount and a period, like 1.2亿/年, 3000万/年 or 50000元/月")
    yuan = Decimal(match[1]) * _UNITS[match[2]] * (12 if match[3] == "月" else 1)
    fen = yuan * 100
    if fen != fen.to_integral_value() or abs(fen) > 10**17:
        raise ValueError("an amount of whole fen below ten thousand 亿 is expected")
    return int(fen)


@dataclass(frozen=True, slots=True)
class Try:
    """``value`` in storage integers; costs in fen a year; ``cases``: how many change."""

    value: int
    lo: int
    hi: int
    cases: int

    @property
    def most(self) -> int:
        return max(self.lo, self.hi)


@dataclass(frozen=True, slots=True)
class Solved:
    """``best``: the value nearest to the budget that keeps it; None where none within the parameter's bounds
    does. ``rises``: whether the cost grows with the value. ``breaks``: neighbouring values between which the
    cost went the other way. ``at_bound``: the parameter's own bound ended the search."""

    pack: Pack
    parameter: Parameter
    target: str
    budget: int
    start: int
    best: Try | None
    rises: bool
    tries: tuple[Try, ...]
    breaks: tuple[tuple[int, int], ...]
    at_bound: bool

    @property
    def reform(self) -> Reform:
        """The override that was found."""
        assert self.best is not None
        return parse_set(f"{self.target}={self.shown(self.best.value)}")

    def shown(self, value: int) -> str:
        """As it is written in ``--set``."""
        return say.number(self.parameter.kind, self.parameter.places, value).replace(",", "")


@dataclass(slots=True)
class _Search:
    simulator: Simulator
    base: Reform
    target: str
    parameter: Parameter
    budget: int
    known: dict[int, Try] = field(default_factory=dict)

    def unit(self) -> int:
        """The least change that is tried: a yuan, one, or one in the last place."""
        return 100 if self.parameter.kind is Kind.MONEY else 1

    def at(self, value: int) -> Try:
        if value not in self.known:
            text = say.number(self.parameter.kind, self.parameter.places, value).replace(",", "")
            reform = self.base.and_then(parse_set(f"{self.target}={text}"))
            self.known[value] = Try(value, *cost(self.simulator, reform))
        return self.known[value]

    def keeps(self, value: int) -> bool:
        return self.at(value).most <= self.budget


def cost(simulator: Simulator, reform: Reform) -> tuple[int, int, int]:
    """Both ends of what a reform costs in fen a year, and the cases that change."""
    change, parts = simulator.both(reform)
    lo = hi = cases = 0
    for old, new in parts:
        for b in change.affected:
            found = cases_of(old[b], new[b], yearly(change.loaded.pack, b))
            lo += int(found.lo.sum())
            hi += int(found.hi.sum())
            cases += int((found.new | found.ended | (found.lo != 0) | (found.hi != 0)).sum())
    return lo, hi, cases


def solve(simulator: Simulator, target: str, budget: int, base: Reform | None = None) -> Solved:
    """``target``: as left of ``=`` in ``--set``; ``base``: overrides that hold besides. Raises PackError."""
    pack = simulator.loaded.pack
    parameter = _parameter(pack, target)
    search = _Search(simulator, base or Reform(), target, parameter, budget)
    start = _start(simulator, parameter, target, search.unit())
    stride = max(search.unit(), start // 50 // search.unit() * search.unit())
    up, down = (_bounded(parameter, start + d * stride) for d in (1, -1))
    rises = search.at(up).most >= search.at(down).most
    best, at_bound = _bisect(search, start, stride, 1 if rises else -1)
    if best is not None:
        for value in _between(start, best.value, search.unit()):
            search.at(value)
    tries = sorted(search.known.values(), key=lambda t: t.value)
    way = 1 if rises else -1
    breaks = [(a.value, b.value) for a, b in pairwise(tries) if (b.most - a.most) * way < 0]
    return Solved(pack, parameter, target, budget, start, best, rises, tuple(tries), tuple(breaks), at_bound)


def _parameter(pack: Pack, target: str) -> Parameter:
    name = target.partition("@")[0].partition("[")[0].strip()
    for p in pack.parameters.values():
        if name in (p.id, p.name):
            if p.kind is Kind.BOOL:
                raise PackError([_problem(target, f"{p.name} is a truth, and has no value to search for")])
            return p
    known = one_of(name, [p.name for p in pack.parameters.values()])
    raise PackError([_problem(target, "unknown parameter", known)])


def _problem(target: str, says: str, expected: str = "") -> Problem:
    return Problem(COMMAND.replace("set", "solve"), 1, 1, target, says, expected)


def _start(simulator: Simulator, parameter: Parameter, target: str, unit: int) -> int:
    """The value that most places of the snapshot have now, cut to the unit; else the middle of the bounds."""
    loaded = simulator.loaded
    choice = target.partition("[")[2].partition("]")[0].strip()
    index = (loaded.pack.enums[parameter.table].index(choice) or 0) if parameter.table and choice else 0
    slot = loaded.kernel.source.parameters.get((parameter.id, index))
    known = np.zeros(0, np.int64)
    if slot is not None:
        lo, hi = loaded.parameters.lo[slot], loaded.parameters.hi[slot]
        known = lo[lo == hi]
    if not len(known):
        return _bounded(parameter, (parameter.minimum + parameter.maximum) // 2 // unit * unit)
    values, counts = np.unique(known, return_counts=True)
    return _bounded(parameter, int(values[counts.argmax()]) // unit * unit)


def _bounded(parameter: Parameter, value: int) -> int:
    return min(parameter.maximum, max(parameter.minimum, value))


def _bisect(search: _Search, start: int, stride: int, way: int) -> tuple[Try | None, bool]:
    """The dearest value that keeps the budget, as far as the cost goes one way. ``way``: of dearer values."""
    keeps = search.keeps(start)
    step = way if keeps else -way
    inside, outside, at = (start, None, start) if keeps else (None, start, start)
    while len(search.known) < MOST_TRIES:
        following = _bounded(search.parameter, at + step * stride)
        if following == at:
            return (search.at(inside), True) if inside is not None else (None, True)
        at, stride = following, stride * 2
        if search.keeps(at) == keeps:
            inside, outside = (at, None) if keeps else (None, at)
        else:
            inside, outside = (inside, at) if keeps else (at, outside)
            break
    if inside is None or outside is None:
        return (search.at(inside), False) if inside is not None else (None, False)
    unit = search.unit()
    while abs(outside - inside) > unit and len(search.known) < MOST_TRIES:
        middle = inside + (outside - inside) // (2 * unit) * unit
        if middle in (inside, outside):
            middle = inside + (unit if outside > inside else -unit)
        if search.keeps(middle):
            inside = middle
        else:
            outside = middle
    return search.at(inside), False


def _between(a: int, b: int, unit: int) -> Iterator[int]:
    low, high = min(a, b), max(a, b)
    for i in range(1, SAMPLES):
        yield low + (high - low) * i // SAMPLES // unit * unit


# --- as data


def as_json(found: Solved) -> dict[str, Any]:
    """The object ``solve`` of ``docs/schemas/simulate.schema.json``."""
    best = found.best
    return {
        "parameter": found.parameter.id,
        "name": found.parameter.name,
        "target": found.target,
        "measure": found.parameter.measure,
        "budget": found.budget,
        "start": found.shown(found.start),
        "value": None if best is None else found.shown(best.value),
        "cost_lo": None if best is None or withheld(best.cases) else best.lo,
        "cost_hi": None if best is None or withheld(best.cases) else best.hi,
        "rises": found.rises,
        "monotone": not found.breaks,
        "breaks": [{"from": found.shown(a), "to": found.shown(b)} for a, b in found.breaks],
        "at_bound": found.at_bound,
        "tried": [
            {
                "value": found.shown(t.value),
                "cost_lo": None if withheld(t.cases) else t.lo,
                "cost_hi": None if withheld(t.cases) else t.hi,
            }
            for t in found.tries
        ],
    }
