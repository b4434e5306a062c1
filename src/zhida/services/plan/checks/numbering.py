"""Numbers of headings, boxes and notes: none twice, none left out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from zhida.services.plan.checks import say
from zhida.services.plan.checks.finding import Finding, Place, Severity, Source
from zhida.services.plan.model import Section

KIND = "numbering"
BOX = "专栏"
DIGITS = {c: i for i, c in enumerate("〇一二三四五六七八九")} | {"零": 0, "两": 2}


def ordinal(number: str) -> int | None:
    """三, （十二）, 第二章, 12, 专栏3 as whole numbers; None where it is none."""
    found = re.search(r"\d+", number)
    if found:
        return int(found.group())
    letters = re.sub(r"[^〇零两一二三四五六七八九十百]", "", number)
    if not letters:
        return None
    hundreds, _, rest = letters.rpartition("百")
    tens, ten, ones = rest.rpartition("十")
    value = (DIGITS.get(hundreds[-1:], 1) if "百" in letters else 0) * 100
    if ten:
        return value + (DIGITS.get(tens[-1:], 1)) * 10 + DIGITS.get(ones[-1:], 0)
    return value + DIGITS.get(ones[-1:], 0) if ones else value or None


@dataclass(slots=True)
class Count:
    """A row of numbers: what the next may be. ``seen``: the last printed, ``due``: the last meant."""

    seen: int = 0
    due: int = 0
    last: Section | None = None


@dataclass(slots=True)
class Counts:
    """By level, since the heading above; ``running`` goes on below other headings."""

    own: dict[int, Count] = field(default_factory=dict)
    running: dict[int, int] = field(default_factory=dict)


def numbering(source: Source) -> Iterator[Finding]:
    counts = Counts()
    for section in source.plan.sections:
        n = ordinal(section.number)
        if n is None:
            continue
        box = section.number.startswith(BOX)
        level = 0 if box else section.level
        below = [k for k in counts.own if (k > 3 if box else k > level)]
        for k in below:
            del counts.own[k]
        yield from _next(source, counts, level, n, section)


def _next(source: Source, counts: Counts, level: int, n: int, section: Section) -> Iterator[Finding]:
    count = counts.own.setdefault(level, Count())
    running = counts.running.get(level, 0)
    if count.last is None:
        if n != 1 and n != running + 1:
            yield _starts(source, section, n)
    elif n not in (count.seen + 1, count.due + 1, 1) or n == count.seen:
        yield _broken(source, count, n, section)
    count.due = count.due + 1 if n == count.seen and count.last is not None else n
    count.seen, count.last = n, section
    counts.running[level] = n


def _starts(source: Source, section: Section, n: int) -> Finding:
    says = (
        f"“{say.heading(section)}”是这一层的第一个标题，序号却从“{section.number}”开始；"
        "前面的序号漏写了，还是编错了？"
    )
    return Finding(KIND, Severity.WARNING, says, (Place(source, section.at),), f"应为1，写的是{n}")


def _broken(source: Source, count: Count, n: int, section: Section) -> Finding:
    assert count.last is not None
    places = (Place(source, count.last.at), Place(source, section.at))
    if n == count.seen:
        says = f"“{say.heading(count.last)}”和“{say.heading(section)}”用了同一个序号“{section.number}”。"
        return Finding(KIND, Severity.WARNING, says, places, f"应为{n + 1}，写的是{n}")
    if n < count.seen:
        says = (
            f"“{say.heading(section)}”的序号“{section.number}”排在“{say.heading(count.last)}”之后，顺序倒了。"
        )
        return Finding(KIND, Severity.WARNING, says, places, f"应为{count.seen + 1}，写的是{n}")
    lost = range(count.seen + 1, n)
    text = source.plan.text[count.last.at[1] : section.at[0]]
    inside = [
        k for k in lost if re.search(rf"(?<!\d){k}\s*[、.．]|（{_chinese(k)}）|[。；]{_chinese(k)}、", text)
    ]
    missing = "、".join(str(k) for k in lost)
    if len(inside) == len(lost):
        says = f"第{missing}条没有另起一行，连在“{say.heading(count.last)}”的正文里了。"
        return Finding(KIND, Severity.NOTE, says, places, "")
    says = f"“{say.heading(count.last)}”之后直接到了“{say.heading(section)}”，缺第{missing}条。"
    return Finding(KIND, Severity.WARNING, says, places, f"应为{count.seen + 1}，写的是{n}")


def _chinese(n: int) -> str:
    letters = "〇一二三四五六七八九"
    tens, ones = divmod(n, 10)
    head = "" if tens == 0 else "十" if tens == 1 else letters[tens] + "十"
    return head + (letters[ones] if ones or not tens else "")
