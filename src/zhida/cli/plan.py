"""``zhida plan``: read a five-year plan, and check it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from zhida.cli import choose, plan_check
from zhida.cli.errors import InputError
from zhida.cli.output import emit, lines

if TYPE_CHECKING:
    from zhida.services.plan.model import Plan

app = typer.Typer(help="Read a five-year plan, and check it.", no_args_is_help=True)
app.command("check")(plan_check.check)

PlanArgument = Annotated[Path, typer.Argument(metavar="FILE", help="A plan: .txt, .docx, .html or .pdf.")]
TextOption = Annotated[bool, typer.Option("--text", help="Print only the text in which places are counted.")]


@app.command("read")
def read(file: PlanArgument, text: TextOption = False, json: choose.JsonOption = False) -> None:
    """What a plan says: sections, indicators, commitments, projects, terms, and what could not be read."""
    from zhida.services.plan.read import read_file
    from zhida.services.plan.records import record

    if text and json:
        raise InputError("--text and --json exclude each other; give one of them.")
    plan = read_file(file)
    if text:
        sys.stdout.write(plan.text)
    elif json:
        emit(record(plan))
    else:
        lines(_told(plan))


def _told(plan: Plan) -> list[str]:
    period = f"{plan.period[0]}—{plan.period[1]}" if plan.period else "不明"
    return [
        f"{plan.title or '（无标题）'}",
        f"地区 {plan.area or '不明'} · 规划期 {period} · 基期 {plan.base_year or '不明'}",
        f"章节 {len(plan.sections)} · 指标 {len(plan.indicators)} · 承诺和成绩 {len(plan.commitments)}"
        f" · 项目 {len(plan.projects)} · 名词 {len(plan.terms)} · 未读出 {len(plan.unread)}",
    ]
