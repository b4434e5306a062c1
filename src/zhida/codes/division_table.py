"""Reading and checking the division table: every problem at once, with its line and what to do."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from operator import itemgetter
from pathlib import Path

from zhida.codes.divisions import LEVELS, Division, DivisionError, level_of
from zhida.codes.errors import CodeError, shown
from zhida.codes.months import parse_day

COLUMNS = ("code", "name", "parent", "level", "from", "until", "successor", "overlay")

Row = tuple[int, Sequence[str]]

_LEVEL = {str(level): level for level in range(1, 6)}
_FULL = re.compile(r"(?!00)[0-9]{12}").fullmatch


def read_csv(path: Path) -> list[Division]:
    """The divisions of a CSV file (UTF-8, header line). Raises DivisionError with every problem."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise DivisionError(
            path.name, [(1, f"byte {error.start} is not UTF-8: save the file as UTF-8.")]
        ) from None
    except OSError as error:
        raise DivisionError(
            path.name, [(1, f"cannot be read ({error.strerror}): put the table there.")]
        ) from None
    problems: list[tuple[int, str]] = []
    return _checked(_table(text, path.name, problems), path.name, problems)


def _table(text: str, file: str, problems: list[tuple[int, str]]) -> Iterator[Row]:
    """Each line of the table with its cells in the order of COLUMNS."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    line, order = 1, None
    try:
        for cells in reader:
            if cells and order is None:
                order = _order(cells, file)
            elif cells and len(cells) != len(COLUMNS):
                problems.append((line, f"has {len(cells)} cells: a line must have {len(COLUMNS)}."))
            elif cells and order is not None:
                yield line, order(cells)
            line = reader.line_num + 1
    except csv.Error as error:
        problems.append((line, f"not a line of CSV ({error}): correct the quotes."))
    if order is None and not problems:
        problems.append((1, f"the table is empty: begin with the line {','.join(COLUMNS)}."))


def _order(header: Sequence[str], file: str) -> Callable[[Sequence[str]], Sequence[str]]:
    names = [name.strip() for name in header]
    if sorted(names) != sorted(COLUMNS):
        text = f"columns are {shown(','.join(names), 80)}: they must be {','.join(COLUMNS)}."
        raise DivisionError(file, [(1, text)])
    return itemgetter(*(names.index(name) for name in COLUMNS))


def read_rows(rows: Iterable[Mapping[str, str]], file: str) -> list[Division]:
    """Like ``read_csv`` for mappings of the same columns; a missing one is empty. Lines count from 2."""
    table = [(line, [str(row.get(name) or "") for name in COLUMNS]) for line, row in enumerate(rows, start=2)]
    return _checked(table, file, [])


def _checked(rows: Iterable[Row], file: str, problems: list[tuple[int, str]]) -> list[Division]:
    found: dict[str, Division] = {}
    lines: dict[str, int] = {}
    for line, cells in rows:
        texts: list[str] = []
        division = _division(cells, texts)
        if division.code in found:
            first = lines[division.code]
            texts.append(f"{division.code} stands already in line {first}: keep one of them.")
        else:
            found[division.code] = division
            lines[division.code] = line
        if texts:
            problems.extend((line, text) for text in texts)
    if not found and not problems:
        problems.append((1, "the table has no divisions: add a line for the territory."))
    top = min((d.level for d in found.values() if not d.parent and d.level), default=0)
    bad = {line for line, _ in problems}
    for code, division in found.items():
        # What a line says of itself comes first; beside others only a line that is right in itself.
        if lines[code] not in bad:
            problems.extend((lines[code], text) for text in _misfits(division, found, top))
    if problems:  # a circle of parents has a parent of a wrong level, one of successors a wrong date
        problems.extend((lines[code], text) for code, text in _cycles(found))
        raise DivisionError(file, sorted(problems))
    return list(found.values())


def _division(cells: Sequence[str], texts: list[str]) -> Division:
    """The division of one line; what is wrong with the line in itself goes to ``texts``."""
    code, name, parent, level_text, start_text, until_text, successor, overlay_text = map(str.strip, cells)
    if not _FULL(code):
        texts.append(f"code {shown(code)} is not a division code: write 12 digits.")
    if not name:
        texts.append(f"{code} has no name: write it.")
    if parent and not _FULL(parent):
        texts.append(
            f"parent {shown(parent)} is not a division code: write 12 digits, or nothing at the top."
        )
    level = _LEVEL.get(level_text, 0)
    if not level:
        texts.append(f"level {shown(level_text)} is not one of 1 to 5 ({', '.join(LEVELS)}).")
    if overlay_text not in ("", "0", "1"):
        texts.append(f"overlay {shown(overlay_text)} is neither 1 nor 0: write 1 for a zone, else nothing.")
    successors = tuple(part.strip() for part in successor.split(";")) if successor else ()
    for one in successors:
        if not _FULL(one):
            texts.append(
                f"successor {shown(one)} is not a division code: write 12 digits, several joined by ';'."
            )
    start = _day("from", start_text, texts) if start_text else None
    until = _day("until", until_text, texts) if until_text else None
    return Division(code, name, parent, level, start, until, successors, overlay_text == "1")


def _day(column: str, text: str, texts: list[str]) -> date | None:
    try:
        return parse_day(text)
    except CodeError as error:
        texts.append(f"{column}: {error}")
        return None


def _misfits(division: Division, found: Mapping[str, Division], top: int) -> list[str]:
    """What is wrong with a division beside the others."""
    code, texts = division.code, []
    by_code = level_of(code)
    # A zone's code is often not of the level at which it governs.
    if by_code != division.level and not division.overlay:
        texts.append(f"{code} has level {division.level} but its digits say {by_code}: correct one of them.")
    texts += _parent_misfits(division, found, top)
    if division.start and division.until and division.start >= division.until:
        texts.append(
            f"{code} ends on {division.until}, not after it begins on {division.start}: correct the dates."
        )
    if division.successors and division.until is None:
        texts.append(f"{code} has a successor but no `until`: write the first day on which it was no more.")
    for one in division.successors:
        successor = found.get(one)
        if successor is None:
            texts.append(f"successor {one} of {code} is not in the table: add its line or correct the code.")
        elif one == code:
            texts.append(f"{code} is its own successor: name the division that took over.")
        elif division.until and not successor.in_force(division.until):
            texts.append(
                f"successor {one} of {code} is not in force on {division.until}, when it must take over: "
                "correct the dates of one of them."
            )
    return texts


def _parent_misfits(division: Division, found: Mapping[str, Division], top: int) -> list[str]:
    code = division.code
    if not division.parent:
        if division.overlay or division.level != top:
            return [f"{code} has no parent: only divisions of the highest level may have none."]
        return []
    parent = found.get(division.parent)
    if parent is None:
        return [f"parent {division.parent} of {code} is not in the table: add its line or correct the code."]
    if parent.level >= division.level:
        return [
            f"{code} has level {division.level} but its parent {parent.code} has level {parent.level}: "
            "a parent's level must be the smaller number."
        ]
    return []


def _cycles(found: Mapping[str, Division]) -> list[tuple[str, str]]:
    """One (code, sentence) for each circle of parents and each circle of successors."""
    parents = {code: (d.parent,) for code, d in found.items() if d.parent}
    successors = {code: tuple(s for s in d.successors if s != code) for code, d in found.items()}
    return [
        (circle[0], f"{' → '.join(circle)} is a circle of {word}: correct one of them.")
        for word, edges in (("parents", parents), ("successors", successors))
        for circle in _circles(edges)
    ]


def _circles(edges: Mapping[str, tuple[str, ...]]) -> list[list[str]]:
    """A walk in depth with a path of its own: a table can be deeper than Python's stack."""
    done: set[str] = set()
    circles: list[list[str]] = []
    for first in edges:
        if first in done:
            continue
        path: list[str] = [first]
        on_path = {first}
        waiting = [iter(edges[first])]
        while waiting:
            for code in waiting[-1]:
                if code in on_path:
                    circles.append([*path[path.index(code) :], code])
                elif code not in done and code in edges:
                    path.append(code)
                    on_path.add(code)
                    waiting.append(iter(edges[code]))
                    break
            else:
                waiting.pop()
                done.add(path[-1])
                on_path.discard(path.pop())
    return circles
