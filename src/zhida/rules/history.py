"""What the awards register tells of an award's past, as fields that formulas may name.

A benefit with an award lists those that its rules need under ``history``; whoever does not receive it has 0.
Months are whole and counted up to the month asked about, without it: an award that starts in the
month has been held for 0 months.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

AWARDED = "awarded_"
AWARD_AMOUNT = "award_amount_"


@dataclass(frozen=True, slots=True)
class Past:
    """``suffix`` follows the benefit's name; ``column`` is the awards' column, ``since``: it holds a month
    from which months are counted, else a number."""

    prefix: str
    suffix: str
    says: str
    column: str
    since: bool
    most: int


PASTS: Mapping[str, Past] = {
    "held": Past("held_months_", "已享月数", "起发以来的月数", "start", True, 1500),
    "review": Past("review_months_", "复核后月数", "最近一次认定或复核以来的月数", "last_review", True, 1500),
    "disregard": Past(
        "disregard_months_", "豁免月数", "到上月为止已豁免就业收入的月数", "disregard_months", False, 1500
    ),
    "refusals": Past(
        "refusals_", "拒绝就业次数", "无正当理由连续拒绝介绍就业的次数", "refusals", False, 1000
    ),
}
PREFIXES = (AWARDED, AWARD_AMOUNT, *(p.prefix for p in PASTS.values()))


def past_of(field: str) -> tuple[Past, str] | None:
    """What kind of past a field made by the engine tells, and of which benefit; None: it is another field."""
    for past in PASTS.values():
        if field.startswith(past.prefix):
            return past, field.removeprefix(past.prefix)
    return None
