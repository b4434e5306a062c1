"""Projects to be built: from sentences that say how many and for how much, and from tables of projects."""

from __future__ import annotations

import re
from collections.abc import Sequence

from zhida.services.plan.columns import BRACKET, NUMBER
from zhida.services.plan.flow import Flow
from zhida.services.plan.model import Commitment, Figure, Project, Unread
from zhida.services.plan.tables import Cell, Row, Table
from zhida.services.plan.units import unit_of
from zhida.services.plan.values import given, is_nothing

PROJECT = re.compile("项目|工程")
MONEY = re.compile("投资|投入|概算|资金|造价")
INVESTED = re.compile("(?:概算|估算|计划|预计)?(?:总)?(?:投资|投入|资金)(?:额|规模|约)?$")
NAME = re.compile("项目名称|工程名称|建设内容|项目内容|建设项目|^项目$|^工程$|^名称$")
COUNT = re.compile("数量|个数|项目数|^数目")


def projects(
    sentences: Sequence[Flow], promised: Sequence[Commitment], others: Sequence[Table]
) -> tuple[list[Project], list[Unread]]:
    """All projects in their order, and the tables that hold neither indicators nor projects."""
    found: list[Project] = []
    unread: list[Unread] = []
    for sentence in sentences:
        if PROJECT.search(sentence.text) and MONEY.search(sentence.text):
            start, end = sentence.places[0], sentence.places[-1] + 1
            found += _of_sentence([c for c in promised if start <= c.at[0] < end], sentence.text)
    for table in others:
        rows = _of_table(table)
        found += rows
        if not rows:
            unread.append(Unread(table.at, "这张表既不是指标表，也不是项目表"))
    return sorted(found, key=lambda p: p.at), unread


def _of_sentence(figures: Sequence[Commitment], text: str) -> list[Project]:
    """Counts of projects with the money that follows them, and the parts of that money."""
    found: list[Project] = []
    for one in figures:
        money = (one.unit or "").endswith("元")
        if not money and one.unit in ("个", "项") and (PROJECT.search(one.subject) or found):
            found.append(Project(one.subject, one.value, None, None, one.at))
        elif money and found and INVESTED.fullmatch(one.subject) and found[0].amount is None:
            first = found[0]
            at = (first.at[0], max(first.at[1], one.at[1]))
            found[0] = Project(first.name, first.count, one.value, one.unit, at)
        elif money and ("投资" in one.subject or (found and found[0].amount is not None)):
            name = INVESTED.sub("", one.subject) or one.subject
            found.append(Project(name, None, one.value, one.unit, one.at))
    return found


def _of_table(table: Table) -> list[Project]:
    """The rows of a table whose heading names projects."""
    words = [cell.plain for cell in table.rows[0]] if table.rows else []
    names = [i for i, w in enumerate(words) if NAME.search(w)]
    if not names or not any(PROJECT.search(w) for w in words):
        return []
    count = next((i for i, w in enumerate(words) if COUNT.search(w)), None)
    amount = next((i for i, w in enumerate(words) if MONEY.search(w) and i not in names), None)
    unit = None
    if amount is not None:
        unit = next((u for hit in BRACKET.finditer(words[amount]) if (u := unit_of(hit[1]))), None)
    found = []
    for row in table.rows[1:]:
        name = _cell(row, names[0])
        if name is None or not name.text or NUMBER.fullmatch(name.plain):
            continue
        filled = [cell for cell in row if cell.text]
        at = (filled[0].at[0], filled[-1].at[1])
        money = _figure(_cell(row, amount))
        found.append(Project(name.plain, _figure(_cell(row, count)), money, unit if money else None, at))
    return found


def _cell(row: Row, index: int | None) -> Cell | None:
    return row[index] if index is not None and index < len(row) else None


def _figure(cell: Cell | None) -> Figure | None:
    if cell is None or is_nothing(cell.text):
        return None
    found = given(cell.text)
    return found.figure if found else None
