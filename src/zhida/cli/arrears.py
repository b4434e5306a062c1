"""``zhida arrears``: what a household is owed since more is known, month by month."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from zhida.cli import choose
from zhida.cli.errors import InputError
from zhida.cli.households import FileArgument, OnlyOption, benefit_id, heading, known_day
from zhida.cli.output import emit, lines, table

if TYPE_CHECKING:
    from zhida.rules.declarations import Pack

FromOption = Annotated[str, typer.Option("--from", metavar="MONTH", help="The first month.")]
ToOption = Annotated[str, typer.Option("--to", metavar="MONTH", help="The last month.")]
OnOption = Annotated[
    str, typer.Option("--known-on", metavar="DATE", help="Paid by what was known on this day.")
]
AndOption = Annotated[
    str | None,
    typer.Option("--and", metavar="DATE", help="Due by what was known on this day, instead of now."),
]


def arrears(
    file: FileArgument,
    first: FromOption,
    last: ToOption,
    known_on: OnOption,
    known_by: AndOption = None,
    benefit: OnlyOption = "",
    pack: choose.PackOption = "",
    json: choose.JsonOption = False,
) -> None:
    """What a household is still due, or was paid too much, since more is known than when it was paid."""
    from zhida.cli.requests import read_request
    from zhida.rules.explain.arrears import arrears as compare

    used = choose.load(pack)
    only = {benefit_id(used, benefit)} if benefit else None
    days = known_day(known_on, "--known-on"), None if known_by is None else known_day(known_by, "--and")
    if days[1] is not None and days[1] < days[0]:
        raise InputError(f"--and: {known_by} lies before --known-on {known_on}; exchange them.")
    months = _month(first, "--from"), _month(last, "--to")
    found = compare(used, read_request(file), *months, *days, only)
    emit(found) if json else _show(found, used)


def _month(text: str, option: str) -> int:
    from zhida.codes.errors import CodeError
    from zhida.codes.months import parse_month

    try:
        return parse_month(text)
    except CodeError as error:
        raise InputError(f"{option}: {error}") from None


def _show(found: Mapping[str, Any], pack: Pack) -> None:
    """Lines that differ, then the sum, then what made the difference and which months are open."""
    by = (
        f"现在已知的数值（核对到 {pack.verified_through.isoformat()}）"
        if found["known_by"] is None
        else f"{found['known_by']} 已知的数值"
    )
    span = f"{found['from']} 至 {found['to']}"
    lines([heading(span, found, pack, f"，已发按 {found['known_on']} 已知的数值，应发按{by}")])
    differ = [line for line in found["lines"] if line["difference"] != 0]
    if differ:
        rows = [
            (
                line["month"],
                line["name"],
                "全家" if line["unit"] != "person" else line["unit_id"],
                _range(line["paid"]["amount_range"]),
                _range(line["due"]["amount_range"]),
                _range(line["difference_range"]),
            )
            for line in differ
        ]
        table(("月份", "待遇", "对象", "已发", "应发", "差额"), rows, right=(3, 4, 5))
    same = len(found["lines"]) - len(differ)
    low, high = found["total_range"]
    word = (
        "应补发" if low is not None and low >= 0 else "应退回" if high is not None and high <= 0 else "差额"
    )
    lines(
        [
            f"{word}合计 {_range([low, high] if word != '应退回' else [-high, -low])} 元"
            if differ
            else "没有差额"
        ]
    )
    if same:
        lines([f"另有 {same} 个月份和待遇没有差额。"])
    told: dict[str, None] = {}
    for line in found["lines"]:
        told |= dict.fromkeys(_changed(c, pack) for c in line["changed"])
        for side in ("paid", "due"):
            told |= dict.fromkeys(f"{line['name']}：{r['says']}" for r in line[side]["because"])
    lines(f"  · {text}" for text in told)


def _changed(c: Mapping[str, Any], pack: Pack) -> str:
    name = c["name"] + (f"[{c['choice']}]" if c["choice"] else "")
    before, after = ("没有已知数值" if c[side] is None else f"{c[side]}" for side in ("before", "after"))
    known = c["known_from"] or c["announced"]
    dates = "，".join(
        text for text in (f"{c['from']} 起" if c["from"] else "", f"{known} 公布" if known else "") if text
    )
    title = pack.sources[c["source"]].title if c["source"] in pack.sources else ""
    basis = f"，《{title}》{c['article']}" if title else ""
    note = f"；{c['note']}" if c["note"] else ""
    return f"{name} {before} → {after} {c['measure']}（{dates}{basis}{note}）"


def _range(ends: list[Any]) -> str:
    low, high = ("" if end is None else f"{end:,.2f}" for end in ends)
    return low if low == high else f"{low or '?'} 至 {high or '?'}"
