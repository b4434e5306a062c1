"""What the pack of the model city says of time."""

from __future__ import annotations

from typing import Any

import pytest

from zhida.rules.declarations import Pack
from zhida.rules.explain.assess import assess
from zhida.rules.loading import find_pack, load_pack


@pytest.fixture(scope="module")
def pack() -> Pack:
    return load_pack(find_pack("zhejiang"))


def dibao(pack: Pack, **household: object) -> dict[str, Any]:
    """One person who has found work for 2,000 yuan while the household receives dibao."""
    person = {
        "id": "甲", "出生日期": "1980-05-01", "工资性收入": 2000, "新增就业收入": 2000, "其他转移性收入": 0,
        "申报的其他收入": 0, "支付的赡养抚养费": 0, "离家宗教教职": False,
    }  # fmt: skip
    request = {
        "month": "2025-02", "division": "330106", "complete": "all",
        "household": {"已享最低生活保障": True} | household, "members": [person],
    }  # fmt: skip
    found: dict[str, Any] = assess(pack, request, only={"dibao"})["results"][0]
    return found


def test_months_that_the_law_leaves_open(pack: Pack) -> None:
    """Six months at least, twelve at most; what lies between hangs on a number that nobody has found."""
    answers = [dibao(pack, 最低生活保障豁免月数=n)["answer"] for n in range(14)]
    assert answers == ["yes"] * 6 + ["undetermined"] * 6 + ["no"] * 2
    open_one = dibao(pack, 最低生活保障豁免月数=6)
    assert "就业豁免月数" in {m["name"] for m in open_one["missing"]}
