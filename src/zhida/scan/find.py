"""One household out of a snapshot, told to the interpreter just as the kernel reads it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zhida.codes.months import format_month
from zhida.population.errors import SnapshotError
from zhida.population.schema import (
    NO_LINK,
    NOWHERE_KNOWN,
    OUTSIDE,
    REGISTERED_HERE,
    State,
    high_column,
    state_column,
)
from zhida.population.store import Columns, Part, Snapshot
from zhida.population.tables import past_values
from zhida.rules.declarations import WITH, Field, Kind
from zhida.rules.explain.interpret import NOBODY, SOMEBODY, Elsewhere, Facts, Relatives, Value
from zhida.rules.formulas.ir import NA, NA_BIT, NO, YES
from zhida.rules.history import AWARD_AMOUNT, AWARDED, PASTS
from zhida.rules.kernel.web import followers
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


@dataclass(frozen=True, slots=True)
class Home:
    """A household of the snapshot, and rows of its people in the part and over the snapshot."""

    part: Part
    household: int
    rows: range

    @property
    def everywhere(self) -> range:
        first = self.part.info.first_person
        return range(self.rows.start + first, self.rows.stop + first)


def homes_around(loaded: Loaded, found: Found) -> list[Home]:
    """The household, then those that its people are tied to, as far as the rules look."""
    snapshot, used, back = loaded.snapshot, loaded.used, loaded.back
    homes = [Home(found.part, found.household, found.rows)]
    frontier = homes
    for _ in range(used.reach):
        rows = [row for home in frontier for row in home.everywhere]
        targets = {
            int(home.part.persons[f"link_{link}"][row])
            for home in frontier
            for row in home.rows
            for link in used.links
        }
        for link in used.back:
            targets |= set(followers(back.pairs[link], np.array(rows))[1].tolist())
        frontier = []
        for target in sorted(t for t in targets if t >= 0):
            if not any(target in home.everywhere for home in homes):
                frontier.append(_home_of(snapshot, target))
                homes.append(frontier[-1])
    return homes


def _home_of(snapshot: Snapshot, row: int) -> Home:
    info = next(i for i in reversed(snapshot.infos) if i.first_person <= row)
    part = snapshot.part(info.index)
    household = int(part.persons["household"][row - info.first_person])
    return Home(part, household, Found(part, household, None).rows)


def facts_of(loaded: Loaded, found: Found) -> tuple[Facts, tuple[str, ...]]:
    """What registers tell of the household and of those it hangs on, with the same states and completeness
    as in a scan; and everybody's key as text."""
    snapshot, homes = loaded.snapshot, homes_around(loaded, found)
    persons: list[Mapping[str, Value]] = []
    places: list[str] = []
    at_place: list[int] = []
    for home in homes:
        for row in home.rows:
            told, place, code = _person(loaded, home.part, row)
            persons.append(told)
            places.append(code)
            at_place.append(place)
    index = {row: i for i, row in enumerate(row for home in homes for row in home.everywhere)}
    groups = []
    for home in homes:
        division = int(home.part.households["division"][home.household])
        place = int(loaded.places.place_of[division])
        told = _cells(loaded, home.part, "households", home.part.households, home.household, place)
        groups.append((told, snapshot.divisions[division]))
    elsewhere = [
        Elsewhere(told, code, tuple(index[row] for row in home.everywhere))
        for home, (told, code) in zip(homes[1:], groups[1:], strict=True)
    ]
    links = tuple(_links(snapshot, home.part, row, index) for home in homes for row in home.rows)
    kin = tuple(_kin(loaded, row, links, index, at_place) for row in index)
    told, code = groups[0]
    facts = Facts(tuple(persons), len(homes[0].rows), told, code, tuple(places), links, kin, tuple(elsewhere))
    return facts, tuple(str(home.part.persons["person_key"][row]) for home in homes for row in home.rows)


def _person(loaded: Loaded, part: Part, row: int) -> tuple[dict[str, Value], int, str]:
    """What is known, the row of its place, and the code of where it is registered ('' outside)."""
    at = int(part.persons["registered"][row])
    outside = len(loaded.places.place_of) - 1
    place = int(loaded.places.place_of[at if at > OUTSIDE else outside])
    told = _cells(loaded, part, "persons", part.persons, row, place)
    if REGISTERED_HERE in loaded.pack.fields and at != NOWHERE_KNOWN:
        told[REGISTERED_HERE] = YES if at > OUTSIDE else NO
    first = int(part.households["first_person"][int(part.persons["household"][row])])
    size = int(part.households["size"][int(part.persons["household"][row])])
    for link in loaded.snapshot.contract.links:
        target = int(part.persons[f"link_{link}"][row]) - part.info.first_person
        told[f"{WITH}{link}"] = YES if first <= target < first + size else NO
    return told, place, loaded.snapshot.divisions[at] if at > OUTSIDE else ""


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
            for past in PASTS.values():
                if past.prefix + benefit in loaded.pack.fields:
                    counted = past_values(past, awards[past.column][at], loaded.month)
                    told[past.prefix + benefit] = point(int(counted[0]) if len(at) else 0)
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


def _links(snapshot: Snapshot, part: Part, row: int, index: Mapping[int, int]) -> dict[str, int]:
    """Whoever is not in here is somebody."""
    found = {}
    for name in snapshot.contract.links:
        target = int(part.persons[f"link_{name}"][row])
        found[name] = NOBODY if target == NO_LINK else index.get(target, SOMEBODY)
    return found


def _kin(
    loaded: Loaded,
    row: int,
    links: Sequence[Mapping[str, int]],
    index: Mapping[int, int],
    places: Sequence[int],
) -> dict[str, Relatives]:
    pack, i = loaded.pack, index[row]
    found = {}
    for name in loaded.used.kin:
        kin = pack.kin[name]
        mine = [links[i][link] for link in kin.follows]
        known = {t for t in mine if t >= 0}
        closed = SOMEBODY not in mine
        for link in kin.followed_by:
            known |= {j for j, own in enumerate(links) if own[link] == i}
            others = followers(loaded.back.pairs[link], np.array([row]))[1].tolist()
            closed = closed and all(other in index for other in others)
        if kin.followed_by:
            register = list(pack.registers).index(kin.register) if kin.register else -1
            closed = closed and register >= 0 and bool(loaded.places.places.complete[register, places[i]])
        found[name] = Relatives(tuple(sorted(known - {i})), closed)
    return found
