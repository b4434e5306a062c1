"""Answers in plain words: few lines, the weightiest first, and what they say is true."""

from __future__ import annotations

import re
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from zhida.cli.requests import read_request
from zhida.rules.declarations import Pack
from zhida.rules.explain.assess import assess
from zhida.rules.explain.words import ORDER, Told, headline, main_reason, not_applicable, tell, told
from zhida.rules.loading import find_pack, load_pack
from zhida.rules.reforms.reform import apply, parse_set

LONGEST = 9


@cache
def pack(name: str) -> Pack:
    return load_pack(find_pack(name))


def household(month: str = "2024-06", **fields: Any) -> dict[str, Any]:
    """One person of the teaching pack, of whom everything is known."""
    member = {"id": "m1", "出生日期": "1980-05-01", "养老金": 0, "其他收入": 0, "工资": 0} | fields
    group = {"承包地": 0, "房屋间数": 1, "受灾损失": 0}
    return {"month": month, "division": "999901", "complete": "all", "household": group, "members": [member]}


def result(benefit: str, data: dict[str, Any], *sets: str) -> dict[str, Any]:
    used = pack("taoyuan")
    for text in sets:
        used = apply(used, parse_set(text))
    return next(r for r in assess(used, data)["results"] if r["benefit"] == benefit)


def reasons(benefit: str, data: dict[str, Any], *sets: str) -> list[str]:
    return list(tell(result(benefit, data, *sets), pack("taoyuan")).reasons)


def test_the_headline_tells_answer_and_amount() -> None:
    assert headline(result("relief", household())) == "桃源救济（全家）：符合，每月 800.50 元"
    assert headline(result("relief", household(工资=2000))) == "桃源救济（全家）：不符合"
    # Until the land is known the answer is open, but the amount is not.
    data = household()
    data["household"] = {"承包地": None}
    assert headline(result("relief", data)) == "桃源救济（全家）：待定，若符合每月 800.50 元"
    interval = household(工资={"at_least": 100, "at_most": 200})
    assert headline(result("relief", interval)) == "桃源救济（全家）：符合，每月 630.50 至 715.50 元"
    assert (
        headline(result("schooling", household(出生日期="2010-05-01")))
        == "入学补助（m1）：符合，每年 800.00 元"
    )


def test_a_no_begins_with_what_fails_and_ends_with_what_it_rests_on() -> None:
    lines = reasons("relief", household(工资=1000))
    assert lines[0].startswith(
        "未满足：人均收入低于救济标准（实际 850.00 元；界线 800.50 元；还差 49.51 元；"
    )
    assert "救济标准 800.5 元/人·月，2024-01-01 起，《关于调整救济标准的通知(虚构)》" in lines[0]
    assert "第四条" in lines[0]
    assert lines[1].startswith("其余条件已满足：")
    assert lines[2] == "要改变结论：「人均收入低于救济标准」的实际值须减少 49.51 元"
    assert lines[-1].startswith("假定：")


def test_the_change_that_is_named_does_change_the_answer() -> None:
    other = 900
    data = household(其他收入=other)
    line = next(x for x in reasons("relief", data) if x.startswith("要改变结论"))
    found = re.search(r"减少 ([\d,.]+) 元", line)
    assert found is not None
    by = Decimal(found[1].replace(",", ""))
    assert result("relief", household(其他收入=other - by))["answer"] == "yes"
    assert result("relief", household(其他收入=other - by + Decimal("0.01")))["answer"] == "no"


def test_several_failing_conditions_must_all_change() -> None:
    lines = reasons("nursing", household())
    assert [x[:3] for x in lines[:2]] == ["未满足", "未满足"]
    assert "要改变结论，以上 2 项都须满足" in lines


def test_what_is_open_names_the_fact_and_where_to_look() -> None:
    data = household(工资=None)
    assert result("relief", data)["answer"] == "undetermined"
    lines = reasons("relief", data)
    assert lines[0].startswith("待查：人均收入低于救济标准（实际 至少 0.00 元")
    assert "查清其中一项就可能定论：m1 工资（查社会保险登记）" in lines
    declared = reasons("relief", household(其他收入=None))
    assert "查清其中一项就可能定论：m1 其他收入（由家庭申报）" in declared
    signed = household()
    signed["complete"] = ["hukou", "insurance", "disability", "school", "land", "awards"]
    assert "查清其中一项就可能定论：m1 存款（经本人授权查存款）" in reasons("relief", signed)


def test_a_gap_in_the_rules_is_named() -> None:
    lines = reasons("relief", household("2022-06"))
    assert any("救济标准当月当地没有已知数值" in x for x in lines)
    assert any(x.startswith("规则缺少数值：救济标准（2022-06 没有已知数值）") for x in lines)


def test_a_benefit_that_displaces_says_why_it_is_held() -> None:
    lines = reasons("hardship", household())
    assert lines[0].startswith("未满足：已享救济的另有渠道（桃源救济：按规则符合）")
    awarded = household()
    awarded["household"] = awarded["household"] | {"已享桃源救济": True}
    assert "已在享受" in reasons("hardship", awarded)[0]


def test_what_the_user_has_set_is_called_so() -> None:
    lines = reasons("relief", household(工资=1000), "救济标准=840")
    assert "本次设定" in lines[0]
    assert "本次设定的数值" in lines[-1]


def test_a_yes_names_the_change_that_would_end_it() -> None:
    data = household(其他收入=700, 存款=100)
    line = next(x for x in reasons("relief", data) if x.startswith("会改变结论"))
    assert line == "会改变结论：「人均收入低于救济标准」的实际值增加超过 100.49 元，就不再符合"
    assert result("relief", household(其他收入=Decimal("800.49"), 存款=100))["answer"] == "yes"
    assert result("relief", household(其他收入=Decimal("800.50"), 存款=100))["answer"] == "no"
    rich = household(其他收入=10, 存款=9600)
    line = next(x for x in reasons("relief", rich) if x.startswith("会改变结论"))
    assert line == "会改变结论：「人均存款不超过规定月数的救济标准」的实际值增加超过 6.00 元，就不再符合"
    assert reasons("relief", rich)[0].startswith("满足：人均存款")  # the nearest comes first


def test_what_an_amount_is_reckoned_with_is_told_once() -> None:
    lines = reasons("schooling", household(出生日期="2010-05-01"))
    assert "金额按入学补助标准 800 元/年，2021-01-01 起，《桃源县孤童与五保办法(虚构)》" in lines
    assert not any(x.startswith("金额按") for x in reasons("relief", household()))  # told by the condition


def test_who_may_be_entitled_comes_first_and_equal_refusals_are_one_line() -> None:
    data = household(出生日期="1940-05-01")
    data["members"] += [dict(data["members"][0], id=f"m{i}", 出生日期="1990-01-01") for i in (2, 3)]
    answer = assess(pack("taoyuan"), data)
    found = told(answer, pack("taoyuan"))
    ranks = [ORDER.index(t.answer) for t in found]
    assert ranks == sorted(ranks)
    assert found[0].answer == "yes"
    elder = [t for t in found if t.benefit == "elder" and t.answer == "no"]
    assert [t.headline for t in elder] == ["敬老金（m2、m3）：不符合，未满足：到了敬老年龄"]
    assert not any(t.answer == "not_applicable" for t in found)
    assert any(line.startswith("照料补贴（m1、m2、m3）：") for line in not_applicable(answer))


def test_outside_its_scope_only_the_scope_is_told() -> None:
    lines = reasons("care", household())
    assert lines == ["适用范围之外，须：本县户籍且持残疾人证"]
    away = household()
    away["members"][0]["registered_at"] = None
    assert result("elder", away)["answer"] == "no"  # too young wherever registered
    assert reasons("relief", away)[0] == "待查（适用范围）：家里有本县户籍的人，且有计入的人"


def test_what_registers_can_not_tell_is_named_before_the_assumptions() -> None:
    r = result("relief", household(工资=100))
    one = tell(r, pack("taoyuan"), {"relief": ["存款", "其他收入"]})
    assert one.headline == "桃源救济（全家）：就登记所见符合，每月 715.50 元"
    assert one.reasons[-2] == "未经申报或授权的按没有计，定论前须问明：存款、其他收入"
    assert not any("问明" in x for x in tell(r, pack("taoyuan"), {}).reasons)


def test_the_main_reason_is_short() -> None:
    assert main_reason(result("relief", household())) == ""
    assert main_reason(result("relief", household(工资=2000))) == "未满足：人均收入低于救济标准"
    assert main_reason(result("care", household())) == "本县户籍且持残疾人证"


def _cases(name: str, every: int) -> list[Any]:
    found = []
    for file in sorted((find_pack(name) / "cases").glob("*.yaml")):
        if file.name == "survivors.yaml":  # no cases: the mutants that may live
            continue
        data = read_request(str(file))
        assert isinstance(data, list)
        found += [pytest.param(name, case, id=f"{name}-{case['id']}") for case in data]
    assert found, f"{name} has no worked cases"
    return found[::every]


@pytest.mark.parametrize(("name", "case"), [*_cases("zhejiang", 16), *_cases("taoyuan", 6)])
def test_no_case_of_a_pack_becomes_a_dump(name: str, case: dict[str, Any]) -> None:
    used = pack(name)
    request = {k: v for k, v in case.items() if k not in ("id", "says", "expect", "suppose")}
    answer = assess(used, request)
    for r in answer["results"]:
        if r["answer"] == "not_applicable":
            continue
        one = tell(r, used)
        _is_short(one)
        failing = sum(c["answer"] == "no" for c in r["conditions"])
        if r["answer"] == "no" and failing:
            assert one.reasons[0].startswith("未满足："), one
        if r["answer"] == "undetermined":
            assert any(x.startswith(("待查", "查清", "须一并", "规则缺少")) for x in one.reasons), one


def _is_short(one: Told) -> None:
    assert 1 <= len(one.reasons) <= LONGEST, one
    assert len(set(one.reasons)) == len(one.reasons), one
    for line in (one.headline, *one.reasons):
        assert "None" not in line
        assert "{" not in line
        assert len(line) <= 400, line


def test_the_files_of_cases_are_where_they_are_looked_for() -> None:
    assert Path(find_pack("zhejiang") / "cases").is_dir()
