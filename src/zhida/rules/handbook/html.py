"""A page: its frame, its looks, and the few pieces that all pages are made of."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from zhida.rules.declarations import Citation, Evidence, Pack
from zhida.rules.handbook import say

STYLE = """
:root{--ink:#1f2933;--soft:#5b6773;--line:#d9dee3;--ground:#fff;--pale:#f4f6f7;--main:#0b5563;--doubt:#8a5200;
--doubt-ground:#fff6e5;--yes:#1d6b3c;--no:#9b2c2c}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%}
body{margin:0;color:var(--ink);background:var(--ground);line-height:1.75;
font-family:"PingFang SC","Hiragino Sans GB","Microsoft YaHei","Noto Sans CJK SC",sans-serif}
a{color:var(--main)}
.top{border-bottom:1px solid var(--line);background:var(--pale)}
.top nav{max-width:52rem;margin:auto;padding:.7rem 1.1rem;display:flex;flex-wrap:wrap;gap:.2rem 1.2rem}
.top a{text-decoration:none}
.top .home{font-weight:700;color:var(--ink)}
main{max-width:52rem;margin:auto;padding:1.4rem 1.1rem 4rem}
h1{font-size:1.7rem;line-height:1.35;margin:.4rem 0 .6rem}
h2{font-size:1.2rem;margin:2.4rem 0 .7rem;padding-bottom:.3rem;border-bottom:2px solid var(--main)}
h3{font-size:1.02rem;margin:1.6rem 0 .4rem}
p{margin:.5rem 0}
.lead{font-size:1.1rem}
.facts{display:flex;flex-wrap:wrap;gap:.4rem .5rem;margin:.8rem 0;padding:0;list-style:none}
.facts li{background:var(--pale);border-radius:.3rem;padding:.1rem .6rem;font-size:.9rem}
ol.conditions{padding-left:1.6rem}
ol.conditions>li{margin:1rem 0;padding-left:.2rem}
ol.conditions>li::marker{font-weight:700;color:var(--main)}
.says{font-weight:600}
code{font-family:ui-monospace,Menlo,Consolas,"Noto Sans Mono CJK SC",monospace;font-size:.88em;
background:var(--pale);border-radius:.25rem;padding:.1rem .35rem;overflow-wrap:anywhere;white-space:pre-wrap;
-webkit-box-decoration-break:clone;box-decoration-break:clone}
.source{display:block;color:var(--soft);font-size:.88rem}
.source a{color:var(--soft);text-decoration-color:var(--line);text-underline-offset:.2em}
.badge{display:inline-block;font-size:.78rem;line-height:1.5;border-radius:.25rem;padding:0 .4rem;
border:1px solid var(--doubt);color:var(--doubt);background:var(--doubt-ground);font-weight:400;
white-space:nowrap}
.note{color:var(--doubt)}
.wide{overflow-x:auto;margin:.6rem 0 1rem}
table{border-collapse:collapse;width:100%;font-size:.92rem}
th,td{text-align:left;vertical-align:top;padding:.4rem .7rem .4rem 0;border-bottom:1px solid var(--line)}
th{color:var(--soft);font-weight:600;white-space:nowrap}
td.number,th.number{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap;padding-right:1.1rem}
td.number{font-weight:600}
td:first-child{min-width:8.5em}
td:nth-child(2){min-width:4.5em}
.cards{list-style:none;margin:1rem 0;padding:0;display:grid;gap:.8rem}
.cards li{border:1px solid var(--line);border-radius:.5rem;padding:.8rem 1rem}
.cards h3{margin:0 0 .2rem;font-size:1.1rem}
.cards p{margin:.2rem 0}
.small{color:var(--soft);font-size:.88rem}
.example{border-left:3px solid var(--line);padding:.1rem 0 .1rem .9rem;margin:1rem 0}
.example.yes{border-color:var(--yes)}
.example.no{border-color:var(--no)}
.example.undetermined{border-color:var(--doubt)}
.example h3{margin:0}
.example ul{margin:.3rem 0;padding-left:1.2rem}
.result{font-weight:600}
.yes .result{color:var(--yes)}
.no .result{color:var(--no)}
.undetermined .result{color:var(--doubt)}
footer{border-top:1px solid var(--line);color:var(--soft);font-size:.82rem;margin-top:3rem;padding-top:.8rem;
overflow-wrap:anywhere}
@media(min-width:44rem){.cards{grid-template-columns:1fr 1fr}}
@media(max-width:40rem){
table.fold,table.fold tbody,table.fold tr,table.fold td{display:block}
table.fold thead{display:none}
table.fold tr{border:1px solid var(--line);border-radius:.4rem;padding:.3rem .8rem;margin:.6rem 0}
table.fold td{border:0;padding:.15rem 0;text-align:left;white-space:normal;min-width:0}
table.fold td:empty{display:none}
table.fold td[data-head]::before{content:attr(data-head) "：";color:var(--soft);font-weight:400}
}
@media print{
.top{display:none}
body{font-size:10.5pt}
main{max-width:none;padding:0}
a{color:inherit;text-decoration:none}
h2,h3{break-after:avoid}
tr,li,.example{break-inside:avoid}
.wide{overflow:visible}
}
""".strip()


def text(value: str) -> str:
    """Text as HTML."""
    return escape(value, quote=True)


def page(pack: Pack, title: str, body: Sequence[str], up: str) -> str:
    """A whole page. ``up``: the way to the folder of the index, './' or '../'."""
    links = "".join(
        f'<a href="{up}{file}">{label}</a>'
        for file, label in (("parameters.html", "标准"), ("fields.html", "字段"), ("sources.html", "来源"))
    )
    return "\n".join(
        (
            "<!doctype html>",
            '<html lang="zh-CN">',
            "<head>",
            '<meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width,initial-scale=1">',
            f"<title>{text(title)} · {text(pack.name)}</title>",
            f"<style>{STYLE}</style>",
            "</head>",
            "<body>",
            '<header class="top"><nav>',
            f'<a class="home" href="{up}index.html">{text(pack.name)}手册</a>{links}',
            "</nav></header>",
            "<main>",
            *body,
            f"<footer>由规则包 {text(pack.id)} 生成；"
            f"规则核对到 {say.day(pack.verified_through)}，此后的变化未核对；"
            f"版本 {pack.hash[:16]}</footer>",
            "</main>",
            "</body>",
            "</html>",
            "",
        )
    )


def badge(evidence: Evidence) -> str:
    """A mark where a statement is no fact."""
    return "" if evidence.is_fact else f'<span class="badge">{say.EVIDENCE[evidence]}</span>'


def cited(pack: Pack, c: Citation, up: str) -> str:
    """Source with article, mark and note, on a line of its own."""
    parts = []
    source = say.citation_source(pack, c.source, c.article)
    if source:
        parts.append(f'<a href="{up}sources.html#{text(c.source)}">{text(source)}</a>')
    parts.append(badge(c.evidence))
    if c.note:
        parts.append(f'<span class="{"small" if c.evidence.is_fact else "note"}">{text(c.note)}</span>')
    return f'<span class="source">{" ".join(p for p in parts if p)}</span>'


def code(formula: str) -> str:
    return f"<code>{text(formula)}</code>"


def table(
    heads: Sequence[str], rows: Iterable[Sequence[str]], numbers: Sequence[int] = (), fold: bool = True
) -> str:
    """Cells are HTML already. ``numbers``: columns set to the right. ``fold``: a card a row on a phone."""

    def mark(i: int) -> str:
        return ' class="number"' if i in numbers else ""

    top = "".join(f"<th{mark(i)}>{text(h)}</th>" for i, h in enumerate(heads))
    body = "".join(
        "<tr>"
        + "".join(f'<td{mark(i)} data-head="{text(heads[i])}">{cell}</td>' for i, cell in enumerate(row))
        + "</tr>\n"
        for row in rows
    )
    kind = ' class="fold"' if fold else ""
    return (
        f'<div class="wide"><table{kind}><thead><tr>{top}</tr></thead>\n<tbody>\n{body}</tbody></table></div>'
    )
