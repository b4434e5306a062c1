"""What the registers show of the truth: which cells are known, not in the register, or not known."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import numpy as np

from zhida.population.city.draw import Array, Rng
from zhida.population.city.figures import Figures
from zhida.population.city.plan import Chunk
from zhida.population.city.truth import Model, Truth
from zhida.population.schema import Contract, FieldColumn, State, high_column, state_column
from zhida.rules.declarations import Pack


def register_states(figures: Figures, pack: Pack, as_of: date) -> dict[str, dict[str, Any]]:
    """The manifest's ``registers``: as of when, and whose people each register holds completely."""
    listed: Mapping[str, Any] = figures.get("registers.state")
    found = {}
    for register in pack.registers.values():
        if register.access != "register" or register.id not in listed:
            continue
        flaws = listed[register.id] or {}
        missing = {str(code) for code in flaws.get("incomplete", {})}
        whole = [c.code for c in figures.counties if c.code[:6] not in missing]
        if not missing:
            whole = [figures.territory.ljust(12, "0")]
        if flaws.get("nowhere"):  # not in it says nothing anywhere
            whole = []
        found[register.id] = {"as_of": as_of.isoformat(), "complete": whole}
    return found


def observe(model: Model, chunk: Chunk, truth: Truth, contract: Contract) -> dict[str, dict[str, Array]]:
    """Field columns with states, by table. Columns that the builder has no truth of are unknown."""
    rng = model.rng(chunk, 10)
    tables: dict[str, dict[str, Array]] = {"households": {}, "persons": {}}
    for column in contract.fields:
        source = truth.households if column.table == "households" else truth.persons
        rows = truth.units if column.table == "households" else truth.count
        values = source.get(column.id)
        target = tables[column.table]
        if values is None:
            target[column.id] = np.zeros(rows, dtype=column.dtype)
            target[state_column(column.id)] = np.full(rows, State.UNKNOWN, dtype=np.uint8)
            if column.interval:
                target[high_column(column.id)] = np.zeros(rows, dtype=column.dtype)
            continue
        _observe_field(model, chunk, truth, column, values, target, rng)
    return tables


def _observe_field(
    model: Model,
    chunk: Chunk,
    truth: Truth,
    column: FieldColumn,
    values: Array,
    target: dict[str, Array],
    rng: Rng,
) -> None:
    field = model.pack.fields[column.id]
    flaws: Mapping[str, Any] = model.figures.get("registers.state").get(field.register) or {}
    n = len(values)
    state = np.zeros(n, dtype=np.uint8)
    draw = rng.random(n)
    recorded = model.figures.get("registers.recorded").get(column.id)
    if recorded is not None:
        known = np.where(_needy(model, truth, column, values), recorded["needy"], recorded["able"])
        state[draw >= known] = State.ABSENT
    elif field.empty is not None:
        state[values == field.empty] = State.ABSENT
        missing = {str(k): float(v) for k, v in (flaws.get("incomplete") or {}).items()}
        share = missing.get(model.figures.counties[chunk.county].code[:6], 0.0)
        state[rng.random(n) < share] = State.ABSENT
    state[draw < float(flaws.get("unknown", 0))] = State.UNKNOWN
    read = state == State.KNOWN
    stored = np.where(read, values, 0)
    if column.interval:
        wide = read & (stored > 0) & (rng.random(n) < float(flaws.get("interval", 0)))
        state[wide] = State.INTERVAL
        low = np.where(wide, np.floor(stored * 0.8 / 10_000) * 10_000, stored)
        high = np.where(wide, np.minimum(np.ceil(stored * 1.2 / 10_000) * 10_000, column.maximum), 0)
        stored = np.where(wide, low, stored)
        target[high_column(column.id)] = high.astype(column.dtype)
    target[column.id] = stored.astype(column.dtype)
    target[state_column(column.id)] = state


def _needy(model: Model, truth: Truth, column: FieldColumn, values: Array) -> Array:
    """People whose kin somebody has looked into because they seem to have nobody."""
    needy: Array = values != model.choice(column.id, "able")
    return needy
