"""Files of a delivery, written in pieces by part and put together in the order of the parts."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

from zhida.population.city.draw import Array
from zhida.population.errors import writing
from zhida.population.imports.contract import SourceContract

Key = tuple[str, int]
"""(source, row of the county)."""

BLOCK = 1 << 22
PLAIN = pyarrow.csv.WriteOptions(include_header=False, quoting_style="none")


class PartPieces:
    """The pieces of one part: for each source and county rows without a heading, and the person keys of whom
    the rows are about. Used as a context."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.rows: dict[Key, int] = {}
        self._open: dict[Key, tuple[BinaryIO, BinaryIO]] = {}
        self._stack = ExitStack()

    def __enter__(self) -> PartPieces:
        with writing(self.folder):
            self.folder.mkdir()
        return self

    def __exit__(self, *error: object) -> None:
        self._stack.close()
        self._open.clear()

    def _begun(self, key: Key, kind: str) -> BinaryIO:
        return self._stack.enter_context(open(piece(self.folder, key, kind), "xb"))

    def write(self, key: Key, table: pa.Table, persons: Array) -> None:
        """``persons``: true person numbers of the rows."""
        if key not in self._open:
            with writing(self.folder):
                self._open[key] = self._begun(key, "csv"), self._begun(key, "keys")
        rows, keys = self._open[key]
        with writing(self.folder):
            pyarrow.csv.write_csv(table, rows, PLAIN)
            keys.write(np.ascontiguousarray(persons, dtype=np.int64).tobytes())
        self.rows[key] = self.rows.get(key, 0) + table.num_rows


def piece(folder: Path, key: Key, kind: str) -> Path:
    return folder / f"{key[0]}-{key[1]:03d}.{kind}"


def blocks(folders: Sequence[Path], key: Key, kind: str) -> Iterator[bytes]:
    """The pieces of a file, one after the other; a block ends with a line."""
    for folder in folders:
        try:
            file = open(piece(folder, key, kind), "rb")  # noqa: SIM115
        except FileNotFoundError:
            continue
        with file:
            while block := file.read(BLOCK):
                yield block + (file.readline() if kind == "csv" else b"")


def heading(source: SourceContract) -> str:
    return ",".join(c.name for c in source.columns) + "\n"


def write_csv(path: Path, source: SourceContract, encoding: str, content: Iterator[bytes]) -> None:
    """``encoding``: utf-8, utf-8-sig or gb18030."""
    with writing(path), open(path, "xb") as out:
        out.write(heading(source).encode(encoding))
        plain = encoding.startswith("utf-8")
        for block in content:
            out.write(block if plain else block.decode("utf-8").encode(encoding))


def write_parquet(path: Path, source: SourceContract, content: Iterator[bytes]) -> None:
    """All columns as text, as departments send it."""
    names = [c.name for c in source.columns]
    schema = pa.schema([(name, pa.string()) for name in names])
    options: dict[str, Any] = {
        "read_options": pyarrow.csv.ReadOptions(column_names=names),
        "convert_options": pyarrow.csv.ConvertOptions(
            column_types=schema, strings_can_be_null=True, null_values=[""], quoted_strings_can_be_null=False
        ),
    }
    with writing(path), pq.ParquetWriter(path, schema, compression="zstd") as out:
        for block in content:
            out.write_table(pyarrow.csv.read_csv(io.BytesIO(block), **options))
