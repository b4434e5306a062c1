"""Some whole groups of a table: which rows they are, their columns, and scratch to compute them in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from zhida.rules.declarations import Pack
from zhida.rules.formulas.ir import PERSON
from zhida.rules.kernel.symbols import DUE, WHOLE
from zhida.rules.kernel.web import Used, arrays, tied
from zhida.rules.program.outcome import ROW

if TYPE_CHECKING:
    from zhida.rules.kernel.run import Table

Array = npt.NDArray[Any]
NO_IDS: Array = np.zeros(0, np.int64)


BY_PERSON = ("place_person", "link_", "kin_closed_", "WSP", "WFP")
BY_GROUP = ("place_group", "WSG", "WFG")
"""Beginnings of the names of arrays that are cut like columns."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """Rows of a table that a block runs over, as slices or ascending rows. By person its group, counted
    from ``home_of``; by group its first person, counted from ``first_of``, and how many there are. Only the
    first ``own`` persons and groups get rows, where that is told; ``ties``: links and kin by name."""

    persons: slice | Array
    groups: slice | Array
    home: Array
    first: Array
    size: Array
    home_of: int
    first_of: int
    own: tuple[int, int] | None = None
    ties: Mapping[str, Array] = field(default_factory=dict)

    def ids(self, unit: str) -> Array:
        """Rows of the table."""
        rows = self.persons if unit == PERSON else self.groups
        return np.arange(rows.start, rows.stop) if isinstance(rows, slice) else rows

    def head(self, unit: str, visitors: bool = True, ids: Array = NO_IDS) -> tuple[Any, ...]:
        """The arguments that every stage takes first. ``ids``: where rows are written."""
        persons, groups = len(self.home), len(self.size)
        if self.own is not None and not visitors:
            persons, groups = self.own
        # a loop over persons may look a visitor up; one over groups adds up all persons that it is given
        home = self.home if unit == PERSON else self.home[:persons]
        n = persons if unit == PERSON else groups
        return (n, ids, home, self.home_of, self.first, self.first_of, self.size)


def everyone(table: Table, g0: int, g1: int) -> Chosen:
    """All groups from ``g0`` to before ``g1``."""
    p0 = int(table.first_person[g0])
    p1 = int(table.first_person[g1 - 1]) + int(table.size[g1 - 1])
    home, first, size = table.group_of[p0:p1], table.first_person[g0:g1], table.size[g0:g1]
    return Chosen(slice(p0, p1), slice(g0, g1), home, first, size, g0, p0)


def some(table: Table, groups: Array) -> Chosen:
    """Only some groups, in ascending rows."""
    size = table.size[groups]
    ends = np.cumsum(size, dtype=np.int64)
    first = ends - size
    n = int(ends[-1]) if len(ends) else 0
    persons = np.repeat(table.first_person[groups] - first, size)
    persons += np.arange(n)
    home = np.repeat(np.arange(len(groups), dtype=table.group_of.dtype), size)
    return Chosen(
        persons, groups, frozen(home), frozen(first.astype(table.first_person.dtype)), frozen(size), 0, 0
    )


def with_kin(pack: Pack, used: Used, table: Table, complete: Array, chosen: Chosen) -> Chosen:
    """The same groups together with those that their people are tied to. ``complete``: by register and
    place."""
    if table.web is None:
        raise ValueError("the rules follow links, but the table has none; make it with its web")
    found = tied(pack, table.shape, table.web, used, chosen.ids("group"))
    size = table.size[found.groups]
    first = (np.cumsum(size, dtype=np.int64) - size).astype(table.first_person.dtype)
    home = np.repeat(np.arange(len(size), dtype=table.group_of.dtype), size)
    named = arrays(pack, used, found, complete, table.place_person)
    own = (found.own_persons, found.own)
    shape = frozen(home), frozen(first), frozen(size)
    return Chosen(found.persons, found.groups, *shape, 0, 0, own, named)


def frozen(array: Array) -> Array:
    """Read-only, like the columns of a mapped file: so that both are one type to the compiler."""
    array.flags.writeable = False
    return array


class Local(dict[str, Array]):
    """A block's arrays by name, cut out of the table's when first asked for."""

    def __init__(
        self,
        fixed: Mapping[str, Array],
        chosen: Chosen,
        scratch: Mapping[str, Array],
        units: Mapping[str, str],
    ) -> None:
        super().__init__({**scratch, **chosen.ties})
        self.fixed, self.chosen, self.units = fixed, chosen, units

    def __missing__(self, name: str) -> Array:
        whole = self.fixed[name.removeprefix(WHOLE)]
        unit = self.units.get(name[2:]) if name[:2] in ("c_", "s_", "h_") else None
        if unit == PERSON or name.startswith(BY_PERSON):
            whole = cut(whole, self.chosen.persons)
        elif unit is not None or name.startswith(BY_GROUP):
            whole = cut(whole, self.chosen.groups)
        self[name] = whole
        return whole


def cut(whole: Array, rows: slice | Array) -> Array:
    """A view of a slice, or a copy of some rows."""
    if isinstance(rows, slice):
        return whole[rows]
    few = whole.take(rows)
    return few if whole.flags.writeable else frozen(few)


def padded(n: int) -> int:
    """A row length whose rows do not fall on the same lines of the cache: an odd multiple of 64."""
    return (n // 64 + 2 | 1) * 64


class Room:
    """Scratch rows by name and room for written rows, grown when a larger block comes."""

    def __init__(self, counts: Mapping[str, int]) -> None:
        self.counts = counts
        self.size = (0, 0)
        self.named: dict[str, Array] = {}
        self.rows = np.zeros((len(ROW), 0), np.int64)

    def of(self, chosen: Chosen) -> tuple[dict[str, Array], Array]:
        persons, groups = len(chosen.home), len(chosen.size)
        if persons > self.size[0] or groups > self.size[1]:
            p, g = padded(max(persons, self.size[0])), padded(max(groups, self.size[1]))
            self.size = (p, g)
            for name, n, dtype in (
                ("SP", p, np.int64),
                ("FP", p, np.uint8),
                ("SG", g, np.int64),
                ("FG", g, np.uint8),
            ):
                whole = np.zeros((self.counts[name] + 1, n), dtype)
                self.named |= {f"{name}{i}": row for i, row in enumerate(whole)}
            self.named[DUE] = np.zeros(max(p, g), np.uint8)
            self.rows = np.zeros((len(ROW), max(p, g)), np.int64)
        return self.named, self.rows
