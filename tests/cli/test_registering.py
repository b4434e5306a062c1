"""``zhida import`` then ``zhida snapshot``: from a delivery to a snapshot that a scan reads."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from cli.command import fits, one_sentence_each, zhida
from population.imports.conftest import read_once
from population.imports.office import hukou_row, put, text
from zhida.codes.sealing import Keyring
from zhida.population.identity.store import IdentityStore

HUKOU = read_once().sources["hukou"]


@pytest.fixture(scope="module")
def register(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("in")
    put(folder / "sent", text(HUKOU, [hukou_row(1), hukou_row(2)]), "户籍人口_330102_20250630.csv")
    given = ("import", str(folder / "sent"), "--into", str(folder / "r"), "--keys", str(folder / "keys.json"))
    done = zhida(*given, "--json")
    assert done.code == 0
    fits("import", done.json)
    assert done.json["landed"] == {"rows": {"hukou": 2}, "people": 2, "sealed": 4, "to_review": 0} | {
        "sealed": done.json["landed"]["sealed"]
    }
    assert not list((folder / "r" / "staging").rglob("*.parquet"))
    assert zhida(*given, "--json").json["landed"] is None
    return folder / "r"


def test_a_month_of_a_register_is_a_snapshot(register: Path, tmp_path: Path) -> None:
    out = tmp_path / "snapshot"
    made = zhida("snapshot", str(register), "--out", str(out), "--processes", "1", "--json")
    assert made.code == 0
    fits("snapshot", made.json)
    assert (made.json["month"], made.json["persons"]) == ("2025-06", 2)
    again = zhida(
        "snapshot", str(register), "--out", str(tmp_path / "b"), "--month", "2025-06", "--processes", "1"
    )
    assert f"snapshot_id {made.json['snapshot_id']}" in again.out
    one_sentence_each(zhida("snapshot", str(register), "--out", str(out)), "exists already")


def test_what_can_not_be_a_register_is_said(tmp_path: Path) -> None:
    said = zhida("snapshot", str(tmp_path), "--out", str(tmp_path / "s"))
    one_sentence_each(said, "Nothing has been imported into")


def test_what_is_to_review_is_decided_and_undone(tmp_path: Path) -> None:
    twice = [hukou_row(1), hukou_row(2, name="王五", father=hukou_row(1)["id_number"])]
    put(tmp_path / "sent", text(HUKOU, twice), "户籍人口_330102_20250630.csv")
    keys = ("--keys", str(tmp_path / "keys.json"))
    register = str(tmp_path / "r")
    assert zhida("import", str(tmp_path / "sent"), "--into", register, *keys).code == 0
    residents = read_once().sources["residents"]
    row = {"id_number": twice[1]["id_number"], "name": "赵六七", "lives": "330102001051", "dwelling": "D1",
           "kind": "家庭户", "relation": "户主"}  # fmt: skip
    put(tmp_path / "more", text(residents, [row]), "实有人口_330102_20250630.csv")
    assert zhida("import", str(tmp_path / "more"), "--into", register, *keys).code == 0
    review = zhida("identity", "review", register, *keys, "--json")
    fits("identity", review.json)
    [point] = review.json["open"]
    assert (point["source"], point["own_name"], point["other_name"]) == ("residents", "王*", "赵**")
    person = str(point["person_key"])
    why = ("--by", "审核员", "--reason", "曾用名")
    same = zhida("identity", "same", register, "--person", person, "--source", "residents", *why, "--json")
    fits("identity", same.json)
    assert zhida("identity", "review", register, *keys, "--json").json["open"] == []
    undone = zhida("identity", "undo", register, "--number", "1", "--by", "审核员", "--json")
    assert [d["holds"] for d in undone.json["decisions"]] == [False]
    split = zhida("identity", "split", register, "--person", person, "--source", "residents", *why, "--json")
    new = split.json["decisions"][1]["to"]
    merged = zhida("identity", "merge", register, "--person", str(new), "--into", person, *why)
    assert merged.code == 0 and "合并" in merged.out and "撤销" in merged.out
    refused = zhida("identity", "merge", register, "--person", "99", "--into", person, *why)
    one_sentence_each(refused, "Nobody in", "99")


def test_two_months_are_compared(tmp_path: Path) -> None:
    keys = ("--keys", str(tmp_path / "keys.json"))
    register = str(tmp_path / "r")
    for month, people in (("0630", (1, 2)), ("0731", (2, 3))):
        sent = tmp_path / month
        put(sent, text(HUKOU, [hukou_row(i) for i in people]), f"户籍人口_330102_2025{month}.csv")
        assert zhida("import", str(sent), "--into", register, *keys).code == 0
    for month in ("2025-06", "2025-07"):
        made = zhida(
            "snapshot", register, "--out", str(tmp_path / month), "--month", month, "--processes", "1"
        )
        assert made.code == 0
    both = (str(tmp_path / "2025-06"), str(tmp_path / "2025-07"))
    told = zhida("changes", register, *both, "--out", str(tmp_path / "feed.parquet"), "--json")
    fits("changes", told.json)
    assert {c["kind"]: c["people"] for c in told.json["changes"]} == {"arrived": 1, "left": 1}
    again = zhida("changes", register, *both, "--out", str(tmp_path / "feed.parquet"))
    one_sentence_each(again, "exists already")


def test_one_person_is_erased(tmp_path: Path) -> None:
    refused = hukou_row(1) | {"birth_date": "1950-02-30"}
    put(tmp_path / "sent", text(HUKOU, [hukou_row(1), hukou_row(2)]), "户籍人口_330102_20250630.csv")
    put(tmp_path / "sent", text(HUKOU, [refused]), "户籍人口_330105_20250630.csv")
    register, keys = str(tmp_path / "r"), ("--keys", str(tmp_path / "keys.json"))
    zhida("import", str(tmp_path / "sent"), "--into", register, *keys)
    assert zhida("quarantine", register, "--json").json["waiting"] == 1
    whose = IdentityStore.open(tmp_path / "r" / "identity")
    [key] = whose.find(Keyring.load(tmp_path / "keys.json"), "identifiers", hukou_row(1)["id_number"])
    given = ("register", "erase", register, "--person", str(key), "--by", "登记科", *keys)
    one_sentence_each(zhida(*given, "--reason", "测试甲申请"), "names the person")
    done = zhida(*given, "--reason", "本人申请", "--json")
    assert done.code == 0
    fits("erase", done.json)
    assert (done.json["landed"], done.json["keys"], done.json["quarantine"]) == (1, [key], 1)
    assert zhida("quarantine", register, "--json").json["waiting"] == 0
    one_sentence_each(zhida(*given, "--reason", "本人申请"), "was erased on")
    made = zhida("snapshot", register, "--out", str(tmp_path / "s"), "--processes", "1", "--json")
    assert made.json["persons"] == 1
    told = [r for p in (tmp_path / "r" / "landed").glob("*/*.parquet") for r in pq.read_table(p).to_pylist()]
    assert told and all(r["person_key"] != key for r in told)
