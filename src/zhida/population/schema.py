"""Columns of a snapshot: which there are, how wide each is, what their codes mean.

Everything is derived from the declarations of a pack, so that writer and readers agree; the
manifest repeats what a reader needs to check a file without the pack (``docs/snapshot.md``).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import numpy as np
import pyarrow as pa

from zhida.rules.declarations import WITH, Field, Kind, Pack
from zhida.rules.history import PREFIXES

FORMAT = 1
ARROW_TYPES: Mapping[str, pa.DataType] = {
    "uint8": pa.uint8(),
    "int16": pa.int16(),
    "int32": pa.int32(),
    "int64": pa.int64(),
}
HOUSEHOLDS_PER_PART = 200_000
TABLES = ("households", "persons", "awards")

OUTSIDE = -1  # `registered`, `lives`: a place outside the territory
NOWHERE_KNOWN = -2  # `registered`, `lives`: not known
NO_LINK = -1
UNKNOWN_LINK = -2
OPEN_END = -1  # `member_until`

REGISTERED_HERE = "registered_here"


class State(IntEnum):
    """What a cell says. With ABSENT, UNKNOWN and NOT_APPLICABLE the value itself is 0 and not read."""

    KNOWN = 0
    ABSENT = 1
    UNKNOWN = 2
    INTERVAL = 3
    NOT_APPLICABLE = 4


class Relation(IntEnum):
    """What a person is to the head of the household."""

    HEAD = 0
    SPOUSE = 1
    CHILD = 2
    PARENT = 3
    GRANDCHILD = 4
    GRANDPARENT = 5
    SIBLING = 6
    OTHER = 7
    COLLECTIVE = 8


HOUSEHOLD_COLUMNS = {"household_key": "int64", "division": "int32", "first_person": "int32", "size": "int32"}
PERSON_COLUMNS = {
    "person_key": "int64",
    "household": "int32",
    "relation": "uint8",
    "member_from": "int32",
    "member_until": "int32",
    "registered": "int32",
    "lives": "int32",
}
AWARD_COLUMNS = {
    "benefit": "uint8",
    "unit_row": "int32",
    "amount": "int64",
    "start": "int32",
    "last_review": "int32",
    "disregard_months": "int16",
    "refusals": "int16",
}


def storage_dtype(field: Field) -> np.dtype[Any]:
    """Numpy type that stores a field's values. Raises ValueError where none is wide enough."""
    if field.kind is Kind.BOOL or field.kind is Kind.ENUM:
        return np.dtype(np.uint8)
    if field.kind is Kind.DATE:
        return np.dtype(np.int32)
    for candidate in (np.int16, np.int32, np.int64):
        limits = np.iinfo(candidate)
        if limits.min <= field.minimum and field.maximum <= limits.max:
            return np.dtype(candidate)
    raise ValueError(f"field {field.id}: no integer of 64 bits holds {field.minimum} … {field.maximum}")


@dataclass(frozen=True, slots=True)
class FieldColumn:
    """A field that has columns. ``table`` is households or persons; limits are storage integers."""

    id: str
    table: str
    unit: str
    kind: str
    dtype: str
    minimum: int
    maximum: int
    interval: bool
    optional: bool

    def as_json(self) -> dict[str, Any]:
        return {
            "table": self.table,
            "unit": self.unit,
            "kind": self.kind,
            "dtype": self.dtype,
            "min": self.minimum,
            "max": self.maximum,
            "interval": self.interval,
            "optional": self.optional,
        }

    @staticmethod
    def from_json(field: str, record: Mapping[str, Any]) -> FieldColumn:
        """Raises KeyError where something is missing, ValueError where it makes no sense."""
        column = FieldColumn(
            id=field,
            table=str(record["table"]),
            unit=str(record["unit"]),
            kind=str(Kind(record["kind"])),
            dtype=str(record["dtype"]),
            minimum=int(record["min"]),
            maximum=int(record["max"]),
            interval=bool(record["interval"]),
            optional=bool(record["optional"]),
        )
        if column.table not in TABLES[:2]:
            raise ValueError(f"field {field} belongs to no table: {column.table!r}")
        if column.dtype not in ARROW_TYPES:
            raise ValueError(f"field {field} has no storage type of a snapshot: {column.dtype!r}")
        return column


@dataclass(frozen=True, slots=True)
class Contract:
    """All columns of the three tables of one snapshot. ``fields`` are sorted by id."""

    fields: tuple[FieldColumn, ...]
    links: tuple[str, ...]
    benefits: tuple[str, ...]
    benefit_tables: tuple[str, ...]  # per benefit: the table that `unit_row` counts in

    def columns(self, table: str) -> dict[str, str]:
        """Name → dtype of every column of a table, in the order of the file."""
        if table == "awards":
            return dict(AWARD_COLUMNS)
        columns = dict(HOUSEHOLD_COLUMNS if table == "households" else PERSON_COLUMNS)
        if table == "persons":
            columns.update({f"link_{link}": "int64" for link in self.links})
        for field in self.fields:
            if field.table != table:
                continue
            columns[field.id] = field.dtype
            columns[state_column(field.id)] = "uint8"
            if field.interval:
                columns[high_column(field.id)] = field.dtype
        return columns

    def arrow_schema(self, table: str) -> pa.Schema:
        columns = self.columns(table).items()
        return pa.schema([pa.field(name, ARROW_TYPES[dtype], nullable=False) for name, dtype in columns])


def state_column(field: str) -> str:
    return f"{field}__state"


def high_column(field: str) -> str:
    return f"{field}__hi"


def is_made(field: str) -> bool:
    """Whether the engine makes this field itself, from awards, links or the place of registration."""
    return field == REGISTERED_HERE or field.startswith((*PREFIXES, WITH))


def in_snapshot(pack: Pack, field: Field) -> bool:
    """Whether a scan may read the field from a register, so that a snapshot may have a column of it."""
    if is_made(field.id) or field.open:
        return False
    return pack.registers[field.register].access == "register"


def table_of(pack: Pack, unit: str) -> str:
    """The table that holds a unit: a unit with members is a group."""
    return "households" if pack.units[unit].members else "persons"


def contract_of(pack: Pack, fields: Iterable[str] | None = None) -> Contract:
    """Columns of a snapshot of this pack.

    ``fields`` narrows them to those delivered. Raises ValueError for one that is not declared or
    may not be there.
    """
    allowed = {f.id: f for f in pack.fields.values() if in_snapshot(pack, f)}
    wanted = sorted(allowed) if fields is None else sorted(set(fields))
    for name in wanted:
        if name not in allowed:
            why = "is not declared" if name not in pack.fields else "is not read from a register by a scan"
            raise ValueError(f"field {name} can't be a column of a snapshot: it {why} in pack {pack.id}")
    awardable = [b for b in pack.benefits.values() if b.award]
    return Contract(
        fields=tuple(
            FieldColumn(
                id=f.id,
                table=table_of(pack, f.unit),
                unit=f.unit,
                kind=str(f.kind),
                dtype=str(storage_dtype(f)),
                minimum=_limits(pack, f)[0],
                maximum=_limits(pack, f)[1],
                interval=f.interval,
                optional=f.optional,
            )
            for f in (allowed[name] for name in wanted)
        ),
        links=tuple(pack.links),
        benefits=tuple(b.id for b in awardable),
        benefit_tables=tuple(table_of(pack, b.unit) for b in awardable),
    )


def _limits(pack: Pack, field: Field) -> tuple[int, int]:
    if field.kind is Kind.BOOL:
        return 0, 1
    if field.kind is Kind.ENUM:
        return 0, len(pack.enums[field.enum].choices) - 1
    return field.minimum, field.maximum
