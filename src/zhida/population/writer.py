"""Writing a snapshot: part by part under a temporary name, the manifest last, then one rename."""

from __future__ import annotations

import hashlib
import io
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
import pyarrow as pa

from zhida.population.building import Building, sync_folder
from zhida.population.checks import Columns, check_structure, check_values
from zhida.population.errors import writing
from zhida.population.schema import FORMAT, TABLES, Contract, State, state_column

MANIFEST = "manifest.json"


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
    sync_folder(place)
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


class SnapshotWriter:
    """Context that owns the temporary folder. Leaving it without ``finish`` removes everything.

    ``write`` adds a part here; a build with several processes calls ``write_part`` on
    ``writer.folder`` and hands the records to ``adopt`` in any order. Part numbers count from 0.
    """

    def __init__(self, path: Path, contract: Contract, header: Header) -> None:
        self.contract, self.header = contract, header
        self._building = Building(path, "a snapshot")
        self._records: dict[int, PartRecord] = {}

    @property
    def folder(self) -> Path:
        return self._building.folder

    def __enter__(self) -> Self:
        self._building.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._building.__exit__(kind, error, trace)

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
        self._building.finish()
        return str(manifest["snapshot_id"])


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
