"""Statements about one person that can't both be right, as ``resolution.yaml`` pairs them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zhida.population.imports.contracts import Contracts
from zhida.population.register.conflicts import Conflicts
from zhida.population.register.people import People
from zhida.population.register.resolution import Resolution, Rows
from zhida.population.register.rows import Month, where_sql

Array = NDArray[Any]


def find_clashes(
    month: Month,
    contracts: Contracts,
    rules: Resolution,
    people: People,
    targets: Mapping[str, Array],
    conflicts: Conflicts,
) -> None:
    """``targets``: by link, the key that each person key is linked to. Where a source was not delivered
    nothing clashes with it, and the lack of a row only where the other source has some."""
    for clash in rules.clashes:
        other = clash.other or clash.without
        if not month.has(clash.one.source) or (other is not None and not month.has(other.source)):
            continue
        one = _keys(month, contracts, clash.one)
        one = one[people.row[one] >= 0]
        if clash.dead:
            both = people.dead[np.maximum(targets[clash.dead][one], 0)]
        else:
            assert other is not None
            said = np.zeros(month.landed.keys, bool)
            said[_keys(month, contracts, other)] = True
            both = said[one] if clash.other is not None else ~said[one]
        conflicts.says[clash.id] = clash.says
        conflicts.add(one[both], clash.id, clash.one.source, other.source if other is not None else "")


def _keys(month: Month, contracts: Contracts, rows: Rows) -> Array:
    found = month.db.execute(
        f"SELECT DISTINCT person_key FROM {month.rows(contracts.sources[rows.source])} "
        f"WHERE {where_sql(rows.where)} AND NOT doubtful"
    ).fetchnumpy()
    keys: Array = np.asarray(found["person_key"])
    return keys
