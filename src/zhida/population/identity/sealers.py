"""Sealing a table's values with several processes: from a private file of plain values to the store's files.

A plain file has the columns ``person_key``, ``kind``, ``value``, ``since``, ``source`` and ``known``: the
look-ups that the store holds already, or null. A value whose look-up is among them is not stored again.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from zhida.codes.sealing import Keyring
from zhida.population.city.pool import run
from zhida.population.errors import writing
from zhida.population.identity.schema import SCHEMA, StoredFile
from zhida.population.identity.store import stored_file

ROWS = 500_000  # of one file of the store


@dataclass(frozen=True, slots=True)
class Piece:
    """Row groups of a plain file that become one file of the store."""

    table: str
    plain: Path
    groups: tuple[int, ...]
    name: str


@dataclass(frozen=True, slots=True)
class Sealing:
    """What a process needs to seal any piece."""

    ring: Keyring
    version: int
    folder: Path
    pieces: tuple[Piece, ...]


class Sealer:
    """``part`` seals one piece; None where all of it was stored already."""

    def __init__(self, job: Sealing) -> None:
        self.job = job

    def warm(self) -> None:
        pass

    def part(self, index: int) -> StoredFile | None:
        piece = self.job.pieces[index]
        rows = pq.ParquetFile(piece.plain).read_row_groups(list(piece.groups))
        values = rows.column("value").to_pylist()
        found = self.job.ring.look_up_all(values, piece.table, self.job.version)
        known = rows.column("known").to_pylist()
        fresh = [i for i, (a, held) in enumerate(zip(found, known, strict=True)) if not held or a not in held]
        if not fresh:
            return None
        kept = rows if len(fresh) == len(values) else rows.take(pa.array(fresh))
        columns = {
            "person_key": kept.column("person_key"),
            "kind": kept.column("kind"),
            "sealed": pa.array(self.job.ring.seal_all([values[i] for i in fresh], piece.table), pa.binary()),
            "look_up": pa.array([found[i] for i in fresh], pa.binary(16)),
            "since": kept.column("since"),
            "source": kept.column("source"),
        }
        table = pa.table(columns).cast(SCHEMA)
        path = self.job.folder / piece.name
        with writing(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            # What is sealed looks like noise: neither a dictionary nor a compressor finds anything in it.
            few: Any = ["kind", "source"]
            pq.write_table(table, path, use_dictionary=few, compression="none")
            with path.open("rb") as written:
                os.fsync(written.fileno())
        return stored_file(self.job.folder, piece.table, piece.name)


def pieces_of(table: str, plain: Path, batch: int, first: int) -> list[Piece]:
    """Cuts a plain file; ``first`` numbers the store's files of this batch and table on."""
    about = pq.ParquetFile(plain).metadata
    pieces: list[Piece] = []
    groups: list[int] = []
    rows = 0
    for group in range(about.num_row_groups):
        size = about.row_group(group).num_rows
        if groups and rows + size > ROWS:
            pieces.append(_piece(table, plain, groups, batch, first + len(pieces)))
            groups, rows = [], 0
        groups.append(group)
        rows += size
    if groups:
        pieces.append(_piece(table, plain, groups, batch, first + len(pieces)))
    return pieces


def _piece(table: str, plain: Path, groups: list[int], batch: int, number: int) -> Piece:
    return Piece(table, plain, tuple(groups), f"{table}/{batch:04d}-{number:04d}.parquet")


def seal(job: Sealing, processes: int) -> list[StoredFile]:
    """Seals all pieces. Raises SnapshotError."""
    found = {i: file for i, file in run(Sealer, job, len(job.pieces), processes) if file is not None}
    return [found[i] for i in sorted(found)]
