"""Terms that the notes at the end of a plan, or a chapter 名词解释, explain."""

from __future__ import annotations

import re
from collections.abc import Sequence

from zhida.services.plan.flow import Flow, flow
from zhida.services.plan.lines import Line
from zhida.services.plan.model import Span, Term

NOTES = re.compile(
    r"(?:[一二三四五六七八九十\d]+[、.])?(?:附[件录]?[\d一二三]?[：:]?)?(?:注释|名词解释|名词术语解释|术语解释|名词注释|术语和定义|有关名词解释|主要名词解释)[：:]?"
)
ENTRY = re.compile(r"\s*(?:[\[［〔【]\d{1,3}[\]］〕】]|[①-⑳]|\d{1,3}[.、．](?!\d)|[（(]\d{1,3}[)）])\s*")
MARKED = re.compile(r"\s*(?:[\[［〔]\d{1,3}[\]］〕]|[①-⑳])\s*(?=\S)")
MEANS = re.compile(r"(?:中的“[^”]{1,6}”)?(?:，|：)?(?:是?指(?!数|标|导)|系指|即)|：")
LONGEST_TERM = 40


def terms(text: str, lines: Sequence[Line]) -> tuple[list[Term], list[Span]]:
    """The terms, and the places of the notes that explain them."""
    found: list[Term] = []
    places: list[Span] = []
    inside = False
    i = 0
    while i < len(lines):
        line = lines[i]
        bare = flow(line.clean).text
        if NOTES.fullmatch(bare):
            inside = True
            places.append((line.start, line.end))
        elif (MARKED if not inside else ENTRY).match(line.text):
            end = _last(lines, i, inside)
            term = _entry(text, line.start, lines[end - 1].end)
            if term is not None:
                found.append(term)
                places.append((line.start, lines[end - 1].end))
                i = end
                continue
        elif inside and line.text.strip():
            term = _entry(text, line.start, line.end) if "：" in bare[:LONGEST_TERM] else None
            if term is None:
                inside = False
            else:
                found.append(term)
                places.append((line.start, line.end))
        i += 1
    return found, places


def _last(lines: Sequence[Line], first: int, inside: bool) -> int:
    """Behind the last line of an entry, which may be broken over several."""
    end = first + 1
    while inside and end < len(lines):
        line, before = lines[end], lines[end - 1]
        if line.blank or ENTRY.match(line.text) or before.text.rstrip()[-1:] in "。" or "\t" in line.text:
            break
        end += 1
    return end


def _entry(text: str, start: int, end: int) -> Term | None:
    head = ENTRY.match(text, start, end)
    running: Flow = flow(text, head.end() if head else start, end)
    hit = MEANS.search(running.text)
    if hit is None or not 0 < hit.start() <= LONGEST_TERM or hit.end() >= len(running.text):
        return None
    term = running.text[: hit.start()]
    if term.count("“") == 1 and term.startswith("“") and term.endswith("”"):
        term = term[1:-1]
    if any(c in term for c in "。；，") or term.startswith(("（", "来源", "资料", "注")):
        return None
    return Term(term, running.span(hit.end(), len(running.text)))
