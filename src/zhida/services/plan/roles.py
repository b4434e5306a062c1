"""Whether a sentence promises or reports."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from zhida.services.plan.flow import plain
from zhida.services.plan.lines import Line
from zhida.services.plan.model import CommitmentRole, Section, Span

PAST = re.compile(
    "背景|(?:发展|现实|工作|历史|现有|规划|良好|坚实)基础|^基础(?:和|与|条件|$)|现状|回顾|成就|成效|成绩|发展情况|完成情况|形势|“十[二三]五”(?:时期|期间)?(?:发展|主要|的)?"
    "|工作总结|发展历程|问题|短板|挑战|机遇"
)
SHORTEST_SENTENCE = 20
AHEAD = re.compile("目标|任务|要求|措施|保障|举措|重点|工程|原则|思想|展望|实施|行动|计划|项目")
PROMISES = re.compile(
    r"计划(?:安排|投资|建设|新建|新增)?(?!》)|力争|确保|争取|拟|到“十[四五六]五”末|今后|未来[三五]年|下一步"
    r"|(?<![即必])将(?=要|会|达|建成|新建|新增|实现|完成|投入|继续|进一步|全面|在\d{4}年)"
    r"|规划(?:新建|建设|安排|投资)"
)
REPORTS = re.compile(
    "已(?!然|知)|截至|目前|先后|(?<!除)了(?=[^解])|连续\\d+年|以来|被评为|荣获|获评|累计(?:完成|发放|接收|投入|建成)"
)
LATELY = re.compile("[^，。；]{0,4}(?:过去[三五]年|[三五]年来|近年来|截至目前|截至(?:19|20)\\d\\d年)")
PERIOD = re.compile("[^，。；]{0,4}“十([一二三四五六七八九]?)五”(?:时期|期间|以来|末)")
ORDINALS = {"": 10, "一": 11, "二": 12, "三": 13, "四": 14, "五": 15, "六": 16}


@dataclass(frozen=True, slots=True)
class Roles:
    """What the headings say of the text below them; ``first`` is the first year of the plan."""

    starts: tuple[int, ...]
    roles: tuple[CommitmentRole | None, ...]
    first: int | None

    def of(self, place: int, sentence: str, by: int | None, before: str) -> CommitmentRole:
        """The role of a figure at ``place``: a year decides, then the words, then the heading.

        ``before``: the sentence up to the figure.
        """
        if by is not None and self.first is not None:
            return "promise" if by >= self.first else "claim"
        i = bisect_right(self.starts, place) - 1
        heading = self.roles[i] if i >= 0 else None
        if PROMISES.search(before):
            return "promise"
        opened = self._opened(sentence)
        if opened is not None:
            return opened
        if heading is not None:
            return heading
        return "claim" if REPORTS.search(sentence) else "promise"

    def _opened(self, sentence: str) -> CommitmentRole | None:
        """What the words say with which a sentence opens: 五年来, “十三五”期间."""
        if LATELY.match(sentence):
            return "claim"
        hit = PERIOD.match(sentence)
        if hit is None or self.first is None:
            return None
        return "claim" if 1951 + 5 * ORDINALS.get(hit[1], 0) < self.first else "promise"


def titles(lines: Sequence[Line], headings: Sequence[Section], apart: Sequence[Span]) -> list[Section]:
    """Short lines that stand alone and speak of the past or of aims, like headings without a number."""
    starts = [line.start for line in lines]
    known = {starts[bisect_right(starts, h.at[0]) - 1] for h in headings}
    shut = sorted(apart)
    begins = [a for a, _ in shut]

    def inside(place: int) -> bool:
        i = bisect_right(begins, place) - 1
        return i >= 0 and place < shut[i][1]

    found = []
    for line in lines:
        words = plain(line.clean)
        if (
            not 2 <= len(words) <= SHORTEST_SENTENCE
            or line.start in known
            or re.search(r"[，。；：\d\t]", words)
        ):
            continue
        if (PAST.search(words) or AHEAD.search(words)) and not inside(line.start):
            found.append(Section("", words, 2, (line.start, line.end)))
    return found


def roles(headings: Sequence[Section], first: int | None) -> Roles:
    """The role that each heading gives, from its own words or those of the headings above it."""
    headings = sorted(headings, key=lambda h: h.at)
    path: list[tuple[int, CommitmentRole | None]] = []
    found: list[CommitmentRole | None] = []
    for one in headings:
        while path and path[-1][0] >= one.level:
            path.pop()
        above = path[-1][1] if path else None
        own = _own(one.title) if one.level <= 2 else None
        role = above if above == "claim" or own is None else own
        path.append((one.level, role))
        found.append(role)
    return Roles(tuple(h.at[0] for h in headings), tuple(found), first)


def _own(title: str) -> CommitmentRole | None:
    if PAST.search(title):
        return "claim"
    return "promise" if AHEAD.search(title) else None
