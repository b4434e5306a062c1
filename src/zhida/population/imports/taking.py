"""One file: read, checked, its rows put into staging or quarantine, all counted."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from zhida.codes.sealing import Keyring
from zhida.population.errors import writing
from zhida.population.imports.cells import Progress
from zhida.population.imports.checking import Finding, Refused, broken_rows, check_batch, people_of
from zhida.population.imports.contract import SourceContract, Type
from zhida.population.imports.errors import FileRefused
from zhida.population.imports.journal import (
    PARTIAL,
    STAGING,
    Journal,
    private_folder,
    settle,
)
from zhida.population.imports.mending import Mending, quarantine_path
from zhida.population.imports.quarantine import QuarantineWriter
from zhida.population.imports.reasons import Reason
from zhida.population.imports.staging import SHOWN, StagingWriter, Twice
from zhida.population.imports.table import Table, open_table
from zhida.population.imports.values import Reader
from zhida.rules.declarations import Pack

_CHUNK = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Counts:
    """read = kept + repeats + quarantined + withdrawn; blank lines are no rows."""

    form: str
    read: int
    kept: int
    repeats: int
    quarantined: int
    withdrawn: int
    blank: int
    mends: tuple[str, ...] = ()
    reasons: tuple[tuple[str, str, int], ...] = ()


def sha256_of(path: Path, progress: Progress = lambda more: None) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
            progress(len(chunk))
    return digest.hexdigest()


def staging_path(register: Path, source: str, id: str) -> Path:
    return register / STAGING / source / f"{id}.parquet"


def refused_path(register: Path, source: str, id: str) -> Path:
    """Whom refused rows name (line, column, person) until keys are given; no file where there are none."""
    return register / STAGING / source / f"{id}.refused"


def take_file(
    path: Path,
    id: str,
    source: SourceContract,
    as_of: date,
    pack: Pack,
    register: Path,
    keys: Keyring,
    progress: Progress = lambda more: None,
) -> Counts:
    """Writes ``staging/…`` and ``quarantine/…`` of the file ``id``, over what a stopped import left.

    It is not taken in before the journal says so. Raises FileRefused, SnapshotError (a full disk), OSError.
    """
    before = path.stat()
    table = open_table(path, source)
    kept_at, refused_at = staging_path(register, source.id, id), quarantine_path(register, id)
    with writing(kept_at):
        for folder in (register / STAGING, kept_at.parent, refused_at.parent):
            private_folder(folder)
        mending = Mending(Journal.load(register), source.id) if table.header.mends else None
        told_at = refused_path(register, source.id, id)
        counts = _take(
            table, source, Reader(pack, as_of), kept_at, refused_at, told_at, keys, progress, mending
        )
        if mending is not None:
            counts = replace(counts, withdrawn=mending.withdrawn, mends=mending.write(id))
    after = path.stat()
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        raise FileRefused("The file was changed while it was read: run the import again.")
    return counts


def _take(
    table: Table,
    source: SourceContract,
    reader: Reader,
    kept_at: Path,
    refused_at: Path,
    told_at: Path,
    keys: Keyring,
    progress: Progress,
    mending: Mending | None,
) -> Counts:
    kept_now, refused_now = (p.with_name(p.name + PARTIAL) for p in (kept_at, refused_at))
    read = blank = 0
    with StagingWriter(kept_now, source) as kept, QuarantineWriter(refused_now, keys) as refused:
        for batch in table.batches(progress):
            read, blank = read + batch.read, blank + batch.blank
            if mending is not None:
                refused.add(broken_rows(batch))
                batch, standing_for_nothing = mending.take(batch)
                refused.add(standing_for_nothing)
            checked = check_batch(source, batch, reader)
            kept.add(checked.kept)
            refused.add(checked.refused)
        twice = kept.close()
        if len(twice.drop):
            refused.add(_clashing(table, twice, source, reader))
            thinner = kept_at.with_name(f"{kept_at.name}.thinner{PARTIAL}")
            kept.leave_out(twice.drop, thinner)
            thinner.replace(kept_now)
        refused.close()
    settle(kept_now, kept_at)
    if refused.rows:
        settle(refused_now, refused_at)
    else:  # of an import that was stopped, by other contracts
        refused_at.unlink(missing_ok=True)
    _write_people(refused.people, told_at)
    reasons = tuple((column, reason, rows) for (column, reason), rows in sorted(refused.reasons.items()))
    return Counts(table.form, read, kept.rows, twice.repeats, refused.rows, 0, blank, reasons=reasons)


def _write_people(people: list[tuple[int, str, str]], path: Path) -> None:
    if not people:
        path.unlink(missing_ok=True)  # of an import that was stopped
        return
    partial = path.with_name(path.name + PARTIAL)
    lines, *told = zip(*people, strict=True)
    columns, numbers = (pa.array(t, pa.string()) for t in told)
    table = pa.table({"line": pa.array(lines, pa.int64()), "column": columns, "person": numbers})
    pq.write_table(table, partial, compression="lz4")
    settle(partial, path)


def _clashing(table: Table, twice: Twice, source: SourceContract, reader: Reader) -> list[Refused]:
    """Rows with one key and different content, read once more as they were written."""
    found: list[Refused] = []
    if not twice.clashes:
        return found
    lines = np.array(sorted(twice.clashes), np.int64)
    for batch in table.batches(lambda more: None):
        rows = np.flatnonzero(np.isin(batch.lines, lines))
        ids = [c for c in source.columns if c.type is Type.RESIDENT_ID and c.id in batch.columns]
        parsed = {c.id: reader.read(c, batch.columns[c.id].take(rows)) for c in ids}
        for row, named in zip(rows, people_of(source, parsed, range(len(rows))), strict=True):
            line = int(batch.lines[row])
            others = [x for x in twice.clashes[line] if x != line][:SHOWN]
            more = "等" if len(twice.clashes[line]) > SHOWN else ""
            hint = f"与第 {'、'.join(map(str, others))} 行{more}核对，只留正确的一行"
            finding = Finding(line, "", Reason.KEY_TWICE, hint)
            found.append(Refused(line, batch.row(int(row)), "", [finding], named))
    return found
