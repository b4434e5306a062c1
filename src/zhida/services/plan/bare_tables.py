"""Tables whose layout was lost: a cell a line without a tab, or cells set apart by blanks.

Read only where every row proves itself: its number comes next, its values stand where the heading wants
them, and what follows is a row again or no longer the table. The first row that does not ends the table
and is listed as unread, because a shifted column would be an invented value.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from zhida.services.plan.columns import columns, year_of
from zhida.services.plan.flow import plain
from zhida.services.plan.lines import Line
from zhida.services.plan.model import Span, Unread
from zhida.services.plan.tables import Cell, Row, Table
from zhida.services.plan.values import given, is_nothing

ROLE = re.compile(
    r"(?:规划|预期)?目标值?|实际值?|完成值|完成情况|现状值?|计划|年均(?:增长|增速)率?|增长率?|属性|值|（.{1,8}）|[（(]%[)）]"
)
TAKES_ROLE = re.compile(
    r"(?:19|20)\d\d年?|指标|计划|年均增[长速]率?|主要指标|目标值?|实际值?|(?:19|20)\d\d年计划"
)
KIND = re.compile(r"预期性?|约束性?")
PROSE = re.compile(r"[。；]")
LONGEST = 60
WIDEST = 12
MOST_LINES = 4000


def bare_tables(lines: Sequence[Line], taken: Sequence[Span]) -> tuple[list[Table], list[Unread]]:
    """The tables without tabs, and the rows at which reading them had to stop."""
    found: list[Table] = []
    unread: list[Unread] = []
    free = [x for x in lines if not any(a <= x.start and x.end <= b for a, b in taken)]
    i = 0
    while i < len(free):
        words = plain(free[i].text)
        end = i
        if words == "序号":
            end = _by_lines(free, i, found, unread)
        elif words.startswith(("序号", "指标", "主要指标")) and len(free[i].text.split()) > 2:
            end = _by_blanks(free, i, found, unread)
        i = max(end, i + 1)
    return found, unread


def _cell(line: Line) -> Cell:
    stripped = line.text.strip()
    start = line.start + len(line.text) - len(line.text.lstrip())
    return Cell(stripped, (start, start + len(stripped)))


def _title(lines: Sequence[Line], first: int) -> Cell | None:
    above = next((x for x in reversed(lines[max(0, first - 3) : first]) if not x.blank), None)
    if above is None or len(above.clean) > LONGEST or not re.search("专栏|^附?表|指标", above.clean):
        return None
    return _cell(above)


def _by_lines(lines: Sequence[Line], first: int, found: list[Table], unread: list[Unread]) -> int:
    cells = [_cell(lines[first])]
    for line in lines[first + 1 : first + MOST_LINES]:
        if plain(line.text) == "序号":
            break
        if not line.blank:
            cells.append(_cell(line))
    start = next((i for i, c in enumerate(cells[: 3 * WIDEST]) if c.plain == "1"), None)
    if start is None or start < 3:
        return first + 1
    head = _merged_head(cells[:start])
    if _is_group(cells, start - 1, 1) and not _in_heading(head[-1]):
        head, start = head[:-1], start - 1
    rows, at = _rows_by_lines(cells, start, head)
    if not rows:
        return first + 1
    last = rows[-1][-1].at[1]
    if at < len(cells) and re.fullmatch(r"\d{1,3}", cells[at].plain):
        unread.append(Unread(cells[at].at, "表格从这里起对不上表头，没有读下去"))
    found.append(Table(_title(lines, first), (tuple(head), *rows), (cells[0].at[0], last)))
    return next((i for i in range(first, len(lines)) if lines[i].start >= last), len(lines))


def _in_heading(cell: Cell) -> bool:
    """Whether a cell is of a heading and not the name of the first group."""
    words = cell.plain
    return (
        year_of(words) is not None
        or ROLE.search(words) is not None
        or re.search("单位|备注|责任", words) is not None
    )


def _merged_head(cells: Sequence[Cell]) -> list[Cell]:
    """Pieces of a heading that were broken into lines: 2025年 / 目标值."""
    head: list[Cell] = []
    for cell in cells:
        if head and ROLE.fullmatch(cell.plain) and TAKES_ROLE.fullmatch(head[-1].plain):
            before = head.pop()
            head.append(Cell(f"{before.text}\n{cell.text}", (before.at[0], cell.at[1])))
        else:
            head.append(cell)
    return head


def _rows_by_lines(cells: Sequence[Cell], start: int, head: Sequence[Cell]) -> tuple[list[Row], int]:
    wants = _wants(head)
    rows: list[Row] = []
    if wants is None:
        return rows, start
    width, at, number, labelled = len(head), start, 1, False
    while at < len(cells):
        row, size, labelled, counted = _next_row(cells, at, number, width, wants, labelled)
        if row is None or not _fits_on(cells, at + size, number + counted, labelled):
            break
        rows.append(row)
        at += size
        number += counted
    return rows, at


Wants = Callable[[Sequence[Cell]], bool]


def _wants(head: Sequence[Cell]) -> Wants | None:
    """A test of the cells behind the name: each is a value, a unit or a kind as its column wants."""
    cols = columns((tuple(head),), None)
    if cols is None or cols.number != 0 or cols.name != 1:
        return None
    kind, unit = cols.kind, cols.unit

    def test(cells: Sequence[Cell]) -> bool:
        for i, cell in enumerate(cells, start=2):
            words = cell.plain
            if i == kind:
                if not KIND.fullmatch(words):
                    return False
            elif i == unit:
                if len(words) > 8 or words.isdigit():
                    return False
            elif not is_nothing(words) and given(words) is None:
                return False
        return len(cells) == len(head) - 2

    return test


def _next_row(
    cells: Sequence[Cell], at: int, number: int, width: int, wants: Wants, labelled: bool
) -> tuple[Row | None, int, bool, int]:
    """The row at ``at``: its cells, how many were taken, whether it has a label, whether it counts on."""
    here = cells[at].plain
    none = Cell("", (cells[at].at[0], cells[at].at[0]))
    if here == str(number) and at + 1 < len(cells) and not cells[at + 1].plain.isdigit():
        if wants(cells[at + 2 : at + width]):
            return tuple(cells[at : at + width]), width, False, 1
        if at + 2 < len(cells) and _is_label(cells[at + 2]) and wants(cells[at + 3 : at + width + 1]):
            return tuple(cells[at : at + width + 1]), width + 1, True, 1
        return None, 0, False, 0
    if here.startswith("其中") and wants(cells[at + 1 : at + width - 1]):
        return (none, *cells[at : at + width - 1]), width - 1, False, 0
    if labelled and _is_label(cells[at]) and wants(cells[at + 1 : at + width - 1]):
        return (none, none, *cells[at : at + width - 1]), width - 1, True, 0
    if _is_group(cells, at, number):
        return (cells[at],), 1, False, 0
    return None, 0, False, 0


def _is_label(cell: Cell) -> bool:
    words = cell.plain
    return 0 < len(words) <= 12 and re.search(r"\d", words) is None and not is_nothing(words)


def _is_group(cells: Sequence[Cell], at: int, number: int) -> bool:
    words = cells[at].plain
    following = cells[at + 1].plain if at + 1 < len(cells) else ""
    return following == str(number) and len(words) <= 30 and given(words) is None and not PROSE.search(words)


def _fits_on(cells: Sequence[Cell], at: int, number: int, labelled: bool) -> bool:
    """Whether what follows a row is a row or a group again, or no longer the table."""
    if at >= len(cells):
        return True
    words = cells[at].plain
    if words == str(number) or words.startswith("其中") or _is_group(cells, at, number):
        return True
    if labelled and _is_label(cells[at]):
        return True
    following = cells[at + 1].plain if at + 1 < len(cells) else ""
    over = len(words) > 30 or PROSE.search(words) is not None or re.match(r"[一二三四五六七八九十（]", words)
    return bool(over) or (given(words) is None and given(following) is None and not is_nothing(words))


def _by_blanks(lines: Sequence[Line], first: int, found: list[Table], unread: list[Unread]) -> int:
    head = _words(lines[first])
    body = first + 1
    while body < len(lines) and lines[body].blank:
        body += 1
    numbered = head[0].plain == "序号"
    rows: list[Row] = []
    for cells in (head, _merged_head(head)):
        rows, end = _rows_by_blanks(lines, body, cells, numbered)
        if rows:
            at = (head[0].at[0], rows[-1][-1].at[1])
            found.append(Table(_title(lines, first), (tuple(cells), *rows), at))
            if end < len(lines) and re.match(r"\s*\d{1,3}\s+\S", lines[end].text):
                unread.append(Unread((lines[end].start, lines[end].end), "这一行对不上表头，没有读"))
            return end
    return first + 1


def _words(line: Line) -> list[Cell]:
    at = line.start
    return [Cell(hit.group(), (at + hit.start(), at + hit.end())) for hit in re.finditer(r"\S+", line.text)]


def _rows_by_blanks(
    lines: Sequence[Line], body: int, head: Sequence[Cell], numbered: bool
) -> tuple[list[Row], int]:
    number = Cell("序号", (head[0].at[0], head[0].at[0]))
    wants = _wants(list(head) if numbered else [number, *head])
    rows: list[Row] = []
    i, counted, labelled = body, 1, False
    if wants is None:
        return rows, body
    behind = len(head) - (2 if numbered else 1)
    while i < len(lines) and not lines[i].blank:
        cells = _words(lines[i])
        own = numbered and cells[0].plain == str(counted)
        names, values = cells[1 if own else 0 : len(cells) - behind], cells[len(cells) - behind :]
        none = Cell("", (cells[0].at[0], cells[0].at[0]))
        lead = [cells[0]] if own else [none] if numbered else []
        label = len(names) == 1 and _is_label(names[0])
        if len(cells) == 1 and _heads_rows(lines, i, numbered, counted):
            rows.append((cells[0],))
        elif not names or not wants(values):
            break
        elif own and len(names) > 1 and _is_label(names[-1]) and _labels_follow(lines, i, behind, wants):
            rows.append((*lead, _named(names[:-1]), names[-1], *values))
            labelled = True
        elif own or not numbered or names[0].text.startswith("其中"):
            rows.append((*lead, _named(names), *values))
            labelled = False
        elif labelled and label:
            rows.append((none, none, names[0], *values))
        else:
            break
        counted += own
        i += 1
    return (rows, i) if any(len(row) > 1 for row in rows) else ([], body)


def _named(cells: Sequence[Cell]) -> Cell:
    return Cell("".join(c.text for c in cells), (cells[0].at[0], cells[-1].at[1]))


def _labels_follow(lines: Sequence[Line], i: int, behind: int, wants: Wants) -> bool:
    """Whether the next line is a label with values alone, so that this one ends with a label too."""
    cells = _words(lines[i + 1]) if i + 1 < len(lines) and not lines[i + 1].blank else []
    return len(cells) == behind + 1 and _is_label(cells[0]) and wants(cells[1:])


def _heads_rows(lines: Sequence[Line], i: int, numbered: bool, counted: int) -> bool:
    if not numbered or i + 1 >= len(lines) or PROSE.search(lines[i].text):
        return False
    return lines[i + 1].text.split()[:1] == [str(counted)]
