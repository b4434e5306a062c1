"""``zhida lists``: workbooks by the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cli.command import fits, one_sentence_each, zhida
from scan.town import write_town
from zhida.rules.loading import find_pack, load_pack


@pytest.fixture(scope="module")
def scanned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("lists")
    write_town(path / "town", load_pack(find_pack("taoyuan")), 2024 * 12 + 5, parts=1, homes=80)
    done = zhida("scan", str(path / "town"), "--out", str(path / "results"), "--no-csv", "--json")
    assert done.code == 0, done.err
    return path / "results"


def test_workbooks_are_told_as_documented(scanned: Path, tmp_path: Path) -> None:
    words = ("lists", str(scanned), "--pack", "taoyuan", "--purpose", "六月入户")
    done = zhida(*words, "--out", str(tmp_path / "a"), "--json")
    assert done.code == 0, done.err
    fits("lists", done.json)
    record = json.loads((tmp_path / "a" / "export.json").read_text(encoding="utf-8"))
    fits("lists", record)
    assert {p.name for p in (tmp_path / "a").iterdir()} == {*record["files"], "export.json"}
    told = zhida(*words, "--out", str(tmp_path / "b"), "--list", "lead")
    assert told.code == 0 and "合成数据" in told.out and "线索" in told.out


@pytest.mark.parametrize(
    ("more", "says"),
    [
        (["--purpose", " "], "--purpose: say in a few words"),
        (["--purpose", "x", "--list", "leads"], "--list: there is no list 'leads'"),
        (["--purpose", "x", "--county", "12"], "--county: "),
        (["--purpose", "x", "--county", "999901001000"], "which is no county"),
    ],
)
def test_what_is_wrong_is_said(scanned: Path, tmp_path: Path, more: list[str], says: str) -> None:
    done = zhida("lists", str(scanned), "--pack", "taoyuan", "--out", str(tmp_path / "x"), *more)
    one_sentence_each(done, says)
    assert not (tmp_path / "x").exists()
