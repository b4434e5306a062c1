"""Terms: marks of notes without a note, notes that nothing points to, one term written in two ways."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator

from zhida.services.plan.checks import say
from zhida.services.plan.checks.finding import Finding, Place, Severity, Source
from zhida.services.plan.model import Span

UNDEFINED, VARIANT = "undefined-term", "term-variant"
MARK = re.compile(r"\[(\d{1,3})\]")
NUMERAL = "二三四五六七八九十0123456789"  # 一 stands in set phrases (四位一体)
QUOTED = re.compile(r"“([^“”\n]{3,12})”")


def terms(source: Source, skip: Span | None = None) -> Iterator[Finding]:
    text = source.plan.text
    notes, marks = _marks(text)
    for n, at in marks:
        if n not in notes and not (skip and skip[0] <= at[0] < skip[1]):
            yield _without_note(source, n, at, bool(notes))
    pointed = {n for n, _ in marks}
    idle = [n for n in notes if n not in pointed] if marks else []
    if idle:
        shown = "、".join(f"[{n}]{say.short(_term(source, notes[n]))}" for n in idle)
        says = f"注释{shown}在正文里没有标号指向它，请补标注释号，或删去注释。"
        yield Finding(UNDEFINED, Severity.NOTE, says, tuple(Place(source, notes[n]) for n in idle))
    yield from _other_spelling(source, notes, marks)
    yield from _other_numeral(source, skip)


def _marks(text: str) -> tuple[dict[int, Span], list[tuple[int, Span]]]:
    """Notes (a mark that begins a line) by number, and the marks that point to them."""
    notes: dict[int, Span] = {}
    marks: list[tuple[int, Span]] = []
    for m in MARK.finditer(text):
        line = text.rfind("\n", 0, m.start()) + 1
        if text[line : m.start()].strip(" \t　") == "":
            end = text.find("\n", m.start())
            notes[int(m[1])] = (m.start(), end if end >= 0 else len(text))
        elif text[m.start() - 1] not in "\t0123456789":  # a cell's [5] is no mark
            marks.append((int(m[1]), m.span()))
    return notes, marks


def _term(source: Source, note: Span) -> str:
    return next((t.term for t in source.plan.terms if note[0] <= t.meaning_at[0] < note[1]), "")


def _without_note(source: Source, n: int, at: Span, has_notes: bool) -> Finding:
    before = re.split(r"[，。；、：\n]", source.plan.text[max(0, at[0] - 20) : at[0]])[-1]
    quoted = re.search(r"“[^“”]+”[^“”]*$", before)
    before = quoted.group() if quoted else before
    says = f"{say.short(before) if quoted else f'“{say.short(before)}”'}后面标了注释[{n}]，"
    says += f"文末的注释里没有第{n}条，这个词就没有解释。" if has_notes else "文中却没有注释。"
    return Finding(UNDEFINED, Severity.WARNING, says, (Place(source, (at[0] - len(before), at[1])),))


def _other_spelling(
    source: Source, notes: dict[int, Span], marks: list[tuple[int, Span]]
) -> Iterator[Finding]:
    """The words before a mark and the term of its note differ in one character."""
    text = source.plan.text
    for n, at in marks:
        if n not in notes:
            continue
        term = _letters(_term(source, notes[n]))
        before = _letters(text[max(0, at[0] - len(term) - 8) : at[0]])[-len(term) :]
        if len(term) < 4 or len(before) != len(term):
            continue
        unlike = [(a, b) for a, b in zip(before, term, strict=True) if a != b]
        if len(unlike) == 1:
            a, b = unlike[0]
            says = (
                f"正文写“{say.short(before)}”，注释[{n}]写“{say.short(term)}”，“{a}”“{b}”两种写法，请统一。"
            )
            start = _back(text, at[0], len(before))
            places = (Place(source, (start, at[1])), Place(source, notes[n]))
            yield Finding(VARIANT, Severity.WARNING, says, places)


def _back(text: str, end: int, letters: int) -> int:
    """Where so many letters before ``end`` begin, signs not counted."""
    start = end
    while start > 0 and letters > 0:
        start -= 1
        letters -= bool(_letters(text[start]))
    return start


def _other_numeral(source: Source, skip: Span | None) -> Iterator[Finding]:
    """“三站二平台” and “三站三平台”: alike but for one of their numerals."""
    shapes: dict[str, dict[str, Span]] = defaultdict(dict)
    for m in QUOTED.finditer(source.plan.text):
        if re.search(r"十[一二三四五六]五|年", m[1]):
            continue
        if skip and skip[0] <= m.start() < skip[1]:
            continue
        shape = "".join("#" if c in NUMERAL else c for c in m[1])
        if shape.count("#") >= 2 and len(shape.replace("#", "")) >= 2:
            shapes[shape].setdefault(m[1], m.span())
    for words in shapes.values():
        for (a, at), (b, again) in zip(list(words.items()), list(words.items())[1:], strict=False):
            says = f"前面写“{a}”，后面写“{b}”，只差一个数字，说的是同一件事吗？"
            if sum(x != y for x, y in zip(a, b, strict=True)) == 1:
                yield Finding(VARIANT, Severity.WARNING, says, (Place(source, at), Place(source, again)))


def _letters(text: str) -> str:
    return re.sub(r"[\s\W_]+", "", text)
