"""``zhida import``: the plan, the answer, and what is left out with a sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli.command import fits, one_sentence_each, zhida
from population.imports.conftest import read_once
from population.imports.office import FILE, everything, hukou_row, put, text

HUKOU = read_once().sources["hukou"]


@pytest.fixture
def delivery(tmp_path: Path) -> Path:
    folder = tmp_path / "in"
    put(folder, text(HUKOU, [hukou_row(1), hukou_row(2, name=""), hukou_row(3)]))
    put(folder, "hello", "readme.txt")
    return folder


def test_plan_then_take_in_then_nothing_more(delivery: Path, tmp_path: Path) -> None:
    given = ("import", str(delivery), "--into", str(tmp_path / "r"), "--keys", str(tmp_path / "keys.json"))
    plan = zhida(*given, "--dry-run", "--json")
    fits("import", plan.json)
    assert (plan.code, plan.json["files"][0]["state"]) == (0, "planned")
    assert plan.json["unknown"] == [{"file": "readme.txt", "why": "is not .csv, .xlsx, .parquet"}]
    assert not (tmp_path / "r").exists()
    taken = zhida(*given, "--json")
    fits("import", taken.json)
    assert (taken.code, taken.json["files"][0]["state"]) == (0, "taken")
    assert taken.json["files"][0]["counts"] == {
        "read": 3, "kept": 2, "repeats": 0, "quarantined": 1, "withdrawn": 0, "blank": 0,
    }  # fmt: skip
    before = everything(tmp_path / "r")
    again = zhida(*given)
    assert again.code == 0
    assert "没有要收的文件" in again.out and "已收过" in again.out
    assert everything(tmp_path / "r") == before


def names(folder: Path, *names: str) -> None:
    for i, name in enumerate(names):
        put(folder, text(HUKOU, [hukou_row(i + 1)]), name)


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("户籍人口_330102_20250631.csv", "20250631 is no day of the calendar"),
        ("户籍人口_330102_20990101.csv", "lies in the future"),
        ("户籍人口_339999_20250630.csv", "There is no division 339999"),
        ("户籍人口_330103_20250630.csv", "is not in force on 2025-06-30, which is 330105 拱墅区"),
        ("户籍_330102_20250630.csv", "No source of the pack is called «户籍». Is it «户籍人口»?"),
        ("学籍_330102_20250630.csv", "The column «身份证件号» is missing"),
    ],
)
def test_a_file_that_can_not_be_meant_is_left_out(tmp_path: Path, name: str, says: str) -> None:
    if name.startswith("学籍"):
        put(tmp_path / "in", "甲,乙\n1,2\n", name)
    else:
        names(tmp_path / "in", name)
    put(tmp_path / "in", text(HUKOU, [hukou_row(9)]), "户籍人口_330106_20250630.csv")
    given = (
        "import",
        str(tmp_path / "in"),
        "--into",
        str(tmp_path / "r"),
        "--keys",
        str(tmp_path / "k.json"),
    )
    plan = zhida(*given, "--dry-run", "--json")
    fits("import", plan.json)
    left_out = {f["file"]: f for f in plan.json["files"]}[name]
    assert plan.code == 1
    assert left_out["state"] == "left_out" and says in " ".join(left_out["problems"])
    done = zhida(*given)
    assert done.code == 1 and says in done.out
    assert "收入 1 个文件" in done.out


def test_two_files_for_the_same_thing_are_both_left_out(tmp_path: Path) -> None:
    names(tmp_path / "in" / "a", FILE)
    names(tmp_path / "in" / "b", "户籍人口_330102000000_20250630.csv")
    plan = zhida("import", str(tmp_path / "in"), "--into", str(tmp_path / "r"), "--dry-run", "--json")
    assert [f["state"] for f in plan.json["files"]] == ["left_out", "left_out"]
    assert "a/户籍人口_330102_20250630.csv" in plan.json["files"][1]["problems"][0]


def test_a_delivery_says_more_than_names(tmp_path: Path) -> None:
    names(tmp_path / "in", FILE, "gonganju.csv")
    told = (
        "month: 2025-06\nsynthetic: true\nfiles:\n"
        f"  {FILE}: {{complete: true}}\n"
        "  gonganju.csv: {source: hukou, division: '330106', as_of: 2025-06-29}\n"
    )
    put(tmp_path / "in", told, "delivery.yaml")
    plan = zhida("import", str(tmp_path / "in"), "--into", str(tmp_path / "r"), "--dry-run", "--json").json
    found = {f["file"]: f for f in plan["files"]}
    assert found[FILE]["complete"] and found[FILE]["synthetic"]
    other = found["gonganju.csv"]
    assert (other["source"], other["division"], other["as_of"]) == ("hukou", "330106000000", "2025-06-29")
    assert not other["complete"]


@pytest.mark.parametrize(
    ("told", "says"),
    [
        ("files:\n  none.csv: {complete: true}\n", "delivery.yaml:2:13: a file that is not there «none.csv»"),
        (f"files:\n  {FILE}: {{whole: true}}\n", "unknown key «whole»"),
        ("month: June\n", "not a month «June»"),
    ],
)
def test_a_delivery_that_says_nonsense_is_refused(tmp_path: Path, told: str, says: str) -> None:
    names(tmp_path / "in", FILE)
    put(tmp_path / "in", told, "delivery.yaml")
    done = zhida("import", str(tmp_path / "in"), "--into", str(tmp_path / "r"), "--dry-run")
    one_sentence_each(done, says)


def test_no_folder_and_a_register_inside_it(tmp_path: Path) -> None:
    one_sentence_each(zhida("import", str(tmp_path / "no"), "--into", str(tmp_path / "r")), "is no folder")
    (tmp_path / "in").mkdir()
    inside = zhida("import", str(tmp_path / "in"), "--into", str(tmp_path / "in" / "r"))
    one_sentence_each(inside, "lies in the delivery")
    pack = zhida("import", str(tmp_path / "in"), "--into", str(tmp_path / "r"), "--pack", "taoyuan")
    one_sentence_each(pack, "The pack taoyuan has no imports")
