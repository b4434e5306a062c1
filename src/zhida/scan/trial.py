"""Copies of some households of a part, in which unknown cells can be given values and rules run again."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from zhida.population.schema import State
from zhida.population.tables import divisions_at, divisions_of
from zhida.rules.formulas.ir import PERSON, YES
from zhida.rules.kernel.run import Kernel, Parameters, Places, Table
from zhida.rules.kernel.web import Web, is_open, tied
from zhida.scan.lists import COLUMN, bits
from zhida.scan.loaded import Loaded

Array = NDArray[Any]
LOW, HIGH = "low", "high"
KNOWN, ABSENT, INTERVAL, NOT_APPLICABLE = (
    int(s) for s in (State.KNOWN, State.ABSENT, State.INTERVAL, State.NOT_APPLICABLE)
)
ALL_GAPS = "*"
"""All parameters that are unknown somewhere, together."""
Value = int | str
"""A storage integer, or an end of what the cell may be (of its interval, else of the field)."""
ROWS = ("first_person", "size", "group_of", "place_group", "place_person")


@dataclass(frozen=True, slots=True)
class TrialPlaces:
    """All places once as they are and once for each end of each parameter that has gaps: to give a
    household a parameter's value, it is moved to the place where it is known (so one at a time, or all)."""

    places: Places
    parameters: Parameters
    count: int
    shift: dict[tuple[str, str], int]
    unknown: dict[str, Array]


def with_trial_places(loaded: Loaded, gaps: Sequence[str]) -> TrialPlaces:
    """``gaps``: parameters that are unknown somewhere."""
    base, places = loaded.parameters, loaded.places.places
    count = len(places.codes)
    los, his = [base.lo], [base.hi]
    shift: dict[tuple[str, str], int] = {}
    unknown: dict[str, Array] = {}
    for name in (*gaps, ALL_GAPS):
        slots = [slot for (p, _), slot in loaded.kernel.source.parameters.items() if name in (p, ALL_GAPS)]
        unknown[name] = np.any(base.lo[slots] < base.hi[slots], axis=0)
        for end in (LOW, HIGH):
            shift[name, end] = len(los) * count
            lo, hi = base.lo.copy(), base.hi.copy()
            lo[slots] = hi[slots] = (base.lo if end == LOW else base.hi)[slots]
            los.append(lo)
            his.append(hi)
    wide = Places(places.codes * len(los), np.ascontiguousarray(np.tile(places.complete, len(los))))
    parameters = replace(base, lo=np.concatenate(los, axis=1), hi=np.concatenate(his, axis=1))
    return TrialPlaces(wide, parameters, count, shift, unknown)


@dataclass(frozen=True, slots=True)
class Picked:
    """The households of a table that are asked about, with those they are tied to. ``groups``, ``persons``:
    rows of the table, ascending. ``like``: a table of the same arrays, empty."""

    table: Table
    groups: Array
    persons: Array
    like: Table


def pick(loaded: Loaded, columns: Collection[str], table: Table, groups: Array) -> Picked:
    """``columns``: what some kernels read, see :func:`read_by`; the rest is left behind."""
    table = replace(table, columns={name: c for name, c in table.columns.items() if name in columns})
    found, persons = picked(loaded, table, groups)
    return Picked(found, groups, persons[: found.own_persons], emptied(table))


class Trial:
    """The households that are asked about, of one table or of several that follow each other, one copy
    each."""

    def __init__(self, loaded: Loaded, kernel: Kernel, places: TrialPlaces, some: Sequence[Picked]) -> None:
        self.loaded, self.kernel, self.places, self.like = loaded, kernel, places, some[0].like
        self.groups = [one.groups for one in some]
        self.persons = [one.persons for one in some]
        self.table = joined([one.table for one in some])
        self.first = self.table.first_person
        self.count = self.table.groups
        self._cells: dict[str, Array] = {}
        self._homes: dict[str, Array] = {}

    def at(self, of_tables: Sequence[Array], is_person: bool = False) -> Array:
        """Rows of households (of persons) of each table as rows of the trial, one after the other."""
        there, found, start = self.persons if is_person else self.groups, [], 0
        for own, rows in zip(there, of_tables, strict=True):
            found.append(np.searchsorted(own, rows) + start)
            start += len(own)
        return np.concatenate(found)

    def cells(self, name: str) -> Array:
        """Which cells of a field are not known, nor tell something by being absent; of kin, who may have more
        than is known."""
        pack, complete = self.loaded.pack, self.loaded.places.places.complete
        if name in pack.kin and name not in self._cells:
            assert self.table.web is not None
            self._cells[name] = is_open(pack, name, self.table.web, complete, self.table.place_person)
        if name not in self._cells:
            field = self.loaded.pack.fields[name]
            state = self.table.columns[f"s_{name}"]
            places = self.table.place_person if field.unit == PERSON else self.table.place_group
            told = (state == ABSENT) & self.loaded.is_complete(name, places)
            self._cells[name] = ~((state == KNOWN) | (state == NOT_APPLICABLE) | told)
        return self._cells[name]

    def unknown_in(self, fact: str) -> Array:
        """Households in which the fact is not known, ascending."""
        if fact not in self._homes:
            if fact in self.places.unknown:
                missing = self.places.unknown[fact]
                homes = missing[self.table.place_group]
                homes[self.table.group_of[missing[self.table.place_person]]] = True
            elif fact in self.loaded.pack.kin or self.loaded.pack.fields[fact].unit == PERSON:
                homes = np.zeros(len(self.table.size), bool)
                homes[self.table.group_of[self.cells(fact)]] = True
            else:
                homes = self.cells(fact)
            self._homes[fact] = np.flatnonzero(homes[: self.count])
        return self._homes[fact]

    def copies(self, groups: Array, kernel: Kernel | None = None) -> Copies:
        """``groups``: rows of the trial, any of them any number of times. ``kernel``: one that runs less."""
        return Copies(self, groups, kernel or self.kernel)


class Copies:
    """Households of a trial side by side, each with what it is given."""

    def __init__(self, trial: Trial, groups: Array, kernel: Kernel) -> None:
        self.trial, self.groups, self.kernel = trial, groups, kernel
        self.table, self.persons = picked(trial.loaded, used_by(kernel, trial.table), groups)
        self.columns = dict(self.table.columns)
        self.place_group = self.table.place_group.copy()
        self.place_person = self.table.place_person.copy()
        self.closed: dict[str, Array] = {}

    def force(self, fact: str, value: Value, homes: slice | Array, only: Array | None = None) -> None:
        """Gives the fact a value in some households (a slice, or ascending rows), wherever it is not known
        (of kin: that there are no others). ``only``: in no other units of the trial than these."""
        if fact in self.trial.places.unknown:
            shift = self.trial.places.shift[fact, str(value)]
            at = self._members(homes)
            count = self.trial.places.count
            self.place_group[homes] = self.place_group[homes] % count + shift
            self.place_person[at] = self.place_person[at] % count + shift
            return
        if fact in self.trial.loaded.pack.kin:
            closed = self.closed.setdefault(fact, np.zeros(len(self.table.group_of), bool))
            closed[self._members(homes)] = True
            return
        field = self.trial.loaded.pack.fields[fact]
        cells = self.trial.cells(fact) if only is None else self.trial.cells(fact) & only
        if field.unit == PERSON:
            rows = self._members(homes)
            rows = rows[cells[self.persons[rows]]]
        else:
            rows = np.arange(homes.start, homes.stop) if isinstance(homes, slice) else homes
            rows = rows[cells[self.groups[rows]]]
        state, column, high = f"s_{fact}", f"c_{fact}", f"h_{fact}"
        forced: Any = value
        if isinstance(value, str):
            forced = np.full(len(rows), field.minimum if value == LOW else field.maximum, np.int64)
            if high in self.columns:
                between = self.columns[state][rows] == INTERVAL
                forced[between] = self.columns[column if value == LOW else high][rows[between]]
        self.columns[column][rows] = forced
        self.columns[state][rows] = KNOWN

    def _members(self, homes: slice | Array) -> Array:
        """Rows of their persons."""
        first, size = self.table.first_person, self.table.size
        if isinstance(homes, slice):
            if homes.start == homes.stop:
                return np.zeros(0, np.int64)
            last = homes.stop - 1
            return np.arange(int(first[homes.start]), int(first[last]) + int(size[last]))
        chosen = np.zeros(len(first), bool)
        chosen[homes] = True
        return np.flatnonzero(chosen[self.table.group_of])

    def run(self) -> dict[str, Array]:
        """The kernel's rows of all copies."""
        trial, web = self.trial, self.table.web
        table = replace(
            self.table,
            columns=self.columns,
            place_group=self.place_group,
            place_person=self.place_person,
            web=None if web is None else replace(web, closed=self.closed),
        )
        places = trial.places
        return self.kernel.run(same_form(table, trial.like), places.places, places.parameters, threads=1)

    @staticmethod
    def settled(rows: Array, units: Array) -> Array:
        """Whether the answer of each unit is one of yes, no and not applicable. ``rows``: of one benefit."""
        at, there = found_in(rows[0], units)
        answers = bits(rows[COLUMN["codes"]], 3)[at[there]]
        # a unit without a row can't be yes: it is settled as far as lists go
        done = np.ones(len(units), bool)
        done[there] = (answers & YES == 0) | (answers == YES)
        return done


def found_in(ascending: Array, wanted: Array) -> tuple[Array, Array]:
    """For each of ``wanted`` its place in an ascending array, and whether it is there."""
    at = np.searchsorted(ascending, wanted)
    there = at < len(ascending)
    there[there] = ascending[at[there]] == wanted[there]
    return at, there


_read_by: WeakKeyDictionary[Kernel, frozenset[str]] = WeakKeyDictionary()


def read_by(kernel: Kernel) -> frozenset[str]:
    """Columns that a kernel reads, with their states."""
    if kernel not in _read_by:
        read = kernel.arrays()
        _read_by[kernel] = read | {f"s_{a[2:]}" for a in read}
    return _read_by[kernel]


def used_by(kernel: Kernel, table: Table) -> Table:
    """Only the columns that a kernel reads."""
    wanted = read_by(kernel)
    return replace(table, columns={name: c for name, c in table.columns.items() if name in wanted})


def picked(loaded: Loaded, table: Table, groups: Array) -> tuple[Table, Array]:
    """Some households of a table, in the order given, any of them any number of times, and the rows of
    their persons there. Those whom they are tied to come after them."""
    own, web = len(groups), None
    if loaded.used.reach:
        assert table.web is not None
        found = tied(loaded.pack, table.shape, table.web, loaded.used, groups, apart=True)
        groups, web = found.groups, found.web()
    size = table.size[groups]
    first = (np.cumsum(size) - size).astype(table.first_person.dtype)
    persons = np.repeat(table.first_person[groups] - first, size) + np.arange(int(size.sum()), dtype=np.int32)
    columns = {
        name: column.take(persons if loaded.pack.fields[name[2:]].unit == PERSON else groups, mode="clip")
        for name, column in table.columns.items()
    }
    made = Table(
        first,
        size,
        np.repeat(np.arange(len(groups), dtype=table.group_of.dtype), size),
        table.place_group[groups],
        table.place_person[persons],
        columns,
        web,
        own,
        divisions_at(table, groups, persons),
    )
    return made, persons


def joined(tables: Sequence[Table]) -> Table:
    """Tables of the same columns one after the other: first what each has of its own, then all visitors."""
    if len(tables) == 1:
        return tables[0]
    groups = np.cumsum([0, *(len(t.size) for t in tables[:-1])])
    persons = np.cumsum([0, *(len(t.group_of) for t in tables[:-1])])
    shifted = [
        (t.first_person + t.first_person.dtype.type(p), t.group_of + t.group_of.dtype.type(g))
        for t, g, p in zip(tables, groups, persons, strict=True)
    ]
    whole = Table(
        np.concatenate([first for first, _ in shifted]),
        np.concatenate([t.size for t in tables]),
        np.concatenate([group_of for _, group_of in shifted]),
        np.concatenate([t.place_group for t in tables]),
        np.concatenate([t.place_person for t in tables]),
        {name: np.concatenate([t.columns[name] for t in tables]) for name in tables[0].columns},
        divisions=divisions_of(tables),
    )
    if tables[0].web is None:
        return whole
    webs = [t.web for t in tables if t.web is not None]
    links = {
        link: np.concatenate([_shifted(w.links[link], p) for w, p in zip(webs, persons, strict=True)])
        for link in webs[0].links
    }
    own = [np.arange(t.groups) + g for t, g in zip(tables, groups, strict=True)]
    guests = [np.arange(t.groups, len(t.size)) + g for t, g in zip(tables, groups, strict=True)]
    return reordered(whole, links, np.concatenate([*own, *guests]), sum(len(o) for o in own))


def _shifted(link: Array, by: int) -> Array:
    found: Array = np.where(link < 0, link, link + by)
    return found


def reordered(table: Table, links: Mapping[str, Array], groups: Array, own: int) -> Table:
    """All households of a table in another order, and who is tied to whom among them."""
    persons = table.shape.persons(groups)
    there = np.empty_like(persons)
    there[persons] = np.arange(len(persons))
    size = table.size[groups]
    home = np.repeat(np.arange(len(groups), dtype=table.group_of.dtype), size)
    moved = {k: np.where(x[persons] < 0, x[persons], there[x[persons]]) for k, x in links.items()}
    columns = {
        name: column[persons if len(column) == len(persons) else groups]
        for name, column in table.columns.items()
    }
    return Table(
        (np.cumsum(size) - size).astype(table.first_person.dtype),
        size,
        home,
        table.place_group[groups],
        table.place_person[persons],
        columns,
        Web.of(home, moved),
        own,
        divisions_at(table, groups, persons),
    )


def emptied(table: Table) -> Table:
    """A table of the same kind of arrays, without rows: it keeps nothing of the other in memory."""

    def none(array: Array) -> Array:
        found = np.empty(0, array.dtype)
        found.flags.writeable = array.flags.writeable
        return found

    plain = {name: none(getattr(table, name)) for name in ROWS}
    columns = {name: none(column) for name, column in table.columns.items()}
    return Table(columns=columns, **plain)  # type: ignore[arg-type]


def same_form(table: Table, like: Table) -> Table:
    """Arrays of the very type that the kernel was compiled for, so that it is not compiled again:
    columns of a mapped file can't be written to, and Numba takes that for another type."""

    def formed(array: Array, model: Array) -> Array:
        array = np.ascontiguousarray(array, model.dtype).view()
        array.flags.writeable = model.flags.writeable
        return array

    plain = {name: formed(getattr(table, name), getattr(like, name)) for name in ROWS}
    columns = {name: formed(column, like.columns[name]) for name, column in table.columns.items()}
    return replace(table, columns=columns, **plain)  # type: ignore[arg-type]
