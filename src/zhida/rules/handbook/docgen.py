"""``zhida rules doc``: the handbook of a pack, as a folder of static pages.

One page for each benefit, an index, all parameters, all fields, all sources. Every sentence is written in
the pack or made from its records; the pages hold their own looks and need nothing else.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from zhida.rules.checks.cases import Case, load_cases
from zhida.rules.checks.coverage import history_gaps
from zhida.rules.declarations import Field, Kind, Pack, Parameter
from zhida.rules.formulas.reach import Reach
from zhida.rules.handbook import html, say
from zhida.rules.handbook.benefit import benefit_page
from zhida.rules.handbook.residents import resident_page
from zhida.rules.handbook.tables import Gaps, parameter_table
from zhida.rules.parameters import Lookup

UP = "./"


def write_handbook(pack: Pack, folder: Path, totals: Mapping[str, Any] | None = None) -> list[Path]:
    """Writes all pages into ``folder`` (made where it is missing); each takes the place of an older one
    only when it is whole. Returns the pages, the index first. Raises OSError, and PackError for broken cases.
    """
    pages = handbook(pack, totals)
    written = []
    for name, content in pages.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f".{path.name}.part")
        try:
            part.write_text(content, encoding="utf-8", newline="\n")
            os.replace(part, path)
        finally:
            part.unlink(missing_ok=True)
        written.append(path)
    return written


def handbook(pack: Pack, totals: Mapping[str, Any] | None = None) -> dict[str, str]:
    """Relative name → page. The same pack gives the same pages. ``totals``: of a scan with this pack, for the
    frequent reasons for no. Raises PackError for broken cases."""
    cases = load_cases(pack)
    reach = Reach(pack)
    gaps, lookup = history_gaps(pack), Lookup(pack)
    pages = {"index.html": _index(pack, cases)}
    for b in pack.benefits.values():
        pages[f"residents/{b.id}.html"] = resident_page(pack, b, reach, cases, lookup, totals)
        pages[f"benefits/{b.id}.html"] = benefit_page(pack, b, reach, cases, gaps, totals)
    pages["parameters.html"] = _parameters(pack, reach, gaps)
    pages["fields.html"] = _fields(pack)
    pages["sources.html"] = _sources(pack)
    return pages


def _index(pack: Pack, cases: tuple[Case, ...]) -> str:
    tried = {b: sum(e.benefit == b for c in cases for e in c.expects) for b in pack.benefits}
    body = [f"<h1>{html.text(pack.name)}手册</h1>", '<ul class="cards">']
    for b in pack.benefits.values():
        about = "，".join(
            t for t in (f"按{say.unit(pack, b)}认定", say.KINDS[b.kind], f"{tried[b.id]} 个验算") if t
        )
        body.append(
            f'<li><h3><a href="residents/{b.id}.html">{html.text(b.name)}</a></h3>'
            f'<p>{html.text(b.says)}</p><p class="small">{html.text(about)}</p>'
            f'<p class="small"><a href="benefits/{b.id}.html">工作人员看的全文</a></p></li>'
        )
    body.append("</ul>")
    body.append("<h2>通则</h2>")
    last = "最后" if pack.age_on == "last" else "第"
    body.append(f"<p>年龄以当月{last}一日为准{html.cited(pack, pack.age_citation, UP)}</p>")
    body.append(f"<p>标准的首发月份{html.cited(pack, pack.first_month_citation, UP)}</p>")
    body.append(f"<p>规则核对到{say.day(pack.verified_through)}，此后的变化未核对。</p>")
    return html.page(pack, "手册", body, UP)


def _parameters(pack: Pack, reach: Reach, gaps: Gaps) -> str:
    body = ["<h1>标准</h1>", '<p class="small">未列出的时间和地方，标准不详。</p>']
    for p in pack.parameters.values():
        body += _parameter(pack, p, reach, gaps)
    return html.page(pack, "标准", body, UP)


def _parameter(pack: Pack, p: Parameter, reach: Reach, gaps: Gaps) -> Iterator[str]:
    measure = f"（{html.text(p.measure)}）" if p.measure else ""
    yield f'<h2 id="{p.id}">{html.text(p.name)}{measure}</h2>'
    if p.says:
        yield f"<p>{html.text(p.says)}</p>"
    users = [b for b in pack.benefits.values() if p.id in reach.uses[b.id]]
    if users:
        links = "、".join(f'<a href="benefits/{b.id}.html">{html.text(b.name)}</a>' for b in users)
        yield f'<p class="small">用于：{links}</p>'
    yield parameter_table(pack, p, gaps, UP)


def _fields(pack: Pack) -> str:
    body = ["<h1>字段</h1>"]
    for unit in pack.units.values():
        fields = [f for f in pack.fields.values() if f.unit == unit.id]
        if fields:
            body.append(f"<h2>{html.text(unit.name)}</h2>")
            heads = ["字段", "类型和取值", "查不到时", "来自", "信息类别"]
            body.append(html.table(heads, [_field_row(pack, f) for f in fields]))
    return html.page(pack, "字段", body, UP)


def _field_row(pack: Pack, f: Field) -> list[str]:
    name = f"<strong>{html.text(f.name)}</strong> {html.code(f.id)}"
    if f.says:
        name += f'<br><span class="small">{html.text(f.says)}</span>'
    kind = html.text(say.kind_of(pack, f))
    if f.kind in (Kind.INT, Kind.MONEY, Kind.DECIMAL, Kind.DATE):
        low, high = (say.number(f.kind, f.places, v) for v in (f.minimum, f.maximum))
        kind += f'<br><span class="small">{low} 至 {high} {html.text(f.measure)}</span>'
    register = pack.registers.get(f.register)
    source = "家庭申报"
    if register is not None:
        how = f"{html.text(register.department)}，{say.ACCESS[register.access]}"
        source = f'{html.text(register.name)}<br><span class="small">{how}</span>'
    return [name, kind, _empty(pack, f), source, say.SENSITIVITY[f.sensitivity]]


def _empty(pack: Pack, f: Field) -> str:
    """What absence means in a complete register; and what only a list presumes, before anybody was asked."""
    if f.empty is None:
        return "不明"
    if f.kind is Kind.ENUM:
        value = html.text(pack.enums[f.enum].choices[f.empty].name)
    else:
        value = html.text(say.number(f.kind, f.places, f.empty))
    register = pack.registers.get(f.register)
    if register is not None and register.access == "register":
        return value
    where = "" if f.presumed_if is None else f"，如果{html.code(f.presumed_if.text)}"
    presumed = f'<span class="small">名单在核实前推定为{value}{where}</span>'
    return f"{'不明' if register is None else value}<br>{presumed}"


def _sources(pack: Pack) -> str:
    body = ["<h1>来源</h1>"]
    rows = []
    for s in pack.sources.values():
        where = f'<br><span class="small">{html.text(s.where)}</span>' if s.where else ""
        title = f'<span id="{s.id}">{html.text(s.title)}</span>{where}'
        evidence = say.EVIDENCE[s.evidence] if s.evidence.is_fact else html.badge(s.evidence)
        rows.append([html.code(s.id), title, html.text(s.issuer), html.text(s.number), evidence])
    body.append(html.table(["编号", "名称", "发布", "文号或日期", "依据"], rows))
    return html.page(pack, "来源", body, UP)
