"""The report of a scan: one HTML page that needs nothing else and can leave the office.

It shows totals only. A count under ``SMALL`` is not shown, nor the sums beside it; where only one of
several counts with a known sum would be hidden, the next smallest is hidden too.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path

from zhida.codes.months import format_month
from zhida.population.errors import writing
from zhida.rules.parameters import is_stale
from zhida.scan import assumed
from zhida.scan.charts import SHADES, Bar, Tile, bars, page, tile_map
from zhida.scan.figures import (
    LISTS,
    Cells,
    Figures,
    Line,
    RegisterState,
    Shown,
    figures_of,
    positions,
    register_states,
    short,
    wan,
)
from zhida.scan.first import Step, steps
from zhida.scan.outlines import Outlines, outline_map
from zhida.scan.result import REPORT, ScanResult
from zhida.scan.totals import REVIEWS, SMALL, WAITING, of_benefit
from zhida.scan.towns import towns_of
from zhida.scan.where import BANDS

NAMES = {"lead": "线索", "verify": "待核实", "review": "待复核", "near": "接近线"}
AGES = {"90+": "90 岁以上", "unknown": "年龄不详"}
MOST_FACTS = 14


def write_report(result: ScanResult, path: Path | None = None, outlines: Outlines | None = None) -> Path:
    """Writes the page (into the folder of the results if not told where) and returns its path. A page
    that is there is replaced once the new one is whole. ``outlines`` of the counties, for the maps.
    Raises SnapshotError."""
    if path is None:
        assert result.folder is not None
        path = result.folder / REPORT
    text = render(result, outlines)
    temporary = path.with_name(f".{path.name}.building")
    with writing(path):
        temporary.write_text(text, encoding="utf-8")
        temporary.replace(path)
    return path


def render(result: ScanResult, outlines: Outlines | None = None) -> str:
    """The page as text."""
    loaded = result.loaded
    manifest = loaded.snapshot.manifest
    figures = figures_of(result)
    states = register_states(loaded)
    synthetic = bool(manifest["synthetic"])
    fraction = float(manifest.get("fraction", 1.0))
    size = "" if fraction >= 1 else f"，为实际人口的 {fraction * 100:g}%"
    template = page("report_template.html")
    year, month = format_month(loaded.month).split("-")
    return template.substitute(
        title=escape(f"{loaded.pack.name} {year}年{int(month)}月 政策找人报告"),
        place=escape(loaded.pack.name),
        month=f"{year} 年 {int(month)} 月",
        banner=(_banner(size) if synthetic else "") + _stale(result),
        mark="合成数据" if synthetic else "内部资料",
        people=f"{result.totals_people:,}",
        homes=f"{result.totals_homes:,}",
        tiles=_key_figures(figures),
        benefit_bars=_benefit_bars(figures),
        benefit_table=_benefit_table(figures.benefits),
        first=_first(steps(result, figures, states)),
        maps=_maps(result, figures, outlines),
        towns=_towns(result, figures),
        county_table=_county_table(result, figures),
        ages=_ages(figures),
        money=_money(figures.benefits),
        facts=_facts(result),
        asks=_asks(result),
        waiting=_waiting(figures),
        registers=_registers(states),
        others=_others(figures.others),
        rules=_assumptions(loaded.once(assumed.of_rules)),
        city=_assumptions(assumed.of_snapshot(loaded)),
        snapshot_id=escape(loaded.snapshot.id),
        pack_hash=escape(loaded.pack.hash),
        pack=escape(loaded.pack.id),
        verified=loaded.pack.verified_through.isoformat(),
        extraction=escape(str(manifest["extraction"])),
        small=str(SMALL),
    )


def _banner(size: str) -> str:
    return (
        '<p class="banner"><strong>合成数据。</strong>本报告里的城市由公布的统计数字随机生成'
        f"{escape(size)}，没有任何真实居民；人数、金额只用来说明方法，不代表实际情况。</p>"
    )


def _stale(result: ScanResult) -> str:
    pack = result.loaded.pack
    if not is_stale(pack, result.loaded.month):
        return ""
    through = pack.verified_through.isoformat()
    return f'<p class="banner"><strong>规则只核对到 {through}。</strong>此后没有人核对过，可能已经变了。</p>'


def plain(shown: Shown) -> str:
    """A count; a withheld one as less than the least shown, or as a dash where it would tell another."""
    if shown.count is None:
        return f"<{SMALL}" if shown.small else "—"
    return f"{shown.count:,}"


def number(shown: Shown) -> str:
    """The same as HTML."""
    return escape(plain(shown))


def between(lo: int | None, hi: int | None) -> str:
    """An amount of money in fen as one figure or two."""
    if lo is None or hi is None:
        return "—"
    low, high = wan(lo), wan(hi)
    if low == high:
        return low
    (first, word), (second, same) = low.split(" "), high.split(" ")
    return f"{first}–{second} {word}" if word == same else f"{low} 至 {high}"


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]], caption: str) -> str:
    """``rows`` are HTML; the first cell names the row."""
    head = "".join(f'<th scope="col">{h}</th>' for h in heads)
    body = "".join(
        f'<tr><th scope="row">{row[0]}</th>' + "".join(f"<td>{c}</td>" for c in row[1:]) + "</tr>"
        for row in rows
    )
    return (
        f'<div class="scroll" tabindex="0"><table><caption>{caption}</caption><thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )


def _key_figures(figures: Figures) -> str:
    t = figures.sums
    lead, automatic, paid = t["lead"], t["automatic"], t["receives"].award
    reviews = f"不再符合 {plain(t['no_longer_fits'])}，金额不同 {plain(t['amount_differs'])}"
    reviews += f"，期满 {plain(t['validity_over'])}"
    boxes = [
        ("lead", "线索", "登记里看来符合、还没有享受", f"每月约 {between(lead.lo, lead.hi)}"),
        ("verify", "待核实", "还差一项信息，而且有困难的迹象", "先查最省事的一项"),
        ("review", "待复核", "正在享受，登记里看来有变化", reviews),
        ("receives", "正在享受", "本月发放的各项待遇", f"每月 {between(paid, paid)}"),
    ]
    found = "".join(
        f'<div class="key {kind}"><h3>{name}</h3><p class="figure">{number(t[kind])}<small> 项</small></p>'
        f"<p>{escape(says)}</p><p>{escape(more)}</p></div>"
        for kind, name, says, more in boxes
    )
    note = ""
    if automatic.count != 0:
        note = f"<p>线索里有 {number(automatic)} 项是免申即享的待遇，核对后直接发放，不用申请。</p>"
    return f'<div class="keys">{found}</div>{note}'


def _benefit_bars(figures: Figures) -> str:
    rows = []
    for line in figures.benefits:
        if any(line.cells[k].count != 0 for k in LISTS):
            rows.append(_three(line.name, line.cells))
    return _legend() + bars(rows)


def _three(name: str, cells: Cells) -> Bar:
    parts = tuple((cells[k].count or 0, k) for k in LISTS)
    return Bar(name, parts, " / ".join(plain(cells[k]) for k in LISTS))


def _legend() -> str:
    items = "".join(f'<span><i class="{k}"></i>{NAMES[k]}</span>' for k in LISTS)
    return f'<p class="legend">{items}<span>（行末依次为三个数）</span></p>'


def _benefit_table(lines: Sequence[Line]) -> str:
    heads = ["待遇", "对象", "正在享受", "线索", "线索每月约", "待核实"]
    heads += ["不再符合", "金额不同", "期满", "暂缓复核", "接近线"]
    rows = []
    for line in lines:
        c = line.cells
        name = escape(line.name) + ('<span class="tag">免申即享</span>' if line.automatic else "")
        amount = "身份，不发钱" if line.period is None else "—"
        if line.period == "month":
            amount = between(c["lead"].lo, c["lead"].hi)
        rows.append(
            [name, escape(line.unit), number(c["receives"]), number(c["lead"]), amount]
            + [number(c[k]) for k in ("verify", *REVIEWS, "waits", "near")]
        )
    return _table(heads, rows, "各项待遇（按项计：一个人或一户的一项待遇）")


def _first(found: Sequence[Step]) -> str:
    items = "".join(f"<li><b>{escape(s.what)}</b>：{escape(s.why)}</li>" for s in found)
    return f"<ol>{items}</ol>" if items else "<p>没有要先办的。</p>"


def _maps(result: ScanResult, figures: Figures, outlines: Outlines | None) -> str:
    """How many of each list there are for 10,000 registered people of the county."""
    counties = [line for line in figures.counties if line.id]
    where = positions(result.loaded.pack, [line.id for line in counties])
    parts = []
    for kind in LISTS:
        tiles = {}
        for line, (row, column) in zip(counties, where, strict=True):
            count = line.cells[kind].count
            rate = None if count is None or not line.registered else count / line.registered * 10_000
            shown = "—" if rate is None else f"{rate:.1f}" if rate < 100 else f"{rate:.0f}"
            tiles[line.id] = Tile(short(line.name), row, column, rate, shown)
        name = NAMES[kind]
        picture = (
            tile_map(list(tiles.values()), name) if outlines is None else outline_map(outlines, tiles, name)
        )
        parts.append(f"<figure><figcaption>{name}</figcaption>{picture}</figure>")
    scale = "".join(f'<i style="background:{c}"></i>' for c in SHADES)
    return f'<div class="maps">{"".join(parts)}</div><p class="scale">少 {scale} 多（每张图各自分级）</p>'


def _towns(result: ScanResult, figures: Figures) -> str:
    """Closed until somebody looks for a county."""
    names = {line.id: line.name for line in figures.counties}
    parts = []
    for county, towns in towns_of(result, figures).items():
        rows = [[escape(t.name), *(number(t.cells[k]) for k in LISTS)] for t in towns]
        name = escape(names[county])
        heads = ("乡镇街道", *(NAMES[k] for k in LISTS))
        table = _table(heads, rows, f"{name}各乡镇街道")
        parts.append(f"<details><summary>{name}</summary>{table}</details>")
    if not parts:
        return ""
    return f'<section class="long towns"><h2>到乡镇街道</h2>{"".join(parts)}</section>'


def _county_table(result: ScanResult, figures: Figures) -> str:
    rows = [
        [escape(line.name or "未分到区县"), f"{line.registered:,}"]
        + [number(line.cells[k]) for k in ("receives", *LISTS, "near")]
        for line in figures.counties
    ]
    heads = ("区县", "户籍人口", "正在享受", "线索", "待核实", "待复核", "接近线")
    return _table(heads, rows, "各区县")


def _ages(figures: Figures) -> str:
    rows = []
    for band, line in zip(BANDS, figures.ages, strict=True):
        if any(line[k].count != 0 for k in LISTS):
            rows.append(_three(AGES.get(band, f"{band.replace('-', '–')} 岁"), line))
    return _legend() + bars(rows)


def _money(lines: Sequence[Line]) -> str:
    rows = []
    for line in lines:
        if line.period == "month":
            now, lead = line.cells["receives"], line.cells["lead"]
            lo, hi = lead.lo or 0, lead.hi or 0
            shown = f"现发 {between(now.award, now.award)}，线索 {between(lead.lo, lead.hi)}"
            parts = ((now.award or 0, "receives"), (lo, "lead"), (hi - lo, "range"))
            rows.append(Bar(line.name, parts, shown))
    legend = (
        '<p class="legend"><span><i class="receives"></i>现在每月发放</span>'
        '<span><i class="lead"></i>线索至少</span><span><i class="range"></i>线索至多多出</span></p>'
    )
    return legend + bars(rows)


def _facts(result: ScanResult) -> str:
    """Which fact would settle most of what is open."""
    loaded = result.loaded
    pack = loaded.pack
    kinds = (pack.fields, pack.parameters, pack.variables, pack.kin)
    known = {x.id: x.name for kind in kinds for x in kind.values()}
    rows = []
    ordered = sorted(result.totals.deciding.items(), key=lambda item: (-item[1], item[0]))
    for (benefit, facts, alone), n in ordered[:MOST_FACTS]:
        if n >= SMALL and facts:
            names = "、".join(known[f] for f in facts[:4]) + ("等" if len(facts) > 4 else "")
            ending = "" if alone else "（要一起查）"
            missing = "（缺标准）" if facts[0] in pack.parameters else ""
            name = f"{pack.benefits[benefit].name}：{names}{ending}{missing}"
            rows.append(Bar(name, ((n, "verify"),), f"{n:,}"))
    return bars(rows) if rows else "<p>没有待核实的项目。</p>"


def _asks(result: ScanResult) -> str:
    """What registers never tell a scan: to be asked before a lead is granted."""
    loaded = result.loaded
    groups: dict[str, list[str]] = {}
    for b in (of_benefit(loaded, name) for name in loaded.benefits):
        if b["ask"] and b["kind"] == "standing":
            names = "、".join(escape(loaded.pack.fields[f].name) for f in b["ask"])
            groups.setdefault(names, []).append(escape(b["name"]))
    items = (f"<li><b>{'、'.join(benefits)}</b>：{names}</li>" for names, benefits in groups.items())
    return f"<ul>{''.join(items)}</ul>"


def _waiting(figures: Figures) -> str:
    gone, differs = (figures.sums[k] for k in WAITING)
    return (
        f"<p>另有 {number(gone)} 项看来不再符合但只差一点、{number(differs)} 项金额差得很少，"
        "而且还在复核周期之内：按复核规则这一次不列入名单。</p>"
    )


def _registers(states: Sequence[RegisterState]) -> str:
    rows = [
        [escape(s.name), escape(s.department), escape(s.as_of), escape(s.complete), s.unknown, s.unread]
        for s in states
    ]
    heads = ("登记", "部门", "截至", "完整到哪里", "读不出的格子", "认不出是谁的行")
    return _table(heads, rows, "登记里没有的，只在完整的地方当作没有；别处当作不知道")


def _others(lines: Sequence[Line]) -> str:
    """Benefits that no monthly list holds: how many may fit, and at most how much."""
    if not lines:
        return ""
    kinds = {"event": "一次性事项", "claim": "凭据申领", "discretionary": "酌情救助"}
    rows = [
        [escape(line.name), kinds.get(line.kind, line.kind), number(line.cells["possible"]), _ceiling(line)]
        for line in lines
    ]
    says = "这些待遇要有事情发生、要申领或由经办人酌情，只说登记里看来符合、或有迹象而不能排除的有多少。"
    table = _table(("待遇", "类别", "符合或不能排除", "至多"), rows, "上限不是预算")
    return f"<section><h2>不进月度名单的待遇</h2><p>{says}</p>{table}</section>"


def _ceiling(line: Line) -> str:
    hi = line.cells["possible"].hi
    return "—" if hi is None or line.period is None else wan(hi)


def _assumptions(found: Sequence[assumed.Assumption]) -> str:
    items = "".join(
        f"<li><b>{escape(a.what)}</b>：{escape(a.says)}"
        + (f'<span class="tag">{escape(a.evidence)}</span>' if a.evidence else "")
        + "</li>"
        for a in found
    )
    return f"<ul>{items}</ul>" if items else "<p>没有。</p>"


__all__ = ["REPORT", "render", "write_report"]
