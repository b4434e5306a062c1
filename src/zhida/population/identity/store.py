"""The identity store on disk: files that are only ever added to, and one record that says which count.

A batch is written file by file and then taken in by replacing ``store.json``; what no record names is a
leftover of a stopped import and is removed by the next one.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
from numpy.typing import NDArray

from zhida.codes.sealing import Keyring
from zhida.population.errors import SnapshotError, writing
from zhida.population.identity.schema import FIRST_KEY, FORMAT, RECORD, SCHEMA, TABLES, StoredFile
from zhida.population.rewriting import rewrite


class IdentityError(SnapshotError):
    """What is wrong with an identity store, where, and what to do about it."""


@dataclass(frozen=True, slots=True)
class Value:
    """One value of a person, opened. ``since``: the day as of which a source first said so."""

    table: str
    kind: str
    value: str
    since: date
    source: str


@dataclass(frozen=True, slots=True)
class IdentityStore:
    """``next_key`` is the first surrogate key not yet given; ``look_up_version`` the version of the keys
    that all look-ups of this store are made with; ``synthetic``: nobody in it is real."""

    folder: Path
    synthetic: bool
    look_up_version: int
    next_key: int = FIRST_KEY
    batches: int = 0
    files: tuple[StoredFile, ...] = field(default=())

    @classmethod
    def open(cls, folder: Path) -> IdentityStore:
        """Raises IdentityError."""
        path = folder / RECORD
        try:
            record = json.loads(path.read_bytes())
            if record["format"] != FORMAT:
                raise ValueError(f"it has format {record['format']!r}, this program reads {FORMAT}")
            store = cls(
                folder=folder,
                synthetic=bool(record["synthetic"]),
                look_up_version=int(record["look_up_version"]),
                next_key=int(record["next_key"]),
                batches=int(record["batches"]),
                files=tuple(StoredFile.from_json(f) for f in record["files"]),
            )
        except FileNotFoundError:
            raise IdentityError(f"There is no identity store at {folder}: {RECORD} is missing.") from None
        except (OSError, KeyError, TypeError, ValueError) as error:
            raise IdentityError(f"{path} can't be used ({error}): restore it from a copy.") from None
        for file in store.files:
            if not (folder / file.name).is_file():
                raise IdentityError(f"{folder / file.name} is missing: restore it from a copy.")
        return store

    @classmethod
    def open_or_new(cls, folder: Path, ring: Keyring, *, synthetic: bool) -> IdentityStore:
        """Raises IdentityError, also where invented people would mix with real ones."""
        if not (folder / RECORD).exists():
            return cls(folder, synthetic, ring.version)
        store = cls.open(folder)
        if store.synthetic != synthetic:
            here, there = ("real", "invented") if synthetic else ("invented", "real")
            raise IdentityError(
                f"{folder} holds {here} people, the delivery {there} ones: use another folder."
            )
        return store

    def paths(self, table: str) -> list[Path]:
        return [self.folder / f.name for f in self.files if f.table == table]

    def rows(self) -> dict[str, int]:
        """Rows of each table."""
        return {t: sum(f.rows for f in self.files if f.table == t) for t in TABLES}

    def verify(self) -> None:
        """Reads every byte and compares checksums. Raises IdentityError."""
        for file in self.files:
            with (self.folder / file.name).open("rb") as raw:
                if hashlib.file_digest(raw, "sha256").hexdigest() != file.sha256:
                    raise IdentityError(
                        f"{self.folder / file.name} was changed after it was written: restore it from a copy."
                    )

    def remove_leftovers(self) -> None:
        """Removes files that no record names."""
        known = {f.name for f in self.files}
        for table in TABLES:
            for path in sorted((self.folder / table).glob("*")):
                if f"{table}/{path.name}" not in known:
                    path.unlink()

    def added(self, files: Iterable[StoredFile], next_key: int) -> IdentityStore:
        """Takes in a batch whose files are written: from here on it counts. Raises SnapshotError."""
        store = replace(self, files=(*self.files, *files), next_key=next_key, batches=self.batches + 1)
        store.write()
        return store

    def write(self) -> None:
        """Writes the record: from here on it counts. Raises SnapshotError."""
        write_record(self.folder / RECORD, self._record())

    def _record(self) -> dict[str, Any]:
        return {
            "format": FORMAT,
            "synthetic": self.synthetic,
            "look_up_version": self.look_up_version,
            "next_key": self.next_key,
            "batches": self.batches,
            "files": [f.as_json() for f in self.files],
        }

    def without(self, gone: Callable[[pa.Table], NDArray[np.bool_]], mark: str) -> int:
        """Takes out of every file the rows of which ``gone`` is true and gives back how many there were.

        Files that had such rows are written anew, named with ``mark``; then the record names those. Raises
        SnapshotError."""
        files, left = [], 0
        few: Any = ["kind", "source"]
        for file in self.files:
            path = self.folder / file.name
            if not gone(pq.read_table(path, columns=["person_key", "source"])).any():
                files.append(file)
                continue
            name = f"{file.table}/{path.stem.split('-e')[0]}-{mark}.parquet"
            left += rewrite(
                path,
                lambda table: table.filter(pa.array(~gone(table))),
                self.folder / name,
                use_dictionary=few,
                compression="none",
            )
            new = stored_file(self.folder, file.table, name)
            files += [new] if new.rows else []
        store = replace(self, files=tuple(files))
        if left:
            store.write()
        store.remove_leftovers()
        return left

    def find(self, ring: Keyring, table: str, value: str) -> list[int]:
        """Keys of the people who have or had this value. Identifiers as 18 characters."""
        wanted = ring.look_up(value, table, self.look_up_version)
        found = self._rows(table, ds.field("look_up") == wanted, ["person_key"])
        return sorted({int(row["person_key"]) for row in found})

    def card(self, ring: Keyring, person_key: int) -> list[Value]:
        """All that is known of who a person is, newest first in each table. Raises SealError."""
        card = []
        for table in TABLES:
            rows = self._rows(table, ds.field("person_key") == person_key, SCHEMA.names)
            rows.sort(key=lambda row: row["since"], reverse=True)
            opened = ring.open_all([row["sealed"] for row in rows], table)
            for row, value in zip(rows, opened, strict=True):
                card.append(Value(table, row["kind"], value or "", row["since"], row["source"]))
        return card

    def _rows(self, table: str, which: ds.Expression, columns: Sequence[str]) -> list[dict[str, Any]]:
        paths = self.paths(table)
        if not paths:
            return []
        dataset = ds.dataset([str(p) for p in paths], schema=SCHEMA, format="parquet")
        found: list[dict[str, Any]] = dataset.to_table(columns=list(columns), filter=which).to_pylist()
        return found


def write_record(path: Path, record: Mapping[str, Any]) -> None:
    """Replaces a JSON file whole. Raises SnapshotError."""
    beside = path.with_name(f".{path.name}.{secrets.token_hex(6)}")
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with open(beside, "x", encoding="utf-8") as out:
                json.dump(record, out, ensure_ascii=False, indent=1)
                out.flush()
                os.fsync(out.fileno())
            os.replace(beside, path)
        except OSError:
            beside.unlink(missing_ok=True)
            raise
        handle = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def stored_file(folder: Path, table: str, name: str) -> StoredFile:
    """What the record says of a file that was just written."""
    path = folder / name
    with path.open("rb") as raw:
        digest = hashlib.file_digest(raw, "sha256").hexdigest()
    return StoredFile(table, name, pq.read_metadata(path).num_rows, digest)
