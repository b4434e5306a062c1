"""Rows by person key, without an identifier: what a register keeps of a delivery (docs/register.md).

Names, addresses and phones are left out. A text, or an account of a source's key, becomes a number that
says only whether two are equal: a keyed salt goes into it, so nobody without the keys can try out guesses.
"""

from __future__ import annotations

from pathlib import Path

import duckdb
import pyarrow as pa

from zhida.codes.sealing import Keyring
from zhida.population.duck import literal, parquet, quoted
from zhida.population.errors import SnapshotError
from zhida.population.identity.likeness import clearly_differ
from zhida.population.identity.staged import Batch, id17, name_beside
from zhida.population.identity.store import IdentityStore
from zhida.population.imports.contract import Column, SourceContract, Type

FIXED = ("person_key", "line", "file", "doubtful")
LEFT_OUT = (Type.PERSON_NAME, Type.ADDRESS, Type.PHONE)


def landed_columns(source: SourceContract) -> list[Column]:
    """Columns of the contract that a landed row keeps, under their own ids; IDs become person keys."""
    kept = []
    for column in source.columns:
        if column.id == source.person or column.type in LEFT_OUT:
            continue
        if column.type is Type.ACCOUNT and column.id not in source.key:
            continue
        kept.append(column)
    return kept


def land_source(
    db: duckdb.DuckDBPyConnection,
    batch: Batch,
    source: SourceContract,
    salt: str,
    store: IdentityStore,
    ring: Keyring,
    out: Path,
) -> int:
    """Writes the landed rows of one source; fills ``differing`` (person_key, source, name, doubtful) with
    names that differ from the person's own. Needs ``people``. Gives back the rows written."""
    selected, joins = [], []
    for number, column in enumerate(landed_columns(source)):
        name = quoted(column.id)
        if column.type is Type.RESIDENT_ID:
            joins.append(f"LEFT JOIN people p{number} ON p{number}.id17 = {id17('s.' + name)}")
            selected.append(f"p{number}.person_key AS {name}")
        elif column.type in (Type.TEXT, Type.ACCOUNT):
            selected.append(f"{_number('s.' + name, salt)} AS {name}")
        else:
            selected.append(f"s.{name} AS {name}")
    called = name_beside(source, source.person)
    other = (
        f"CASE WHEN s.{quoted(called)} <> p.name THEN s.{quoted(called)} END" if called else "NULL::VARCHAR"
    )
    db.execute(
        f"CREATE OR REPLACE TABLE landing AS SELECT p.person_key, s.line, s.file, "
        f"{''.join(f'{c}, ' for c in selected)}{other} AS other_name "
        f"FROM {batch.rows_of(source)} s JOIN people p ON p.id17 = {id17('s.' + quoted(source.person))} "
        + " ".join(joins)
    )
    _compare(db, source, store, ring)
    db.execute(
        "COPY (SELECT l.* EXCLUDE (other_name), coalesce(d.doubtful, false) AS doubtful FROM landing l "
        "LEFT JOIN compared d ON d.person_key = l.person_key AND d.name = l.other_name) "
        f"TO {literal(out)} (FORMAT parquet)"
    )
    staged = db.execute(f"SELECT count(*) FROM {batch.rows_of(source)}").fetchone()
    landed = db.execute("SELECT count(*) FROM landing").fetchone()
    db.execute("DROP TABLE landing")
    assert staged is not None and landed is not None
    if staged != landed:
        raise SnapshotError(
            f"{source.id}: {staged[0]} rows were staged and {landed[0]} landed: the staging was changed "
            "meanwhile. Import the delivery again."
        )
    return int(landed[0])


def _number(column: str, salt: str) -> str:
    return f"CAST(md5_number_lower({literal(salt)} || {column}) >> 1 AS BIGINT)"


def _compare(
    db: duckdb.DuckDBPyConnection, source: SourceContract, store: IdentityStore, ring: Keyring
) -> None:
    """The table ``compared``: other names of people, and whether they clearly differ from all that the store
    knows of the person (a name that somebody had before does not)."""
    pairs = db.execute(
        "SELECT DISTINCT l.person_key, l.other_name, p.name FROM landing l JOIN people p USING (person_key) "
        "WHERE l.other_name IS NOT NULL AND l.other_name <> p.name"
    ).fetchall()
    db.execute("CREATE OR REPLACE TABLE compared (person_key BIGINT, name VARCHAR, doubtful BOOLEAN)")
    if pairs:
        keys = [int(key) for key, _, _ in pairs]
        others = [str(other) for _, other, _ in pairs]
        looked = ring.look_up_all(others, "names", store.look_up_version)
        known = _known_names(db, store, keys)
        doubtful = [
            clearly_differ(other, own) and (int(key), look_up) not in known
            for (key, other, own), look_up in zip(pairs, looked, strict=True)
        ]
        found = pa.table(
            {
                "person_key": pa.array(keys, pa.int64()),
                "name": pa.array(others, pa.string()),
                "doubtful": pa.array(doubtful, pa.bool_()),
            }
        )
        db.register("found_names", found)
        db.execute(
            "INSERT INTO compared SELECT person_key, name, bool_and(doubtful) FROM found_names "
            "GROUP BY person_key, name"
        )
        db.unregister("found_names")
    db.execute(f"INSERT INTO differing SELECT person_key, {literal(source.id)}, name, doubtful FROM compared")


def _known_names(
    db: duckdb.DuckDBPyConnection, store: IdentityStore, keys: list[int]
) -> set[tuple[int, bytes | None]]:
    """Look-ups of all names that the store has of these people."""
    paths = store.paths("names")
    if not paths:
        return set()
    db.register("asked", pa.table({"person_key": pa.array(keys, pa.int64())}))
    rows = db.execute(
        f"SELECT DISTINCT person_key, look_up FROM {parquet(paths)} SEMI JOIN asked USING (person_key)"
    ).fetchall()
    db.unregister("asked")
    return {(int(key), bytes(look_up)) for key, look_up in rows}
