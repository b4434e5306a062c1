"""DuckDB as this floor uses it: bounded memory, spilling beside the data, nothing fetched at run time."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from contextlib import contextmanager
from pathlib import Path

import duckdb

MEMORY = "2500MB"
THREADS = 2


@contextmanager
def connect(
    temporary: Path, memory: str = MEMORY, threads: int = THREADS
) -> Generator[duckdb.DuckDBPyConnection]:
    """A database in memory that spills into ``temporary``, which the caller makes and removes."""
    database = duckdb.connect(
        config={
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            "memory_limit": memory,
            "threads": str(threads),
            "temp_directory": str(temporary),
            "preserve_insertion_order": "false",
        }
    )
    try:
        yield database
    finally:
        database.close()


def quoted(name: str) -> str:
    """A column's or table's name as SQL writes it."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str | Path) -> str:
    """A text as SQL writes it."""
    return "'" + str(text).replace("'", "''") + "'"


def parquet(paths: Iterable[Path], *, named: bool = False) -> str:
    """A table function over files of one form. ``named``: with their paths as ``filename``."""
    files = ", ".join(literal(p) for p in paths)
    return f"read_parquet([{files}], filename = {'true' if named else 'false'})"
