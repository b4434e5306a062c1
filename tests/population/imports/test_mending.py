"""A refused row is written out, mended and taken in again; it leaves quarantine, and no row counts twice."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from cli.command import fits, one_sentence_each, zhida
from population.imports.office import FILE, Row, hukou_row, put, take, text
from zhida.codes.sealing import Keyring
from zhida.population.imports import mending, run, to_mend
from zhida.population.imports.contract import SourceContract
from zhida.population.imports.contracts import Contracts
from zhida.population.imports.headers import MEND, WITHDRAW
from zhida.population.imports.journal import Journal, Taken

ROWS = [hukou_row(1), hukou_row(2, name=""), hukou_row(3, sex="女"), hukou_row(4, birth_date="1950-02-30")]


def first(contracts: Contracts, hukou: SourceContract, keys: Keyring, folder: Path, rows: list[Row]) -> Taken:
    put(folder / "in", text(hukou, rows))
    return take(folder / "in", folder / "register", contracts, keys).taken[0]


def sheet(contracts: Contracts, keys: Keyring, folder: Path) -> list[dict[str, str]]:
    """The rows as whoever mends them gets them."""
    journal = Journal.load(folder / "register")
    files = [f.file for f in to_mend.count(journal, contracts)]
    paths = to_mend.write_out(journal, files, contracts, keys, folder / "out", "补正")
    found = []
    for path in paths:
        assert path.stat().st_mode & 0o077 == 0
        found += list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig"), newline="")))
    return found


def back(
    contracts: Contracts, keys: Keyring, folder: Path, rows: list[dict[str, str]], name: str = "1"
) -> Taken:
    """The mended rows come in again."""
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    put(folder / f"mended{name}", out.getvalue(), f"户籍人口_330102_20250630_退回{name}.csv", "utf-8-sig")
    return take(folder / f"mended{name}", folder / "register", contracts, keys).taken[0]


def waiting(contracts: Contracts, folder: Path) -> int:
    return sum(f.waiting for f in to_mend.count(Journal.load(folder / "register"), contracts))


def kept(folder: Path) -> list[str]:
    paths = sorted((folder / "register" / "staging").rglob("*.parquet"))
    return sorted(r["book"] for p in paths for r in pq.read_table(p).to_pylist())


def test_mended_withdrawn_and_refused_again(
    contracts: Contracts, hukou: SourceContract, keys: Keyring, tmp_path: Path
) -> None:
    taken = first(contracts, hukou, keys, tmp_path, ROWS)
    rows = sheet(contracts, keys, tmp_path)
    assert [r[MEND] for r in rows] == [mending.mend_id(taken.id, line) for line in (3, 4, 5)]
    assert rows[0]["退回原因"] == "姓名：必填项为空"
    assert [r["公民身份号码"] for r in rows] == [r["id_number"] for r in ROWS[1:]]
    rows[0]["姓名"] = "测试乙"
    rows[1][WITHDRAW] = "作废"
    mended = back(contracts, keys, tmp_path, rows)
    assert (mended.read, mended.kept, mended.withdrawn, mended.quarantined) == (3, 1, 1, 1)
    assert mended.mends == (taken.id,)
    assert not mended.supersedes
    assert kept(tmp_path) == ["B000001", "B000002"]
    # What was refused once more now waits as a row of the mended file.
    again = sheet(contracts, keys, tmp_path)
    assert [r[MEND] for r in again] == [mending.mend_id(mended.id, 4)]
    again[0]["出生日期"] = "1950-01-01"
    assert back(contracts, keys, tmp_path, again, "2").kept == 1
    assert waiting(contracts, tmp_path) == 0
    assert not list((tmp_path / "register" / "quarantine").iterdir())


def test_a_row_is_mended_once(
    contracts: Contracts, hukou: SourceContract, keys: Keyring, tmp_path: Path
) -> None:
    first(contracts, hukou, keys, tmp_path, ROWS)
    rows = sheet(contracts, keys, tmp_path)
    rows[0]["姓名"] = "测试乙"
    once = back(contracts, keys, tmp_path, [rows[0], rows[0]])
    assert (once.kept, once.quarantined) == (1, 1)
    rows[0]["姓名"] = "测试丙"
    rows[1][MEND] = "0123456789abcdef:7"
    rows[2][WITHDRAW] = "算了"
    twice = back(contracts, keys, tmp_path, rows, "2")
    assert (twice.kept, twice.quarantined, twice.mends) == (0, 3, ())
    counted = to_mend.count(Journal.load(tmp_path / "register"), contracts)[-1]
    assert {(c.name, c.reason.value, c.rows) for c in counted.counts} == {
        (MEND, "mend_unknown", 2),
        (WITHDRAW, "mend_word", 1),
    }
    assert kept(tmp_path) == ["B000001", "B000002"]


def test_a_file_that_comes_in_place_of_another_ends_its_quarantine(
    contracts: Contracts, hukou: SourceContract, keys: Keyring, tmp_path: Path
) -> None:
    first(contracts, hukou, keys, tmp_path, ROWS)
    rows = sheet(contracts, keys, tmp_path)
    first(contracts, hukou, keys, tmp_path, [hukou_row(1), hukou_row(2)])
    assert waiting(contracts, tmp_path) == 0
    rows[0]["姓名"] = "测试乙"
    late = back(contracts, keys, tmp_path, rows[:1])
    assert (late.kept, late.quarantined) == (0, 1)


@pytest.mark.parametrize("step", ["journal", "clear_up"])
def test_stopped_while_mending(
    contracts: Contracts, hukou: SourceContract, keys: Keyring, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch, step: str,
) -> None:  # fmt: skip
    first(contracts, hukou, keys, tmp_path, ROWS)
    rows = sheet(contracts, keys, tmp_path)
    rows[0]["姓名"] = "测试乙"

    def stop(*given: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        if step == "journal":
            patch.setattr(Journal, "add", stop)
        else:
            patch.setattr(mending, "_without", stop)
        with pytest.raises(KeyboardInterrupt):
            back(contracts, keys, tmp_path, rows[:1])
    # Whether the journal had it or not: a row waits, or it is in; never both, never neither.
    assert waiting(contracts, tmp_path) == (3 if step == "journal" else 2)
    if step == "journal":
        back(contracts, keys, tmp_path, rows[:1])
    else:
        take(tmp_path / "in", tmp_path / "register", contracts, keys)
    assert waiting(contracts, tmp_path) == 2
    assert kept(tmp_path) == ["B000001", "B000002"]
    assert not list((tmp_path / "register").rglob("*.answers.json"))


def test_what_the_journal_does_not_know_is_swept(
    contracts: Contracts,
    hukou: SourceContract,
    keys: Keyring,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def stop(*given: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(run, "_record", stop)
        with pytest.raises(KeyboardInterrupt):
            first(contracts, hukou, keys, tmp_path, ROWS)
    assert list((tmp_path / "register" / "quarantine").iterdir())
    first(contracts, hukou, keys, tmp_path, [hukou_row(9)])
    assert kept(tmp_path) == ["B000009"]
    assert not list((tmp_path / "register" / "quarantine").iterdir())


def test_the_command(contracts: Contracts, hukou: SourceContract, keys: Keyring, tmp_path: Path) -> None:
    first(contracts, hukou, keys, tmp_path, ROWS)
    register, key_file = str(tmp_path / "register"), str(tmp_path / "keys.json")
    told = zhida("quarantine", register, "--json")
    fits("quarantine", told.json)
    assert told.json["waiting"] == 3
    assert told.json["files"][0]["reasons"][0]["words"]
    shown = zhida("quarantine", register)
    assert "隔离区有 3 行待补正" in shown.out and "性别与身份号码不一致" in shown.out
    assert ROWS[1]["id_number"] not in shown.out
    one_sentence_each(zhida("quarantine", register, "--out", str(tmp_path / "out")), "--purpose")
    one_sentence_each(zhida("quarantine", register, "--file", "x.csv"), "x.csv was not taken in")
    one_sentence_each(zhida("quarantine", str(tmp_path / "none")), "is no register")
    given = ("--out", str(tmp_path / "out"), "--purpose", "请公安补正", "--keys", key_file, "--file", FILE)
    written = zhida("quarantine", register, *given, "--json")
    fits("quarantine", written.json)
    (path,) = written.json["written"]
    assert ROWS[1]["id_number"] in Path(path).read_text(encoding="utf-8")
    record = [
        json.loads(x) for x in (tmp_path / "register" / "exports.jsonl").read_text("utf-8").splitlines()
    ]
    assert [(r["what"], r["purpose"], r["files"]) for r in record] == [("quarantine", "请公安补正", [FILE])]
