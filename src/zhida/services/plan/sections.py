"""Headings: 一、（一）1. (1) and 第一章 第一节, on lines of their own or running into their paragraph.

A heading that runs in ends at its first full stop and must follow a finished sentence. Lines of a table
of contents are told apart by their page number, or by standing before the text in which they recur.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from zhida.services.plan.flow import Flow, flow, plain
from zhida.services.plan.lines import Line
from zhida.services.plan.model import Section, Span, Unread
from zhida.services.plan.numbers import chinese

CHINESE = "一二三四五六七八九十百"
FORMS: tuple[tuple[int, re.Pattern[str]], ...] = (
    (1, re.compile(rf"第[{CHINESE}\d]{{1,3}}[章篇编部]分?[、：:]?(?![、，。\d])")),
    (2, re.compile(rf"第[{CHINESE}\d]{{1,3}}节[、：:]?")),
    (1, re.compile(rf"[{CHINESE}]{{1,3}}、(?=[^、])")),
    (2, re.compile(rf"（[{CHINESE}]{{1,3}}）[、.]?")),
    (3, re.compile(r"\d{1,3}(?:[ ]?\.(?!\d)|、)[ ]?(?=\d{4}年|[^\d、，。 ])")),
    (4, re.compile(r"（\d{1,2}）")),
    (3, re.compile(r"专栏[ ]?(?:\d{1,2}|[一二三四五六七八九十]{1,3})[：:、.]?(?![\d，。和、至—-])")),
)
"""Level and form of a number. The last is a box, whose own headings stand below it."""
BOX_LEVEL = 3
NESTED = re.compile(rf"（[{CHINESE}]{{1,3}}）|(?<=[一-鿿])1[ ]?\.(?=[一-鿿“])")
"""The number of a heading that follows on the words of one."""
CONTENTS = re.compile(r"目录|目次")
PAGE = re.compile(r"(?:[.·…．⋯\-—_ 　\t]{2,}|\t)\s*[-—]?\s*\d{1,3}\s*[-—]?\s*$")
ENTRY = re.compile(r"[.·…．⋯\-—_ \u3000\t]+[-—]?\s*\d{1,3}\s*[-—]?\s*$")
"""The number of a page below 目录, where one blank before it is enough."""
STOPS = "。！？；;!?"
LONGEST_LINE = 46
LONGEST_RUN_IN = 45


def sections(lines: Sequence[Line], taken: Sequence[Span]) -> tuple[list[Section], list[Span], list[Unread]]:
    """The headings of a text, the lines of its tables of contents, and headings whose end is not clear.

    ``taken``: places of tables and notes; nothing is looked for inside them.
    """
    contents = _contents(lines)
    shut = sorted([*taken, *contents])
    found: list[Section] = []
    unread: list[Unread] = []
    finished = True
    for line in lines:
        if line.blank:
            continue
        if _inside(line, shut):
            finished = True
            continue
        running = _flow(line)
        heading = _headings(running, 0, finished)
        found += heading
        whole = bool(heading) and heading[-1].at[1] >= line.start + len(line.text.rstrip())
        if not whole:
            _within(running, heading, found, unread)
        finished = whole or _ended(line.clean) or _titled(line)
    return levelled(sorted(found, key=lambda s: s.at)), contents, unread


def _ended(words: str) -> bool:
    """Whether a line ends with a sentence."""
    bare = words.rstrip("”’）)》")
    return bare[-1:] in "。！？；;!?：:" if bare else False


def _within(running: Flow, heading: list[Section], found: list[Section], unread: list[Unread]) -> None:
    """Headings inside a line, where lines were joined: behind a full stop, and next in their count.

    Where a title runs into the text it is left empty and listed as unread.
    """
    start = running.index(heading[-1].at[1]) if heading else 0
    for stop in re.finditer("。", running.text[start:]):
        at = start + stop.end()
        form = _form(running.text, at)
        if form is None or not _next(running.text[at : form[1]], form[0], found):
            continue
        inner = _headings(running, at, True, joined=True)
        found += inner
        behind = running.index(inner[-1].at[1]) if inner else at
        open_ = _form(running.text, behind)
        if open_ is not None and open_[0] <= 2:
            span = running.span(behind, min(len(running.text), behind + 20))
            number = running.text[behind : open_[1]].strip("、.：")
            found.append(Section(number, "", open_[0], running.span(behind, open_[1])))
            unread.append(Unread(span, "标题与正文连在一起，分不清标题到哪里为止"))


def _next(number: str, level: int, found: list[Section]) -> bool:
    """Whether a number begins a count or goes on with the last one of its level."""
    value = count(number)
    same = [s for s in found if s.level == level]
    before = count(max(same, key=lambda s: s.at).number) if same else None
    return value == 1 or (value is not None and before is not None and value == before + 1)


def count(number: str) -> int | None:
    """The number of a heading (``（十二）``, ``3``, ``第二章``, ``专栏4``) as a whole number."""
    hit = re.search(rf"\d+|[{CHINESE}]+", number)
    if hit is None:
        return None
    value = int(hit.group()) if hit.group().isdigit() else chinese(hit.group())
    return None if value is None else int(value)


def levelled(found: Sequence[Section]) -> list[Section]:
    """Headings inside a box (专栏) stand one level below it; the box ends where the outer count goes on."""
    done: list[Section] = []
    outer = inner = 0
    boxed = False
    for one in found:
        if one.number.startswith("专栏"):
            boxed, inner = True, 0
        elif one.level < BOX_LEVEL:
            boxed, outer = False, 0 if one.level < BOX_LEVEL - 1 else outer
        elif one.level == BOX_LEVEL:
            value = count(one.number) or 0
            if boxed and value == outer + 1 and value != inner + 1:
                boxed = False
            if boxed:
                inner = value
            else:
                outer = value
        level = one.level + 1 if boxed and not one.number.startswith("专栏") else one.level
        done.append(replace(one, level=level))
    return done


def _titled(line: Line) -> bool:
    """A short line without a mark of a sentence: a title of its own."""
    words = line.clean
    return 0 < len(words) <= 40 and not any(c in words for c in "，,。；;")


def _inside(line: Line, spans: Sequence[Span]) -> bool:
    return any(start <= line.start and line.end <= end for start, end in spans)


def _headings(running: Flow, at: int, finished: bool, joined: bool = False) -> list[Section]:
    """The heading at a place of a line's flow, and those that follow it without a break."""
    text = running.text
    found: list[Section] = []
    while True:
        form = _form(text, at)
        if form is None:
            return found
        level, end = form
        title_end = _title_end(text, end, finished or bool(found))
        if title_end is None or (level >= BOX_LEVEL and not finished and not text.startswith("专栏", at)):
            return found
        if joined and level < BOX_LEVEL and re.search("[，“]", text[end:title_end]):
            return found
        title = text[end:title_end].rstrip("。：")
        if not title or not _wordy(title):
            return found
        number = text[at:end].strip(" .、．：")
        found.append(Section(number, title, level, running.span(at, end + len(title))))
        at = title_end


def _flow(line: Line) -> Flow:
    part = flow(line.text)
    return Flow(part.text, tuple(p + line.start for p in part.places))


def _form(text: str, at: int) -> tuple[int, int] | None:
    for level, form in FORMS:
        hit = form.match(text, at)
        if hit:
            return level, hit.end()
    return None


def _title_end(text: str, start: int, finished: bool) -> int | None:
    """Where the title that begins at ``start`` ends, with its full stop; None where it is no title."""
    near = start + 2 * LONGEST_LINE
    stop = min((i for c in STOPS if (i := text.find(c, start, near)) >= 0), default=-1)
    following = next(
        (i for i in range(start + 2, min(len(text), start + LONGEST_RUN_IN)) if _nested(text, i)), None
    )
    if following is not None and (stop < 0 or following < stop):
        return following
    if stop < 0:
        words = len(text) - start
        ended = text[-1:] not in "，、："
        return len(text) if words <= LONGEST_LINE and ended and text.count("，", start) <= 2 else None
    if text[stop] != "。" or stop - start > LONGEST_RUN_IN or not finished:
        return None
    if text.count("，", start, stop) > 2:
        return None
    return stop + 1


def _nested(text: str, at: int) -> bool:
    """A heading of the next level that follows without a break: 一、规划背景（一）发展基础1.打造."""
    return NESTED.match(text, at) is not None and text[at - 1] not in "，、。；：（"


def _wordy(title: str) -> bool:
    return re.search(r"[一-鿿]{2}", title) is not None and title[0] not in "，。、；：）"


def _contents(lines: Sequence[Line]) -> list[Span]:
    """Lines of tables of contents: the entries below 目录, and headings with the number of a page."""
    found: list[Span] = []
    for i, line in enumerate(lines):
        if CONTENTS.fullmatch(_bare(line)):
            found += _entries(lines, i)
        elif PAGE.search(line.clean) and _form(_flow(line).text, 0) is not None and len(line.clean) < 80:
            found.append((line.start, line.end))
    return sorted(set(found))


def _entries(lines: Sequence[Line], first: int) -> list[Span]:
    """目录 and the lines below it that have a page's number, or that come once more further down."""
    times = Counter(_bare(line, ENTRY) for line in lines[first + 1 :])
    found = [(lines[first].start, lines[first].end)]
    seen: set[str] = set()
    for line in lines[first + 1 :]:
        if line.blank:
            continue
        bare = _bare(line, ENTRY)
        paged = ENTRY.search(line.clean) is not None
        entry = len(line.clean) <= 80 and (paged or times[bare] > 1) and bare not in seen
        if not entry:
            break
        seen.add(bare)
        found.append((line.start, line.end))
    return found


def _bare(line: Line, page: re.Pattern[str] = PAGE) -> str:
    """A line without white space and without the number of a page."""
    return plain(page.sub("", line.clean))
