"""A file that is opened: what its header says, and its rows batch by batch."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from zhida.population.imports.cells import Batch, Progress
from zhida.population.imports.contract import SourceContract
from zhida.population.imports.errors import FileRefused
from zhida.population.imports.headers import Header

SUFFIXES = (".csv", ".xlsx", ".parquet")


class Rows(Protocol):
    """Reads the rows from the first; may be called again. Raises FileRefused."""

    def __call__(self, progress: Progress) -> Iterator[Batch]: ...


@dataclass(frozen=True, slots=True)
class Table:
    """``form`` names kind and encoding. ``batches`` reads the rows, in the order of the file; ``rows``: how
    many there are, where the file says so itself."""

    header: Header
    form: str
    batches: Rows
    rows: int | None = None


def open_table(path: Path, source: SourceContract) -> Table:
    """Reads the header only. Raises FileRefused, OSError."""
    suffix = path.suffix.lower()
    if suffix == ".csv":
        from zhida.population.imports.text_files import open_text

        return open_text(path, source)
    if suffix == ".xlsx":
        from zhida.population.imports.workbooks import open_workbook

        return open_workbook(path, source)
    if suffix == ".parquet":
        from zhida.population.imports.parquet_files import open_parquet

        return open_parquet(path, source)
    raise FileRefused(f"Files of the kind {suffix or 'without a suffix'} are not read: send CSV.")
