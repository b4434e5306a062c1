"""A simulation as one HTML page that needs nothing else: charts and tables of the data that may leave."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

from zhida.population.errors import writing
from zhida.rules.checks.difference_words import value_words
from zhida.rules.checks.differences import Differences, differences
from zhida.rules.declarations import Pack
from zhida.scan import effect_words as words
from zhida.scan.charts import Bar, Tile, bars, page, tile_map
from zhida.scan.figures import positions, short
from zhida.scan.reforming import Reformed

Told = Mapping[str, Any]
AGES = {"90+": "90 岁以上", "unknown": "年龄不详"}


def write_page(found: Told, done: Reformed, path: Path) -> Path:
    """Writes the page; one that is there is replaced once the new one is whole. Raises SnapshotError."""
    temporary = path.with_name(f".{path.name}.building")
    with writing(path):
        temporary.write_text(render(found, done), encoding="utf-8")
        temporary.replace(path)
    return path


def render(found: Told, done: Reformed) -> str:
    """``found``: the document that leaves; ``done`` only for names and the rules themselves."""
    simulation = done.simulation
    old, new = simulation.loaded.pack, simulation.pack
    synthetic = bool(found["synthetic"])
    effects = found["effects"]
    template = page("effect_template.html")
    year, month = found["month"].split("-")
    return template.substitute(
        title=escape(f"{old.name} {year}年{int(month)}月 改革模拟"),
        place=escape(old.name),
        month=f"{year} 年 {int(month)} 月",
        mark="合成数据" if synthetic else "内部资料",
        banner=(_banner(found) if synthetic else "") + _stale(found),
        changes=_changes(differences(old, new), simulation.loaded.month),
        solved="".join(f"<p>{escape(t)}</p>" for t in words.solved(found)) if found["solve"] else "",
        keys=_keys(found),
        benefits=_benefits(found),
        maps=_maps(found, old),
        counties=_counties(found),
        tenths=_tenths(found),
        ages=_ages(found),
        spread=_list(words.income(found, old)),
        sharing=_list(words.sharing(effects["sharing"])),
        cliffs=_cliffs(found),
        method=_list(_method(found, old)),
        snapshot_id=escape(found["snapshot_id"]),
        pack=escape(old.id),
        pack_hash=found["pack_hash"],
        reform_hash=found["reform_hash"],
        verified=found["verified_through"],
        stale="，此后没有人核对过" if found["stale"] else "",
        small=str(found["small"]),
    )


def _banner(found: Told) -> str:
    size = "" if found["fraction"] >= 1 else f"，为实际人口的 {found['fraction'] * 100:g}%，数字没有放大"
    return (
        '<p class="banner"><strong>合成数据。</strong>这里的城市由公布的统计数字随机生成'
        f"{escape(size)}，没有任何真实居民；人数、金额只用来说明方法，不代表实际情况。</p>"
    )


def _stale(found: Told) -> str:
    if not found["stale"]:
        return ""
    through = found["verified_through"]
    return f'<p class="banner"><strong>规则只核对到 {through}。</strong>此后没有人核对过，可能已经变了。</p>'


def _list(texts: Iterable[str]) -> str:
    items = "".join(f"<li>{escape(t)}</li>" for t in texts)
    return f"<ul>{items}</ul>" if items else "<p>没有。</p>"


def _changes(found: Differences, month: int) -> str:
    """The values that differ in the month, and every other rule that does."""
    now = [c for c in found.values if c.first <= month and (c.until is None or month < c.until)]
    told = [value_words(found, c, with_benefits=False) for c in now]
    for record in found.records:
        for detail in record.details:
            name = record.name or record.id
            told.append(f"{name}：{_formula(detail.before)} → {_formula(detail.after)}")
    return _list(told)


def _formula(value: Any) -> str:
    text = getattr(value, "text", None)
    if text is None and isinstance(value, (tuple, list)):
        text = "；".join(_formula(v) for v in value)
    return " ".join(str(text if text is not None else value).split())[:200]


def _keys(found: Told) -> str:
    small, effects = found["small"], found["effects"]
    homes = effects["households"]
    sums = {k: [b[k] for b in effects["benefits"]] for k in ("new", "ended")}
    cost = words.money(effects["cost"]["lo"], effects["cost"]["hi"])
    work = f"{_sum(sums['new'])} / {_sum(sums['ended'])}"
    boxes = [
        ("", "每年多支出", cost, "负数是节省"),
        ("win", "多得的户", words.count(homes["winners"], small), "各项待遇合计比现在多"),
        ("lose", "少得的户", words.count(homes["losers"], small), "各项待遇合计比现在少"),
        ("open", "要办的事", work, "新增 / 终止的项数"),
    ]
    inner = "".join(
        f'<div class="key {kind}"><h3>{name}</h3><p class="figure">{escape(figure)}</p><p>{says}</p></div>'
        for kind, name, figure, says in boxes
    )
    return f'<div class="keys">{inner}</div>'


def _sum(counts: Sequence[int | None]) -> str:
    """A sum of what is told; with a mark where something withheld is missing in it."""
    known = sum(n for n in counts if n is not None)
    if None not in counts:
        return f"{known:,}"
    return f"{known:,} 以上" if known else "不列"


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]], caption: str) -> str:
    head = "".join(f'<th scope="col">{escape(h)}</th>' for h in heads)
    body = "".join(
        f'<tr><th scope="row">{escape(row[0])}</th>'
        + "".join(f"<td>{escape(c)}</td>" for c in row[1:])
        + "</tr>"
        for row in rows
    )
    return (
        f'<div class="scroll" tabindex="0"><table><caption>{escape(caption)}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _benefits(found: Told) -> str:
    rows = words.benefit_rows(found)
    if not rows:
        return "<p>没有一项待遇因此改变。</p>"
    most = [b for b in found["effects"]["benefits"] if b["cost_hi"]]
    shown = []
    for b in most:
        part = (abs(b["cost_hi"]), "money" if b["cost_hi"] > 0 else "lose")
        shown.append(Bar(b["name"], (part,), _cost(b, found)))
    spent, saved = '<i class="money"></i>每年多支出', '<i class="lose"></i>节省'
    legend = f'<p class="legend"><span>{spent}</span><span>{saved}</span></p>'
    return legend + bars(shown) + _table(words.BENEFIT_HEADS, rows, "一个人或一户的一项待遇算一项")


def _cost(one: Told, found: Told) -> str:
    return words.money(one["cost_lo"], one["cost_hi"])


def _homes(row: Told, found: Told) -> tuple[str, str, str]:
    return (
        words.along(row["winners"]),
        words.along(row["losers"]),
        words.money(row["lo"], row["hi"]),
    )


def _maps(found: Told, pack: Pack) -> str:
    counties = [c for c in found["effects"]["by_county"] if c["county"]]
    where = positions(pack, [c["county"] for c in counties])
    figures = []
    for name, title in (("winners", "多得的户，每万户"), ("losers", "少得的户，每万户")):
        tiles = []
        for c, (row, column) in zip(counties, where, strict=True):
            count = c[name]
            rate = None if count is None or not c["households"] else count / c["households"] * 10_000
            tiles.append(
                Tile(short(c["county_name"]), row, column, rate, "—" if rate is None else f"{rate:.0f}")
            )
        figures.append(f"<figure><figcaption>{title}</figcaption>{tile_map(tiles, title)}</figure>")
    return f'<div class="maps">{"".join(figures)}</div>'


def _counties(found: Told) -> str:
    rows = [
        (c["county_name"] or "未分到区县", f"{c['households']:,}", *_homes(c, found))
        for c in found["effects"]["by_county"]
    ]
    return _table(("区县", "户", "多得", "少得", "每年多支出"), rows, "按户现住的区县")


def _legend() -> str:
    return (
        '<p class="legend"><span><i class="win"></i>多得的户</span><span><i class="lose"></i>少得的户</span>'
        '<span><i class="open"></i>说不定</span></p>'
    )


def _bar(name: str, row: Told) -> Bar:
    parts = tuple((row[k] or 0, c) for k, c in (("winners", "win"), ("losers", "lose"), ("unclear", "open")))
    return Bar(name, parts, f"{words.along(row['winners'])} / {words.along(row['losers'])}")


def _tenths(found: Told) -> str:
    spread = found["effects"]["income"]
    if spread is None:
        return "<p>规则包没有写明哪些是收入。</p>"
    rows = []
    for t in spread["tenths"]:
        start = "" if t["from"] is None else f" {t['from']:,} 元起"
        rows.append(_bar(f"{t['tenth']}.{start}", t))
    rows.append(_bar("收入不明", spread["unknown"]))
    says = "人按本户每人登记收入从低到高分成十组，每组人数相等；户归在本户的组里。元/年。"
    return f'<p class="soft">{says}</p>{_legend()}{bars(rows)}'


def _ages(found: Told) -> str:
    rows = [
        _bar(AGES.get(a["age"], f"{a['age'].replace('-', '–')} 岁"), a) for a in found["effects"]["by_age"]
    ]
    return _legend() + bars(rows)


def _cliffs(found: Told) -> str:
    """The sentences, and a table of what falls before and after."""
    both = found["effects"]["cliffs"]
    if both is None:
        return ""
    told = [line.strip() for line in words.cliffs(found) if not line.startswith("    ")]
    sides = ("before", "after") if found["affected"] else ("before",)
    by_side = {s: {b["benefit"]: b for b in both[s]["benefits"]} for s in sides}
    names = {b["benefit"]: b["name"] for s in sides for b in both[s]["benefits"]}
    none = {"households": 0, "ends": 0}
    rows = [
        (
            name,
            *(words.along(by_side[s].get(b, none)[k]) for s in sides for k in ("households", "ends")),
        )
        for b, name in names.items()
    ]
    heads = ("待遇", "现在少得的户", "其中有人停发", "改后少得的户", "其中有人停发")[: 1 + 2 * len(sides)]
    table = _table(heads, rows, "跌下来的待遇") if rows else ""
    return f"<section><h2>陡坡</h2>{_list(t.removeprefix('陡坡：') for t in told)}{table}</section>"


def _method(found: Told, pack: Pack) -> list[str]:
    told = [
        "两边都是就登记所见的规则：家庭没有申报、没有授权的，先当作没有；金额只知道范围的，给出两头。",
        "已经在领的待遇，两边都当作在领；由停发引起的下一步变化不再往下推。",
        "每年的数是一个月的十二倍；一次性的、凭据的和酌情的待遇不在内。",
        "基尼系数用整数元的每人每年收入精确算出，最后才除一次；待遇金额取低的一头。",
    ]
    spread = found["effects"]["income"]
    if spread is not None and spread["poverty"] is not None:
        line = pack.parameters[spread["poverty"]["line"]].name
        told.append(f"贫困缺口以改革前的{line}为线，两边同一条线，缺多少按户加总，精确到分。")
    told.append("陡坡逐个成员试：只给这一个人加钱，别人不变；已有的发放记录不看，只看按规则该得多少。")
    return told
