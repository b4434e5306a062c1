"""Small random snapshots of any pack, written like real ones; everything in them is invented."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from zhida.codes.months import last_day
from zhida.population.schema import Contract, FieldColumn, State, contract_of, high_column, state_column
from zhida.population.store import Header, SnapshotWriter
from zhida.rules.declarations import Pack

Array = np.ndarray[Any, Any]
Tables = dict[str, dict[str, Array]]


def counties(pack: Pack, month: int) -> list[str]:
    """Codes of the counties of a pack's territory and one town in each that has towns."""
    on = last_day(month)
    found = []
    for code in pack.divisions.descendants(pack.root, on):
        if pack.divisions[code].level == 3:
            below = pack.divisions.children(code, on)
            found += [below[0] if below else code]
    return found


def values(rng: np.random.Generator, pack: Pack, f: FieldColumn, n: int, last: int) -> Array:
    """Plausible values: mostly the empty one, small amounts, births of the last hundred years."""
    declared = pack.fields[f.id]
    if f.kind == "date":
        return rng.integers(max(f.minimum, last - 36500), min(f.maximum, last) + 1, n)
    if f.kind == "bool":
        return (rng.random(n) < 0.08).astype(np.int64)
    if f.kind == "enum":
        empty = declared.empty or 0
        return np.where(rng.random(n) < 0.7, empty, rng.integers(0, f.maximum + 1, n))
    if f.kind == "money":
        amount = rng.gamma(2.0, 150.0, n).astype(np.int64) * 100
        return np.where(rng.random(n) < 0.5, 0, np.clip(amount, f.minimum, f.maximum))
    top = min(f.maximum, f.minimum + 4)
    return np.where(rng.random(n) < 0.6, f.minimum, rng.integers(f.minimum, top + 1, n))


def columns(
    rng: np.random.Generator, pack: Pack, fields: list[FieldColumn], n: int, last: int, missing: float
) -> dict[str, Array]:
    found: dict[str, Array] = {}
    for f in fields:
        share = missing if f.kind != "date" else missing / 5
        rest = np.array([0.4, 0.3, 0.3 * f.interval, 0.3 * f.optional])
        states = rng.choice(5, n, p=[1 - share, *(share * rest / rest.sum())]).astype(np.uint8)
        cells = values(rng, pack, f, n, last)
        cells[(states != State.KNOWN) & (states != State.INTERVAL)] = 0
        found[f.id] = cells.astype(f.dtype)
        found[state_column(f.id)] = states
        if f.interval:
            high = np.minimum(cells + rng.integers(0, 3000_00, n), f.maximum)
            found[high_column(f.id)] = np.where(states == State.INTERVAL, high, 0).astype(f.dtype)
    return found


def awards(
    rng: np.random.Generator, contract: Contract, sizes: Mapping[str, int], month: int
) -> dict[str, Array]:
    """One in six units receives each benefit, whether it should or not."""
    benefit, row = [], []
    for i, table in enumerate(contract.benefit_tables):
        rows = np.flatnonzero(rng.random(sizes[table]) < 1 / 6)
        benefit.append(np.full(len(rows), i))
        row.append(rows)
    b = np.concatenate(benefit) if benefit else np.zeros(0)
    n = len(b)
    start = month - rng.integers(0, 60, n)
    return {
        "benefit": b.astype(np.uint8),
        "unit_row": (np.concatenate(row) if row else np.zeros(0)).astype(np.int32),
        "amount": (rng.integers(0, 100, n) * 10_00).astype(np.int64),
        "start": start.astype(np.int32),
        "last_review": np.maximum(start, month - rng.integers(0, 30, n)).astype(np.int32),
        "disregard_months": (np.arange(n) * 5 % 15).astype(np.int16),
        "refusals": (np.arange(n) % 4).astype(np.int16),
    }


def links(
    contract: Contract, size: Array, first: Array, household: Array, first_person: int, seed: int
) -> dict[str, Array]:
    """Nobody, most often; somebody of the same household or of another, or one nobody knows."""
    rng, people = np.random.default_rng(seed + 17), len(household)
    found = {}
    for link in contract.links:
        here = first[household] + rng.integers(0, size[household])
        there = rng.integers(0, people, people)
        to = rng.choice(4, people, p=(0.5, 0.25, 0.1, 0.15))
        to[((to == 1) & (here == np.arange(people))) | ((to == 2) & (there == np.arange(people)))] = 0
        target = np.choose(to, (np.full(people, -1), here + first_person, there + first_person, -2))
        found[f"link_{link}"] = target.astype(np.int64)
    return found


def part(
    rng: np.random.Generator,
    pack: Pack,
    contract: Contract,
    month: int,
    homes: int,
    places: int,
    missing: float,
    first_key: int,
    first_person: int = 0,
) -> Tables:
    size = rng.integers(1, 6, homes).astype(np.int32)
    people = int(size.sum())
    first = (np.cumsum(size) - size).astype(np.int32)
    last = last_day(month).toordinal() - 719163
    household = np.repeat(np.arange(homes, dtype=np.int32), size)
    place = np.sort(rng.integers(0, places, homes)).astype(np.int32)
    registered = np.where(rng.random(people) < 0.8, place[household], rng.integers(-2, places, people))
    relation = np.where(np.arange(people) == first[household], 0, 7).astype(np.uint8)
    own = {t: [f for f in contract.fields if f.table == t] for t in ("households", "persons")}
    return {
        "households": {
            "household_key": (rng.permutation(homes * 7)[:homes] + first_key).astype(np.int64),
            "division": place,
            "first_person": first,
            "size": size,
            **columns(rng, pack, own["households"], homes, last, missing),
        },
        "persons": {
            "person_key": (rng.permutation(people * 7)[:people] + first_key).astype(np.int64),
            "household": household,
            "relation": relation,
            "member_from": np.zeros(people, np.int32),
            "member_until": np.full(people, -1, np.int32),
            "registered": registered.astype(np.int32),
            "lives": place[household],
            **links(contract, size, first, household, first_person, first_key),
            **columns(rng, pack, own["persons"], people, last, missing),
        },
        "awards": awards(rng, contract, {"households": homes, "persons": people}, month),
    }


def write_town(
    path: Path, pack: Pack, month: int, seed: int = 1, parts: int = 2, homes: int = 150, missing: float = 0.1
) -> str:
    """Writes a snapshot of ``parts * homes`` random households; returns its id."""
    rng = np.random.default_rng(seed)
    contract = contract_of(pack)
    divisions = tuple(counties(pack, month))
    registers: dict[str, dict[str, Any]] = {
        r: {"as_of": last_day(month).isoformat(), "complete": [pack.root]} for r in pack.registers
    }
    for r in list(registers)[::5]:  # some are not complete
        registers[r] = {"as_of": "2000-01-01", "complete": [pack.root]}
    header = Header(
        pack=pack.id, month=month, extraction=datetime(2025, 7, 1, tzinfo=UTC), synthetic=True, seed=seed,
        fraction=0.001, divisions=divisions, registers=registers,
        assumptions=[{"text": "全部为随机数", "source": "tests"}],
    )  # fmt: skip
    made: list[Tables] = []
    people = 0
    for i in range(parts):
        made.append(part(rng, pack, contract, month, homes, len(divisions), missing, i * 10**6, people))
        people += len(made[-1]["persons"]["household"])
    with SnapshotWriter(path, contract, header) as writer:
        for i, tables in enumerate(made):
            writer.write(i, tables, people)
        return writer.finish()
