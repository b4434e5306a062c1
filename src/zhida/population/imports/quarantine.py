"""Refused rows: why in the open, the row itself sealed. One file for each file that was taken in."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pyarrow as pa
import pyarrow.parquet as pq

from zhida.codes.sealing import Keyring
from zhida.population.imports.checking import Finding, Refused
from zhida.population.imports.reasons import Reason

COLUMN = "quarantine.row"
"""What the sealed rows are bound to."""
SCHEMA = pa.schema(
    [
        pa.field(
            "findings",
            pa.list_(
                pa.struct([("column", pa.string()), ("reason", pa.string()), ("suggestion", pa.string())])
            ),
            nullable=False,
        ),
        pa.field("line", pa.int64(), nullable=False),
        pa.field("row", pa.binary(), nullable=False),
    ]
)
_ROWS = 20_000


class QuarantineWriter:
    """Writes refused rows as they come; the file is made with the first. A context manager."""

    def __init__(self, path: Path, keys: Keyring) -> None:
        self.path = path
        self.keys = keys
        self.rows = 0
        self.people: list[tuple[int, str, str]] = []  # (line, column, ID) of whom the rows name
        self.reasons = Counter[tuple[str, str]]()
        self._held: list[Refused] = []
        self._writer: pq.ParquetWriter | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._writer is not None:
            self._writer.close()

    def add(self, refused: Sequence[Refused]) -> None:
        self._held += refused
        self.rows += len(refused)
        self.people += [(r.line, *told) for r in refused for told in r.people]
        for row in refused:
            self.reasons.update({(f.column, f.reason.value) for f in row.findings})
        if len(self._held) >= _ROWS:
            self._flush()

    def close(self) -> None:
        self._flush()
        if self._writer is not None:
            self._writer.close()

    def _flush(self) -> None:
        if not self._held:
            return
        if self._writer is None:
            self._writer = pq.ParquetWriter(self.path, SCHEMA, compression="lz4")
        sealed = self.keys.seal_all((_content(r) for r in self._held), COLUMN)
        findings = [
            [{"column": f.column, "reason": f.reason.value, "suggestion": f.suggestion} for f in r.findings]
            for r in self._held
        ]
        columns = {"findings": findings, "line": [r.line for r in self._held], "row": sealed}
        self._writer.write_table(pa.table(columns, schema=SCHEMA))
        self._held = []


def _content(row: Refused) -> str:
    told = {"raw": row.raw} if row.raw else {"cells": dict(row.cells)}
    return json.dumps(told, ensure_ascii=False, separators=(",", ":"))


@dataclass(frozen=True, slots=True)
class Waiting:
    """A row that waits to be mended. ``sealed``: its content, opened by ``open_row``."""

    line: int
    findings: tuple[Finding, ...]
    sealed: bytes


def read(path: Path, *, rows: bool = True) -> Iterator[Waiting]:
    """Rows of one file in the order in which they were refused; none where it has none.

    Without ``rows`` only the reasons.
    """
    if not path.exists():
        return
    columns = ["findings", "line", *(["row"] if rows else [])]
    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(batch_size=_ROWS, columns=columns):
            for one in batch.to_pylist():
                findings = tuple(_finding(one["line"], f) for f in one["findings"])
                yield Waiting(one["line"], findings, one.get("row", b""))


def _finding(line: int, told: dict[str, Any]) -> Finding:
    return Finding(line, told["column"], Reason(told["reason"]), told["suggestion"])


def open_row(row: Waiting, keys: Keyring) -> tuple[dict[str, str], str]:
    """(cells by column id, '') or ({}, the row as it stands where its cells can't be told apart)."""
    told = json.loads(keys.open(row.sealed, COLUMN))
    return told.get("cells", {}), told.get("raw", "")
