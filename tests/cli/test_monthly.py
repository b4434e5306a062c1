"""``zhida month``: files in, lists out; stopped anywhere it goes on, and nothing is done twice."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from cli.command import fits, zhida
from population.imports.conftest import read_once
from population.imports.office import hukou_row, put, text

HUKOU = read_once().sources["hukou"]
FILE = "户籍人口_330102_20250630.csv"


def states(steps: list[dict[str, object]]) -> list[object]:
    return [step["state"] for step in steps]


def test_a_month_in_one_command_that_goes_on(tmp_path: Path) -> None:
    sent = tmp_path / "sent"
    put(sent, text(HUKOU, [hukou_row(i) for i in range(1, 30)]), FILE)
    put(sent, text(HUKOU, [hukou_row(40)]), "户籍人口_339999_20250630.csv")
    (sent / "delivery.yaml").write_text("synthetic: true\n", encoding="utf-8")
    given = ["month", str(sent), "--into", str(tmp_path / "r"), "--out", str(tmp_path / "months"),
             "--keys", str(tmp_path / "keys.json"), "--processes", "1", "--json"]  # fmt: skip
    stopped = zhida(*given)
    assert stopped.code == 1
    fits("month", stopped.json)
    assert stopped.json["snapshot"] is None and not (tmp_path / "months").exists()
    assert "There is no division 339999" in stopped.err and "go on with --anyway" in stopped.err

    given.append("--anyway")
    first = zhida(*given)
    assert first.code == 0
    fits("month", first.json)
    assert states(first.json["steps"]) == ["already", "done", "done"]
    folder = Path(first.json["folder"])
    totals = json.loads((folder / "results" / "totals.json").read_bytes())
    assert totals["snapshot_id"] == first.json["snapshot"]["snapshot_id"] == first.json["scan"]["snapshot_id"]
    again = zhida(*given)
    fits("month", again.json)
    assert states(again.json["steps"]) == ["already"] * 3
    assert again.json["folder"] == first.json["folder"]

    shutil.rmtree(folder / "results")  # as if it had been stopped before the scan
    assert states(zhida(*given).json["steps"]) == ["already", "already", "done"]
    after = json.loads((folder / "results" / "totals.json").read_bytes())
    assert after["counts"] == totals["counts"]

    put(sent, text(HUKOU, [hukou_row(i) for i in range(1, 20)]), FILE)  # a better file of the same day
    other = zhida(*given)
    assert states(other.json["steps"]) == ["done"] * 3
    assert other.json["folder"] != first.json["folder"] and folder.exists()
    assert other.json["snapshot"]["persons"] == 19
