"""Which landed rows hold in a month: of each source and place the newest file, with what mends it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import duckdb

from zhida.codes.months import last_day
from zhida.population.duck import literal, parquet, quoted
from zhida.population.identity.decisions import DecisionKind, Decisions
from zhida.population.imports.contract import Column, SourceContract, Type, Where
from zhida.population.register.landed import IDENTITY, Landed, LandedFile
from zhida.population.register.refused import RefusedRows, refused_rows
from zhida.rules.declarations import Kind, Pack


def prefix(division: str) -> str:
    """Digits that the codes of all divisions below have in common, by the levels of the code."""
    for length in (2, 4, 6, 9):
        if not division[length:].strip("0"):
            return division[:length]
    return division


def in_force(landed: Landed, source: str, month: int) -> list[LandedFile]:
    """Files of a source that say how things stood at the end of a month."""
    last = last_day(month)
    by_division: dict[str, list[LandedFile]] = {}
    for file in landed.files:
        if file.source == source and file.as_of <= last:
            by_division.setdefault(file.division, []).append(file)
    chosen = {d: _newest(files) for d, files in by_division.items()}
    days = {d: files[0].as_of for d, files in chosen.items()}
    found = []
    for division, files in chosen.items():
        wider = [
            d for d in days if d != division and division.startswith(prefix(d)) and days[d] >= days[division]
        ]
        if not wider:
            found += files
    return sorted(found, key=lambda f: (f.batch, f.number))


def _newest(files: list[LandedFile]) -> list[LandedFile]:
    """Of one place: of the newest day the last file that is whole, and those after it that mend it."""
    newest = max(f.as_of for f in files)
    same = sorted((f for f in files if f.as_of == newest), key=lambda f: (f.batch, f.number))
    whole = [i for i, f in enumerate(same) if not f.mends]
    return same[whole[-1] :] if whole else same


def overlap(files: Iterable[LandedFile]) -> bool:
    """Whether two of the files hold people of one place, so that a row may be there twice."""
    places = sorted({f.division for f in files})
    return any(b.startswith(prefix(a)) for a in places for b in places if a != b)


@dataclass(frozen=True)
class Month:
    """The landed rows of a register as they hold in one month; SQL over them."""

    db: duckdb.DuckDBPyConnection
    landed: Landed
    month: int
    files: dict[str, list[LandedFile]]
    decided: bool
    refused: RefusedRows

    @classmethod
    def of(
        cls, db: duckdb.DuckDBPyConnection, landed: Landed, sources: Mapping[str, SourceContract], month: int
    ) -> Month:
        files = {s: in_force(landed, s, month) for s in sources}
        db.execute("CREATE TABLE in_force (source VARCHAR, path VARCHAR, file SMALLINT, as_of DATE)")
        rows = [
            (f.source, str(landed.path(f.source, f.batch)), f.number, f.as_of)
            for one in files.values()
            for f in one
        ]
        if rows:
            db.executemany("INSERT INTO in_force VALUES (?, ?, ?, ?)", rows)
        decided = bool(_decisions(db, landed))
        refused = refused_rows(landed, sources, files, Decisions.load(landed.folder / IDENTITY).merged())
        return cls(db, landed, month, {s: f for s, f in files.items() if f}, decided, refused)

    @property
    def last_day(self) -> date:
        return last_day(self.month)

    def has(self, source: str) -> bool:
        return source in self.files

    def rows(self, source: SourceContract) -> str:
        """A table expression: the source's landed columns and ``as_of``. Of a row that is there twice, in the
        file of a county and in an older one of its city, the newer counts."""
        files = self.files[source.id]
        paths = sorted({self.landed.path(f.source, f.batch) for f in files})
        sql = (
            f"SELECT {self._read(source)}, e.as_of FROM {parquet(paths, named=True)} r "
            f"JOIN in_force e ON e.path = r.filename AND e.file = r.file{self._decided(source)}"
        )
        if overlap(files):
            key = ["r.person_key", *(f"r.{quoted(k)}" for k in source.key if k != source.person)]
            sql += f" QUALIFY row_number() OVER (PARTITION BY {', '.join(key)} "
            sql += "ORDER BY e.as_of DESC, r.file, r.line) = 1"
        return f"({sql})"

    def _read(self, source: SourceContract) -> str:
        """The columns, with keys as they are read after what was decided of who is who."""
        if not self.decided:
            return "r.* EXCLUDE (filename)"
        mine = "coalesce(m.other, r.person_key)"
        ids = [c.id for c in source.columns if c.type is Type.RESIDENT_ID and c.id != source.person]
        replaced = [
            f"CASE WHEN r.doubtful AND d.other > 0 THEN d.other ELSE {mine} END AS person_key",
            "(r.doubtful AND d.other IS NULL) AS doubtful",
            *(f"coalesce(m_{i}.other, r.{quoted(name)}) AS {quoted(name)}" for i, name in enumerate(ids)),
        ]
        return f"r.* EXCLUDE (filename) REPLACE ({', '.join(replaced)})"

    def _decided(self, source: SourceContract) -> str:
        if not self.decided:
            return ""
        ids = [c.id for c in source.columns if c.type is Type.RESIDENT_ID and c.id != source.person]
        joins = [
            " LEFT JOIN merged m ON m.key = r.person_key",
            f" LEFT JOIN decided d ON d.key = r.person_key AND d.source = {literal(source.id)}",
            *(f" LEFT JOIN merged m_{i} ON m_{i}.key = r.{quoted(name)}" for i, name in enumerate(ids)),
        ]
        return "".join(joins)


def _decisions(db: duckdb.DuckDBPyConnection, landed: Landed) -> list[dict[str, Any]]:
    """The tables ``merged`` (key, other) and ``decided`` (key, source, other; 0: the person's own), and what
    holds, for the lineage."""
    decisions = Decisions.load(landed.folder / IDENTITY)
    merged = decisions.merged()
    named = [d for d in decisions.holding if d.kind is not DecisionKind.MERGE]
    db.execute("CREATE TABLE merged (key BIGINT, other BIGINT)")
    db.execute("CREATE TABLE decided (key BIGINT, source VARCHAR, other BIGINT)")
    if merged:
        db.executemany("INSERT INTO merged VALUES (?, ?)", list(merged.items()))
    if named:
        rows = [(d.person_key, d.source, merged.get(d.to, d.to)) for d in named]
        db.executemany("INSERT INTO decided VALUES (?, ?, ?)", rows)
    return holding_of(landed)


def holding_of(landed: Landed) -> list[dict[str, Any]]:
    """What was decided of who is who and holds, without who decided and why."""
    found = Decisions.load(landed.folder / IDENTITY).holding
    return [{"kind": str(d.kind), "person_key": d.person_key, "to": d.to, "source": d.source} for d in found]


def where_sql(where: tuple[Where, ...], table: str = "") -> str:
    """A condition of three values: unknown where an empty cell leaves it open."""
    at = f"{table}." if table else ""
    parts = []
    for one in where:
        column = at + quoted(one.column)
        if one.values is None:
            parts.append(f"{column} IS NULL")
        else:
            parts.append(f"{column} IN ({', '.join(_value(v) for v in one.values)})")
    return " AND ".join(parts) if parts else "true"


def _value(value: str | bool) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "'" + value.replace("'", "''") + "'"


def stored(pack: Pack, field: str, column: Column, sql: str) -> str:
    """SQL of a landed value as the snapshot stores it: days, indices of choices, 0 and 1."""
    declared = pack.fields[field]
    if column.type is Type.DATE:
        return f"date_diff('day', DATE '1970-01-01', {sql})"
    if column.type is Type.YES_NO:
        return f"CAST({sql} AS TINYINT)"
    if column.type is Type.CODE and declared.kind is Kind.ENUM:
        meanings = dict.fromkeys(column.codes.values())
        cases = " ".join(f"WHEN {_value(m)} THEN {pack.enums[declared.enum].index(m)}" for m in meanings)
        return f"CASE {sql} {cases} END"
    if column.type is Type.CODE:
        return f"CAST({sql} AS BIGINT)"
    return sql
