"""Two sides of a simulation added up by benefit and county, and their JSON."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zhida.codes.months import format_month
from zhida.rules.declarations import Pack
from zhida.scan.interest import Holdings
from zhida.scan.loaded import Loaded
from zhida.scan.totals import SMALL, protected
from zhida.scan.trial import found_in

Array = NDArray[Any]

OF_SIDE = ("receives", "receives_lo", "receives_hi", "leads", "leads_lo", "leads_hi")
CHANGES = ("gain", "gain_lo", "gain_hi", "lose", "lose_lo", "lose_hi", "unclear")
FORMAT = 1


@dataclass(slots=True)
class Comparison:
    """``baseline``, ``reform``: [benefit, county, OF_SIDE]; ``changes``: [benefit, county, CHANGES]; int64.
    For benefits that are not ``affected`` only the baseline is added up."""

    benefits: tuple[str, ...]
    affected: tuple[str, ...]
    counties: tuple[str, ...]
    baseline: Array
    reform: Array
    changes: Array

    @classmethod
    def of(
        cls, benefits: tuple[str, ...], affected: tuple[str, ...], counties: tuple[str, ...]
    ) -> Comparison:
        side = np.zeros((len(benefits), len(counties), len(OF_SIDE)), np.int64)
        changes = np.zeros((len(benefits), len(counties), len(CHANGES)), np.int64)
        return cls(benefits, affected, counties, side, side.copy(), changes)

    @classmethod
    def over(cls, side: Comparison, affected: tuple[str, ...]) -> Comparison:
        """A new one over a baseline that is added up already."""
        found = cls.of(side.benefits, affected, side.counties)
        found.baseline = side.baseline
        return found

    def add(self, old: Mapping[str, Holdings], new: Mapping[str, Holdings]) -> None:
        """A part's holdings before and after."""
        for i, b in enumerate(self.benefits):
            add_side(self.baseline[i], old[b])
        self.add_changes(old, new)

    def add_changes(self, old: Mapping[str, Holdings], new: Mapping[str, Holdings]) -> None:
        for i, b in enumerate(self.benefits):
            if b in self.affected:
                add_side(self.reform[i], new[b])
                add_changes(self.changes[i], old[b], new[b])

    def finished(
        self, loaded: Loaded, pack: Pack, names: tuple[str, ...], everybody: bool, began: float
    ) -> Simulation:
        """``pack``: the reformed one; ``began``: of ``time.perf_counter``."""
        reform = self.reform.copy()
        for i, b in enumerate(self.benefits):
            if b not in self.affected:
                reform[i] = self.baseline[i]
        sides = np.stack([self.baseline, reform])
        seconds = time.perf_counter() - began
        return Simulation(
            loaded,
            pack,
            self.benefits,
            self.counties,
            sides,
            self.changes,
            self.affected,
            names,
            everybody,
            seconds,
        )


@dataclass(frozen=True, slots=True)
class Simulation:
    """``sides[side, benefit, county, OF_SIDE]`` (0 before, 1 after), ``changes[benefit, county, CHANGES]``:
    units, and sums of fen over both ends of amounts. ``affected``: benefits that were run again;
    ``everybody``: over the whole population, not only whom the reform could concern."""

    loaded: Loaded
    pack: Pack
    benefits: tuple[str, ...]
    counties: tuple[str, ...]
    sides: Array
    changes: Array
    affected: tuple[str, ...]
    changed_parameters: tuple[str, ...]
    everybody: bool
    seconds: float

    def as_json(self) -> dict[str, Any]:
        """What leaves: small cells without numbers (docs/results.md)."""
        pack = self.pack
        some = [c for c in range(len(self.counties)) if self.sides[:, :, c].any() or self.changes[:, c].any()]
        by_benefit = [
            {
                "benefit": b,
                "name": pack.benefits[b].name,
                **record(*rows, hidden_in(*rows)),
            }
            for i, b in enumerate(self.benefits)
            for rows in [(self.sides[:, i].sum(axis=1), self.changes[i].sum(axis=0))]
        ]
        hidden = [self._hidden(i) for i in range(len(self.benefits))]
        by_county = [
            {
                "benefit": b,
                "county": self.counties[c],
                "county_name": pack.divisions[self.counties[c]].name if self.counties[c] else "",
                **record(self.sides[:, i, c], self.changes[i, c], (hidden[i][0][:, c], hidden[i][1][c])),
            }
            for i, b in enumerate(self.benefits)
            for c in some
        ]
        return {
            "format": FORMAT,
            "snapshot_id": self.loaded.snapshot.id,
            "synthetic": bool(self.loaded.snapshot.manifest["synthetic"]),
            "month": format_month(self.loaded.month),
            "pack": pack.id,
            "pack_hash": self.loaded.pack.hash,
            "reform_hash": pack.hash,
            "changed_parameters": list(self.changed_parameters),
            "affected": list(self.affected),
            "small": SMALL,
            "benefits": by_benefit,
            "counties": by_county,
        }

    def _hidden(self, i: int) -> Hidden:
        """By county, whose sum over the counties is shown beside it."""

        def column(cells: Array) -> Array:
            return np.array(protected([int(n) for n in cells]), bool)

        sides = [
            spread(OF_SIDE, {n: column(side[:, OF_SIDE.index(n)]) for n in OF_SIDE if "_" not in n})
            for side in self.sides[:, i]
        ]
        counts = {n: column(self.changes[i, :, CHANGES.index(n)]) for n in CHANGES if "_" not in n}
        return np.stack(sides), spread(CHANGES, counts)


Hidden = tuple[Array, Array]
"""Which numbers of both sides, and which of the changes, are withheld."""


def spread(names: Sequence[str], counts: Mapping[str, Array]) -> Array:
    """Sums are withheld with the count that they follow."""
    columns, last = [], ""
    for name in names:
        last = name if "_" not in name else last
        columns.append(counts[last])
    return np.stack(columns, axis=-1)


def hidden_in(sides: Array, changes: Array) -> Hidden:
    """For numbers of which no sum is known: the small ones."""
    small = [
        {
            n: (cells[..., names.index(n)] > 0) & (cells[..., names.index(n)] < SMALL)
            for n in names
            if "_" not in n
        }
        for names, cells in ((OF_SIDE, sides), (CHANGES, changes))
    ]
    return spread(OF_SIDE, small[0]), spread(CHANGES, small[1])


def record(sides: Array, changes: Array, hidden: Hidden) -> dict[str, Any]:
    """Two sides, their difference and who gains or loses, as JSON."""
    before, after = (told(OF_SIDE, side, away) for side, away in zip(sides, hidden[0], strict=True))
    difference = {
        name: None if before[name] is None or after[name] is None else int(d)
        for name, d in zip(OF_SIDE, sides[1] - sides[0], strict=True)
    }
    changed = told(CHANGES, changes, hidden[1])
    return {"baseline": before, "reform": after, "difference": difference, **changed}


def told(names: tuple[str, ...], numbers: Array, hidden: Array) -> dict[str, int | None]:
    return {n: None if away else int(x) for n, x, away in zip(names, numbers, hidden, strict=True)}


def add_side(cells: Array, holdings: Holdings) -> None:
    """Adds units and amounts by county; columns as in OF_SIDE."""
    for start, mask in ((0, ~holdings.leads), (3, holdings.leads)):
        at = holdings.county[mask]
        cells[:, start] += np.bincount(at, minlength=len(cells))
        np.add.at(cells[:, start + 1], at, holdings.lo[mask])
        np.add.at(cells[:, start + 2], at, holdings.hi[mask])


def add_changes(cells: Array, old: Holdings, new: Holdings) -> None:
    """Adds who gains and loses. Where one end of the amount rises and the other falls it is unclear."""
    at, same = found_in(old.units, new.units)
    lo, hi = new.lo.copy(), new.hi.copy()
    lo[same] -= old.lo[at[same]]
    hi[same] -= old.hi[at[same]]
    gains = ~same | ((lo >= 0) & (hi >= 0) & (lo + hi > 0))
    loses = same & (lo <= 0) & (hi <= 0) & (lo + hi < 0)
    unclear = same & ~gains & ~loses & ((lo != 0) | (hi != 0))
    gone = np.ones(len(old.units), bool)
    gone[at[same]] = False
    for start, county, low, high in (
        (0, new.county[gains], lo[gains], hi[gains]),
        (3, new.county[loses], lo[loses], hi[loses]),
        (3, old.county[gone], -old.lo[gone], -old.hi[gone]),
    ):
        cells[:, start] += np.bincount(county, minlength=len(cells))
        np.add.at(cells[:, start + 1], county, low)
        np.add.at(cells[:, start + 2], county, high)
    cells[:, 6] += np.bincount(new.county[unclear], minlength=len(cells))
