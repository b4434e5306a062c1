"""From resident IDs in staged rows to surrogate keys: known ones found, new ones given a key.

Keys are given one after the other in the order of the keyed look-ups, so a key tells nothing of region,
birth or name, and nobody without the keys could say who came before whom.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from zhida.codes.resident_id import check_digits
from zhida.codes.sealing import Keyring
from zhida.population.city.pool import run
from zhida.population.duck import literal, parquet, quoted
from zhida.population.identity.schema import RESIDENT_ID
from zhida.population.identity.staged import Batch, columns_of, id17, identified, name_beside
from zhida.population.identity.store import IdentityStore
from zhida.population.imports.contract import SourceContract, Type

GROUPS = 4  # row groups of the list of IDs that one process takes at a time


@dataclass(frozen=True, slots=True)
class Looking:
    """What a process needs to look up any piece of a list of IDs or names."""

    ring: Keyring
    version: int
    listed: Path
    folder: Path

    @property
    def pieces(self) -> int:
        """At least one, also where no row was kept."""
        return max(1, -(-pq.ParquetFile(self.listed).metadata.num_row_groups // GROUPS))

    def piece(self, index: int) -> pa.Table:
        file = pq.ParquetFile(self.listed)
        groups = range(index * GROUPS, min((index + 1) * GROUPS, file.metadata.num_row_groups))
        return file.read_row_groups(list(groups))


class Looker:
    """``part`` writes id17, id and look_up of a piece and gives back the file."""

    def __init__(self, job: Looking) -> None:
        self.job = job

    def warm(self) -> None:
        pass

    def part(self, index: int) -> Path:
        bodies = self.job.piece(index).column("id17").to_numpy()
        ids = whole_ids(bodies)
        found = self.job.ring.look_up_all(ids, "identifiers", self.job.version)
        table = pa.table(
            {"id17": pa.array(bodies), "id": pa.array(ids), "look_up": pa.array(found, pa.binary())}
        )
        path = self.job.folder / f"lookups-{index:05d}.parquet"
        pq.write_table(table, path, compression="none", use_dictionary=False)
        return path


class NameLooker:
    """``part`` writes person_key and look_up of the names of a piece and gives back the file."""

    def __init__(self, job: Looking) -> None:
        self.job = job

    def warm(self) -> None:
        pass

    def part(self, index: int) -> Path:
        rows = self.job.piece(index)
        found = self.job.ring.look_up_all(rows.column("name").to_pylist(), "names", self.job.version)
        table = pa.table({"person_key": rows.column("person_key"), "look_up": pa.array(found, pa.binary())})
        path = self.job.folder / f"names-{index:05d}.parquet"
        pq.write_table(table, path, compression="none", use_dictionary=False)
        return path


def whole_ids(bodies: np.ndarray[tuple[int], np.dtype[np.int64]]) -> list[str]:
    """Numbers of 17 digits → IDs of 18 characters."""
    digits = (bodies[:, None] // 10 ** np.arange(16, -1, -1, dtype=np.int64)) % 10
    body = (digits + ord("0")).astype(np.uint8)
    whole = np.concatenate([body, check_digits(body)[:, None]], axis=1)
    return [bytes(row).decode() for row in np.ascontiguousarray(whole).view("S18").ravel()]


def identify(
    db: duckdb.DuckDBPyConnection,
    batch: Batch,
    store: IdentityStore,
    ring: Keyring,
    work: Path,
    processes: int,
) -> int:
    """Makes the tables ``people`` (id17, person_key, name) and ``fresh`` (person_key, id, rank, since) and
    gives back the next key. ``work``: a private folder."""
    db.execute(
        "CREATE TABLE ids AS SELECT id17, min(rank) AS rank, min(as_of) AS since "
        f"FROM ({identified(batch)}) GROUP BY id17"
    )
    listed = work / "ids.parquet"
    db.execute(f"COPY (SELECT id17 FROM ids) TO {literal(listed)} (FORMAT parquet, ROW_GROUP_SIZE 122880)")
    job = Looking(ring, store.look_up_version, listed, work)
    files = [path for _, path in run(Looker, job, job.pieces, processes)]
    known = _known(store)
    db.execute(f"CREATE VIEW looked AS SELECT * FROM {parquet(sorted(files))}")
    db.execute(
        f"CREATE TABLE keyed AS SELECT l.id17, k.person_key FROM looked l JOIN {known} k USING (look_up)"
    )
    db.execute(
        "CREATE TABLE fresh AS SELECT id17, id, rank, since, "
        f"row_number() OVER (ORDER BY look_up) + {store.next_key - 1} AS person_key "
        "FROM looked ANTI JOIN keyed USING (id17) JOIN ids USING (id17)"
    )
    db.execute("INSERT INTO keyed SELECT id17, person_key FROM fresh")
    _name(db, batch)
    db.execute(
        "CREATE TABLE people AS SELECT k.id17, k.person_key, n.name, n.rank, n.since "
        "FROM keyed k LEFT JOIN named n USING (id17)"
    )
    for table in ("ids", "keyed", "named"):
        db.execute(f"DROP TABLE {table}")
    _recall(db, batch, store, ring, work, processes)
    last = db.execute("SELECT max(person_key) FROM fresh").fetchone()
    return store.next_key if last is None or last[0] is None else int(last[0]) + 1


def _known(store: IdentityStore) -> str:
    paths = store.paths("identifiers")
    if not paths:
        return "(SELECT NULL::BLOB AS look_up, NULL::BIGINT AS person_key WHERE false)"
    return (
        f"(SELECT look_up, min(person_key) AS person_key FROM {parquet(paths)} "
        f"WHERE kind = {literal(RESIDENT_ID)} GROUP BY look_up)"
    )


def _name(db: duckdb.DuckDBPyConnection, batch: Batch) -> None:
    """The table ``named``: one name for each ID, from the first source that has one. Sources that say where
    people are cover nearly all; the others are asked for the rest only."""
    form = "(id17 BIGINT, name VARCHAR, rank INTEGER, since DATE)"
    db.execute(f"CREATE TABLE named {form}")
    ranked = list(enumerate(batch.sources))
    for rank, source in ranked:
        if source.place:
            _names_of(db, batch, source, rank, "named", "ANTI JOIN named")
    db.execute("CREATE TABLE unnamed AS SELECT id17 FROM ids ANTI JOIN named USING (id17)")
    db.execute(f"CREATE TABLE others {form}")
    for rank, source in ranked:
        if not source.place:
            _names_of(db, batch, source, rank, "others", "SEMI JOIN unnamed")
    db.execute(
        "INSERT INTO named SELECT id17, arg_min(name, rank), min(rank), arg_min(since, rank) FROM others "
        "GROUP BY id17"
    )
    for table in ("unnamed", "others"):
        db.execute(f"DROP TABLE {table}")


def _names_of(
    db: duckdb.DuckDBPyConnection, batch: Batch, source: SourceContract, rank: int, into: str, narrowed: str
) -> None:
    for column in columns_of(source, Type.RESIDENT_ID):
        name = name_beside(source, column.id)
        if name:
            db.execute(
                f"INSERT INTO {into} SELECT id17, min(name), {rank}, min(as_of) FROM "
                f"(SELECT {id17(quoted(column.id))} AS id17, {quoted(name)} AS name, as_of "
                f"FROM {batch.rows_of(source)} WHERE {quoted(name)} IS NOT NULL) {narrowed} USING (id17) "
                "GROUP BY id17"
            )


def _recall(
    db: duckdb.DuckDBPyConnection,
    batch: Batch,
    store: IdentityStore,
    ring: Keyring,
    work: Path,
    processes: int,
) -> None:
    """Of people whose name the store holds: that name counts, unless this batch brings one from the same
    source or from one that comes before it. Names that are known already are not to be written again."""
    paths = store.paths("names")
    listed = work / "known-names.parquet"
    if paths:
        db.execute(
            "COPY (SELECT person_key, name FROM people ANTI JOIN fresh USING (person_key) "
            f"WHERE name IS NOT NULL) TO {literal(listed)} (FORMAT parquet, ROW_GROUP_SIZE 122880)"
        )
    if not paths or not pq.ParquetFile(listed).metadata.num_rows:
        return
    job = Looking(ring, store.look_up_version, listed, work)
    files = [path for _, path in run(NameLooker, job, job.pieces, processes)]
    db.execute("CREATE TABLE ranked (source VARCHAR, rank INTEGER)")
    db.executemany("INSERT INTO ranked VALUES (?, ?)", [(s, i) for i, s in enumerate(batch.order)])
    mine = {i: batch.order.index(s.id) for i, s in enumerate(batch.sources)}
    cases = " ".join(f"WHEN {i} THEN {rank}" for i, rank in mine.items())
    held = (
        f"SELECT person_key, look_up, sealed, source FROM {parquet(paths)} WHERE kind = 'main' "
        "QUALIFY row_number() OVER (PARTITION BY person_key ORDER BY since DESC, source) = 1"
    )
    db.execute(
        "CREATE TABLE recalled AS SELECT p.person_key, n.look_up = h.look_up AS equal, h.sealed, "
        f"coalesce(r.rank, 0) < CASE p.rank {cases} END AS stays "
        f"FROM people p JOIN {parquet(sorted(files))} n USING (person_key) "
        f"JOIN ({held}) h USING (person_key) LEFT JOIN ranked r ON r.source = h.source"
    )
    rows = db.execute("SELECT person_key, sealed FROM recalled WHERE NOT equal AND stays").fetchall()
    names = ring.open_all([bytes(sealed) for _, sealed in rows], "names")
    keys = pa.array([int(key) for key, _ in rows], pa.int64())
    db.register("held_names", pa.table({"person_key": keys, "name": pa.array(names, pa.string())}))
    db.execute("UPDATE people SET name = h.name FROM held_names h WHERE h.person_key = people.person_key")
    db.unregister("held_names")
    db.execute(
        "UPDATE people SET rank = NULL FROM recalled r "
        "WHERE r.person_key = people.person_key AND (r.equal OR r.stays)"
    )
    for table in ("recalled", "ranked"):
        db.execute(f"DROP TABLE {table}")
