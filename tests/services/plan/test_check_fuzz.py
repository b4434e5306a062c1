"""Whatever a text looks like, checking it ends soon, with places that lie inside it."""

from __future__ import annotations

import random
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.plan.scoring import PLANS
from services.plan.written import SOUND, with_tabs, written
from zhida.services.plan.check import check_plans
from zhida.services.plan.read import read_text
from zhida.services.plan.report import page

PIECES = (
    "一、",
    "（二）",
    "3．",
    "专栏1 主要指标\n",
    "序号\t指标\t2025年\t2030年目标值\t年均增速（%）\n",
    "1\t床位数（张）\t0\t9\t5\n",
    "其中：",
    "总投资9亿元",
    "养老设施3亿元，",
    "到2030年，",
    "每万人拥有登记社会组织数达到",
    "全覆盖",
    "0",
    "99999999999999999999",
    "0.0001",
    "%",
    "‰",
    "亿元",
    "个",
    "达到",
    "由20家增加到0家，增长5%",
    "从2020年的0人增加到2025年的9人，年均增长5%",
    "[1]",
    "[9]",
    "注释\n[1]“甲乙”：丙。\n",
    "常住人口0人",
    "老年人口9万人",
    "规划期为2026—2030年，规划基期为2025年。",
    "规划主要指标全部完成。",
    "\n",
    "\t",
    "。",
    "，",
    "“三站二平台”",
    "*",
    "—",
    "每人每月900元",
    "甲乙县民政事业发展规划\n",
    "(",
    "）",
    "<b>",
    "\u202e",
    "２０３０年",
)
SECONDS = 5.0


def sound_places(*texts: str) -> None:
    start = time.perf_counter()
    named = [(f"{i}.txt", read_text(text)) for i, text in enumerate(texts)]
    found = check_plans(named)
    for finding in found:
        assert finding.says
        assert finding.places
        for place in finding.places:
            assert 0 <= place.at[0] <= place.at[1] <= len(place.source.plan.text)
            assert place.text or not place.source.plan.text
    assert page(named, found)
    assert time.perf_counter() - start < SECONDS


@settings(max_examples=150)
@given(st.lists(st.sampled_from(PIECES), max_size=40), st.lists(st.sampled_from(PIECES), max_size=10))
def test_pieces_in_any_order(one: list[str], other: list[str]) -> None:
    sound_places("".join(one), "甲乙市规划\n" + "".join(other))


@pytest.mark.parametrize("name", SOUND)
@pytest.mark.parametrize("seed", range(6))
def test_a_plan_cut_joined_broken_and_misread(name: str, seed: int) -> None:
    draw = random.Random(f"{name} {seed}")
    whole = with_tabs(written(name))
    sound_places(whole[draw.randrange(len(whole)) :], whole[: draw.randrange(len(whole))])
    sound_places(whole.replace("\n", ""), whole.replace("\t", "\n"))
    slips = {"0": "O", "1": "l", "8": "B", "%": "*", "。": "", "，": ".", "2": "Z"}
    for old, new in slips.items():
        at = [i for i, c in enumerate(whole) if c == old]
        for i in draw.sample(at, min(len(at), 40)):
            whole = whole[:i] + (new or " ") + whole[i + 1 :]
    width = draw.randrange(12, 60)
    sound_places("\n".join(whole[i : i + width] for i in range(0, len(whole), width)))


def test_a_long_table_takes_no_long_time() -> None:
    rows = "".join(f"{i}\t第{i}种服务站数（个）\t{i}\t{i + 9}\n" for i in range(1, 300))
    sound_places(f"规划期为2026—2030年，规划基期为2025年。\n序号\t指标\t2025年\t2030年目标值\n{rows}")


@pytest.mark.parametrize("path", sorted(PLANS.glob("*.txt")), ids=lambda p: p.name[:3])
def test_a_published_plan_cut_anywhere(path: Path) -> None:
    whole = path.read_bytes().decode("utf-8", "replace")
    draw = random.Random(path.name)
    for _ in range(5):
        sound_places(whole[draw.randrange(len(whole)) :][: draw.randrange(20000)])
