"""``zhida plan check``: what in a plan does not fit together."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from zhida.cli import choose
from zhida.cli.errors import InputError
from zhida.cli.output import emit, lines

if TYPE_CHECKING:
    from zhida.services.plan.checks.finding import Finding, Place
    from zhida.services.plan.model import Plan

FilesArgument = Annotated[
    list[Path],
    typer.Argument(metavar="FILE…", help="Plans: .txt, .docx, .html or .pdf; several are compared too."),
]
HtmlOption = Annotated[
    Path | None,
    typer.Option("--html", metavar="OUT", help="Write a page with the findings in the margin of the text."),
]
LABELS = {"error": "错误", "warning": "警告", "note": "提示"}
QUOTED, PLACES = 30, 12


def check(files: FilesArgument, html: HtmlOption = None, json: choose.JsonOption = False) -> None:
    """Contradictions of a plan, and between plans of two levels. Exit 1 on an error or a warning."""
    from zhida.services.plan.check import check_plans
    from zhida.services.plan.checks.finding import Severity
    from zhida.services.plan.read import read_file

    if len({file.resolve() for file in files}) < len(files):
        raise InputError("A file is named twice; name each plan once.")
    if html is not None and html.resolve() in {file.resolve() for file in files}:
        raise InputError(f"{html}: --html would overwrite the plan itself; choose another name.")
    named = [(str(file), read_file(file)) for file in files]
    found = check_plans(named)
    if html is not None:
        from zhida.services.plan.report import page

        html.write_text(page(named, found), encoding="utf-8")
    if json:
        from zhida.services.plan.check_records import findings

        emit(findings(found))
    else:
        _show(named, found, html)
    if any(f.severity is not Severity.NOTE for f in found):
        raise typer.Exit(1)


def _show(named: Sequence[tuple[str, Plan]], found: Sequence[Finding], html: Path | None) -> None:
    for n, f in enumerate(found, start=1):
        lines([f"{n}. {LABELS[f.severity.value]} {f.kind}：{f.says}"])
        if f.arithmetic:
            lines([f"   算式：{f.arithmetic}"])
        places = "；".join(_place(p, len(named) > 1) for p in f.places[:PLACES])
        more = f"；等{len(f.places)}处" if len(f.places) > PLACES else ""
        lines([f"   位置：{places}{more}"])
    for name, plan in named:
        read = f"指标 {len(plan.indicators)}，承诺和成绩 {len(plan.commitments)}"
        lines([f"{name}：读出{read}，项目 {len(plan.projects)}，未读出 {len(plan.unread)}"])
    counts = {label: sum(f.severity.value == s for f in found) for s, label in LABELS.items()}
    lines(["，".join(f"{label} {n}" for label, n in counts.items())])
    if html is not None:
        lines([f"页面：{html}"])


def _place(place: Place, several: bool) -> str:
    line = place.source.plan.text.count("\n", 0, place.at[0]) + 1
    quoted = " ".join(place.text.split())
    quoted = quoted if len(quoted) <= QUOTED else quoted[: QUOTED - 1] + "…"
    file = f"{place.source.label} " if several else ""
    return f"{file}第{line}行“{quoted}”"
