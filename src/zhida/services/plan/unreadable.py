"""Figures in running text that can't be read: masked, torn apart by a break, mixed with letters."""

from __future__ import annotations

import re
from collections.abc import Sequence

from zhida.services.plan.flow import Flow
from zhida.services.plan.model import Unread
from zhida.services.plan.units import MEASURES

PLACES = {"县", "区", "市", "街道", "社区", "村", "镇", "站", "园", "点", "队", "位", "级"}
_UNITS = "|".join(sorted(set(MEASURES) - PLACES, key=len, reverse=True))
MASKED = re.compile(
    rf"(?:[*＊×]+|(?<![A-Za-z])[XxＸ]{{1,4}}(?![A-Za-z]))(?:余|多)?(?:[百千]?[万亿])?(?:%|‰|{_UNITS})|(?:19|20)[XxＸ*×]{{2}}年"
)
TORN = re.compile(r"(?<![\d.,:：/-])\d[\d.,]* [\d.,]*\d(?:[万亿])?(?:%|‰)?(?![年:：\d])")
MIXED = re.compile(
    rf"(?<![A-Za-z\d.])(?=[\dOolI]*\d)(?=[\dOolI]*[OolI])[\dOolI]{{2,}}(?:\.\d+)?(?:[万亿])?(?:%|‰|{_UNITS})"
)
FRACTION = re.compile(r"[一二三四五六七八九]分之[一二三四五六七八九]|(?<![\d/])\d{1,2}/\d{1,2}(?![\d/])")
WHY = (
    (MASKED, "数值被遮盖"),
    (TORN, "数字中间有断开，读不准"),
    (MIXED, "数字里混有字母，读不准"),
    (FRACTION, "分数不作数值读取"),
)


def unreadable(sentences: Sequence[Flow]) -> list[Unread]:
    """The figures of all sentences that give no value, each with the reason."""
    found = []
    for sentence in sentences:
        for pattern, why in WHY:
            for hit in pattern.finditer(sentence.text):
                found.append(Unread(sentence.span(*hit.span()), why))
    return found
