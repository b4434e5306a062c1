"""The stacking matrix, open points, procedure and help in kind: read right, and each mistake named."""

from __future__ import annotations

from pathlib import Path

import pytest

from rules.small_pack import CARE, FILES, GROUPS, load
from zhida.rules.checks.findings import check_pack
from zhida.rules.declarations import Pack
from zhida.rules.explain.assess import assess
from zhida.rules.handbook.docgen import write_handbook
from zhida.rules.matrix import Together
from zhida.rules.problems import PackError

MEAL = """\
id: meal
name: 送餐
unit: household
kind: in_kind
award: false
says: 给失能的人送饭
owners:
  - {department: 民政, until: 2019-01, source: L1}
  - {department: 老龄, from: 2019-01, source: L1}
legal: [{source: L1}]
conditions:
  - {id: need, says: 有失能成员, formula: 'any(m.等级 == "失能" for m in 成员)', source: L1}
provides:
  - {says: 每日一餐, until: 2020-01, source: L1}
  - {says: 每日两餐, from: 2020-01, source: L1}
procedure:
  - {id: ask, says: 向村里提出, source: L1}
  - {id: answer, says: 村里答复, within: 10, counted: days, until: 2020-01, source: L1}
  - {id: answer, says: 村里答复, within: 5, counted: workdays, from: 2020-01, source: L1}
"""
RELIEF = """\
id: relief
name: 急难
unit: household
kind: discretionary
award: false
says: 酌情
legal: [{source: L1}]
conditions:
  - {id: poor, says: 家庭困难, formula: 困难, source: L1}
ceiling:
  formula: 标准 * 6
  period: once
  rounding: {to: 1, direction: up, source: L1}
  source: L1
"""
STACKING = """\
sets:
  - {id: money, benefits: [basic, care]}
cells:
  - {of: care, beside: basic, rule: excluded, source: L1}
  - {of: meal, beside: [money], rule: both, says: 送餐不是钱, source: L1}
  - {of: relief, beside: "*", rule: unknown, evidence: ASSUMED, note: 没有查到}
"""
OPEN = """\
- {id: late, benefits: [meal], says: 送晚了怎么办没有写明, meanwhile: 不作处理,
   evidence: ASSUMED, note: 没有这一条}
"""
CARED = CARE.replace('"100"', "标准").replace('"200"', "标准 * 2")
EXCLUDED = "excluded_by: [{benefit: basic, says: 已有基本补贴, source: L1}]\n"
MORE = {
    "benefits/care.yaml": CARED,
    "benefits/meal.yaml": MEAL,
    "benefits/relief.yaml": RELIEF,
    "groups.yaml": None,
    "stacking.yaml": STACKING,
    "open.yaml": OPEN,
}


def whole(folder: Path, file: str = "", old: str = "", new: str = "") -> Pack:
    texts = {**FILES, **MORE}
    if file:
        text = texts[file] or ""
        assert text.count(old) == 1, (file, old)
        texts[file] = text.replace(old, new)
    return load(folder, texts)


def test_a_cell_for_every_pair(tmp_path: Path) -> None:
    pack = whole(tmp_path)
    assert pack.stacking is not None
    found = {(a, b): cell.rule for (a, b), cell in pack.stacking.by_pair.items()}
    assert found == {
        ("care", "basic"): Together.EXCLUDED,
        ("meal", "basic"): Together.BOTH,
        ("meal", "care"): Together.BOTH,
        ("relief", "basic"): Together.UNKNOWN,
        ("relief", "care"): Together.UNKNOWN,
        ("relief", "meal"): Together.UNKNOWN,
    }
    cell = pack.stacking.cell("basic", "care")
    assert cell is not None and cell is pack.stacking.cell("care", "basic")
    report = check_pack(pack, mutate=False)
    said = [f.says for f in report.findings if f.check == "stacking"]
    assert said == ["of 6 pairs of benefits 3 are not known to go together or not"]
    assert [f.says for f in report.findings if f.check == "open"] == ["open: 送晚了怎么办没有写明"]


def test_a_pair_without_a_cell_is_a_warning(tmp_path: Path) -> None:
    pack = whole(tmp_path, "stacking.yaml", 'beside: "*"', "beside: [basic, care]")
    report = check_pack(pack, mutate=False)
    assert [str(f) for f in report.findings if f.check == "stacking" and f.severity == "warning"] == [
        "warning stacking.yaml: the matrix has no cell for meal and relief"
    ]


def test_a_pack_without_a_matrix_is_asked_for_none(tmp_path: Path) -> None:
    report = check_pack(load(tmp_path), mutate=False)
    assert [f for f in report.findings if f.check == "stacking"] == []


def test_owners_provisions_and_steps_are_dated(tmp_path: Path) -> None:
    meal = whole(tmp_path).benefits["meal"]
    turn, fresh = 2019 * 12, 2020 * 12
    assert [(o.department, o.start, o.until) for o in meal.owners] == [
        ("民政", None, turn),
        ("老龄", turn, None),
    ]
    assert [(p.says, p.start, p.until) for p in meal.provides] == [
        ("每日一餐", None, fresh),
        ("每日两餐", fresh, None),
    ]
    assert [(s.id, s.within, s.counted) for s in meal.procedure] == [
        ("ask", None, ""),
        ("answer", 10, "days"),
        ("answer", 5, "workdays"),
    ]


def test_a_ceiling_is_no_promise(tmp_path: Path) -> None:
    """The amount of help at discretion lies anywhere between nothing and the ceiling."""
    person = {"id": "m1", "出生日期": "1980-01-01", "工资": 100, "等级": "无"}
    asked = {"month": "2021-06", "division": "990101", "household": {}, "members": [person]}
    (found,) = (r for r in assess(whole(tmp_path), asked)["results"] if r["benefit"] == "relief")
    assert (found["answer"], found["amount"], found["amount_range"]) == ("yes", None, [0, 4200])


def test_the_pages_say_all_of_it(tmp_path: Path) -> None:
    write_handbook(whole(tmp_path / "pack"), tmp_path / "out")
    meal = (tmp_path / "out" / "benefits" / "meal.html").read_text(encoding="utf-8")
    for words in ("实物和服务", "每日两餐", "5 个工作日<", "送晚了怎么办没有写明", "送餐不是钱", "不作处理"):
        assert words in meal
    assert "发多少" not in meal and "民政（至2018年12月）主管" in meal
    care = (tmp_path / "out" / "benefits" / "care.html").read_text(encoding="utf-8")
    basic = (tmp_path / "out" / "benefits" / "basic.html").read_text(encoding="utf-8")
    assert "享有那一项的，不再享受本项" in care and "享有本项的，不再享受那一项" in basic
    assert "没有查到规定" in care
    relief = (tmp_path / "out" / "benefits" / "relief.html").read_text(encoding="utf-8")
    assert "一次至多" in relief


GROUP = "higher: [{id: g, name: 只领高的, benefits: [basic, care], source: L1}]\n"
CHOICE = GROUPS.split("\n")[1] + "\n"
MISTAKES = [
    ("stacking.yaml", "of: care,", "of: car,", "unknown benefit or set «car»; expected perhaps «care»"),
    ("stacking.yaml", "rule: both", "rule: bot", "unknown word «bot»; expected perhaps «both»"),
    ("stacking.yaml", "rule: both,", "", "stacking.yaml:5:5: missing key"),
    ("stacking.yaml", "id: money", "id: meal", "a set called like a benefit"),
    ("stacking.yaml", "benefits: [basic, care]", "benefits: [basic, cure]", "unknown benefit «cure»"),
    ("stacking.yaml", "of: relief", "of: care, rank: 1", "unknown key «rank»"),
    ("stacking.yaml", 'of: relief, beside: "*"', "of: care, beside: basic", "a line that holds for no pair"),
    ("stacking.yaml", "of: care, beside: basic", "of: basic, beside: care", "basic is not excluded_by care"),
    ("stacking.yaml", "rule: excluded", "rule: both", "the rules do otherwise (excluded) «care, basic»"),
    ("stacking.yaml", "rule: excluded", "rule: unknown", "the rules do otherwise (excluded)"),
    ("stacking.yaml", "rule: excluded", "rule: higher", "no group of which only the higher is paid"),
    ("stacking.yaml", "rule: excluded", "rule: choice", None),
    ("stacking.yaml", "rule: both", "rule: excluded", "meal is not excluded_by basic"),
    ("stacking.yaml", "rule: both", "rule: choice", "no choice of the person holds both"),
    ("stacking.yaml", "rule: both", "rule: difference", "no amount of meal names basic"),
    ("stacking.yaml", "rule: both", "rule: apart", None),
    (
        "stacking.yaml",
        "evidence: ASSUMED, note: 没有查到",
        "evidence: ASSUMED",
        "an assumption without a reason",
    ),
    ("stacking.yaml", "says: 送餐不是钱, source: L1", "says: 送餐不是钱", "no source"),
    ("open.yaml", "benefits: [meal]", "benefits: []", "an open point about nothing"),
    ("open.yaml", "benefits: [meal]", "benefits: [meel]", "unknown benefit «meel»; expected perhaps «meal»"),
    ("open.yaml", "meanwhile: 不作处理,", "", "missing key"),
    ("open.yaml", OPEN, OPEN + OPEN, "an open point twice «late»"),
    (
        "benefits/meal.yaml",
        "kind: in_kind",
        "kind: inkind",
        "unknown word «inkind»; expected perhaps «in_kind»",
    ),
    ("benefits/meal.yaml", "award: false", "award: true", "the awards register holds no help in kind"),
    ("benefits/meal.yaml", "until: 2019-01", "untill: 2019-01", "unknown key «untill»"),
    (
        "benefits/meal.yaml",
        "from: 2020-01, source: L1}\nprocedure",
        "from: 2020-13, source: L1}\nprocedure",
        "not a month",
    ),
    (
        "benefits/meal.yaml",
        "within: 10, counted: days",
        "within: 10",
        "a limit is a number and what is counted",
    ),
    (
        "benefits/meal.yaml",
        "within: 10, counted: days",
        "counted: days",
        "a limit is a number and what is counted",
    ),
    ("benefits/meal.yaml", "counted: days", "counted: weeks", "unknown word «weeks»"),
    ("benefits/meal.yaml", "within: 10", "within: 0", "out of bounds «0»"),
    (
        "benefits/meal.yaml",
        "counted: days, until: 2020-01",
        "counted: days",
        "two formulas of step meal.answer",
    ),
    (
        "benefits/meal.yaml",
        "legal:",
        "review: {every_months: 1, source: L1}\nlegal:",
        "help in kind is no money",
    ),
    ("benefits/relief.yaml", "kind: discretionary", "kind: standing", "a standing benefit has an amount"),
    ("benefits/relief.yaml", "ceiling:", "amounts: []\nceiling:", "amounts and ceiling"),
]


@pytest.mark.parametrize(
    ("file", "old", "new", "says"), MISTAKES, ids=[f"{m[0]} {m[2][:24]!r}" for m in MISTAKES]
)
def test_mistake(tmp_path: Path, file: str, old: str, new: str, says: str | None) -> None:
    if says is None:
        whole(tmp_path, file, old, new)
        return
    with pytest.raises(PackError) as caught:
        whole(tmp_path, file, old, new)
    assert says in str(caught.value)
    assert len(caught.value.problems) <= 6, str(caught.value)


def test_help_in_kind_gives_something(tmp_path: Path) -> None:
    kept, _, rest = MEAL.partition("provides:")
    text = kept + rest[rest.index("procedure:") :]
    with pytest.raises(PackError, match="help in kind that gives nothing"):
        load(tmp_path, {**MORE, "benefits/meal.yaml": text})


@pytest.mark.parametrize(
    ("groups", "rule", "says"),
    [
        (GROUP, "higher", ""),
        (GROUP, "both", "the rules do otherwise (higher)"),
        (CHOICE, "choice", ""),
        (CHOICE, "higher", "no group of which only the higher"),
    ],
)
def test_groups_and_choices_must_agree(tmp_path: Path, groups: str, rule: str, says: str) -> None:
    care = CARED.replace(EXCLUDED, "")
    texts = {
        **MORE,
        "benefits/care.yaml": care,
        "groups.yaml": groups,
        "stacking.yaml": STACKING.replace("rule: excluded", f"rule: {rule}"),
    }
    if says:
        with pytest.raises(PackError) as caught:
            load(tmp_path, texts)
        assert says in str(caught.value)
    else:
        load(tmp_path, texts)


@pytest.mark.parametrize("through", ["", "through a variable"])
def test_a_difference_must_stand_in_the_amount(tmp_path: Path, through: str) -> None:
    taken = "less" if through else "基本补贴.金额"
    care = CARED.replace(EXCLUDED, "")
    care = care.replace("标准 * 2", f"标准 - {taken}")
    variable = """\
- {id: less, name: 已发的, unit: household, type: money, formula: 基本补贴.金额, source: L1}
"""
    load(
        tmp_path,
        {
            **MORE,
            "benefits/care.yaml": care,
            "variables/b.yaml": variable if through else "[]",
            "stacking.yaml": STACKING.replace("rule: excluded", "rule: difference"),
        },
    )
