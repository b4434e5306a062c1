"""Rows that wait to be mended: of whom, where that can be told, so that nobody counts as absent meanwhile."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray

from zhida.population.errors import SnapshotError
from zhida.population.imports.contract import SourceContract
from zhida.population.imports.journal import Journal
from zhida.population.imports.mending import waiting_lines
from zhida.population.register.landed import Landed, LandedFile, refused_path


@dataclass(frozen=True, slots=True)
class RefusedRows:
    """``keys``: by source and column, the people whom rows that wait name there, ascending. ``unread``: by
    source and division, how many rows wait of which nobody can tell whose they are."""

    keys: Mapping[tuple[str, str], NDArray[np.int64]]
    unread: Mapping[str, Mapping[str, int]]

    def of(self, source: SourceContract) -> NDArray[np.int64]:
        """Whose rows wait."""
        return self.named(source.id, source.person)

    def named(self, source: str, column: str) -> NDArray[np.int64]:
        return self.keys.get((source, column), np.zeros(0, np.int64))


def refused_rows(
    landed: Landed,
    sources: Mapping[str, SourceContract],
    files: Mapping[str, Sequence[LandedFile]],
    merged: Mapping[int, int],
) -> RefusedRows:
    """What waits of the files that count in a month. ``merged``: person keys that are read as another.

    Raises ImportsError, and SnapshotError where an import was stopped between its two halves: then a mended
    row has left quarantine and is not among the landed ones yet.
    """
    journal = Journal.load(landed.folder)
    for taken in journal.files:
        if taken.mends and not landed.holds(taken.source, taken.sha256, taken.division, taken.as_of):
            raise SnapshotError(
                f"{taken.file} mends rows and has not landed in {landed.folder}: run its import again, then "
                "make the snapshot."
            )
    known = {(f.source, f.sha256, f.division, f.as_of): f for f in journal.files}
    keys: dict[tuple[str, str], set[int]] = {}
    unread: dict[str, dict[str, int]] = {}
    for source, counting in files.items():
        for file in counting:
            taken_in = known.get((source, file.sha256, file.division, file.as_of.isoformat()))
            lines = waiting_lines(journal, taken_in) if taken_in is not None else set()
            if not lines:
                continue
            rows = _told(landed, file)
            mine = np.isin(rows["line"], np.array(sorted(lines), np.int64))
            for key, column in zip(rows["person_key"][mine], rows["column"][mine], strict=True):
                keys.setdefault((source, column), set()).add(merged.get(int(key), int(key)))
            if nobodys := len(lines) - int((rows["column"][mine] == sources[source].person).sum()):
                told = unread.setdefault(source, {})
                told[file.division] = told.get(file.division, 0) + nobodys
    return RefusedRows({place: np.array(sorted(found), np.int64) for place, found in keys.items()}, unread)


def _told(landed: Landed, file: LandedFile) -> dict[str, Any]:
    """line, column and person_key of whom a file's refused rows name; none of a batch without any."""
    path = refused_path(landed.folder, file.batch)
    if not path.exists():
        return {"column": np.zeros(0, object)} | {n: np.zeros(0, np.int64) for n in ("line", "person_key")}
    table = pq.read_table(path, filters=[("file", "=", file.number)])
    return {name: table.column(name).to_numpy() for name in ("column", "line", "person_key")}
