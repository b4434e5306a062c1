"""The quality report as one HTML page that needs nothing else and prints."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from importlib import resources
from string import Template
from typing import Any

_STATES = {"on_time": "按时", "late": "过期", "missing": "未交", "on_request": "按需"}
_EVERY = {"month": "每月", "quarter": "每季", "year": "每年", "on_request": "按需"}
_SHOWN_CAUSES = 12


def page(answer: dict[str, Any]) -> str:
    """``answer``: what ``as_json`` gives."""
    template = Template(resources.files(__package__).joinpath("page_template.html").read_text("utf-8"))
    return template.substitute(
        title=f"数据质量报告 {answer['month']}",
        month=escape(answer["month"]),
        mark='<p class="mark">合成数据，没有真实的人</p>' if answer["synthetic"] else "",
        keys=_keys(answer),
        timeliness=_timeliness(answer),
        conformity=_conformity(answer),
        causes=_causes(answer),
        consistency=_consistency(answer),
        course=_course(answer),
        small=answer["small"],
    )


def parties_of(answer: dict[str, Any], contradiction: dict[str, Any]) -> str:
    """The sources that contradict each other, by name, and in which field."""
    names = {t["source"]: t["name"] for t in answer["timeliness"]}
    told = [names.get(x, x) for x in (contradiction["one"], contradiction["other"]) if x]
    return " / ".join([*told, *([contradiction["field_name"]] if contradiction["field"] else [])])


def _share(part: int, whole: int) -> str:
    """Per cent with two decimals, exact until the last place; "—" of nothing."""
    if not whole:
        return "—"
    hundredths = part * 10_000 // whole
    return f"{hundredths // 100}.{hundredths % 100:02d}%"


def _number(count: int | None) -> str:
    return "…" if count is None else f"{count:,}"


def _table(headings: Sequence[str], rows: Iterable[Sequence[str]], caption: str = "") -> str:
    """Cells are HTML already; the first of each row is its heading."""
    head = "".join(f'<th scope="col">{h}</th>' for h in headings)
    body = "".join(
        f'<tr><th scope="row">{row[0]}</th>' + "".join(f"<td>{c}</td>" for c in row[1:]) + "</tr>"
        for row in rows
    )
    told = f"<caption>{caption}</caption>" if caption else ""
    return (
        f'<div class="scroll"><table>{told}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'
    )


def _keys(answer: dict[str, Any]) -> str:
    due = sum(t["due"] for t in answer["timeliness"])
    on_time = sum(t["on_time"] for t in answer["timeliness"])
    read, refused, waiting = (sum(c[k] for c in answer["conformity"]) for k in ("read", "refused", "waiting"))
    found = answer["consistency"]
    kinds = "—" if found is None else str(len({c["kind"] for c in found}))
    keys = (
        ("时效性：按时交来的（来源×区县）", _share(on_time, due), f"{on_time:,} / {due:,}"),
        ("规范性：合格的行", _share(read - refused, read), f"{read - refused:,} / {read:,}"),
        ("待补正的行", f"{waiting:,}", "在隔离区"),
        ("对比性：矛盾的种类", kinds, "还没有做本月快照，未比对" if found is None else "来源之间说法不同"),
    )
    return "".join(
        f'<div class="key"><p>{escape(name)}</p><p class="figure">{figure}</p><p>{escape(note)}</p></div>'
        for name, figure, note in keys
    )


def _timeliness(answer: dict[str, Any]) -> str:
    names = [c["name"] for c in answer["counties"]]
    rows, never = [], []
    for t in answer["timeliness"]:
        if not any(p["as_of"] for p in t["places"]):
            never.append(f"{t['name']}（{t['department']}，{_EVERY[t['every']]}）")
            continue
        cells = [
            f'<span class="{p["state"]}">{p["as_of"][5:] if p["as_of"] else _STATES[p["state"]]}</span>'
            for p in t["places"]
        ]
        rows.append((_named(t["name"], t["department"]), _EVERY[t["every"]], *cells))
    caption = "格中是最近一份的数据日期（月-日）；红字为过期或未交"
    shown = _table(("来源", "周期", *map(escape, names)), rows, caption)
    return shown + (f"<p>没有任何区县交来：{escape('、'.join(never))}</p>" if never else "")


def _named(name: str, below: str) -> str:
    return f"{escape(name)}<small>{escape(below)}</small>"


def _conformity(answer: dict[str, Any]) -> str:
    """Share of rows in order: a row a source, a column a county."""
    codes = [c["code"] for c in answer["counties"]]
    by_source: dict[str, list[dict[str, Any]]] = {}
    for c in answer["conformity"]:
        by_source.setdefault(c["name"], []).append(c)
    rows = []
    for name, mine in by_source.items():
        read, refused, mended, waiting = (
            sum(c[k] for c in mine) for k in ("read", "refused", "mended", "waiting")
        )
        by = {c["county"]: _share(c["read"] - c["refused"], c["read"]) for c in mine}
        counts = (f"{n:,}" for n in (read, refused, mended, waiting))
        rows.append(
            (escape(name), *counts, _share(read - refused, read), *(by.get(code, "") for code in codes))
        )
    headings = (
        "来源",
        "读入行",
        "不合格",
        "已补正",
        "待补正",
        "合格率",
        *(c["name"] for c in answer["counties"]),
    )
    return _table([escape(h) for h in headings], rows, "各区县为合格率")


def _causes(answer: dict[str, Any]) -> str:
    """The commonest causes over all counties, by source and column."""
    sums: dict[tuple[str, str, str], int] = {}
    for c in answer["conformity"]:
        for cause in c["causes"]:
            key = (c["name"], cause["name"], cause["says"])
            sums[key] = sums.get(key, 0) + cause["rows"]
    most = sorted(sums.items(), key=lambda x: (-x[1], x[0]))[:_SHOWN_CAUSES]
    if not most:
        return "<p>没有不合格的行。</p>"
    top = most[0][1]
    bars = (
        f'<div class="bar"><span>{escape(source)} · {escape(name)}：{escape(says)}</span>'
        f'<span class="track"><i style="width:{max(1, rows * 100 // top)}%"></i></span>'
        f'<span class="end">{rows:,} 行</span></div>'
        for (source, name, says), rows in most
    )
    return f'<div class="bars">{"".join(bars)}</div>'


def _consistency(answer: dict[str, Any]) -> str:
    found = answer["consistency"]
    if found is None:
        return "<p>本月还没有做快照（zhida snapshot），各来源没有比对。</p>"
    if not found:
        return "<p>各来源之间没有发现矛盾。</p>"
    names = [c["name"] for c in answer["counties"]]
    codes = [c["code"] for c in answer["counties"]]
    rows = []
    for c in found:
        by = {x["county"]: x["people"] for x in c["counties"]}
        parties = parties_of(answer, c)
        cells = [_number(by[code]) if code in by else "0" for code in codes]
        rest = [x["people"] for x in c["counties"] if x["county"] not in codes]
        elsewhere = "0" if not rest else "…" if None in rest else f"{sum(rest):,}"
        rows.append((_named(c["says"], parties), _number(c["people"]), *cells, elsewhere))
    caption = f"人数；… 为不满 {answer['small']} 人或可由此推出的，不公布"
    return _table(("矛盾", "合计", *map(escape, names), "其他"), rows, caption)


def _course(answer: dict[str, Any]) -> str:
    rows = [
        (
            x["month"],
            f"{x['files']:,}",
            f"{x['read']:,}",
            _share(x["read"] - x["refused"], x["read"]),
            _number(x["contradictions"]),
        )
        for x in answer["course"]
    ]
    return _table(("月份", "文件", "读入行", "合格率", "矛盾（人次）"), rows)
