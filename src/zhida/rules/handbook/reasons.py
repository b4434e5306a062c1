"""Frequent reasons for no: which conditions fail most often, among worked cases or in a scan's totals."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from zhida.rules.checks.cases import Case
from zhida.rules.declarations import Benefit, Pack
from zhida.rules.handbook import html

MOST = 5
KINDS = {"no_longer_fits": "正在领而不再符合的", "near": "只差一点的"}


def says_of(pack: Pack, b: Benefit) -> dict[str, str]:
    """The plain words of everything that may be a reason, by the id under which answers name it."""
    says = {c.id: c.says for c in b.conditions}
    for x in b.excluded_by:
        says[f"excluded_by:{x.benefit}"] = x.says
    for group in pack.groups:
        says |= {f"excluded_by:{id}": group.name for id in group.benefits if id != b.id}
    for choice in pack.choices:
        says[f"choice:{choice.id}"] = choice.name
    return says


def of_cases(b: Benefit, cases: Sequence[Case]) -> list[tuple[str, int]]:
    """Ids of conditions with the number of worked cases that they refuse, the most frequent first."""
    found = Counter(
        id
        for case in cases
        for e in case.expects
        if e.benefit == b.id and e.answer == "no"
        for id in e.because
    )
    return sorted(found.items(), key=lambda pair: (-pair[1], pair[0]))


def frequent(pack: Pack, b: Benefit, cases: Sequence[Case], totals: Mapping[str, Any] | None) -> list[str]:
    """HTML of the section; empty where nothing is known. ``totals``: a scan's, as it is written."""
    says = says_of(pack, b)
    parts: list[str] = []
    if totals is not None:
        for kind, words in KINDS.items():
            rows = [
                r
                for r in totals.get("reasons", ())
                if r["benefit"] == b.id and r["kind"] == kind and r["condition"] in says
            ]
            rows.sort(key=lambda r: -(r["count"] or 0))
            items = [_item(says[r["condition"]], _count(r["count"], totals)) for r in rows[:MOST]]
            if items:
                month = html.text(str(totals["month"]))
                parts.append(f'<p class="small">{month}扫描，{words}</p><ol>{"".join(items)}</ol>')
    if not parts:
        counted = [(says[id], n) for id, n in of_cases(b, cases) if id in says][:MOST]
        items = [_item(text, f"{n} 个验算") for text, n in counted]
        if items:
            parts.append(f"<ol>{''.join(items)}</ol>")
    return ["<h2>常见的不符合原因</h2>", *parts] if parts else []


def _item(says: str, count: str) -> str:
    return f'<li>没有满足：{html.text(says)} <span class="small">{html.text(count)}</span></li>'


def _count(n: int | None, totals: Mapping[str, Any]) -> str:
    return f"不到 {totals['small']} 项" if n is None else f"{n:,} 项"
