"""What no source settles is marked in the pack, and the mark is seen: in answers, checks and pages."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import pytest

from zhida.rules.checks.findings import check_pack
from zhida.rules.declarations import Evidence, Pack
from zhida.rules.explain.assess import assess
from zhida.rules.handbook.docgen import write_handbook
from zhida.rules.loading import load_pack
from zhida.rules.reforms.reform import apply, parse_set

ROOT = Path(__file__).resolve().parents[2]
POINTS = {
    "months_of_work_disregard": {"dibao"},
    "grace_after_work": {"dibao"},
    "severe_member_of_dibao_family": {"dibao"},
    "single_full_or_gap": {"dibao_single"},
    "grown_mind_alone": {"dibao_single"},
    "support_of_relatives": {"dibao", "low_edge", "dibao_single"},
    "between_1_5_and_2": {"disability_living", "low_edge"},
    "newer_states_of_parents": {"unsupported_child"},
    "basic_pension_after_2025": {"dibao", "low_edge"},
    "notice_ending_on_a_holiday": {"dibao", "low_edge", "temporary_aid", "medical_aid"},
}
DECLARED = {"其他转移性收入": 0, "申报的其他收入": 0, "支付的赡养抚养费": 0}


@cache
def pack() -> Pack:
    return load_pack(ROOT / "src" / "zhida" / "packs" / "zhejiang")


def asked(month: str, *members: dict[str, Any], household: dict[str, Any] | None = None) -> dict[str, Any]:
    people = [{"id": f"m{i + 1}", **DECLARED, **p} for i, p in enumerate(members)]
    return {
        "month": month,
        "division": "330106",
        "complete": "all",
        "household": household or {},
        "members": people,
    }


def answer(benefit: str, data: dict[str, Any], *overrides: str) -> dict[str, Any]:
    used = pack()
    for text in overrides:
        used = apply(used, parse_set(text))
    return next(r for r in assess(pack(), data, used)["results"] if r["benefit"] == benefit)


def test_the_open_points() -> None:
    assert {p.id: set(p.benefits) for p in pack().open_points} == POINTS
    for point in pack().open_points:
        assert not point.citation.evidence.is_fact and point.citation.note and point.meanwhile


def test_checks_and_pages_show_them(tmp_path: Path) -> None:
    notes = [f.says for f in check_pack(pack(), mutate=False).findings if f.check == "open"]
    assert len(notes) == len(POINTS)
    write_handbook(pack(), tmp_path)
    for point in pack().open_points:
        for benefit in point.benefits:
            page = (tmp_path / "benefits" / f"{benefit}.html").read_text(encoding="utf-8")
            assert "还没有定论的" in page and point.says.split("，")[0] in page


@pytest.mark.parametrize(
    ("wage", "word"), [(1951.50, "yes"), (1951.51, "undetermined"), (2490, "undetermined")]
)
def test_between_one_and_a_half_and_twice_the_standard(wage: float, word: str) -> None:
    """Up to 1.5 times 1301 the law is clear; above it, up to the low-edge line, it is not."""
    child = {"出生日期": "2015-01-01", "残疾类别": "听力", "残疾等级": 3}
    data = asked("2025-02", {"出生日期": "1980-01-01", "工资性收入": wage * 2}, child)
    results = assess(pack(), data)["results"]
    found = next(r for r in results if r["benefit"] == "disability_living" and r["unit_id"] == "m2")
    assert found["answer"] == word
    if word == "undetermined":
        assert "low_edge_counts_as_hard" in {m.get("parameter") for m in found["missing"]}


def test_a_severely_disabled_member_of_a_dibao_family() -> None:
    """Paid with the family as the difference; that nothing is paid apart is marked, not decided."""
    severe = {"出生日期": "1985-01-01", "残疾类别": "肢体", "残疾等级": 1, "法定义务人状况": "有能力"}
    found = answer("dibao", asked("2025-02", {"出生日期": "1980-01-01", "工资性收入": 1000}, severe))
    assert (found["answer"], found["amount"]) == ("yes", 1301 * 2 - 1000)
    point = next(p for p in pack().open_points if p.id == "severe_member_of_dibao_family")
    assert (point.citation.source, point.citation.article) == ("L12", "第二十六条")


def test_basic_pension_is_unknown_after_2025() -> None:
    elder = {"出生日期": "1950-01-01", "养老金": 1250, "基础养老金": 200, "法定义务人状况": "有能力"}
    assert answer("dibao", asked("2025-12", elder))["amount"] == 1301 - 1250
    found = answer("dibao", asked("2026-01", elder))
    assert found["answer"] == "undetermined"
    assert "counts_basic_pension" in {m.get("parameter") for m in found["missing"]}


def test_newer_states_of_parents_rest_on_another_place() -> None:
    point = next(p for p in pack().open_points if p.id == "newer_states_of_parents")
    assert point.citation.evidence is Evidence.OTHER_PLACE
    names = {c.name for c in pack().enums["parent_kind"].choices}
    assert not {"撤销监护资格", "遣送出境"} & names, "settled meanwhile: take the point out of open.yaml"


def test_a_notice_is_counted_in_calendar_days() -> None:
    """Seven days as written; nothing in the pack moves the last of them."""
    steps = {(b.id, s.id): s for b in pack().benefits.values() for s in b.procedure if s.id == "notice"}
    assert {key[0] for key in steps} >= {"dibao", "temporary_aid", "medical_aid"}
    assert {(s.within, s.counted) for s in steps.values()} == {(7, "days")}


@pytest.mark.parametrize(
    ("overrides", "word"),
    [
        ((), "undetermined"),
        (("居民消费价格涨幅=3.4", "食品价格涨幅=5.9"), "no"),
        (("居民消费价格涨幅=3.5", "食品价格涨幅=0"), "yes"),
    ],
)
def test_an_index_entered_as_a_parameter_triggers_the_supplement(
    overrides: tuple[str, ...], word: str
) -> None:
    data = asked("2025-06", {"出生日期": "1980-01-01"}, household={"已享最低生活保障": True})
    assert answer("price_supplement", data, *overrides)["answer"] == word
