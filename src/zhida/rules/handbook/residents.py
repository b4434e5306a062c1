"""The page of one benefit for residents: whom it is for, how much, what to bring, why it is often refused.

In the plain words of the pack, as it stands on the last day up to which it was checked; no formula, except
how the amount is reckoned, in the regulation's own names.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from zhida.codes.divisions import Division
from zhida.codes.months import month_of
from zhida.rules.checks.cases import Case
from zhida.rules.checks.coverage import counties_on
from zhida.rules.declarations import Benefit, Formula, Pack, Parameter
from zhida.rules.formulas.reach import Reach
from zhida.rules.handbook import html, say
from zhida.rules.handbook.examples import examples
from zhida.rules.handbook.formed import heading, plainly
from zhida.rules.handbook.handling import review
from zhida.rules.handbook.reasons import frequent
from zhida.rules.parameters import Lookup, effective_month
from zhida.rules.timing import review_in

UP = "../"
EXAMPLES = {"yes": 2, "no": 1}
_SIGNS = {"*": "×", "/": "÷", "-": "−", "<=": "≤", ">=": "≥", "==": "＝"}


def resident_page(
    pack: Pack,
    b: Benefit,
    reach: Reach,
    cases: Sequence[Case],
    lookup: Lookup,
    totals: Mapping[str, Any] | None = None,
) -> str:
    month = month_of(pack.verified_through)
    body = [f"<h1>{html.text(b.name)}</h1>", f'<p class="lead">{html.text(b.says)}</p>']
    body += _ended(b, month)
    body += _who(b, month)
    body += _counted(pack, b, month)
    body += _how_much(pack, b, reach, lookup, month)
    body += _not_with(pack, b)
    told = examples(pack, b, cases, reach.uses[b.id], EXAMPLES, rest=False)
    if told:
        body += ["<h2>例子</h2>", *told]
    body += frequent(pack, b, cases, totals)
    body += _where(b, month)
    staff = f'<a href="../benefits/{b.id}.html">工作人员看的全文</a>'
    body.append(f'<p class="small">规则核对到{say.day(pack.verified_through)}。{staff}</p>')
    return html.page(pack, b.name, body, UP)


def _holds(f: Formula, month: int) -> bool:
    return (f.start is None or f.start <= month) and (f.until is None or month < f.until)


def _ended(b: Benefit, month: int) -> Iterator[str]:
    span = say.span(b.start, b.until)
    if b.until is not None and b.until <= month:
        yield f'<p class="note">已经终止（{span}）</p>'
    elif b.start is not None and b.start > month:
        yield f'<p class="note">还没有开始（{span}）</p>'


def _who(b: Benefit, month: int) -> Iterator[str]:
    yield "<h2>谁可以享受</h2>"
    items = [b.applies.says] if b.applies is not None else []
    items += [
        c.says + (f"（{c.grace.says}）" if c.grace is not None else "")
        for c in b.conditions
        if _holds(c.formula, month)
    ]
    yield '<p class="small">以下各条都要满足</p>'
    yield f"<ul>{''.join(f'<li>{html.text(i)}</li>' for i in items)}</ul>"


def _counted(pack: Pack, b: Benefit, month: int) -> Iterator[str]:
    """Who of a family counts, or who may apply alone."""
    said = plainly(pack, b.formed, month)
    if said:
        yield f"<h2>{html.text(heading(pack.formations[b.formed]))}</h2>"
        yield '<p class="small">依次看，先成立的为准</p>'
        yield f"<ol>{''.join(f'<li>{html.text(s)}</li>' for s in said)}</ol>"


def _how_much(pack: Pack, b: Benefit, reach: Reach, lookup: Lookup, month: int) -> Iterator[str]:
    yield "<h2>发多少</h2>"
    now = next((a for a in b.amounts if _holds(a.formula, month)), None)
    if now is None:
        yield "<p>只认定身份，不发钱。</p>" if not b.amounts else "<p>数额不详</p>"
        return
    yield f"<p>{say.PERIODS[now.period]}：{html.code(plain_formula(now.formula.text))}</p>"
    yield f'<p class="small">{say.rounding(now.rounding)}</p>'
    ids = reach.ids_in(now.formula)
    words = [v for v in pack.variables.values() if v.id in ids and v.says]
    if words:
        yield "<ul>" + "".join(f"<li>{html.text(f'{v.name}：{v.says}')}</li>" for v in words) + "</ul>"
    yield from _standards(pack, [pack.parameters[p] for p in pack.parameters if p in ids], lookup, month)


def plain_formula(text: str) -> str:
    """The formula with the signs that people write."""
    return re.sub(r"<=|>=|==|[*/-]", lambda m: _SIGNS[m.group()], " ".join(text.split()))


def _standards(pack: Pack, parameters: Sequence[Parameter], lookup: Lookup, month: int) -> Iterator[str]:
    """What holds in the month, county by county; counties with one value together."""
    rows = []
    counties = counties_on(pack, month) or [pack.divisions[pack.root]]
    for p in parameters:
        groups: dict[tuple[Any, ...], list[Division]] = {}
        for county in counties:
            found = lookup.resolve(p.id, month, county.code)
            since = None if found.value is None or found.values is None else effective_month(found.value)
            groups.setdefault((found.values, since), []).append(county)
        for (values, since), places in groups.items():
            where = "全境" if len(groups) == 1 else say.counties(pack, places)
            when = "" if since is None else f"{say.month(since)}起"
            rows.append([html.text(p.name), html.text(where), _shown(pack, p, values), html.text(when)])
    if rows:
        yield html.table(["标准", "地方", "数额", "起始"], rows)


def _shown(pack: Pack, p: Parameter, values: tuple[int, ...] | None) -> str:
    if values is None:
        return "不详"
    numbers = [say.number(p.kind, p.places, v) for v in values]
    enum = pack.enums.get(p.table)
    measure = f" {p.measure}" if p.measure else ""
    if enum is None:
        return html.text(numbers[0] + measure)
    told = [f"{c.name} {n}" for c, n, v in zip(enum.choices, numbers, values, strict=True) if v]
    return html.text("，".join(told) + measure)


def _not_with(pack: Pack, b: Benefit) -> Iterator[str]:
    items = [f"享有{pack.benefits[x.benefit].name}的：{x.says}" for x in b.excluded_by]
    for g in pack.groups:
        if b.id in g.benefits:
            others = "、".join(pack.benefits[o].name for o in g.benefits if o != b.id)
            items.append(f"{g.name}：与{others}只发较高的一项")
    for choice in pack.choices:
        if b.id in choice.benefits:
            others = "、".join(pack.benefits[o].name for o in choice.benefits if o != b.id)
            items.append(f"{choice.name}：与{others}由本人选一项")
    if items:
        yield "<h2>不能同时享受</h2>"
        yield "<ul>" + "".join(f"<li>{html.text(i)}</li>" for i in items) + "</ul>"


def _where(b: Benefit, month: int) -> Iterator[str]:
    owners = [o for o in b.owners if o.start is None or o.start <= month]
    yield "<h2>怎么办</h2>"
    items = ["不用申请"] if b.automatic else []
    if owners:
        items.append(f"{owners[-1].department}主管")
    if b.documents:
        items.append(f"材料：{'、'.join(b.documents)}")
    now = review_in(b, month)
    if now is not None:
        items += [review(now)]
        items += [f"认定满 {now.valid} 个月须重新申请"] if now.valid is not None else []
    yield "<ul>" + "".join(f"<li>{html.text(i)}</li>" for i in items) + "</ul>"


__all__ = ["plain_formula", "resident_page"]
