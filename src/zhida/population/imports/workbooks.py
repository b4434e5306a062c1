"""Excel workbooks (.xlsx): looked over as packed XML before anything is opened, then read sheet-wise."""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from zhida.population.imports.cells import Batch, Cells, Progress
from zhida.population.imports.contract import SourceContract
from zhida.population.imports.errors import FileRefused
from zhida.population.imports.headers import Header, read_header
from zhida.population.imports.table import Table
from zhida.population.imports.written import written

MOST_ROWS = 1_048_576
MOST_CELLS = 40_000_000
MOST_UNPACKED = 3 * 1024**3
MOST_RATIO = 300
"""Bytes of XML for one packed byte, in parts of more than 16 MB: no table packs so well."""
_LARGE = 16 * 1024**2
_CHUNK = 1024**2
_TAIL = 256
_ROWS = 20_000
_SHEET = re.compile(r"xl/worksheets/[^/]+\.xml")
_CELL = rb'<c [^>]*?r="([A-Z]{1,3}[0-9]{1,7})"[^>]*>'
_FORMULA = re.compile(_CELL + rb"\s*<f[ >/]")
_ERROR = re.compile(rb'<c (?=[^>]*t="e")[^>]*?r="([A-Z]{1,3}[0-9]{1,7})"')
_MERGED = re.compile(rb'<mergeCell [^>]*ref="([A-Z0-9:]+)"')
_REFUSED = (
    (_FORMULA, "holds a formula: paste the columns as values"),
    (_ERROR, "holds an error such as #N/A: put the value there"),
    (_MERGED, "is merged from several cells: undo the merging and fill each cell"),
)
_PLACE = re.compile(rb'<c (?:[^>]*? )?r="([A-Z]{1,3})([0-9]{1,7})"')
_FILLED = re.compile(rb"<(?:v|t)[ >]")
_BROKEN = (zipfile.BadZipFile, zlib.error, RuntimeError, EOFError, ValueError, OSError)
_OPEN = "The workbook can't be opened ({}): save it again as .xlsx, without a password."


def open_workbook(path: Path, source: SourceContract) -> Table:
    """Raises FileRefused, OSError."""
    sheet, rows = _look_over(path)
    with _Sheet(path, sheet) as opened:
        first = list(islice((r for r in opened.rows() if any(r)), 3))
    if not first:
        raise FileRefused("The workbook holds no cells: export it again.")
    header = read_header(source, first[0], first[1:])
    return Table(header, "Excel", partial(_batches, path, sheet, header), max(0, rows - 1))


def _look_over(path: Path) -> tuple[int, int]:
    """(index of the only sheet with cells, its rows). Reads all that is packed, some of it at a time."""
    path.open("rb").close()  # whoever may not read it is told so
    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
            if sum(p.file_size for p in parts) > MOST_UNPACKED or len(parts) > 10_000:
                raise FileRefused("The workbook unpacks to more than 3 GB: send CSV.")
            for part in parts:
                if part.file_size > _LARGE and part.file_size > MOST_RATIO * max(1, part.compress_size):
                    raise FileRefused("The workbook is packed like no table is (a zip bomb?): send CSV.")
            seen = {p.filename: _look_at(archive, p) for p in parts}
    except _BROKEN as error:
        raise FileRefused(_OPEN.format(type(error).__name__)) from None
    names = _sheet_parts(path, list(seen))
    filled = [i for i, name in enumerate(names) if seen[name].cells]
    if len(filled) > 1:
        raise FileRefused(
            f"{len(filled)} sheets of the workbook hold cells: keep one, or save each as a file."
        )
    if not filled:
        raise FileRefused("The workbook holds no cells: export it again.")
    found = seen[names[filled[0]]]
    if found.rows > MOST_ROWS or found.cells > MOST_CELLS:
        raise FileRefused(f"The sheet has {found.rows} rows and {found.cells} cells: send CSV.")
    if found.last_row > MOST_ROWS or found.last_row * found.last_column > MOST_CELLS:
        raise FileRefused(
            f"A cell of the sheet stands in row {found.last_row} or column {found.last_column}, far from the "
            "others: delete the rows and columns behind the table."
        )
    return filled[0], found.rows


@dataclass(frozen=True, slots=True)
class _Seen:
    rows: int
    cells: int
    last_row: int
    last_column: int


def _look_at(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> _Seen:
    """Counts rows and cells of a sheet; raises FileRefused for what would be read wrongly."""
    sheet = _SHEET.fullmatch(part.filename) is not None
    xml = part.filename.endswith((".xml", ".rels"))
    rows = cells = last_row = last_column = 0
    tail = b""
    with archive.open(part) as file:
        while chunk := file.read(_CHUNK):
            text = tail + chunk
            if xml and (b"<!DOCTYPE" in text or b"<!ENTITY" in text):
                raise FileRefused("The workbook declares entities, which no spreadsheet does: save it again.")
            if sheet:
                for pattern, says in _REFUSED:
                    match = pattern.search(text)
                    if match is not None:
                        raise FileRefused(f"{match[1].decode()} {says}.")
                rows += text.count(b"<row ") - tail.count(b"<row ")
                places = _PLACE.findall(text)
                last_row = max(last_row, *(int(row) for _, row in places), 0)
                last_column = max(last_column, *(_column(c) for c in {c for c, _ in places}), 0)
                cells += len(_FILLED.findall(text)) - len(_FILLED.findall(tail))
            tail = text[-_TAIL:]
    return _Seen(rows, cells, last_row, last_column)


def _column(letters: bytes) -> int:
    """A → 1, Z → 26, AA → 27."""
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def _sheet_parts(path: Path, parts: list[str]) -> list[str]:
    """The part of each sheet, in the order of the workbook."""
    with zipfile.ZipFile(path) as archive:
        try:
            book = archive.read("xl/workbook.xml").decode("utf-8", "replace")
            links = archive.read("xl/_rels/workbook.xml.rels").decode("utf-8", "replace")
        except KeyError as error:
            raise FileRefused(_OPEN.format(f"no {error.args[0]}")) from None
    targets = {}
    for tag in re.findall(r"<(?:\w+:)?Relationship [^>]*>", links):
        id, target = (re.search(rf'\b{k}="([^"]*)"', tag) for k in ("Id", "Target"))
        if id and target:
            name = target[1].lstrip("/")
            targets[id[1]] = name if name.startswith("xl/") else f"xl/{name}"
    found = []
    for tag in re.findall(r"<(?:\w+:)?sheet [^>]*>", book):
        id = re.search(r'\b\w+:id="([^"]*)"', tag)
        name = targets.get(id[1], "") if id else ""
        if name not in parts:
            raise FileRefused(_OPEN.format("a sheet is missing"))
        found.append(name)
    if not found:
        raise FileRefused(_OPEN.format("it has no sheet"))
    return found


class _Sheet:
    """One sheet, in memory while it is open: some 2 kB a row of 13 cells."""

    def __init__(self, path: Path, index: int) -> None:
        import python_calamine

        try:
            self._book = python_calamine.CalamineWorkbook.from_path(str(path))
            self._sheet = self._book.get_sheet_by_index(index)
        except BaseException as error:
            raise _unreadable(error) from None

    def __enter__(self) -> _Sheet:
        return self

    def __exit__(self, *_: object) -> None:
        self._book.close()

    def rows(self) -> Iterator[list[str]]:
        """Each row of the sheet from its first, as text."""
        rows = iter(self._sheet.iter_rows())
        while True:
            try:
                row: list[Any] | None = next(rows, None)
            except BaseException as error:
                raise _unreadable(error) from None
            if row is None:
                return
            yield [written(value) for value in row]


def _unreadable(error: BaseException) -> BaseException:
    """A sentence for what the reader of workbooks raises, its own panics too, which are no ``Exception``."""
    ours = isinstance(error, Exception) or type(error).__name__ == "PanicException"
    return FileRefused(_OPEN.format(type(error).__name__)) if ours else error


def _batches(path: Path, index: int, header: Header, progress: Progress) -> Iterator[Batch]:
    size = path.stat().st_size
    with _Sheet(path, index) as sheet:
        headed = False
        lines: list[int] = []
        held: dict[str, list[str]] = {id: [] for id in header.places}
        blank = 0
        for number, row in enumerate(sheet.rows(), start=1):
            cells = {id: row[place] if place < len(row) else "" for id, place in header.places.items()}
            if not headed:
                headed = any(row)
                continue
            if not any(c.strip() for c in cells.values()):
                blank += 1
                continue
            lines.append(number)
            for id, cell in cells.items():
                held[id].append(cell)
            if len(lines) == _ROWS:
                yield _batch(lines, held, blank)
                lines, held, blank = [], {id: [] for id in header.places}, 0
        yield _batch(lines, held, blank)
    progress(size)


def _batch(lines: list[int], held: dict[str, list[str]], blank: int) -> Batch:
    columns = {id: Cells.of_strings(pa.array(cells, pa.string())) for id, cells in held.items()}
    return Batch(np.array(lines, np.int64), columns, (), blank)
