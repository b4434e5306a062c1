"""Which quantities of a sentence measure an aim or a result, and which only name or limit something."""

from __future__ import annotations

import re
from decimal import Decimal

from zhida.services.plan.clauses import JOINS, Piece, clause, stripped
from zhida.services.plan.model import Figure
from zhida.services.plan.quantities import Quantity
from zhida.services.plan.units import COUNTERS
from zhida.services.plan.words import (
    ABOUT_RULES,
    CARRIED,
    CARRIES,
    CHANGES,
    DISTANT,
    EACH,
    MADE,
    MADE_END,
    PAPERS,
    PREDICATE,
    RANK,
    REACHED_END,
    RULE_BEHIND,
    YEAR,
)

TIMES = {"年", "天", "月", "小时", "分钟", "岁", "级", "期", "点", "届", "日", "位", "学时", "课时"}
"""Units of time, age and rank: no aim unless a verb of reaching stands before them."""
PLACES = {"县", "区", "市", "街道", "社区", "村", "镇", "站", "园", "队", "口", "组"}
LENGTHS = {"米", "公里", "千米", "km"}
OFTEN = {"次", "场", "场次"}
SMALL = 10
"""Chinese numerals below it count the members of a list (三项制度) unless something says otherwise."""
QUOTED = re.compile(r"“[^”]*”|‘[^’]*’|《[^》]*》")
COUNTED_QUOTE = re.compile(r"“(十|百|千|万)([家个名位项支所处座件人户])”")
BUILT = re.compile("(?:建成|新建|改建|扩建|新增|创成|引进|配备|开设|建有)$")
"""Verbs behind which also a small Chinese numeral counts things: 建成两家."""
LIMITS = re.compile("(?:每|以|按|第|含|超|满|年满)$")
START = re.compile(rf"(?:从|由)(?:{YEAR}年|“十[一二三四五六]五”)?[初底末]?的?(?:每人)?(?:每[月年])?$")
"""The start value of a change follows."""
ABOVE = re.compile("[^，；。、]?(?:以上|以下|以内)(?:[^，；。、]{1,8}的|的[^，；。、]{1,8})")
"""Of which size: 50张以上的机构."""
PRESUPPOSED = re.compile("(?:为基础|为前提|的基础上|为目标|为重点|基础上)")
OF_MANY = re.compile("[^，；。]{0,12}(?:之一|(?:方针|原则|经验)(?=[，。；、）]|$))")
NOTHING = re.compile("[，；。）、！？]|$")


def measured(text: str, found: list[Quantity]) -> list[Quantity]:
    """The quantities of a sentence that may be commitments, in their order."""
    shut = [hit.span() for hit in QUOTED.finditer(text)]
    kept: list[Quantity] = []
    found = [
        q for q in found if not any(a < q.number < b for a, b in shut) and not OF_MANY.match(text, q.end)
    ]
    found = sorted([*found, *_emphasised(text)], key=lambda q: q.start)
    for i, one in enumerate(found):
        if _whole(one):
            if not PRESUPPOSED.match(text, one.end):
                kept.append(one)
            continue
        if text.startswith("全覆盖", one.end):  # 100%全覆盖 is one figure
            continue
        piece = clause(text, one.start, one.end)
        rest = [q for q in found[i + 1 :] if q.start < piece[1] and (q.unit or "") not in TIMES]
        if _is_measured(text, one, piece, rest, kept):
            kept.append(one)
    return kept


def _emphasised(text: str) -> list[Quantity]:
    """“百家”慈善组织: a count in quotes, which only stress it."""
    found = []
    for hit in COUNTED_QUOTE.finditer(text):
        value = Decimal({"十": 10, "百": 100, "千": 1000, "万": 10000}[hit[1]])
        figure = Figure(hit[1], value, value)
        found.append(Quantity(hit.start(), hit.start(1), hit.end(2), hit.end(), figure, hit[2], True))
    return found


def _whole(one: Quantity) -> bool:
    return one.figure.raw == "全覆盖"


def _is_measured(text: str, one: Quantity, piece: Piece, rest: list[Quantity], kept: list[Quantity]) -> bool:
    before = text[stripped(text, piece[0], one.start) : one.start]
    reached = REACHED_END.search(before) is not None and not before.endswith(("为", "是", "有"))
    made = MADE_END.search(before) is not None or (CARRIES.search(before) is not None and _carried(text, one))
    if LIMITS.search(text[max(0, one.start - 2) : one.start]) and not made:
        return False
    if RANK.search(before) or _of_others(text, one) or _of_papers(text, one, before):
        return False
    unit = one.unit
    if unit is None:
        return reached and NOTHING.match(text, one.end) is not None and len(one.figure.raw) < 10
    if unit in TIMES or unit.split("/")[0] in TIMES:
        return reached and NOTHING.match(text, one.end) is not None and unit != "级"
    if unit in LENGTHS or unit in PLACES:
        return (made or reached) and unit in LENGTHS | {"社区", "村", "站"}
    if unit in OFTEN:
        return made or one.figure.comparison != "=" or (unit != "次" and MADE.match(before) is not None)
    if one.spelt and not _counts(text, one, piece, made, before):
        return False
    return made or reached or not _limits(text, one, piece, before, rest, kept)


def _counts(text: str, one: Quantity, piece: Piece, made: bool, before: str) -> bool:
    """Whether a Chinese numeral counts what is promised, not the members of a list."""
    if one.unit is None or one.unit[-1] not in COUNTERS | {"种", "%"}:
        return False
    if one.figure.low >= SMALL or one.unit == "%" or one.figure.comparison != "=":
        return True
    if one.figure.low > 1 and BUILT.search(before):
        return True
    return made and EACH.search(text[piece[0] : one.start]) is not None


def _limits(
    text: str, one: Quantity, piece: Piece, before: str, rest: list[Quantity], kept: list[Quantity]
) -> bool:
    """Whether a quantity only says of whom or where something is said.

    It stands before a noun and another figure follows in its clause (全区90个社区实现全覆盖), or behind
    a verb that makes nothing (迭代12个条线的系统), or as an attribute (50张以上床位的机构).
    """
    after = text[one.end : piece[1]]
    if not after or after[0] in "、，（）" or after[0].isdigit():
        return False
    if START.search(before) and (CHANGES.match(after.lstrip("的")) or re.search("[年”]", before[-6:])):
        return False
    alone = not rest and before.endswith(JOINS) and not re.search(r"\d", before)
    if alone and PREDICATE.search(after) and one.figure.comparison == "=":
        return False
    if MADE.match(before) or (one.unit is not None and one.unit.endswith(("%", "‰"))):
        return False
    if ABOVE.match(text, one.end - 2) or ABOVE.match(after) or after.startswith("口"):
        return True
    if _list_goes_on(text, one, kept):
        return False
    return bool(before) or bool(rest)


def _of_others(text: str, one: Quantity) -> bool:
    """A rule that is only quoted: 按国家规定, …不低于…; …的规定."""
    if RULE_BEHIND.match(text, one.end):
        return True
    compared = one.figure.comparison != "=" or DISTANT.search(text[: one.start])
    return bool(compared) and ABOUT_RULES.search(text[: one.start]) is not None


def _of_papers(text: str, one: Quantity, before: str) -> bool:
    """Counts of documents, meetings and reports."""
    return (one.unit or "") in ("篇", "份", "册", "期") or bool(
        PAPERS.search(before) or PAPERS.match(text, one.end)
    )


def _carried(text: str, one: Quantity) -> bool:
    return CARRIED.match(text, one.end) is not None


def _list_goes_on(text: str, one: Quantity, kept: list[Quantity]) -> bool:
    """Whether the quantity is the next member of a list whose last one was kept."""
    if not kept:
        return False
    between = text[kept[-1].end : one.start]
    return (
        len(between) <= 30
        and between.endswith(("、", "和", "及", "以及", "与"))
        and not re.search("[，；。]", between)
    )
