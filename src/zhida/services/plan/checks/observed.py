"""Everything that a plan says of a measured thing, from tables and from sentences, in one form."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Literal

from zhida.services.plan.checks.finding import Place, Source
from zhida.services.plan.checks.names import HARD, Name, name_of
from zhida.services.plan.checks.quantity import Quantity, Unit, quantity, unit_of
from zhida.services.plan.model import Commitment, Indicator, Span, Value

MONTHLY = re.compile(r"每人每月|每月|/月|月均")
EACH = re.compile(r"每(?:个|名|一|1|家|所|处|村|社区|乡镇|街道|设区市|市|区|县)(?!万|千|百)")
YEARLY = re.compile(r"每人每年|每年|/年|年均")
CHANGE = re.compile(
    r"(?:年均|平均|累计|同比|比.*)?(?:增长|增加|提高|提升|上升|下降|减少|降低|压减|增幅|降幅)(?:了|达|率为?)?"
)
FLOW = re.compile(r"培育|打造|建设|创建|改造|培训|发放|救助|帮扶|服务|开展|举办|募集|接收|投入|安排|实施")
SHORT_NAME = 5
"""Letters of a row's own name up to which it needs its parent's (城市, 农村, 持证人数)."""


@dataclass(frozen=True, slots=True, eq=False)
class Observed:
    """``label``: the words of the name; ``table``: stands in a table. A year None is not known.

    ``flow``: what is done (培育100个) rather than what there is; it may count the new ones only.
    """

    place: Place
    label: str
    name: Name
    quantity: Quantity
    year: int | None
    role: Literal["actual", "target"]
    table: bool
    indicator: int | None = None
    flow: bool = False


def observed(source: Source) -> list[Observed]:
    return [*_from_tables(source), *_from_sentences(source), *_from_projects(source)]


def base_year(source: Source) -> int | None:
    plan = source.plan
    if plan.base_year is not None:
        return plan.base_year
    return plan.period[0] - 1 if plan.period else None


def full_name(source: Source, indicator: Indicator) -> str:
    """With the parent's where the row's own is only a part of it (城市, 农村)."""
    if indicator.parent is not None and len(indicator.name) <= SHORT_NAME:
        return source.plan.indicators[indicator.parent].name + indicator.name
    return indicator.name


def measured(name: Name, unit: Unit) -> Unit:
    """The unit with what the name says of it: per so many people."""
    if name.per is None:
        return unit
    many, people = name.per
    thing = "人" if unit.measure == "率" else unit.measure
    return Unit(f"{thing}/{people}", unit.factor / many)


def table_quantity(source: Source, indicator: Indicator, value: Value, name: Name) -> Quantity:
    unit = measured(name, unit_of(indicator.unit))
    shown = f"{source.plan.text[value.at[0] : value.at[1]].strip()}{indicator.unit or ''}"
    return quantity(value, unit, shown)


def _from_tables(source: Source) -> Iterator[Observed]:
    for index, indicator in enumerate(source.plan.indicators):
        label = full_name(source, indicator)
        name = name_of(label)
        for value in indicator.values:
            if value.role == "growth":
                continue
            yield Observed(
                Place(source, value.at),
                label,
                name,
                table_quantity(source, indicator, value, name),
                value.year,
                "actual" if value.role == "actual" else "target",
                True,
                index,
            )


def _from_sentences(source: Source) -> Iterator[Observed]:
    plan = source.plan
    before: Commitment | None = None
    for said in plan.commitments:
        if not said.subject and before is not None and _goes_on(plan.text, before, said):
            said = replace(said, subject=before.subject)
        before = said
        if _of_each(plan.text, said.at) or _is_change(said):
            continue
        name = name_of(said.subject)
        name = replace(name, scope=name.scope | {word for word in HARD if word in said.verb})
        unit = measured(name, unit_of(_unit(plan.text, said)))
        words = plan.text[said.at[0] : said.at[1]]
        shown = f"{said.value.raw}{said.unit or ''}"
        at = said.at
        end = plan.period[1] if plan.period else None
        year = said.by or (base_year(source) if said.role == "claim" else end)
        role: Literal["actual", "target"] = "actual" if said.role == "claim" else "target"
        if MONTHLY.search(words) and "/月" not in shown:
            shown = f"每月{shown}"
        yield Observed(
            Place(source, at),
            said.subject,
            name,
            quantity(said.value, unit, shown),
            year,
            role,
            False,
            flow=bool(FLOW.search(said.verb)),
        )


def _of_each(text: str, at: Span) -> bool:
    """每个街道建有1家: a figure for each of many, which is no total."""
    clause = max(text.rfind(c, 0, at[0]) for c in "，。；\n") + 1
    return EACH.search(text, clause, at[1]) is not None


def _is_change(said: Commitment) -> bool:
    """提高5个百分点, 增长20%: by how much, not to what."""
    unit = said.unit or ""
    return "百分点" in unit or (unit.startswith(("%", "‰")) and bool(CHANGE.fullmatch(said.verb)))


def _goes_on(text: str, before: Commitment, said: Commitment) -> bool:
    """标准从744元，增长至1102元: the second figure is of the same thing."""
    between = text[before.at[1] : said.at[0]]
    grows = re.match(r"增长|增加|提高|提升|上升|扩大", said.verb) and not (said.unit or "").startswith("%")
    return bool(grows) and re.fullmatch(r"[，,、\s]*", between) is not None


def _unit(text: str, said: Commitment) -> str | None:
    """With the period that stands before the figure (每人每月1102元)."""
    unit = said.unit
    if unit and re.fullmatch(r"[万亿]*元", unit):
        words = text[said.at[0] : said.at[1] + 3]
        if MONTHLY.search(words):
            return f"{unit}/月"
        if YEARLY.search(words):
            return f"{unit}/年"
    return unit


def _from_projects(source: Source) -> Iterator[Observed]:
    plan = source.plan
    end = plan.period[1] if plan.period else None
    for project in plan.projects:
        label = project.name
        name = replace(name_of(label), core=name_of(label).core or "项目")
        if project.count is not None:
            counted = quantity(project.count, Unit("个", Fraction(1)), f"{project.count.raw}个")
            yield Observed(Place(source, project.at), label, name, counted, end, "target", False)
        if project.amount is not None:
            shown = f"{project.amount.raw}{project.unit or ''}"
            money = quantity(project.amount, unit_of(project.unit), shown)
            yield Observed(
                Place(source, project.at),
                f"{label}投资",
                replace(name, core=f"{name.core}投资"),
                money,
                end,
                "target",
                False,
            )
