"""The history of a parameter as a table: from when, where, how much, by which source."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from zhida.rules.checks.coverage import Gap
from zhida.rules.declarations import Pack, Parameter, ParameterValue
from zhida.rules.handbook import html, say
from zhida.rules.parameters import assumes_first_month, effective_month, end_month

Gaps = Mapping[str, Sequence[Gap]]
"""As :func:`zhida.rules.checks.coverage.history_gaps` finds them."""


def parameter_table(pack: Pack, p: Parameter, gaps: Gaps, up: str) -> str:
    """Newest first. Columns of amounts: one, or one for each choice of its table that ever has a value."""
    enum = pack.enums.get(p.table)
    heads = [c.name for c in enum.choices] if enum is not None else [p.measure or "数值"]
    shown = [i for i in range(len(heads)) if _used(p, i)] if enum is not None else [0]
    rows = []
    for v in sorted(p.values, key=effective_month, reverse=True):
        numbers = ["不详" if v.values is None else say.number(p.kind, p.places, v.values[i]) for i in shown]
        rows.append(
            [_when(p, v), html.text(say.places(pack, v.places)), *numbers, html.cited(pack, v.citation, up)]
        )
    columns = range(2, 2 + len(shown))
    table = html.table(["起止", "地方", *(heads[i] for i in shown), "来源"], rows, numbers=tuple(columns))
    return table + _gaps(pack, gaps[p.id])


def _gaps(pack: Pack, gaps: Sequence[Gap]) -> str:
    """Months between the first value and the day up to which the pack was checked of which none is known."""
    items = []
    for (first, last, _), counties in gaps:
        span = say.month(first) if first == last else f"{say.month(first)}至{say.month(last)}"
        items.append(f"<li>{span}：{html.text(say.counties(pack, counties))}</li>")
    return f'<div class="small">没有查到的月份<ul>{"".join(items)}</ul></div>' if items else ""


def _used(p: Parameter, index: int) -> bool:
    """A column that is zero throughout says nothing."""
    return any(v.values is None or v.values[index] != 0 for v in p.values)


def _when(p: Parameter, v: ParameterValue) -> str:
    """From the first benefit month to the last; where it is open, from when on."""
    first = effective_month(v)
    ends = [
        effective_month(o) for o in p.values if set(o.places) & set(v.places) and effective_month(o) > first
    ]
    stated = end_month(v.until)
    end = min([*ends, *([stated] if stated is not None else [])], default=None)
    text = say.span(first, end)
    if assumes_first_month(v):
        text += f'<br><span class="small">{say.day(v.start)}施行，首发月份未写明</span>'
    return text
