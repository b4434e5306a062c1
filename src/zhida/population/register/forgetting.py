"""Refused rows that bear a person who is erased: told by number, or by name and something else of theirs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from zhida.codes.sealing import Keyring
from zhida.population.identity.likeness import plain_name
from zhida.population.identity.store import Value
from zhida.population.imports.contract import plain
from zhida.population.imports.contracts import Contracts
from zhida.population.imports.journal import Journal
from zhida.population.imports.mending import quarantine_path
from zhida.population.imports.quarantine import COLUMN
from zhida.population.rewriting import rewrite

NAME = "name"  # the column with the name of whom a row is about (docs/imports.md)
_SLIPS = 2  # characters in which a number that was written wrongly may differ


@dataclass(frozen=True, slots=True)
class Person:
    """What the identity store knew: numbers of 18 characters and of 15, names, and other values."""

    numbers: frozenset[str]
    names: frozenset[str]
    others: frozenset[str]

    @classmethod
    def of(cls, values: list[Value]) -> Person:
        whole = [v.value for v in values if v.table == "identifiers"]
        old = [n[:6] + n[8:17] for n in whole if n[6:8] == "19"]
        return cls(
            frozenset([*whole, *old]),
            frozenset(plain_name(v.value) for v in values if v.table == "names"),
            frozenset(plain(v.value) for v in values if v.table not in ("identifiers", "names")),
        )

    def bears(self, text: str) -> bool:
        """Whether one of the numbers stands in it."""
        narrow = plain(text)
        return any(number in narrow for number in self.numbers)

    def named(self, text: str) -> bool:
        return bool(text) and plain_name(text) in self.names

    def nearly(self, text: str) -> bool:
        """Whether it is one of the numbers, or one written nearly so."""
        return any(_near(plain(text), number) for number in self.numbers)

    def has(self, text: str) -> bool:
        """Whether it is a phone, an address or an account of theirs."""
        return plain(text) in self.others

    def speaks(self, text: str) -> bool:
        """Whether a text names them: for words that are kept."""
        return self.bears(text) or any(n and n in plain_name(text) for n in self.names) or any(
            o and o in plain(text) for o in self.others
        )  # fmt: skip


def _near(text: str, number: str) -> bool:
    return len(text) == len(number) and sum(a != b for a, b in zip(text, number, strict=True)) <= _SLIPS


def without(cells: Mapping[str, str], column: str, person: Person) -> dict[str, str] | None:
    """What stays of a refused row about whoever ``column`` identifies; None where it is this person's own.

    In a row about somebody else only the cells that bear the person are emptied."""
    own = cells.get(column, "")
    if person.bears(own):
        return None
    if person.named(cells.get(NAME, "")) and (person.nearly(own) or any(map(person.has, cells.values()))):
        return None
    if not any(map(person.bears, cells.values())):
        return dict(cells)
    return {id: "" if person.bears(text) or person.named(text) else text for id, text in cells.items()}


def forget(register: Path, contracts: Contracts, ring: Keyring, person: Person) -> int:
    """Takes the person out of quarantine; gives back the rows that left or lost cells. May be stopped
    anywhere and run again. Raises SealError, SnapshotError."""
    changed = 0
    for file in Journal.load(register).files:
        path = quarantine_path(register, file.id)
        if path.exists():
            source = contracts.sources.get(file.source)
            changed += _forget_in(path, source.person if source else "", ring, person)
    return changed


def _forget_in(path: Path, column: str, ring: Keyring, person: Person) -> int:
    changes: dict[int, bytes | None] = {}
    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(columns=["line", "row"]):
            rows = batch.to_pylist()
            opened = ring.open_all([r["row"] for r in rows], COLUMN)
            for row, text in zip(rows, opened, strict=True):
                told = json.loads(text or "{}")
                if "raw" in told:
                    raw = told["raw"]
                    named = any(n and n in plain_name(raw) for n in person.names)
                    other = any(o and o in plain(raw) for o in person.others)
                    if person.bears(raw) or (named and other):
                        changes[row["line"]] = None
                    continue
                kept = without(told.get("cells", {}), column, person)
                if kept is None:
                    changes[row["line"]] = None
                elif kept != told.get("cells", {}):
                    content = json.dumps({"cells": kept}, ensure_ascii=False, separators=(",", ":"))
                    changes[row["line"]] = ring.seal(content, COLUMN)
    if changes:
        rewrite(path, lambda table: _changed(table, changes), compression="lz4")
        if pq.read_metadata(path).num_rows == 0:
            path.unlink()
    return len(changes)


def _changed(table: pa.Table, changes: Mapping[int, bytes | None]) -> pa.Table:
    rows = table.to_pylist()
    kept = [
        row | {"row": changes.get(row["line"], row["row"])}
        for row in rows
        if changes.get(row["line"], b"kept") is not None
    ]
    return pa.Table.from_pylist(kept, schema=table.schema)
