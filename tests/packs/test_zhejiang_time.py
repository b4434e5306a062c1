"""What the pack of the model city says of time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from zhida.rules.declarations import Pack
from zhida.rules.explain.assess import assess
from zhida.rules.loading import find_pack, load_pack
from zhida.rules.reforms.reform import apply, parse_set


@pytest.fixture(scope="module")
def pack() -> Pack:
    return load_pack(find_pack("zhejiang"))


def dibao(pack: Pack, person: Mapping[str, object] | None = None, **household: object) -> dict[str, Any]:
    """One person who has found work for 2,000 yuan while the household receives dibao."""
    told = {
        "id": "甲", "出生日期": "1980-05-01", "工资性收入": 2000, "新增就业收入": 2000, "其他转移性收入": 0,
        "申报的其他收入": 0, "支付的赡养抚养费": 0, "离家宗教教职": False,
    }  # fmt: skip
    request = {
        "month": "2025-02", "division": "330106", "complete": "all",
        "household": {"已享最低生活保障": True} | household, "members": [told | dict(person or {})],
    }  # fmt: skip
    found: dict[str, Any] = assess(pack, request, only={"dibao"})["results"][0]
    return found


def test_months_that_the_law_leaves_open(pack: Pack) -> None:
    """Six months at least, twelve at most; what lies between hangs on a number that nobody has found."""
    answers = [dibao(pack, 最低生活保障豁免月数=n)["answer"] for n in range(14)]
    assert answers == ["yes"] * 6 + ["undetermined"] * 6 + ["no"] * 2
    open_one = dibao(pack, 最低生活保障豁免月数=6)
    assert "就业豁免月数" in {m["name"] for m in open_one["missing"]}


def review(pack: Pack, month: str, months: int, award: str, **person: object) -> Any:
    """Of one person on dibao with a pension of 100 yuan, reviewed ``months`` ago, who is paid ``award``."""
    told = {
        "id": "甲", "出生日期": "1980-05-01", "养老金": 100, "新增就业收入": 0, "其他转移性收入": 0,
        "申报的其他收入": 0, "支付的赡养抚养费": 0, "离家宗教教职": False, "法定义务人状况": "有能力",
    }  # fmt: skip
    request = {
        "month": month, "division": "330106", "complete": "all", "members": [told | person],
        "household": {
            "已享最低生活保障": True, "最低生活保障现发金额": award, "最低生活保障复核后月数": months,
        },
    }  # fmt: skip
    return assess(pack, request, only={"dibao"})["results"][0]["review"]


def test_review_intervals(pack: Pack) -> None:
    """Half a year where somebody can work, a year where nobody can; 1301 - 100 is 1201."""
    weak = {"残疾类别": "肢体", "残疾等级": 1}
    for person, every in (({}, 6), (weak, 12)):
        for months, state in ((every - 1, "waits"), (every, "amount_differs")):
            found = review(pack, "2025-02", months, "1250.99", **person)
            assert (found["state"], found["every_months"]) == (state, every)
        assert review(pack, "2025-02", every - 1, "1251", **person)["state"] == "amount_differs"
        assert review(pack, "2025-02", every, "1201", **person)["state"] == "keeps"
    assert review(pack, "2021-06", 3, "1002")["source"] == "L2o"
    assert review(pack, "2021-07", 3, "1002")["source"] == "L2"


def test_grace_after_finding_work(pack: Pack) -> None:
    """Over the line by work alone and beyond the disregard: open for six months, over after that; with the
    county's number known it is kept, and the condition says why."""
    over = {"工资性收入": 6000, "新增就业收入": 6000}
    answers = [dibao(pack, person=over, 最低生活保障豁免月数=n)["answer"] for n in range(8)]
    assert answers == ["undetermined"] * 6 + ["no"] * 2
    known = apply(pack, parse_set("渐退期月数=3"))
    kept = dibao(known, person=over, 最低生活保障豁免月数=2)
    (income,) = (c for c in kept["conditions"] if c["id"] == "income")
    assert kept["answer"] == income["answer"] == "yes" and income["margin"] is None
    assert "在渐退期内仍保留低保" in income["says"]
    assert dibao(known, person=over, 最低生活保障豁免月数=3)["answer"] == "no"
