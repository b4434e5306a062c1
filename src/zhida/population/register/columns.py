"""Columns of a snapshot in the making, as files that several processes map: one array a column."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zhida.population.schema import Contract, State, high_column, state_column

Array = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Columns:
    """``folder`` holds ``<table>.<column>.npy``. Columns of fields are there from the start, all unknown."""

    folder: Path

    @classmethod
    def new(cls, folder: Path, contract: Contract, rows: dict[str, int]) -> Columns:
        columns = cls(folder)
        for field in contract.fields:
            n = rows[field.table]
            columns._new(field.table, field.id, field.dtype, n)
            columns._new(field.table, state_column(field.id), "uint8", n)[:] = State.UNKNOWN
            if field.interval:
                columns._new(field.table, high_column(field.id), field.dtype, n)
        return columns

    def _new(self, table: str, name: str, dtype: str, rows: int) -> Array:
        found: Array = np.lib.format.open_memmap(
            self._path(table, name), mode="w+", dtype=np.dtype(dtype), shape=(rows,)
        )
        return found

    def _path(self, table: str, name: str) -> Path:
        return self.folder / f"{table}.{name}.npy"

    def write(self, table: str, name: str, values: Array) -> None:
        np.save(self._path(table, name), np.ascontiguousarray(values))

    def change(self, table: str, name: str) -> Array:
        """A column to be written to."""
        found: Array = np.load(self._path(table, name), mmap_mode="r+")
        return found

    def read(self, table: str, name: str, rows: slice) -> Array:
        """A copy of some rows."""
        mapped: Array = np.load(self._path(table, name), mmap_mode="r")
        return np.array(mapped[rows])
