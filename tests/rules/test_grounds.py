"""What an answer says it rests on: what its own formulas name, and what the rules lack."""

from __future__ import annotations

from functools import cache
from typing import Any

from zhida.rules.declarations import Pack
from zhida.rules.explain.assess import assess
from zhida.rules.loading import find_pack, load_pack
from zhida.rules.reforms.reform import apply, parse_set


@cache
def pack(name: str) -> Pack:
    return load_pack(find_pack(name))


def result(used: Pack, benefit: str, data: dict[str, Any]) -> dict[str, Any]:
    return next(r for r in assess(used, data)["results"] if r["benefit"] == benefit)


ALONE = {
    "month": "2024-06",
    "division": "999901",
    "complete": "all",
    "members": [{"id": "m1", "出生日期": "1950-05-01", "养老金": 0, "其他收入": 0}],
}


def test_a_yes_whose_amount_nobody_knows_names_the_missing_value() -> None:
    known = result(pack("taoyuan"), "wubao", ALONE)
    assert (known["answer"], known["amount"], known["missing"]) == ("yes", 1200, [])
    lacking = apply(pack("taoyuan"), parse_set("五保标准=unknown"))
    unknown = result(lacking, "wubao", ALONE)
    assert (unknown["answer"], unknown["amount"]) == ("yes", None)
    assert [m["parameter"] for m in unknown["missing"]] == ["wubao_rate"]


def test_a_value_that_this_amount_does_not_use_is_not_missed() -> None:
    lacking = apply(pack("taoyuan"), parse_set("五保标准=unknown"))
    old = result(lacking, "elder", ALONE | {"members": [ALONE["members"][0] | {"出生日期": "1930-01-01"}]})  # type: ignore[index]
    assert old["missing"] == []


def test_an_amount_names_the_values_of_the_branch_that_is_taken() -> None:
    used = pack("taoyuan")
    relief = result(used, "relief", ALONE)["amount_parameters"]
    assert [(p["id"], p["value"], p["from"], p["source"]) for p in relief] == [
        ("relief_standard", 800.5, "2024-01-01", "T3")
    ]
    old = ALONE | {"members": [ALONE["members"][0] | {"出生日期": "1930-01-01", "性别": "男"}]}  # type: ignore[index]
    elder = result(used, "elder", old)["amount_parameters"]
    assert [(p["id"], p["value"]) for p in elder] == [("elder_rate", 100)]  # of three bands this one
    assert result(used, "care", ALONE)["amount_parameters"] == []


def test_a_comparison_carries_its_sign_and_kind() -> None:
    conditions = {c["id"]: c for c in result(pack("taoyuan"), "relief", ALONE)["conditions"]}
    assert (conditions["income"]["symbol"], conditions["income"]["kind"]) == ("<", "money")
    assert conditions["land"]["symbol"] is None  # no single comparison
    age = result(pack("taoyuan"), "elder", ALONE)["conditions"][0]
    assert (age["symbol"], age["kind"], age["threshold"]) == (">=", "number", 80)


def test_only_what_the_formulas_name_is_assumed() -> None:
    """Two variables with the same formula are one node; the one that nobody names is no assumption."""
    data = {
        "month": "2025-06",
        "division": "330106",
        "complete": "all",
        "members": [{"id": "m1", "出生日期": "1950-05-01", "其他转移性收入": 0, "申报的其他收入": 0}],
    }
    used = pack("zhejiang")
    named = {a["id"] for a in result(used, "tekun", data)["assumptions"] if a["what"] == "variable"}
    assert "age_years" in named
    # 登记收入 only orders whom to visit first: no condition names it.
    assert "registered_income" not in named
    assert not used.variables["registered_income"].citation.evidence.is_fact
