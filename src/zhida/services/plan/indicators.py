"""Indicators from tables."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from zhida.services.plan.columns import Columns, ValueColumn, columns
from zhida.services.plan.model import Indicator, Unread, Value
from zhida.services.plan.tables import Cell, Row, Table
from zhida.services.plan.units import unit_in_name, unit_of
from zhida.services.plan.values import Given, given, is_nothing, scaled

PART = re.compile(r"(?:[#＃]|其中(?:[:：]|(?=.))|[—\-–·•]+)")
NUMBER = re.compile(r"[（(]?\d{1,3}(?:[.\-－]\d{1,2})?[）).、．]?")
KINDS = {"预期": "预期性", "约束": "约束性"}


@dataclass(slots=True)
class _Reading:
    """What has been read of one table so far. ``first`` is the index of its first indicator."""

    columns: Columns
    first: int
    heading_unit: str | None
    done: list[Indicator] = field(default_factory=list)
    unread: list[Unread] = field(default_factory=list)
    group: str | None = None
    whole: int | None = None
    """Index of the last indicator that is no part itself."""


def indicators(
    found: list[Table], base_year: int | None, whole_text: str
) -> tuple[list[Indicator], list[Unread], list[Table]]:
    """Indicators of all tables, what could not be read, and the tables that hold none."""
    done: list[Indicator] = []
    unread: list[Unread] = []
    others: list[Table] = []
    for table in found:
        cols = columns(table.rows, base_year)
        if cols is None:
            others.append(table)
            continue
        reading = _Reading(cols, len(done), _heading_unit(table))
        for row in table.rows[cols.heads :]:
            _row(reading, row, whole_text)
        done += reading.done
        unread += reading.unread
    return done, unread, others


def _heading_unit(table: Table) -> str | None:
    hit = re.search(r"单位[:：]\s*([^\s（）()，,]{1,8})", table.title.text if table.title else "")
    return unit_of(hit[1]) if hit else None


def _row(reading: _Reading, row: Row, text: str) -> None:
    cols = reading.columns
    filled = [c for c in row if c.text]
    if not filled:
        return
    if len(filled) == 1:
        _alone(reading, filled[0])
        return
    placed = _placed(cols, row)
    if placed is None:
        span = (filled[0].at[0], filled[-1].at[1])
        reading.unread.append(Unread(span, f"这一行有 {len(row)} 格，表头有 {cols.count} 格，对不上"))
        return
    cells, label = placed
    name = cells[cols.name]
    if cols.group is not None and cells[cols.group].text:
        reading.group = cells[cols.group].plain
    if not name.text and (label is None or not label.text):
        if any(not is_nothing(cells[v.index].text) for v in cols.values):
            reading.unread.append(Unread((filled[0].at[0], filled[-1].at[1]), "这一行没有指标名称"))
        return
    _indicator(reading, cells, label, filled, text)


def _alone(reading: _Reading, cell: Cell) -> None:
    """A row with one cell: the name of a group; a note or a lone number is not read."""
    words = cell.plain
    if re.fullmatch(r"[\d.,%*]+", words) or PART.match(words):
        reading.unread.append(Unread(cell.at, "表中这一行只有一格，看不出属于哪项指标"))
    elif re.match(r"注|备注|说明|数据来源", words):
        return
    elif len(words) <= 40:
        reading.group = re.sub(r"^[（(]?[一二三四五六七八九十]+[）)、.．]", "", words)
        reading.whole = None
    else:
        reading.unread.append(Unread(cell.at, "表中这一行只有一格文字，既非指标也非类别"))


def _placed(cols: Columns, row: Row) -> tuple[list[Cell], Cell | None] | None:
    """Cells brought under the heading, and the cell of the sub-row; None where they don't fit."""
    cells = list(row)
    while len(cells) > cols.count and not cells[-1].text and not _sub(cols, cells):
        cells.pop()
    label = None
    if len(cells) == cols.count + 1 and _sub(cols, cells):
        label = cells.pop(cols.name + 1)
    elif cols.label is not None and len(cells) == cols.count:
        label = cells[cols.label]
    if len(cells) > cols.count:
        return None
    end = cells[-1].at[1]
    cells += [Cell("", (end, end))] * (cols.count - len(cells))
    return cells, label


def _sub(cols: Columns, cells: list[Cell]) -> bool:
    """Whether the cell behind the name is a label (城市) that the heading has no column for."""
    if cols.label is not None or len(cells) <= cols.name + 1:
        return False
    words = cells[cols.name + 1].plain
    return bool(words) and len(words) <= 12 and not re.search(r"\d", words) and not is_nothing(words)


def _indicator(
    reading: _Reading, cells: list[Cell], label: Cell | None, filled: list[Cell], text: str
) -> None:
    cols = reading.columns
    number = cells[cols.number].plain if cols.number is not None else ""
    if number and not NUMBER.fullmatch(number):
        reading.unread.append(Unread(cells[cols.number or 0].at, "序号读不出"))
        number = ""
    name, own_unit = unit_in_name(cells[cols.name].plain)
    part = PART.match(name)
    name = name[part.end() :] if part else name
    parent = reading.whole if part or (not number and cols.number is not None) else None
    if "." in number.strip(".") or "-" in number:
        parent = reading.whole
    column_unit = unit_of(cells[cols.unit].plain) or cells[cols.unit].plain if cols.unit is not None else None
    unit = own_unit or column_unit or cols.default_unit or reading.heading_unit
    at = (filled[0].at[0], filled[-1].at[1])
    kind = _kind(cells[cols.kind].plain) if cols.kind is not None else None
    if label is not None and label.text:
        if name:
            whole = Indicator(reading.group, number or None, name, unit, kind, None, (), cells[cols.name].at)
            reading.done.append(whole)
            reading.whole = reading.first + len(reading.done) - 1
        parent, number = reading.whole, ""
        name, label_unit = unit_in_name(label.plain)
        unit = label_unit or (unit if cells[cols.name].text else None)
    if parent is not None and unit is None:
        unit = reading.done[parent - reading.first].unit
    unit, values = _values(reading, cells, unit, text)
    found = Indicator(reading.group, number or None, name, unit, kind, parent, values, at)
    reading.done.append(found)
    if parent is None:
        reading.whole = reading.first + len(reading.done) - 1


def _kind(words: str) -> str | None:
    if is_nothing(words):
        return None
    return next((kind for word, kind in KINDS.items() if word in words), words)


def _values(
    reading: _Reading, cells: list[Cell], unit: str | None, text: str
) -> tuple[str | None, tuple[Value, ...]]:
    """The values of a row and its unit, which may stand beside the values alone."""
    read: list[tuple[ValueColumn, Cell, Given]] = []
    for column in reading.columns.values:
        cell = cells[column.index]
        if is_nothing(cell.text):
            continue
        found = given(cell.text)
        if found is None or _cut(cell, text):
            why = "文本在此处中断，数字可能不完整" if _cut(cell, text) else "这一格不是数值"
            reading.unread.append(Unread(cell.at, why))
        else:
            read.append((column, cell, found))
    inside = {g.unit for c, _, g in read if c.role != "growth"}
    if unit is None and len(inside) == 1:
        unit = inside.pop()
    values = []
    for column, cell, found in read:
        wanted = (column.unit or "%") if column.role == "growth" else column.unit or unit
        figure = scaled(found, wanted)
        if figure is None:
            reading.unread.append(
                Unread(cell.at, f"这一格的单位「{found.unit}」与指标的单位「{wanted}」不同")
            )
            continue
        values.append(
            Value(column.year, column.role, figure.raw, figure.low, figure.high, figure.comparison, cell.at)
        )
    return unit, tuple(values)


def _cut(cell: Cell, text: str) -> bool:
    """A number at the very end of the text may have lost its last digits."""
    return cell.at[1] >= len(text)
