"""``zhida plan``: read a five-year plan, and check it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from zhida.cli import choose, plan_check
from zhida.cli.errors import InputError
from zhida.cli.output import emit, lines, table

if TYPE_CHECKING:
    from zhida.services.plan.model import Commitment, Figure, Indicator, Plan, Project, Value

app = typer.Typer(help="Read a five-year plan, and check it.", no_args_is_help=True)
app.command("check")(plan_check.check)

PlanArgument = Annotated[Path, typer.Argument(metavar="FILE", help="A plan: .txt, .docx, .html or .pdf.")]
TextOption = Annotated[bool, typer.Option("--text", help="Print only the text in which places are counted.")]

LONGEST = 40


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
        _show(plan)


def _show(plan: Plan) -> None:
    period = f"{plan.period[0]}—{plan.period[1]}" if plan.period else "不明"
    lines(
        [
            plan.title or "（没有找到标题）",
            f"地区 {plan.area or '不明'} · 规划期 {period} · 基期 {plan.base_year or '不明'}",
            f"章节 {len(plan.sections)} · 指标 {len(plan.indicators)} · 承诺与成绩 {len(plan.commitments)}"
            f" · 项目 {len(plan.projects)} · 名词 {len(plan.terms)} · 未读出 {len(plan.unread)}",
        ]
    )
    if plan.indicators:
        headings = ("序号", "指标", "单位", "数值", "属性")
        table(headings, (_indicator(i) for i in plan.indicators), title="指标")
    if plan.commitments:
        table(("", "内容", "数值", "年份"), (_commitment(c) for c in plan.commitments), title="承诺与成绩")
    if plan.projects:
        table(("项目", "数量", "金额"), (_project(p) for p in plan.projects), title="项目")
    if plan.unread:
        rows = ((str(u.at[0]), _passage(plan.text, u.at), u.why) for u in plan.unread)
        table(("位置", "原文", "原因"), rows, right=(0,), title="未读出")


def _indicator(i: Indicator) -> tuple[str, ...]:
    names = {"actual": "实际", "target": "目标", "planned": "计划", "growth": "增速"}
    values = "；".join(f"{v.year or ''}{names[v.role]} {_signed(v)}" for v in i.values)
    name = i.name if i.parent is None else f"  其中：{i.name}"
    return (i.number or "", name, i.unit or "", values or "（无）", i.kind or "")


def _commitment(c: Commitment) -> tuple[str, ...]:
    role = "承诺" if c.role == "promise" else "成绩"
    value = f"{_signed(c.value)} {c.unit or ''}".strip()
    return (role, f"{c.subject} {c.verb}".strip(), value, str(c.by or ""))


def _project(p: Project) -> tuple[str, ...]:
    amount = f"{_signed(p.amount)} {p.unit or ''}" if p.amount else ""
    return (p.name, _signed(p.count) if p.count else "", amount)


def _signed(found: Figure | Value) -> str:
    return found.raw if found.comparison == "=" else f"{found.comparison} {found.raw}"


def _passage(text: str, at: tuple[int, int]) -> str:
    words = " ".join(text[slice(*at)].split())
    return words if len(words) <= LONGEST else words[: LONGEST - 1] + "…"
