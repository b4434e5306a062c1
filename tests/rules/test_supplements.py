"""Work-sheet, sharing and setting of a pack: read as they are written, every mistake at its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from rules import small_pack
from zhida.rules.checks.findings import Severity, check_pack
from zhida.rules.citations import cited
from zhida.rules.problems import PackError

VARIABLES = (
    small_pack.VARIABLES
    + """\
- {id: own, name: 本人收入, unit: person, type: money, formula: 工资, source: L1}
- {id: here, name: 计入, unit: person, type: bool, formula: 本地户籍, source: L1}
- {id: heads, name: 人数, unit: household, type: int, source: L1,
   formula: count(m for m in 成员 if m.计入)}
- {id: each, name: 人均, unit: household, type: money, source: L1,
   applies: 人数 > 0, formula: 家庭收入 / 人数}
"""
)
SHEET = """\
name: 核算表
counted: 计入
person: 本人收入
total: 家庭收入
size: 人数
per_head: 人均
against: [标准]
line: standard
source: L1
lines:
  - {of: 工资, source: L1}
"""
SHARING = """\
- {benefit: basic, place: '990101', from: 2020-01, until: 2021-01,
   shares: {县: 60.5, 省: 39.5}, source: L1}
"""
SETTING = """\
series:
  - {id: spending, name: 消费, measure: 元/年, figures: [{year: 2019, value: 20000.5, source: L1}]}
rules:
  - id: rule
    parameter: 标准
    series: spending
    percent: 30
    from: 2018-01
    rounding: {to: 1, direction: up, source: L1}
    source: L1
    places:
      - {place: ["990101"], percent: 80, source: L1}
      - {place: "990103", average: true, until: 2021-01, source: L1}
"""
FILES: dict[str, str | bytes | None] = {
    "variables/a.yaml": VARIABLES,
    "worksheet.yaml": SHEET,
    "sharing.yaml": SHARING,
    "setting.yaml": SETTING,
}


def test_they_are_read_as_they_are_written(tmp_path: Path) -> None:
    pack = small_pack.load(tmp_path, FILES)
    sheet = pack.worksheet
    assert sheet is not None
    assert (sheet.counted, sheet.person, sheet.total, sheet.per_head) == ("here", "own", "income", "each")
    assert [(x.of, x.way, x.when) for x in sheet.lines] == [("wage", "registered", "")]
    assert (sheet.against, sheet.line, sheet.unit) == (("standard",), "standard", "household")
    (share,) = pack.sharing
    assert (share.place, share.shares) == ("990101000000", (("县", 6050), ("省", 3950)))
    (rule,) = pack.setting.rules
    assert (rule.parameter, rule.percent, rule.place) == ("standard", 3000, pack.root)
    assert [(p.places, p.percent, p.average) for p in rule.places] == [
        (("990101000000",), 8000, False),
        (("990103000000",), 10000, True),
    ]
    assert pack.setting.series[0].figures[0].value == 2000050
    assert {"sharing.yaml", "setting.yaml", "worksheet.yaml"} <= set(pack.files)
    assert {at.file for _, _, at in cited(pack)} >= {"sharing.yaml", "setting.yaml", "worksheet.yaml"}


def test_a_pack_without_them_is_whole(tmp_path: Path) -> None:
    pack = small_pack.load(tmp_path)
    assert pack.worksheet is None and pack.sharing == () and pack.setting.rules == ()


@pytest.mark.parametrize(
    ("file", "old", "new", "says"),
    [
        ("worksheet.yaml", "counted: 计入", "counted: 工资", "no truth of a person"),
        ("worksheet.yaml", "total: 家庭收入", "total: 本人收入", "no household's amount"),
        ("worksheet.yaml", "{of: 工资, source", "{of: 等级, source", "no amount of a person"),
        (
            "worksheet.yaml",
            "{of: 工资, source",
            "{of: 本人收入, source",
            "a line of a variable without a way",
        ),
        ("worksheet.yaml", "{of: 工资, source", "{of: 工资, way: guessed, source", "unknown word"),
        ("worksheet.yaml", "{of: 工资, source", "{of: 工资, when: 标准, source", "no truth of a person or"),
        ("worksheet.yaml", "line: standard", "line: factor", "no parameter of money"),
        ("sharing.yaml", "benefit: basic", "benefit: basics", "unknown benefit"),
        ("sharing.yaml", "省: 39.5", "省: 39", "shares that are not 100 percent together"),
        ("sharing.yaml", "'990101'", "'880101'", "no division of the pack"),
        ("sharing.yaml", "source: L1", "evidence: ASSUMED, note: 猜的", "a sharing of cost without a source"),
        ("sharing.yaml", "until: 2021-01", "until: 2019-01", "ends before it begins"),
        ("setting.yaml", "series: spending", "series: spendings", "unknown series"),
        ("setting.yaml", "percent: 80", "percent: 80, average: true", "unclear how the place follows"),
        ("setting.yaml", "percent: 30", "percent: 0", "a percent that can't be meant"),
        ("setting.yaml", "year: 2019", "year: 1019", "out of bounds"),
        ("setting.yaml", "parameter: 标准", "parameter: 系数", "no parameter of money"),
    ],
)
def test_every_mistake_is_told_at_its_place(tmp_path: Path, file: str, old: str, new: str, says: str) -> None:
    text = FILES[file]
    assert isinstance(text, str) and text.count(old) == 1
    with pytest.raises(PackError, match=says) as caught:
        small_pack.load(tmp_path, FILES | {file: text.replace(old, new)})
    assert any(p.file == file and p.line for p in caught.value.problems)


def test_lines_that_do_not_add_up_are_an_error(tmp_path: Path) -> None:
    case = """\
- id: one
  says: 一人
  month: 2018-06
  division: "990103"
  complete: all
  members: [{id: m1, 工资: 400, 等级: 无}]
  expect: [{benefit: basic, answer: yes, amount: 100}]
"""
    plain = FILES | {"cases/a.yaml": case, "groups.yaml": None, "benefits/care.yaml": None}
    good = small_pack.load(tmp_path / "good", plain)
    bad = plain | {"variables/a.yaml": VARIABLES.replace("formula: 工资,", "formula: 工资 * 2,")}
    found = {
        name: [f for f in check_pack(pack, mutate=False).of(Severity.ERROR) if f.check == "worksheet"]
        for name, pack in (("good", good), ("bad", small_pack.load(tmp_path / "bad", bad)))
    }
    assert found["good"] == []
    (one,) = found["bad"]
    assert "case one, m1: the lines of the work-sheet come to 400.00 yuan, the rules to 800.00" in one.says
