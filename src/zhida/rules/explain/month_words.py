"""Which months a benefit is paid for, in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from zhida.codes.money import format_yuan
from zhida.rules.explain.reviewing import in_words as reviewed
from zhida.rules.timing import UNKNOWN, Event, MonthRule

COUNTED = {"application": "申请", "decision": "批准", "event": "符合条件"}
SAYS: Mapping[Event, Mapping[str, str]] = {
    Event.BEGIN: {
        "same": "从{}的当月起发",
        "next": "从{}的次月起发",
        UNKNOWN: "从{}的当月还是次月起发",
    },
    Event.END: {
        "same": "终止的当月仍发，次月起停发",
        "before": "终止的当月起停发",
        UNKNOWN: "终止的当月发不发",
    },
    Event.AGE: {
        "same": "年龄从生日的当月起算",
        "next": "年龄从生日的次月起算",
        UNKNOWN: "年龄从生日的当月还是次月起算",
    },
    Event.DEATH: {"same": "去世的当月仍发", "before": "去世的当月起停发", UNKNOWN: "去世的当月发不发"},
    Event.MOVE: {
        "old": "月中迁居的，当月由迁出地发",
        "new": "月中迁居的，当月由迁入地发",
        UNKNOWN: "月中迁居的，当月由哪一地发",
    },
}
OPEN = "没有写明"
SHORT: Mapping[str, str] = {
    Event.BEGIN: "起发月份",
    Event.END: "终止当月",
    Event.AGE: "满龄当月",
    Event.DEATH: "去世当月",
    Event.MOVE: "迁居当月",
}


def says(rule: MonthRule) -> str:
    """One rule; what no source says ends with so."""
    text = SAYS[rule.event][rule.month].format(COUNTED.get(rule.counted, ""))
    return f"{text}，{OPEN}" if rule.month == UNKNOWN else text


def rule_json(rule: MonthRule) -> dict[str, str]:
    """A rule as plain data."""
    return {
        "event": str(rule.event),
        "month": rule.month,
        "counted": rule.counted,
        "says": says(rule),
        "source": rule.citation.source,
        "article": rule.citation.article,
        "evidence": str(rule.citation.evidence),
        "note": rule.citation.note,
    }


def in_words(rules: Iterable[Mapping[str, str]]) -> str:
    """All rules of a benefit in one line: what is written, then what is not; '' where there are none."""
    told = list(rules)
    known = [r["says"] for r in told if r["month"] != UNKNOWN]
    unsaid = [SHORT[r["event"]] for r in told if r["month"] == UNKNOWN]
    return "；".join(known + ([f"{OPEN}的：{'、'.join(unsaid)}"] if unsaid else []))


def of_result(result: Mapping[str, Any]) -> list[str]:
    """Of a result of ``assess``: what the review rules say of who receives it, what the household's events
    make of the month, then which months count."""
    found = [] if result["review"] is None else [reviewed(result["review"])]
    due = result["due"]
    if due is not None and due["because"]:
        low, high = (None if end is None else format_yuan(round(end * 100)) for end in due["amount_range"])
        ends = "金额待定" if high is None else f"{low} 元" if low == high else f"{low} 至 {high} 元"
        found.append(f"当月应发 {ends}：" + "；".join(r["says"] for r in due["because"]))
    months = in_words(result["months"])
    return [*found, *([f"发放月份：{months}"] if months else [])]
