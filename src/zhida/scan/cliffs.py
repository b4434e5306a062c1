"""Households that stand at a cliff: a step more income loses them more than it gains.

Each member in turn is given the step, everyone else staying as they are; a household counts where some turn
leaves it with less. Awards are left aside, and both sides are the rules as far as registers tell: what counts
is what households would get by rule. Where an amount is not exact, both of its ends must lose.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zhida.population.schema import State
from zhida.population.store import Part
from zhida.rules.checks.cliffs import income_field
from zhida.rules.declarations import Field, Pack
from zhida.rules.formulas.ir import PERSON, YES
from zhida.rules.kernel.run import Kernel, Parameters, Table
from zhida.scan.lists import COLUMN, bits
from zhida.scan.loaded import Loaded, leaves, restricted
from zhida.scan.totals import protected, withheld
from zhida.scan.trial import picked, same_form, used_by
from zhida.scan.where import Where

Array = NDArray[Any]
STEP = 100_00
"""Fen a month."""
YEARLY = {"month": 12, "year": 1}
MEASURES = ("households", "receiving", "loss_lo", "loss_hi")
FALLS = ("households", "ends")


def yearly(pack: Pack, benefit: str) -> int:
    """What an amount is multiplied with to be one of a year; 0 for a status and for what comes once."""
    amounts = pack.benefits[benefit].amounts
    return YEARLY.get(amounts[0].period, 0) if amounts else 0


@dataclass(slots=True)
class Cliffs:
    """``cells[county, MEASURES]``: households at a cliff, those of them that receive something that falls,
    and what the step loses them beyond what it gains (fen a month). ``falls[benefit, FALLS]``: households in
    which the benefit falls, and in which it ends for somebody. ``rows``: of one part, the households that are
    at a cliff, ascending; empty in sums."""

    field: str
    step: int
    benefits: tuple[str, ...]
    counties: tuple[str, ...]
    cells: Array
    falls: Array
    rows: Array

    @classmethod
    def empty(cls, field: str, step: int, benefits: tuple[str, ...], counties: tuple[str, ...]) -> Cliffs:
        cells = np.zeros((len(counties), len(MEASURES)), np.int64)
        falls = np.zeros((len(benefits), len(FALLS)), np.int64)
        return cls(field, step, benefits, counties, cells, falls, np.zeros(0, np.int64))

    def add(self, other: Cliffs) -> None:
        self.cells += other.cells
        self.falls += other.falls

    @property
    def households(self) -> int:
        return int(self.cells[:, 0].sum())


@dataclass(frozen=True, slots=True)
class Search:
    """What to run: benefits that hang on the income, and those alone."""

    loaded: Loaded
    kernel: Kernel
    parameters: Parameters
    where: Where
    field: Field
    step: int
    benefits: tuple[str, ...]

    @classmethod
    def of(
        cls, loaded: Loaded, where: Where, step: int = STEP, parameters: Parameters | None = None
    ) -> Search | None:
        """None where the pack names no line of income that a register holds. ``parameters``: of a reform."""
        field = income_field(loaded.pack)
        known = {f.id for f in loaded.snapshot.contract.fields}
        if field is None or field.id not in known:
            return None
        hang = tuple(
            b
            for b in loaded.benefits
            if loaded.pack.benefits[b].kind == "standing" and _hangs(loaded, b, field.id)
        )
        values = loaded.parameters if parameters is None else parameters
        return cls(loaded, restricted(loaded.kernel, hang), values, where, field, step, hang)

    def over(self, part: Part) -> Cliffs:
        """The households of one part."""
        found = Cliffs.empty(self.field.id, self.step, self.benefits, self.where.counties)
        if not self.benefits:
            return found
        table = self.loaded.table(part)
        held = {b: table.columns.get(f"c_awarded_{b}") for b in self.benefits}
        base = self._run(without_awards(used_by(self.kernel, table)))
        groups = np.flatnonzero(_some(base, len(part.households["size"]), table, self._is_person))
        if not len(groups):
            return found
        few, persons = picked(self.loaded, without_awards(used_by(self.kernel, table)), groups)
        few = same_form(few, table)
        homes = len(groups)  # whoever comes along beyond these is only looked at
        before = self._paid(few, homes, self._run(few))
        awarded = {b: _awarded(few, held[b], persons, groups, self._is_person(b)) for b in self.benefits}
        worst = _Worst.of(homes, len(self.benefits))
        for rank in range(int(few.size[:homes].max())):
            raised, who = self._raised(few, homes, rank)
            if raised is not None:
                worst.take(before, self._paid(raised, homes, self._run(raised)), who, self.step)
        county = self.where.county_of[part.households["division"][groups]]
        worst.into(found, county, awarded)
        found.rows = groups[worst.lo > 0]
        return found

    def _is_person(self, benefit: str) -> bool:
        return self.loaded.pack.benefits[benefit].unit == PERSON

    def _run(self, table: Table) -> dict[str, Array]:
        return self.kernel.run(table, self.loaded.places.places, self.parameters, threads=1)

    def _paid(self, table: Table, number: int, rows: Mapping[str, Array]) -> Array:
        """By benefit and household: units granted, and both ends of a year's amount."""
        found = np.zeros((len(self.benefits), number, 3), np.int64)
        for i, b in enumerate(self.benefits):
            granted = rows[b][:, bits(rows[b][COLUMN["codes"]], 3) == YES]
            homes = table.group_of[granted[0]] if self._is_person(b) else granted[0]
            factor = yearly(self.loaded.pack, b)
            found[i, :, 0] = np.bincount(homes, minlength=number)
            np.add.at(found[i, :, 1], homes, granted[COLUMN["presumed_lo"]] * factor)
            np.add.at(found[i, :, 2], homes, granted[COLUMN["presumed_hi"]] * factor)
        return found

    def _raised(self, table: Table, number: int, rank: int) -> tuple[Table | None, Array]:
        """The step for the member of this rank in each of the first ``number`` households; None where nobody
        can be given it. With it the households in which it was given."""
        homes = np.flatnonzero(table.size[:number] > rank)
        rows = table.first_person[homes] + rank
        state, column, high = (f"{x}_{self.field.id}" for x in "sch")
        states = table.columns[state]
        told = (states[rows] == State.ABSENT) & self.loaded.is_complete(
            self.field.id, table.place_person[rows]
        )
        given = (states[rows] == State.KNOWN) | (states[rows] == State.INTERVAL) | told
        top = table.columns[high if high in table.columns else column][rows].astype(np.int64)
        given &= top + self.step <= self.field.maximum
        homes, rows = homes[given], rows[given]
        if not len(rows):
            return None, homes
        columns = dict(table.columns)
        absent = states[rows] == State.ABSENT
        for name in (column, high):
            if name in columns:
                whole = columns[name].copy()
                start = np.where(absent, self.field.empty or 0, whole[rows].astype(np.int64))
                # the high end is read of intervals only, and stays within what its column may hold
                whole[rows] = np.minimum(start + self.step, np.iinfo(whole.dtype).max)
                columns[name] = whole
        changed = states.copy()
        changed[rows[absent]] = State.KNOWN
        columns[state] = changed
        return same_form(replace(table, columns=columns), table), homes


def _hangs(loaded: Loaded, benefit: str, field: str) -> bool:
    presumed = loaded.program.benefits[benefit].presumed
    roots = [n for n in (presumed.answer, presumed.amount) if n is not None]
    return any(n.data[0] == field for n in leaves(roots, "input"))


def without_awards(table: Table) -> Table:
    """The same people, none of whom receives anything."""
    empty = {
        name: np.zeros_like(column)
        for name, column in table.columns.items()
        if name.startswith(("c_awarded_", "c_award_amount_"))
    }
    return replace(table, columns={**table.columns, **empty})


def _some(rows: Mapping[str, Array], groups: int, table: Table, is_person: Any) -> Array:
    """Households that get anything at all."""
    found = np.zeros(groups, bool)
    for b, r in rows.items():
        granted = r[0][bits(r[COLUMN["codes"]], 3) == YES]
        found[table.group_of[granted] if is_person(b) else granted] = True
    return found


def _awarded(few: Table, column: Array | None, persons: Array, groups: Array, is_person: bool) -> Array:
    """Households in which somebody receives the benefit now."""
    found = np.zeros(len(groups), bool)
    if column is None:
        return found
    if is_person:
        found[few.group_of[(column[persons] != 0) & (few.group_of < len(groups))]] = True
        return found
    there: Array = column[groups] != 0
    return there


@dataclass(slots=True)
class _Worst:
    """By household the turn that loses most: its loss at both ends (fen a year), and what falls in it."""

    lo: Array
    hi: Array
    fallen: Array
    ended: Array

    @classmethod
    def of(cls, homes: int, benefits: int) -> _Worst:
        return cls(
            np.zeros(homes, np.int64),
            np.zeros(homes, np.int64),
            np.zeros((benefits, homes), bool),
            np.zeros((benefits, homes), bool),
        )

    def take(self, before: Array, after: Array, who: Array, step: int) -> None:
        """``who``: rows of households in which the step was given."""
        rise = step * 12
        change = before - after
        lo, hi = (change[:, :, m].sum(axis=0) - rise for m in (1, 2))
        worse = np.zeros(len(lo), bool)
        worse[who] = True
        worse &= (lo > 0) & (hi > 0) & (lo + hi > self.lo + self.hi)
        self.lo[worse], self.hi[worse] = lo[worse], hi[worse]
        ended = change[:, :, 0] > 0
        shrunk = np.minimum(change[:, :, 1], change[:, :, 2]) > rise
        self.fallen[:, worse] = (ended | shrunk)[:, worse]
        self.ended[:, worse] = ended[:, worse]

    def into(self, found: Cliffs, county: Array, awarded: Mapping[str, Array]) -> None:
        at = self.lo > 0
        receiving = np.zeros(len(at), bool)
        for i, b in enumerate(found.benefits):
            receiving |= self.fallen[i] & awarded[b]
            found.falls[i] += (int((self.fallen[i] & at).sum()), int((self.ended[i] & at).sum()))
        for m, values in enumerate((at, at & receiving, self.lo // 12, self.hi // 12)):
            np.add.at(found.cells[:, m], county[at], values[at].astype(np.int64))


def as_json(found: Cliffs, pack: Pack) -> dict[str, Any]:
    """What leaves: small cells without numbers."""
    whole = [int(x) for x in found.cells.sum(axis=0)]
    counts = [int(n) for n in found.cells[:, 0]]
    hidden = protected(counts)
    return {
        "field": found.field,
        "field_name": pack.fields[found.field].name,
        "step": found.step,
        **_measures(whole, withheld(whole[0])),
        "benefits": [
            {"benefit": b, "name": pack.benefits[b].name} | _fall(int(row[0]), int(row[1]))
            for b, row in zip(found.benefits, found.falls, strict=True)
            if row[0]
        ],
        "counties": [
            {"county": c, "county_name": pack.divisions[c].name if c else ""}
            | _measures([int(x) for x in row], is_hidden)
            for c, row, is_hidden in zip(found.counties, found.cells, hidden, strict=True)
            if row[0]
        ],
    }


def _fall(households: int, ends: int) -> dict[str, int | None]:
    """In how many it ends is hidden too where that would tell the few in which it only shrinks."""
    few = withheld(ends) or withheld(households - ends)
    return {"households": None if withheld(households) else households, "ends": None if few else ends}


def _measures(row: list[int], hidden: bool) -> dict[str, int | None]:
    """The number that receives may be small where all are not; then it is hidden alone."""
    told: dict[str, int | None] = dict(zip(MEASURES, row, strict=True))
    if hidden:
        return dict.fromkeys(MEASURES)
    rest = row[0] - row[1]
    if withheld(row[1]) or withheld(rest):
        told["receiving"] = None
    return told


__all__ = ["STEP", "Cliffs", "Search", "as_json", "without_awards", "yearly"]
