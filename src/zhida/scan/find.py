"""One household out of a snapshot, told to the interpreter just as the kernel reads it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zhida.codes.months import format_month
from zhida.population.errors import SnapshotError
from zhida.population.schema import (
    AWARD_AMOUNT,
    AWARDED,
    NO_LINK,
    NOWHERE_KNOWN,
    OUTSIDE,
    REGISTERED_HERE,
    State,
    high_column,
    state_column,
)
from zhida.population.store import Columns, Part, Snapshot
from zhida.rules.declarations import Field, Kind
from zhida.rules.explain.interpret import NOBODY, SOMEBODY, Facts, Run, Value
from zhida.rules.formulas.ir import NA, NA_BIT, NO, PERSON, YES
from zhida.rules.values import NONE, VALUE, point
from zhida.scan.loaded import Loaded

Array = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Found:
    """``household``: row in the part. ``person``: whose key was asked for, counted in the household;
    None where the household was."""

    part: Part
    household: int
    person: int | None

    @property
    def rows(self) -> range:
        """Rows of the members in the part."""
        first = int(self.part.households["first_person"][self.household])
        return range(first, first + int(self.part.households["size"][self.household]))


def find_person(snapshot: Snapshot, key: int) -> Found:
    """The household of a person. Raises SnapshotError where nobody has the key."""
    part, row = _find(snapshot, "person", lambda part: part.persons["person_key"], key)
    household = int(part.persons["household"][row])
    return Found(part, household, row - int(part.households["first_person"][household]))


def find_household(snapshot: Snapshot, key: int) -> Found:
    """A household by its key of this month. Raises SnapshotError where none has it."""
    part, row = _find(snapshot, "household", lambda part: part.households["household_key"], key)
    return Found(part, row, None)


def _find(snapshot: Snapshot, what: str, keys: Callable[[Part], Array], key: int) -> tuple[Part, int]:
    for part in snapshot.parts():
        rows = np.flatnonzero(keys(part) == key)
        if len(rows):
            return part, int(rows[0])
    raise SnapshotError(
        f"Nobody in {snapshot.path} ({format_month(snapshot.month)}) has the {what} key {key}. "
        "Take a key from the results of a scan of this snapshot."
    )


def run_of(loaded: Loaded, found: Found) -> Run:
    """The interpreter over the household, in the month that was loaded."""
    return Run(loaded.program, facts_of(loaded, found))


def facts_of(loaded: Loaded, found: Found) -> Facts:
    """What registers tell of the household, with the same states and completeness as in a scan."""
    part, snapshot = found.part, loaded.snapshot
    rows = found.rows
    registered = [int(part.persons["registered"][i]) for i in rows]
    division = int(part.households["division"][found.household])
    outside = len(loaded.places.place_of) - 1
    persons: list[Mapping[str, Value]] = []
    for i, at in zip(rows, registered, strict=True):
        place = int(loaded.places.place_of[at if at > OUTSIDE else outside])
        told = _cells(loaded, part, "persons", part.persons, i, place)
        if REGISTERED_HERE in loaded.pack.fields and at != NOWHERE_KNOWN:
            told[REGISTERED_HERE] = YES if at > OUTSIDE else NO
        persons.append(told)
    place = int(loaded.places.place_of[division])
    return Facts(
        tuple(persons),
        len(rows),
        _cells(loaded, part, "households", part.households, found.household, place),
        snapshot.divisions[division],
        tuple(snapshot.divisions[at] if at > OUTSIDE else "" for at in registered),
        _links(snapshot, found),
    )


def _cells(
    loaded: Loaded, part: Part, table: str, columns: Columns, row: int, place: int
) -> dict[str, Value]:
    told: dict[str, Value] = {}
    complete = loaded.places.places.complete
    registers = list(loaded.pack.registers)
    for column in loaded.snapshot.contract.fields:
        if column.table == table:
            field = loaded.pack.fields[column.id]
            whole = bool(complete[registers.index(field.register), place]) if field.register else False
            value = _cell(field, columns, row, whole)
            if value is not None:
                told[field.id] = value
    contract = loaded.snapshot.contract
    for index, (benefit, of) in enumerate(zip(contract.benefits, contract.benefit_tables, strict=True)):
        if of == table:
            awards = part.awards
            at = np.flatnonzero((awards["benefit"] == index) & (awards["unit_row"] == row))
            told[f"{AWARDED}{benefit}"] = YES if len(at) else NO
            told[f"{AWARD_AMOUNT}{benefit}"] = point(int(awards["amount"][at[0]]) if len(at) else 0)
    return told


def _cell(field: Field, columns: Columns, row: int, complete: bool) -> Value | None:
    """What a cell tells; None where it is unknown."""
    state = State(int(columns[state_column(field.id)][row]))
    value = int(columns[field.id][row])
    if state is State.ABSENT and complete and field.empty is not None:
        state, value = State.KNOWN, field.empty
    if state in (State.ABSENT, State.UNKNOWN):
        return None
    if state is State.NOT_APPLICABLE:
        return NA if field.kind is Kind.BOOL else NA_BIT if field.kind is Kind.ENUM else (0, 0, NONE)
    if field.kind is Kind.BOOL:
        return YES if value == 1 else NO
    if field.kind is Kind.ENUM:
        return 1 << value
    high = int(columns[high_column(field.id)][row]) if state is State.INTERVAL else value
    return (value, high, VALUE)


def _links(snapshot: Snapshot, found: Found) -> tuple[Mapping[str, int], ...]:
    """Links of the members among each other; whoever lives elsewhere is somebody not in here."""
    first = found.part.info.first_person + found.rows[0]
    links = []
    for row in found.rows:
        own = {}
        for name in snapshot.contract.links:
            target = int(found.part.persons[f"link_{name}"][row])
            if target == NO_LINK:
                own[name] = NOBODY
            else:
                inside = 0 <= target - first < len(found.rows)
                own[name] = target - first if inside else SOMEBODY
        links.append(own)
    return tuple(links)


def instance_of(loaded: Loaded, found: Found, benefit: str) -> int:
    """Which instance of the benefit's unit is meant: the person asked for, the first where none was."""
    return (found.person or 0) if loaded.pack.benefits[benefit].unit == PERSON else 0
