"""``zhida simulate``: effects, cliffs, the search for a value, and the page, all from the same document."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from cli.command import fits, one_sentence_each, zhida
from scan.town import write_town
from zhida.population.store import Snapshot
from zhida.rules.loading import find_pack, load_pack

MONTH = 2024 * 12 + 5


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("simulated") / "town"
    write_town(path, load_pack(find_pack("taoyuan")), MONTH, parts=2, homes=150, missing=0.1)
    return path


def test_effects_cliffs_and_page(town: Path, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    words = ("simulate", str(town), "--set", "敬老金标准[高龄]=300", "--cliffs", "--report", str(page))
    done = zhida(*words, "--json")
    assert done.code == 0, done.err
    fits("simulate", done.json)
    effects = done.json["effects"]
    assert effects["cost"]["lo"] > 0 and effects["households"]["winners"] >= 10
    assert effects["cliffs"]["before"]["step"] == 100_00
    assert effects["sharing"][0]["known"] and effects["sharing"][0]["levels"][0]["level"] == "县"
    assert effects["sharing"][0]["levels"][0]["hi"] == effects["cost"]["hi"]
    text = page.read_text(encoding="utf-8")
    _Whole(text)
    assert not re.search(r"https?://|@import|url\(|<script", text)
    for word in ("合成数据", "敬老金标准 高龄", "基尼系数", "由谁出钱：敬老金 县", "陡坡", "收入不明"):
        assert word in text, word
    told = zhida(*words)
    assert "每年多支出" in told.out and "基尼系数" in told.out and "陡坡：工资每月多 100 元" in told.out
    assert "这个快照只有实际人口的 0.1%" in told.out
    assert not list(tmp_path.glob(".*"))


class _Whole(HTMLParser):
    """Fails where a tag is not closed in order."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.feed(html)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in ("meta", "rect"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Nothing stays open."""

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, self.getpos()


def test_cliffs_alone(town: Path) -> None:
    done = zhida("simulate", str(town), "--cliffs", "--step", "50", "--json")
    assert done.code == 0, done.err
    fits("simulate", done.json)
    assert done.json["affected"] == [] and done.json["effects"]["cliffs"]["after"]["step"] == 50_00
    assert "没有一项" not in zhida("simulate", str(town), "--cliffs").out


def test_a_value_for_a_budget(town: Path) -> None:
    words = ("simulate", str(town), "--solve", "敬老金标准[高龄]", "--budget", "5万/年")
    done = zhida(*words, "--json")
    assert done.code == 0, done.err
    fits("simulate", done.json)
    solve, effects = done.json["solve"], done.json["effects"]
    assert solve["monotone"] and solve["cost_hi"] == effects["cost"]["hi"] <= 5_0000_00
    dearer = f"敬老金标准[高龄]={int(solve['value']) + 1}"
    more = zhida("simulate", str(town), "--set", dearer, "--json").json
    assert more["effects"]["cost"]["hi"] > 5_0000_00
    assert f"→ {solve['value']} " in zhida(*words).out


def test_after_the_rules_were_checked_it_is_said(town: Path) -> None:
    late = zhida("simulate", str(town), "--set", "敬老年龄=65", "--month", "2026-02", "--json")
    assert late.json["stale"] and late.json["verified_through"] == "2025-12-31"
    text = zhida("simulate", str(town), "--set", "敬老年龄=65", "--month", "2026-02").out
    assert "规则只核对到 2025-12-31" in text
    assert not zhida("simulate", str(town), "--set", "敬老年龄=65", "--json").json["stale"]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--solve", "救济标准"), "go together"),
        (("--budget", "1万/年"), "nothing to change"),
        (("--solve", "救济标准", "--budget", "viel"), "--budget: 'viel'"),
        (("--solve", "没有", "--budget", "1万/年"), "unknown parameter"),
        (("--solve", "敬老金标准[高龄]", "--budget", "-1亿/年"), "keeps the budget"),
        (("--solve", "敬老金标准", "--budget", "1万/年"), "敬老金标准 is a table"),
    ],
)
def test_bad_questions_are_one_sentence(town: Path, words: tuple[str, ...], says: str) -> None:
    one_sentence_each(zhida("simulate", str(town), *words), says)


def test_the_work_sheet_of_a_household_in_a_snapshot(town: Path, tmp_path: Path) -> None:
    """As far as registers tell: what must be declared stays open, and the page says that nobody is real."""
    key = next(Snapshot.open(town, load_pack(find_pack("taoyuan"))).parts()).households["household_key"][3]
    page = tmp_path / "sheet.html"
    words = ("explain", str(town), "--household", str(key), "--worksheet")
    done = zhida(*words, "--page", str(page), "--json")
    assert done.code == 0, done.err
    fits("worksheet", done.json)
    declared = [x["amount"] for m in done.json["members"] for x in m["lines"] if x["of"] == "other_income"]
    assert declared and all(a == {"at_least": 0, "at_most": None} for a in declared)
    assert "合成数据，没有真实的人" in page.read_text(encoding="utf-8")
    assert "家庭收入核算表" in zhida(*words).out


def test_other_formulas_with_all_that_belongs_to_them(town: Path, tmp_path: Path) -> None:
    reform = tmp_path / "reform.yaml"
    reform.write_text(
        "formulas:\n  - {benefit: elder, condition: age, formula: 年龄 >= 敬老年龄 - 15}\n", encoding="utf-8"
    )
    page = tmp_path / "page.html"
    words = ("simulate", str(town), "--reform", str(reform), "--cliffs", "--report", str(page), "--json")
    done = zhida(*words)
    assert done.code == 0, done.err
    fits("simulate", done.json)
    elder = next(b for b in done.json["effects"]["benefits"] if b["benefit"] == "elder")
    # the rate of their age band is nothing, unless it is not known how old they are
    assert elder["new"] > 10 and (elder["cost_lo"], elder["cost_hi"]) == (elder["new_lo"], elder["new_hi"])
    assert elder["new_lo"] == 0 < elder["new_hi"]
    assert done.json["effects"]["cliffs"]["after"] is not None
    text = page.read_text(encoding="utf-8")
    assert "年龄 &gt;= 敬老年龄 → 年龄 &gt;= 敬老年龄 - 15" in text
