"""A tiny pack made by hand and a tiny snapshot of it, so that these tests need no file of a pack."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

from zhida.codes.divisions import DivisionTree
from zhida.population.schema import Contract, contract_of
from zhida.population.store import Header, SnapshotWriter
from zhida.rules.declarations import (
    At,
    Benefit,
    Choice,
    Citation,
    Enumeration,
    Evidence,
    Field,
    Kind,
    Link,
    Pack,
    Register,
    Unit,
)

AT = At("test.yaml", 1, 1)
NOTE = Citation("", "", Evidence.ASSUMED, "invented for a test")
MONTH = 2025 * 12 + 5


def field(name: str, kind: Kind, low: int = 0, high: int = 0, **other: Any) -> Field:
    values: dict[str, Any] = {
        "unit": "person", "enum": "", "places": 0, "measure": "", "empty": None, "register": "police",
        "sensitivity": "personal", "cost": 1, "interval": False, "optional": False, "says": "", "at": AT,
    }  # fmt: skip
    return Field(id=name, name=name, kind=kind, minimum=low, maximum=high, **(values | other))


def benefit(name: str, unit: str) -> Benefit:
    return Benefit(
        id=name, name=name, unit=unit, kind="standing", automatic=False, award=True, owners=(), start=None,
        until=None, applies=None, conditions=(), amounts=(), excluded_by=(), covers=None, signal=None,
        reviews=(), documents=(), says="", legal=(), at=AT,
    )  # fmt: skip


@pytest.fixture
def pack() -> Pack:
    days = (date(1900, 1, 1).toordinal() - 719163, date(2100, 1, 1).toordinal() - 719163)
    fields = [
        field("birth", Kind.DATE, *days),
        field("sex", Kind.ENUM, enum="sex"),
        field("wage", Kind.MONEY, 0, 100_000_00, interval=True),
        field("homes", Kind.INT, 0, 50, unit="household"),
        field("savings", Kind.MONEY, 0, 10**12, register="bank"),
        field("told", Kind.BOOL, register=""),
        field("awarded_aid", Kind.BOOL, register="police"),
    ]
    return Pack(
        id="tiny", name="小", path=Path("."), root="990000000000", age_on="last", age_citation=NOTE,
        first_month_citation=NOTE, verified_through=date(2025, 12, 31),
        units={"person": Unit("person", "个人", "", AT), "household": Unit("household", "家庭", "成员", AT)},
        links={"father": Link("father", "父", "", AT)}, kin={},
        registers={
            "police": Register("police", "户籍", "公安", "register", AT),
            "bank": Register("bank", "银行", "银行", "authorisation", AT),
        },
        enums={"sex": Enumeration("sex", "性别", (Choice("male", "男"), Choice("female", "女")), AT)},
        fields={f.id: f for f in fields}, parameters={}, variables={},
        benefits={b.id: b for b in (benefit("aid", "household"), benefit("care", "person"))},
        groups=(), choices=(), sources={}, divisions=cast(DivisionTree, None), hash="0",
    )  # fmt: skip


@pytest.fixture
def contract(pack: Pack) -> Contract:
    return contract_of(pack)


@pytest.fixture
def header() -> Header:
    return Header(
        pack="tiny", month=MONTH, extraction=datetime(2025, 7, 1, tzinfo=UTC), synthetic=True, seed=1,
        fraction=1.0, divisions=("990000000000", "990100000000"),
        registers={"police": {"as_of": "2025-06-30", "complete": ["990000000000"]}},
    )  # fmt: skip


Tables = dict[str, dict[str, np.ndarray[Any, Any]]]


@pytest.fixture
def tables() -> Tables:
    """Two households of two and one person; the child's father is the head; one award each benefit."""
    i32, u8, i64 = np.int32, np.uint8, np.int64

    def column(values: list[int], dtype: Any) -> np.ndarray[Any, Any]:
        return np.array(values, dtype=dtype)

    return {
        "households": {
            "household_key": column([11, 12], i64), "division": column([0, 1], i32),
            "first_person": column([0, 2], i32), "size": column([2, 1], i32),
            "homes": column([1, 0], np.int16), "homes__state": column([0, 1], u8),
        },
        "persons": {
            "person_key": column([1, 2, 3], i64), "household": column([0, 0, 1], i32),
            "relation": column([0, 2, 0], u8), "member_from": column([0, 100, 0], i32),
            "member_until": column([-1, -1, -1], i32), "registered": column([1, 1, -1], i32),
            "lives": column([1, 1, -2], i32), "link_father": column([-1, 0, -2], i64),
            "birth": column([0, 9000, 3000], i32), "birth__state": column([0, 0, 0], u8),
            "sex": column([0, 1, 0], u8), "sex__state": column([0, 0, 2], u8),
            "wage": column([100_00, 0, 50_00], i32), "wage__state": column([0, 1, 3], u8),
            "wage__hi": column([0, 0, 80_00], i32),
        },
        "awards": {
            "benefit": column([0, 1], u8), "unit_row": column([1, 2], i32), "amount": column([7, 8], i64),
            "start": column([MONTH - 3, MONTH], i32), "last_review": column([MONTH - 3, MONTH], i32),
            "disregard_months": column([0, 2], np.int16), "refusals": column([0, 0], np.int16),
        },
    }  # fmt: skip


Build = Callable[[Path], str]


@pytest.fixture
def build(contract: Contract, header: Header, tables: Tables) -> Build:
    """Writes the tiny snapshot, in two equal parts; the link of the second goes into the first."""

    def make(path: Path) -> str:
        with SnapshotWriter(path, contract, header) as writer:
            writer.write(0, tables, 6)
            writer.write(1, tables, 6)
            return writer.finish()

    return make
