"""The figures that the READMEs print are those that the commands give."""

from __future__ import annotations

import re
from pathlib import Path

from cli.command import ROOT, zhida

NEAR = 2
"""Percentage points between what is written and what comes out: rules and figures go on changing."""


def figures(file: str, start: str) -> list[int]:
    """Percentages of the paragraph that begins so, in order."""
    text = (ROOT / file).read_text(encoding="utf-8")
    return [int(n) for n in re.findall(r"(\d+) %", text.split(start)[1].split("\n\n")[0])]


def test_the_readme_says_what_the_city_of_the_demo_gives(tmp_path: Path) -> None:
    city, truth = str(tmp_path / "city"), str(tmp_path / "truth")
    built = zhida("city", "build", "--out", city, "--truth", truth, "--fraction", "0.03", "--json")
    assert built.code == 0, built.err
    total = zhida("city", "check", city, "--truth", truth, "--json").json["total"]
    keys = ("lead_recall", "recall_with_verify", "lead_precision", "review_recall")
    found = [100 * total[k] for k in keys]
    english = figures("README.md", "**How well does it find people?**")
    assert english == figures("README.zh-CN.md", "**找得准不准？**")
    assert len(english) == len(found)
    for written, now in zip(english, found, strict=True):
        assert abs(written - now) <= NEAR, f"README says {english}, the city gives {found}"
