"""Findings as one page: the documents as they are, with the remarks in the margin beside their places."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise
from pathlib import PurePath

from zhida.services.plan.checks.finding import Finding, Place, Severity, Source
from zhida.services.plan.model import Plan, Span
from zhida.services.plan.report_style import STYLE

LABELS = {Severity.ERROR: "错误", Severity.WARNING: "警告", Severity.NOTE: "提示"}
CELL, CELL_LINES = 12, 4
"""Letters of a line, and lines, of a cell that runs on."""
LONG = 120
"""Letters of a passage that are marked at most: of a second copy of everything only its head."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A place of finding ``number``, the ``nth`` of it."""

    at: Span
    number: int
    nth: int
    severity: Severity

    @property
    def id(self) -> str:
        return f"p{self.number}-{self.nth}"


def page(named: Sequence[tuple[str, Plan]], found: Sequence[Finding]) -> str:
    """The whole page; it needs no other file and no network."""
    title = "、".join(plan.title or name for name, plan in named)
    counts = {s: sum(f.severity is s for f in found) for s in Severity}
    summary = " ".join(
        f'<span class="chip {s.value}">{LABELS[s]} {n}</span>'
        for s, n in counts.items()
        if n or s is not None
    )
    body = [
        f"<header><h1>规划核对</h1><p class='file'>{escape(title)}</p><p>{summary}</p></header>",
        _contents(found),
        *(_document(name, plan, found) for name, plan in named),
    ]
    return "\n".join(
        (
            "<!doctype html>",
            '<html lang="zh-CN"><head><meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width,initial-scale=1">',
            f"<title>规划核对 · {escape(title)}</title><style>{STYLE}</style></head><body><main>",
            *body,
            "</main></body></html>",
            "",
        )
    )


def _contents(found: Sequence[Finding]) -> str:
    if not found:
        return '<p class="none">没有发现问题。</p>'
    rows = "".join(
        f'<li class="{f.severity.value}"><a href="#f{n}"><b>{n}</b> {escape(f.says)}</a></li>'
        for n, f in enumerate(found, start=1)
    )
    return f'<nav><h2>发现</h2><ol class="found">{rows}</ol></nav>'


def _document(name: str, plan: Plan, found: Sequence[Finding]) -> str:
    marks = _marks(name, plan, found)
    cards: dict[int, list[int]] = {}
    for n, f in enumerate(found, start=1):
        if f.places[0].source.name == name:
            cards.setdefault(f.places[0].at[0], []).append(n)
    headings = {s.at[0]: s.level for s in plan.sections}
    blocks = []
    for block in _blocks(plan.text):
        own = sorted(n for at, numbers in cards.items() if block[0][0] <= at < block[-1][1] for n in numbers)
        beside = "".join(_card(n, found[n - 1]) for n in own)
        blocks.append(f'<div class="block">{beside}{_block(plan.text, block, marks, headings)}</div>')
    return f'<section class="document"><h2>{escape(PurePath(name).name)}</h2>{"".join(blocks)}</section>'


def _marks(name: str, plan: Plan, found: Sequence[Finding]) -> list[Mark]:
    marks = []
    for n, f in enumerate(found, start=1):
        for k, place in enumerate(f.places, start=1):
            if place.source.name == name:
                marks.append(Mark(_shortened(plan.text, place.at), n, k, f.severity))
    return sorted(marks, key=lambda m: m.at)


def _shortened(text: str, at: Span) -> Span:
    """The first line of a long passage."""
    start, end = at
    if end - start > LONG:
        line = text.find("\n", start)
        end = min(start + LONG, line if line > start else end)
    return start, end


def _blocks(text: str) -> Iterator[list[Span]]:
    """Lines that are shown together: a paragraph alone, a table's lines (with tabs) in one block."""
    block: list[Span] = []
    lines = text.split("\n")
    start = 0
    for i, line in enumerate(lines):
        at = (start, start + len(line))
        start = at[1] + 1
        if "\t" in line or (block and (not line.strip() or _goes_on(lines, i))):
            block.append(at)
            continue
        if block:
            yield block
            block = []
        if line.strip():
            yield [at]
    if block:
        yield block


def _goes_on(lines: Sequence[str], i: int) -> bool:
    """A cell of a heading runs on over short lines until the next line with a tab."""
    ahead = lines[i : i + CELL_LINES]
    until = next((k for k, line in enumerate(ahead) if "\t" in line), None)
    return until is not None and all(0 < len(line.strip()) <= CELL for line in ahead[:until])


def _block(text: str, block: list[Span], marks: Sequence[Mark], headings: dict[int, int]) -> str:
    if len(block) == 1 and "\t" not in text[slice(*block[0])]:
        at = block[0]
        inner = _marked(text, at, marks)
        level = next((headings[k] for k in headings if at[0] <= k < at[1] and at[1] - k <= 60), None)
        return f'<h3 class="level{level}">{inner}</h3>' if level else f"<p>{inner}</p>"
    rows = "".join(f"<tr>{cells}</tr>" for row in _rows(text, block) if (cells := _cells(text, row, marks)))
    return f'<div class="wide"><table>{rows}</table></div>'


def _rows(text: str, block: list[Span]) -> Iterator[list[Span]]:
    """A line of cells each, or lines that each hold one cell, to the next empty line."""
    row: list[Span] = []
    for at in block:
        line = text[slice(*at)]
        cells = _split(line, at[0])
        if len(cells) > 2 or (len(cells) == 2 and line.split("\t")[0].strip()):
            if row:
                yield row
            row = []
            yield cells
        elif not line.strip() and "\t" not in line:
            if row:
                yield row
            row = []
        elif "\t" not in line and row:
            row[-1] = (row[-1][0], at[1])
        else:
            row.append(cells[-1])
    if row:
        yield row


def _split(line: str, start: int) -> list[Span]:
    spans = []
    for cell in line.split("\t"):
        spans.append((start, start + len(cell)))
        start += len(cell) + 1
    return spans


def _cells(text: str, row: list[Span], marks: Sequence[Mark]) -> str:
    if not any(text[slice(*at)].strip() for at in row):
        return ""
    filled = [at for at in row if text[slice(*at)].strip()]
    if len(row) == 1 or (len(filled) == 1 and filled[0] == row[0]):
        row = row[:1]
        return f'<td colspan="20" class="group">{_marked(text, row[0], marks)}</td>'
    return "".join(f"<td>{_marked(text, at, marks)}</td>" for at in row)


def _marked(text: str, at: Span, marks: Sequence[Mark]) -> str:
    """The text of a span with its places marked and numbered."""
    near = [m for m in marks if m.at[0] < at[1] and at[0] < m.at[1]]
    cuts = sorted({at[0], at[1], *(min(max(x, at[0]), at[1]) for m in near for x in m.at)})
    out = []
    for start, end in pairwise(cuts):
        over = [m for m in near if m.at[0] < end and start < m.at[1]]
        inner = escape(text[start:end])
        if not over:
            out.append(inner)
            continue
        gravest = min(over, key=lambda m: list(Severity).index(m.severity))
        first = [m for m in over if max(m.at[0], at[0]) == start]
        refs = "".join(
            f'<a class="ref {m.severity.value}" id="{m.id}" href="#f{m.number}">{m.number}</a>'
            if m.at[0] >= at[0]
            else ""
            for m in first
        )
        out.append(f'<mark class="{gravest.severity.value}">{inner}</mark>{refs}')
    return "".join(out)


def _card(n: int, f: Finding) -> str:
    sums = f'<p class="sum">{escape(f.arithmetic)}</p>' if f.arithmetic else ""
    links = " ".join(
        f'<a href="#p{n}-{k}">{_label(p, f.places)}</a>' for k, p in enumerate(f.places, start=1)
    )
    return (
        f'<article class="{f.severity.value}" id="f{n}"><p><b>{n}</b> '
        f'<span class="kind">{LABELS[f.severity]}</span> {escape(f.says)}</p>{sums}'
        f'<p class="places">{links}</p></article>'
    )


def _label(place: Place, places: Sequence[Place]) -> str:
    several = len({id(p.source) for p in places}) > 1
    text = " ".join(place.text.split())
    shown = text if len(text) <= 14 else text[:13] + "…"
    return escape(f"{_file(place.source)}：{shown}" if several else shown)


def _file(source: Source) -> str:
    return source.plan.area or source.label
