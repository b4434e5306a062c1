"""Staged rows into a register: people identified, their names and numbers sealed, the rows kept by key.

The identity store takes the batch in first, then the index of landed rows. A stop in between gives keys
without rows; the next run finds those keys again, and what was sealed is not sealed twice.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import duckdb

from zhida.codes.sealing import Keyring
from zhida.population.duck import connect, literal, parquet, quoted
from zhida.population.errors import SnapshotError, writing
from zhida.population.identity.identify import identify
from zhida.population.identity.landing import land_source
from zhida.population.identity.schema import OF_TYPE, RESIDENT_ID, StoredFile
from zhida.population.identity.sealers import Piece, Sealing, pieces_of, seal
from zhida.population.identity.staged import (
    Batch,
    StagedFile,
    batch_of,
    columns_of,
    id17,
    name_order,
    register_files,
)
from zhida.population.identity.store import IdentityStore
from zhida.population.imports.contract import SourceContract
from zhida.population.register.landed import (
    FOLDER,
    IDENTITY,
    Landed,
    LandedFile,
    people_path,
    refused_path,
    review_path,
)

Progress = Callable[[int, int], None]
WORK = ".landing-"


@dataclass(frozen=True, slots=True)
class Taken:
    """What a batch brought: rows by source, new people, values sealed, names that clearly differ."""

    rows: dict[str, int]
    people: int
    sealed: int
    to_review: int


def land(
    register: Path,
    files: Iterable[StagedFile],
    ring: Keyring,
    *,
    synthetic: bool,
    order: tuple[str, ...] = (),
    processes: int = 2,
    progress: Progress | None = None,
) -> Taken:
    """Lands the files that have not landed yet. ``order``: ids of the pack's sources, those first whose names
    count (``name_order``). Raises SnapshotError; then the register is as it was."""
    landed = Landed.open_or_new(register, synthetic=synthetic)
    store = IdentityStore.open_or_new(register / IDENTITY, ring, synthetic=synthetic)
    new = [f for f in files if not landed.holds(f.source.id, f.sha256, f.division, f.as_of.isoformat())]
    if not new:
        return Taken({}, 0, 0, 0)
    batch = batch_of(landed.batches + 1, new, order or name_order(f.source for f in new))
    store.remove_leftovers()
    with writing(register):
        register.mkdir(parents=True, exist_ok=True)
        for left in register.glob(f"{WORK}*"):
            shutil.rmtree(left, ignore_errors=True)
        work = Path(tempfile.mkdtemp(prefix=WORK, dir=register))  # mode 0700: plain names pass through it
    try:
        with connect(work) as db:
            return _land(db, work, landed, store, batch, ring, processes, progress)
    except duckdb.Error as error:
        if isinstance(error, duckdb.IOException) and "space" in str(error).lower():
            raise SnapshotError(
                f"The disk is full: {register} could not be written; nothing was kept. Free some space, "
                "then import again."
            ) from error
        raise SnapshotError(
            f"The staged rows in {register} can't be read ({str(error).splitlines()[0]}): import the "
            "delivery again."
        ) from error
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _land(
    db: duckdb.DuckDBPyConnection,
    work: Path,
    landed: Landed,
    store: IdentityStore,
    batch: Batch,
    ring: Keyring,
    processes: int,
    progress: Progress | None,
) -> Taken:
    steps = len(batch.sources) + 2
    tell = progress or (lambda done, total: None)
    register_files(db, batch)
    next_key = identify(db, batch, store, ring, work, processes)
    tell(1, steps)
    salt = ring.look_up("salt", "landed", store.look_up_version).hex()
    db.execute("CREATE TABLE differing (person_key BIGINT, source VARCHAR, name VARCHAR, doubtful BOOLEAN)")
    rows = {}
    for number, source in enumerate(batch.sources):
        out = landed.path(source.id, batch.number)
        with writing(out):
            out.parent.mkdir(parents=True, exist_ok=True)
        rows[source.id] = land_source(db, batch, source, salt, store, ring, out)
        _sync(out)
        tell(number + 2, steps)
    people = people_path(landed.folder, batch.number)
    with writing(people):
        people.parent.mkdir(parents=True, exist_ok=True)
    db.execute(f"COPY ({_digits()}) TO {literal(people)} (FORMAT parquet)")
    _sync(people)
    _refused(db, batch, refused_path(landed.folder, batch.number))
    sealed = _seal(db, work, store, batch, ring, processes)
    to_review = _review(db, work, landed.folder, batch.number, store, ring)
    store.added(sealed, next_key)
    landed.added(
        [
            LandedFile(f.source.id, f.sha256, f.division, f.as_of, f.complete, batch.number, i, f.mends)
            for i, f in enumerate(batch.files)
        ],
        next_key,
    )
    tell(steps, steps)
    return Taken(rows, next_key - store.next_key, sum(f.rows for f in sealed), to_review)


def _digits() -> str:
    """SQL: birth and sex as the digits of new people's IDs tell."""
    return (
        "SELECT person_key, CAST(try_strptime(substr(id, 7, 8), '%Y%m%d') AS DATE) AS birth, "
        "CASE WHEN CAST(substr(id, 17, 1) AS INTEGER) % 2 = 1 THEN 'male' ELSE 'female' END AS sex "
        "FROM fresh ORDER BY person_key"
    )


def _refused(db: duckdb.DuckDBPyConnection, batch: Batch, out: Path) -> None:
    """Whose rows wait to be mended, by key: until then nothing is known of what they would have said."""
    parts = [
        f"SELECT p.person_key, r.file, r.line, r.column FROM {rows} r "
        f"JOIN people p ON p.id17 = {id17('r.person')}"
        for source in batch.sources
        if (rows := batch.refused_of(source))
    ]
    if not parts:
        out.unlink(missing_ok=True)  # a leftover of a stopped import
        return
    with writing(out):
        out.parent.mkdir(parents=True, exist_ok=True)
    rows = " UNION ALL ".join(parts)
    db.execute(f"COPY (SELECT * FROM ({rows}) ORDER BY file, line, 4) TO {literal(out)} (FORMAT parquet)")
    _sync(out)


def _seal(
    db: duckdb.DuckDBPyConnection,
    work: Path,
    store: IdentityStore,
    batch: Batch,
    ring: Keyring,
    processes: int,
) -> list[StoredFile]:
    """Plain values into private files, table by table, then sealed by several processes."""
    db.execute("CREATE TABLE ranks (rank INTEGER, source VARCHAR)")
    db.executemany("INSERT INTO ranks VALUES (?, ?)", [(i, s.id) for i, s in enumerate(batch.sources)])
    plain: list[tuple[str, str]] = [
        (
            "identifiers",
            f"SELECT person_key, {literal(RESIDENT_ID)} AS kind, id AS value, since, source, "
            "NULL::BLOB[] AS known FROM fresh JOIN ranks USING (rank)",
        ),
        (
            "names",
            _with_known(
                store,
                "names",
                "SELECT person_key, 'main' AS kind, name AS value, since, source FROM people "
                "JOIN ranks USING (rank) WHERE name IS NOT NULL",
            ),
        ),
        (
            "names",
            _with_known(
                store,
                "names",
                "SELECT DISTINCT person_key, 'other' AS kind, name AS value, "
                f"CAST({literal(min(f.as_of for f in batch.files).isoformat())} AS DATE) AS since, source "
                "FROM differing WHERE NOT doubtful",
            ),
        ),
    ]
    for source in batch.sources:
        for kind, table in OF_TYPE.items():
            for column in columns_of(source, kind):
                plain.append((table, _with_known(store, table, _values(batch, source, column.id))))
    pieces: list[Piece] = []
    for number, (table, sql) in enumerate(plain):
        file = work / f"plain-{number:03d}.parquet"
        db.execute(f"COPY ({sql} ORDER BY person_key) TO {literal(file)} (FORMAT parquet)")
        pieces += pieces_of(table, file, store.batches + 1, sum(p.table == table for p in pieces))
    return seal(Sealing(ring, store.look_up_version, store.folder, tuple(pieces)), processes)


def _values(batch: Batch, source: SourceContract, column: str) -> str:
    kind = source.place if source.place else column
    return (
        f"SELECT p.person_key, {literal(kind)} AS kind, s.{quoted(column)} AS value, max(s.as_of) AS since, "
        f"{literal(source.id)} AS source FROM {batch.rows_of(source)} s "
        f"JOIN people p ON p.id17 = {id17('s.' + quoted(source.person))} "
        f"WHERE s.{quoted(column)} IS NOT NULL GROUP BY ALL"
    )


def _with_known(store: IdentityStore, table: str, sql: str) -> str:
    """Adds the look-ups that the store holds of the same person, kind and source, so that nothing is sealed
    again month after month. A value that comes back after another took its place counts as new, except of
    accounts and other names, of which a person has several at once."""
    paths = store.paths(table)
    if not paths:
        return f"SELECT v.*, NULL::BLOB[] AS known FROM ({sql}) v"
    held = f"SELECT person_key, kind, source, look_up, since FROM {parquet(paths)}"
    if table != "accounts":
        held += " QUALIFY kind = 'other' OR since = max(since) OVER (PARTITION BY person_key, kind, source)"
    return (
        f"SELECT v.*, k.known FROM ({sql}) v LEFT JOIN (SELECT person_key, kind, source, "
        f"list(look_up) AS known FROM ({held}) GROUP BY ALL) k USING (person_key, kind, source)"
    )


def _review(
    db: duckdb.DuckDBPyConnection, work: Path, folder: Path, batch: int, store: IdentityStore, ring: Keyring
) -> int:
    """Names that clearly differ under one ID, sealed, for a person to look at."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    found = db.execute(
        "SELECT DISTINCT person_key, source, name FROM differing WHERE doubtful ORDER BY ALL"
    ).fetchall()
    if not found:
        return 0
    names = [name for _, _, name in found]
    table = pa.table(
        {
            "person_key": pa.array([k for k, _, _ in found], pa.int64()),
            "source": pa.array([s for _, s, _ in found], pa.string()),
            "reason": pa.array(["name_differs"] * len(found), pa.string()),
            "sealed": pa.array(ring.seal_all(names, "names"), pa.binary()),
            "look_up": pa.array(ring.look_up_all(names, "names", store.look_up_version), pa.binary(16)),
        }
    )
    path = review_path(folder, batch)
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(table, path)
    _sync(path)
    return len(found)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


__all__ = ["FOLDER", "Progress", "StagedFile", "Taken", "land"]
