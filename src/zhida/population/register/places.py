"""Divisions of one month's snapshot, and the row of each code that a source writes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from zhida.codes.divisions import DivisionTree
from zhida.population.schema import NOWHERE_KNOWN, OUTSIDE


@dataclass
class Places:
    """``divisions``: the codes of a snapshot's manifest, ascending, which rows count in."""

    tree: DivisionTree
    territory: str
    on: date
    divisions: tuple[str, ...] = ()
    _rows: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        inside = [self.territory, *self.tree.descendants(self.territory, self.on)]
        self.divisions = tuple(sorted(c for c in inside if not self.tree[c].overlay))
        self._rows = {code: row for row, code in enumerate(self.divisions)}

    def row(self, code: str | None) -> int:
        """Row of a division; of a retired one the row of who took its place, of a village that the table
        lacks that of its town; OUTSIDE beyond the territory, NOWHERE_KNOWN where nothing is written."""
        if not code:
            return NOWHERE_KNOWN
        found = self._rows.get(code)
        if found is None:
            found = self._rows[code] = self._look(code)
        return found

    def _look(self, code: str) -> int:
        near = self.tree.nearest(code)
        if near is None:
            return OUTSIDE
        current = self.tree.current(near, self.on)
        # Where several took over, the smallest division that holds them all: none of them is surely right.
        chains = [self.tree.ancestors(c, self.on) for c in current] or [self.tree.ancestors(near, self.on)]
        for one in chains[0]:
            if one in self._rows and all(one in chain for chain in chains):
                return self._rows[one]
        return OUTSIDE

    def counties(self) -> list[str]:
        """Code of the county of each row; of what lies above counties its own."""
        found = []
        for code in self.divisions:
            county = self.tree.at_level(code, 3, self.on)
            found.append(county or code)
        return found

    def covered(self, codes: Iterable[str]) -> frozenset[str]:
        """Of these divisions and what they hold: the rows' codes that are covered."""
        whole = set(codes)
        return frozenset(
            code for code in self.divisions if any(c in whole for c in self.tree.ancestors(code, self.on))
        )

    def shortest(self, covered: frozenset[str]) -> list[str]:
        """The fewest divisions that are covered whole, with everything below them."""
        found: list[str] = []
        waiting = [self.territory]
        while waiting:
            code = waiting.pop()
            below = [c for c in self.tree.children(code, self.on) if c in self._rows]
            inside = [c for c in self.tree.descendants(code, self.on) if c in self._rows]
            if (code in covered or below) and all(c in covered for c in inside or [code]):
                found.append(code)
            else:
                waiting.extend(below)
        return sorted(found)
