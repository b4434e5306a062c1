"""The demo: departments' files in, lists out; what the READMEs say of it is what it gives."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from cli.command import ROOT, fits, one_sentence_each, zhida

NEAR = 2
"""Percentage points between what is written and what comes out: rules and figures go on changing."""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """Over the folder of an earlier demo."""
    out = tmp_path_factory.mktemp("demo") / "demo"
    (out / "results").mkdir(parents=True)
    (out / ".zhida-demo").touch()
    (out / "results" / "old").touch()
    done = zhida("demo", "--out", str(out), "--json")
    assert done.code == 0, done.err
    return out, done.json


def test_from_files_to_lists(made: tuple[Path, dict[str, Any]]) -> None:
    out, told = made
    fits("demo", told)
    taken = told["import"]
    assert taken["read"] == sum(taken[k] for k in ("kept", "repeats", "quarantined", "withdrawn"))
    assert taken["read"] == sum(told["city"]["rows"].values()) and not taken["left_out"]
    assert taken["quarantined"] > 0 and told["quality"]["contradictions"]
    assert (out / "quality.html").read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    assert len(list((out / "lists").glob("*.xlsx"))) == len(told["lists"]["files"]) > 1
    assert not (out / "results" / "old").exists()


def test_three_people_and_those_who_hang_on_others(made: tuple[Path, dict[str, Any]]) -> None:
    _, told = made
    assert [p["list"] for p in told["people"]] == ["lead", "verify", "review"]
    assert all(p["reasons"] for p in told["people"])
    hanging = {p["benefit"]: p for p in told["hanging"]}
    assert {"tekun", "unsupported_child"} <= set(hanging)  # whose case hangs on somebody of another household
    assert all(
        any(w in r for r in p["reasons"] for w in ("子女", "父", "母", "配偶")) for p in hanging.values()
    )


def figures(file: str, start: str) -> list[int]:
    """Percentages of the paragraph that begins so, in order."""
    text = (ROOT / file).read_text(encoding="utf-8")
    return [int(n) for n in re.findall(r"(\d+) %", text.split(start)[1].split("\n\n")[0])]


def test_the_readme_says_what_the_demo_gives(made: tuple[Path, dict[str, Any]]) -> None:
    total = made[1]["found"]["total"]
    keys = ("lead_recall", "recall_with_verify", "lead_precision", "review_recall")
    found = [100 * total[k] for k in keys]
    english = figures("README.md", "**How well does it find people?**")
    assert english == figures("README.zh-CN.md", "**找得准不准？**")
    assert len(english) == len(found)
    for written, now in zip(english, found, strict=True):
        assert abs(written - now) <= NEAR, f"README says {english}, the demo gives {found}"


def test_a_folder_that_no_demo_made_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("keep", encoding="utf-8")
    one_sentence_each(zhida("demo", "--out", str(tmp_path), "--fraction", "0.003"), tmp_path.name)
    assert (tmp_path / "letter.txt").read_text(encoding="utf-8") == "keep"
