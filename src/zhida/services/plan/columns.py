"""What the columns of a table of indicators hold, from its heading."""

from __future__ import annotations

import re
from dataclasses import dataclass

from zhida.services.plan.model import ValueRole
from zhida.services.plan.numbers import chinese
from zhida.services.plan.tables import Row
from zhida.services.plan.units import unit_of

YEAR = re.compile(r"(?<!\d)((?:19|20)\d\d)年?|(二[〇零○][〇零○一二三四五六七八九]{2})年?")
FIVE = re.compile('(十[一二三四五六七八九]?)五[”"]?(?:规划)?(?:期?末|末期)')
"""The last year of a five-year plan."""
NUMBER = re.compile(r"序号|编号|序")
NAME = re.compile(r"指标|名称|项目")
KIND = re.compile(r"属性|性质|类型")
GROUP = re.compile(r"类别|分类|领域|一级指标|板块|类")
UNIT = re.compile(r"(?:计量)?单位")
GROWTH = re.compile(r"增速|增长|增幅|增减|变化率")
PLANNED = re.compile(r"计划|预计|预期(?!性)")
TARGET = re.compile(r"目标|规划")
ACTUAL = re.compile(r"实际|完成|实绩|现状|基期|基数|现值")
BASE = re.compile("基期|基准年")
BRACKET = re.compile(r"[（(]([^（()）]*)[）)]")


@dataclass(frozen=True, slots=True)
class ValueColumn:
    index: int
    year: int | None
    role: ValueRole
    unit: str | None


@dataclass(frozen=True, slots=True)
class Columns:
    """Positions of the columns.

    ``label`` is the column of sub-rows beside the name, ``heads`` the rows that the heading takes;
    ``default_unit`` stands in the heading of the names.
    """

    count: int
    heads: int
    number: int | None
    group: int | None
    name: int
    label: int | None
    unit: int | None
    kind: int | None
    default_unit: str | None
    values: tuple[ValueColumn, ...]


def columns(rows: tuple[Row, ...], base_year: int | None) -> Columns | None:
    """The columns of a table, or None where its first rows are no heading of indicators."""
    for first in range(min(2, len(rows))):
        words = [c.plain for c in rows[first]]
        if not any(re.search("指标", w) for w in words):
            continue
        heads = first + 1
        if heads < len(rows) and _continues(words, [c.plain for c in rows[heads]]):
            words = _merged(words, [c.plain for c in rows[heads]])
            heads += 1
        return _assigned(words, heads, base_year)
    return None


def _continues(words: list[str], below: list[str]) -> bool:
    """A second row of the heading: no number of its own, nothing but words of headings."""
    filled = [w for w in below if w]
    if len(filled) < 2 or len(below) != len(words):
        return False
    return all(YEAR.search(w) or _role(w) is not None or UNIT.search(w) or KIND.search(w) for w in filled)


def _merged(words: list[str], below: list[str]) -> list[str]:
    merged, last = [], ""
    for upper, lower in zip(words, below, strict=True):
        last = upper or (last if lower else "")
        merged.append((last if lower or upper else "") + lower)
    return merged


def _role(word: str) -> ValueRole | None:
    if GROWTH.search(word):
        return "growth"
    if PLANNED.search(word):
        return "planned"
    if TARGET.search(word):
        return "target"
    return "actual" if ACTUAL.search(word) else None


def year_of(word: str) -> int | None:
    """The only year that a text names."""
    years = set()
    for hit in YEAR.finditer(word):
        spelt = chinese(hit[2]) if hit[2] else None
        years.add(int(hit[1]) if hit[1] else int(spelt or 0))
    for hit in FIVE.finditer(word):
        years.add(1955 + 5 * int(chinese(hit[1]) or 0))
    return years.pop() if len(years) == 1 else None


def _assigned(words: list[str], heads: int, base_year: int | None) -> Columns | None:
    number = group = name = label = unit = kind = None
    values: list[ValueColumn] = []
    for i, word in enumerate(words):
        year, role = year_of(word), _role(word)
        if number is None and NUMBER.fullmatch(word):
            number = i
        elif kind is None and KIND.search(word) and year is None:
            kind = i
        elif unit is None and UNIT.fullmatch(word):
            unit = i
        elif BASE.search(word) and base_year is not None and year is None:
            values.append(ValueColumn(i, base_year, "actual", _bracket_unit(word)))
        elif year is not None or (role is not None and name is not None):
            values.append(ValueColumn(i, year, role or "actual", _bracket_unit(word)))
        elif group is None and name is None and GROUP.fullmatch(word):
            group = i
        elif name is None and NAME.search(word):
            name = i
        elif not word and name is not None and label is None and i == name + 1:
            label = i
    if name is None or not values:
        return None
    years = [v.year for v in values if v.year is not None]
    base = base_year if base_year is not None else min(years, default=None)
    return Columns(
        len(words), heads, number, group, name, label, unit, kind, _bracket_unit(words[name]),
        tuple(_dated(v, words[v.index], base, len(set(years))) for v in values),
    )  # fmt: skip


def _bracket_unit(word: str) -> str | None:
    return next((u for hit in BRACKET.finditer(word) if (u := unit_of(hit[1]))), None)


def _dated(column: ValueColumn, word: str, base: int | None, years: int) -> ValueColumn:
    """A bare year is a target after the base year, and reached up to it."""
    if _role(word) is not None or column.year is None or base is None or years < 2:
        return column
    role: ValueRole = "target" if column.year > base else "actual"
    return ValueColumn(column.index, column.year, role, column.unit)
