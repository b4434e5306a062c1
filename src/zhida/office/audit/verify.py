"""Checks every chain from end to end, apart from the database's own function. Knows nothing of Django.

A chain cut at its end is told by its head, and where that was changed too, by heads that were kept elsewhere.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import psycopg
from psycopg.rows import dict_row

FIELDS = (
    "division, day::text AS day, number, to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US') AS at, "
    "actor_id, post_id, stand_in, action, subject, subject_id, detail::text AS detail, previous, hash"
)
ENTRIES = f"SELECT {FIELDS} FROM audit_entry ORDER BY division, audit_entry.day, number"
HEADS = "SELECT division, day::text AS day, number, hash FROM audit_head"
BATCH = 5_000

Row = Mapping[str, Any]
Place = tuple[str, str, int]
"""Division, day, number."""


@dataclass(frozen=True)
class Finding:
    """``kind``: changed, missing or inserted; the first of its chain, at that place."""

    kind: str
    division: str
    day: str
    number: int
    words: str


@dataclass
class Verified:
    """How many entries were looked at, the head of each chain, and the first finding of each broken one."""

    entries: int = 0
    heads: dict[str, tuple[str, int, str]] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)


def digest(row: Row) -> bytes:
    """The hash that an entry must have: all its fields, as text, in this order."""
    optional = (row["actor_id"], row["post_id"], row["subject_id"])
    actor, post, subject_id = ("-" if one is None else str(one) for one in optional)
    parts = (
        bytes(row["previous"]).hex(), row["division"], row["day"], str(row["number"]), row["at"], actor, post,
        "true" if row["stand_in"] else "false", row["action"], row["subject"], subject_id, row["detail"],
    )  # fmt: skip
    return hashlib.sha256("\n".join(parts).encode()).digest()


def verify(parameters: Mapping[str, Any], kept: Iterable[tuple[str, str, int, str]] = ()) -> Verified:
    """Reads all entries as a role that sees all. ``kept``: heads (division, day, number, hash as hex) that an
    earlier run told, which must still be in their chains."""
    wanted: dict[Place, str] = {(division, day, number): text for division, day, number, text in kept}
    found = Verified()
    with psycopg.connect(**parameters, row_factory=dict_row) as connection:
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        heads = {row["division"]: row for row in connection.execute(HEADS)}
        chain: list[Row] = []
        with connection.cursor(name="entries", row_factory=dict_row) as cursor:
            cursor.itersize = BATCH
            cursor.execute(ENTRIES)
            last: Row | None = None
            broken: set[str] = set()
            for row in cursor:
                found.entries += 1
                if last is not None and row["division"] != last["division"]:
                    chain.append(last)
                    last = None
                if row["division"] not in broken and (one := _first(last, row, wanted)) is not None:
                    found.findings.append(one)
                    broken.add(row["division"])
                last = row
            if last is not None:
                chain.append(last)
    ends = {row["division"]: row for row in chain}
    for division in sorted(heads.keys() | ends.keys()):
        if division not in broken and (one := _end(ends.get(division), heads.get(division), division)):
            found.findings.append(one)
    told = {one.division for one in found.findings}
    for (division, day, number), _ in sorted(wanted.items()):
        if division not in told:
            told.add(division)
            found.findings.append(
                Finding("missing", division, day, number, "an entry that was the last of its chain is gone")
            )
    found.heads = {d: (r["day"], r["number"], bytes(r["hash"]).hex()) for d, r in sorted(ends.items())}
    found.findings.sort(key=lambda one: (one.day, one.division, one.number))
    return found


def _first(last: Row | None, row: Row, wanted: dict[Place, str]) -> Finding | None:
    """What is wrong with an entry beside the one before it in its chain."""
    place = (row["division"], row["day"], row["number"])
    kept = wanted.pop(place, None)
    same_day = last is not None and last["day"] == row["day"]
    expected = last["number"] + 1 if last is not None and same_day else 1
    previous = bytes(last["hash"]) if last is not None else b""
    if row["number"] > expected:
        return Finding("missing", row["division"], row["day"], expected, "an entry is missing")
    if row["number"] < expected:
        return Finding("inserted", *place, "there are two entries of this number")
    if digest(row) != bytes(row["hash"]):
        return Finding("changed", *place, "the entry does not fit its hash")
    if bytes(row["previous"]) != previous:
        if last is not None and not same_day:
            gone = (last["division"], last["day"], last["number"] + 1)
            return Finding("missing", *gone, "entries at the end of that day are missing")
        if last is None:
            return Finding("missing", *place, "the entries before it are missing")
        before = (last["division"], last["day"], last["number"])
        return Finding("changed", *before, "the entry is not the one that the next follows")
    if kept is not None and kept != bytes(row["hash"]).hex():
        return Finding("changed", *place, "the entry is another than the one that was kept")
    return None


def _end(last: Row | None, head: Row | None, division: str) -> Finding | None:
    if last is None and head is not None:
        return Finding(
            "missing", division, head["day"], head["number"], "all entries of the division are missing"
        )
    if last is None:
        return None
    after = (division, last["day"], last["number"] + 1)
    if head is None:
        return Finding("inserted", division, last["day"], last["number"], "the division has no head")
    if (head["day"], head["number"]) > (last["day"], last["number"]):
        return Finding("missing", *after, "entries at the end are missing")
    if (head["day"], head["number"], bytes(head["hash"])) != (
        last["day"],
        last["number"],
        bytes(last["hash"]),
    ):
        return Finding(
            "inserted", division, last["day"], last["number"], "the entry was not added by the database"
        )
    return None
