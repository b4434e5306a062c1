"""The identity store's files: five tables of one form, and the record that names them (docs/identity.md)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from zhida.codes.sealing import LOOK_UP
from zhida.population.imports.contract import Type

FORMAT = 1
RECORD = "store.json"
TABLES = ("identifiers", "names", "phones", "addresses", "accounts")
"""A table's name is also the column that its values are sealed and looked up as."""
OF_TYPE = {Type.PHONE: "phones", Type.ADDRESS: "addresses", Type.ACCOUNT: "accounts"}
RESIDENT_ID = "resident_id"
FIRST_KEY = 1

_TYPES: dict[str, pa.DataType] = {
    "person_key": pa.int64(),
    "kind": pa.string(),
    "sealed": pa.binary(),
    "look_up": pa.binary(LOOK_UP),
    "since": pa.date32(),
    "source": pa.string(),
}
SCHEMA = pa.schema(_TYPES)
"""No cell is empty."""


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file of the store. ``table`` is one of TABLES, ``name`` relative to the store."""

    table: str
    name: str
    rows: int
    sha256: str

    def as_json(self) -> dict[str, Any]:
        return {"table": self.table, "name": self.name, "rows": self.rows, "sha256": self.sha256}

    @staticmethod
    def from_json(record: Mapping[str, Any]) -> StoredFile:
        """Raises KeyError, TypeError or ValueError where it is none."""
        table, name = str(record["table"]), str(record["name"])
        if table not in TABLES or not name.startswith(f"{table}/") or ".." in name.split("/"):
            raise ValueError(f"{name!r} is no file of a table")
        return StoredFile(table, name, int(record["rows"]), str(record["sha256"]))
