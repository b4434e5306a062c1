"""Mutants: which there are, and that the quick bench says of each what running all cases anew says."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from rules import small_pack
from zhida.rules.checks.cases import load_cases
from zhida.rules.checks.edits import edits
from zhida.rules.checks.judging import run_all
from zhida.rules.checks.mutants import mutants
from zhida.rules.checks.mutation import load_allowed, run_mutation
from zhida.rules.checks.trials import Bench
from zhida.rules.declarations import At, Formula, Pack
from zhida.rules.loading import find_pack, load_pack
from zhida.rules.problems import PackError

CARE = small_pack.CARE.replace('"100"', "标准 / 5").replace('"200"', "标准 / 4")
CASES = """\
- {id: below, says: 差一分, month: 2018-06, division: "990102", complete: all,
   members: [{id: m1, 工资: 499.99, 意愿: 选基本}],
   expect: [{benefit: basic, answer: yes, amount: 1}]}
- {id: at, says: 正好, month: 2018-06, division: "990102", complete: all,
   members: [{id: m1, 工资: 500, 意愿: 选基本}],
   expect: [{benefit: basic, answer: no, because: [income, poor]}]}
"""


def pack_with(tmp_path: Path, cases: str, **files: str | None) -> Pack:
    changes: Mapping[str, str | bytes | None] = {
        "groups.yaml": None,
        "benefits/care.yaml": None,
        "cases/a.yaml": cases,
        **{name.replace("__", "/") + ".yaml": text for name, text in files.items()},
    }
    return small_pack.load(tmp_path, changes)


def changes(text: str) -> list[tuple[str, str]]:
    return [(e.kind, e.formula.text) for e in edits(Formula(text, At("f", 1, 1)))]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("收入 < 标准", [("comparison", "收入 <= 标准")]),
        ("收入 >= 100", [("comparison", "收入 > 100"), ("number", "收入 >= 99"), ("number", "收入 >= 101")]),
        ("标准 * 0.30", [("number", "标准 * 0.29"), ("number", "标准 * 0.31")]),
        ("甲 and not 乙", [("connective", "甲 or not 乙")]),
        ("等级 in ('一', '二')", [("choice", "等级 in ('二',)"), ("choice", "等级 in ('一',)")]),
        ("等级 in ('一',)", []),
        ("min(甲, 乙)", [("function", "max(甲, 乙)")]),
        ("round_up(甲, 0.01)", [("function", "round_down(甲, 0.01)")]),
        ("any(m.甲 for m in 成员)", [("function", "all((m.甲 for m in 成员))")]),
        ("类别 != '一'", [("comparison", "类别 == '一'")]),
        ("0 < 甲", [("comparison", "0 <= 甲"), ("number", "(-1) < 甲"), ("number", "1 < 甲")]),
        ("(甲\n  < 乙)", [("comparison", "甲 <= 乙")]),
    ],
)
def test_every_single_change(text: str, expected: list[tuple[str, str]]) -> None:
    assert changes(text) == expected


def test_an_edit_knows_its_place() -> None:
    formula = Formula("甲 < 1\n  or 乙 > 2", At("v.yaml", 10, 5))
    places = {(e.was, e.now): (e.at.line, e.at.column) for e in edits(formula)}
    assert places[("甲 < 1", "甲 <= 1")] == (10, 5)
    assert places[("甲 < 1", "甲 < 2")] == (10, 9)
    assert places[("乙 > 2", "乙 > 3")] == (11, 10)


def test_mutants_of_a_pack(tmp_path: Path) -> None:
    pack = pack_with(tmp_path, CASES, benefits__care=CARE)
    found = mutants(pack)
    keys = [m.key for m in found]
    assert len(keys) == len(set(keys))
    assert keys == [m.key for m in mutants(pack)], "the same in each run"
    for key in (
        "standard 2015-07 小省 | 500 → 499.99",
        "standard 2015-07 小省 | 500 → 500.01",
        "standard 2020-04 小市 | from 2020-04 → 2020-05",
        "standard 2020-04 小市 | ends_below → values below stay",
        "standard 2016-01 甲县 | until 2018-01 → 2017-12",
        "care_rate 2018-01 小省 失能 | 400 → 400.01",
        "factor 2018-01 小省 | 1.5 → 1.4",
        "poor | 家庭收入 < 标准 → 家庭收入 <= 标准",
        "poor | 2020-01 → 2020-02",
        "basic.income | 家庭收入 < 标准 → 家庭收入 <= 标准",
        "basic.amount | round up → down",
        "basic.exists | start 2015-07 → 2015-08",
        "care.excluded_by | basic → taken out",
        "care.need | any((m.等级 == '失能' for m in 成员)) → all((m.等级 == '失能' for m in 成员))",
    ):
        assert key in keys
    assert not [k for k in keys if "小省 无 | 0 → -0.01" in k], "a value below its minimum is no value"
    lines = {m.key: (m.at.file, m.at.line) for m in found}
    assert lines["standard 2020-04 小市 | ends_below → values below stay"] == ("parameters/a.yaml", 10)


def test_cases_on_both_sides_kill_a_threshold(tmp_path: Path) -> None:
    survivors = {m.key for m in run_mutation(pack_with(tmp_path, CASES)).survivors}
    assert "basic.income | 家庭收入 < 标准 → 家庭收入 <= 标准" not in survivors
    assert "standard 2015-07 小省 | 500 → 499.99" not in survivors
    # Nobody asks what happens in the first month, or after 2020.
    assert "basic.exists | start 2015-07 → 2015-08" in survivors
    assert "poor | 家庭收入 < 标准 * 2 → 家庭收入 <= 标准 * 2" in survivors


def test_one_side_alone_lets_it_live(tmp_path: Path) -> None:
    first = CASES.split("- {id: at")[0]
    report = run_mutation(pack_with(tmp_path, first))
    survivors = {m.key: str(m) for m in report.survivors}
    key = "basic.income | 家庭收入 < 标准 → 家庭收入 <= 标准"
    assert survivors[key] == f"benefits/basic.yaml:13: {key}"
    assert report.tried == report.killed + len(report.survivors)


def test_what_changes_nothing_is_not_counted(tmp_path: Path) -> None:
    """The county's value ends where nobody could tell: it is followed at once by the city's."""
    values = small_pack.PARAMETERS.replace(
        "until: 2018-01-01, value: 450.50", "until: 2020-04-01, value: 450.50"
    )
    pack = pack_with(tmp_path, CASES, parameters__a=values)
    survivors = {m.key for m in run_mutation(pack).survivors}
    assert "standard 2016-01 甲县 | until 2020-04 → 2020-05" not in survivors
    assert "standard 2016-01 甲县 | until 2020-04 → 2020-03" in survivors
    assert not any(key.startswith("factor") for key in survivors), "no answer hangs on it"


def test_the_list_of_those_allowed(tmp_path: Path) -> None:
    key = "basic.exists | start 2015-07 → 2015-08"
    allowed = f'- {{mutant: "{key}", why: 例}}\n'
    allowed += '- {mutants: ["basic.amount | round up → down", "no such"], why: 例}\n'
    report = run_mutation(pack_with(tmp_path, CASES, cases__survivors=allowed))
    assert [m.key for m in report.allowed] == [key]
    assert key not in {m.key for m in report.survivors}
    assert [(a.key, a.at.line) for a in report.needless] == [
        ("basic.amount | round up → down", 2),
        ("no such", 2),
    ]
    broken = (
        "- {mutant: a, mutants: [b], why: 例}\n- {why: 例}\n- {mutant: a}\n- {mutant: a, why: b, who: c}\n"
    )
    with pytest.raises(PackError) as error:
        load_allowed(pack_with(tmp_path, CASES, cases__survivors=broken))
    assert len(error.value.problems) == 4
    assert all(p.file == "cases/survivors.yaml" for p in error.value.problems)


def test_a_budget_takes_some_spread_over_all(tmp_path: Path) -> None:
    pack = pack_with(tmp_path, CASES)
    everything = len(mutants(pack))
    ticks: list[int] = []
    report = run_mutation(pack, most=10, progress=lambda done, of: ticks.append(done))
    assert ticks == list(range(10))
    assert report.left_out == everything - 10
    assert report == run_mutation(pack, most=10)
    whole = run_mutation(pack)
    assert whole.left_out == 0
    assert {m.key for m in report.survivors} <= {m.key for m in whole.survivors}


def _agrees(pack: Pack, every: int) -> int:
    """Each ``every``-th mutant is killed on the bench exactly where some case fails when all is run anew."""
    cases = [c for c in load_cases(pack) if not any(e.missing or e.assumptions for e in c.expects)]
    assert run_all(pack, cases) == []
    bench = Bench(pack, cases)
    fates = {m: bench.fate(m) for m in mutants(pack)}
    killed = 0
    for m in list(fates)[::every]:
        try:
            notices = bool(run_all(m.change(pack), cases))
        except PackError:
            assert fates[m] in ("unusable", "same"), str(m)
            continue
        assert (fates[m] == "killed") == notices, f"{m} {fates[m]}"
        killed += notices
    return killed


def test_the_bench_says_what_running_everything_says(tmp_path: Path) -> None:
    more = (
        CASES
        + """\
- {id: care, says: 护理, month: 2020-06, division: "990101", complete: all,
   members: [{id: m1, 等级: 失能, 工资: 5000, 意愿: 选护理}, {id: m2, 工资: 0, 意愿: 选护理}],
   expect: [{benefit: care, answer: yes, amount: 700 / 4}, {benefit: basic, answer: no}]}
- {id: open, says: 不明, month: 2020-06, division: "990101", members: [{id: m1, 意愿: 选护理}],
   expect: [{benefit: basic, answer: undetermined, amount_range: [0, 700]}]}
- {id: chosen, says: 选择, month: 2020-06, division: "990101", complete: all,
   members: [{id: m1, 等级: 失能, 工资: 100, 意愿: 选护理}],
   expect: [{benefit: basic, answer: yes, covers: [m1]},
            {benefit: care, answer: no, because: "excluded_by:basic"}]}
"""
    )
    assert _agrees(pack_with(tmp_path, more, benefits__care=CARE), 1) > 8


def test_the_bench_and_the_teaching_pack() -> None:
    assert _agrees(load_pack(find_pack("taoyuan")), 40) > 1


SUPPOSED = """\
- {id: below, says: 差一分, month: 2018-06, division: "990102", complete: all, suppose: [标准=300],
   members: [{id: m1, 工资: 299.99, 意愿: 选基本}], expect: [{benefit: basic, answer: yes, amount: 1}]}
- {id: at, says: 正好, month: 2018-06, division: "990102", complete: all, suppose: [标准=300],
   members: [{id: m1, 工资: 300, 意愿: 选基本}],
   expect: [{benefit: basic, answer: no, because: [income, poor]}]}
"""


def test_what_a_case_supposes_notices_formulas_and_no_value(tmp_path: Path) -> None:
    """The comparison is tried on both sides of the supposed value; the pack's own value is not."""
    pack = pack_with(tmp_path, SUPPOSED)
    lived = {m.key for m in run_mutation(pack).survivors}
    assert not any(key.startswith("basic.income |") for key in lived)
    assert any(key.startswith("standard 2015-07") and "500 → 500.01" in key for key in lived)
