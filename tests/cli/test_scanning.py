"""From a city to lists, reasons and reforms by the command line; every JSON as its schema says."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow.parquet as parquet
import pytest

from cli.command import fits, one_sentence_each, results, zhida
from scan.town import write_town
from zhida.rules.loading import find_pack, load_pack

MONTH = 2024 * 12 + 5


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("scanned") / "town"
    write_town(path, load_pack(find_pack("taoyuan")), MONTH, parts=2, homes=120)
    return path


@pytest.fixture(scope="module")
def scanned(town: Path) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """JSON of a scan of the town, and its rows."""
    done = zhida("scan", str(town), "--out", str(town.parent / "results"), "--json")
    assert done.code == 0, done.err
    return done.json, parquet.read_table(done.json["files"]["results"]).to_pylist()


def test_a_scan_is_told_as_documented(
    scanned: tuple[dict[str, Any], list[dict[str, Any]]], town: Path
) -> None:
    told, rows = scanned
    fits("scan", told)
    assert told["pack"] == "taoyuan"  # taken from the snapshot
    assert told["rows"] == len(rows)
    counted = Counter((r["benefit"], r["list"]) for r in rows)
    for one in told["lists"]:
        for name in ("lead", "verify", "review", "near"):
            n = counted[one["benefit"], name]
            assert one[name] == (n if n == 0 or n >= told["small"] else None), (one, name)
    for name, file in told["files"].items():
        assert file is None or Path(file).is_file(), name
    assert told["files"]["csv"] is not None


def test_the_summary_can_be_read(town: Path, tmp_path: Path) -> None:
    done = zhida("scan", str(town), "--out", str(tmp_path / "r"), "--no-csv", "--month", "2024-05")
    assert done.code == 0, done.err
    assert "2024-05" in done.out
    assert "合成数据" in done.out
    assert "线索" in done.out and "待核实" in done.out and "待复核" in done.out
    assert not (tmp_path / "r" / "results.csv").exists()
    assert done.err == ""  # no terminal, no bar


def test_an_entry_of_a_list_is_explained(
    scanned: tuple[dict[str, Any], list[dict[str, Any]]], town: Path
) -> None:
    _, rows = scanned
    for name, word in (("lead", "就登记所见符合"), ("verify", "就登记所见待定"), ("review", "就登记所见")):
        row = next(r for r in rows if r["list"] == name)
        benefit = row["benefit"]
        done = zhida("explain", str(town), "--person", str(row["person_key"]), "--benefit", benefit)
        assert done.code == 0, done.err
        assert word in done.out or (name == "review" and "不适用" in done.out), (name, done.out)
        whole = zhida("explain", str(town), "--person", str(row["person_key"]), "--json").json
        fits("assess", whole)
        unit = str(row["person_key"]) if row["unit"] == "person" else row["unit"]
        assert results(whole)[benefit, unit]["answer"] == row["answer"]


def test_a_household_is_explained_with_all_its_people(
    scanned: tuple[dict[str, Any], list[dict[str, Any]]], town: Path
) -> None:
    row = next(r for r in scanned[1] if r["unit"] == "household")
    whole = zhida("explain", str(town), "--household", str(row["unit_key"]), "--json").json
    fits("assess", whole)
    people = {r["unit_id"] for r in whole["results"] if r["unit"] == "person"}
    assert str(row["person_key"]) in people
    one = zhida("explain", str(town), "--person", str(row["person_key"]), "--json").json
    assert {r["unit_id"] for r in one["results"] if r["unit"] == "person"} == {str(row["person_key"])}


def test_a_key_that_nobody_has(town: Path) -> None:
    one_sentence_each(zhida("explain", str(town), "--person", "123456789012"), "123456789012", "key")
    one_sentence_each(zhida("explain", str(town)), "--person")
    one_sentence_each(zhida("explain", str(town), "--person", "1", "--household", "1"), "--household")


def test_a_higher_standard_costs_more(town: Path) -> None:
    done = zhida("simulate", str(town), "--set", "救济标准=1500", "--json")
    assert done.code == 0, done.err
    fits("simulate", done.json)
    relief = next(b for b in done.json["benefits"] if b["benefit"] == "relief")
    assert relief["gain"] > 0
    assert relief["lose"] == 0
    assert "relief" in done.json["affected"]
    assert "桃源救济" in zhida("simulate", str(town), "--set", "救济标准=1500").out


def test_a_reform_that_changes_nothing_says_so(town: Path) -> None:
    done = zhida("simulate", str(town), "--set", "救济标准@999902=unknown", "--json")
    assert done.code == 0, done.err
    assert "没有一项待遇因此改变" in zhida("simulate", str(town), "--set", "五保标准=1200").out


@pytest.mark.parametrize("override", ["救济标淮=1", "救济标准=-1"])
def test_a_reform_that_can_not_be(town: Path, override: str) -> None:
    one_sentence_each(zhida("simulate", str(town), "--set", override), "--set")
    one_sentence_each(zhida("simulate", str(town)), "nothing to change")


def test_a_city_is_built_the_same_from_the_same_seed(tmp_path: Path) -> None:
    built = [
        zhida(
            "city", "build", "--out", str(tmp_path / name), "--fraction", "0.002", "--seed", seed, "--json"
        ).json
        for name, seed in (("a", "5"), ("b", "5"), ("c", "6"))
    ]
    for one in built:
        fits("city-build", one)
        manifest = json.loads((Path(one["path"]) / "manifest.json").read_text(encoding="utf-8"))
        assert manifest["counts"]["persons"] == one["persons"]
        assert manifest["synthetic"] is True
    assert built[0]["snapshot_id"] == built[1]["snapshot_id"] != built[2]["snapshot_id"]


def test_a_city_is_held_against_its_truth(tmp_path: Path) -> None:
    """What registers tell for sure is found without a miss; the figures add up."""
    city, truth = str(tmp_path / "city"), str(tmp_path / "truth")
    built = zhida("city", "build", "--out", city, "--truth", truth, "--fraction", "0.003", "--json")
    assert built.code == 0, built.err
    done = zhida("city", "check", city, "--truth", truth, "--json")
    assert done.code == 0, done.err
    fits("city-check", done.json)
    benefits = {b["benefit"]: b for b in done.json["benefits"]}
    total = done.json["total"]
    for key in ("missed", "lead", "lead_right", "verify", "verify_right", "due", "review", "review_right"):
        assert total[key] == sum(b[key] for b in benefits.values())
    old_age = benefits["old_age"]
    assert old_age["missed"] > 5
    assert old_age["lead_precision"] == old_age["lead_recall"] == 1.0
    assert 0 < total["lead_precision"] < 1  # savings stand in no register
    scanned = zhida("scan", city, "--out", str(tmp_path / "results"), "--no-csv")
    assert scanned.code == 0, scanned.err
    again = zhida("city", "check", city, "--truth", truth, "--results", str(tmp_path / "results"))
    assert f"该享未享 {total['missed']:,} 个" in again.out
    one_sentence_each(zhida("city", "check", city, "--truth", str(tmp_path)), "holds no truth")


def test_by_identity_the_figures_are_the_same(tmp_path: Path) -> None:
    """Held against the truth of the same city's files, through numbers that are looked up sealed."""
    small = ("--fraction", "0.002", "--seed", "3", "--json")
    city, truth, store, keys = (str(tmp_path / name) for name in ("city", "truth", "store", "keys.json"))
    assert zhida("keys", "new", "--keys", keys).code == 0
    whose = ("--identities", store, "--keys", keys)
    assert zhida("city", "build", "--out", city, "--truth", truth, *whose, *small).code == 0
    sent = zhida(
        "city", "build", "--as-files", "--out", str(tmp_path / "sent"), "--truth", f"{truth}-sent", *small
    )
    assert sent.code == 0, sent.err
    plain = zhida("city", "check", city, "--truth", truth, "--json")
    joined = zhida("city", "check", city, "--truth", f"{truth}-sent", *whose, "--json")
    assert joined.code == 0, joined.err
    assert joined.json["total"]["lead_right"] > 10
    assert joined.json == plain.json
    one_sentence_each(zhida("city", "check", city, "--truth", f"{truth}-sent"), "identity store")


def test_files_of_departments_are_told_as_documented(tmp_path: Path) -> None:
    sent = str(tmp_path / "sent")
    told = zhida("city", "build", "--as-files", "--out", sent, "--fraction", "0.002", "--json")
    assert told.code == 0, told.err
    fits("city-build", told.json)
    assert told.json["files"] == len(list((tmp_path / "sent").glob("*.csv")))
    inside = str(tmp_path / "other" / "truth")
    refused = zhida("city", "build", "--as-files", "--out", str(tmp_path / "other"), "--truth", inside)
    one_sentence_each(refused, "inside")
