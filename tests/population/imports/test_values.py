"""Cells become values exactly, or a reason; the quick readers say what the exact ones say."""

from __future__ import annotations

from datetime import date
from decimal import Decimal, InvalidOperation

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from population.imports.conftest import read_once
from population.imports.office import AS_OF, number
from zhida.codes.months import day_number
from zhida.population.imports import kernels, odd
from zhida.population.imports.cells import Cells
from zhida.population.imports.contract import Column, Type
from zhida.population.imports.reasons import WORDS, Reason
from zhida.population.imports.values import Reader
from zhida.rules.declarations import At


def column(kind: Type, **other: object) -> Column:
    values: dict[str, object] = {
        "id": "x", "name": "甲", "also": (), "type": kind, "required": False, "codes": {}, "future": False,
        "places": 2 if kind is Type.MONEY else 0, "minimum": None, "maximum": None, "says": "",
        "at": At("x.yaml", 1, 1),
    }  # fmt: skip
    return Column(**(values | other))  # type: ignore[arg-type]


def read(kind: Type, *texts: str, **other: object) -> list[object]:
    """A value, None, or the reason for each text."""
    reader = Reader(read_once().pack, AS_OF)
    found = reader.read(column(kind, **other), Cells.of_strings(pa.array(texts, pa.string())))
    values: list[object] = found.array.to_pylist()
    for bad in found.bad:
        values[bad.row] = bad.reason
    return values


GOOD = [
    (Type.DATE, "2025-06-30", date(2025, 6, 30)),
    (Type.DATE, "20250630", date(2025, 6, 30)),
    (Type.DATE, "2025/6/3", date(2025, 6, 3)),
    (Type.DATE, "2025.06.30", date(2025, 6, 30)),
    (Type.DATE, "2025年6月30日", date(2025, 6, 30)),
    (Type.DATE, "２０２５－０６－３０", date(2025, 6, 30)),
    (Type.DATE, "2025-06-30 00:00:00", date(2025, 6, 30)),
    (Type.DATE, "1904-02-29", date(1904, 2, 29)),
    (Type.DATE, "", None),
    (Type.MONTH, "2025-06", 2025 * 12 + 5),
    (Type.MONTH, "202506", 2025 * 12 + 5),
    (Type.MONTH, "2025年6月", 2025 * 12 + 5),
    (Type.MONTH, "2025-06-01", 2025 * 12 + 5),
    (Type.MONEY, "1102.5", 110250),
    (Type.MONEY, "-0.01", -1),
    (Type.MONEY, "1,102.00", 110200),
    (Type.MONEY, "１１０２．５元", 110250),
    (Type.MONEY, "1.2亿元", 12_000_000_000),
    (Type.MONEY, "1102.5000", 110250),
    (Type.INT, "007", 7),
    (Type.INT, "3.0", 3),
    (Type.YES_NO, "是", True),
    (Type.YES_NO, "n", False),
    (Type.DIVISION, "330102", "330102000000"),
    (Type.DIVISION, "330102001051", "330102001051"),
    (Type.DIVISION, "340100", "340100000000"),
    (Type.BENEFIT, "最低生活保障", "dibao"),
    (Type.BENEFIT, "dibao", "dibao"),
    (Type.PHONE, "(0571) 8888-0000", "05718888-0000"),
    (Type.PHONE, "13800000000", "13800000000"),
    (Type.ACCOUNT, "6222 0000 0000 0000", "6222000000000000"),
    (Type.ACCOUNT, "3301a-1", "3301A1"),
    (Type.PERSON_NAME, "阿不都·热合曼", "阿不都·热合曼"),
    (Type.RESIDENT_ID, number(1), number(1)),
    (Type.RESIDENT_ID, "830102500101001", number(1)),
    (Type.RESIDENT_ID, number(1).translate({48 + i: 0xFF10 + i for i in range(10)}), number(1)),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "text", "value"), GOOD)
def test_good(kind: Type, text: str, value: object) -> None:
    assert read(kind, text) == [value]


BAD = [
    (Type.DATE, "2025-02-30", Reason.DATE_CALENDAR),
    (Type.DATE, "45838", Reason.DATE_SERIAL),
    (Type.DATE, "2025-07-01", Reason.DATE_LATER),
    (Type.DATE, "June", Reason.DATE_FORM),
    (Type.DATE, "2025-06-30 08:00", Reason.DATE_FORM),
    (Type.DATE, "20250631", Reason.DATE_CALENDAR),
    (Type.DATE, "0025-06-30", Reason.DATE_CALENDAR),
    (Type.MONTH, "2025-13", Reason.DATE_CALENDAR),
    (Type.MONTH, "2025-06-30", Reason.MONTH_FORM),
    (Type.MONTH, "2025-07", Reason.DATE_LATER),
    (Type.MONEY, "1.005", Reason.NUMBER_PLACES),
    (Type.MONEY, "①", Reason.NUMBER_FORM),
    (Type.MONEY, "1e5", Reason.NUMBER_FORM),
    (Type.MONEY, "99999999999999999999", Reason.ABOVE),
    (Type.MONEY, "#N/A", Reason.ERROR_CELL),
    (Type.INT, "1.5", Reason.NUMBER_PLACES),
    (Type.INT, "", None),
    (Type.YES_NO, "也许", Reason.YES_NO),
    (Type.DIVISION, "330199", Reason.DIVISION_UNKNOWN),
    (Type.DIVISION, "330103", Reason.DIVISION_ENDED),
    (Type.DIVISION, "8301", Reason.DIVISION_FORM),
    (Type.DIVISION, "990000", Reason.DIVISION_UNKNOWN),
    (Type.BENEFIT, "没有这项", Reason.BENEFIT_UNKNOWN),
    (Type.PHONE, "不知道", Reason.PHONE_FORM),
    (Type.ACCOUNT, "６2", Reason.ACCOUNT_FORM),
    (Type.ACCOUNT, "6.222E+15", Reason.ROUNDED),
    (Type.TEXT, "a\x00b", Reason.CONTROL),
    (Type.TEXT, "a\ufffdb", Reason.GARBLED),
    (Type.TEXT, "长" * 1000, Reason.TOO_LONG),
    (Type.PERSON_NAME, "张3", Reason.NAME_FORM),
    (Type.RESIDENT_ID, "3.30102E+17", Reason.ROUNDED),
    (Type.RESIDENT_ID, "8301021950", Reason.ID_LENGTH),
    (Type.RESIDENT_ID, number(1)[:-1] + "#", Reason.ID_CHARACTERS),
    (Type.RESIDENT_ID, "#REF!", Reason.ERROR_CELL),
]


@pytest.mark.parametrize(("kind", "text", "reason"), BAD)
def test_bad(kind: Type, text: str, reason: Reason) -> None:
    assert read(kind, text) == [reason]


def test_bounds_and_what_must_be_there() -> None:
    assert read(Type.MONEY, "-1", "0", "", "5", minimum=0, maximum=400) == [
        Reason.BELOW,
        0,
        None,
        Reason.ABOVE,
    ]
    assert read(Type.MONEY, "", required=True) == [Reason.EMPTY]
    assert read(Type.DATE, "2026-01-01", future=True) == [date(2026, 1, 1)]
    assert read(Type.DATE, "1899-12-31", minimum=day_number(date(1900, 1, 1))) == [Reason.BELOW]


def test_codes_take_full_width_forms_and_guess_nothing() -> None:
    codes = {"1": "one", "一级": "one"}
    assert read(Type.CODE, "１", " 一 级", "一級", "", codes=codes) == [
        "one",
        "one",
        Reason.CODE_UNKNOWN,
        None,
    ]


def test_two_digits_that_changed_places_are_pointed_at_but_never_put_right() -> None:
    reader = Reader(read_once().pack, AS_OF)
    pointed = 0
    for order in range(100, 140):
        right = number(order, "19510203")
        wrong = right[:15] + right[16] + right[15] + right[17:]  # digits 16 and 17
        if wrong == right:
            continue
        found = reader.read(column(Type.RESIDENT_ID), Cells.of_strings(pa.array([wrong], pa.string())))
        assert [b.reason for b in found.bad] == [Reason.ID_CHECK]
        told = found.bad[0].detail
        if told:
            assert told.startswith("第 16 位与第 17 位也许颠倒了")
            pointed += 1
    assert pointed > 5


def test_every_reason_has_words() -> None:
    assert set(WORDS) == set(Reason)
    assert all(a and b and not a.endswith("。") for a, b in WORDS.values())


@pytest.mark.soak
@given(st.text(st.sampled_from("0123456789.-,+ 元"), max_size=12), st.integers(0, 4))
def test_the_quick_reader_of_numbers_is_exact(text: str, places: int) -> None:
    cells = Cells.of_strings(pa.array([text.strip()], pa.string()))
    values, states = np.zeros(1, np.int64), np.zeros(1, np.uint8)
    kernels.scaled(cells.data, cells.starts, cells.ends, places, values, states)
    exact = odd.number(text, places)
    if states[0] == kernels.READ:
        assert int(values[0]) == exact
    if not isinstance(exact, Reason):
        try:
            assert Decimal(text.replace(",", "").strip()).scaleb(places) == exact
        except InvalidOperation:  # 5. with nothing behind the point
            assert text.strip().endswith(".")


@pytest.mark.soak
@given(st.text(st.sampled_from("0123456789-/."), min_size=6, max_size=10))
def test_the_quick_reader_of_days_is_exact(text: str) -> None:
    cells = Cells.of_strings(pa.array([text], pa.string()))
    values, states = np.zeros(1, np.int64), np.zeros(1, np.uint8)
    kernels.dates(cells.data, cells.starts, cells.ends, values, states)
    if states[0] == kernels.READ:
        assert int(values[0]) == odd.day(text)


@given(st.dates(date(1800, 1, 1), date(2199, 12, 31)), st.sampled_from(["%Y-%m-%d", "%Y%m%d", "%Y/%m/%d"]))
def test_every_day_is_read(day: date, form: str) -> None:
    shown = day.strftime(form).rjust(len("2025-06-30") if "-" in form or "/" in form else 8, "0")
    assert read(Type.DATE, shown, future=True) == [day]


@pytest.mark.soak
@given(st.sampled_from(list(Type)), st.lists(st.text(max_size=20), max_size=5))
def test_anything_is_a_value_or_a_reason(kind: Type, texts: list[str]) -> None:
    """No cell disappears: what is not empty and not a value has a reason."""
    codes = {"1": "one"} if kind is Type.CODE else {}
    cells = Cells.of_strings(pa.array(texts, pa.string()))
    found = Reader(read_once().pack, AS_OF).read(column(kind, codes=codes), cells)
    assert len(found.array) == len(texts)
    bad = {b.row for b in found.bad}
    for row in range(len(texts)):
        if cells.text(row) and row not in bad:
            assert found.array[row].is_valid, texts[row]
