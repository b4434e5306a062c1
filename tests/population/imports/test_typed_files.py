"""Excel and Parquet: what they hold is checked like CSV; what would be read wrongly is refused."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import date, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from population.imports import fuzz
from population.imports.conftest import read_once
from population.imports.office import AS_OF, hukou_row, number, put, text
from zhida.codes.sealing import Keyring
from zhida.population.imports import quarantine, workbooks
from zhida.population.imports.contract import SourceContract
from zhida.population.imports.contracts import Contracts
from zhida.population.imports.errors import FileRefused
from zhida.population.imports.reasons import Reason
from zhida.population.imports.table import open_table
from zhida.population.imports.taking import quarantine_path, staging_path, take_file
from zhida.population.imports.written import written

Change = Callable[[Any], object]


def workbook(path: Path, source: SourceContract, rows: Iterable[dict[str, Any]], change: Change = id) -> Path:
    """A workbook with the contract's headers; ``change`` does to its sheet what it likes."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append([c.name for c in source.columns])
    for row in rows:
        sheet.append([row.get(c.id) for c in source.columns])
    change(sheet)
    path.parent.mkdir(parents=True, exist_ok=True)
    book.save(path)
    return path


def parquet(path: Path, source: SourceContract, rows: list[dict[str, Any]]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    names = {c.id: c.name for c in source.columns}
    pq.write_table(pa.table({names[id]: [r.get(id) for r in rows] for id in rows[0]}), path)
    return path


def take(
    path: Path, contracts: Contracts, keys: Keyring, register: Path
) -> tuple[list[dict[str, Any]], list[Any]]:
    source = contracts.sources["hukou"]
    counts = take_file(path, "0" * 64, source, AS_OF, contracts.pack, register, keys)
    kept = pq.read_table(staging_path(register, "hukou", "0" * 64)).to_pylist()
    waiting = list(quarantine.read(quarantine_path(register, "0" * 64)))
    assert counts.read == len(kept) + len(waiting) + counts.repeats
    return kept, waiting


@pytest.mark.parametrize("suffix", [".xlsx", ".parquet"])
def test_the_rows_of_a_csv_in_another_form(
    contracts: Contracts, hukou: SourceContract, keys: Keyring, tmp_path: Path, suffix: str
) -> None:
    rows: list[dict[str, Any]] = [dict(hukou_row(i)) for i in range(1, 6)]
    csv = put(tmp_path, text(hukou, rows))
    rows[1]["birth_date"] = date(1950, 1, 1)
    rows[2]["birth_date"] = datetime(1950, 1, 1)
    if suffix == ".parquet":
        for row in rows:
            row["birth_date"] = date(1950, 1, 1)
    path = (workbook if suffix == ".xlsx" else parquet)(tmp_path / f"a{suffix}", hukou, rows)
    one, _ = take(csv, contracts, keys, tmp_path / "one")
    two, _ = take(path, contracts, keys, tmp_path / "two")
    lines = [r.pop("line") for r in two]
    assert two == [{k: v for k, v in r.items() if k != "line"} for r in one]
    assert lines == [i + (2 if suffix == ".xlsx" else 1) for i in range(5)]
    assert open_table(path, hukou).rows == 5


def test_numbers_as_numbers_lose_digits_and_days_their_form(
    contracts: Contracts, hukou: SourceContract, keys: Keyring, tmp_path: Path
) -> None:
    good = dict(hukou_row(1), book=12, registered=330102)
    bad = [
        dict(hukou_row(2), id_number=int(number(2)[:17] + "0")),
        dict(hukou_row(3), birth_date=18264),
        dict(hukou_row(4), birth_date=datetime(1950, 1, 1, 8, 30)),
    ]
    path = workbook(tmp_path / "a.xlsx", hukou, [good, *bad])
    kept, waiting = take(path, contracts, keys, tmp_path / "register")
    assert [(r["book"], r["registered"]) for r in kept] == [("12", "330102000000")]
    told = [(w.line, w.findings[0].reason) for w in waiting]
    assert told == [(3, Reason.ROUNDED), (4, Reason.DATE_SERIAL), (5, Reason.DATE_FORM)]


def test_rows_without_cells_and_where_the_table_begins(
    contracts: Contracts, hukou: SourceContract, keys: Keyring, tmp_path: Path
) -> None:
    def change(sheet: Any) -> None:
        sheet.insert_rows(1, 2)
        sheet.insert_rows(5, 3)
        sheet.insert_cols(1, 2)

    path = workbook(tmp_path / "a.xlsx", hukou, [hukou_row(1), hukou_row(2)], change)
    kept, _ = take(path, contracts, keys, tmp_path / "register")
    assert [r["line"] for r in kept] == [4, 8]


def _title(sheet: Any) -> None:
    sheet.insert_rows(1)
    sheet["A1"] = "户籍人口登记表"


def _second_header(sheet: Any) -> None:
    names = [c.value for c in sheet[1]]
    sheet.insert_rows(2)
    for i, name in enumerate(names, start=1):
        sheet.cell(2, i).value = name


def _set(cell: str, value: object, kind: str = "") -> Change:
    def change(sheet: Any) -> None:
        sheet[cell] = value
        if kind:
            sheet[cell].data_type = kind

    return change


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (_set("C2", "=1+1"), "C2 holds a formula"),
        (_set("C2", "#N/A", "e"), "C2 holds an error"),
        (lambda s: s.merge_cells("A2:B2"), "A2:B2 is merged"),
        (_title, "The header stands in row 2"),
        (_second_header, "A second header stands in row 2"),
        (_set("XFD90000", "x"), "A cell of the sheet stands in row 90000 or column 16384"),
        (lambda s: s.delete_cols(2), "«姓名» is missing"),
        (lambda s: s.parent.create_sheet("另一张").append(["x"]), "2 sheets of the workbook hold cells"),
        (lambda s: s.delete_rows(1, 5), "holds no cells"),
    ],
)  # fmt: skip
def test_a_workbook_that_would_be_read_wrongly_is_refused(
    hukou: SourceContract, tmp_path: Path, change: Change, says: str
) -> None:
    path = workbook(tmp_path / "a.xlsx", hukou, [hukou_row(1)], change)
    with pytest.raises(FileRefused, match=says):
        open_table(path, hukou)


def _repacked(path: Path, change: Callable[[str, bytes], bytes]) -> Path:
    parts = {}
    with zipfile.ZipFile(path) as archive:
        parts = {n: archive.read(n) for n in archive.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, change(name, data))
    return path


def test_a_zip_bomb_is_not_unpacked(hukou: SourceContract, tmp_path: Path) -> None:
    path = workbook(tmp_path / "a.xlsx", hukou, [hukou_row(1)])
    _repacked(path, lambda name, data: data + b" " * (40 * 2**20) if "sheet1" in name else data)
    with pytest.raises(FileRefused, match="zip bomb"):
        open_table(path, hukou)


def test_limits(hukou: SourceContract, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = workbook(tmp_path / "a.xlsx", hukou, [hukou_row(i) for i in range(1, 20)])
    monkeypatch.setattr(workbooks, "MOST_ROWS", 10)
    with pytest.raises(FileRefused, match=r"20 rows and \d+ cells: send CSV"):
        open_table(path, hukou)
    monkeypatch.setattr(workbooks, "MOST_UNPACKED", 1000)
    with pytest.raises(FileRefused, match="unpacks to more than"):
        open_table(path, hukou)


def test_entities_are_refused(hukou: SourceContract, tmp_path: Path) -> None:
    path = workbook(tmp_path / "a.xlsx", hukou, [hukou_row(1)])
    evil = b'<!DOCTYPE x [<!ENTITY a "aaaa">]>'
    _repacked(path, lambda name, data: evil + data if "sheet1" in name else data)
    with pytest.raises(FileRefused, match="declares entities"):
        open_table(path, hukou)


@pytest.mark.parametrize(
    "raw", [b"", b"PK\x03\x04", b"PAR1", b"PAR1" + b"x" * 50 + b"PAR1", b"\xd0\xcf\x11\xe0"]
)
@pytest.mark.parametrize("suffix", [".xlsx", ".parquet"])
def test_what_is_no_such_file_is_refused(
    hukou: SourceContract, tmp_path: Path, raw: bytes, suffix: str
) -> None:
    with pytest.raises(FileRefused):
        open_table(put(tmp_path, raw, f"a{suffix}"), hukou)


def test_a_parquet_of_other_types_is_refused(hukou: SourceContract, tmp_path: Path) -> None:
    rows: list[dict[str, Any]] = [dict(hukou_row(1), name=["a", "b"])]
    with pytest.raises(FileRefused, match=r"The column «姓名» \(name\) is of the type list"):
        open_table(parquet(tmp_path / "a.parquet", hukou, rows), hukou)


def test_what_is_written_for_a_value() -> None:
    assert [written(v) for v in (None, "a", True, 3, 1.5, 3.0, date(2025, 6, 30), datetime(2025, 6, 30))] == [
        "", "a", "TRUE", "3", "1.5", "3", "2025-06-30", "2025-06-30",
    ]  # fmt: skip
    assert written(330102195001010010.0) == "3.30102195001010e+17"
    assert written(0.1 + 0.2) == "0.30000000000000004"


@pytest.mark.soak
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=fuzz.share(0.4))
@given(st.sampled_from([".xlsx", ".parquet"]), st.data())
def test_a_torn_file_is_refused_or_read(tmp_path: Path, suffix: str, data: st.DataObject) -> None:
    """Bytes changed or cut anywhere: rows or a sentence, never another error."""
    hukou = read_once().sources["hukou"]
    whole = tmp_path / f"whole{suffix}"
    if not whole.exists():
        (workbook if suffix == ".xlsx" else parquet)(whole, hukou, [dict(hukou_row(i)) for i in range(1, 9)])
    raw = bytearray(whole.read_bytes())
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(raw) - 1))
        if data.draw(st.booleans()):
            raw[at] = data.draw(st.integers(0, 255))
        else:
            del raw[at : at + data.draw(st.integers(1, 200))]
        if not raw:
            break
    path = put(tmp_path, bytes(raw), f"torn{suffix}")
    with suppress(FileRefused):
        for batch in open_table(path, hukou).batches(lambda more: None):
            assert batch.read >= 0
