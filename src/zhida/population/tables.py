"""From a snapshot's parts to the tables that the rules' kernel runs over, without copying columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zhida.codes.months import first_day
from zhida.population.kin import Back, guests_of, web_of
from zhida.population.schema import State, high_column, state_column
from zhida.population.store import Part, Snapshot
from zhida.rules.declarations import WITH, Pack
from zhida.rules.formulas.ir import PERSON
from zhida.rules.history import AWARD_AMOUNT, AWARDED, PASTS, Past, past_of
from zhida.rules.kernel.plan import Form
from zhida.rules.kernel.run import Places, Table
from zhida.rules.kernel.web import Shape, Used

Array = NDArray[Any]
OUTSIDE = 0
"""Row of :class:`Places` for whoever is registered outside the territory, or nobody knows where."""


@dataclass(frozen=True, slots=True)
class Map:
    """``place_of[division row]`` is the row of ``places``; the last two entries stand for -1 and -2."""

    places: Places
    place_of: Array

    def rows(self, divisions: Array) -> Array:
        """Place rows of division rows (-1 and -2: outside)."""
        found: Array = self.place_of[divisions]
        return found


def map_places(snapshot: Snapshot, pack: Pack, month: int | None = None) -> Map:
    """Divisions that have the same values and the same complete registers share one place."""
    on = first_day(snapshot.month if month is None else month)
    complete = {r: _complete(snapshot.manifest["registers"].get(r), on) for r in pack.registers}
    telling = {place for p in pack.parameters.values() for v in p.values for place in v.places}
    telling |= {code for codes in complete.values() for code in codes}
    keys: dict[tuple[str, ...], int] = {(): OUTSIDE}
    codes = [""]
    place_of = np.full(len(snapshot.divisions) + 2, OUTSIDE, np.int32)
    columns: list[list[int]] = [[0] * len(pack.registers)]
    for row, code in enumerate(snapshot.divisions):
        chain = pack.divisions.ancestors(code, on)
        key = tuple(c for c in chain if c in telling) or ("?", chain[-1])
        if key not in keys:
            keys[key] = len(codes)
            codes.append(code)
            columns.append([int(any(c in complete[r] for c in chain)) for r in pack.registers])
        place_of[row] = keys[key]
    return Map(Places(tuple(codes), np.array(columns, np.uint8).T.copy()), place_of)


def _complete(record: Mapping[str, Any] | None, on: date) -> frozenset[str]:
    """Divisions for which "not in it" means no: complete as of a date not before the month."""
    if record is None or date.fromisoformat(str(record["as_of"])) < on:
        return frozenset()
    return frozenset(str(c) for c in record["complete"])


def form_of(snapshot: Snapshot, pack: Pack) -> Form:
    """What the manifest proves of the columns, so that the kernel computes no interval in vain."""
    found: list[tuple[str, str]] = []
    for name, record in sorted(snapshot.manifest["fields"].items()):
        states = record["states"]
        if all(states[s.name.lower()] == 0 for s in State if s is not State.KNOWN):
            found.append((name, "known"))
        else:
            found.append((name, "intervals" if states["interval"] else "states"))
    for benefit in snapshot.contract.benefits:
        found += [(f"{AWARDED}{benefit}", "known"), (f"{AWARD_AMOUNT}{benefit}", "known")]
    found += [(f, "known") for f in derived(snapshot, pack)]
    if "registered_here" in pack.fields:
        unknown = any(bool((part.persons["registered"] == -2).any()) for part in snapshot.parts())
        found.append(("registered_here", "states" if unknown else "known"))
    return Form(tuple(sorted(found)))


def derived(snapshot: Snapshot, pack: Pack) -> list[str]:
    """Fields of the pack about the past of awards, and about living together, that the snapshot tells."""
    told = set(snapshot.contract.benefits)
    living = [f"{WITH}{link}" for link in snapshot.contract.links]
    return living + [f for f in pack.fields if (past := past_of(f)) is not None and past[1] in told]


def table_of_part(
    snapshot: Snapshot,
    part: Part,
    places: Map,
    used: Used | None = None,
    back: Back | None = None,
    asked: Sequence[str] = (),
    month: int | None = None,
) -> Table:
    """One part as the kernel takes it. What the engine makes itself is computed, the rest mapped. Where
    rules follow ties (``used``), those of other parts whom its people are tied to come after its own.
    ``asked``: which of the :func:`derived` fields, as of ``month`` (the snapshot's where left out)."""
    month = snapshot.month if month is None else month
    table = _own(snapshot, part, places, asked, month)
    if used is None or back is None or not used.reach:
        return table
    guests = guests_of(snapshot, part, used, back)
    tables = [table]
    for index, homes in guests.households.items():
        whole = _own(snapshot, snapshot.part(index), places, asked, month)
        tables.append(_some(snapshot, whole, homes))
    web = web_of(snapshot, part, used, back, guests)
    return replace(_joined(tables), web=web, own=len(table.size))


def _some(snapshot: Snapshot, table: Table, groups: Array) -> Table:
    """Some households, in this order."""
    persons = Shape(table.first_person, table.size, table.group_of).persons(groups)
    rows = {"households": groups, "persons": persons}
    contract = snapshot.contract
    of = {f.id: f.table for f in contract.fields}
    for benefit, unit in zip(contract.benefits, contract.benefit_tables, strict=True):
        of |= {f"{AWARDED}{benefit}": unit, f"{AWARD_AMOUNT}{benefit}": unit}
        of |= {p.prefix + benefit: unit for p in PASTS.values()}
    size = table.size[groups]
    return Table(
        (np.cumsum(size) - size).astype(table.first_person.dtype),
        size,
        np.repeat(np.arange(len(groups), dtype=table.group_of.dtype), size),
        table.place_group[groups],
        table.place_person[persons],
        {name: column[rows[of.get(name[2:], "persons")]] for name, column in table.columns.items()},
        divisions=divisions_at(table, groups, persons),
    )


def _joined(tables: list[Table]) -> Table:
    """Households of several tables in one, in order."""
    if len(tables) == 1:
        return tables[0]
    persons = np.cumsum([0, *(len(t.group_of) for t in tables)])
    groups = np.cumsum([0, *(len(t.size) for t in tables)])

    def whole(parts: list[Array]) -> Array:
        return np.concatenate(parts).astype(parts[0].dtype)

    return Table(
        whole([t.first_person + n for t, n in zip(tables, persons, strict=False)]),
        whole([t.size for t in tables]),
        whole([t.group_of + n for t, n in zip(tables, groups, strict=False)]),
        whole([t.place_group for t in tables]),
        whole([t.place_person for t in tables]),
        {name: whole([t.columns[name] for t in tables]) for name in tables[0].columns},
        divisions=divisions_of(tables),
    )


def divisions_at(table: Table, groups: Array, persons: Array) -> tuple[Array, Array] | None:
    """Rows of the manifest of some households and persons of a table."""
    if table.divisions is None:
        return None
    of_groups, of_persons = table.divisions
    return of_groups[groups], of_persons[persons]


def divisions_of(tables: Sequence[Table]) -> tuple[Array, Array] | None:
    """The same of several tables, one after the other."""
    known = [t.divisions for t in tables if t.divisions is not None]
    if len(known) < len(tables):
        return None
    return np.concatenate([g for g, _ in known]), np.concatenate([p for _, p in known])


def _own(snapshot: Snapshot, part: Part, places: Map, asked: Sequence[str], month: int) -> Table:
    columns: dict[str, Array] = {}
    for f in snapshot.contract.fields:
        source = part.households if f.table == "households" else part.persons
        columns[f"c_{f.id}"] = source[f.id]
        columns[f"s_{f.id}"] = source[state_column(f.id)]
        if f.interval:
            columns[f"h_{f.id}"] = source[high_column(f.id)]
    registered = part.persons["registered"]
    columns["c_registered_here"] = (registered >= 0).astype(np.uint8)
    columns["s_registered_here"] = np.where(registered == -2, np.uint8(State.UNKNOWN), np.uint8(0))
    columns |= award_columns(snapshot, part)
    for name in asked:
        living = name.startswith(WITH)
        columns[f"c_{name}"] = (
            at_home(part, name.removeprefix(WITH)).view(np.uint8)
            if living
            else _past_column(snapshot, part, name, month)
        )
    return Table(
        part.households["first_person"],
        part.households["size"],
        part.persons["household"],
        places.rows(part.households["division"]),
        places.rows(registered),
        columns,
        divisions=(part.households["division"], registered),
    )


def at_home(part: Part, link: str) -> Array:
    """Of whom it is known that the link leads to somebody of the same household, by person of the part."""
    target = part.persons[f"link_{link}"] - part.info.first_person
    home = part.persons["household"]
    first, size = part.households["first_person"], part.households["size"]
    return same_home(target, first[home], size[home])


def same_home(target: Array, first: Array, size: Array) -> Array:
    """Whether each row lies among ``size`` rows from ``first`` on."""
    found: Array = (target >= first) & (target < first + size)
    return found


def award_columns(snapshot: Snapshot, part: Part) -> dict[str, Array]:
    """Whether each unit receives each benefit, and how much, as dense columns."""
    awards = part.awards
    columns: dict[str, Array] = {}
    counts = _counts(part)
    for index, (benefit, table) in enumerate(
        zip(snapshot.contract.benefits, snapshot.contract.benefit_tables, strict=True)
    ):
        lo, hi = np.searchsorted(awards["benefit"], [index, index + 1])
        rows = awards["unit_row"][lo:hi]
        awarded = np.zeros(counts[table], np.uint8)
        amount = np.zeros(counts[table], np.int64)
        awarded[rows] = 1
        amount[rows] = awards["amount"][lo:hi]
        columns[f"c_{AWARDED}{benefit}"] = awarded
        columns[f"c_{AWARD_AMOUNT}{benefit}"] = amount
    return columns


def _counts(part: Part) -> dict[str, int]:
    return {"households": len(part.households["size"]), "persons": len(part.persons["household"])}


def _past_column(snapshot: Snapshot, part: Part, field: str, month: int) -> Array:
    """A field about the past of awards, dense; 0 for whoever has none."""
    found = past_of(field)
    assert found is not None
    past, benefit = found
    index = snapshot.contract.benefits.index(benefit)
    lo, hi = np.searchsorted(part.awards["benefit"], [index, index + 1])
    column = np.zeros(_counts(part)[snapshot.contract.benefit_tables[index]], np.int16)
    column[part.awards["unit_row"][lo:hi]] = past_values(past, part.awards[past.column][lo:hi], month)
    return column


def past_values(past: Past, stored: Array, month: int) -> Array:
    """What a column of awards tells of the past in that month; never less than 0."""
    counted = month - stored.astype(np.int64) if past.since else stored
    found: Array = np.clip(counted, 0, past.most)
    return found


__all__ = [
    "OUTSIDE",
    "PERSON",
    "Map",
    "award_columns",
    "derived",
    "divisions_at",
    "divisions_of",
    "form_of",
    "map_places",
    "past_values",
    "table_of_part",
]
