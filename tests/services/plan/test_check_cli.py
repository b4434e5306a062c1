"""``zhida plan check``: exit codes, documented JSON, lines for people, one page of HTML."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from cli.command import fits, one_sentence_each, process, zhida
from services.plan.written import write, written
from zhida.services.plan.check import check_plans
from zhida.services.plan.read import read_file, read_text
from zhida.services.plan.report import page

WRONG = [("节地生态安葬率达到60%，公益性", "节地生态安葬率达到63%，公益性"), ("|18|22|28", "|18|32|28")]


@pytest.fixture
def wrong(tmp_path: Path) -> Path:
    return write(tmp_path, "qinghe", "tabs", written("qinghe", WRONG))


def test_a_sound_plan_ends_with_0(tmp_path: Path) -> None:
    done = zhida("plan", "check", str(write(tmp_path, "qinghe", "tabs")))
    assert done.code == 0
    assert "错误 0，警告 0" in done.out


def test_notes_alone_end_with_0(tmp_path: Path) -> None:
    done = zhida(
        "plan", "check", str(write(tmp_path, "qinghe", "tabs")), str(write(tmp_path, "shidu", "cells"))
    )
    assert done.code == 0
    assert "提示 level-base" in done.out


def test_findings_end_with_1_and_are_told_with_sum_and_place(wrong: Path) -> None:
    done = zhida("plan", "check", str(wrong))
    assert done.code == 1
    assert "错误 two-values：“节地生态安葬率”2025年有两个数" in done.out
    assert "算式：32人 → 28人，相差4人" in done.out
    line = wrong.read_text(encoding="utf-8").split("节地生态安葬率达到63%")[0].count("\n") + 1
    assert f"第{line}行“节地生态安葬率达到63%”" in done.out
    assert done.out.rstrip().endswith("错误 2，警告 0，提示 0")


def test_json_is_as_documented(wrong: Path, tmp_path: Path) -> None:
    other = write(tmp_path, "shidu", "cells")
    done = zhida("plan", "check", str(wrong), str(other), "--json")
    assert done.code == 1
    fits("plan-check", done.json)
    text = wrong.read_text(encoding="utf-8")
    first = next(f for f in done.json if "63%" in f["arithmetic"])
    quoted = [text[slice(*p["at"])] for p in first["places"] if p["file"] == str(wrong)]
    assert quoted == ["节地生态安葬率达到63%", "60", "60"]
    assert first["values"][0] == {"text": "63%", "value": 0.63, "low": 0.625, "high": 0.635, "measure": "率"}
    assert any({p["file"] for p in f["places"]} == {str(wrong), str(other)} for f in done.json)
    assert zhida("plan", "check", str(other), "--json").json == []


@pytest.mark.parametrize("text", ["", "今天天气很好。\n"])
def test_nothing_read_is_not_nothing_wrong(text: str, tmp_path: Path) -> None:
    path = tmp_path / "x.txt"
    path.write_text(text, encoding="utf-8")
    done = zhida("plan", "check", str(path), "--json", "--html", str(tmp_path / "x.html"))
    assert done.code == 0
    fits("plan-check", done.json)
    assert [f["kind"] for f in done.json] == ["not-checked"]


def test_bad_input_is_one_sentence(tmp_path: Path, wrong: Path) -> None:
    one_sentence_each(process("plan", "check", str(tmp_path / "none.txt")), "none.txt")
    one_sentence_each(process("plan", "check", str(wrong), str(wrong)), "twice")
    one_sentence_each(process("plan", "check", str(wrong), "--html", str(wrong)), "overwrite")
    one_sentence_each(
        process("plan", "check", str(wrong), "--html", str(tmp_path / "a" / "b.html")), "b.html"
    )
    one_sentence_each(process("plan", "check"))
    assert "青禾市" in wrong.read_text(encoding="utf-8")


class Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.targets: list[str] = []
        self.text: list[str] = []
        self.outside: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {k: v or "" for k, v in attrs}
        self.ids += [given["id"]] if "id" in given else []
        if given.get("href", "").startswith("#"):
            self.targets.append(given["href"][1:])
        self.outside += [v for k, v in given.items() if k in ("src", "href") and not v.startswith("#")]

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def test_the_page_stands_alone_and_its_links_lead_somewhere(wrong: Path, tmp_path: Path) -> None:
    other = write(tmp_path, "shidu", "cells")
    out = tmp_path / "out.html"
    assert zhida("plan", "check", str(wrong), str(other), "--html", str(out)).code == 1
    found = Links()
    found.feed(out.read_text(encoding="utf-8"))
    assert found.outside == []
    assert len(set(found.ids)) == len(found.ids)
    assert set(found.targets) == set(found.ids)
    assert "http" not in out.read_text(encoding="utf-8")


def test_the_page_holds_the_whole_text(tmp_path: Path) -> None:
    for name, layout in (("qinghe", "tabs"), ("shidu", "cells")):
        plan = read_file(write(tmp_path, name, layout))
        found = Links()
        found.feed(
            re.sub(
                r"<(style|title)>.*?</\1>|<header>.*?</header>|<h2>.*?</h2>",
                "",
                page([(name, plan)], []),
                flags=re.S,
            )
        )
        shown = re.sub(r"\s|没有发现问题。", "", "".join(found.text))
        assert shown == re.sub(r"\s", "", plan.text)


def test_what_a_plan_brings_along_is_shown_and_not_run() -> None:
    plan = read_text(
        "规划期为2026—2030年。\n<script>alert(1)</script>“甲乙丙丁”[7]&amp;\n[1]“戊”：<b>己</b>\n"
    )
    text = page([("<x>.txt", plan)], check_plans([("<x>.txt", plan)]))
    assert "<script>" not in text
    text = re.sub(r'</?mark.*?>|<a class="ref.*?</a>', "", text)
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text
    assert "&amp;amp;" in text
