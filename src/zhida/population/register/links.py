"""Whom each person is linked to: father, mother, spouse, by the sources in their order."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from zhida.population.duck import quoted
from zhida.population.imports.contracts import Contracts
from zhida.population.register.conflicts import Conflicts
from zhida.population.register.people import People
from zhida.population.register.resolution import LinkRule, Resolution
from zhida.population.register.rows import Month, where_sql
from zhida.population.schema import NO_LINK, UNKNOWN_LINK

Array = NDArray[Any]
NOTHING = 0  # no person has this key: the source says nothing
NOBODY = -1  # the source says that there is nobody (any more)


def find_link(
    month: Month,
    contracts: Contracts,
    rules: Resolution,
    link: str,
    people: People,
    complete: Array | None,
    conflicts: Conflicts,
) -> tuple[Array, Array]:
    """Rows of the snapshot that each person's link points at (NO_LINK, UNKNOWN_LINK), and keys by person key.

    ``complete``: by division row, whether the link's register is complete; None where it has none. Somebody
    who has died is nobody; somebody who is not in the population is not known.
    """
    told = np.zeros(month.landed.keys, np.int64)
    by = np.full(month.landed.keys, -1, np.int8)
    doubtful = np.zeros(month.landed.keys, bool)
    of_link = [r for r in rules.links if r.link == link]
    for number, rule in enumerate(of_link):
        if not month.has(rule.source):
            continue
        for column in rule.pair[:2] if rule.pair else (contracts.sources[rule.source].person,):
            doubtful[month.refused.named(rule.source, column)] = True
        said = (_pairs if rule.pair else _column)(month, contracts, rule, doubtful)
        fresh = (told == NOTHING) & (said != NOTHING)
        differs = np.flatnonzero((said > 0) & (told != NOTHING) & (said != told))
        for first in range(number):
            at = differs[by[differs] == first]
            conflicts.add(at, "link_differs", of_link[first].source, rule.source, link)
        told[fresh], by[fresh] = said[fresh], number
    mine = told[people.key]
    row = people.row[np.maximum(mine, 0)].astype(np.int64)
    gone = people.dead[np.maximum(mine, 0)]
    found = np.where(row >= 0, row, np.where(gone, NO_LINK, UNKNOWN_LINK))
    found = np.where(mine == NOBODY, NO_LINK, np.where(mine == NOTHING, UNKNOWN_LINK, found))
    if complete is not None and of_link and all(r.empty_means_none for r in of_link):
        whole = (people.registered >= 0) & complete[np.maximum(people.registered, 0)]
        found[whole & (mine == NOTHING) & ~doubtful[people.key]] = NO_LINK
    found[found == np.arange(people.count)] = UNKNOWN_LINK  # nobody is their own father
    return found, told


def _column(month: Month, contracts: Contracts, rule: LinkRule, doubtful: Array) -> Array:
    rows = month.db.execute(
        f"SELECT person_key, coalesce({quoted(rule.column)}, 0) AS other, doubtful, "
        f"date_diff('day', DATE '1970-01-01', as_of) AS day "
        f"FROM {month.rows(contracts.sources[rule.source])}"
    ).fetchnumpy()
    doubtful[rows["person_key"][rows["doubtful"]]] = True
    order = np.lexsort((rows["other"], rows["day"]))
    said = np.zeros(month.landed.keys, np.int64)
    kept = order[~rows["doubtful"][order]]
    said[rows["person_key"][kept]] = rows["other"][kept]
    return said


def _pairs(month: Month, contracts: Contracts, rule: LinkRule, doubtful: Array) -> Array:
    """Of the rows of two people the latest of each: the other one, or nobody where it ended."""
    assert rule.pair is not None
    source = contracts.sources[rule.source]
    one, other = (_key(c, source.person) for c in rule.pair[:2])
    rows = month.db.execute(
        f"SELECT {one} AS one, {other} AS other, doubtful, "
        f"coalesce({where_sql(rule.holds)}, false) AS holds, "
        f"coalesce(date_diff('day', DATE '1970-01-01', {quoted(rule.pair[2])}), -1000000) AS day "
        f"FROM {month.rows(source)} WHERE {one} IS NOT NULL AND {other} IS NOT NULL "
        f"AND ({quoted(rule.pair[2])} IS NULL OR {quoted(rule.pair[2])} <= DATE '{month.last_day}')"
    ).fetchnumpy()
    for side in ("one", "other"):
        doubtful[rows[side][rows["doubtful"]]] = True
    clear = ~rows["doubtful"]
    key = np.concatenate([rows["one"][clear], rows["other"][clear]])
    whom = np.concatenate([rows["other"][clear], rows["one"][clear]])
    day, holds = (np.tile(rows[name][clear], 2) for name in ("day", "holds"))
    order = np.lexsort((whom, holds, day))
    said = np.zeros(month.landed.keys, np.int64)
    said[key[order]] = np.where(holds[order], whom[order], NOBODY)
    return said


def _key(column: str, person: str) -> str:
    return "person_key" if column == person else quoted(column)
