"""Reading a snapshot: the manifest, then parts as memory-mapped arrays without a copy.

``Snapshot.open`` reads the manifest and looks at the files' names and sizes only, so it costs the same
for a county and a province. ``part`` maps one part and checks its frame and every row number in
it; ``check`` holds all values against the limits of their fields, ``open(…, verify=True)`` the
checksums.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from zhida.population.checks import REBUILD, check_structure, check_values
from zhida.population.errors import SnapshotError
from zhida.population.schema import FORMAT, TABLES, Contract, FieldColumn, contract_of
from zhida.population.writer import MANIFEST, Header, SnapshotWriter, last_day_of, snapshot_id, write_part
from zhida.rules.declarations import Pack

__all__ = ["Header", "Part", "PartInfo", "Snapshot", "SnapshotError", "SnapshotWriter", "write_part"]

Columns = Mapping[str, NDArray[Any]]


@dataclass(frozen=True, slots=True)
class FileInfo:
    path: Path
    rows: int
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class PartInfo:
    """A part as the manifest tells it. ``first_person`` and ``first_household`` count over the snapshot."""

    index: int
    name: str
    files: Mapping[str, FileInfo]
    first_household: int
    first_person: int

    def rows(self, table: str) -> int:
        return self.files[table].rows


@dataclass(frozen=True, slots=True)
class Part:
    """Columns of the three tables, as read-only arrays over mapped files (no copy)."""

    info: PartInfo
    households: Columns
    persons: Columns
    awards: Columns

    @property
    def tables(self) -> dict[str, Columns]:
        return {"households": self.households, "persons": self.persons, "awards": self.awards}


@dataclass(frozen=True, slots=True)
class Snapshot:
    """An opened snapshot. ``month`` is year * 12 + month - 1."""

    path: Path
    manifest: Mapping[str, Any]
    id: str
    month: int
    contract: Contract
    divisions: tuple[str, ...]
    infos: Sequence[PartInfo]

    @classmethod
    def open(cls, path: Path | str, pack: Pack | None = None, *, verify: bool = False) -> Self:
        """Raises SnapshotError. ``pack``: the fields must be those it declares. ``verify``: read every
        byte and compare checksums."""
        folder = Path(path)
        manifest = _read_manifest(folder)
        try:
            snapshot = cls._from_manifest(folder, manifest)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            reason = f"{error.args[0]!r} is missing" if isinstance(error, KeyError) else str(error)
            raise SnapshotError(f"{folder / MANIFEST} can't be used: {reason}. {REBUILD}") from error
        if pack is not None:
            _check_pack(snapshot, pack)
        for info in snapshot.infos:
            for file in info.files.values():
                _check_file(file, verify)
        return snapshot

    @classmethod
    def _from_manifest(cls, folder: Path, manifest: Mapping[str, Any]) -> Self:
        contract = Contract(
            fields=tuple(FieldColumn.from_json(k, v) for k, v in sorted(manifest["fields"].items())),
            links=tuple(str(x) for x in manifest["links"]),
            benefits=tuple(str(x) for x in manifest["benefits"]),
            benefit_tables=tuple(str(x) for x in manifest["benefit_tables"]),
        )
        if len(contract.benefit_tables) != len(contract.benefits):
            raise ValueError("benefits and benefit_tables differ in length")
        infos, household, person = [], 0, 0
        for index, record in enumerate(manifest["parts"]):
            name = str(record["name"])
            if Path(name).name != name or name in ("", ".", ".."):
                raise ValueError(f"{name!r} is no name of a part")
            files = {}
            for table in TABLES:
                file = record["files"][f"{table}.arrow"]
                files[table] = FileInfo(
                    path=folder / name / f"{table}.arrow",
                    rows=int(file["rows"]),
                    bytes=int(file["bytes"]),
                    sha256=str(file["sha256"]),
                )
            infos.append(PartInfo(index, name, files, household, person))
            household += files["households"].rows
            person += files["persons"].rows
        counted = {t: sum(i.rows(t) for i in infos) for t in TABLES}
        if counted != dict(manifest["counts"]):
            raise ValueError(f"its counts say {dict(manifest['counts'])}, its parts add up to {counted}")
        year, month = str(manifest["month"]).split("-")
        return cls(
            path=folder,
            manifest=manifest,
            id=str(manifest["snapshot_id"]),
            month=int(year) * 12 + int(month) - 1,
            contract=contract,
            divisions=tuple(str(x) for x in manifest["divisions"]),
            infos=tuple(infos),
        )

    @property
    def counts(self) -> Mapping[str, int]:
        """Rows of each table over all parts."""
        return dict(self.manifest["counts"])

    def part(self, index: int) -> Part:
        """Maps one part. Raises SnapshotError where the file or a row number in it can't be right."""
        info = self.infos[index]
        tables = {t: _map_table(info.files[t], self.contract.arrow_schema(t)) for t in TABLES}
        check_structure(
            str(self.path / info.name), self.contract, tables, len(self.divisions), self.counts["persons"]
        )
        return Part(info, tables["households"], tables["persons"], tables["awards"])

    def parts(self) -> Iterator[Part]:
        """All parts in order, one mapped at a time."""
        for index in range(len(self.infos)):
            yield self.part(index)

    def check(self, part: Part) -> None:
        """Values of one part against the limits of their fields. Raises SnapshotError."""
        check_values(str(self.path / part.info.name), self.contract, part.tables, last_day_of(self.month))


def _read_manifest(folder: Path) -> dict[str, Any]:
    file = folder / MANIFEST
    try:
        manifest = json.loads(file.read_bytes())
    except FileNotFoundError as error:
        what = "There is no snapshot" if not folder.exists() else "The folder holds no finished snapshot"
        advice = "Build one or name another folder."
        raise SnapshotError(f"{what} at {folder}: {MANIFEST} is missing. {advice}") from error
    except OSError as error:
        advice = "Check the path and its rights."
        raise SnapshotError(f"{file} can't be read ({error.strerror}). {advice}") from error
    except ValueError as error:
        raise SnapshotError(f"{file} is not JSON ({error}). {REBUILD}") from error
    if not isinstance(manifest, dict):
        raise SnapshotError(f"{file} is not the manifest of a snapshot. {REBUILD}")
    if manifest.get("format") != FORMAT:
        raise SnapshotError(
            f"{file} has format {manifest.get('format')!r}, this program reads {FORMAT}. "
            "Build the snapshot again."
        )
    if manifest.get("snapshot_id") != snapshot_id(manifest):
        raise SnapshotError(
            f"{file} was changed after it was written: its snapshot_id does not fit. {REBUILD}"
        )
    return manifest


def _check_pack(snapshot: Snapshot, pack: Pack) -> None:
    built_for = snapshot.manifest.get("pack")
    if built_for != pack.id:
        raise SnapshotError(
            f"{snapshot.path} was built for pack {built_for}, not {pack.id}. Name the right pack."
        )
    advice = "Build the snapshot again with this pack."
    try:
        declared = contract_of(pack, [f.id for f in snapshot.contract.fields])
    except ValueError as error:
        raise SnapshotError(f"{snapshot.path} does not fit the pack: {error}. {advice}") from error
    for old, new in zip(snapshot.contract.fields, declared.fields, strict=True):
        if old != new:
            what = f"field {old.id} was declared otherwise when it was built"
            raise SnapshotError(f"{snapshot.path}: {what}. {advice}")
    if snapshot.contract.links != declared.links:
        raise SnapshotError(f"{snapshot.path}: the links differ from those of pack {pack.id}. {advice}")
    tables = dict(zip(declared.benefits, declared.benefit_tables, strict=True))
    for benefit, table in zip(snapshot.contract.benefits, snapshot.contract.benefit_tables, strict=True):
        if tables.get(benefit) != table:
            what = f"pack {pack.id} has no award {benefit} in {table}"
            raise SnapshotError(f"{snapshot.path}: {what}. {advice}")


def _check_file(file: FileInfo, verify: bool) -> None:
    try:
        size = file.path.stat().st_size
    except OSError as error:
        raise SnapshotError(f"{file.path} is missing, though the manifest names it. {REBUILD}") from error
    if size != file.bytes:
        short = "cut short" if size < file.bytes else "longer than it was"
        raise SnapshotError(
            f"{file.path} is {short}: {size} bytes, the manifest says {file.bytes}. {REBUILD}"
        )
    if verify:
        with file.path.open("rb") as raw:
            if hashlib.file_digest(raw, "sha256").hexdigest() != file.sha256:
                raise SnapshotError(
                    f"{file.path} was changed after it was written: its sha256 differs. {REBUILD}"
                )


def _map_table(file: FileInfo, schema: pa.Schema) -> dict[str, NDArray[Any]]:
    """Arrays over the mapped file; everything that would need a copy or leave the file is refused."""
    try:
        mapped = pa.memory_map(str(file.path), "r")
        reader = pa.ipc.open_file(mapped)
        if reader.num_record_batches != 1:
            raise SnapshotError(
                f"{file.path} has {reader.num_record_batches} record batches, not one. {REBUILD}"
            )
        if reader.schema != schema:
            raise SnapshotError(f"{file.path} has other columns than the manifest says. {REBUILD}")
        batch = reader.get_batch(0)
        batch.validate()
    except FileNotFoundError as error:
        raise SnapshotError(f"{file.path} is missing, though the manifest names it. {REBUILD}") from error
    except (pa.ArrowException, OSError, ValueError) as error:
        what = f"is no Arrow file that can be read ({error})"
        raise SnapshotError(f"{file.path} {what}. {REBUILD}") from error
    if batch.num_rows != file.rows:
        raise SnapshotError(
            f"{file.path} has {batch.num_rows} rows, the manifest says {file.rows}. {REBUILD}"
        )
    mapped.seek(0)
    whole = mapped.read_buffer(file.bytes)
    start, end = whole.address, whole.address + whole.size
    columns = {}
    for name, column in zip(schema.names, batch.columns, strict=True):
        data = column.buffers()[1]
        if data is None or column.null_count or column.offset:
            raise SnapshotError(
                f"{file.path}: column {name} has empty cells, which a snapshot never has. {REBUILD}"
            )
        if file.rows and not (start <= data.address and data.address + data.size <= end):
            raise SnapshotError(f"{file.path} is compressed, which a snapshot never is. {REBUILD}")
        columns[name] = np.asarray(column.to_numpy(zero_copy_only=True))
    return columns
