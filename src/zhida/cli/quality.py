"""``zhida quality``: how timely, well-formed and consistent what departments sent is."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from zhida.cli import choose
from zhida.cli.output import emit, lines, table

RegisterArgument = Annotated[Path, typer.Argument(metavar="REGISTER", help="The register's folder.")]
MonthOption = Annotated[
    str, typer.Option("--month", metavar="YYYY-MM", help="Which month. [default: that of the newest file]")
]
HtmlOption = Annotated[
    Path | None, typer.Option("--html", metavar="FILE", help="Also write the report as one HTML page.")
]


def quality(
    register: RegisterArgument,
    month: MonthOption = "",
    html: HtmlOption = None,
    pack: choose.PackOption = "",
    json: choose.JsonOption = False,
) -> None:
    """Quality of what was imported: timeliness, conformity, consistency, by source and county."""
    from zhida.population.errors import writing
    from zhida.population.imports.contracts import load_contracts
    from zhida.population.quality.answer import as_json
    from zhida.population.quality.measures import measure
    from zhida.population.quality.page import page

    when = choose.read_month(month) if month else None
    contracts = load_contracts(choose.load(pack))
    answer = as_json(measure(register, contracts, when), contracts)
    if html is not None:
        with writing(html):
            html.write_text(page(answer), encoding="utf-8")
    if json:
        emit(answer)
    else:
        _show(answer, html)


def _show(answer: dict[str, Any], html: Path | None) -> None:
    rows = []
    for t in answer["timeliness"]:
        mine = [c for c in answer["conformity"] if c["source"] == t["source"]]
        read, refused, waiting = (sum(c[k] for c in mine) for k in ("read", "refused", "waiting"))
        due = f"{t['on_time']} / {t['due']}" if t["due"] else "按需"
        rows.append((t["name"], t["department"], due, f"{read:,}", f"{refused:,}", f"{waiting:,}"))
    table(
        ("来源", "部门", "按时（区县）", "读入", "不合格", "待补正"),
        rows,
        right=(2, 3, 4, 5),
        title=answer["month"],
    )
    if answer["consistency"] is None:
        lines(["本月还没有做快照（zhida snapshot），各来源没有比对。"])
    from zhida.population.quality.page import parties_of

    for c in answer["consistency"] or []:
        people = (
            f"{c['people']:,} 人"
            if c["people"] is not None
            else f"不公布（不满 {answer['small']} 人，或可由此推出）"
        )
        lines([f"{c['says']}（{parties_of(answer, c)}）：{people}"])
    if html is not None:
        lines([f"报告：{html}"])
