"""Mended rows: which refused row each of them stands for, and what leaves quarantine with them.

A row is known by the first digits of its file's id and its line. Whatever becomes of a mended row
(kept, withdrawn, refused once more) the row that it stands for leaves the quarantine of its file: that is
written down beside the quarantine before the journal takes the mended file in, and cleared up after.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from zhida.population.imports import odd
from zhida.population.imports.cells import Batch
from zhida.population.imports.checking import Finding, Refused
from zhida.population.imports.headers import EXTRA, MEND, WITHDRAW
from zhida.population.imports.journal import (
    PARTIAL,
    QUARANTINE,
    STAGING,
    Journal,
    Taken,
    settle,
    write_whole,
)
from zhida.population.imports.quarantine import SCHEMA
from zhida.population.imports.reasons import Reason, suggestion

WITHDRAWN = "作废"
DIGITS = 16
_ID = re.compile(rf"([0-9a-f]{{{DIGITS}}}):([1-9][0-9]{{0,11}})")
_LINES = "line"


def mend_id(id: str, line: int) -> str:
    """What stands in the column 退回编号."""
    return f"{id[:DIGITS]}:{line}"


def quarantine_path(register: Path, id: str) -> Path:
    return register / QUARANTINE / f"{id}.parquet"


def answered_path(register: Path, id: str) -> Path:
    """Of a mended file: the rows that leave the quarantine of others with it, by id."""
    return register / QUARANTINE / f"{id}.answers.json"


def in_force(journal: Journal) -> list[Taken]:
    """Files that no later one has come in place of: only of these rows wait to be mended."""
    gone = {f.supersedes for f in journal.files}
    for file in journal.files:  # what mends comes after what it mends
        if file.mends and set(file.mends) <= gone:
            gone.add(file.id)
    return [f for f in journal.files if f.id not in gone]


def answered(journal: Journal) -> dict[str, set[int]]:
    """By file, lines that were answered by mended files and are not cleared up yet."""
    found: dict[str, set[int]] = {}
    for file in journal.files:
        path = answered_path(journal.register, file.id)
        if file.mends and path.exists():
            for id, lines in json.loads(path.read_bytes()).items():
                found.setdefault(id, set()).update(lines)
    return found


def waiting_lines(journal: Journal, file: Taken) -> set[int]:
    """Lines of a file that wait in quarantine."""
    path = quarantine_path(journal.register, file.id)
    if not path.exists():
        return set()
    lines = pq.read_table(path, columns=[_LINES]).column(_LINES).to_numpy()
    return set(lines.tolist()) - answered(journal).get(file.id, set())


@dataclass
class Mending:
    """Goes through the rows of a mended file of one source."""

    journal: Journal
    source: str
    withdrawn: int = 0
    answers: dict[str, set[int]] = field(default_factory=dict)
    _waiting: dict[str, tuple[str, set[int]]] = field(default_factory=dict)

    def take(self, batch: Batch) -> tuple[Batch, list[Refused]]:
        """(rows to be checked, rows refused because they stand for nothing)."""
        ids = batch.columns[EXTRA[MEND]]
        words = batch.columns.get(EXTRA[WITHDRAW])
        keep: list[int] = []
        refused: list[Refused] = []
        for row in range(len(batch)):
            word = odd.plain(words.text(row)) if words is not None else ""
            found = self._find(odd.plain(ids.text(row)))
            if found is None or word not in ("", WITHDRAWN):
                reason = Reason.MEND_UNKNOWN if found is None else Reason.MEND_WORD
                column = EXTRA[MEND] if found is None else EXTRA[WITHDRAW]
                line = int(batch.lines[row])
                told = [Finding(line, column, reason, suggestion(reason))]
                refused.append(Refused(line, batch.row(row), "", told))
                continue
            self.answers.setdefault(found[0], set()).add(found[1])
            if word == WITHDRAWN:
                self.withdrawn += 1
            else:
                keep.append(row)
        return batch.take(np.array(keep, np.int64)), refused

    def _find(self, id: str) -> tuple[str, int] | None:
        match = _ID.fullmatch(id)
        if match is None:
            return None
        begin, line = match[1], int(match[2])
        if begin not in self._waiting:
            files = [f for f in in_force(self.journal) if f.id.startswith(begin)]
            if len(files) != 1 or files[0].source != self.source:
                return None
            self._waiting[begin] = (files[0].id, waiting_lines(self.journal, files[0]))
        id, lines = self._waiting[begin]
        if line not in lines:
            return None
        lines.remove(line)  # a second row for the same one stands for nothing
        return id, line

    def write(self, id: str) -> tuple[str, ...]:
        """Writes down what leaves quarantine with the file ``id``; gives back whose rows they are."""
        path = answered_path(self.journal.register, id)
        data = {s: sorted(lines) for s, lines in sorted(self.answers.items())}
        write_whole(path, json.dumps(data).encode())
        return tuple(data)


def clear_up(journal: Journal) -> None:
    """Takes answered rows out of quarantine, and what waits of files that others came in place of.

    Under the lock; may be stopped anywhere and run again.
    """
    register = journal.register
    for id, lines in answered(journal).items():
        _without(quarantine_path(register, id), lines)
    kept = {f.id for f in in_force(journal)}
    for file in journal.files:
        if file.id not in kept:
            quarantine_path(register, file.id).unlink(missing_ok=True)
        if file.mends:
            answered_path(register, file.id).unlink(missing_ok=True)


def sweep(journal: Journal) -> None:
    """Removes what an import that was stopped had written of files that the journal does not know.

    Under the lock, before anything is read.
    """
    known = {f.id for f in journal.files}
    for folder in (QUARANTINE, STAGING):
        for path in (journal.register / folder).rglob("*"):
            if path.is_file() and path.name.split(".")[0] not in known:
                path.unlink()


def _without(path: Path, lines: set[int]) -> None:
    """The file without these rows; no file where none is left."""
    if not path.exists():
        return
    table = pq.read_table(path)
    gone = np.isin(table.column(_LINES).to_numpy(), np.array(sorted(lines), np.int64))
    if gone.all():
        path.unlink()
        return
    partial = path.with_name(path.name + PARTIAL)
    pq.write_table(table.filter(pa.array(~gone)).cast(SCHEMA), partial, compression="lz4")
    settle(partial, path)
