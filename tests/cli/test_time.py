"""Answers by what was known on a day."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cli.command import fits, one_sentence_each, results, zhida

OLD = {"id": "老人", "出生日期": "1920-01-05"}
JANUARY = {"month": "2023-01", "division": "330106", "complete": "all", "members": [OLD]}


def assess(*more: str, **rest: object) -> Any:
    text = json.dumps(JANUARY | rest, ensure_ascii=False)
    done = zhida("assess", "-", "--pack", "zhejiang", "--json", *more, stdin=text)
    assert done.code == 0, done.err
    fits("assess", done.json)
    return done.json


def amount(answer: Any) -> object:
    return results(answer)["old_age", "老人"]["amount"]


def test_a_rate_announced_later_counts_from_when_it_was_known() -> None:
    """The notice of 2023-03-01 holds for January too: 800 yuan from a hundred years on instead of 300."""
    assert amount(assess("--known-on", "2023-02-28")) == 300
    assert amount(assess("--known-on", "2023-03-01")) == 800
    assert amount(assess()) == 800
    assert assess("--known-on", "2023-02-28")["known_on"] == "2023-02-28"


def test_the_option_stands_before_the_file() -> None:
    assert amount(assess(known_on="2023-02-28")) == 300
    assert amount(assess("--known-on", "2023-03-01", known_on="2023-02-28")) == 800


def test_explain_says_that_it_is_not_told_by_what_is_known_now() -> None:
    text = json.dumps(JANUARY, ensure_ascii=False)
    done = zhida("explain", "-", "--pack", "zhejiang", "--known-on", "2023-02-28", stdin=text)
    assert "只按 2023-02-28 已知的数值" in done.out.splitlines()[0]


@pytest.mark.parametrize("text", ["2023-02-30", "20230228", "yesterday"])
def test_no_day(text: str) -> None:
    done = zhida("assess", "-", "--pack", "zhejiang", "--known-on", text, stdin=json.dumps(JANUARY))
    one_sentence_each(done, "--known-on", "is no day")


def test_arrears_name_the_value_that_made_them() -> None:
    text = json.dumps({k: v for k, v in JANUARY.items() if k != "month"}, ensure_ascii=False)
    months = ("--from", "2023-01", "--to", "2023-02", "--known-on", "2023-02-28", "--benefit", "old_age")
    done = zhida("arrears", "-", "--pack", "zhejiang", *months, "--json", stdin=text)
    assert done.code == 0, done.err
    fits("arrears", done.json)
    january, february = done.json["lines"]
    assert february["difference"] == 500 and [c["after"] for c in february["changed"]] == [800]
    assert february["changed"][0]["source"] == "W25" and february["changed"][0]["known_from"] == "2023-03-01"
    # He turned 103 in January: 300 or 800 whichever month that counts from.
    assert january["difference"] == 500 and done.json["total"] == 1000
    shown = zhida("arrears", "-", "--pack", "zhejiang", *months, stdin=text)
    assert "应补发合计 1,000.00 元" in shown.out and "通知写明 2023 年 1、2 月也照此执行" in shown.out


@pytest.mark.parametrize(
    ("more", "says"),
    [
        (("--from", "2023-13", "--to", "2023-02", "--known-on", "2023-02-28"), "--from"),
        (("--from", "2023-03", "--to", "2023-02", "--known-on", "2023-02-28"), "must not lie before"),
        (
            ("--from", "2023-01", "--to", "2023-02", "--known-on", "2023-02-28", "--and", "2023-01-01"),
            "exchange",
        ),
    ],
)
def test_months_and_days_that_cannot_be(more: tuple[str, ...], says: str) -> None:
    done = zhida("arrears", "-", "--pack", "zhejiang", *more, stdin=json.dumps(JANUARY, ensure_ascii=False))
    one_sentence_each(done, says)
