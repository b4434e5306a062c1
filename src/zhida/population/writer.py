"""Writing a snapshot: part by part under a temporary name, the manifest last, then one rename.

While a build runs it holds a lock on its temporary folder. The kernel lets go of it when the
process ends in any way, so a leftover of a killed build is a folder of that name without a lock;
the next build into the same place removes it.
"""

from __future__ import annotations

import fcntl
import hashlib
import io
import json
import os
import shutil
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
import pyarrow as pa

from zhida.population.checks import Columns, check_structure, check_values
from zhida.population.errors import SnapshotError, writing
from zhida.population.schema import FORMAT, TABLES, Contract, State, state_column

MANIFEST = "manifest.json"
BUILDING = ".building-"
LOCK = ".lock"


@dataclass(frozen=True, slots=True)
class Header:
    """What the manifest says of the whole, besides what is counted while writing.

    ``month`` is year * 12 + month - 1; ``registers`` maps a register to its ``as_of`` date and
    the codes of the divisions whose people it holds completely.
    """

    pack: str
    month: int
    extraction: datetime
    synthetic: bool
    seed: int
    fraction: float
    divisions: tuple[str, ...]
    registers: Mapping[str, Mapping[str, Any]]
    lineage: Sequence[Mapping[str, Any]] = ()
    assumptions: Sequence[Mapping[str, Any]] = ()


@dataclass(frozen=True, slots=True)
class PartRecord:
    """What the manifest says of one part; made by ``write_part``, also in another process."""

    name: str
    files: Mapping[str, Mapping[str, Any]]
    states: Mapping[str, tuple[int, ...]] = field(default_factory=dict)


class _HashingFile(io.RawIOBase):
    """Passes what is written on to a file and keeps its sha256 and length."""

    def __init__(self, file: io.FileIO) -> None:
        super().__init__()
        self._file, self._sha, self._length = file, hashlib.sha256(), 0

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        rest = memoryview(data)
        self._sha.update(rest)
        while rest:  # a raw file may take less than it is given, when the disk is almost full
            rest = rest[self._file.write(rest) :]
        self._length += len(data)
        return len(data)

    def tell(self) -> int:
        return self._length

    def hexdigest(self) -> str:
        return self._sha.hexdigest()


def last_day_of(month: int) -> int:
    """Days since 1970-01-01 of the last day of a month (year * 12 + month - 1)."""
    following = month + 1
    return date(following // 12, following % 12 + 1, 1).toordinal() - date(1970, 1, 1).toordinal() - 1


def part_name(index: int) -> str:
    return f"part-{index:04d}"


def write_part(
    folder: Path,
    index: int,
    contract: Contract,
    tables: Mapping[str, Columns],
    *,
    divisions: int,
    persons_in_all: int,
    month: int,
) -> PartRecord:
    """Checks one part and writes its three files. Raises SnapshotError; the caller drops the folder."""
    name = part_name(index)
    check_structure(name, contract, tables, divisions, persons_in_all)
    check_values(name, contract, tables, last_day_of(month))
    place = folder / name
    with writing(place):
        place.mkdir()
    files = {f"{t}.arrow": _write_table(place / f"{t}.arrow", contract, t, tables[t]) for t in TABLES}
    _sync_folder(place)
    states = {
        f.id: tuple(int((tables[f.table][state_column(f.id)] == s).sum()) for s in State)
        for f in contract.fields
    }
    return PartRecord(name, files, states)


def _write_table(path: Path, contract: Contract, table: str, columns: Columns) -> dict[str, Any]:
    schema = contract.arrow_schema(table)
    extra, missing = set(columns) - set(schema.names), set(schema.names) - set(columns)
    if extra or missing:
        raise ValueError(f"{path.name}: missing {sorted(missing)}, not in the contract {sorted(extra)}")
    arrays = []
    for f in schema:
        values = np.ascontiguousarray(columns[f.name])
        if values.dtype != f.type.to_pandas_dtype():
            raise ValueError(f"{path.name}: column {f.name} is {values.dtype}, the contract says {f.type}")
        arrays.append(pa.array(values, type=f.type))
    batch = pa.record_batch(arrays, schema=schema)
    with writing(path), open(path, "xb", buffering=0) as raw:
        sink = _HashingFile(raw)
        with pa.ipc.new_file(sink, schema) as out:
            out.write_batch(batch)
        os.fsync(raw.fileno())
    return {"rows": batch.num_rows, "bytes": sink.tell(), "sha256": sink.hexdigest()}


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


class SnapshotWriter:
    """Context that owns the temporary folder. Leaving it without ``finish`` removes everything.

    ``write`` adds a part here; a build with several processes calls ``write_part`` on
    ``writer.folder`` and hands the records to ``adopt`` in any order. Part numbers count from 0.
    """

    def __init__(self, path: Path, contract: Contract, header: Header) -> None:
        self.path, self.contract, self.header = path.absolute(), contract, header
        self.folder = self.path.parent / f".{self.path.name}{BUILDING}{uuid.uuid4().hex[:12]}"
        self._records: dict[int, PartRecord] = {}
        self._lock = -1

    def __enter__(self) -> Self:
        if os.path.lexists(self.path):
            raise SnapshotError(
                f"{self.path} exists already: a snapshot is never written over. "
                "Choose another folder or remove it."
            )
        with writing(self.folder):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            remove_leftovers(self.path)
            self.folder.mkdir()
            self._lock = os.open(self.folder / LOCK, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1

    def write(self, index: int, tables: Mapping[str, Columns], persons_in_all: int) -> None:
        """Checks and writes part ``index``; ``persons_in_all`` bounds the links."""
        record = write_part(
            self.folder,
            index,
            self.contract,
            tables,
            divisions=len(self.header.divisions),
            persons_in_all=persons_in_all,
            month=self.header.month,
        )
        self.adopt(index, record)

    def adopt(self, index: int, record: PartRecord) -> None:
        """Takes in a part that ``write_part`` wrote into ``folder``."""
        if index in self._records:
            raise ValueError(f"part {index} is there already")
        self._records[index] = record

    def finish(self) -> str:
        """Writes the manifest, renames the folder into place and returns the ``snapshot_id``."""
        if sorted(self._records) != list(range(len(self._records))) or not self._records:
            raise ValueError("parts are missing: they count from 0 without a gap")
        records = [self._records[i] for i in sorted(self._records)]
        manifest = build_manifest(self.contract, self.header, records)
        with writing(self.folder / MANIFEST), open(self.folder / MANIFEST, "x", encoding="utf-8") as out:
            json.dump(manifest, out, ensure_ascii=False, indent=1)
            out.flush()
            os.fsync(out.fileno())
        with writing(self.path):
            (self.folder / LOCK).unlink()
            _sync_folder(self.folder)
            os.rename(self.folder, self.path)
            _sync_folder(self.path.parent)
        return str(manifest["snapshot_id"])


def remove_leftovers(path: Path) -> list[Path]:
    """Removes what killed builds of the same snapshot left beside it; a build at work is left alone."""
    removed = []
    for folder in sorted(path.parent.glob(f".{_glob_escape(path.name)}{BUILDING}*")):
        if folder.is_symlink() or not folder.is_dir() or _locked(folder / LOCK):
            continue
        shutil.rmtree(folder, ignore_errors=True)
        removed.append(folder)
    return removed


def _glob_escape(name: str) -> str:
    return "".join(f"[{c}]" if c in "*?[" else c for c in name)


def _locked(lock: Path) -> bool:
    try:
        handle = os.open(lock, os.O_RDWR)
    except OSError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(handle)
    return False


def build_manifest(contract: Contract, header: Header, parts: Sequence[PartRecord]) -> dict[str, Any]:
    """The manifest as plain JSON, with its ``snapshot_id``."""
    names = [s.name.lower() for s in State]
    counts = {t: sum(int(p.files[f"{t}.arrow"]["rows"]) for p in parts) for t in TABLES}
    fields = {}
    for column in contract.fields:
        totals = [sum(n) for n in zip(*(p.states[column.id] for p in parts), strict=True)]
        fields[column.id] = column.as_json() | {"states": dict(zip(names, totals, strict=True))}
    manifest: dict[str, Any] = {
        "format": FORMAT,
        "synthetic": header.synthetic,
        "pack": header.pack,
        "month": f"{header.month // 12:04d}-{header.month % 12 + 1:02d}",
        "extraction": header.extraction.isoformat(),
        "seed": header.seed,
        "fraction": header.fraction,
        "counts": counts,
        "divisions": list(header.divisions),
        "links": list(contract.links),
        "benefits": list(contract.benefits),
        "benefit_tables": list(contract.benefit_tables),
        "fields": fields,
        "registers": {k: dict(v) for k, v in header.registers.items()},
        "parts": [{"name": p.name, "files": {k: dict(v) for k, v in p.files.items()}} for p in parts],
        "lineage": [dict(x) for x in header.lineage],
        "assumptions": [dict(x) for x in header.assumptions],
    }
    manifest["snapshot_id"] = snapshot_id(manifest)
    return manifest


def snapshot_id(manifest: Mapping[str, Any]) -> str:
    """sha256 over the canonical manifest without ``snapshot_id`` and ``extraction``."""
    content = {k: v for k, v in manifest.items() if k not in ("snapshot_id", "extraction")}
    text = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
