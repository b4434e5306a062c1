"""Parquet: typed columns as the text that would have been written, so that all files are checked alike."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from zhida.population.imports.cells import Arrow, Batch, Cells, Progress
from zhida.population.imports.contract import SourceContract
from zhida.population.imports.errors import FileRefused
from zhida.population.imports.headers import Header, read_header
from zhida.population.imports.table import Table
from zhida.population.imports.written import written

_ROWS = 50_000
_WIDEST_ROW = 64 * 1024
_BROKEN = (pa.ArrowException, OSError, ValueError)
_CAN_T = "The file can't be read as Parquet ({}): write it again."


def open_parquet(path: Path, source: SourceContract) -> Table:
    """Raises FileRefused, OSError."""
    path.stat()
    try:
        with pq.ParquetFile(path) as file:
            schema, rows = file.schema_arrow, file.metadata.num_rows
            groups = [file.metadata.row_group(i) for i in range(file.num_row_groups)]
    except _BROKEN as error:
        raise FileRefused(_CAN_T.format(type(error).__name__)) from None
    header = read_header(source, schema.names)
    for id, place in header.places.items():
        field = schema.field(place)
        if not _readable(field.type):
            raise FileRefused(f"The column «{field.name}» ({id}) is of the type {field.type}: write text.")
    for group in groups:
        if group.num_rows and group.total_byte_size > _WIDEST_ROW * group.num_rows:
            raise FileRefused(f"Its rows are longer than {_WIDEST_ROW // 1024} kB: this is no table of rows.")
    return Table(header, "Parquet", partial(_batches, path, header), rows)


def _readable(kind: Arrow) -> bool:
    types = pa.types
    if types.is_dictionary(kind):
        return _readable(kind.value_type)
    known = (
        *(types.is_string, types.is_large_string, types.is_integer, types.is_floating, types.is_decimal),
        *(types.is_boolean, types.is_date, types.is_timestamp, types.is_null),
    )
    return any(one(kind) for one in known)


def _batches(path: Path, header: Header, progress: Progress) -> Iterator[Batch]:
    size, first = path.stat().st_size, 1
    try:
        with pq.ParquetFile(path) as file:
            places = sorted(set(header.places.values()))
            names = [file.schema_arrow.names[p] for p in places]
            for batch in file.iter_batches(batch_size=_ROWS, columns=names):
                yield _batch(batch, first, {id: places.index(p) for id, p in header.places.items()})
                first += batch.num_rows
    except _BROKEN as error:
        raise FileRefused(_CAN_T.format(type(error).__name__)) from None
    progress(size)


def _batch(batch: pa.RecordBatch, first: int, places: dict[str, int]) -> Batch:
    """``first``: number of the first row, 1 being the first of the file."""
    columns = {id: Cells.of_strings(_strings(batch.column(place))) for id, place in places.items()}
    lines = np.arange(first, first + batch.num_rows, dtype=np.int64)
    filled = np.zeros(batch.num_rows, bool)
    for cells in columns.values():
        filled |= cells.lengths > 0
    keep = np.flatnonzero(filled)
    if len(keep) < batch.num_rows:
        columns = {id: cells.take(keep) for id, cells in columns.items()}
    return Batch(lines[keep], columns, (), batch.num_rows - len(keep))


def _strings(column: Arrow) -> Arrow:
    kind, types = column.type, pa.types
    if types.is_dictionary(kind):
        return _strings(column.dictionary_decode())
    if types.is_floating(kind) or types.is_timestamp(kind) or types.is_boolean(kind):
        return pa.array([written(v) for v in column.to_pylist()], pa.string())
    return column.cast(pa.string())
