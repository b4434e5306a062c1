"""Parquet files written anew without some of their rows: whole or not at all, row group by row group."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from zhida.population.errors import writing

PARTIAL = ".partial"


def rewrite(path: Path, change: Callable[[pa.Table], pa.Table], into: Path | None = None, **how: Any) -> int:
    """Writes what ``change`` makes of each row group in the file's place, or ``into`` another; schema and
    notes stay. Gives back how many rows there are fewer. ``how``: as for ParquetWriter.

    Raises SnapshotError."""
    out = into or path
    partial = out.with_name(out.name + PARTIAL)
    before = after = 0
    with writing(out):
        try:
            with pq.ParquetFile(path) as file, pq.ParquetWriter(partial, file.schema_arrow, **how) as writer:
                for group in range(file.metadata.num_row_groups):
                    table = file.read_row_group(group)
                    changed = change(table)
                    before, after = before + table.num_rows, after + changed.num_rows
                    writer.write_table(changed)
            with partial.open("rb") as written:
                os.fsync(written.fileno())
            os.replace(partial, out)
        finally:
            partial.unlink(missing_ok=True)
        handle = os.open(out.parent, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
    return before - after
