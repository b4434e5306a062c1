"""Who receives what: rows of the awards table of a snapshot, by household or person as the benefit has it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from zhida.population.duck import quoted
from zhida.population.imports.contracts import Contracts
from zhida.population.register.conflicts import Conflicts
from zhida.population.register.people import People
from zhida.population.register.resolution import Resolution
from zhida.population.register.rows import Month
from zhida.population.schema import AWARD_COLUMNS, Contract

Array = NDArray[Any]


def find_awards(
    month: Month,
    contracts: Contracts,
    contract: Contract,
    rules: Resolution,
    people: People,
    conflicts: Conflicts,
) -> dict[str, Array]:
    """``unit_row`` counts over the whole snapshot. What has not begun by the month is left out; where no
    review is told the award has stood unreviewed since its start; of two alike the later counts."""
    empty = {name: np.zeros(0, np.int64) for name in AWARD_COLUMNS}
    told = rules.awards
    if told is None or not month.has(told.source) or not contract.benefits:
        return empty
    source = contracts.sources[told.source]
    cases = " ".join(f"WHEN '{b}' THEN {i}" for i, b in enumerate(contract.benefits))
    rows = month.db.execute(
        f"SELECT person_key, coalesce(CASE {quoted(told.benefit)} {cases} END, -1)::INTEGER AS benefit, "
        f"{quoted(told.amount)}::BIGINT AS amount, {quoted(told.start)}::BIGINT AS start, "
        f"coalesce({quoted(told.last_review)}, {quoted(told.start)})::BIGINT AS last_review, "
        f"coalesce({quoted(told.disregard_months)}, 0)::BIGINT AS disregard_months, "
        f"coalesce({quoted(told.refusals)}, 0)::BIGINT AS refusals "
        f"FROM {month.rows(source)} WHERE {quoted(told.start)} <= {month.month}"
    ).fetchnumpy()
    rows = {name: np.asarray(values) for name, values in rows.items()}
    known = rows["benefit"] >= 0
    rows = {name: values[known].astype(np.int64) for name, values in rows.items()}
    at = people.row[rows["person_key"]].astype(np.int64)
    for index, name in enumerate(contract.benefits):
        of = rows["benefit"] == index
        missing = rows["person_key"][of & (at < 0)]
        dead = people.dead[missing]
        conflicts.add(missing[dead], "dead_and_paid", "", source.id, name)
        conflicts.add(missing[~dead], "paid_and_gone", "", source.id, name)
    rows = {name: values[at >= 0] for name, values in rows.items()}
    at = at[at >= 0]
    by_home = np.array([t == "households" for t in contract.benefit_tables])
    unit = np.where(by_home[rows["benefit"]], people.household[at], at)
    order = np.lexsort((rows["person_key"], rows["amount"], rows["start"], unit, rows["benefit"]))
    benefit, unit = rows["benefit"][order], unit[order]
    last = np.append((benefit[1:] != benefit[:-1]) | (unit[1:] != unit[:-1]), True)[: len(order)]
    for index, paid in enumerate(contract.benefits):
        double = order[~last & (benefit == index)]
        conflicts.add(rows["person_key"][double], "paid_twice", source.id, source.id, paid)
    kept = order[last]
    found = {name: rows[name][kept] for name in AWARD_COLUMNS if name != "unit_row"}
    found["unit_row"] = unit[last]
    return found


def awards_of_part(
    awards: dict[str, Array], contract: Contract, households: slice, persons: slice
) -> dict[str, Array]:
    """The rows of one part, counted in it, in the snapshot's order and types."""
    by_home = np.array([t == "households" for t in contract.benefit_tables] or [False])
    home = by_home[awards["benefit"]]
    start = np.where(home, households.start, persons.start)
    stop = np.where(home, households.stop, persons.stop)
    mine = np.flatnonzero((awards["unit_row"] >= start) & (awards["unit_row"] < stop))
    found = {name: values[mine] for name, values in awards.items()}
    found["unit_row"] = found["unit_row"] - start[mine]
    order = np.lexsort((found["unit_row"], found["benefit"]))
    return {name: found[name][order].astype(dtype) for name, dtype in AWARD_COLUMNS.items()}
