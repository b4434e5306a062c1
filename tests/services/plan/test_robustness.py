"""Damaged plans: no crash, no hang, and no value that the text does not print."""

from __future__ import annotations

import random
import time
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.plan.scoring import PLANS
from services.plan.written import cell_per_line, with_tabs, written
from zhida.services.plan.flow import flow
from zhida.services.plan.model import Plan, Span
from zhida.services.plan.read import read_text
from zhida.services.plan.records import record
from zhida.services.plan.text import text_of

OWN = {f"{name} {layout.__name__}": layout(written(name))
       for name in ("shidu", "qinghe") for layout in (with_tabs, cell_per_line)}  # fmt: skip
REAL = sorted(PLANS.glob("*.txt")) if PLANS.is_dir() else []
SLIPS = {
    "0": "O",
    "1": "l",
    "5": "S",
    "8": "B",
    "，": ",",
    "。": ".",
    "：": ":",
    "（": "(",
    "—": "一",
    "日": "曰",
    "%": "％",
}
SECONDS = 10


def sound(plan: Plan) -> None:
    """Every place lies in the text and every value is printed where it is said to stand."""
    size = len(plan.text)

    def within(at: Span) -> None:
        assert 0 <= at[0] <= at[1] <= size

    for i, one in enumerate(plan.indicators):
        within(one.at)
        assert one.parent is None or one.parent < i
        for value in one.values:
            within(value.at)
            cell = flow(plan.text[slice(*value.at)]).text
            assert value.raw.rstrip("万亿") in cell, (value, cell)
    for c in plan.commitments:
        within(c.at)
        assert c.value.raw in flow(plan.text[slice(*c.at)]).text.replace(" ", "")
        assert c.value.low <= c.value.high
    for places in ([s.at for s in plan.sections], [p.at for p in plan.projects], [u.at for u in plan.unread]):
        for at in places:
            within(at)
    for term in plan.terms:
        within(term.meaning_at)
    record(plan)


def promised(plan: Plan) -> Counter[tuple[str, str, str | None]]:
    """The values of commitments with their sign and unit."""
    return Counter((c.value.raw, c.comparison, c.unit) for c in plan.commitments)


def in_tables(plan: Plan) -> Counter[tuple[str, int | None, str, str]]:
    return Counter((i.name, v.year, v.role, v.raw) for i in plan.indicators for v in i.values)


@pytest.mark.parametrize("name", OWN)
def test_cut_anywhere_invents_nothing(name: str) -> None:
    whole = read_text(OWN[name])
    values, cells = promised(whole), in_tables(whole)
    draw = random.Random(7)
    for _ in range(40):
        end = draw.randrange(len(OWN[name]))
        plan = read_text(OWN[name][:end])
        sound(plan)
        invented = in_tables(plan) - cells
        assert not invented, (end, invented)
        assert not promised(plan) - values, (end, promised(plan) - values)


@pytest.mark.parametrize("name", OWN)
def test_the_head_torn_off_invents_no_table(name: str) -> None:
    cells = in_tables(read_text(OWN[name]))
    printed = {(n, r) for n, _, _, r in cells}
    draw = random.Random(8)
    for _ in range(30):
        plan = read_text(OWN[name][draw.randrange(len(OWN[name])) :])
        sound(plan)
        assert {(n, r) for n, _, _, r in in_tables(plan)} <= printed


def wrapped(text: str, width: int) -> str:
    """Lines broken as a PDF does it: at a width, never inside a number."""
    out = []
    for line in text.split("\n"):
        while len(line) > width and "\t" not in line:
            at = width
            while at > width - 12 and line[at - 1 : at + 1].isascii():
                at -= 1
            out.append(line[:at])
            line = line[at:]
        out.append(line)
    return "\n".join(out)


@pytest.mark.parametrize("width", [24, 32, 40, 55])
@pytest.mark.parametrize("name", OWN)
def test_broken_lines_read_the_same(name: str, width: int) -> None:
    whole, plan = read_text(OWN[name]), read_text(wrapped(OWN[name], width))
    sound(plan)
    assert in_tables(plan) == in_tables(whole)
    assert promised(plan) == promised(whole)
    assert [(s.number, s.level) for s in plan.sections] == [(s.number, s.level) for s in whole.sections]


@pytest.mark.parametrize("name", OWN)
def test_joined_lines_invent_nothing(name: str) -> None:
    lines = OWN[name].split("\n")
    whole = read_text(OWN[name])
    printed = Counter(raw for _, _, _, raw in in_tables(whole).elements())
    draw = random.Random(9)
    for _ in range(20):
        at = sorted(draw.sample(range(len(lines)), 12))
        text = "".join(line + ("" if i in at else "\n") for i, line in enumerate(lines))
        plan = read_text(text)
        sound(plan)
        assert {v for v, _, _ in promised(plan)} <= {v for v, _, _ in promised(whole)} | set(printed)


@pytest.mark.parametrize("name", OWN)
def test_slips_of_ocr_invent_nothing(name: str) -> None:
    whole = read_text(OWN[name])
    values = {v for v, _, _ in promised(whole)}
    cells = {raw for _, _, _, raw in in_tables(whole)}
    draw = random.Random(10)
    for _ in range(20):
        text = "".join(SLIPS[c] if c in SLIPS and draw.random() < 0.05 else c for c in OWN[name])
        plan = read_text(text)
        sound(plan)
        assert {v for v, _, _ in promised(plan)} <= values
        assert {raw for _, _, _, raw in in_tables(plan)} <= cells


PIECES = st.sampled_from([
    "一、主要目标\n", "（一）养老\n", "1.建设。", "专栏1 指标\t\t\n", "1\t床位（张）\t10\t20\n",
    "序号\t指标（单位）\t2025年\t2030年目标值\n", "\t其中：护理型（%）\t--\t≥60\n",
    "序号\n指标\n2025年\n2030年\n", "1\n", "到2030年，", "床位达到1,200张以上", "全覆盖", "、", "。\n",
    "\n", "\t", "每人每月", "三百名", "六成", "*", "20XX年", "[1]", "注释\n", "：是指", "“", "”", "（", "）",
    "《", "目录\n", "……3\n", "分别", "从2020年的20家增加到50家", "百分之", "5—8个", "\u200b", "　", "1 0",
    "其中", "万", "%",
])  # fmt: skip


@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(PIECES | st.text(max_size=6), max_size=40).map("".join))
def test_anything_can_be_read(text: str) -> None:
    sound(read_text(text.replace("\r", "")))


@settings(max_examples=60)
@given(st.sampled_from(sorted(OWN)), st.randoms(use_true_random=False))
def test_shuffled_lines_can_be_read(name: str, draw: random.Random) -> None:
    lines = OWN[name].split("\n")
    draw.shuffle(lines)
    sound(read_text("\n".join(lines[:80])))


@pytest.mark.parametrize(
    "text",
    [
        "（" * 50_000, "“" * 50_000 + "100个", "1，" * 50_000, "\t" * 50_000, "1\t" * 50_000, "一、" * 30_000,
        "建成100个，" * 10_000, "每" * 50_000 + "建成一个", "到2030年" * 20_000, "1\n" * 30_000,
        "序号\n" * 20_000, "序号 指标 2025年\n" * 1_500, "\t序号\n" * 20_000, "[1]" * 30_000,
        "目录\n" + "一、基础 1\n" * 5_000, "9" * 200_000, "零" * 100_000, "全覆盖" * 3_000,
        "占" * 50_000 + "5%", "共" * 50_000 + "100个", "达到1个和" * 2_000,
    ],
    ids=lambda text: repr(text[:12]),
)  # fmt: skip
def test_nothing_takes_long(text: str) -> None:
    begun = time.process_time()
    sound(read_text(text))
    assert time.process_time() - begun < SECONDS


@pytest.mark.parametrize("path", REAL, ids=lambda path: path.name[:3])
def test_the_published_plans_damaged(path: Path) -> None:
    text = text_of(path)
    whole = read_text(text)
    cells = in_tables(whole)
    draw = random.Random(11)
    for _ in range(4):
        plan = read_text(text[: draw.randrange(len(text))])
        sound(plan)
        assert not in_tables(plan) - cells
    for damaged in (wrapped(text, 38), "".join(SLIPS.get(c, c) if draw.random() < 0.02 else c for c in text)):
        plan = read_text(damaged)
        sound(plan)
        assert {raw for _, _, _, raw in in_tables(plan)} <= {raw for _, _, _, raw in cells}


def test_the_published_plans_are_there() -> None:
    if not REAL:
        pytest.skip("the published plans do not lie beside the project (../shared/plans)")
    begun = time.process_time()
    for path in REAL:
        read_text(text_of(path))
    assert time.process_time() - begun < 10
