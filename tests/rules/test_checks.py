"""The checks over a pack: each finding with its severity and place, and none where there is none."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from pathlib import Path

import pytest

from rules import small_pack
from zhida.rules.checks.findings import Report, Severity, check_pack
from zhida.rules.loading import bundled_packs, find_pack, load_pack

CASES = """\
- {id: below, says: 差一分, month: 2018-06, division: "990102", complete: all,
   members: [{id: m1, 工资: 499.99}], expect: [{benefit: basic, answer: yes, amount: 1}]}
- {id: at, says: 正好, month: 2018-06, division: "990102", complete: all,
   members: [{id: m1, 工资: 500}], expect: [{benefit: basic, answer: no, because: [income, poor]}]}
"""


def check(
    tmp_path: Path, cases: str = CASES, mutate: bool = False, today: date | None = None, **files: str
) -> Report:
    changes: Mapping[str, str | bytes | None] = {
        "groups.yaml": None,
        "benefits/care.yaml": None,
        "cases/a.yaml": cases,
        **{name.replace("__", "/") + ".yaml": text for name, text in files.items()},
    }
    return check_pack(small_pack.load(tmp_path, changes), mutate, today=today)


def said(report: Report, check: str) -> list[str]:
    return [str(f) for f in report.findings if f.check == check]


def test_what_nobody_uses(tmp_path: Path) -> None:
    assert said(check(tmp_path), "unused") == [
        "warning parameters/a.yaml:11: parameter care_rate (护理标准) is used by no benefit",
        "warning parameters/a.yaml:22: parameter factor (系数) is used by no benefit",
        "note fields/a.yaml:1: field birth (出生日期) is used by no benefit",
        "note fields/a.yaml:5: field care_level (等级) is used by no benefit",
        "note fields/a.yaml:7: field wish (意愿) is used by no benefit",
    ]


def test_assumptions_are_listed_with_their_place(tmp_path: Path) -> None:
    found = said(check(tmp_path), "assumption")
    assert "note parameters/a.yaml:9: parameter standard of 2016-01 is WEAK" in found
    assert "note variables/a.yaml:8: variable poor is DERIVED: 例" in found
    assert any("rounding of basic is ASSUMED: 未写明" in f for f in found)
    assert any("pack.yaml: the day of the month on which age is taken (last) is ASSUMED" in f for f in found)
    assert not any("condition basic.income" in f for f in found), "a law is no assumption"


def test_a_law_without_article(tmp_path: Path) -> None:
    assert said(check(tmp_path), "article") == [
        "warning benefits/basic.yaml:12: condition basic.poor cites L1 without an article"
    ]


def test_gaps_county_by_county(tmp_path: Path) -> None:
    values = small_pack.PARAMETERS.replace(
        '{place: "99", from: 2015-07-01, value: 500, source: L1}',
        '{place: ["990103"], from: 2015-07-01, until: 2019-01-01, value: 500, source: L1}',
    )
    found = said(check(tmp_path, parameters__a=values), "gap")
    assert found == [
        "note parameters/a.yaml:1: parameter standard (标准) is not known from 2015-07 to 2015-12: 甲县",
        "note parameters/a.yaml:1: parameter standard (标准) is not known from 2015-07 to 2020-03: 丁县",
        "note parameters/a.yaml:1: parameter standard (标准) is not known from 2018-01 to 2020-03: 甲县",
        "note parameters/a.yaml:1: parameter standard (标准) is not known from 2019-01 to 2020-03: 丙县",
    ]
    assert said(check(tmp_path), "gap") == []
    declared = small_pack.PARAMETERS.replace("value: 450.50", "value: unknown")
    (found_now,) = said(check(tmp_path, parameters__a=declared), "gap")
    assert found_now.endswith("standard (标准) is declared not known from 2016-01 to 2017-12: 甲县")


def test_both_sides_and_every_reason(tmp_path: Path) -> None:
    one = CASES.split("- {id: at")[0]
    assert said(check(tmp_path, one), "case") == [
        "warning benefits/basic.yaml:1: benefit basic has no worked case with the answer no",
        "note benefits/basic.yaml:12: condition basic.poor is the reason (because) in no worked case",
        "note benefits/basic.yaml:13: condition basic.income is the reason (because) in no worked case",
    ]
    assert said(check(tmp_path), "case") == []


def test_a_failing_case_is_an_error(tmp_path: Path) -> None:
    report = check(tmp_path, CASES.replace("amount: 1}", "amount: 2}"))
    assert said(report, "case") == ["error cases/a.yaml:2: case below: basic: amount is 1, expected 2"]
    assert not report.clean
    assert report.findings[0].severity is Severity.ERROR, "the worst comes first"


def test_a_case_that_cant_be_read_is_an_error(tmp_path: Path) -> None:
    report = check(tmp_path, CASES.replace("amount: 1}", "amount: x}"))
    (found,) = [f for f in said(report, "case") if f.startswith("error")]
    assert found.startswith("error cases/a.yaml:2: «x» is no function")


def test_a_formula_that_cant_be_built_is_an_error_for_its_month(tmp_path: Path) -> None:
    broken = small_pack.VARIABLES.replace("formula: 家庭收入 < 标准}", "formula: 家庭收入 < 标淮}")
    report = check(tmp_path, mutate=True, variables__a=broken)
    found = said(report, "formula")
    assert all("nothing is called 标淮" in f and f.startswith("error variables/a.yaml:13:") for f in found)
    assert any("(in 2015-07)" in f for f in found)
    assert not any("(in 2020-01)" in f for f in found), "from then on another formula holds"
    assert report.mutation is None


def test_near_where_a_miss_could_be_small(tmp_path: Path) -> None:
    assert said(check(tmp_path), "near") == []
    basic = small_pack.BASIC.replace("near: 100元, ", "")
    (found,) = said(check(tmp_path, benefits__basic=basic), "near")
    assert found.startswith("note benefits/basic.yaml:13: condition basic.income has no near")


def test_stale_only_when_asked_about_today(tmp_path: Path) -> None:
    assert said(check(tmp_path), "stale") == []
    assert said(check(tmp_path, today=date(2025, 12, 31)), "stale") == []
    (found,) = said(check(tmp_path, today=date(2026, 1, 1)), "stale")
    assert found == "note pack.yaml: nobody has checked the rules since 2025-12-31; today is 2026-01-01"


def test_mutants_that_live_are_warnings(tmp_path: Path) -> None:
    report = check(tmp_path, mutate=True, cases__survivors='- {mutant: "no such", why: 例}\n')
    found = said(report, "mutation")
    key = "basic.exists | start 2015-07 → 2015-08"
    assert f"warning benefits/basic.yaml:1: no worked case notices: {key}" in found
    assert (
        "warning cases/survivors.yaml:1: allowed to survive but it does not, or is no longer there: no such"
        in found
    )
    assert report.mutation is not None and report.mutation.killed > 0
    assert len(found) == len(report.mutation.survivors) + 1


def test_the_report_as_data(tmp_path: Path) -> None:
    report = check(tmp_path, mutate=True)
    data = json.loads(json.dumps(report.to_json(), ensure_ascii=False))
    assert data["pack"] == {"id": "small", "hash": report.pack.hash}
    assert data["counts"]["warning"] == sum(f["severity"] == "warning" for f in data["findings"]) > 0
    assert data["clean"] is False
    assert data["cases"] == 2
    assert data["months"] == ["2015-06", "2015-07", "2020-01"]
    assert data["mutation"]["tried"] == data["mutation"]["killed"] + data["mutation"]["survivors"]
    assert {"severity", "check", "file", "line", "says"} == set(data["findings"][0])


@pytest.mark.parametrize("name", bundled_packs())
def test_bundled_packs_have_no_errors(name: str) -> None:
    report = check_pack(load_pack(find_pack(name)), mutate=False)
    assert [str(f) for f in report.of(Severity.ERROR)] == []
