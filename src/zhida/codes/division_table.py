"""Reading and checking the division table: every problem at once, with its line and what to do."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path

from zhida.codes.divisions import LEVELS, Division, DivisionError, normalise
from zhida.codes.errors import CodeError, shown
from zhida.codes.months import parse_day

COLUMNS = ("code", "name", "parent", "level", "from", "until", "successor", "overlay")

Row = tuple[int, Sequence[str]]


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
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    lines: list[tuple[int, list[str]]] = []
    start = 1
    try:
        for row in reader:
            if row:
                lines.append((start, row))
            start = reader.line_num + 1
    except csv.Error as error:
        raise DivisionError(
            path.name, [(start, f"not a line of CSV ({error}): correct the quotes.")]
        ) from None
    if not lines:
        raise DivisionError(
            path.name, [(1, "the table is empty: begin with the line " + ",".join(COLUMNS) + ".")]
        )
    header = [name.strip() for name in lines[0][1]]
    if sorted(header) != sorted(COLUMNS):
        raise DivisionError(
            path.name, [(1, f"columns are {shown(','.join(header), 80)}: they must be {','.join(COLUMNS)}.")]
        )
    order = [header.index(name) for name in COLUMNS]
    problems: list[tuple[int, str]] = []
    rows: list[Row] = []
    for line, cells in lines[1:]:
        if len(cells) != len(COLUMNS):
            problems.append((line, f"has {len(cells)} cells: a line must have {len(COLUMNS)}."))
        else:
            rows.append((line, [cells[i] for i in order]))
    return _checked(rows, path.name, problems)


def read_rows(rows: Iterable[Mapping[str, str]], file: str) -> list[Division]:
    """Like ``read_csv`` for mappings of the same columns; a missing one is empty. Lines count from 2."""
    table = [(line, [str(row.get(name) or "") for name in COLUMNS]) for line, row in enumerate(rows, start=2)]
    return _checked(table, file, [])


def _checked(rows: Iterable[Row], file: str, problems: list[tuple[int, str]]) -> list[Division]:
    found: dict[str, Division] = {}
    lines: dict[str, int] = {}
    for line, cells in rows:
        division = _division(line, cells, problems)
        if division is None:
            continue
        if division.code in found:
            problems.append(
                (line, f"{division.code} stands already in line {lines[division.code]}: keep one of them.")
            )
            continue
        found[division.code] = division
        lines[division.code] = line
    if not found and not problems:
        problems.append((1, "the table has no divisions: add a line for the territory."))
    top = min((d.level for d in found.values() if not d.parent), default=0)
    for code, division in found.items():
        for text in _misfits(division, found, top):
            problems.append((lines[code], text))
    problems.extend((lines[code], text) for code, text in _cycles(found))
    if problems:
        raise DivisionError(file, sorted(problems))
    return list(found.values())


def _division(line: int, cells: Sequence[str], problems: list[tuple[int, str]]) -> Division | None:
    code, name, parent, level_text, start_text, until_text, successor, overlay_text = (
        c.strip() for c in cells
    )
    before = len(problems)

    def say(text: str) -> None:
        problems.append((line, text))

    if not _is_full(code):
        say(f"code {shown(code)} is not a division code: write 12 digits.")
    if not name:
        say(f"{code} has no name: write it.")
    if parent and not _is_full(parent):
        say(f"parent {shown(parent)} is not a division code: write 12 digits, or nothing at the top.")
    if level_text not in ("1", "2", "3", "4", "5"):
        say(f"level {shown(level_text)} is not one of 1 to 5 ({', '.join(LEVELS)}).")
    if overlay_text not in ("", "0", "1"):
        say(f"overlay {shown(overlay_text)} is neither 1 nor 0: write 1 for a zone, else nothing.")
    successors = tuple(part.strip() for part in successor.split(";")) if successor else ()
    for one in successors:
        if not _is_full(one):
            say(f"successor {shown(one)} is not a division code: write 12 digits, several joined by ';'.")
    start, until = _day("from", start_text, say), _day("until", until_text, say)
    if len(problems) > before:
        return None
    return Division(code, name, parent, int(level_text), start, until, successors, overlay_text == "1")


def _day(column: str, text: str, say: Callable[[str], None]) -> date | None:
    if not text:
        return None
    try:
        return parse_day(text)
    except CodeError as error:
        say(f"{column}: {error}")
        return None


def _is_full(code: str) -> bool:
    return len(code) == 12 and code.isascii() and code.isdigit() and not code.startswith("00")


def _misfits(division: Division, found: Mapping[str, Division], top: int) -> list[str]:
    """What is wrong with a division beside the others."""
    code, texts = division.code, []
    by_code = normalise(code)[1]
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
    parents = {code: (d.parent,) if d.parent else () for code, d in found.items()}
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
