"""Tables in a text, whatever lays them out, as rows of cells.

Three layouts are read: cells set apart by tabs, a row a line; Word's, a cell a line that begins with a
tab, rows set apart by an empty line; and rows whose cells are set apart by blanks or stand bare, one a
line, under a heading that begins with 序号 (``bare_tables``).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from zhida.services.plan.flow import plain
from zhida.services.plan.lines import Line, lines_of
from zhida.services.plan.model import Span

LONGEST_CELL = 300
CAPTION = re.compile(r"(?:专栏|附?表)\s*[\d一二三四五六七八九十]{1,3}(?![\d.%])")
"""What stands above a table; below rows it begins the next one."""


@dataclass(frozen=True, slots=True)
class Cell:
    """``text`` as printed, at ``at`` of the plan's text; an empty cell has an empty span."""

    text: str
    at: Span

    @property
    def plain(self) -> str:
        return plain(self.text)


Row = tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """``title`` is a row of one cell above the others, or None. ``rows`` hold the rest, as laid out."""

    title: Cell | None
    rows: tuple[Row, ...]
    at: Span


def tables(text: str) -> list[Table]:
    """All tables laid out with tabs, in the order of the text."""
    lines = lines_of(text)
    found: list[Table] = []
    i = 0
    while i < len(lines):
        end, rows = _word(lines, i, text) if _is_word_cell(lines[i]) else _tabbed(lines, i)
        if rows:
            table = framed(rows, (lines[i].start, lines[end - 1].end))
            if table is not None:
                found.append(table)
                i = end
                continue
        i = max(end, i + 1) if rows else i + 1
    return found


def framed(rows: list[Row], at: Span) -> Table | None:
    """Rows as a table, its title taken off; None where they are no table (a framed paragraph)."""
    filled = [row for row in rows if any(c.text for c in row)]
    title = None
    if filled and sum(bool(c.text) for c in filled[0]) == 1 and len(filled) > 1:
        title = next(c for c in filled[0] if c.text)
        filled = filled[1:]
    wide = [row for row in filled if sum(bool(c.text) for c in row) > 1]
    if len(wide) < 2:
        return None
    return Table(title, tuple(filled), at)


def _is_word_cell(line: Line) -> bool:
    return line.text.startswith("\t") and "\t" not in line.text[1:].rstrip("\t ")


def _word(lines: list[Line], first: int, text: str) -> tuple[int, list[Row]]:
    """Word's layout from line ``first`` on: where it ends, and its rows."""
    rows: list[Row] = []
    cells: list[Span] = []
    i, empty = first, 0
    while i < len(lines):
        line = lines[i]
        if line.text.startswith("\t"):
            if "\t" in line.text[1:].rstrip("\t ") or (rows and not cells and CAPTION.match(line.clean)):
                break
            cells.append((line.start + 1, line.end))
            empty = 0
        elif line.blank:
            empty += 1
            if cells:
                rows.append(tuple(_trimmed(text, c) for c in cells))
                cells = []
            if empty > 1:
                break
        elif empty or not cells or cells[-1][1] - cells[-1][0] > LONGEST_CELL:
            break
        else:
            cells[-1] = (cells[-1][0], line.end)
        i += 1
    if cells:
        rows.append(tuple(_trimmed(text, c) for c in cells))
    while i > first and lines[i - 1].blank:
        i -= 1
    return max(i, first + 1), rows


def _trimmed(text: str, span: Span) -> Cell:
    part = text[span[0] : span[1]]
    start = span[0] + len(part) - len(part.lstrip())
    stripped = part.strip()
    return Cell(stripped, (start, start + len(stripped)) if stripped else (span[0], span[0]))


def _tabbed(lines: list[Line], first: int) -> tuple[int, list[Row]]:
    """Rows of tabs from line ``first`` on; a line of words alone between two rows belongs to them."""
    rows: list[Row] = []
    i = first
    while i < len(lines):
        line = lines[i]
        if rows and (CAPTION.match(line.clean) or _heads_again(rows, line)):
            break
        if "\t" in line.text.strip(" "):
            rows.append(_cells(line))
        elif not (rows and _heads_a_group(lines, i)):
            break
        else:
            rows.append(_cells(line))
        i += 1
    return i, rows


def _heads_again(rows: list[Row], line: Line) -> bool:
    """Whether a line is another heading of columns: a new table follows without a break."""
    first = _cells(line)[0].plain
    return first == "序号" and any(cell.plain == "序号" for row in rows for cell in row[:1])


def _heads_a_group(lines: list[Line], i: int) -> bool:
    words = lines[i].clean
    below = lines[i + 1].text if i + 1 < len(lines) else ""
    return 0 < len(words) <= 30 and not any(c in words for c in "。；，") and below.strip(" ").count("\t") > 1


def _cells(line: Line) -> Row:
    cells, start = [], line.start
    for piece in line.text.split("\t"):
        stripped = piece.strip()
        at = start + len(piece) - len(piece.lstrip()) if stripped else start
        cells.append(Cell(stripped, (at, at + len(stripped))))
        start += len(piece) + 1
    return tuple(cells)
