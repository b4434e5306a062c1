"""CSV in the ways of departments: as Python's own reader has it, at any block size, in any encoding."""

from __future__ import annotations

import csv
import io
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from population.imports import fuzz
from population.imports.conftest import read_once
from population.imports.office import AS_OF, hukou_row, put, text
from zhida.population.imports import text_files
from zhida.population.imports.cells import Batch
from zhida.population.imports.checking import check_batch
from zhida.population.imports.contract import SourceContract
from zhida.population.imports.errors import FileRefused
from zhida.population.imports.table import open_table
from zhida.population.imports.tokens import RowState
from zhida.population.imports.values import Reader


def batches(path: Path, source: SourceContract) -> list[Batch]:
    return list(open_table(path, source).batches(lambda more: None))


def rows(path: Path, source: SourceContract) -> list[dict[str, str]]:
    return [b.row(i) for b in batches(path, source) for i in range(len(b))]


def broken(path: Path, source: SourceContract) -> list[tuple[int, RowState]]:
    return [(r.line, r.state) for b in batches(path, source) for r in b.broken]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030"])
@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_encodings_and_line_ends(hukou: SourceContract, tmp_path: Path, encoding: str, ending: str) -> None:
    written = [hukou_row(1), hukou_row(2, address="某镇“某村”3号，东"), hukou_row(3, name="测试乙")]
    path = put(tmp_path, text(hukou, written).replace("\n", ending), encoding=encoding)
    assert rows(path, hukou) == written
    assert open_table(path, hukou).form.startswith("CSV GB18030" if "gb" in encoding else "CSV UTF-8")


@pytest.mark.parametrize("delimiter", ["\t", ";", "|"])
def test_other_delimiters(hukou: SourceContract, tmp_path: Path, delimiter: str) -> None:
    path = put(tmp_path, text(hukou, [hukou_row(1)]).replace(",", delimiter))
    assert rows(path, hukou) == [hukou_row(1)]


def test_columns_may_move_and_be_called_otherwise(hukou: SourceContract, tmp_path: Path) -> None:
    row = hukou_row(1)
    turned = dict(reversed(row.items()))
    path = put(tmp_path, text(hukou, [turned]).replace("公民身份号码", " 身份证号＊ "))
    assert rows(path, hukou) == [row]
    path = put(tmp_path, "序号,备注\uff08内部\uff09," + text(hukou, [row]).replace("\n", "\n1,无,", 1))
    assert rows(path, hukou) == [row]
    assert open_table(path, hukou).header.ignored == ("序号", "备注\uff08内部\uff09")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda t: t.replace("公民身份号码", "号码", 1), "«公民身份号码» is missing: add it"),
        (lambda t: t.replace("姓名", "姓 名甲", 1), "«姓名» is missing: add it or call «姓 名甲» so"),
        (lambda t: t.replace("出生日期", "性 别", 1), "is the same as column 3"),
        (lambda t: "户籍人口登记表,,,\n" + t, "The header stands in row 2"),
        (lambda t: t.split("\n")[0] + "\n" + t, "A second header stands in row 2"),
        (lambda t: "", "The file is empty"),
        (lambda t: " \n\n", "The file is empty"),
        (lambda t: t.encode("utf-16"), "UTF-16"),
        (lambda t: b"PK\x03\x04" + t.encode(), "no text"),
        (lambda t: b"\0" * 100 + t.encode(), "no text"),
        (lambda t: t.replace(",", "，"), "full-width commas"),
    ],
)  # fmt: skip
def test_a_file_is_refused_with_a_sentence(
    hukou: SourceContract, tmp_path: Path, change: object, says: str
) -> None:
    assert callable(change)
    path = put(tmp_path, change(text(hukou, [hukou_row(1)])))
    with pytest.raises(FileRefused, match=says):
        rows(path, hukou)


def test_quotes_hold_line_ends_delimiters_and_quotes(hukou: SourceContract, tmp_path: Path) -> None:
    written = [hukou_row(1, address='某路"老"屋,\n二楼'), hukou_row(2)]
    path = put(tmp_path, text(hukou, written))
    assert rows(path, hukou) == written
    assert [int(x) for b in batches(path, hukou) for x in b.lines] == [2, 4]


def test_a_quote_that_is_never_closed_costs_one_line(hukou: SourceContract, tmp_path: Path) -> None:
    lines = text(hukou, [hukou_row(i) for i in range(1, 6)]).split("\n")
    lines[2] = lines[2].replace("某路1号", '"某路1号')
    path = put(tmp_path, "\n".join(lines))
    assert broken(path, hukou) == [(3, RowState.QUOTES)]
    assert [r["id_number"] for r in rows(path, hukou)] == [hukou_row(i)["id_number"] for i in (1, 3, 4, 5)]


def test_rows_of_the_wrong_width_and_blank_lines(hukou: SourceContract, tmp_path: Path) -> None:
    lines = text(hukou, [hukou_row(i) for i in range(1, 5)]).rstrip("\n").split("\n")
    lines[1] += ",多"
    lines[2] = lines[2].rsplit(",", 2)[0]
    lines.insert(3, "")
    lines += [",,,", " , ,,,,,,,,,,,", ""]
    path = put(tmp_path, "\n".join(lines))
    assert broken(path, hukou) == [(2, RowState.MANY), (3, RowState.FEW)]
    found = batches(path, hukou)
    assert [int(x) for b in found for x in b.lines] == [5, 6]
    assert sum(b.blank for b in found) == 3
    assert sum(b.read for b in found) == 4


def test_a_line_without_end_is_refused(
    hukou: SourceContract, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(text_files, "BLOCK", 1000)
    monkeypatch.setattr(text_files, "LONGEST_LINE", 2**20)
    path = put(tmp_path, text(hukou, [hukou_row(1)]) + "x" * (3 * 2**20))
    with pytest.raises(FileRefused, match=r"Line 3 is longer than 1 MB"):
        rows(path, hukou)


def test_bytes_that_are_no_text_cost_their_row(hukou: SourceContract, tmp_path: Path) -> None:
    raw = text(hukou, [hukou_row(1), hukou_row(2)]).encode().replace("某路".encode(), b"\xff\xfe", 1)
    path = put(tmp_path, raw)
    found = rows(path, hukou)
    assert "\ufffd" in found[0]["address"]
    assert found[1] == hukou_row(2)


@pytest.mark.soak
@given(st.lists(st.lists(fuzz.CELLS, min_size=3, max_size=3), min_size=1, max_size=8), st.integers(30, 400))
def test_as_the_readers_of_others_have_it(table: list[list[str]], block: int) -> None:
    """What Python's csv writes is read back, whatever the size of a block."""
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\r\n").writerows(table)
    expected = [[fuzz.trimmed(c) for c in row] for row in csv.reader(io.StringIO(out.getvalue(), newline=""))]
    found = fuzz.cells_of(out.getvalue().encode(), 3, block)
    assert found == [row for row in expected if any(row)]


@pytest.mark.soak
@given(fuzz.TORN, st.integers(20, 300))
def test_any_text_is_counted_whole(torn: str, block: int) -> None:
    """Every line ends up in a row, good, blank or broken; the size of the blocks changes nothing."""
    whole = fuzz.states_of(torn.encode(), 3, 10**6)
    assert fuzz.states_of(torn.encode(), 3, block) == whole
    assert [line for line, _ in whole] == sorted({line for line, _ in whole})


@pytest.mark.soak
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=fuzz.share(0.4))
@given(st.sampled_from(["utf-8", "utf-8-sig", "gb18030"]), st.data())
def test_a_torn_csv_is_refused_or_read(tmp_path: Path, encoding: str, data: st.DataObject) -> None:
    """Bytes changed or cut anywhere: rows or a sentence, and every row is accounted for."""
    hukou = read_once().sources["hukou"]
    raw = bytearray(text(hukou, [hukou_row(i) for i in range(1, 9)]).encode(encoding))
    for _ in range(data.draw(st.integers(1, 8))):
        at = data.draw(st.integers(0, max(0, len(raw) - 1)))
        if data.draw(st.booleans()):
            raw[at : at + 1] = data.draw(st.binary(max_size=3))
        else:
            del raw[at : at + data.draw(st.integers(1, 120))]
    path = put(tmp_path, bytes(raw))
    with suppress(FileRefused):
        reader = Reader(read_once().pack, AS_OF)
        for batch in batches(path, hukou):
            checked = check_batch(hukou, batch, reader)
            assert batch.read == checked.kept.num_rows + len(checked.refused)
