"""CSV as departments write it: UTF-8 with or without a byte order mark, GBK or GB18030; block by block."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zhida.population.imports.cells import Batch, BrokenRow, Cells, Progress
from zhida.population.imports.contract import SourceContract
from zhida.population.imports.errors import FileRefused
from zhida.population.imports.headers import Header, read_header, score
from zhida.population.imports.table import Table
from zhida.population.imports.tokens import LONGEST_LINE, RowState, empty_rows, tokenise

BLOCK = 12 * 1024 * 1024
_SAMPLE = 1024 * 1024
_ROWS = 100_000
_WIDEST = 1_000
_DELIMITERS = (",", "\t", ";", "，", "|")
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_NAMES = {"utf-8": "UTF-8", "gb18030": "GB18030"}


def open_text(path: Path, source: SourceContract) -> Table:
    """Tells encoding, delimiter and header. Raises FileRefused, OSError."""
    with path.open("rb") as file:
        sample = file.read(_SAMPLE)
    if not sample.strip():
        raise FileRefused("The file is empty: export it again.")
    if sample.startswith(_UTF16):
        raise FileRefused("The file is UTF-16: export it as UTF-8 or GB18030.")
    if sample[:2] == b"PK" or sample[:4] in (b"PAR1", b"\xd0\xcf\x11\xe0"):
        raise FileRefused("The file is no text, whatever its name says: name it after what it is.")
    if sample.count(b"\0") > len(sample) // 4:
        raise FileRefused("The file is no text: export it as CSV.")
    marked = sample.startswith(codecs.BOM_UTF8)
    choices = [c for c in (_try(sample, e, source) for e in ("utf-8", "gb18030")) if c is not None]
    if not choices:
        raise FileRefused("The first line is no header: begin with the names of the columns.")
    best = max(choices, key=lambda c: (c[0], c[1] == "utf-8"))
    if marked:
        best = next((c for c in choices if c[1] == "utf-8"), best)
    _, encoding, delimiter, rows = best
    if delimiter == "，":
        raise FileRefused("The columns are separated by full-width commas: export with plain commas.")
    header = read_header(source, rows[0], [r for r in rows[1:] if any(c.strip() for c in r)])
    form = f"CSV {_NAMES[encoding]}{' BOM' if marked else ''}"
    return Table(header, form, partial(_batches, path, encoding, ord(delimiter), header))


def _try(
    sample: bytes, encoding: str, source: SourceContract
) -> tuple[int, str, str, list[list[str]]] | None:
    """(headers found, encoding, delimiter, first rows) of the best delimiter, or None without a row."""
    text = codecs.getincrementaldecoder(encoding)("replace").decode(sample).removeprefix("\ufeff")
    best: tuple[int, str, str, list[list[str]]] | None = None
    for delimiter in _DELIMITERS:
        rows: list[list[str]] = []
        try:
            for cells in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter):
                if any(c.strip() for c in cells):
                    rows.append(cells)
                if len(rows) == 3:
                    break
        except csv.Error:  # told by the rows themselves
            pass
        if rows and len(rows[0]) <= _WIDEST:
            found = score(source, rows[0])
            if best is None or found > best[0]:
                best = (found, encoding, delimiter, rows)
    return best


def _batches(
    path: Path, encoding: str, delimiter: int, header: Header, progress: Progress
) -> Iterator[Batch]:
    """Rows below the header. Memory: some blocks, whatever the size of the file."""
    line, headed = 1, False
    rest = b""
    arrays = empty_rows(_ROWS, header.width)
    with path.open("rb") as file:
        decoder = _Decoder(encoding)
        while True:
            raw = file.read(BLOCK)
            progress(len(raw))
            final = not raw
            text = decoder.decode(raw, final)
            data = np.frombuffer(bytearray(rest + text), np.uint8) if rest or text else None
            used = 0
            while data is not None and used < len(data):
                part = data[used:]
                rows, taken, line, full = tokenise(
                    part, len(part), final, delimiter, header.width, line, *arrays
                )
                used += taken
                if rows:
                    yield _batch(part, rows, header, arrays, skip_header=not headed)
                    headed = headed or bool((arrays[3][:rows] != RowState.BLANK).any())
                if not full:
                    break
            if final:
                return
            rest = b"" if data is None else data[used:].tobytes()
            if len(rest) > LONGEST_LINE + BLOCK:
                raise FileRefused(
                    f"Line {line} is longer than {LONGEST_LINE // 2**20} MB: this is no text of rows; "
                    "export it again."
                )


class _Decoder:
    """Bytes of any encoding → bytes of UTF-8 without a mark; what can't be read becomes U+FFFD."""

    def __init__(self, encoding: str) -> None:
        self._decode = codecs.getincrementaldecoder(encoding)("replace")
        self._first = True

    def decode(self, raw: bytes, final: bool) -> bytes:
        text = self._decode.decode(raw, final)
        if self._first and text:
            text, self._first = text.removeprefix("\ufeff"), False
        return text.encode()


def _batch(
    data: NDArray[np.uint8], rows: int, header: Header, arrays: tuple[NDArray[Any], ...], skip_header: bool
) -> Batch:
    starts, ends, lines, states, spans = (a[:rows] for a in arrays)
    kinds = states.copy()
    blank = int((kinds == RowState.BLANK).sum())
    if skip_header:
        written = np.flatnonzero(kinds != RowState.BLANK)
        if len(written):
            kinds[written[0]] = RowState.BLANK
    good = np.flatnonzero(kinds == RowState.GOOD)
    columns = {}
    for id, place in header.places.items():
        columns[id] = Cells.of(data, starts[good, place], ends[good, place])
    # What holds only blanks is as empty as a row of delimiters.
    filled = np.zeros(len(good), bool)
    for cells in columns.values():
        filled |= cells.lengths > 0
    if not filled.all():
        keep = np.flatnonzero(filled)
        blank += len(good) - len(keep)
        good, columns = good[keep], {id: cells.take(keep) for id, cells in columns.items()}
    broken = tuple(
        BrokenRow(
            int(lines[row]),
            RowState(int(kinds[row])),
            bytes(data[spans[row, 0] : spans[row, 1]]).decode("utf-8", "replace"),
        )
        for row in np.flatnonzero((kinds != RowState.BLANK) & (kinds != RowState.GOOD))
    )
    return Batch(lines[good].copy(), columns, broken, blank)
