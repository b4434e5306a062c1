"""Divisions: 12-digit codes of five levels in a tree, dated, with successors and overlays.

A code is province 2, city 2, county 2, town 3 and village 3 digits; the last group that is not zero
tells its level. A retired division stays in the tree. Intervals of time are [start, until).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from zhida.codes.errors import CodeError, shown

LEVELS = ("province", "city", "county", "town", "village")
LENGTHS = (2, 4, 6, 9, 12)


def normalise(code: str) -> tuple[str, int]:
    """Code of 2, 4, 6, 9 or 12 digits → (12 digits, level 1 to 5). Raises CodeError."""
    if not isinstance(code, str) or len(code) not in LENGTHS or not (code.isascii() and code.isdigit()):
        raise CodeError(f"{shown(code)} is not a division code: write 2, 4, 6, 9 or 12 digits.")
    full = code.ljust(12, "0")
    if full.startswith("00"):
        raise CodeError(f"{shown(code)} is not a division code: its first two digits must name a province.")
    return full, level_of(full)


def level_of(full: str) -> int:
    """Level of a code of 12 digits that is known to be one."""
    if full[9:] != "000":
        return 5
    if full[6:9] != "000":
        return 4
    return 3 if full[4:6] != "00" else 2 if full[2:4] != "00" else 1


@dataclass(frozen=True, slots=True)
class Division:
    """``parent`` is '' at the top. In force from ``start`` until the day before ``until``; None: open.

    ``successors`` took over its people at ``until``. An ``overlay`` is a zone that lies across others.
    """

    code: str
    name: str
    parent: str
    level: int
    start: date | None
    until: date | None
    successors: tuple[str, ...]
    overlay: bool

    def in_force(self, on: date) -> bool:
        """Whether the division exists on that day."""
        return (self.start is None or self.start <= on) and (self.until is None or on < self.until)


class DivisionError(CodeError):
    """A division table that cannot be used. ``problems`` holds each (line, sentence)."""

    def __init__(self, file: str, problems: list[tuple[int, str]]) -> None:
        self.file = file
        self.problems = problems
        more = f" ({len(problems) - 1} more problems)" if len(problems) > 1 else ""
        line, text = problems[0]
        super().__init__(f"{file}:{line}: {text}{more}")


class DivisionTree:
    """Divisions by code, in the order of the table. A code may be given with 2 to 12 digits.

    Questions that name a day are answered as of that day: where a division above has ended, its
    only successor stands in its place; where it had not begun, its only predecessor. Where there
    are several, that level is left out and ``is_certain`` is False.
    """

    def __init__(self, divisions: Iterable[Division]) -> None:
        """Trusts its input: read a table with ``from_csv`` or ``from_rows``, which check it."""
        self._all = {d.code: d for d in divisions}
        self._predecessors: dict[str, list[str]] = {}
        self._below: dict[str, list[str]] = {}
        self._names: dict[str, list[str]] | None = None
        days: set[date] = set()
        for code, division in self._all.items():
            self._below.setdefault(division.parent, []).append(code)
            if division.start:
                days.add(division.start)
            if division.until:
                days.add(division.until)
                for successor in division.successors:
                    self._predecessors.setdefault(successor, []).append(code)
        # Nothing changes between two of these days, so answers are kept per period, not per day.
        self._days = sorted(days)
        self._chains: dict[tuple[str, int], tuple[tuple[str, ...], bool]] = {}
        self._children: dict[int, dict[str, list[str]]] = {}
        self._static: dict[str, tuple[str, ...]] = {}

    @classmethod
    def from_csv(cls, path: Path | str) -> DivisionTree:
        """Reads ``divisions.csv`` (docs/pack-format.md). Raises DivisionError with every problem."""
        from zhida.codes.division_table import read_csv

        return cls(read_csv(Path(path)))

    @classmethod
    def from_rows(cls, rows: Iterable[Mapping[str, str]], *, file: str = "divisions.csv") -> DivisionTree:
        """Like ``from_csv`` for rows already read; the first row counts as line 2."""
        from zhida.codes.division_table import read_rows

        return cls(read_rows(rows, file))

    # --- look-up

    def __len__(self) -> int:
        return len(self._all)

    def __iter__(self) -> Iterator[Division]:
        return iter(self._all.values())

    def __contains__(self, code: object) -> bool:
        return isinstance(code, str) and self.get(code) is not None

    def __getitem__(self, code: str) -> Division:
        division = self.get(code)
        if division is None:
            raise CodeError(f"No division {shown(code)} in the table: correct the code or add its row.")
        return division

    def get(self, code: str) -> Division | None:
        """The division, or None where the table has none (also where ``code`` is no code at all)."""
        division = self._all.get(code)
        if division is None and len(code) < 12:
            division = self._all.get(code.ljust(12, "0")) if len(code) in LENGTHS else None
        return division

    def nearest(self, code: str) -> str | None:
        """``code`` itself, or the smallest division by its digits that the table has, or None."""
        full, level = normalise(code)
        for length in (12, *reversed(LENGTHS[: level - 1])):
            candidate = full[:length].ljust(12, "0")
            if candidate in self._all:
                return candidate
        return None

    @property
    def roots(self) -> tuple[str, ...]:
        """Codes that have no parent."""
        return tuple(self._below.get("", ()))

    def find_by_name(self, name: str, on: date | None = None) -> tuple[Division, ...]:
        """Divisions of exactly this name, in the order of the table; ``on``: only those in force."""
        if self._names is None:
            self._names = {}
            for division in self:
                self._names.setdefault(division.name, []).append(division.code)
        found = (self._all[code] for code in self._names.get(name, ()))
        return tuple(d for d in found if on is None or d.in_force(on))

    # --- upward

    def ancestors(self, code: str, on: date) -> tuple[str, ...]:
        """The code itself, then what lies above it on that day, nearest first, to the root.

        A code that is itself retired comes first all the same, then whoever took its place.
        """
        return self._chain(code, on)[0]

    def is_certain(self, code: str, on: date) -> bool:
        """False where a level above ``code`` is left out because several could stand for it."""
        return self._chain(code, on)[1]

    def at_level(self, code: str, level: int, on: date | None = None) -> str | None:
        """The division of that level that holds ``code`` (the county of a village), or None.

        Without ``on`` as the table's parents say. In an overlay it is the overlay where that has the level.
        """
        chain = self._parents(self[code].code) if on is None else self.ancestors(code, on)
        # A retired code is followed by whoever took its place: on a day, that one is meant.
        matches = [c for c in chain if self._all[c].level == level]
        if on is not None and len(matches) > 1:
            matches = [c for c in matches if self._all[c].in_force(on)]
        return matches[0] if matches else None

    def inside(self, code: str, root: str, on: date | None = None) -> bool:
        """Whether ``code`` lies in ``root`` or is it.

        A code that the table lacks is placed by its digits, so that a new village isn't outside.
        """
        near = self.nearest(code)
        if near is None:
            return False
        return self[root].code in (self._parents(near) if on is None else self.ancestors(near, on))

    # --- downward

    def children(self, code: str, on: date) -> tuple[str, ...]:
        """Divisions in force on that day whose nearest ancestor is ``code``, in the table's order."""
        own = self[code].code
        return tuple(self._children_of(on).get(own, ()))

    def descendants(self, code: str, on: date | None = None) -> tuple[str, ...]:
        """All below ``code``, without it, each before its own children; without ``on`` also retired."""
        below: Mapping[str, list[str]] = self._below if on is None else self._children_of(on)
        found: list[str] = []
        waiting = list(reversed(below.get(self[code].code, ())))
        while waiting:
            found.append(waiting.pop())
            waiting.extend(reversed(below.get(found[-1], ())))
        return tuple(found)

    # --- through time

    def current(self, code: str, on: date) -> tuple[str, ...]:
        """The divisions in force on that day that stand for ``code``.

        Itself if in force; its successors (and theirs) if it has ended; the divisions that it came
        from if it had not begun; () where the table doesn't say.
        """
        division = self[code]
        if division.in_force(on):
            return (division.code,)
        forward = division.until is not None and on >= division.until
        found: dict[str, None] = {}
        seen: set[str] = set()
        waiting = [division.code]
        while waiting:
            one = self._all[waiting.pop()]
            if one.code in seen:
                continue
            seen.add(one.code)
            if one.in_force(on):
                found[one.code] = None
            else:
                nexts = one.successors if forward else self._predecessors.get(one.code, ())
                waiting.extend(reversed(nexts))
        return tuple(found)

    # --- inside

    def _parents(self, code: str) -> tuple[str, ...]:
        chain = self._static.get(code)
        if chain is None:
            parent = self._all[code].parent
            chain = (code, *self._parents(parent)) if parent else (code,)
            self._static[code] = chain
        return chain

    def _chain(self, code: str, on: date) -> tuple[tuple[str, ...], bool]:
        period = bisect_right(self._days, on)
        key = (code, period)
        found = self._chains.get(key)
        if found is None:
            found = self._chains[key] = self._climb(self[code], on)
        return found

    def _climb(self, division: Division, on: date) -> tuple[tuple[str, ...], bool]:
        """A division in force stands under its parent, another under whoever has its place, if one has."""
        holders = (division.code,) if division.in_force(on) else self.current(division.code, on)
        if holders == (division.code,):
            above, certain = self._above(division, on)
        elif len(holders) == 1:
            above, certain = self._chain(holders[0], on)
        else:
            above, certain = self._above(division, on)[0], False
        return (division.code, *above), certain

    def _above(self, division: Division, on: date) -> tuple[tuple[str, ...], bool]:
        """What lies above. Each step goes to a smaller level, so no table makes it run in a circle."""
        if not division.parent:
            return (), True
        holders = self.current(division.parent, on)
        if len(holders) == 1 and self._all[holders[0]].level < division.level:
            return self._chain(holders[0], on)
        return self._above(self._all[division.parent], on)[0], False

    def _children_of(self, on: date) -> dict[str, list[str]]:
        period = bisect_right(self._days, on)
        index = self._children.get(period)
        if index is None:
            index = {}
            for division in self:
                if division.in_force(on):
                    chain = self.ancestors(division.code, on)
                    if len(chain) > 1:
                        index.setdefault(chain[1], []).append(division.code)
            self._children[period] = index
        return index
