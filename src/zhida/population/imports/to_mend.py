"""What waits in quarantine: counted by file, column and reason, and written out to be mended."""

from __future__ import annotations

import csv
import json
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from zhida.codes.sealing import Keyring
from zhida.population.errors import writing
from zhida.population.imports import quarantine
from zhida.population.imports.contract import SourceContract
from zhida.population.imports.contracts import Contracts
from zhida.population.imports.delivery import MENDED
from zhida.population.imports.errors import ImportsError
from zhida.population.imports.headers import EXTRA, MEND, WITHDRAW
from zhida.population.imports.journal import Journal, Taken, private_folder
from zhida.population.imports.mending import answered, in_force, mend_id, quarantine_path
from zhida.population.imports.quarantine import Waiting
from zhida.population.imports.reasons import ORDER, Reason, words

WHY, HINT, RAW = "退回原因", "建议", "原文"
"""Headers beside the contract's; an import ignores them."""
EXPORTS = "exports.jsonl"
_NO_ROW = "整行"


@dataclass(frozen=True, slots=True)
class Count:
    """``column`` its id, '' for the row as a whole; ``name`` its header."""

    column: str
    name: str
    reason: Reason
    rows: int


@dataclass(frozen=True, slots=True)
class FileWaiting:
    """``waiting`` rows of a file; one row may have several reasons."""

    file: Taken
    waiting: int
    counts: tuple[Count, ...]


def waiting_rows(journal: Journal, file: Taken, *, rows: bool = True) -> Iterator[Waiting]:
    """Rows of a file that wait, without those that a mended file has answered."""
    done = answered(journal).get(file.id, set())
    path = quarantine_path(journal.register, file.id)
    return (w for w in quarantine.read(path, rows=rows) if w.line not in done)


def column_name(source: SourceContract | None, id: str) -> str:
    """The header of a column as people know it."""
    for header, extra in EXTRA.items():
        if id == extra:
            return header
    named = [c.name for c in source.columns if c.id == id] if source is not None else []
    return named[0] if named else id or _NO_ROW


def count(journal: Journal, contracts: Contracts) -> list[FileWaiting]:
    """Files of which rows wait, in the order in which they were taken in."""
    found = []
    for file in in_force(journal):
        source = contracts.sources.get(file.source)
        waiting, counted = 0, Counter[tuple[str, Reason]]()
        for row in waiting_rows(journal, file, rows=False):
            waiting += 1
            counted.update({(f.column, f.reason) for f in row.findings})
        order = sorted(counted, key=lambda k: (-counted[k], ORDER[k[1]], k[0]))
        counts = tuple(Count(c, column_name(source, c), r, counted[c, r]) for c, r in order)
        if waiting:
            found.append(FileWaiting(file, waiting, counts))
    return found


def write_out(
    journal: Journal, files: Sequence[Taken], contracts: Contracts, keys: Keyring, out: Path, purpose: str
) -> list[Path]:
    """A CSV for each file: its rows as they were written, why they were refused, and the number by which
    a mended row is known. The purpose is put on record in the register first.

    Raises ImportsError, SealError, SnapshotError (a full disk).
    """
    written = []
    with writing(out):
        private_folder(out)
        _record(journal.register, [f.file for f in files], purpose)
        for file in files:
            source = contracts.sources.get(file.source)
            if source is None:
                raise ImportsError(f"{file.file} is of the source {file.source}, which the pack has no more.")
            place = file.division[:6] if file.division[6:] == "000000" else file.division
            day = file.as_of.replace("-", "")
            path = out / f"{source.name}_{place}_{day}{MENDED}{file.id[:8]}.csv"
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            # With the mark, so that a spreadsheet opens it as UTF-8.
            with os.fdopen(descriptor, "w", encoding="utf-8-sig", newline="") as stream:
                _write(csv.writer(stream), source, file, waiting_rows(journal, file), keys)
            written.append(path)
    return written


def _write(
    writer: csv._writer,  # type: ignore[name-defined]
    source: SourceContract,
    file: Taken,
    rows: Iterator[Waiting],
    keys: Keyring,
) -> None:
    writer.writerow([MEND, WITHDRAW, WHY, HINT, *(c.name for c in source.columns), RAW])
    for row in rows:
        cells, raw = quarantine.open_row(row, keys)
        why = "；".join(f"{column_name(source, f.column)}：{words(f.reason)}" for f in row.findings)
        hint = "；".join(f.suggestion for f in row.findings)
        values = [cells.get(c.id, "") for c in source.columns]
        writer.writerow([mend_id(file.id, row.line), "", why, hint, *values, raw])


def _record(register: Path, files: Sequence[str], purpose: str) -> None:
    """One line in the register's list of what was opened and what for."""
    told = {
        "when": datetime.now(UTC).isoformat(timespec="seconds"),
        "what": "quarantine",
        "purpose": purpose,
        "files": list(files),
    }
    descriptor = os.open(register / EXPORTS, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    with os.fdopen(descriptor, "a", encoding="utf-8") as stream:
        stream.write(json.dumps(told, ensure_ascii=False) + "\n")
        stream.flush()
        os.fsync(stream.fileno())
