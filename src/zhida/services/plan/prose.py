"""Running text as sentences: lines that were broken are joined, headings and tables stand apart."""

from __future__ import annotations

import re
from collections.abc import Sequence

from zhida.services.plan.flow import Flow, flow, plain
from zhida.services.plan.heads import TITLE
from zhida.services.plan.lines import Line
from zhida.services.plan.model import Section, Span

BEGINS = re.compile(
    r"\s*(?:——|—|[●■◆★▪•·◎○※]|（[一二三四五六七八九十]+）|[一二三四五六七八九十]{1,3}、|\d{1,3}[.、．](?!\d)|专栏)"
)
ENDED = re.compile(r"[。！？；;!?：:][”’）)》]*\s*$")
MARKS = re.compile(r"[，。、；：,;:]")
SENTENCE = re.compile(r"[^。！？]*[。！？]?[”’）》]*")
LONGEST = 1200
"""Characters of a sentence. A longer one is a list or debris, and is read in pieces."""
NEAR = 3
FULL = 0.8
"""A line of at least this share of its neighbours' length may go on in the next one."""


def sentences(
    text: str, lines: Sequence[Line], apart: Sequence[Span], headings: Sequence[Section]
) -> list[Flow]:
    """The sentences of a text, each a flow. ``apart``: places of what is no running text."""
    found: list[Flow] = []
    for start, end in stretches(lines, apart, headings):
        running = flow(text, start, end)
        for hit in SENTENCE.finditer(running.text):
            a, b = hit.span()
            while b > a:
                end = _bearable(running.text, a, b)
                if running.text[a:end].strip():
                    found.append(Flow(running.text[a:end], running.places[a:end]))
                a = end
    return found


def _bearable(text: str, start: int, end: int) -> int:
    """The end of a sentence, or where one that goes on without end is cut: behind a comma if there is one."""
    if end - start <= LONGEST:
        return end
    cut = max(text.rfind(c, start, start + LONGEST) for c in "；，、")
    return cut + 1 if cut > start else start + LONGEST


def stretches(lines: Sequence[Line], apart: Sequence[Span], headings: Sequence[Section]) -> list[Span]:
    """Pieces of text without a break in the sense: lines joined where a sentence goes on."""
    alone = _alone(lines, headings)
    shut = sorted(apart)
    found: list[Span] = []
    open_: tuple[int, int] | None = None
    previous: Line | None = None
    gap = 0
    for i, line in enumerate(lines):
        if line.blank:
            gap += 1
            continue
        if i in alone or any(a <= line.start and line.end <= b for a, b in shut):
            _closed(found, open_)
            open_, previous = None, None
        elif previous is not None and open_ is not None and _goes_on(lines, i, previous, line, gap):
            open_ = (open_[0], line.end)
            previous = line
        else:
            _closed(found, open_)
            open_, previous = (line.start, line.end), line
        gap = 0
    _closed(found, open_)
    return found


def _closed(found: list[Span], open_: tuple[int, int] | None) -> None:
    if open_ is not None:
        found.append(open_)


def _alone(lines: Sequence[Line], headings: Sequence[Section]) -> set[int]:
    """Lines that hold a heading and nothing else."""
    ends = {h.at[1]: h for h in headings}
    return {
        i for i, line in enumerate(lines) if line.start + len(line.text.rstrip("。.：: \t\u3000")) in ends
    }


def _goes_on(lines: Sequence[Line], i: int, before: Line, line: Line, gap: int) -> bool:
    """Whether ``line`` continues the sentence of ``before``."""
    if gap > 2 or ENDED.search(before.text) or BEGINS.match(line.text):
        return False
    if TITLE.search(plain(before.clean)) and not MARKS.search(before.clean):
        return False
    if MARKS.search(before.clean) or MARKS.search(line.clean[:1]):
        return True
    widest = max(len(x.clean) for x in lines[max(0, i - NEAR) : i + NEAR + 1])
    return gap == 0 and len(before.clean) >= FULL * min(widest, 60)
