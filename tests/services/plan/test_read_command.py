"""``zhida plan read``: what it prints, and how it ends."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cli.command import Done, fits, one_sentence_each, process, zhida
from services.plan.written import write


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("plan"), "shidu", "cells")


def test_the_json_is_as_documented(plan: Path) -> None:
    done = zhida("plan", "read", str(plan), "--json")
    assert done.code == 0
    fits("plan-read", done.json)
    assert list(done.json) == [
        "title", "area", "period", "base_year", "sections", "indicators", "commitments", "projects", "terms",
        "unread",
    ]  # fmt: skip
    assert done.json["indicators"][2]["parent"] == 1
    assert done.json["indicators"][0]["values"][0] == {
        "year": 2020,
        "role": "actual",
        "value": {"raw": "36", "low": 36, "high": 36, "comparison": "="},
        "at": done.json["indicators"][0]["values"][0]["at"],
    }


def test_places_count_in_what_text_prints(plan: Path) -> None:
    text = zhida("plan", "read", str(plan), "--text").out
    found = zhida("plan", "read", str(plan), "--json").json
    assert text == plan.read_text(encoding="utf-8")
    for section in found["sections"]:
        assert section["title"] in text[slice(*section["at"])]
    for indicator in found["indicators"]:
        for value in indicator["values"]:
            assert text[slice(*value["at"])] == value["value"]["raw"]
    for commitment in found["commitments"]:
        assert commitment["value"]["raw"] in text[slice(*commitment["at"])]
    assert all(text[slice(*t["meaning_at"])].endswith("。") for t in found["terms"])


def test_everything_of_the_schema_can_come(tmp_path: Path) -> None:
    """A plan that has each kind of entry once keeps to the schema too."""
    words = (
        "桃源县规划（2026—2030年）\n一、目标\n配备3—5名护理员，覆盖率达到*%。安排项目2个，总投资约3亿元。\n"
    )
    table = "序号\t指标\t2025年\t2030年目标\t年均增长（%）\n1\t床位（张）\t1.5万\t≥20000\t5.9\n"
    path = tmp_path / "plan.txt"
    path.write_text(words + table + "名词解释\n1.床位：可供使用的床。\n", encoding="utf-8")
    done = zhida("plan", "read", str(path), "--json")
    fits("plan-read", done.json)
    assert all(done.json[part] for part in done.json if part != "base_year")
    assert done.json["indicators"][0]["values"][0]["value"]["low"] == 15000
    assert done.json["commitments"][0]["value"] == {"raw": "3—5", "low": 3, "high": 5, "comparison": "="}


def test_words_on_the_screen(plan: Path) -> None:
    done = zhida("plan", "read", str(plan))
    assert done.code == 0
    for words in ("石渡县", "规划期 2026—2030", "基期 2025", "其中：农村", "2030目标 1300", "建设项目"):
        assert words.replace("1300", "") in done.out.replace("1300", ""), words


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("plan.pdf", b"x", "damaged"),
        ("plan.docx", b"x", "no .docx"),
        ("plan.rtf", b"x", "give .txt"),
        ("plan.txt", b"\xff\xff", "UTF-8"),
    ],
)
def test_bad_files_end_with_a_sentence(tmp_path: Path, name: str, data: bytes, words: str) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    one_sentence_each(process("plan", "read", str(path)), name, words)


def test_bad_use() -> None:
    one_sentence_each(process("plan", "read", "nothing.txt"), "no such file")
    one_sentence_each(process("plan", "read", "nothing.txt", "--text", "--json"), "exclude each other")


def test_a_control_character_does_not_steer_the_terminal(tmp_path: Path) -> None:
    path = tmp_path / "plan.txt"
    path.write_text("桃源县规划\n一、目标\n\x1b[31m食堂\x07达到20家。\n", encoding="utf-8")
    done: Done = zhida("plan", "read", str(path))
    assert "\x1b" not in done.out
    assert json.loads(zhida("plan", "read", str(path), "--json").out)["commitments"]
