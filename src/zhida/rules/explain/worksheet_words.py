"""The income work-sheet for people: rows of a table, and one HTML page that prints on one side of A4."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from html import escape

from zhida.codes.money import format_yuan
from zhida.rules.declarations import Field
from zhida.rules.explain.worksheet import Against, Cell, Column, Sheet, Span
from zhida.rules.handbook import say
from zhida.rules.supplements import SheetLine

WAYS = {
    "registered": "登记",
    "authorised": "授权查询",
    "declared": "申报",
    "imputed": "推定",
    "deducted": "扣减",
}
CROWDED = 12
"""From more members than this on the rows stand closer."""
STANDS = {"below": "低于", "equal": "等于", "above": "高于"}
COUNTED = {"yes": "计入", "no": "不计入", "undetermined": "是否计入未定"}
WIDE = 4
"""From more members than this on each has a row, and the page lies on its long side."""


def amount(span: Span, unit: int = 100) -> str:
    """To two decimals for reading, «约» where something was cut; what is not known is said."""
    if not span.applies:
        return "不适用"
    low, high = (None if end is None else _money(end, unit) for end in (span.lo, span.hi))
    if low is None or high is None:
        return f"至少 {low}" if low is not None and span.lo != 0 else f"至多 {high}" if high else "不明"
    return low if low == high else f"{low} 至 {high}"


def _money(x: Fraction, unit: int) -> str:
    if unit == 1:
        return f"{x.numerator // x.denominator:,}"
    cents = Decimal(x.numerator) / Decimal(x.denominator)
    cut = cents.quantize(Decimal(1), ROUND_HALF_UP)
    return ("" if cut * x.denominator == x.numerator else "约 ") + format_yuan(int(cut))


def yuan(span: Span) -> str:
    """With its unit, where there is an amount."""
    text = amount(span)
    return text if text in ("不明", "不适用") else f"{text} 元"


def rows(sheet: Sheet) -> tuple[list[str], list[list[str]]]:
    """Heads and rows as they are laid out: a row a line, or, of a large family, a row a member."""
    return by_member(sheet) if len(sheet.columns) > WIDE else by_line(sheet)


def by_member(sheet: Sheet) -> tuple[list[str], list[list[str]]]:
    """Two rows say how each line was come by and on what basis; then one for each member."""
    lines = sheet.sheet.lines
    found = [
        ["取得", *(WAYS[line.way] for line in lines), "", ""],
        ["依据", *(basis(sheet, line) for line in lines), "", ""],
    ]
    found += [
        [c.id, *(_cell(x) for x in c.cells), amount(c.total), COUNTED[c.counted]] for c in sheet.columns
    ]
    return ["成员", *(_name(sheet, line) for line in lines), "本人收入合计", "算入本户"], found


def by_line(sheet: Sheet) -> tuple[list[str], list[list[str]]]:
    """Name, how it was come by, basis, an amount for each member; then the sums."""
    heads = ["项目", "取得", "依据", *(c.id for c in sheet.columns)]
    found = []
    for i, line in enumerate(sheet.sheet.lines):
        cells = [_cell(c.cells[i]) for c in sheet.columns]
        found.append([_name(sheet, line), WAYS[line.way], basis(sheet, line), *cells])
    found.append(["本人收入合计", "", "", *(amount(c.total) for c in sheet.columns)])
    found.append(["算入本户", "", "", *(COUNTED[c.counted] for c in sheet.columns)])
    return heads, found


def _name(sheet: Sheet, line: SheetLine) -> str:
    record = sheet.pack.fields.get(line.of) or sheet.pack.variables[line.of]
    return record.name


def _cell(cell: Cell) -> str:
    known = cell.amount.applies and cell.amount.hi not in (None, 0)
    sign = "−" if cell.line.way == "deducted" and known else ""
    text = sign + amount(cell.amount)
    if cell.counted == "yes" or not cell.amount.applies:
        return text
    return f"{text}（{COUNTED[cell.counted]}）"


def basis(sheet: Sheet, line: SheetLine) -> str:
    """Register, source by its id, article; the sources themselves stand once, in :func:`notes`."""
    pack = sheet.pack
    record = pack.fields.get(line.of)
    register = pack.registers.get(record.register) if isinstance(record, Field) else None
    c = line.citation
    doubt = "" if c.evidence.is_fact else f"［{say.EVIDENCE[c.evidence]}］"
    source = f"{c.source} {c.article}".strip() + doubt
    return "，".join(t for t in (register.name if register is not None else "", source) if t)


def sums(sheet: Sheet) -> list[str]:
    """What the lines come to, in sentences."""
    found = [
        f"家庭月收入 {yuan(sheet.total)}，算入 {amount(sheet.size, 1)} 人，人均 {yuan(sheet.per_head)}。"
    ]
    found += [against(a, sheet) for a in sheet.against]
    found += [counted(c, sheet) for c in sheet.columns if c.counted != "yes" and c.grounds]
    off = [c.id for c in sheet.columns if c.agrees is False]
    if off:
        found.append(f"{'、'.join(off)}：各行相加与规则算出的本人收入不同，以规则为准；请检查核算表的各行。")
    return found


def counted(column: Column, sheet: Sheet) -> str:
    """Why somebody is not reckoned with, or may not be."""
    said = []
    for g in column.grounds:
        source = say.citation_source(sheet.pack, g.citation.source, g.citation.article)
        said.append(f"{g.says}，{source}" if source else g.says)
    return f"{column.id} {COUNTED[column.counted]}：{'；或'.join(said)}。"


def against(one: Against, sheet: Sheet) -> str:
    source = say.citation_source(sheet.pack, one.source, one.article)
    line = f"{one.name} {yuan(one.amount)}"
    told = (
        f"人均收入{STANDS[one.stands]}{line}" if one.stands in STANDS else f"人均收入比{line}高还是低，未定"
    )
    return f"{told}{f'，{source}' if source else ''}。"


def notes(sheet: Sheet) -> list[str]:
    """What is to be known of lines, and that nobody has checked the rules so far on."""
    cited = dict.fromkeys(line.citation.source for line in sheet.sheet.lines if line.citation.source)
    found = [f"{id} 是{say.citation_source(sheet.pack, id, '')}" for id in cited]
    for line in sheet.sheet.lines:
        if line.citation.note:
            found.append(f"{_name(sheet, line)}：{line.citation.note}")
    if sheet.stale:
        found.append(f"规则只核对到{say.day(sheet.pack.verified_through)}，此后没有人核对过。")
    return found


def heading(sheet: Sheet) -> str:
    place = say.places(sheet.pack, [sheet.division])
    return f"{say.month(sheet.month)}，{place}，按{sheet.pack.name}的规则；金额为元/月"


STYLE = """
@page{size:A4 $turn;margin:12mm}
*{box-sizing:border-box}
body{margin:0 auto;max-width:$width;padding:16px;color:#1d2b26;line-height:1.45;font-size:$size;
font-family:"Noto Sans CJK SC","PingFang SC","Microsoft YaHei",sans-serif}
h1{font-size:1.5em;text-align:center;margin:.2em 0}
p{margin:.3em 0}
.soft{color:#555;font-size:.9em}
.mark{text-align:center;color:#b2473f;font-weight:700}
.wide{overflow-x:auto}
table{border-collapse:collapse;width:100%;margin:.6em 0}
th,td{border:1px solid #667;padding:$pad .45em;text-align:left;vertical-align:top}
th{background:#eef2f0}
td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}
td:first-child,th:first-child{white-space:nowrap}
td.basis{min-width:9em}
tr.sum td{font-weight:700;background:#f6f8f7}
ul{margin:.3em 0;padding-left:1.2em}
.sign{display:flex;flex-wrap:wrap;gap:.6em 2em;margin-top:1.6em}
.sign span{flex:1 1 12em;border-bottom:1px solid #667;padding-bottom:.2em}
@media print{body{padding:0;max-width:none}tr{break-inside:avoid}}
@media(max-width:600px){body{padding:8px;font-size:12px}}
""".strip()


def page(sheet: Sheet, mark: str = "") -> str:
    """One page that needs nothing else. ``mark``: stands above, as for a household that is not real."""
    heads, cells = rows(sheet)
    wide = len(sheet.columns) > WIDE
    crowded = len(sheet.columns) > CROWDED
    size = "9px" if crowded else "11px" if wide else "13px"
    style = STYLE.replace("$turn", "landscape" if wide else "portrait")
    style = style.replace("$width", "1080px" if wide else "780px").replace("$size", size)
    style = style.replace("$pad", ".08em" if crowded else ".25em")
    title = escape(sheet.sheet.name)
    first = 1 if wide else 3
    head = "".join(f"<th{_kind(i, first)}>{escape(h)}</th>" for i, h in enumerate(heads))
    body = "".join(_row(row, first, not wide and i >= len(cells) - 2) for i, row in enumerate(cells))
    told = "".join(f"<li>{escape(s)}</li>" for s in sums(sheet))
    more = "".join(f"<li>{escape(s)}</li>" for s in notes(sheet))
    return (
        '<!doctype html>\n<html lang="zh-CN">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width,initial-scale=1">\n'
        f"<title>{title}</title>\n<style>{style}</style>\n</head>\n<body>\n"
        + (f'<p class="mark">{escape(mark)}</p>\n' if mark else "")
        + f"<h1>{title}</h1>\n<p>{escape(heading(sheet))}</p>\n"
        f'<div class="wide"><table><thead><tr>{head}</tr></thead>\n<tbody>{body}</tbody></table></div>\n'
        f"<ul>{told}</ul>\n"
        + (f'<div class="soft"><p>说明</p><ul>{more}</ul></div>\n' if more else "")
        + '<p class="sign"><span>申报人：</span><span>经办人：</span><span>日期：</span></p>\n'
        f'<p class="soft">规则包 {escape(sheet.pack.id)} {sheet.pack.hash[:16]}；'
        f"规则核对到{say.day(sheet.pack.verified_through)}。</p>\n</body>\n</html>\n"
    )


def _kind(i: int, first: int) -> str:
    """``first``: the first column of amounts."""
    if i >= first:
        return ' class="n"'
    return ' class="basis"' if i == 2 else ""


def _row(cells: Sequence[str], first: int, is_sum: bool) -> str:
    inner = "".join(f"<td{_kind(i, first)}>{escape(c)}</td>" for i, c in enumerate(cells))
    kind = ' class="sum"' if is_sum else ""
    return f"<tr{kind}>{inner}</tr>\n"
