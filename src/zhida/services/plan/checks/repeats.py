"""Passages that stand twice."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from zhida.services.plan.checks import say
from zhida.services.plan.checks.finding import Finding, Place, Severity, Source
from zhida.services.plan.model import Span

KIND = "duplicate"
PARAGRAPH = 30
"""Letters from which a repeated paragraph or sentence is told."""
COPY = 10
"""Paragraphs from which a repeated stretch counts as a second copy of the document."""
OPENING = 8
ENDS = "。！？；：”）"


@dataclass(frozen=True, slots=True)
class Paragraph:
    at: Span
    letters: str


@dataclass(frozen=True, slots=True)
class Stretch:
    """Paragraphs ``first`` … that stand again at ``second`` …."""

    first: Span
    second: Span
    paragraphs: int
    letters: int


def stretches(text: str) -> list[Stretch]:
    """Repeated paragraphs, those that follow each other in both places joined."""
    paragraphs = [
        Paragraph(m.span(), _letters(m.group())) for m in re.finditer(r"[^\n]+", text) if m.group().strip()
    ]
    seen: dict[str, int] = {}
    found: list[Stretch] = []
    i = 0
    while i < len(paragraphs):
        words = paragraphs[i].letters
        if len(words) < PARAGRAPH or words not in seen:
            if len(words) >= PARAGRAPH:
                seen[words] = i
            i += 1
            continue
        j = seen[words]
        back = 0
        while j - back > 0 and paragraphs[j - back - 1].letters == paragraphs[i - back - 1].letters:
            back += 1
        n = 1
        while j + n < i - back and i + n < len(paragraphs) and _same(paragraphs, j + n, i + n):
            n += 1
        first = (paragraphs[j - back].at[0], paragraphs[j + n - 1].at[1])
        second = (paragraphs[i - back].at[0], paragraphs[i + n - 1].at[1])
        letters = sum(len(p.letters) for p in paragraphs[i - back : i + n])
        found.append(Stretch(first, second, n + back, letters))
        i += n
    return found


def second_copy(text: str) -> Span | None:
    """The stretch that is a second copy of much of the document, which other checks leave out."""
    long = [s for s in stretches(text) if s.paragraphs >= COPY]
    return max((s.second for s in long), key=lambda s: s[1] - s[0], default=None)


def repeats(source: Source) -> Iterator[Finding]:
    text = source.plan.text
    found = stretches(text)
    for s in found:
        places = (Place(source, s.first), Place(source, s.second))
        if s.paragraphs >= COPY:
            says = (
                f"从“{_opening(text, s.second)}”起，前面的文字又出现了一遍（{s.paragraphs}段），"
                "像是粘贴了两次。其余各项只核对了第一遍。"
            )
        else:
            many = "一段" if s.paragraphs == 1 else f"{s.paragraphs}段"
            says = f"“{_opening(text, s.second)}”这{many}前后出现了两次，请删去一处。"
        yield Finding(KIND, Severity.WARNING, says, places, f"重复{s.letters}字")
    taken = [s.second for s in found]
    yield from _sentences(source, taken)


def _sentences(source: Source, taken: list[Span]) -> Iterator[Finding]:
    """Sentences again word for word, and two sentences of a paragraph that open with the same words."""
    text = source.plan.text
    seen: dict[str, Span] = {}
    openings: dict[str, Span] = {}
    for m in re.finditer(r"[^。！？；\n]+[。！？；]?|\n", text):
        if m.group() == "\n":
            if (
                text[max(0, m.start() - 9) : m.start()].rstrip()[-1:] in ENDS
            ):  # else a page's end cuts the paragraph
                openings = {}
            continue
        if any(a <= m.start() < b for a, b in taken):
            continue
        words = _letters(m.group())
        at = (m.start() + len(m.group()) - len(m.group().lstrip()), m.end())
        opening = re.split(r"[，,：:]", m.group().strip())[0]
        if len(words) >= PARAGRAPH and words in seen:
            says = f"“{say.short(m.group().strip())}”这句话前后出现了两次，请看是否有一处是误贴。"
            yield Finding(
                KIND,
                Severity.WARNING,
                says,
                (Place(source, seen[words]), Place(source, at)),
                f"重复{len(words)}字",
            )
        elif len(opening) >= OPENING and opening in openings and "，" in m.group() and "[" not in opening:
            says = f"同一段里有两句都以“{say.short(opening)}”开头，像是两稿并在了一起，请合并。"
            places = (Place(source, openings[opening]), Place(source, at))
            yield Finding(KIND, Severity.WARNING, says, places, f"重复{len(opening)}字")
        seen.setdefault(words, at)
        openings.setdefault(opening, at)


def _letters(text: str) -> str:
    return re.sub(r"[\s\W_]+", "", text)


def _same(paragraphs: list[Paragraph], a: int, b: int) -> bool:
    return paragraphs[a].letters == paragraphs[b].letters


def _opening(text: str, at: Span) -> str:
    return say.short(text[at[0] : at[1]].strip().split("\n")[0])
