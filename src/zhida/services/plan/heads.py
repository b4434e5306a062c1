"""What stands at the head of a plan: its title, area, period and base year."""

from __future__ import annotations

import re
from collections.abc import Sequence

from zhida.services.plan.flow import plain
from zhida.services.plan.lines import Line
from zhida.services.plan.numbers import chinese

FIRST_LINES = 60
KINDS = "规划纲要|规划|纲要|行动方案|实施方案|行动计划|方案|计划"
TITLE = re.compile(rf"(?:{KINDS})[”》]*(?:（[^（）]{{1,20}}）)*(?:起草说明|编制说明|说明)?$")
BEHIND = re.compile(
    r"(?:关于.*的?)?(?:起草说明|编制说明|说明)|（(?:[^（）]{1,12}稿|草案|\d{4}[^（）]{1,8})）"
)
NAMED = re.compile(rf"《([^《》]{{2,40}}?(?:{KINDS}))(?:\.\w{{2,4}})?》")
ABOVE = re.compile(r"省|市|区|县|州|盟|旗")
AREA = re.compile(
    r"(?:[一-鿿]{1,8}?(?:特别行政区|自治区|自治州|省|市|州(?!市)|盟|地区))?"
    r"(?:[一-鿿]{1,8}?(?:自治县|自治旗|新区|市|县|区|旗))?"
    r"(?:[一-鿿]{1,6}?(?:街道|镇|乡))?"
)
FIVE = re.compile(
    r"[“\"]?(十[一二三四五六七八九]?|二十[一二三]?)五[”\"]?(?=规划|时期|期间|民政|[^一-鿿]|末|发展)"
)
SPAN = re.compile(r"((?:19|20)\d\d)年?(?:——?|[-–~～－]|至|到)((?:19|20)\d\d)年")
PERIOD = re.compile(r"规划(?:期限?|时期|年限)[^。；]{0,12}?" + SPAN.pattern)
BASE = re.compile(
    r"(?:基期|基准年|基年)(?:年份?)?(?:为|是|：)?((?:19|20)\d\d)年|以((?:19|20)\d\d)年为(?:规划)?(?:基期|基准|基年)"
)


def title_of(lines: Sequence[Line]) -> str | None:
    """The title: a line of its own near the top, with what belongs to it above and below."""
    near = [line for line in lines if not line.blank][:FIRST_LINES]
    for i, line in enumerate(near):
        words = plain(line.clean)
        if not 4 <= len(words) <= 50 or "。" in words or not TITLE.search(words):
            continue
        if re.match(r"[一二三四五六七八九十\d（]+[、.）]", words):
            continue
        above = plain(near[i - 1].clean) if i else ""
        if above and re.match(rf"[“\d]|{KINDS}|发展|事业", words) and _part_of_title(above):
            words = above + words
        below = plain(near[i + 1].clean) if i + 1 < len(near) else ""
        if BEHIND.fullmatch(below):
            words += below
        return re.sub(r"^《([^《》]*)》$", r"\1", words)
    for line in near[:5]:
        named = NAMED.search(plain(line.clean))
        if named:
            return named[1]
    return None


def _part_of_title(words: str) -> bool:
    return len(words) <= 24 and not re.search(r"[，。、；：]", words) and ABOVE.search(words) is not None


def area_of(title: str | None) -> str | None:
    """The place a title begins with, such as 某某市 or 某某省某某县; None where it names none."""
    hit = AREA.match(re.sub(r"^[《“]", "", title or ""))
    name = hit.group() if hit else ""
    return name if len(name) > 1 else None


def period_of(title: str | None, text: str) -> tuple[int, int] | None:
    """First and last year: as stated, else as the title names it, else the five-year plan it names.

    ``text`` is a flow's. A year that is masked gives none.
    """
    for source in (PERIOD.search(text), SPAN.search(title or "")):
        if source and int(source[1]) < int(source[2]) <= int(source[1]) + 30:
            return int(source[1]), int(source[2])
    hit = FIVE.search(title or "")
    if hit is None:
        return None
    ordinal = chinese(hit[1])
    first = 1951 + 5 * int(ordinal or 0)
    return first, first + 4


def base_year_of(text: str) -> int | None:
    """The base year that a flow's text states."""
    hit = BASE.search(text)
    return int(hit[1] or hit[2]) if hit else None
