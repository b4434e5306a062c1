"""Parts of a benefit's page beside its rule: what it gives, what goes with it, how it is applied for."""

from __future__ import annotations

from collections.abc import Iterator

from zhida.rules.declarations import Benefit, Kind, Pack
from zhida.rules.explain.month_words import says
from zhida.rules.handbook import html, say
from zhida.rules.matrix import Cell, Together
from zhida.rules.timing import Review


def provides(pack: Pack, b: Benefit, up: str) -> Iterator[str]:
    if not b.provides:
        return
    yield "<h2>提供什么</h2>"
    items = []
    for p in b.provides:
        when = say.span(p.start, p.until)
        shown = f' <span class="small">（{when}）</span>' if when else ""
        items.append(
            f'<li><span class="says">{html.text(p.says)}</span>{shown}{html.cited(pack, p.citation, up)}</li>'
        )
    yield f"<ul>{''.join(items)}</ul>"


def procedure(pack: Pack, b: Benefit, up: str) -> Iterator[str]:
    if not b.procedure:
        return
    rows = []
    for s in b.procedure:
        limit = "" if s.within is None else f"{s.within} {say.COUNTED[s.counted]}"
        when = say.span(s.start, s.until)
        rows.append([f"{html.text(s.says)}{html.cited(pack, s.citation, up)}", limit, when])
    yield html.table(["步骤", "期限", "施行"], rows)


def months(pack: Pack, b: Benefit, up: str) -> Iterator[str]:
    """Which months are paid; what no source says stands there as such."""
    if not b.months:
        return
    yield "<p>发放月份：</p>"
    items = (f"<li>{html.text(says(m))}{html.cited(pack, m.citation, up)}</li>" for m in b.months)
    yield f"<ul>{''.join(items)}</ul>"


def review(r: Review) -> str:
    """The interval of one review rule in words."""
    return r.says or f"每 {r.every.text} 个月复核一次"


def reviews(pack: Pack, b: Benefit, up: str) -> Iterator[str]:
    for r in b.reviews:
        least = say.number(Kind.MONEY, 2, r.clear_change)
        when = say.span(r.every.start, r.every.until)
        valid = f"；认定满 {r.valid} 个月须重新申请" if r.valid is not None else ""
        text = f"{html.text(review(r))}；其间相差不到 {least} 元的不变更{valid}"
        yield f"<p>{text}{f'（{when}）' if when else ''}{html.cited(pack, r.citation, up)}</p>"


def beside(pack: Pack, b: Benefit, up: str) -> Iterator[str]:
    """The row of the matrix: what is known, each with its source; the rest as one sentence."""
    if pack.stacking is None:
        return
    known: dict[tuple[int, bool], tuple[Cell, bool, list[str]]] = {}
    unknown = []
    for other in pack.benefits.values():
        cell = pack.stacking.cell(b.id, other.id)
        if other.id == b.id or cell is None:
            continue
        link = f'<a href="{other.id}.html">{html.text(other.name)}</a>'
        if cell.rule is Together.UNKNOWN:
            unknown.append(link)
        elif cell.rule is not Together.APART:
            first = (b.id, other.id) in pack.stacking.by_pair
            known.setdefault((cell.at.line, first), (cell, first, []))[2].append(link)
    if not known and not unknown:
        return
    yield "<h2>与别的待遇</h2>"
    items = []
    for cell, first, links in known.values():
        others = "、".join(links)
        whose = _words(cell.rule, first)
        note = f"；{html.text(cell.says)}" if cell.says else ""
        items.append(f"<li>{others}：{whose}{note}{html.cited(pack, cell.citation, up)}</li>")
    yield f"<ul>{''.join(items)}</ul>"
    if unknown:
        yield f'<p class="small">与下列各项能否同时享受，没有查到规定：{"、".join(unknown)}。</p>'


def _words(rule: Together, first: bool) -> str:
    if rule is Together.EXCLUDED:
        return "享有那一项的，不再享受本项" if first else "享有本项的，不再享受那一项"
    if rule is Together.DIFFERENCE:
        return "本项只补差额" if first else "那一项只补差额"
    return say.TOGETHER[rule]


def open_points(pack: Pack, b: Benefit, up: str) -> Iterator[str]:
    points = [p for p in pack.open_points if b.id in p.benefits]
    if not points:
        return
    yield "<h2>还没有定论的</h2>"
    items = (
        f'<li><span class="says">{html.text(p.says)}</span> {html.text(p.meanwhile)}'
        f"{html.cited(pack, p.citation, up)}</li>"
        for p in points
    )
    yield f"<ul>{''.join(items)}</ul>"
