"""Worked cases: read with their places, run through assess, and every difference told."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from rules import small_pack
from zhida.rules.checks.cases import load_cases, supposed
from zhida.rules.checks.judging import run_all
from zhida.rules.declarations import Pack
from zhida.rules.explain import assess as assess_module
from zhida.rules.problems import PackError

CASE = """\
- id: one_wage
  says: 一人有工资
  month: 2018-06
  division: "990101"
  complete: all
  members:
    - {id: m1, 出生日期: 1980-05-01, 工资: 100.50, 意愿: 选基本}
  expect:
"""


# The small pack's amounts of care are plain numbers, which no amount may be.
CARE = small_pack.CARE.replace('"100"', "标准 / 5").replace('"200"', "标准 / 5")


def pack_with(tmp_path: Path, cases: str, **files: str | None) -> Pack:
    changes: Mapping[str, str | bytes | None] = {
        "groups.yaml": None,
        "benefits/care.yaml": CARE,
        "cases/a.yaml": cases,
        **{name.replace("__", "/") + ".yaml": text for name, text in files.items()},
    }
    return small_pack.load(tmp_path, changes)


def failures(tmp_path: Path, expect: str, case: str = CASE) -> list[str]:
    return [str(f) for f in run_all(pack_with(tmp_path, case + expect))]


def problems(tmp_path: Path, text: str) -> list[str]:
    with pytest.raises(PackError) as error:
        load_cases(pack_with(tmp_path, text))
    return [str(p) for p in error.value.problems]


@pytest.mark.parametrize(
    "expect",
    [
        "{benefit: basic, answer: yes, amount: ceil(500 - 100.50)}",
        "{benefit: 基本补贴, who: household, answer: yes, amount: 400, amount_range: [400, 400]}",
        "{benefit: basic, answer: yes, covers: [m1]}",
        "{benefit: basic, answer: yes, assumptions: [rounding:basic, poor]}",
        "{benefit: care, answer: no, because: [need, excluded_by:basic]}",
        "{benefit: care, answer: no, because: need}",
    ],
)
def test_what_holds_gives_no_failure(tmp_path: Path, expect: str) -> None:
    assert failures(tmp_path, f"    - {expect}\n") == []


@pytest.mark.parametrize(
    ("expect", "says"),
    [
        ("answer: no", "basic: answer is yes, expected no"),
        ("answer: yes, amount: 399", "basic: amount is 400, expected 399"),
        ("answer: yes, amount: 500 - 100.50", "basic: amount is 400, expected 500 - 100.50 = 399.50"),
        ("answer: yes, amount_range: [400, null]", "basic: amount_range is [400, 400], expected [400, null]"),
        ("answer: yes, assumptions: [income]", "basic: does not assume income; there are "),
        ("answer: yes, covers: []", "basic: covers m1, expected nobody"),
    ],
)
def test_what_differs_is_told(tmp_path: Path, expect: str, says: str) -> None:
    (found,) = failures(tmp_path, f"    - {{benefit: basic, {expect}}}\n")
    assert found.startswith(f"cases/a.yaml:9:7: case one_wage: {says}")


def test_a_reason_must_be_the_reason(tmp_path: Path) -> None:
    case = CASE.replace("100.50", "600")
    assert failures(tmp_path, "    - {benefit: basic, answer: no, because: [income, poor]}\n", case) == []
    (found,) = failures(tmp_path, "    - {benefit: care, answer: no, because: [excluded_by:basic]}\n", case)
    assert "condition excluded_by:basic is yes, expected no (need no)" in found
    (found,) = failures(tmp_path, "    - {benefit: basic, answer: no, because: [incom]}\n", case)
    assert "has no condition incom; perhaps «income»" in found


def test_whether_something_speaks_for_need_is_told(tmp_path: Path) -> None:
    """The signal of care: somebody has a wage."""
    expect = "    - {benefit: care, answer: no, speaks: %s}\n"
    paid, unpaid = CASE, CASE.replace("100.50", "0")
    assert failures(tmp_path, expect % "yes", paid) == failures(tmp_path, expect % "no", unpaid) == []
    (found,) = failures(tmp_path, expect % "no", paid)
    assert "care: something surely speaks for need, expected otherwise" in found
    (found,) = failures(tmp_path, expect % "yes", unpaid)
    assert "care: nothing surely speaks for need, expected otherwise" in found
    (problem,) = problems(tmp_path, CASE + "    - {benefit: basic, answer: yes, speaks: yes}\n")
    assert "basic has no signal" in problem


def test_what_is_open_names_what_is_missing(tmp_path: Path) -> None:
    case = CASE.replace("complete: all", "complete: []").replace("工资: 100.50, ", "")
    expect = (
        "{benefit: basic, answer: undetermined, amount_range: [0, 500], because: income, missing: [工资]}"
    )
    assert failures(tmp_path, f"    - {expect}\n", case) == []
    wrong = "{benefit: basic, answer: undetermined, missing: [wage, 等级]}"
    (found,) = failures(tmp_path, f"    - {wrong}\n", case)
    assert "missing does not name 等级; there are wage, 工资" in found


def test_a_gap_of_a_parameter_is_named(tmp_path: Path) -> None:
    case = CASE.replace("2018-06", "2015-08").replace("100.50", "600")
    values = small_pack.PARAMETERS.replace("from: 2015-07-01", "from: 2016-07-01")
    text = case + "    - {benefit: basic, answer: undetermined, missing: [standard, 标准]}\n"
    assert run_all(pack_with(tmp_path, text, parameters__a=values)) == []


def test_a_request_that_cant_be_read_is_a_failure(tmp_path: Path) -> None:
    case = CASE.replace("工资:", "工资额:")
    (found,) = failures(tmp_path, "    - {benefit: basic, answer: yes}\n", case)
    assert found.startswith(
        "cases/a.yaml:1:3: case one_wage: can't be read: members[m1].工资额: unknown; perhaps 工资"
    )


def test_two_people_need_a_who(tmp_path: Path) -> None:
    care = CARE.replace("unit: household", "unit: person")
    care = care.replace('any(m.等级 == "失能" for m in 成员)', '等级 == "失能"').replace(
        "家庭收入 > 0", "工资 > 0"
    )
    care = care.replace("excluded_by: [{benefit: basic, says: 已有基本补贴, source: L1}]\n", "")
    more = CASE.replace("  expect", "    - {id: m2, 等级: 失能, 意愿: 选护理}\n  expect")
    good = more + "    - {benefit: care, who: m2, answer: yes, amount: 500 / 5}\n"
    good += "    - {benefit: care, who: m1, answer: no}\n"
    assert run_all(pack_with(tmp_path, good, benefits__care=care)) == []
    bad = more + "    - {benefit: care, answer: yes}\n    - {benefit: care, who: m3, answer: no}\n"
    with pytest.raises(PackError) as error:
        load_cases(pack_with(tmp_path, bad, benefits__care=care))
    first, second = (str(p) for p in error.value.problems)
    assert "care is about a person and there are 2; expected who: one of m1, m2" in first
    assert "nobody in the household has this id «m3»" in second


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (
            CASE + "    - {benefit: basic, answer: yes, amout: 1}\n",
            "9:37: unknown key «amout»; expected perhaps «amount»",
        ),
        (CASE + "    - {benefit: basik, answer: yes}\n", "unknown benefit «basik»; expected perhaps «basic»"),
        (CASE + "    - {benefit: basic, answer: maybe}\n", "unknown word «maybe»"),
        (
            CASE + "    - {benefit: basic, answer: yes, amount: 标准 - 100}\n",
            "«标准 - 100» is no part of a sum",
        ),
        (CASE + "    - {benefit: basic, answer: yes, amount: 10 / 3}\n", "a sum finer than a fen «10 / 3»"),
        (CASE + "    - {benefit: basic, answer: no, amount: 3}\n", "an amount beside the answer no"),
        (
            CASE + "    - {benefit: basic, answer: no, amount_range: [1, 2]}\n",
            "an amount_range beside the answer no",
        ),
        (CASE + "    - {benefit: basic, answer: yes, amount_range: [1]}\n", "1 ends"),
        (CASE + "    - {benefit: basic, answer: yes, because: income}\n", "a reason beside the answer yes"),
        (
            CASE + "    - {benefit: basic, answer: no, missing: wage}\n",
            "something missing beside the answer no",
        ),
        (CASE + "    - {benefit: basic, who: m1, answer: no}\n", "basic is about the household «m1»"),
        (CASE.replace("expect:", "expect: []"), "a case that expects nothing"),
        (
            CASE.replace("  month: 2018-06\n", "") + "    - {benefit: basic, answer: no}\n",
            "missing key «month»",
        ),
        (CASE.replace("  says", "  sais") + "    - {benefit: basic, answer: no}\n", "unknown key «sais»"),
        (
            (CASE + "    - {benefit: basic, answer: yes}\n") * 2,
            "a case called like the one at cases/a.yaml:1",
        ),
    ],
)
def test_what_cant_be_meant_is_refused_with_its_place(tmp_path: Path, text: str, says: str) -> None:
    found = problems(tmp_path, text)
    assert any(says in p for p in found), found
    assert all(p.startswith("cases/a.yaml:") for p in found)


def test_a_program_is_built_once_for_each_month(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    built: list[int] = []
    real = assess_module.build_program
    monkeypatch.setattr(
        assess_module, "build_program", lambda pack, month: built.append(month) or real(pack, month)
    )
    one = CASE + "    - {benefit: basic, answer: yes}\n"
    pack = pack_with(
        tmp_path,
        one + one.replace("one_wage", "two") + one.replace("one_wage", "c").replace("2018-06", "2018-07"),
    )
    assert run_all(pack) == []
    assert built == [2018 * 12 + 5, 2018 * 12 + 6]


def test_another_pack_of_the_same_hash_gets_its_own_program(tmp_path: Path) -> None:
    """A pack that was changed in memory keeps its hash; the memory must not answer for it."""
    from dataclasses import replace

    pack = pack_with(tmp_path, CASE + "    - {benefit: basic, answer: yes, amount: 400}\n")
    assert run_all(pack) == []
    amount = pack.benefits["basic"].amounts[0]
    other = replace(amount, formula=replace(amount.formula, text="标准 - 家庭收入 / 2"))
    changed = replace(
        pack, benefits={**pack.benefits, "basic": replace(pack.benefits["basic"], amounts=(other,))}
    )
    (failure,) = run_all(changed)
    assert "amount is 450, expected 400" in str(failure)
    assert run_all(pack) == []


SUPPOSED = """\
- id: supposed
  says: 标准还没有查到的年月
  month: 2017-06
  division: "990103"
  complete: all
  suppose: [标准=300]
  members: [{id: m1, 工资: 250}]
  expect: [{benefit: basic, answer: yes, amount: 50}]
- id: as_it_is
  says: 照规则包里的标准
  month: 2017-06
  division: "990103"
  complete: all
  members: [{id: m1, 工资: 250}]
  expect: [{benefit: basic, answer: yes, amount: 250}]
"""


def test_a_case_may_suppose_what_the_pack_does_not_know(tmp_path: Path) -> None:
    pack = pack_with(tmp_path, SUPPOSED)
    first, second = load_cases(pack)
    assert (first.suppose, second.suppose) == (("标准=300",), ())
    assert run_all(pack) == []
    assert supposed(pack, first) is supposed(pack, first) is not pack
    assert supposed(pack, second) is pack


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("标准", "not an override"),
        ("标淮=300", "unknown parameter «标淮=300»; expected one of 标准"),
        ("标准=-300", "outside min and max of 标准"),
    ],
)
def test_a_wrong_supposition_is_named_with_its_place(tmp_path: Path, text: str, says: str) -> None:
    (found,) = problems(tmp_path, SUPPOSED.replace("标准=300", text))
    assert found.startswith("cases/a.yaml:6:13: ") and says in found
