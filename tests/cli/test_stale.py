"""After the last day up to which somebody checked the rules, every answer says so; before it, none does."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cli.command import zhida
from scan.town import write_town
from zhida.rules.loading import find_pack, load_pack

MONTH = 2024 * 12 + 5
SAID = ("规则只核对到 2025-12-31", "规则只核对到2025年12月31日")


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("stale") / "town"
    write_town(path, load_pack(find_pack("taoyuan")), MONTH, parts=1, homes=80)
    return path


def says(text: str) -> bool:
    return any(said in text for said in SAID)


@pytest.mark.parametrize(("month", "late"), [("2025-12", False), ("2026-01", True)])
def test_of_a_household(month: str, late: bool) -> None:
    home = json.dumps(
        {"month": month, "division": "999901", "complete": "all",
         "members": [{"id": "m1", "出生日期": "1948-02-01", "其他收入": 0}]},
        ensure_ascii=False,
    )  # fmt: skip
    whole = zhida("assess", "-", "--pack", "taoyuan", "--json", stdin=home).json
    assert whole["pack"]["stale"] is late
    applies = [r for r in whole["results"] if r["answer"] != "not_applicable"]
    assert applies and all(any(a["what"] == "stale" for a in r["assumptions"]) is late for r in applies)
    for command in ("assess", "explain"):
        assert says(zhida(command, "-", "--pack", "taoyuan", stdin=home).out) is late
        assert says(zhida(command, "-", "--pack", "taoyuan", "--worksheet", stdin=home).out) is late
    sheet = zhida("assess", "-", "--pack", "taoyuan", "--worksheet", "--json", stdin=home).json
    assert sheet["pack"]["stale"] is late


@pytest.mark.parametrize(("month", "late"), [("2025-12", False), ("2026-01", True)])
def test_of_everybody(town: Path, tmp_path: Path, month: str, late: bool) -> None:
    out = tmp_path / "results"
    words = ("scan", str(town), "--month", month, "--no-csv", "--out")
    done = zhida(*words, str(out), "--json")
    assert done.code == 0, done.err
    assert (done.json["stale"], done.json["verified_through"]) == (late, "2025-12-31")
    totals = json.loads((out / "totals.json").read_text(encoding="utf-8"))
    assert totals["stale"] is late
    assert says((out / "report.html").read_text(encoding="utf-8")) is late
    assert says(zhida(*words, str(tmp_path / "again")).out) is late
    page = tmp_path / "page.html"
    told = zhida("simulate", str(town), "--month", month, "--set", "敬老年龄=65", "--report", str(page))
    assert says(told.out) is late
    assert says(page.read_text(encoding="utf-8")) is late


def test_every_page_of_the_handbook_says_how_far_it_was_checked(tmp_path: Path) -> None:
    assert zhida("rules", "doc", "taoyuan", "--out", str(tmp_path)).code == 0
    pages = list(tmp_path.rglob("*.html"))
    assert len(pages) > 5
    for page in pages:
        assert "规则核对到 2025年12月31日，此后的变化未核对" in page.read_text(encoding="utf-8"), page
