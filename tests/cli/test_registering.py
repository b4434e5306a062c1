"""``zhida import`` then ``zhida snapshot``: from a delivery to a snapshot that a scan reads."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli.command import fits, one_sentence_each, zhida
from population.imports.conftest import read_once
from population.imports.office import hukou_row, put, text

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
