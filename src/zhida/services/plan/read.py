"""Reading a plan: from its text to what it says."""

from __future__ import annotations

from pathlib import Path

from zhida.services.plan.bare_tables import bare_tables
from zhida.services.plan.commitments import commitments
from zhida.services.plan.flow import flow
from zhida.services.plan.heads import area_of, base_year_of, period_of, title_of
from zhida.services.plan.indicators import indicators
from zhida.services.plan.lines import lines_of
from zhida.services.plan.model import Plan, Span
from zhida.services.plan.projects import projects
from zhida.services.plan.prose import sentences
from zhida.services.plan.roles import roles, titles
from zhida.services.plan.sections import sections
from zhida.services.plan.tables import Table, tables
from zhida.services.plan.terms import terms
from zhida.services.plan.text import text_of
from zhida.services.plan.unreadable import unreadable


def read_file(path: Path) -> Plan:
    """The plan in a file.

    Raises:
        PlanError: the file can't be read.
    """
    return read_text(text_of(path))


def read_text(text: str) -> Plan:
    """The plan in a text. What can't be made out is listed under ``unread``; no text is refused."""
    lines = lines_of(text)
    whole = flow(text).text
    title = title_of(lines)
    period = period_of(title, whole)
    base_year = base_year_of(whole)
    explained, notes = terms(text, lines)
    laid_out = tables(text)
    bare, stopped = bare_tables(lines, [t.at for t in laid_out])
    laid_out = sorted([*laid_out, *bare], key=lambda t: t.at)
    headings, contents, unclear = sections(lines, [*(_body(t) for t in laid_out), *notes])
    laid_out = [t for t in laid_out if not any(a <= t.at[0] < b for a, b in contents)]
    base = base_year if base_year is not None else period[0] - 1 if period else None
    found, unread, others = indicators(laid_out, base, text)
    apart = [*(_body(t) for t in laid_out), *contents, *notes]
    running = sentences(text, lines, apart, headings)
    promised, torn = commitments(
        running, roles([*headings, *titles(lines, headings, apart)], period[0] if period else None), text
    )
    built, strange = projects(running, promised, others)
    return Plan(
        title=title,
        area=area_of(title),
        period=period,
        base_year=base_year,
        sections=tuple(headings),
        indicators=tuple(found),
        commitments=tuple(promised),
        projects=tuple(built),
        terms=tuple(explained),
        unread=tuple(
            sorted([*unread, *unclear, *torn, *unreadable(running), *strange, *stopped], key=lambda u: u.at)
        ),
        text=text,
    )


def _body(table: Table) -> Span:
    """A table without its title, which may be the heading of a box."""
    return (table.title.at[1] + 1 if table.title else table.at[0]), table.at[1]
