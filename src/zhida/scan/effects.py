"""What a reform would do to people: cost, winners and losers, new and ended cases, by county, age, income.

Cases are as they are today: who receives a benefit goes on with the new amount or ends; who newly comes in
through the reform takes it; who could have had it before and did not take it still does not. Both sides are
the rules as far as registers tell. Sums are fen a year; where amounts are not exact there are two ends.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zhida.codes.months import first_day
from zhida.population.store import Part
from zhida.rules.declarations import Pack
from zhida.rules.formulas.ir import PERSON
from zhida.rules.supplements import Sharing
from zhida.scan.cliffs import yearly
from zhida.scan.incomes import MONTHS, Histogram, Spread, lines_of, lines_of_poverty, per_head, registered
from zhida.scan.interest import Holdings
from zhida.scan.loaded import Loaded
from zhida.scan.trial import found_in
from zhida.scan.where import BANDS, Homes, Where

Array = NDArray[Any]

CASES = ("new", "ended", "changed", "cost_lo", "cost_hi", "new_lo", "new_hi", "saved_lo", "saved_hi")
"""By benefit and county: cases that begin, end, or go on with another amount; what the reform costs in all,
what of it goes to new cases, and what ended cases save."""
HOMES = ("winners", "losers", "unclear", "lo", "hi")
"""By county, age and tenth: households that have more, less, or one end of each; what all have more."""


@dataclass(frozen=True, slots=True)
class Ground:
    """What stays the same over all parts."""

    loaded: Loaded
    where: Where
    benefits: tuple[str, ...]
    lines: tuple[str, ...]
    poverty: Array | None
    shares: Mapping[str, Array]

    @classmethod
    def of(cls, loaded: Loaded, where: Where, benefits: tuple[str, ...]) -> Ground:
        shares = {b: sharing_rows(loaded, b) for b in benefits}
        return cls(loaded, where, benefits, lines_of(loaded), lines_of_poverty(loaded), shares)


def sharing_of(pack: Pack, benefit: str, month: int) -> list[Sharing]:
    """Who bears the cost of a benefit in a month, as far as the pack has a source."""
    return [
        s
        for s in pack.sharing
        if s.benefit == benefit
        and (s.start is None or s.start <= month)
        and (s.until is None or month < s.until)
    ]


def sharing_rows(loaded: Loaded, benefit: str) -> Array:
    """By division row of the snapshot which of these holds there; their number where none does. The
    last stands for places outside."""
    rules = sharing_of(loaded.pack, benefit, loaded.month)
    on, tree = first_day(loaded.month), loaded.pack.divisions
    by_place = {s.place: i for i, s in enumerate(rules)}
    found = []
    for code in loaded.snapshot.divisions:
        chain = tree.ancestors(code, on)
        found.append(next((by_place[c] for c in chain if c in by_place), len(rules)))
    return np.array([*found, len(rules)], np.int64)


@dataclass(slots=True)
class Effects:
    """``cases[benefit, county, CASES]``; ``by_county[county, HOMES]``, ``by_age[band, HOMES]`` (of the head);
    ``incomes``: by yuan of registered income of a head persons, households and HOMES; ``unknown``: households
    whose registered income is not known, with HOMES; ``households``: of each county; ``shared[benefit]``:
    cost (both ends) by rule of sharing, the last without one; ``sides``: incomes after benefits, before
    and after; ``no_line``: persons where the line of poverty is not known."""

    benefits: tuple[str, ...]
    counties: tuple[str, ...]
    cases: Array
    by_county: Array
    by_age: Array
    households: Array
    incomes: Histogram
    unknown: Array
    shared: dict[str, Array]
    sides: tuple[Spread, Spread]
    no_line: int = 0

    @classmethod
    def empty(cls, ground: Ground) -> Effects:
        counties = ground.where.counties
        return cls(
            ground.benefits,
            counties,
            np.zeros((len(ground.benefits), len(counties), len(CASES)), np.int64),
            np.zeros((len(counties), len(HOMES)), np.int64),
            np.zeros((len(BANDS), len(HOMES)), np.int64),
            np.zeros(len(counties), np.int64),
            Histogram.empty(2 + len(HOMES)),
            np.zeros(1 + len(HOMES), np.int64),
            {
                b: np.zeros((len(sharing_of(ground.loaded.pack, b, ground.loaded.month)) + 1, 2), np.int64)
                for b in ground.benefits
            },
            (Spread.empty(), Spread.empty()),
        )

    def add(self, other: Effects) -> None:
        """Takes in another part's."""
        self.cases += other.cases
        self.by_county += other.by_county
        self.by_age += other.by_age
        self.households += other.households
        self.unknown += other.unknown
        self.incomes.add(other.incomes)
        for b, sums in other.shared.items():
            self.shared[b] += sums
        for mine, theirs in zip(self.sides, other.sides, strict=True):
            mine.add(theirs)
        self.no_line += other.no_line


@dataclass(frozen=True, slots=True)
class Cases:
    """Units of one benefit with their change: rows of the part, both ends of what they get more a year, and
    masks of new, ended and changed. ``before`` and ``after``: the lower end of a year, paid."""

    units: Array
    lo: Array
    hi: Array
    new: Array
    ended: Array
    before: Array
    after: Array


def cases_of(old: Holdings, new: Holdings, factor: int) -> Cases:
    """Who receives now, and who comes in."""
    at, same = found_in(old.units, new.units)
    come = ~same
    stay = np.flatnonzero(same & ~new.leads)
    was = at[stay]
    gone = np.ones(len(old.units), bool)
    gone[at[same]] = False
    gone &= ~old.leads
    zero = np.zeros(int(gone.sum()), np.int64)
    units = np.concatenate([new.units[come], old.units[gone], new.units[stay]])
    before = np.concatenate([np.zeros(int(come.sum()), np.int64), old.lo[gone], old.lo[was]]) * factor
    after = np.concatenate([new.lo[come], zero, new.lo[stay]]) * factor
    high = np.concatenate([new.hi[come], zero, new.hi[stay]]) * factor
    high -= np.concatenate([np.zeros(int(come.sum()), np.int64), old.hi[gone], old.hi[was]]) * factor
    kinds = np.repeat([0, 1, 2], [int(come.sum()), len(zero), len(stay)])
    return Cases(units, after - before, high, kinds == 0, kinds == 1, before, after)


def of_part(ground: Ground, part: Part, old: Mapping[str, Holdings], new: Mapping[str, Holdings]) -> Effects:
    """``new``: of the benefits that the reform touches; the others stay as they are."""
    found = Effects.empty(ground)
    pack, where, homes = ground.loaded.pack, ground.where, Homes.of(part)
    number = len(part.households["size"])
    change = np.zeros((2, number), np.int64)
    paid = np.zeros((2, number), np.int64)
    for i, b in enumerate(ground.benefits):
        is_person = pack.benefits[b].unit == PERSON
        cases = cases_of(old[b], new.get(b, old[b]), yearly(pack, b))
        home = part.persons["household"][cases.units] if is_person else cases.units
        for side, amounts in enumerate((cases.before, cases.after)):
            np.add.at(paid[side], home, amounts)
        divisions = homes.divisions(is_person, cases.units)
        _add_cases(found, i, where.county_of[divisions], cases)
        np.add.at(found.shared[b][:, 0], ground.shares[b][divisions], cases.lo)
        np.add.at(found.shared[b][:, 1], ground.shares[b][divisions], cases.hi)
        np.add.at(change[0], home, cases.lo)
        np.add.at(change[1], home, cases.hi)
    _add_homes(found, ground, part, homes, change, paid)
    return found


def _add_cases(found: Effects, benefit: int, county: Array, cases: Cases) -> None:
    cells = found.cases[benefit]
    changed = ~cases.new & ~cases.ended & ((cases.lo != 0) | (cases.hi != 0))
    for column, numbers in (
        (0, cases.new),
        (1, cases.ended),
        (2, changed),
        (3, cases.lo),
        (4, cases.hi),
        (5, np.where(cases.new, cases.lo, 0)),
        (6, np.where(cases.new, cases.hi, 0)),
        (7, np.where(cases.ended, -cases.lo, 0)),
        (8, np.where(cases.ended, -cases.hi, 0)),
    ):
        np.add.at(cells[:, column], county, numbers.astype(np.int64))


def _add_homes(found: Effects, ground: Ground, part: Part, homes: Homes, change: Array, paid: Array) -> None:
    lo, hi = change
    wins = (lo >= 0) & (hi >= 0) & (lo + hi > 0)
    loses = (lo <= 0) & (hi <= 0) & (lo + hi < 0)
    measures = (wins, loses, ~wins & ~loses & ((lo != 0) | (hi != 0)), lo, hi)
    division = part.households["division"]
    county = ground.where.county_of[division]
    band = ground.where.bands(part, homes.heads)
    found.households += np.bincount(county, minlength=len(found.counties))
    for m, numbers in enumerate(measures):
        np.add.at(found.by_county[:, m], county, numbers.astype(np.int64))
        np.add.at(found.by_age[:, m], band, numbers.astype(np.int64))
    if not ground.lines:
        return
    size = part.households["size"].astype(np.int64)
    month, known = registered(ground.loaded, part, ground.lines)
    income = month * MONTHS
    ones = np.ones(int(known.sum()), np.int64)
    found.incomes = Histogram.of(
        per_head(income[known], size[known]), size[known], ones, *(m[known] for m in measures)
    )
    found.unknown += [int((~known).sum()), *(int(m[~known].sum()) for m in measures)]
    line = None if ground.poverty is None else ground.poverty[division][known]
    if line is not None:
        found.no_line += int(size[known][line < 0].sum())
    found.sides = tuple(Spread.of(income[known] + p[known], size[known], line) for p in paid)  # type: ignore[assignment]
