"""Kept rows on their way into staging: written as they come, then held against each other by key."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from zhida.population.imports import kernels
from zhida.population.imports.cells import Arrow, buffers_of
from zhida.population.imports.checking import staging_schema
from zhida.population.imports.contract import SourceContract, Type
from zhida.population.imports.contracts import LINE

ROWS = 256 * 1024
"""Rows of a row group: what is held in memory before it is written."""
SHOWN = 5
"""How many other lines with the same key are named."""
_DICTIONARY = (Type.CODE, Type.BENEFIT, Type.DIVISION)


@dataclass(frozen=True, slots=True)
class Twice:
    """Rows of a file that name the same thing. ``drop``: rows (by their place among those written) that
    are not kept; ``repeats`` of them are equal to a row that stays; ``clashes``: line → the first
    lines with its key, up to one more than are SHOWN."""

    drop: NDArray[np.int64]
    repeats: int
    clashes: Mapping[int, tuple[int, ...]]


class StagingWriter:
    """Writes batches; ``finish`` leaves out what is there twice. A context manager: closes its file."""

    def __init__(self, path: Path, source: SourceContract) -> None:
        self.path = path
        self.source = source
        self.rows = 0
        self._schema = staging_schema(source)
        self._held: list[pa.Table] = []
        self._count = 0
        self._keys: list[NDArray[np.uint64]] = []
        self._writer = self._open(path)

    def _open(self, path: Path) -> pq.ParquetWriter:
        few: Any = [c.id for c in self.source.columns if c.type in _DICTIONARY]
        return pq.ParquetWriter(path, self._schema, compression="lz4", use_dictionary=few)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._writer.close()

    def add(self, table: pa.Table) -> None:
        self._held.append(table)
        self._count += table.num_rows
        self.rows += table.num_rows
        self._keys.append(key_hashes(self.source, table))
        if self._count >= ROWS:
            self._flush()

    def _flush(self) -> None:
        if self._count:
            self._writer.write_table(pa.concat_tables(self._held), row_group_size=ROWS)
        self._held, self._count = [], 0

    def close(self) -> Twice:
        """Ends the file; says which of its rows share a key."""
        self._flush()
        self._writer.close()
        hashes = np.concatenate(self._keys) if self._keys else np.zeros(0, np.uint64)
        self._keys = []
        order = np.argsort(hashes, kind="stable")
        ordered = hashes[order]
        same = ordered[1:] == ordered[:-1]
        if not same.any():
            return Twice(np.zeros(0, np.int64), 0, {})
        either = np.zeros(len(order), bool)
        either[1:] |= same
        either[:-1] |= same
        return self._compare(np.sort(order[either]))

    def _compare(self, rows: NDArray[np.int64]) -> Twice:
        """Rows whose keys have the same hash, compared exactly."""
        table = self._pick(rows)
        table = table.append_column("@row", pa.array(rows, pa.int64()))
        by: list[Any] = [(id, "ascending") for id in self.source.key]
        table = table.take(pc.sort_indices(table, sort_keys=[*by, ("@row", "ascending")])).combine_chunks()
        key = _same_as_before(table, self.source.key)
        whole = _same_as_before(table, [c.id for c in self.source.columns])
        starts = np.flatnonzero(~key)
        ends = np.append(starts[1:], len(key))
        differing = np.zeros(len(starts), bool)
        groups = np.cumsum(~key) - 1
        differing[groups[key & ~whole]] = True
        row, line = (table.column(n).to_numpy() for n in ("@row", LINE))
        repeats = key & ~differing[groups]
        clashes: dict[int, tuple[int, ...]] = {}
        for group in np.flatnonzero(differing):
            lines = line[starts[group] : ends[group]].tolist()
            # One tuple for all of them: a key that stands in a million lines must not cost a million squared.
            clashes |= dict.fromkeys(lines, tuple(lines[: SHOWN + 1]))
        drop = row[repeats | differing[groups]]
        return Twice(np.sort(drop), int(repeats.sum()), clashes)

    def _pick(self, rows: NDArray[np.int64]) -> pa.Table:
        """Some rows of the file that was written."""
        found, first = [], 0
        with pq.ParquetFile(self.path) as file:
            for group in range(file.num_row_groups):
                count = file.metadata.row_group(group).num_rows
                inside = rows[(rows >= first) & (rows < first + count)] - first
                if len(inside):
                    found.append(file.read_row_group(group).take(inside))
                first += count
        return pa.concat_tables(found)

    def leave_out(self, drop: NDArray[np.int64], to: Path) -> None:
        """Copies the file without these rows."""
        first = 0
        with pq.ParquetFile(self.path) as file, self._open(to) as writer:
            for group in range(file.num_row_groups):
                table = file.read_row_group(group)
                keep = np.ones(table.num_rows, bool)
                keep[drop[(drop >= first) & (drop < first + table.num_rows)] - first] = False
                writer.write_table(table.filter(pa.array(keep)), row_group_size=ROWS)
                first += table.num_rows
        self.rows -= len(drop)


def key_hashes(source: SourceContract, table: pa.Table) -> NDArray[np.uint64]:
    """One number for each row: equal keys have equal numbers."""
    out = np.zeros(table.num_rows, np.uint64)
    for id in source.key:
        for chunk, first in _chunks(table.column(id)):
            strings = chunk if pa.types.is_string(chunk.type) else chunk.cast(pa.string())
            strings = strings.fill_null("\0") if strings.null_count else strings
            offsets, data = buffers_of(strings)
            kernels.hashes(data, offsets, out[first : first + len(strings)])
    return out


def _chunks(column: Arrow) -> list[tuple[Arrow, int]]:
    found, first = [], 0
    for chunk in column.chunks:
        found.append((chunk, first))
        first += len(chunk)
    return found


def _same_as_before(table: pa.Table, columns: Any) -> NDArray[np.bool_]:
    """Whether each row equals the row before it in these columns; empty equals empty."""
    same = np.ones(table.num_rows, bool)
    same[:1] = False
    for id in columns:
        column: Arrow = table.column(id)
        before, after = column.slice(0, len(column) - 1), column.slice(1)
        equal: Arrow = pc.equal(before, after).fill_null(False)
        both: Arrow = pc.and_(pc.is_null(before), pc.is_null(after))
        either: Arrow = pc.or_(equal, both)
        same[1:] &= either.to_numpy()
    return same
