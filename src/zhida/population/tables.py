"""From a snapshot's parts to the tables that the rules' kernel runs over, without copying columns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zhida.codes.months import first_day
from zhida.population.schema import State, high_column, state_column
from zhida.population.store import Part, Snapshot
from zhida.rules.declarations import Pack
from zhida.rules.formulas.ir import PERSON
from zhida.rules.kernel.plan import Form
from zhida.rules.kernel.run import Places, Table

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
        found += [(f"awarded_{benefit}", "known"), (f"award_amount_{benefit}", "known")]
    if "registered_here" in pack.fields:
        unknown = any(bool((part.persons["registered"] == -2).any()) for part in snapshot.parts())
        found.append(("registered_here", "states" if unknown else "known"))
    return Form(tuple(sorted(found)))


def table_of_part(snapshot: Snapshot, part: Part, places: Map) -> Table:
    """One part as the kernel takes it. Only awards, places and 本地户籍 are made; the rest is mapped."""
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
    return Table(
        part.households["first_person"],
        part.households["size"],
        part.persons["household"],
        places.rows(part.households["division"]),
        places.rows(registered),
        columns,
    )


def award_columns(snapshot: Snapshot, part: Part) -> dict[str, Array]:
    """Whether each unit receives each benefit, and how much, as dense columns."""
    awards = part.awards
    columns: dict[str, Array] = {}
    counts = {"households": len(part.households["size"]), "persons": len(part.persons["household"])}
    for index, (benefit, table) in enumerate(
        zip(snapshot.contract.benefits, snapshot.contract.benefit_tables, strict=True)
    ):
        lo, hi = np.searchsorted(awards["benefit"], [index, index + 1])
        rows = awards["unit_row"][lo:hi]
        awarded = np.zeros(counts[table], np.uint8)
        amount = np.zeros(counts[table], np.int64)
        awarded[rows] = 1
        amount[rows] = awards["amount"][lo:hi]
        columns[f"c_awarded_{benefit}"] = awarded
        columns[f"c_award_amount_{benefit}"] = amount
    return columns


__all__ = ["OUTSIDE", "PERSON", "Map", "award_columns", "form_of", "map_places", "table_of_part"]
