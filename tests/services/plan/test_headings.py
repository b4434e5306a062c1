"""Title, area, period, base year and headings; every document here is invented."""

from __future__ import annotations

import pytest

from zhida.services.plan.model import Plan
from zhida.services.plan.read import read_text


def headings(plan: Plan) -> list[tuple[int, str, str]]:
    return [(s.level, s.number, s.title) for s in plan.sections]


COUNTY = "桃源县民政事业发展"
DISTRICT = "青禾市桃源区养老服务规划"


@pytest.mark.parametrize(
    ("head", "title", "area", "period"),
    [
        (f"{COUNTY}“十五五”规划", f"{COUNTY}“十五五”规划", "桃源县", (2026, 2030)),
        (f"{DISTRICT}（2024—2028年）", f"{DISTRICT}（2024—2028年）", "青禾市桃源区", (2024, 2028)),
        (f"{COUNTY}\n“十四五”规划\n（草案）", f"{COUNTY}“十四五”规划（草案）", "桃源县", (2021, 2025)),
        (f"《{COUNTY}“十四五”规划》\n起草说明", f"《{COUNTY}“十四五”规划》起草说明", "桃源县", (2021, 2025)),
        (f"印发通知\n\n{COUNTY}规划\n\n规划期为2024至2028年。", f"{COUNTY}规划", "桃源县", (2024, 2028)),
        ("*市民政规划\n规划期为20XX至20XX年。", "*市民政规划", None, None),
        ("第一段话。", None, None, None),
        ("", None, None, None),
    ],
)
def test_head(head: str, title: str | None, area: str | None, period: tuple[int, int] | None) -> None:
    plan = read_text(head + "\n")
    assert (plan.title, plan.area, plan.period) == (title, area, period)


@pytest.mark.parametrize(
    ("sentence", "year"),
    [
        ("规划基期为2025年。", 2025),
        ("以 2020 年为基期。", 2020),
        ("规划基期为20XX年。", None),
        ("2025年。", None),
    ],
)
def test_base_year(sentence: str, year: int | None) -> None:
    assert read_text(sentence + "\n").base_year == year


def test_forms() -> None:
    plan = read_text(
        "第一章 总则\n第一节 背景\n一、基础\n（一）成效\n1.站点更多。建成一批站点。\n(1) 村里\n2．食堂更好\n"
    )
    assert headings(plan) == [
        (1, "第一章", "总则"),
        (2, "第一节", "背景"),
        (1, "一", "基础"),
        (2, "（一）", "成效"),
        (3, "1", "站点更多"),
        (4, "（1）", "村里"),
        (3, "2", "食堂更好"),
    ]
    for one in plan.sections:
        assert plan.text[one.at[1] - 1] == one.title[-1]


def test_a_box_has_headings_of_its_own() -> None:
    plan = read_text("1.甲任务\n2.乙任务\n专栏1 行动\n1.子行动\n2.再行动\n3.丙任务\n（二）体系\n4.丁任务\n")
    assert headings(plan) == [
        (3, "1", "甲任务"),
        (3, "2", "乙任务"),
        (3, "专栏1", "行动"),
        (4, "1", "子行动"),
        (4, "2", "再行动"),
        (4, "3", "丙任务"),
        (2, "（二）", "体系"),
        (3, "4", "丁任务"),
    ]


def test_what_is_no_heading() -> None:
    text = "共3.5亿元，增长\n1.2倍，加上\n2、型设备，将困难\n3、个。\n一是站点多。二、三级机构。\n"
    text += "1.这一句话很长，既有前面的半句，又有后面的半句，还有再后面的半句，不会是标题。\n"
    assert headings(read_text(text)) == []


def test_headings_inside_joined_lines() -> None:
    plan = read_text(
        "制定本规划。一、基础（一）成效“十四五”期间，站点更多。二、目标（一）总体“十五五”期间，站点达到三个。\n"
    )
    assert headings(plan) == [(1, "一", "基础"), (2, "（一）", ""), (1, "二", "目标"), (2, "（一）", "")]
    assert len(plan.unread) == 2


def test_headings_of_three_levels_in_one_line() -> None:
    plan = read_text(
        "制定本规划。一、基础（一）形势1.机遇更多。这里是正文。2.挑战更大。这里也是。（二）不足1.站点少。有的村没有。\n"
    )
    assert [s.number for s in plan.sections] == ["一", "（一）", "1", "2", "（二）", "1"]
    assert plan.sections[3].title == "挑战更大"
    assert plan.unread == ()


def test_contents_are_no_headings() -> None:
    text = "目  录\n一、基础\t1\n（一）成效 2\n二、目标…………3\n\n一、基础\n（一）成效\n二、目标\n"
    assert headings(read_text(text)) == [(1, "一", "基础"), (2, "（一）", "成效"), (1, "二", "目标")]


@pytest.mark.parametrize(
    ("note", "term"),
    [
        ("[1]“一站式”平台：把窗口合在一起。", "“一站式”平台"),
        ("[2] “五社联动”是指共同参与。", "五社联动"),
        ("1.时间银行：指存取时间的办法。", "时间银行"),
        ("①家庭床位，是指设在家中的床位。", "家庭床位"),
    ],
)
def test_terms(note: str, term: str) -> None:
    assert [t.term for t in read_text(f"名词解释\n{note}\n").terms] == [term]
