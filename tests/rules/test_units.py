# ruff: noqa: E501 - lines of YAML are read better whole
"""Units formed by rule: who of a household counts, who may stand alone, and on what ground."""

from __future__ import annotations

from pathlib import Path

import pytest

from rules.tiny import MONTH, PLACE, SOURCES, Tiny, fields, load, tiny, variables, write
from zhida.rules.checks.cases import load_cases
from zhida.rules.checks.differences import differences
from zhida.rules.checks.judging import run_all
from zhida.rules.checks.mutants import mutants
from zhida.rules.checks.trials import Bench
from zhida.rules.declarations import Pack
from zhida.rules.explain import membership
from zhida.rules.explain.assess import assess
from zhida.rules.explain.interpret import Facts, Run, Value
from zhida.rules.formulas.ir import NO, YES
from zhida.rules.handbook.docgen import handbook
from zhida.rules.problems import PackError
from zhida.rules.program.build import build_program
from zhida.rules.reforms.reform import apply, load_reform
from zhida.rules.values import NONE, VALUE, point

FIELDS = fields(
    """
    locked person bool
    lodger person bool
    grown person bool
    wage person money min: 0, max: 100
    maybe person money min: 0, max: 100, optional: true
    """
)
UNITS = """\
- id: family
  name: 一家
  of: household
  members: 家人
  counted: {id: in_family, name: 算家人, says: 算一家人, source: L1, article: 第二条}
  grounds:
    - {id: locked, counts: false, says: 关起来的不算, formula: locked, from: 2024-01, source: L1, article: 第三条}
    - {id: grown, counts: true, says: 成年的算, formula: grown, source: L1}
    - {id: lodger, counts: false, says: 寄住的不算, formula: lodger, source: L1}
  otherwise: {counts: true, says: 其余都算, source: L1}
- id: alone
  name: 单人
  of: person
  counted: {id: may_be_alone, name: 可单立, says: 可以一个人立户, source: L1}
  grounds: [{id: grown, counts: true, says: 成年, formula: grown, source: L1}]
  otherwise: {counts: false, says: 未成年, source: L1}
"""
BENEFIT = """\
id: {id}
name: {name}
unit: {unit}
kind: standing
award: false
says: 待遇
legal: [{{source: L1}}]
conditions: [{{id: poor, says: 穷, formula: {formula}, source: L1}}]
amount: {{formula: {amount}, period: month, rounding: {{to: 0.01, direction: down, source: L1}}, source: L1}}
"""
FILES = {
    "fields/a.yaml": FIELDS,
    "units.yaml": UNITS,
    "variables/a.yaml": variables(
        {
            "heads": ("household", "int", "count(m for m in 家人)"),
            "pay": ("household", "money", "sum(m.wage for m in 家人)"),
            "both": ("household", "money", "sum(m.maybe for m in 家人 if m.maybe > 0)"),
            "roof": ("household", "int", "count(m for m in 成员)"),
        }
    ),
    "benefits/shared.yaml": BENEFIT.format(
        id="shared", name="合发", unit="family", formula="pay < roof", amount="pay"
    ).replace("pay < roof", "heads > 0"),
    "benefits/own.yaml": BENEFIT.format(id="own", name="单发", unit="alone", formula="locked", amount="wage"),
}


def person(**given: Value) -> dict[str, Value]:
    return {"locked": NO, "lodger": NO, "grown": NO, "wage": point(1000), "maybe": point(1), **given}


@pytest.fixture
def town(tmp_path: Path) -> Tiny:
    return tiny(tmp_path, FILES)


def run_of(pack: Pack, persons: list[dict[str, Value]], month: int = MONTH) -> Run:
    places = (PLACE,) * len(persons)
    return Run(build_program(pack, month), Facts(tuple(persons), len(persons), {}, PLACE, places))


def test_only_those_who_count_are_counted(town: Tiny) -> None:
    home = [person(), person(locked=YES), person(lodger=YES), person(lodger=YES, grown=YES)]
    assert town.variable("heads", home) == point(2)  # the first, and the last: grown comes before lodger
    assert town.variable("pay", home) == point(2000)
    assert town.variable("roof", home) == point(4)


def test_a_ground_holds_in_its_own_months(town: Tiny) -> None:
    home = [person(), person(locked=YES)]
    before = run_of(town.pack, home, 2023 * 12 + 11)
    assert before.value(before.program.variables["heads"].num) == point(2)
    first = run_of(town.pack, home, 2024 * 12)
    assert first.value(first.program.variables["heads"].num) == point(1)


def test_whether_somebody_counts_may_be_open(town: Tiny) -> None:
    found = town.variable("pay", [person(), person(locked=YES | NO, wage=point(70))])
    assert found == (1000, 1070, VALUE)
    unit = membership.units(town.run([person(locked=YES | NO, lodger=YES | NO)]), ["a"])[0]
    assert unit["members"][0]["counted"] == "undetermined"
    assert [g["id"] for g in unit["members"][0]["grounds"]] == ["locked", "lodger", "otherwise"]


def test_whoever_does_not_count_is_not_looked_at(town: Tiny) -> None:
    nothing = (0, 0, NONE)
    assert town.variable("both", [person(), person(locked=YES, maybe=nothing)]) == point(1)
    assert town.variable("both", [person(), person(maybe=nothing)]) != point(1)


def test_each_member_is_told_of_with_the_ground(town: Tiny) -> None:
    home = [person(), person(locked=YES), person(lodger=YES)]
    family, alone = membership.units(town.run(home), ["a", "b", "c"])
    assert (family["name"], family["of"], alone["of"]) == ("一家", "household", "person")
    said = {
        m["id"]: (m["counted"], m["grounds"][0]["id"], m["grounds"][0]["article"]) for m in family["members"]
    }
    assert said == {
        "a": ("yes", "otherwise", ""),
        "b": ("no", "locked", "第三条"),
        "c": ("no", "lodger", ""),
    }
    lines = membership.lines({"units": [family, alone]}, town.pack)
    assert len(lines) == 1  # nobody may stand alone
    assert "b 不计入（关起来的不算，《办法》第三条）" in lines[0]


def test_a_benefit_of_those_who_count_is_for_them(town: Tiny) -> None:
    members = [{"id": "a", "grown": True, "locked": False, "lodger": False, "wage": 3, "maybe": 0}]
    members.append({**members[0], "id": "b", "locked": True})
    answer = assess(town.pack, {"month": "2024-06", "division": PLACE, "complete": "all", "members": members})
    shared = next(r for r in answer["results"] if r["benefit"] == "shared")
    assert (shared["unit"], shared["who"], shared["amount"]) == ("household", ["a"], 3)
    assert [m["counted"] for m in answer["units"][0]["members"]] == ["yes", "no"]


def test_a_benefit_of_a_unit_of_one_asks_whether_it_may_be_formed(town: Tiny) -> None:
    own = town.program.benefits["own"]
    assert [c.id for c in own.conditions] == ["unit", "poor"]
    run = town.run([person(grown=YES, locked=YES), person(locked=YES)])
    assert [run.value(own.full.answer, i) for i in (0, 1)] == [YES, NO]


def test_where_a_reform_puts_another_formula_no_ground_is_told(town: Tiny, tmp_path: Path) -> None:
    file = tmp_path / "reform.yaml"
    file.write_text("formulas: [{variable: 算家人, formula: not grown}]", encoding="utf-8")
    overridden = apply(town.pack, load_reform(file))
    unit = membership.units(run_of(overridden, [person(locked=YES)]), ["a"])[0]
    assert unit["members"] == [{"id": "a", "counted": "yes", "grounds": []}]
    assert "按本次设定的公式" in membership.lines({"units": [unit]}, overridden)[0]


def test_mutants_take_out_shift_edit_and_turn(town: Tiny) -> None:
    keys = [m.key for m in mutants(town.pack) if m.record == "in_family"]
    assert keys == [
        "in_family.locked | taken out",
        "in_family.grown | taken out",
        "in_family.lodger | taken out",
        "in_family.locked | 2024-01 → 2023-12",
        "in_family.locked | 2024-01 → 2024-02",
        "in_family.otherwise | True → False",
    ]
    changed = next(m for m in mutants(town.pack) if m.key.endswith("2024-02")).change(town.pack)
    run = run_of(changed, [person(locked=YES)], 2024 * 12)
    assert run.value(run.program.variables["heads"].num) == point(1)


def test_a_difference_of_grounds_is_told(town: Tiny, tmp_path: Path) -> None:
    other = load(tmp_path / "other", {**FILES, "units.yaml": UNITS.replace("寄住的不算", "借住的不算")})
    [change] = [r for r in differences(town.pack, other).records if r.kind == "unit"]
    assert (change.id, change.change, [d.what for d in change.details]) == ("family", "changed", ["grounds"])


def test_the_handbook_says_who_counts(town: Tiny) -> None:
    pages = handbook(town.pack)
    page = pages["benefits/shared.html"]
    assert "谁算在一家里" in page
    assert (
        page.index("关起来的不算")
        < page.index("成年的算")
        < page.index("寄住的不算")
        < page.index("其余：其余都算")
    )
    assert "谁可以立单人" in pages["residents/own.html"]


WRONG = {
    "of: household": ("of: nowhere", "unknown unit"),
    "  members: 家人\n": ("", "a unit without a word for its members"),
    "of: person": ("of: person\n  members: 人们", "a unit of one person has no members"),
    "name: 算家人": ("name: 一家", "is taken by a unit"),
    "id: lodger": ("id: otherwise", "an id with a meaning of its own"),
    "id: grown, counts: true, says: 成年的算": ("id: locked, counts: true, says: 成年的算", "two formulas of the ground locked"),
    "formula: lodger": ("formula: maybe > 0", "a ground that may not apply"),
    "formula: grown, source: L1}\n    - {id: lodger": ("formula: nobody, source: L1}\n    - {id: lodger", "nothing is called nobody"),
    "  otherwise: {counts: true, says: 其余都算, source: L1}\n": ("", "otherwise"),
    "[{id: grown, counts: true, says: 成年, formula: grown, source: L1}]": ("[]", "no grounds, or too many"),
}  # fmt: skip


@pytest.mark.parametrize("was", WRONG)
def test_a_wrong_unit_is_refused_at_its_place(was: str, tmp_path: Path) -> None:
    now, says = WRONG[was]
    assert was in UNITS
    with pytest.raises(PackError) as error:
        build_program(load(tmp_path, {**FILES, "units.yaml": UNITS.replace(was, now, 1)}), MONTH)
    problems = [p for p in error.value.problems if p.file == "units.yaml"]
    assert any(says in str(p) for p in problems), [str(p) for p in error.value.problems]


def test_a_benefit_of_a_unit_nobody_forms_is_refused(tmp_path: Path) -> None:
    folder = write(tmp_path, FILES | {"sources.yaml": SOURCES})
    (folder / "units.yaml").unlink()
    with pytest.raises(PackError, match="unknown unit"):
        load(tmp_path, {k: v for k, v in FILES.items() if k != "units.yaml"})


def test_a_family_s_benefit_is_held_by_those_who_count(tmp_path: Path) -> None:
    asked = variables(
        {
            "has": ("person", "bool", "合发.享有"),
            "may": ("person", "bool", "合发.符合"),
            "gets": ("person", "money", "合发.金额"),
        }
    )
    other = BENEFIT.format(id="beside", name="另发", unit="person", formula="wage > 0", amount="wage")
    other = other.replace(
        "conditions:", "excluded_by: [{benefit: shared, says: 已合发, source: L1}]\nconditions:"
    )
    town = tiny(tmp_path, {**FILES, "variables/b.yaml": asked, "benefits/beside.yaml": other})
    run = town.run([person(), person(locked=YES), person(locked=YES | NO)])
    v = town.program.variables
    assert [run.value(v["has"].num, i) for i in range(3)] == [YES, NO, YES | NO]
    assert [run.value(v["may"].num, i) for i in range(3)] == [YES, NO, YES | NO]
    assert run.value(v["gets"].num, 1) == point(0)
    answer = town.program.benefits["beside"].full.answer
    assert [run.value(answer, i) for i in range(3)] == [NO, YES, YES | NO]


CASE = """\
- id: locked
  says: 关起来的
  month: 2024-06
  division: "99"
  complete: all
  members:
    - {id: a, grown: false, locked: false, lodger: false, wage: 3, maybe: 0}
    - {id: b, grown: true, locked: true, lodger: false, wage: 3, maybe: 0}
  expect:
    - {benefit: shared, answer: yes, amount: 3, grounds: {a: otherwise, b: %s}}
"""


@pytest.mark.parametrize(
    ("ground", "says"),
    [
        ("locked", ""),
        ("grown", "b is decided by locked, expected grown"),
        ("nothing", "no ground of family"),
    ],
)
def test_a_case_tells_the_ground(ground: str, says: str, tmp_path: Path) -> None:
    pack = load(tmp_path, {**FILES, "cases/a.yaml": CASE % ground})
    if says.startswith("no ground"):
        with pytest.raises(PackError, match=says):
            load_cases(pack)
        return
    assert [f.says.split(": ", 1)[1] for f in run_all(pack)] == ([says] if says else [])
    if not says:
        bench = Bench(pack, load_cases(pack))
        fates = {m.key: bench.fate(m) for m in mutants(pack) if m.record == "in_family"}
        assert fates["in_family.locked | taken out"] == "killed"
        assert fates["in_family.grown | taken out"] == "lives"
