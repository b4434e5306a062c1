"""Cells of one column as they stand in a file: bytes of UTF-8 in one buffer, a start and an end each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from zhida.population.imports import tokens
from zhida.population.imports.tokens import RowState

Indices = NDArray[np.int64]
Arrow = Any
"""An array, column or buffer of Arrow; the stubs of pyarrow know too few of its overloads."""
_arrow: Arrow = pa


def string_array(
    offsets: NDArray[np.int32], data: NDArray[np.uint8], there: NDArray[np.bool_] | None = None
) -> Arrow:
    """Arrow strings over these buffers, without a copy; null where ``there`` is False."""
    bits = None
    if there is not None and not there.all():
        bits = _arrow.py_buffer(np.packbits(there, bitorder="little"))
    buffers = (_arrow.py_buffer(offsets), _arrow.py_buffer(data))
    return _arrow.StringArray.from_buffers(len(offsets) - 1, *buffers, bits)


def buffers_of(array: Arrow) -> tuple[NDArray[np.int32], NDArray[np.uint8]]:
    """(offsets, data) of Arrow strings; where there are no bytes, data is one byte that no offset names."""
    _, offsets, data = array.buffers()
    held = np.frombuffer(offsets, np.int32)[array.offset : array.offset + len(array) + 1]
    there = data is not None and data.size > 0
    return held, np.frombuffer(data, np.uint8) if there else np.zeros(1, np.uint8)


def is_there(array: Arrow) -> NDArray[np.bool_]:
    """Where an array is not null."""
    found: NDArray[np.bool_] = array.is_valid().to_numpy(zero_copy_only=False)
    return found


@dataclass(frozen=True, slots=True)
class Cells:
    """``data`` uint8, ``starts`` and ``ends`` int64 [n]; blanks round a cell are outside of it."""

    data: NDArray[np.uint8]
    starts: NDArray[np.int64]
    ends: NDArray[np.int64]

    @classmethod
    def of(cls, data: NDArray[np.uint8], starts: NDArray[np.int64], ends: NDArray[np.int64]) -> Cells:
        """Takes the arrays over and trims the cells."""
        starts, ends = np.ascontiguousarray(starts), np.ascontiguousarray(ends)
        tokens.trim(data, starts, ends)
        return cls(data, starts, ends)

    @classmethod
    def of_strings(cls, array: Arrow) -> Cells:
        """Cells of an Arrow array of strings; null is empty."""
        array = array.fill_null("") if array.null_count else array
        offsets, data = buffers_of(array)
        ends = offsets.astype(np.int64)
        return cls.of(data, ends[:-1].copy(), ends[1:].copy())

    @classmethod
    def empty(cls, rows: int) -> Cells:
        return cls(np.zeros(1, np.uint8), np.zeros(rows, np.int64), np.zeros(rows, np.int64))

    def __len__(self) -> int:
        return len(self.starts)

    @property
    def lengths(self) -> NDArray[np.int64]:
        return self.ends - self.starts

    def text(self, row: int) -> str:
        return bytes(self.data[self.starts[row] : self.ends[row]]).decode("utf-8", "replace")

    def strings(self, there: NDArray[np.bool_] | None = None) -> Arrow:
        """Arrow strings; null where ``there`` is False."""
        rows = len(self.starts)
        offsets = np.empty(rows + 1, np.int32)
        out = np.empty(int(self.lengths.sum()), np.uint8)
        tokens.copy_cells(self.data, self.starts, self.ends, offsets, out)
        return string_array(offsets, out, there)

    def take(self, rows: Indices) -> Cells:
        return Cells(self.data, self.starts[rows], self.ends[rows])


@dataclass(frozen=True, slots=True)
class BrokenRow:
    """A row whose cells can't be told apart."""

    line: int
    state: RowState
    text: str


@dataclass(frozen=True, slots=True)
class Batch:
    """Some rows of a file. ``columns``: cells by the id of the column, each [n]; ``lines`` int64 [n].

    ``blank``: lines without anything in them, which are no rows.
    """

    lines: NDArray[np.int64]
    columns: Mapping[str, Cells]
    broken: tuple[BrokenRow, ...] = ()
    blank: int = 0

    def __len__(self) -> int:
        return len(self.lines)

    @property
    def read(self) -> int:
        """Rows of the file that are in this batch."""
        return len(self.lines) + len(self.broken)

    def take(self, rows: Indices) -> Batch:
        """Some of the rows; broken and blank ones stay behind."""
        return Batch(self.lines[rows], {id: cells.take(rows) for id, cells in self.columns.items()})

    def row(self, index: int) -> dict[str, str]:
        """One row's cells as they were written."""
        return {id: cells.text(index) for id, cells in self.columns.items()}


Progress = Callable[[int], None]
"""Takes how many more bytes were read."""
