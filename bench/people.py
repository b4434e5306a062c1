"""Synthetic people of whom every field is known, for the comparison with OpenFisca.

Either the people of a synthetic city, told whole: what no register holds is invented, what is unknown takes
its empty value. Or people invented here, odd ones, who reach every corner of the rules sooner.

They are kept as two Arrow files, ``persons.arrow`` and ``households.arrow`` (one record batch, no nulls,
no compression), one column a field, which both engines map: people of one household stand together.
Whoever is registered outside the territory is told with the parameters of where they live, so that no
parameter is unknown for anybody. All are invented.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from bench.openfisca_system import COUNTIES
from zhida.codes.months import last_day
from zhida.population.schema import State, state_column, storage_dtype
from zhida.population.store import Part, Snapshot
from zhida.population.tables import at_home, award_columns
from zhida.rules.declarations import WITH, Field, Kind, Pack
from zhida.rules.formulas.ir import PERSON
from zhida.rules.kernel.plan import Form
from zhida.rules.kernel.run import Places, Table
from zhida.rules.kernel.web import Web

Array = np.ndarray[Any, Any]
MONTH = 2025 * 12 + 5
REFORM = ("low_edge_counts_as_hard=true", "disposable_income=70000", "work_disregard_months=12")
REFORM += ("grace_months=6", "grace_share=0")
"""The pack knows no answer to these; an all-known comparison needs one. The last three concern nobody."""
LINKS = ("father", "mother", "spouse")
FILL = {"supporter_state": 2}
"""Where 0 would say too much: the supporters of those of whom nothing is registered are able."""
FRAME = ("household", "county_of_person", "first_person", "size", "county")


@dataclass(frozen=True, slots=True)
class People:
    """Columns by field id; ``household`` (row of each person's), ``first_person``, ``size`` and the
    rows of ``COUNTIES`` (``county`` by household, ``county_of_person``) stand among them."""

    persons: Mapping[str, Array]
    households: Mapping[str, Array]

    @property
    def count(self) -> int:
        return len(self.persons["household"])


# --- making


def invent(pack: Pack, people: int, seed: int, wild: float = 0.02) -> People:
    """About ``people`` people. ``wild``: share of cells that may be anything, most often near a threshold."""
    rng = np.random.default_rng(seed)
    size = rng.choice(np.arange(1, 8), people // 2 + 2, p=(0.22, 0.27, 0.21, 0.16, 0.08, 0.05, 0.01))
    size = size[: int(np.searchsorted(np.cumsum(size), people)) + 1].astype(np.int32)
    homes, n = len(size), int(size.sum())
    household = np.repeat(np.arange(homes, dtype=np.int32), size)
    first = (np.cumsum(size) - size).astype(np.int32)
    county = np.sort(rng.integers(0, len(COUNTIES), homes)).astype(np.int32)
    moved = rng.random(n) < 0.1
    county_of_person = np.where(moved, rng.integers(0, len(COUNTIES), n), county[household]).astype(np.int32)
    years = np.clip(rng.normal(44, 23, n), 0, 108)
    days = last_day(MONTH).toordinal() - 719163 - (years * 365.25).astype(np.int64)
    poor = rng.random(homes) < 0.08
    made = {
        "birth_date": days,
        **_money(rng, years, poor[household]),
        **_states(rng, years, n),
        "homes": rng.choice(4, homes, p=(0.1, 0.7, 0.17, 0.03)),
        "floor_area": rng.integers(2000, 20000, homes),
        "non_residential": (rng.random(homes) < 0.05).astype(np.int64),
        "cars": rng.choice(3, homes, p=(0.5, 0.4, 0.1)) * ~poor,
        "company_capital": np.where(rng.random(homes) < 0.06, rng.integers(0, 50_000_000, homes), 0),
    }
    frame = (
        {"household": household, "county_of_person": county_of_person},
        {"first_person": first, "size": size, "county": county},
    )
    made["registered_here"] = rng.random(n) < 0.8
    made |= {f"{WITH}{link}": (years < 18) & (rng.random(n) < 0.7) for link in ("father", "mother")}
    return _complete(rng, pack, *frame, made, wild)


TAME = ("registered_here", "new_earnings")
"""Never anything but what was made: the first follows from a place; whether new earnings count hangs on a
number of months that nobody knows, so that there would be no amount to compare."""


def _complete(
    rng: np.random.Generator,
    pack: Pack,
    persons: dict[str, Array],
    households: dict[str, Array],
    made: Mapping[str, Array],
    wild: float,
) -> People:
    """Every field of the pack as a column: made or empty; a share ``wild`` of cells is anything."""
    for f in pack.fields.values():
        own = persons if f.unit == PERSON else households
        rows = len(own["household" if f.unit == PERSON else "size"])
        values = made[f.id] if f.id in made else np.full(rows, f.empty or 0)
        if wild and f.id not in TAME and not f.id.startswith(WITH):
            values = np.where(rng.random(rows) < wild, _anything(rng, pack, f, rows), values)
        own[f.id] = np.ascontiguousarray(values.astype(storage_dtype(f)))
    return People(persons, households)


def from_city(pack: Pack, city: Path, seed: int, wild: float = 0.001) -> People:
    """Everybody in a snapshot of a synthetic city."""
    rng = np.random.default_rng(seed)
    snapshot = Snapshot.open(city, pack)
    counties = [c[:6] + "000000" for c in snapshot.divisions]
    county_of = np.array([COUNTIES.index(c) if c in COUNTIES else 0 for c in counties])
    pieces = [_piece(snapshot, part, county_of) for part in snapshot.parts()]
    persons, households = (
        {name: np.concatenate([piece[i][name] for piece in pieces]) for name in pieces[0][i]} for i in (0, 1)
    )
    size, n = households["size"], len(persons["county_of_person"])
    frame = (
        {
            "household": np.repeat(np.arange(len(size), dtype=np.int32), size),
            "county_of_person": persons.pop("county_of_person"),
        },
        {
            "first_person": (np.cumsum(size) - size).astype(np.int32),
            "size": households.pop("size"),
            "county": households.pop("county"),
        },
    )
    years = (last_day(MONTH).toordinal() - 719163 - persons["birth_date"]) / 365.25
    income = sum(
        persons[k].astype(np.int64) for k in ("wage", "pension", "business_income", "property_income")
    )
    poor = np.add.reduceat(income, frame[1]["first_person"]) < 1500_00 * size.astype(np.int64)
    declared = _money(rng, years, poor[frame[0]["household"]])
    made = {k: declared[k] for k in ("transfer_income", "declared_income", "support_paid", "deposits")}
    made["cars"] = rng.choice(3, len(size), p=(0.5, 0.4, 0.1)) * ~poor
    made["chosen_support"] = rng.integers(0, 3, n)
    return _complete(rng, pack, *frame, {**made, **persons, **households}, wild)


def _piece(snapshot: Snapshot, part: Part, county_of: Array) -> tuple[dict[str, Array], dict[str, Array]]:
    """Columns of one part: what is not known is the choice of ``FILL`` or 0, as the snapshot stores it."""
    persons: dict[str, Array] = {}
    county = county_of[part.households["division"]].astype(np.int32)
    households: dict[str, Array] = {"size": part.households["size"], "county": county}
    for f in snapshot.contract.fields:
        own, source = (households, part.households) if f.table == "households" else (persons, part.persons)
        told = np.isin(source[state_column(f.id)], (State.KNOWN, State.INTERVAL))
        own[f.id] = np.where(told, source[f.id], FILL.get(f.id, 0))
    registered = part.persons["registered"]
    here = registered >= 0
    where_they_live = county[part.persons["household"]]
    persons["registered_here"] = here
    persons |= {f"{WITH}{link}": at_home(part, link) for link in snapshot.contract.links}
    persons["county_of_person"] = np.where(here, county_of[registered], where_they_live).astype(np.int32)
    awards = award_columns(snapshot, part)
    for benefit, kind in zip(snapshot.contract.benefits, snapshot.contract.benefit_tables, strict=True):
        for name in (f"awarded_{benefit}", f"award_amount_{benefit}"):
            (households if kind == "households" else persons)[name] = awards[f"c_{name}"]
    return persons, households


def _money(rng: np.random.Generator, years: Array, poor: Array) -> dict[str, Array]:
    n = len(years)
    working = (years >= 18) & (years < 62) & (rng.random(n) < np.where(poor, 0.25, 0.75))
    rich = np.where(poor, 0.4, 1.0)
    wage = rng.lognormal(8.6, 0.6, n) * rich * working
    pension = rng.lognormal(7.6, 0.7, n) * rich * (years >= 60)
    saved = rng.lognormal(10.0, 1.6, n) * rich * (years >= 16)
    few = rng.random(n)
    fen = {
        "wage": wage,
        "pension": pension,
        "basic_pension": np.where(years >= 60, 330.0, 0.0),
        "business_income": rng.lognormal(8.0, 1.0, n) * (few < 0.05),
        "property_income": rng.lognormal(5.0, 1.5, n) * (few > 0.9),
        "transfer_income": rng.lognormal(6.0, 0.8, n) * (rng.random(n) < 0.04),
        "declared_income": rng.lognormal(6.5, 0.8, n) * (rng.random(n) < 0.06),
        "support_paid": rng.lognormal(6.0, 0.8, n) * (rng.random(n) < 0.03),
        "deposits": saved,
    }
    return {name: np.minimum(values * 100, 90_000_00).astype(np.int64) for name, values in fen.items()}


def _states(rng: np.random.Generator, years: Array, n: int) -> dict[str, Array]:
    disabled = rng.random(n) < 0.02 + 0.0008 * years
    child = years < 18
    lost = np.where(rng.random((2, n)) < 0.5, rng.integers(1, 4, (2, n)), rng.integers(0, 10, (2, n)))
    parents = np.where(child & (rng.random(n) < 0.03), lost, 0)
    return {
        "sex": rng.integers(0, 2, n),
        "disability_category": np.where(disabled, rng.integers(1, 8, n), 0),
        "disability_grade": np.where(disabled, rng.integers(1, 5, n), 0),
        "multiple_basis_category": np.where(disabled, rng.integers(1, 7, n), 0),
        "employed": rng.random(n) < 0.5,
        "student": (years >= 6) & (years < 23) & (rng.random(n) < 0.8),
        "school_stage": np.where(years < 22, rng.integers(0, 7, n), 0),
        "supporter_state": rng.choice(3, n, p=(0.01, 0.03, 0.96)),
        "in_institution": rng.random(n) < 0.01,
        "father_state": parents[0],
        "mother_state": parents[1],
        "chosen_support": rng.integers(0, 3, n),
    }


def _anything(rng: np.random.Generator, pack: Pack, f: Field, n: int) -> Array:
    if f.kind is Kind.BOOL:
        return rng.integers(0, 2, n)
    if f.kind is Kind.ENUM:
        return rng.integers(0, len(pack.enums[f.enum].choices), n)
    if f.kind is Kind.DATE:
        # mostly birthdays on the last days of this month and the first of the next, of every age
        month = rng.integers(-100 * 12, 1, n) * 30.436875
        return np.clip(last_day(MONTH).toordinal() - 719163 + month.astype(np.int64), f.minimum, None)
    if f.kind is Kind.MONEY:
        lines = np.array([1301, 1301 * 1.5, 2490, 2260, 2602, 1301 * 48, 1301 * 72, 100_000, 200_000])
        near = (rng.choice(lines, n) * 100).astype(np.int64) + rng.integers(-1, 2, n)
        return np.clip(near, f.minimum, f.maximum)
    return rng.integers(f.minimum, min(f.maximum, 6) + 1, n)


# --- files


def write(folder: Path, people: People) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, columns in (("persons", people.persons), ("households", people.households)):
        batch = pa.record_batch({k: pa.array(np.ascontiguousarray(v)) for k, v in columns.items()})
        with (
            pa.OSFile(str(folder / f"{name}.arrow"), "wb") as sink,
            pa.ipc.new_file(sink, batch.schema) as out,
        ):
            out.write_batch(batch)


def read(folder: Path) -> People:
    """Maps both files without a copy."""
    found = []
    for name in ("persons", "households"):
        batch = pa.ipc.open_file(pa.memory_map(str(folder / f"{name}.arrow"))).get_batch(0)
        columns = zip(batch.schema.names, batch.columns, strict=True)
        found.append({k: column.to_numpy(zero_copy_only=True) for k, column in columns})
    return People(found[0], found[1])


# --- as Zhida's kernel takes them


def form(pack: Pack) -> Form:
    """Every column known for everybody, and every parameter."""
    return Form(tuple((f, "known") for f in sorted(pack.fields)), parameters_known=True)


def places(pack: Pack) -> Places:
    """The counties; every register is complete everywhere."""
    return Places(COUNTIES, np.ones((len(pack.registers), len(COUNTIES)), np.uint8))


def table(people: People) -> Table:
    p, h = people.persons, people.households
    columns = {f"c_{name}": values for own in (p, h) for name, values in own.items() if name not in FRAME}
    nobody = np.full(people.count, -1)  # supporters are as recorded: nobody is looked up in other households
    web = Web.of(p["household"], dict.fromkeys(LINKS, nobody))
    return Table(
        h["first_person"], h["size"], p["household"], h["county"], p["county_of_person"], columns, web
    )
