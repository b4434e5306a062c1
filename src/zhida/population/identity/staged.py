"""A checked file of a delivery as the second half of an import takes it over (docs/imports.md, staging)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb

from zhida.population.duck import parquet, quoted
from zhida.population.imports.contract import Column, SourceContract, Type

NAME_OF = "{}_name"  # the column with the name of whom another column identifies


@dataclass(frozen=True, slots=True)
class StagedFile:
    """``path``: the Parquet file in staging; ``division``: 12 digits, whose people it holds, all of them
    where ``complete``; ``as_of``: the day as of which it was true; ``mends``: it holds rows that an
    earlier file of the same source, place and day lacked, and does not stand in its place; ``refused``: the
    Parquet file with (line, column, person) of whom its refused rows name, or None."""

    source: SourceContract
    path: Path
    sha256: str
    division: str
    as_of: date
    complete: bool
    mends: bool = False
    refused: Path | None = None


@dataclass(frozen=True, slots=True)
class Batch:
    """Files that go through together, in a fixed order; a file's number is its place in it. ``order``: ids
    of all sources, those first whose names of people count before others'."""

    number: int
    files: tuple[StagedFile, ...]
    order: tuple[str, ...]

    @property
    def sources(self) -> list[SourceContract]:
        """Sources that have files, in the order in which their names count."""
        found = {f.source.id: f.source for f in self.files}
        return sorted(found.values(), key=lambda s: self.order.index(s.id))

    def rows_of(self, source: SourceContract) -> str:
        """A table expression over a source's staged rows: its columns, ``line``, ``file``, ``as_of``."""
        paths = [f.path for f in self.files if f.source.id == source.id]
        return (
            f"(SELECT s.*, t.number AS file, t.as_of AS as_of FROM {parquet(paths, named=True)} s "
            "JOIN staged_files t ON t.path = s.filename)"
        )

    def refused_of(self, source: SourceContract) -> str:
        """A table expression over a source's refused rows and whom they name: ``line``, ``column``,
        ``person``, ``file``, ``as_of``; '' where there are none."""
        paths = [f.refused for f in self.files if f.source.id == source.id and f.refused is not None]
        if not paths:
            return ""
        return (
            f"(SELECT s.* EXCLUDE (filename), t.number AS file, t.as_of FROM {parquet(paths, named=True)} s "
            "JOIN staged_files t ON t.path = s.filename)"
        )


def name_order(sources: Iterable[SourceContract]) -> tuple[str, ...]:
    """Whose names count first: of sources that say where people are, then of the others; else by id."""
    found = {s.id: s for s in sources}
    return tuple(s.id for s in sorted(found.values(), key=lambda s: (not s.place, s.id)))


def batch_of(number: int, files: Iterable[StagedFile], order: tuple[str, ...]) -> Batch:
    """In the order of source, day, division and content, so that the same files give the same batch."""
    ordered = sorted(files, key=lambda f: (f.source.id, f.as_of, f.division, f.mends, f.sha256))
    return Batch(number, tuple(ordered), order)


def register_files(db: duckdb.DuckDBPyConnection, batch: Batch) -> None:
    """The table ``staged_files``: path, number, as_of."""
    db.execute("CREATE TABLE staged_files (path VARCHAR, number SMALLINT, as_of DATE)")
    rows = [(str(f.path), i, f.as_of) for i, f in enumerate(batch.files)]
    rows += [(str(f.refused), i, f.as_of) for i, f in enumerate(batch.files) if f.refused is not None]
    db.executemany("INSERT INTO staged_files VALUES (?, ?, ?)", rows)


def columns_of(source: SourceContract, kind: Type) -> list[Column]:
    return [c for c in source.columns if c.type is kind]


def name_beside(source: SourceContract, column: str) -> str:
    """The column with the name of whom ``column`` identifies; '' where there is none."""
    wanted = "name" if column == source.person else NAME_OF.format(column)
    names = [c.id for c in columns_of(source, Type.PERSON_NAME)]
    return wanted if wanted in names else ""


def id17(column: str) -> str:
    """SQL for the first 17 digits of a resident ID as a number: the 18th follows from them."""
    return f"CAST(left({column}, 17) AS BIGINT)"


def identified(batch: Batch) -> str:
    """SQL: every resident ID of the batch, with the rank of its source and the day as of which."""
    parts = []
    for rank, source in enumerate(batch.sources):
        for column in columns_of(source, Type.RESIDENT_ID):
            name = quoted(column.id)
            parts.append(
                f"SELECT {id17(name)} AS id17, {rank} AS rank, as_of FROM {batch.rows_of(source)} "
                f"WHERE {name} IS NOT NULL"
            )
        if refused := batch.refused_of(source):
            parts.append(f"SELECT {id17('person')} AS id17, {rank} AS rank, as_of FROM {refused}")
    return " UNION ALL ".join(parts)
