"""A node of the intermediate form, its constants, and what hangs on what."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

INT64_MAX = 2**63 - 1
INT64_MIN = -(2**63)
NA_BIT = 1 << 62
MAX_MEMBERS = 1000
"""A unit with more members is refused: overflow is proved for this many."""

MAX_KIN = 100
"""The most kin of one sort that a person may have."""

MOST_MONTHS = 10_000 * 12
"""Between any two days that a calendar has."""

PERSON = "person"
SCALAR = ""

YES, NO, NA = 1, 2, 4
"""Bits of a truth set."""


class RangeError(ValueError):
    """A value may leave int64, or a denominator may be zero; the text says which."""


@dataclass(frozen=True, slots=True, eq=False)
class Node:
    """``data`` holds what is not a node: a constant, a field id, a link, a mask …"""

    id: int
    op: str
    kind: str
    unit: str
    args: tuple[Node, ...]
    data: tuple[object, ...]
    lo: int
    hi: int
    na: bool

    def __repr__(self) -> str:
        args = ", ".join(f"%{a.id}" for a in self.args)
        return f"%{self.id} = {self.op}[{self.unit}]({args}){list(self.data) or ''}"


@dataclass(frozen=True, slots=True)
class Unknown:
    """All that a value may be of whom nothing is known. A link keeps it, whatever is presumed or proved of
    those who are known."""

    lo: int
    hi: int
    na: bool

    @classmethod
    def of(cls, node: Node) -> Unknown:
        return cls(node.lo, node.hi, node.na)


def cone(roots: Iterable[Node]) -> list[Node]:
    """All nodes that the roots hang on, arguments before users."""
    seen: dict[int, Node] = {}
    todo = list(roots)
    while todo:
        node = todo.pop()
        if node.id not in seen:
            seen[node.id] = node
            todo.extend(node.args)
    return [seen[i] for i in sorted(seen)]
