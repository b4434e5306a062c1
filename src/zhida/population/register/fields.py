"""What the fields of a pack come to, person by person or household by household, by the contracts' rules.

A state is *known* where rows say it, *absent* where no row meets the rule, *interval* where a row gives
two ends, and *unknown* where the source was never delivered, a deciding cell is empty, rows that should be
one differ, the name on a row is clearly another's, a row of the person waits to be mended, or the value is
out of its range. Nothing of that is ever taken for no.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zhida.codes.months import day_number
from zhida.population.duck import quoted
from zhida.population.imports.contract import Derived, SourceContract
from zhida.population.imports.contracts import Contracts
from zhida.population.register.columns import Columns
from zhida.population.register.conflicts import Conflicts
from zhida.population.register.people import UNKNOWN_DAY, Digits, People
from zhida.population.register.resolution import Resolution
from zhida.population.register.rows import Month, stored, where_sql
from zhida.population.schema import Contract, FieldColumn, State, high_column, state_column
from zhida.rules.declarations import Pack

Array = NDArray[Any]
BATCH = 1_000_000
DIGITS = "digits"
"""What conflicts call the digits of an ID."""


@dataclass(frozen=True, slots=True)
class Found:
    """Of one field, for some rows: state, low and high end."""

    state: Array
    low: Array
    high: Array


def fill_fields(
    month: Month,
    contracts: Contracts,
    contract: Contract,
    rules: Resolution,
    people: People,
    digits: Digits,
    columns: Columns,
    conflicts: Conflicts,
) -> dict[str, int]:
    """Fills every column that a delivered source tells of. Gives back, by source, rows' people who are not
    in the population."""
    fields = {f.id: f for f in contract.fields}
    outside = {}
    for source in contracts.sources.values():
        derived = [d for d in source.fields if d.field in fields]
        if derived and month.has(source.id):
            outside[source.id] = _Source(
                month,
                contracts.pack,
                source,
                derived,
                fields,
                people,
                columns,
                conflicts,
                source.id in rules.living,
            ).fill()
    for word, name in rules.digits.items():
        if name in fields:
            values = digits.birth if word == "birth" else digits.sex.astype(np.int64)
            known = values != (UNKNOWN_DAY if word == "birth" else -1)
            source_id = next(
                (s.id for s in contracts.sources.values() if any(d.field == name for d in s.fields)), ""
            )
            if word == "sex":
                values = _sexes(contracts.pack, name)[np.maximum(values, 0)]
            _by_digits(month, fields[name], people, values, known, columns, conflicts, source_id)
    return outside


def _sexes(pack: Pack, field: str) -> Array:
    enum = pack.enums[pack.fields[field].enum]
    return np.array([enum.index(word) or 0 for word in ("male", "female")], dtype=np.int64)


def _by_digits(
    month: Month, field: FieldColumn, people: People, values: Array, known: Array, columns: Columns,
    conflicts: Conflicts, source: str,
) -> None:  # fmt: skip
    state, value = columns.change(field.table, state_column(field.id)), columns.change(field.table, field.id)
    told, there = values[people.key], known[people.key]
    maximum = min(field.maximum, day_number(month.last_day)) if field.kind == "date" else field.maximum
    there &= (told >= field.minimum) & (told <= maximum)
    differs = there & (state == State.KNOWN) & (value != told)
    conflicts.add(people.key[differs], "value_differs", source, DIGITS, field.id)
    gap = there & (state != State.KNOWN)
    value[gap] = told[gap]
    state[gap] = State.KNOWN


class _Source:
    """All fields of one source, from one pass over its rows."""

    def __init__(
        self, month: Month, pack: Pack, source: SourceContract, derived: list[Derived],
        fields: dict[str, FieldColumn], people: People, columns: Columns, conflicts: Conflicts, living: bool,
    ) -> None:  # fmt: skip
        self.month, self.pack, self.source, self.derived, self.fields = month, pack, source, derived, fields
        self.people, self.columns, self.conflicts, self.living = people, columns, conflicts, living
        self.last = day_number(month.last_day)

    def sql(self) -> str:
        parts = ["person_key", "bool_or(doubtful) AS doubtful"]
        for i, d in enumerate(self.derived):
            met = where_sql(d.where)
            column = self.source.column(d.column) if d.column else None
            value = stored(self.pack, d.field, column, quoted(d.column)) if column else "1"
            high = f"coalesce({quoted(d.high)}, {value})" if d.high else value
            parts += [
                f"count(*) FILTER ({met}) AS n{i}",
                f"count(*) FILTER (({met}) IS NULL) AS open{i}",
                f"count(*) FILTER (({met}) AND ({value} IS NULL OR {high} < {value})) AS blank{i}",
            ]
            if d.how == "take":
                low, top = f"min({value})", f"max({value})"
            elif d.how == "sum":
                low, top = f"sum({value})", f"sum({high})"
            else:
                low = top = "count(*)" if d.how == "count" else "1"
            for name, what in (("low", low), ("high", top)):
                picked = what if what == "1" else f"{what} FILTER ({met})"
                parts.append(f"coalesce(TRY_CAST({picked} AS BIGINT), {_NO}) AS {name}{i}")
        return f"SELECT {', '.join(parts)} FROM {self.month.rows(self.source)} GROUP BY person_key"

    def fill(self) -> int:
        for d in self.derived:
            field = self.fields[d.field]
            self.columns.change(field.table, state_column(field.id))[:] = State.ABSENT
        sums = {d.field: _Sums(self.people.units) for d in self.derived if self._table(d) == "households"}
        outside = 0
        for batch in self.month.db.sql(self.sql()).to_arrow_reader(BATCH):
            rows = {name: batch.column(name).to_numpy(zero_copy_only=False) for name in batch.schema.names}
            at = self.people.row[rows["person_key"]]
            self._dead(rows)
            here = at >= 0
            outside += int((~here).sum())
            rows = {name: values[here] for name, values in rows.items()}
            self._take(rows, at[here], sums)
        self._refused(sums)
        for name, total in sums.items():
            field = self.fields[name]
            found = self._limited(field, total.found(), self.people.key[self.people.first])
            self._store(field, slice(None), found)
        return outside

    def _refused(self, sums: dict[str, _Sums]) -> None:
        """Of whom a row waits to be mended, nothing is known that it might have said."""
        at = self.people.row[self.month.refused.of(self.source)]
        at = at[at >= 0]
        nothing = np.zeros(len(at), np.int64)
        for d in self.derived:
            found = Found(np.full(len(at), State.UNKNOWN, np.uint8), nothing, nothing)
            if self._table(d) == "households":
                sums[d.field].add(self.people.household[at], found)
            else:
                self._store(self.fields[d.field], at, found)

    def _table(self, derived: Derived) -> str:
        return self.fields[derived.field].table

    def _dead(self, rows: dict[str, Array]) -> None:
        if self.living:
            current = np.zeros(len(rows["person_key"]), bool)
            for i in range(len(self.derived)):
                current |= rows[f"n{i}"] > 0
            keys = rows["person_key"][current]
            self.conflicts.add(keys[self.people.dead[keys]], "dead_and_listed", "", self.source.id)

    def _take(self, rows: dict[str, Array], at: Array, sums: dict[str, _Sums]) -> None:
        keys, doubtful = rows["person_key"], rows["doubtful"].astype(bool)
        self.conflicts.add(keys[doubtful], "name_differs", "", self.source.id)
        for i, d in enumerate(self.derived):
            field = self.fields[d.field]
            found = self._one(d, rows, i, keys)
            found.state[doubtful] = State.UNKNOWN
            if field.table == "households":
                sums[d.field].add(self.people.household[at], found)
            else:
                self._store(field, at, self._limited(field, found, keys))

    def _one(self, d: Derived, rows: dict[str, Array], i: int, keys: Array) -> Found:
        n, is_open, blank = rows[f"n{i}"] > 0, rows[f"open{i}"] > 0, rows[f"blank{i}"] > 0
        low, high = rows[f"low{i}"].astype(np.int64), rows[f"high{i}"].astype(np.int64)
        state = np.where(n, np.uint8(State.KNOWN), np.uint8(State.ABSENT))
        if d.how == "any":
            state[is_open & ~n] = State.UNKNOWN
            return Found(state, low, low)
        state[is_open | (n & blank)] = State.UNKNOWN
        if d.how == "take":
            several = n & (low != high)
            state[several] = State.UNKNOWN
            self.conflicts.add(keys[several & ~blank], "several_rows", self.source.id, field=d.field)
        elif d.how == "sum":
            state[n & (state == State.KNOWN) & (high > low)] = State.INTERVAL
        return Found(state, low, high)

    def _limited(self, field: FieldColumn, found: Found, keys: Array) -> Found:
        """What is out of the field's range, or comes to lie after the month, is not believed."""
        maximum = min(field.maximum, self.last) if field.kind == "date" else field.maximum
        read = (found.state == State.KNOWN) | (found.state == State.INTERVAL)
        bad = read & ((found.low < field.minimum) | (found.high > maximum) | (found.low > maximum))
        if bad.any():
            self.conflicts.add(keys[bad], "out_of_range", self.source.id, field=field.id)
            found.state[bad] = State.UNKNOWN
        return found

    def _store(self, field: FieldColumn, at: Any, found: Found) -> None:
        read = (found.state == State.KNOWN) | (found.state == State.INTERVAL)
        self.columns.change(field.table, field.id)[at] = np.where(read, found.low, 0)
        self.columns.change(field.table, state_column(field.id))[at] = found.state
        if field.interval:
            wide = found.state == State.INTERVAL
            self.columns.change(field.table, high_column(field.id))[at] = np.where(wide, found.high, 0)


_NO = -(2**62)
"""Stands for a value that is not there or too great to be added up: below every field's range."""


class _Sums:
    """A field of a household, added up over its people."""

    def __init__(self, units: int) -> None:
        self.low, self.high = np.zeros(units, np.int64), np.zeros(units, np.int64)
        self.told, self.unknown = np.zeros(units, bool), np.zeros(units, bool)

    def add(self, home: Array, found: Found) -> None:
        said = (found.state == State.KNOWN) | (found.state == State.INTERVAL)
        self.told[home[said]] = True
        self.unknown[home[found.state == State.UNKNOWN]] = True
        far = said & ((np.abs(found.low) > _MOST) | (np.abs(found.high) > _MOST))
        self.unknown[home[far]] = True
        said &= ~far
        np.add.at(self.low, home[said], found.low[said])
        np.add.at(self.high, home[said], found.high[said])

    def found(self) -> Found:
        state = np.where(self.told, np.uint8(State.KNOWN), np.uint8(State.ABSENT))
        state[self.told & (self.high > self.low)] = State.INTERVAL
        state[self.unknown] = State.UNKNOWN
        return Found(state, self.low, self.high)


_MOST = 10**15
"""Beyond any field, and small enough that the sums of a household fit 64 bits."""
