"""How many wrong figures are noticed: one figure of a sound plan is changed at a time."""

from __future__ import annotations

import random
import re

import pytest

from services.plan.written import SOUND, with_tabs, written
from zhida.services.plan.check import check_plans
from zhida.services.plan.checks.finding import Severity
from zhida.services.plan.model import Plan
from zhida.services.plan.read import read_text

TRIED = 40
FACTORS = (0.7, 1.4)
NOTICED = 0.8
"""Not all can be: a target of the past that was met with room, a figure that stands but once."""


def figures(plan: Plan) -> list[tuple[int, str]]:
    """Where each figure of tables and sentences begins, and how it is printed."""
    found = [(v.at[0], v.raw) for row in plan.indicators for v in row.values]
    for c in plan.commitments:
        at = plan.text.rfind(c.value.raw, c.at[0], c.at[1])
        if at >= 0:
            found.append((at, c.value.raw))
    return [(at, raw) for at, raw in found if re.fullmatch(r"\d+(\.\d+)?", raw)]


@pytest.mark.parametrize("name", SOUND)
def test_most_wrong_figures_are_noticed(name: str) -> None:
    text = with_tabs(written(name))
    draw = random.Random(name)
    noticed = 0
    for at, raw in draw.sample(figures(read_text(text)), TRIED):
        decimals = len(raw.partition(".")[2])
        wrong = f"{float(raw) * draw.choice(FACTORS):.{decimals}f}"
        plan = read_text(text[:at] + wrong + text[at + len(raw) :])
        noticed += any(f.severity is not Severity.NOTE for f in check_plans([(name, plan)]))
    print(f"{name}: {noticed} of {TRIED} wrong figures noticed")
    assert noticed >= NOTICED * TRIED
