"""Rows of real tables as text: a row a line, cells set apart by tabs, so that one reader reads all tables."""

from __future__ import annotations

import re
from collections.abc import Sequence

_SPACE = re.compile(r"\s+")


def one_line(text: str) -> str:
    """The text of a cell or paragraph on one line, white space collapsed."""
    return _SPACE.sub(" ", text).strip()


def row_line(cells: Sequence[str]) -> str:
    """A row; a table of one column is a line of words."""
    return "\t".join(one_line(cell) for cell in cells)


class Grid:
    """A table with merged cells, laid out so that each cell has its column; a merged one is empty below
    and to the right of its text."""

    def __init__(self, widest: int = 200) -> None:
        self.widest = widest
        self.rows: list[list[str]] = []
        self._below: dict[int, int] = {}

    def row(self, cells: Sequence[tuple[str, int, int]]) -> None:
        """Adds a row of (text, columns, rows)."""
        line: list[str] = []
        below = {column: left - 1 for column, left in self._below.items() if left > 1}

        def fill() -> None:
            while self._below.get(len(line), 0) > 0 and len(line) < self.widest:
                line.append("")

        for text, across, down in cells:
            fill()
            start = len(line)
            width = max(1, min(across, self.widest - start))
            line += [text, *[""] * (width - 1)]
            if down > 1:
                below |= {start + i: min(down, 10_000) - 1 for i in range(width)}
        fill()
        self.rows.append(line)
        self._below = below

    def lines(self) -> list[str]:
        """The rows as lines of one width."""
        width = max((len(row) for row in self.rows), default=0)
        return [row_line([*row, *[""] * (width - len(row))]) for row in self.rows]
