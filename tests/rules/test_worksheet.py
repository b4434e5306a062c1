"""The income work-sheet: its lines add up to what the rules reckon, and say how each was come by."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from zhida.rules.checks.cases import load_cases
from zhida.rules.declarations import Pack
from zhida.rules.explain.assess import program_of
from zhida.rules.explain.interpret import Run
from zhida.rules.explain.request import parse_request
from zhida.rules.explain.worksheet import Sheet, Span, as_json, make_sheet
from zhida.rules.explain.worksheet_words import amount, page, rows, sums
from zhida.rules.loading import bundled_packs, find_pack, load_pack
from zhida.rules.reforms.reform import load_reform

HOME: dict[str, Any] = {
    "month": "2024-06",
    "division": "999901",
    "complete": "all",
    "household": {"承包地": 0},
    "members": [
        {"id": "老人", "出生日期": "1948-02-01", "性别": "女", "养老金": "200.5", "其他收入": "10"},
        {"id": "子", "出生日期": "1978-02-01", "工资": "1000.01", "养老金": "not_applicable", "其他收入": 0},
    ],
}


def sheet_of(pack: Pack, data: dict[str, Any]) -> Sheet:
    request = parse_request(pack, data)
    run = Run(program_of(pack, request.month), request.facts, request.known_on)
    found = make_sheet(run, request.ids, request.division)
    assert found is not None
    return found


@pytest.fixture(scope="module")
def pack() -> Pack:
    return load_pack(find_pack("taoyuan"))


def test_a_home_worked_out_by_hand(pack: Pack) -> None:
    sheet = sheet_of(pack, HOME)
    son = Fraction("1000.01") * Fraction(85, 100) * 100
    old = Fraction("210.50") * 100
    assert [c.total for c in sheet.columns] == [Span(old, old), Span(son, son)]
    assert sheet.total == Span(old + son, old + son)
    assert sheet.per_head.lo == (old + son) / 2
    assert [a.stands for a in sheet.against] == ["below"]
    heads, cells = rows(sheet)
    assert heads == ["项目", "取得", "依据", "老人", "子"]
    by_name = {row[0]: row[1:] for row in cells}
    assert by_name["工资"] == ["登记", "社会保险登记，T1 第五条", "0.00", "1,000.01"]
    assert by_name["工资扣减"] == ["扣减", "T1 第五条［假设］", "0.00", "−约 150.00"]
    assert by_name["养老金"][2:] == ["200.50", "不适用"]
    assert by_name["其他收入"][:2] == ["申报", "T1 第五条"]
    assert by_name["本人收入合计"][2:] == ["210.50", "约 850.01"]
    assert (
        sums(sheet)[1]
        == "人均收入低于救济标准 800.50 元，《关于调整救济标准的通知(虚构)》（桃民〔2023〕8号）第二条。"
    )


@pytest.mark.parametrize("name", bundled_packs())
def test_lines_add_up_to_the_rules_in_every_worked_case(name: str) -> None:
    pack = load_pack(find_pack(name))
    if pack.worksheet is None:
        pytest.fail(f"{name} has no worksheet.yaml")
    known = 0
    for case in load_cases(pack):
        sheet = sheet_of(pack, dict(case.data))
        for column in sheet.columns:
            assert column.agrees is not False, (case.id, column)
            known += column.agrees is True
        total = sum((c.total.lo or 0 for c in sheet.columns if c.counted == "yes"), Fraction(0))
        if sheet.total.known and all(c.total.known and c.counted != "undetermined" for c in sheet.columns):
            assert max(total, 0) == sheet.total.lo, case.id
    assert known > 50


def test_what_is_unknown_stays_open(pack: Pack) -> None:
    people = [dict(m) for m in HOME["members"]]
    del people[0]["其他收入"]
    people[1]["工资"] = {"at_least": 1000, "at_most": 1500}
    sheet = sheet_of(pack, HOME | {"members": people})
    old, son = sheet.columns
    assert (old.sum.lo, old.sum.hi) == (20050, None) and old.agrees is None
    assert (amount(old.total), amount(son.total)) == ("至少 200.50", "850.00 至 1,275.00")
    assert sheet.against[0].stands == "undetermined"
    told = as_json(sheet)
    assert told["members"][0]["lines"][3]["amount"] == {"at_least": 0, "at_most": None}
    assert told["members"][1]["lines"][2]["amount"] is None


def test_whoever_does_not_count_is_told_why(pack: Pack) -> None:
    people = [HOME["members"][0], {**HOME["members"][1], "住校": True}]
    sheet = sheet_of(pack, HOME | {"members": people})
    assert [c.counted for c in sheet.columns] == ["yes", "no"]
    assert sheet.total == Span(Fraction(21050), Fraction(21050)) and sheet.size.lo == 1
    assert rows(sheet)[1][-1][3:] == ["计入", "不计入"]
    assert [g["id"] for g in as_json(sheet)["members"][1]["grounds"]] == ["boarder"]
    why = f"{HOME['members'][1]['id']} 不计入：住校由学校供养的不算，"
    assert any(s.startswith(why) for s in sums(sheet))


def test_a_line_may_hang_on_a_parameter() -> None:
    zhejiang = load_pack(find_pack("zhejiang"))
    home = {
        "division": "330106",
        "complete": "all",
        "members": [{"id": "a", "出生日期": "1950-01-01", "基础养老金": 200, "其他转移性收入": 0,
                     "申报的其他收入": 0, "支付的赡养抚养费": 0, "离家宗教教职": False}],
    }  # fmt: skip
    told = {}
    for month in ("2021-06", "2021-07", "2026-02"):
        sheet = sheet_of(zhejiang, home | {"month": month})
        line = next(c for c in sheet.columns[0].cells if c.line.of == "basic_pension")
        told[month] = (line.counted, sheet.columns[0].sum)
    paid, nothing = Span(Fraction(20000), Fraction(20000)), Span(Fraction(0), Fraction(0))
    assert told["2021-06"] == ("yes", paid)
    assert told["2021-07"] == ("no", nothing)
    assert told["2026-02"] == ("undetermined", Span(Fraction(0), Fraction(20000)))
    assert sheet.stale and "规则只核对到2025年12月31日" in page(sheet)


def test_lines_that_do_not_add_up_are_said(pack: Pack, tmp_path: Any) -> None:
    from zhida.rules.reforms.reform import apply

    path = tmp_path / "r.yaml"
    path.write_text("formulas:\n  - {variable: 计入收入, formula: 工资 + 其他收入}\n", encoding="utf-8")
    sheet = sheet_of(apply(pack, load_reform(path)), HOME)
    assert [c.agrees for c in sheet.columns] == [False, False]
    assert "老人、子：各行相加与规则算出的本人收入不同" in sums(sheet)[-1]


def test_the_page_is_whole_and_lies_on_its_side_for_many(pack: Pack) -> None:
    text = page(sheet_of(pack, HOME), "合成数据")
    assert "size:A4 portrait" in text and "合成数据" in text and "http" not in text
    many = [{"id": f"<{i}>", "其他收入": 0} for i in range(6)]
    wide = page(sheet_of(pack, HOME | {"members": many}))
    assert "size:A4 landscape" in wide and "&lt;3&gt;" in wide and "<3>" not in wide
    heads, cells = rows(sheet_of(pack, HOME | {"members": many}))
    assert heads == ["成员", "工资", "工资扣减", "养老金", "其他收入", "本人收入合计", "算入本户"]
    assert cells[0][:5] == ["取得", "登记", "扣减", "登记", "申报"] and len(cells) == 2 + 6
    assert cells[2][0] == "<0>" and len({len(row) for row in cells}) == 1


def test_what_is_open_is_said_without_a_unit(pack: Pack) -> None:
    told = sums(
        sheet_of(pack, {k: v for k, v in HOME.items() if k != "complete"} | {"members": [{"id": "a"}]})
    )
    assert told[0] == "家庭月收入 不明，算入 0 至 1 人，人均 不明。"
    assert told[1].startswith("人均收入比救济标准 800.50 元高还是低，未定")
