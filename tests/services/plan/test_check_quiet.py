"""Passages that look like contradictions and are none, each beside one that is."""

from __future__ import annotations

import pytest
import yaml

from services.plan.written import HERE
from zhida.services.plan.check import check_plans
from zhida.services.plan.checks.finding import Severity
from zhida.services.plan.read import read_text

HEAD = "桃源县民政事业发展“十五五”规划\n规划期为2026—2030年，规划基期为2025年。\n"
TABLE = "序号\t指标\t2025年\t2030年目标值\n"
PAST = "序号\t指标\t2020年\t2025年目标值\t2025年实际值\t年均增速（%）\n"

PAIRS = yaml.safe_load((HERE / "quiet.yaml").read_text(encoding="utf-8"))
CASES = [(kind, p["quiet"], p["loud"]) for kind, pairs in PAIRS.items() for p in pairs]


def whole(passage: str) -> str:
    """The passage with the heads of its tables and tabs between its cells."""
    text = passage.replace("TABLE\n", TABLE).replace("PAST\n", PAST)
    return HEAD + text.replace("|", "\t")


def kinds(text: str) -> list[str]:
    found = check_plans([("x.txt", read_text(text))])
    return [f.kind for f in found if f.severity is not Severity.NOTE]


@pytest.mark.parametrize(("kind", "quiet", "loud"), CASES)
def test_quiet_and_loud(kind: str, quiet: str, loud: str) -> None:
    assert kind not in kinds(whole(quiet))
    assert kind in kinds(whole(loud))


def test_a_second_copy_is_told_once_and_not_checked_again() -> None:
    body = "".join(
        f"第{n}段说一件与别处不同的事情，写得长一些，免得被当成短句，编号是{n * 7919}。\n" for n in range(12)
    )
    wrong = f"2025年，护理型床位占比达到52%。\n{TABLE}1\t护理型床位占比（%）\t55\t65\n"
    once = kinds(HEAD + body + wrong)
    assert once == ["two-values"]
    assert sorted(kinds(HEAD + body + wrong + "附：\n" + HEAD + body + wrong)) == ["duplicate", "two-values"]
