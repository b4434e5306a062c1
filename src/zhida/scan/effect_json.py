"""What a reform does to people, as data that may leave: small cells without numbers.

Along each axis the counts whose sum is told are protected together; sums of money go with their counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zhida.scan import cliffs
from zhida.scan.effects import HOMES, Effects, sharing_of
from zhida.scan.incomes import TENTHS
from zhida.scan.reforming import Reformed
from zhida.scan.totals import protected, withheld
from zhida.scan.where import BANDS

Array = NDArray[Any]
COUNTS = ("new", "ended", "changed")
MONEY = {"new": ("new_lo", "new_hi"), "ended": ("saved_lo", "saved_hi")}
PLACES = 1_000_000
"""The Gini coefficient is told to so many parts; it is exact before."""
Told = dict[str, Any]


def as_json(found: Reformed) -> Told:
    """The object ``effects`` of ``docs/schemas/simulate.schema.json``."""
    effects = found.effects
    pack = found.simulation.pack
    names = pack.divisions
    return {
        "cost": _cost(effects),
        "benefits": _benefits(found),
        "households": _homes_total(effects),
        "by_county": [
            {"county": c, "county_name": names[c].name if c else "", "households": int(n)} | row
            for c, n, row in zip(
                effects.counties, effects.households, homes_along(effects.by_county), strict=True
            )
            if n
        ],
        "by_age": [
            {"age": band} | row
            for band, row, changed in zip(
                BANDS, homes_along(effects.by_age), effects.by_age[:, :3].sum(axis=1), strict=True
            )
            if changed
        ],
        "income": _income(found) if found.ground.lines else None,
        "sharing": [_shared(found, b) for b in touched(effects)],
        "cliffs": _cliffs(found),
    }


def touched(effects: Effects) -> list[str]:
    """Benefits of which any case changes."""
    return [b for b, cells in zip(effects.benefits, effects.cases, strict=True) if cells.any()]


def _cost(effects: Effects) -> Told:
    whole = effects.cases.sum(axis=(0, 1))
    cases = int(whole[:3].sum())
    hidden = withheld(cases)
    return {"lo": None if hidden else int(whole[3]), "hi": None if hidden else int(whole[4])}


# --- cases


def costs_hidden(effects: Effects) -> dict[str, bool]:
    """Benefits whose cost is withheld: the cost of all is told, so one alone would be told by the rest."""
    names = touched(effects)
    cases = [int(effects.cases[effects.benefits.index(b), :, :3].sum()) for b in names]
    return dict(zip(names, protected(cases), strict=True))


def _benefits(found: Reformed) -> list[Told]:
    effects, pack = found.effects, found.simulation.pack
    costs = costs_hidden(effects)
    told = []
    for b, cells in zip(effects.benefits, effects.cases, strict=True):
        if not cells.any():
            continue
        whole = cells.sum(axis=0)
        counts = [int(n) for n in whole[:3]]
        own = _cases(whole, [withheld(n) for n in counts], costs[b])
        told.append(
            {"benefit": b, "name": pack.benefits[b].name} | own | {"counties": _counties(found, cells)}
        )
    return told


def _counties(found: Reformed, cells: Array) -> list[Told]:
    counties, names = found.effects.counties, found.simulation.pack.divisions
    hidden = [protected([int(n) for n in cells[:, k]]) for k in range(3)]
    whole = protected([int(n) for n in cells[:, :3].sum(axis=1)])
    return [
        {"county": c, "county_name": names[c].name if c else ""}
        | _cases(cells[i], [h[i] for h in hidden], whole[i])
        for i, c in enumerate(counties)
        if cells[i].any()
    ]


def _cases(row: Array, hidden: Sequence[bool], cost_hidden: bool) -> Told:
    """``row``: as ``CASES``. The cost is told where its cases in all are not few."""
    told: Told = {}
    for k, name in enumerate(COUNTS):
        told[name] = None if hidden[k] else int(row[k])
    told["cost_lo"], told["cost_hi"] = (None if cost_hidden else int(row[m]) for m in (3, 4))
    for k, m in ((0, 5), (1, 7)):
        for end, name in enumerate(MONEY[COUNTS[k]]):
            told[name] = None if hidden[k] else int(row[m + end])
    return told


# --- households


def homes_along(rows: Array) -> list[Told]:
    """Winners, losers and money along an axis whose sums are told."""
    hidden = [protected([int(n) for n in rows[:, m]]) for m in range(3)]
    money = protected([int(n) for n in rows[:, :3].sum(axis=1)])
    return [_homes(row, [h[i] for h in hidden], money[i]) for i, row in enumerate(rows)]


def _homes(row: Array, hidden: Sequence[bool], money: bool) -> Told:
    told: Told = {name: None if hidden[m] else int(row[m]) for m, name in enumerate(HOMES[:3])}
    return told | {name: None if money else int(row[m]) for m, name in enumerate(HOMES) if m > 2}


def _homes_total(effects: Effects) -> Told:
    row = effects.by_county.sum(axis=0)
    hidden = [withheld(int(n)) for n in row[:3]]
    return _homes(row, hidden, withheld(int(row[:3].sum())))


# --- income


def _income(found: Reformed) -> Told:
    """Tenths of the population by registered income of a head, and the spread before and after."""
    effects, pack = found.effects, found.simulation.pack
    sheet = pack.worksheet
    tenths = effects.incomes.tenths()
    sums = np.zeros((TENTHS, 2 + len(HOMES)), np.int64)
    for m, numbers in enumerate(effects.incomes.sums):
        np.add.at(sums[:, m], tenths, numbers)
    unknown = effects.unknown
    rows = homes_along(np.concatenate([sums[:, 2:], unknown[None, 1:]]))
    edges = [effects.incomes.values[tenths == t] for t in range(TENTHS)]
    return {
        "lines": list(found.ground.lines),
        "tenths": [
            {
                "tenth": t + 1,
                "from": int(edge[0]) if len(edge) else None,
                "persons": int(sums[t, 0]),
                "households": int(sums[t, 1]),
            }
            | rows[t]
            for t, edge in enumerate(edges)
        ],
        "unknown": {"households": None if withheld(int(unknown[0])) else int(unknown[0])} | rows[TENTHS],
        "gini_before": parts(effects.sides[0].gini()),
        "gini_after": parts(effects.sides[1].gini()),
        "poverty": _poverty(effects, sheet.line) if sheet is not None and sheet.line else None,
    }


def parts(ratio: Fraction | None) -> float | None:
    """The one division: to the nearest millionth."""
    if ratio is None:
        return None
    return (2 * ratio.numerator * PLACES + ratio.denominator) // (2 * ratio.denominator) / PLACES


def _poverty(effects: Effects, line: str) -> Told:
    told: Told = {"line": line, "no_line": None if withheld(effects.no_line) else effects.no_line}
    for name, side in zip(("before", "after"), effects.sides, strict=True):
        few = withheld(side.poor)
        told[f"poor_{name}"] = None if few else side.poor
        told[f"gap_{name}"] = None if few else side.gap
    return told


# --- who bears it


def _shared(found: Reformed, benefit: str) -> Told:
    """Cost by level of government, cut to the fen; what no rule of the pack covers is told apart."""
    effects, pack = found.effects, found.simulation.pack
    hidden = costs_hidden(effects)[benefit]
    rules = sharing_of(pack, benefit, found.simulation.loaded.month)
    sums = effects.shared[benefit]
    levels: dict[str, list[Fraction]] = {}
    for rule, (lo, hi) in zip(rules, sums, strict=False):
        for level, share in rule.shares:
            two = levels.setdefault(level, [Fraction(0), Fraction(0)])
            two[0] += Fraction(int(lo) * share, 10_000)
            two[1] += Fraction(int(hi) * share, 10_000)
    rest = sums[-1]
    return {
        "benefit": benefit,
        "name": pack.benefits[benefit].name,
        "known": bool(rules) and not rest.any(),
        "cost_free": not effects.shared[benefit].any(),
        "levels": [
            {
                "level": level,
                "lo": None if hidden else lo.__floor__(),
                "hi": None if hidden else hi.__floor__(),
            }
            for level, (lo, hi) in levels.items()
        ],
        "not_known_lo": None if hidden else int(rest[0]),
        "not_known_hi": None if hidden else int(rest[1]),
    }


def _cliffs(found: Reformed) -> Told | None:
    before, after = found.cliffs
    if before is None or after is None:
        return None
    pack = found.simulation.pack
    # one of the two would be told by the other and the difference of both sides
    hidden = any(withheld(n) for n in found.moved)
    created, removed = (None if hidden else n for n in found.moved)
    sides = {"before": cliffs.as_json(before, pack), "after": cliffs.as_json(after, pack)}
    return sides | {"created": created, "removed": removed}
