"""The page of one benefit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from zhida.rules.checks.cases import Case
from zhida.rules.declarations import Amount, Benefit, Citation, Condition, Formula, Pack
from zhida.rules.formulas.reach import Reach, formulas_of
from zhida.rules.handbook import html, say
from zhida.rules.handbook.examples import examples
from zhida.rules.handbook.formed import formed_by, heading
from zhida.rules.handbook.handling import beside, months, open_points, procedure, provides, reviews
from zhida.rules.handbook.reasons import frequent
from zhida.rules.handbook.tables import Gaps, parameter_table

UP = "../"


def benefit_page(
    pack: Pack,
    b: Benefit,
    reach: Reach,
    cases: Sequence[Case],
    gaps: Gaps,
    totals: Mapping[str, Any] | None = None,
) -> str:
    """In full, for staff. ``totals``: a scan's, for the reasons that are frequent."""
    body = [f"<h1>{html.text(b.name)}</h1>", f'<p class="lead">{html.text(b.says)}</p>', _facts(pack, b)]
    if b.applies is not None:
        body += ["<h2>对象</h2>", f"<div>{_stated(pack, b.applies)}</div>"]
    body += ["<h2>条件</h2>", '<p class="small">以下各条都要满足。</p>', '<ol class="conditions">']
    body += [f"<li>{_stated(pack, c)}</li>" for c in b.conditions]
    body.append("</ol>")
    body += _displaced(pack, b)
    body += _amounts(pack, b)
    body += provides(pack, b, UP)
    body += beside(pack, b, UP)
    body += formed_by(pack, _needed(pack, b, reach), UP)
    body += _meanings(pack, b, reach)
    body += _standards(pack, b, reach, gaps)
    told = examples(pack, b, cases, reach.uses[b.id])
    if told:
        body += ["<h2>例子</h2>", *told]
    body += frequent(pack, b, cases, totals)
    body += _handling(pack, b)
    body += open_points(pack, b, UP)
    body += _assumed(pack, b, reach)
    return html.page(pack, b.name, body, UP)


def _facts(pack: Pack, b: Benefit) -> str:
    exists = say.span(b.start, b.until)
    items = [
        f"按{say.unit(pack, b)}认定",
        say.KINDS[b.kind],
        "不用申请" if b.automatic else "",
        exists,
        *(
            f"{o.department}{f'（{when}）' if (when := say.span(o.start, o.until)) else ''}主管"
            for o in b.owners
        ),
    ]
    plain = f'<p class="small"><a href="../residents/{b.id}.html">居民看的一页</a></p>'
    return plain + '<ul class="facts">' + "".join(f"<li>{html.text(i)}</li>" for i in items if i) + "</ul>"


def _stated(pack: Pack, c: Condition) -> str:
    """What must hold: in words, as the formula, with source."""
    when = say.span(c.formula.start, c.formula.until)
    shown = f' <span class="small">（{when}）</span>' if when else ""
    return (
        f'<span class="says">{html.text(c.says)}</span>{shown}<br>{html.code(c.formula.text)}'
        f"{html.cited(pack, c.citation, UP)}{_grace(pack, c)}"
    )


def _link(b: Benefit) -> str:
    return f'<a href="{b.id}.html">{html.text(b.name)}</a>'


def _displaced(pack: Pack, b: Benefit) -> Iterator[str]:
    items = [
        f'<li>享有{_link(pack.benefits[x.benefit])}的：<span class="says">{html.text(x.says)}</span>'
        f"{html.cited(pack, x.citation, UP)}</li>"
        for x in b.excluded_by
    ]
    for g in pack.groups:
        if b.id in g.benefits:
            others = "、".join(_link(pack.benefits[o]) for o in g.benefits if o != b.id)
            items.append(
                f"<li>{html.text(g.name)}：与{others}只发较高的一项{html.cited(pack, g.citation, UP)}</li>"
            )
    for choice in pack.choices:
        if b.id in choice.benefits:
            others = "、".join(_link(pack.benefits[o]) for o in choice.benefits if o != b.id)
            source = html.cited(pack, choice.citation, UP)
            items.append(f"<li>{html.text(choice.name)}：与{others}由本人选一项{source}</li>")
    if items:
        yield "<h2>不能同时享受</h2>"
        yield f"<ul>{''.join(items)}</ul>"
    hanging = [o for o in pack.benefits.values() if any(x.benefit == b.id for x in o.excluded_by)]
    if hanging:
        yield f"<p>享有{html.text(b.name)}的，不再享受：{'、'.join(_link(o) for o in hanging)}。</p>"


def _amounts(pack: Pack, b: Benefit) -> Iterator[str]:
    if b.provides and not b.amounts:
        return
    yield "<h2>发多少</h2>"
    if not b.amounts:
        yield "<p>只认定身份，不发钱。</p>"
    for a in sorted(b.amounts, key=lambda a: -(a.formula.start or 0)):
        yield from _amount(pack, a)


def _amount(pack: Pack, a: Amount) -> Iterator[str]:
    when = say.span(a.formula.start, a.formula.until)
    if when:
        yield f"<h3>{when}</h3>"
    every = say.PERIODS[a.period] + ("至多" if a.ceiling else "")
    yield f"<p>{every}：{html.code(a.formula.text)}{html.cited(pack, a.citation, UP)}</p>"
    r = a.rounding
    yield f"<p>{say.rounding(r)}{html.cited(pack, r.citation, UP)}</p>"


def _own(b: Benefit) -> list[Formula]:
    """The formulas that decide, without the one that only orders lists."""
    signal = b.signal.formula if b.signal is not None else None
    return [f for f in formulas_of(b) if f is not signal]


def _needed(pack: Pack, b: Benefit, reach: Reach) -> set[str]:
    """Ids of variables and parameters that its own formulas hang on, not through other benefits."""
    todo = {id for f in _own(b) for id in reach.ids_in(f)}
    found: set[str] = set()
    while todo:
        id = todo.pop()
        if id in pack.benefits or id in found:
            continue
        found.add(id)
        if id in pack.variables:
            todo |= {i for f in formulas_of(pack.variables[id]) for i in reach.ids_in(f)}
    return found


def _meanings(pack: Pack, b: Benefit, reach: Reach) -> Iterator[str]:
    needed = _needed(pack, b, reach)
    formed = {f.counted for f in pack.formations.values()}  # told as sections of their own
    used = [v for v in pack.variables.values() if v.id in needed - formed]
    if not used:
        return
    yield "<h2>用语</h2>"
    rows = []
    for v in used:
        formulas = "<br>".join(
            f"{html.code(f.text)}"
            + (f' <span class="small">{w}</span>' if (w := say.span(f.start, f.until)) else "")
            for f in v.formulas
        )
        rows.append(
            [
                f'<span id="{v.id}">{html.text(v.name)}</span>',
                f"{html.text(v.says)}<br>{formulas}{html.cited(pack, v.citation, UP)}",
            ]
        )
    yield html.table(["用语", "含义"], rows)


def _standards(pack: Pack, b: Benefit, reach: Reach, gaps: Gaps) -> Iterator[str]:
    needed = _needed(pack, b, reach)
    paying = {id for a in b.amounts for id in reach.ids_in(a.formula)}
    used = [p for p in pack.parameters.values() if p.id in needed]
    if not used:
        return
    yield "<h2>标准</h2>"
    yield f'<p class="small">未列出的时间和地方，标准不详。规则核对到{say.day(pack.verified_through)}。</p>'
    for p in sorted(used, key=lambda p: p.id not in paying):
        measure = f"（{html.text(p.measure)}）" if p.measure else ""
        yield f"<h3>{html.text(p.name)}{measure}</h3>"
        if p.says:
            yield f'<p class="small">{html.text(p.says)}</p>'
        yield parameter_table(pack, p, gaps, UP)


def _grace(pack: Pack, c: Condition) -> str:
    if c.grace is None:
        return ""
    says, formula = html.text(c.grace.says), html.code(c.grace.formula.text)
    basis = html.cited(pack, c.grace.citation, UP)
    return f'<br>未满足也算满足的：<span class="says">{says}</span><br>{formula}{basis}'


def _handling(pack: Pack, b: Benefit) -> Iterator[str]:
    if b.documents or b.reviews or b.procedure or b.months:
        yield "<h2>办理</h2>"
    yield from procedure(pack, b, UP)
    yield from months(pack, b, UP)
    if b.documents:
        yield f"<p>材料：{html.text('、'.join(b.documents))}</p>"
    yield from reviews(pack, b, UP)
    if b.legal:
        yield "<h2>依据</h2>"
        yield "<ul>" + "".join(f"<li>{html.cited(pack, c, UP)}</li>" for c in b.legal) + "</ul>"


def _assumed(pack: Pack, b: Benefit, reach: Reach) -> Iterator[str]:
    """All that stands on this page without being a fact, once more together."""
    items: list[tuple[str, Citation]] = []
    if b.applies is not None:
        items.append(("对象", b.applies.citation))
    items += [(f"条件：{c.says}", c.citation) for c in b.conditions]
    items += [(f"宽限：{c.grace.says}", c.grace.citation) for c in b.conditions if c.grace is not None]
    for a in b.amounts:
        items += [("发放的数额", a.citation), ("取整", a.rounding.citation)]
    items += [(f"与{pack.benefits[x.benefit].name}不能同时享受", x.citation) for x in b.excluded_by]
    items += [("复核", r.citation) for r in b.reviews]
    needed = _needed(pack, b, reach)
    items += [(f"用语：{v.name}", v.citation) for v in pack.variables.values() if v.id in needed]
    for f in pack.formations.values():
        if f.counted in needed:
            items += [(f"{heading(f)}：{g.says}", g.citation) for g in (*f.grounds, f.otherwise)]
    for p in pack.parameters.values():
        if p.id in needed:
            items += [(f"标准：{p.name}（{say.places(pack, v.places)}）", v.citation) for v in p.values]
    doubtful = [(what, c) for what, c in items if not c.evidence.is_fact]
    if not doubtful:
        return
    yield "<h2>其中的假设</h2>"
    yield '<p class="small">以下各项没有法规、政府公开或可靠报道为据。</p>'
    rows = [
        [html.text(what), html.badge(c.evidence), html.text(c.note)] for what, c in dict.fromkeys(doubtful)
    ]
    yield html.table(["事项", "依据", "说明"], rows)
