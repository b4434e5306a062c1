"""Tables of indicators in each layout; every document here is invented."""

from __future__ import annotations

import pytest

from services.plan.written import spread, with_tabs, written
from zhida.services.plan.model import Plan
from zhida.services.plan.read import read_text

HEAD = "某县民政事业发展规划（2026—2030年）\n规划基期为2025年。\n"


def values(plan: Plan) -> list[tuple[str | None, str, str | None, int | None, list[str]]]:
    """Number, name, unit, parent, and each value as ``year role raw``."""
    return [
        (i.number, i.name, i.unit, i.parent, [f"{v.year} {v.role} {v.raw}" for v in i.values])
        for i in plan.indicators
    ]


def table(*rows: str, before: str = HEAD) -> Plan:
    return read_text(before + "\n".join(row.replace("|", "\t") for row in rows) + "\n")


def test_what_gives_no_value_is_never_zero() -> None:
    rows = ["序号|指标（单位）|2025年|2030年目标值"]
    rows += [f"{i}|指标{c}（个）|{cell}|{i}" for i, (c, cell) in enumerate(zip("甲乙丙丁戊己庚辛", ["--", "—", "*", "空", "", "/", "…", "待定"], strict=True), 1)]  # fmt: skip  # noqa: E501
    plan = table(*rows)
    assert [len(i.values) for i in plan.indicators] == [1] * 8
    assert {v.role for i in plan.indicators for v in i.values} == {"target"}
    assert plan.unread == ()


def test_zero_is_a_value() -> None:
    plan = table("序号|指标|单位|2025年|2030年目标", "1|试点数|个|0|6")
    assert values(plan) == [("1", "试点数", "个", None, ["2025 actual 0", "2030 target 6"])]


def test_parts_keep_their_whole() -> None:
    plan = table(
        "序号|指标|2025年|2030年目标值",
        "1|床位数（张）|900|1200",
        "|其中：护理型床位占比（%）|50|65",
        "2|覆盖率（%）|城市|90|100",
        "||农村|60|90",
        "3|站点数（个）|8|20",
    )
    assert [(i.name, i.unit, i.parent) for i in plan.indicators] == [
        ("床位数", "张", None),
        ("护理型床位占比", "%", 0),
        ("覆盖率", "%", None),
        ("城市", "%", 2),
        ("农村", "%", 2),
        ("站点数", "个", None),
    ]
    assert plan.indicators[2].values == ()


def test_units_in_name_column_heading_and_cell() -> None:
    assert table("指标（个）|2025年|2030年目标", "站点|1|2").indicators[0].unit == "个"
    assert table("序号|指标|单位|2025年|2030年目标", "1|站点|个|1|2").indicators[0].unit == "个"
    titled = table("专栏1 主要指标（单位：万元）|||", "序号|指标|2025年|2030年目标", "1|捐赠额|1|2")
    assert titled.indicators[0].unit == "万元"
    inside = table("序号|指标|2025年|2030年目标", "1|覆盖率|50%|80%以上")
    assert inside.indicators[0].unit == "%"
    assert [(v.raw, v.comparison) for v in inside.indicators[0].values] == [("50", "="), ("80", "≥")]


def test_a_cell_with_another_unit_is_brought_to_it_or_not_read() -> None:
    plan = table("序号|指标|2025年|2030年目标", "1|人数（人）|8000|1.5万", "2|比例（%）|5|60张")
    assert [int(v.low) for v in plan.indicators[0].values] == [8000, 15000]
    assert [v.raw for v in plan.indicators[1].values] == ["5"]
    assert "单位" in plan.unread[0].why


@pytest.mark.parametrize(
    ("heading", "role", "year"),
    [
        ("2025年", "actual", 2025),
        ("2030年", "target", 2030),
        ("2030年目标值", "target", 2030),
        ("2025年实际值", "actual", 2025),
        ("2027年计划数", "planned", 2027),
        ("2025年\n完成情况", "actual", 2025),
        ("年均增长（%）", "growth", None),
        ("二〇三〇年目标", "target", 2030),
        ("“十五五”末目标", "target", 2030),
        ("“十四五”期末", "actual", 2025),
        ("基期值", "actual", 2025),
    ],
)
def test_headings(heading: str, role: str, year: int | None) -> None:
    lines = "\t专栏1 指标\n\n\t序号\n\t指标\n\t2026年\n\t" + heading + "\n\n\t1\n\t站点数（个）\n\t3\n\t5\n\n"
    lines += "\t2\n\t床位数（张）\n\t4\n\t6\n\n"
    plan = read_text(HEAD + lines)
    assert [(v.role, v.year) for v in plan.indicators[0].values][-1] == (role, year)


def test_a_heading_of_two_rows() -> None:
    plan = table("序号|指标|2025年||2030年|属性", "||目标值|实际值|目标值|", "1|床位数（张）|10|12|20|预期性")
    assert values(plan)[0][4] == ["2025 target 10", "2025 actual 12", "2030 target 20"]
    assert plan.indicators[0].kind == "预期性"


def test_groups() -> None:
    plan = table("序号|指标|2025年|2030年目标", "养老|||", "1|床位（张）|1|2", "救助", "2|站点（个）|3|4")
    assert [i.group for i in plan.indicators] == ["养老", "救助"]


def test_a_row_that_does_not_fit_is_unread() -> None:
    plan = table(
        "序号|指标|2025年|2030年目标", "1|床位（张）|1|2", "2|站点（个）|3|4|5|6", "3|人员（人）|7|8"
    )
    assert [i.number for i in plan.indicators] == ["1", "3"]
    assert "对不上" in plan.unread[0].why


def test_what_is_no_value_is_unread() -> None:
    plan = table("序号|指标|2025年|2030年目标", "1|床位（张）|1O0|比上年增加", "2|站点（个）|3|4")
    assert plan.indicators[0].values == ()
    assert len(plan.unread) == 2


def test_a_number_at_the_end_of_the_text_may_be_cut() -> None:
    whole = HEAD + "序号\t指标\t2025年\t2030年目标\n1\t床位（张）\t10\t1200"
    assert [v.raw for v in read_text(whole + "\n").indicators[0].values] == ["10", "1200"]
    cut = read_text(whole[:-2])
    assert [v.raw for v in cut.indicators[0].values] == ["10"]
    assert "中断" in cut.unread[0].why


@pytest.mark.parametrize("between", ["\n", " "], ids=["a cell a line", "blanks"])
@pytest.mark.parametrize("name", ["shidu", "qinghe", "yunting"])
def test_tables_that_lost_their_layout(name: str, between: str) -> None:
    blocks = written(name)
    wanted = values(read_text(with_tabs(blocks)))
    lines = []
    for block in blocks:
        lines.append(block.text)
        lines += [between.join(c for c in row if c) for row in spread(block.rows)]
    found = read_text("\n".join(lines) + "\n")
    assert wanted
    assert values(found) == wanted
    assert found.unread == ()


def test_a_lost_cell_moves_no_value() -> None:
    """Where a bare table lost a cell, nothing from there on is read: what comes after may be shifted."""
    cells = "序号 指标 2025年 2030年目标 1 床位（张） 10 12 2 站点（个） 3 3 人员（人） 7 8"
    plan = read_text(HEAD + cells.replace(" ", "\n") + "\n")
    assert [i.name for i in plan.indicators] == ["床位"]
    assert len(plan.unread) == 1


def test_a_table_of_contents_and_a_framed_paragraph_are_no_tables() -> None:
    plan = read_text(
        "目录\n一、规划背景\t1\n二、主要目标\t5\n三、主要任务\t9\n\n一、规划背景\n\t1.第一段话。\n"
    )
    assert plan.indicators == ()
    assert [s.title for s in plan.sections] == ["规划背景", "第一段话"]


def test_a_table_of_projects() -> None:
    plan = table("序号|项目名称|数量|投资（万元）", "1|福利院改造|2|3500", "2|殡仪馆新建|1|—")
    assert [(p.name, p.count and p.count.raw, p.amount and p.amount.raw, p.unit) for p in plan.projects] == [
        ("福利院改造", "2", "3500", "万元"),
        ("殡仪馆新建", "1", None, None),
    ]


def test_another_table_is_unread_and_not_skipped() -> None:
    plan = table("部门|职责", "甲局|牵头", "乙局|配合")
    assert ["既不是指标表" in u.why for u in plan.unread] == [True]


@pytest.mark.parametrize("caption", ["专栏2 目标", "专栏2 目标|||", "表2：目标"])
def test_two_tables_that_follow_each_other(caption: str) -> None:
    plan = table(
        "专栏1 完成情况|||",
        "序号|指标|2020年|2025年完成情况",
        "1|床位（张）|5|9",
        caption,
        "序号|指标|2025年|2030年目标",
        "1|床位（张）|9|20",
    )
    years = [[(v.year, v.raw) for v in i.values] for i in plan.indicators]
    assert years == [[(2020, "5"), (2025, "9")], [(2025, "9"), (2030, "20")]]
    assert plan.unread == ()


def test_a_heading_that_is_repeated_on_the_next_page() -> None:
    head = "序号|指标|2025年|2030年目标"
    plan = table(head, "1|床位（张）|1|2", "2|站点（个）|3|4", head, "3|人员（人）|5|6", "4|食堂（家）|7|8")
    assert [i.number for i in plan.indicators] == ["1", "2", "3", "4"]
    assert plan.unread == ()


def test_two_tables_with_a_cell_a_line() -> None:
    one = "\t专栏{0} 指标\n\n\t序号\n\t指标\n\t{1}年\n\t{2}年目标值\n\n\t1\n\t床位（张）\n\t{0}\n\t9\n\n"
    plan = read_text(HEAD + one.format(1, 2020, 2025) + one.format(2, 2025, 2030))
    assert [[(v.year, v.raw) for v in i.values] for i in plan.indicators] == [
        [(2020, "1"), (2025, "9")],
        [(2025, "2"), (2030, "9")],
    ]


def test_growth_may_be_negative() -> None:
    plan = table(
        "序号|指标|2025年|2030年目标|年均增速（%）", "1|事故（起）|20|10|-13.2", "2|站点（个）|3|4|下降5"
    )
    found = plan.indicators[0].values[2]
    assert (found.role, found.raw, str(found.low), str(found.high)) == ("growth", "-13.2", "-13.2", "-13.2")
    assert len(plan.indicators[1].values) == 2
    assert len(plan.unread) == 1


@pytest.mark.parametrize(
    ("cell", "raw", "comparison"),
    [("１，２００", "1,200", "="), ("[100]", "100", "="), ("≥60", "60", "≥"), ("60以上", "60", "≥"),
     ("5—8", "5—8", "="), ("不低于60%", "60", "≥"),
     ("约60", "60", "≈"), ("达到60", "60", "="), ("全覆盖", "全覆盖", "=")],
)  # fmt: skip
def test_cells(cell: str, raw: str, comparison: str) -> None:
    plan = table("序号|指标|2025年|2030年目标", f"1|覆盖率（%）|—|{cell}", "2|站点（个）|3|4")
    (value,) = plan.indicators[0].values
    assert (value.raw, value.comparison) == (raw, comparison)
