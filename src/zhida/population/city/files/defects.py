"""Seeded defects in the rows that departments send, each one recorded with what is true."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa

from zhida.population.city.draw import Array, Rng
from zhida.population.city.files.scene import Scene
from zhida.population.city.files.sheets import DEAD_LISTED, REGISTERED_TWICE, Sheet
from zhida.population.city.files.text import where
from zhida.population.imports.contract import SourceContract, Type

WRONG_CODE = "不详"
NO_DAY = "2025-02-30"
CHECKS = "0123456789X"


@dataclass(frozen=True, slots=True)
class Defect:
    """One recorded defect of a row; ``column`` is '' where the row itself is one. ``true``: what the cell
    ought to say."""

    row: int
    kind: str
    column: str
    true: str


def spoil(scene: Scene, sheet: Sheet) -> tuple[Sheet, list[Defect]]:
    """At most one defect a row, drawn by the shares of ``files.defects``; rows that are one stay so."""
    found = [Defect(int(r), DEAD_LISTED, "", "") for r in np.flatnonzero(sheet.kind == 1)]
    found += [Defect(int(r), REGISTERED_TWICE, "", "") for r in np.flatnonzero(sheet.kind == 2)]
    rng = scene.rng("defects")
    draw = rng.random(len(sheet.person))
    low = 0.0
    for kind, make in KINDS.items():
        shares: Mapping[str, float] = scene.figure(f"defects.{kind}")
        high = low + float(shares.get(sheet.source.id, shares.get("default", 0)))
        rows = np.flatnonzero((draw >= low) & (draw < high) & (sheet.kind == 0))
        low = high
        if len(rows):
            sheet, more = make(scene, sheet, rows, rng)
            found += [replace(d, kind=kind) for d in more]
    return sheet, found


Made = tuple[Sheet, list[Defect]]


def _changed(sheet: Sheet, column: str, rows: Array, written: list[str | None]) -> Made:
    """Other text in some cells of one column; cells that stay as they were are no defect."""
    old = sheet.text(column).take(pa.array(rows)).to_pylist()
    hit = [i for i, (a, b) in enumerate(zip(old, written, strict=True)) if (a or "") != (b or "")]
    whole = sheet.text(column)
    if hit:
        at = np.full(len(whole), -1, np.int64)
        at[rows[hit]] = hit
        index: Any = pa.array(np.maximum(at, 0), mask=at < 0)
        whole = where(at >= 0, pa.array(written, pa.string()).take(index), whole)
    columns = dict(sheet.columns) | {column: whole}
    return replace(sheet, columns=columns), [Defect(int(rows[i]), "", column, old[i] or "") for i in hit]


def wrong_check_digit(scene: Scene, sheet: Sheet, rows: Array, rng: Rng) -> Made:
    numbers = _cells(sheet, sheet.source.person, rows)
    turn = rng.integers(1, 10, len(rows)).tolist()
    wrong = [n[:17] + CHECKS[(CHECKS.index(n[17]) + t) % 11] for n, t in zip(numbers, turn, strict=True)]
    return _changed(sheet, sheet.source.person, rows, list(wrong))


def old_number(scene: Scene, sheet: Sheet, rows: Array, rng: Rng) -> Made:
    """The fifteen digits of old, for whoever was born in the last century."""
    numbers = _cells(sheet, sheet.source.person, rows)
    return _changed(
        sheet, sheet.source.person, rows, [n[:6] + n[8:17] if n[6:8] == "19" else n for n in numbers]
    )


def other_spelling(scene: Scene, sheet: Sheet, rows: Array, rng: Rng) -> Made:
    """One character of the name for another that sounds or looks like it."""
    other: Mapping[str, str] = scene.setting.names.tree["spellings"]

    def spelled(name: str) -> str:
        at = next((i for i in range(len(name) - 1, -1, -1) if name[i] in other), None)
        return name if at is None else name[:at] + other[name[at]] + name[at + 1 :]

    return _changed(sheet, "name", rows, [spelled(n) for n in _cells(sheet, "name", rows)])


def stale_address(scene: Scene, sheet: Sheet, rows: Array, rng: Rng) -> Made:
    """Where somebody lived before: another dwelling of the same place."""
    found: list[Defect] = []
    for column in ("dwelling", "address"):
        if column in sheet.columns:
            old = _cells(sheet, column, rows)
            numbers = rng.integers(100, 999, len(rows)).tolist()
            pairs = zip(old, numbers, strict=True)
            if column == "dwelling":
                before = [f"{text[:-6]}9{n:05d}" for text, n in pairs]
            else:
                before = [f"{text[:-1]}旧{n}号" for text, n in pairs]
            sheet, more = _changed(sheet, column, rows, list(before))
            found += more
    return sheet, found


def empty_cell(scene: Scene, sheet: Sheet, rows: Array, rng: Rng) -> Made:
    columns = [c.id for c in sheet.source.columns if c.required and c.id != sheet.source.person]
    return _each(sheet, columns, rows, rng, lambda texts: [None] * len(texts))


def wrong_code(scene: Scene, sheet: Sheet, rows: Array, rng: Rng) -> Made:
    columns = _of_type(sheet.source, Type.CODE)
    return _each(sheet, columns, rows, rng, lambda texts: [WRONG_CODE if t else t for t in texts])


def no_day(scene: Scene, sheet: Sheet, rows: Array, rng: Rng) -> Made:
    columns = _of_type(sheet.source, Type.DATE)
    return _each(sheet, columns, rows, rng, lambda texts: [NO_DAY if t else t for t in texts])


def swapped_cells(scene: Scene, sheet: Sheet, rows: Array, rng: Rng) -> Made:
    """Number and name stand in each other's column."""
    person = sheet.source.person
    numbers, names = _cells(sheet, person, rows), _cells(sheet, "name", rows)
    sheet, one = _changed(sheet, person, rows, list(names))
    sheet, other = _changed(sheet, "name", rows, list(numbers))
    return sheet, one + other


KINDS: Mapping[str, Callable[[Scene, Sheet, Array, Rng], Made]] = {
    "wrong_check_digit": wrong_check_digit,
    "old_number": old_number,
    "other_spelling": other_spelling,
    "stale_address": stale_address,
    "empty_cell": empty_cell,
    "wrong_code": wrong_code,
    "no_day": no_day,
    "swapped_cells": swapped_cells,
}


def _cells(sheet: Sheet, column: str, rows: Array) -> list[str]:
    return [t or "" for t in sheet.text(column).take(pa.array(rows)).to_pylist()]


def _of_type(source: SourceContract, type: Type) -> list[str]:
    return [c.id for c in source.columns if c.type is type]


def _each(
    sheet: Sheet, columns: list[str], rows: Array, rng: Rng, change: Callable[[list[str]], list[str | None]]
) -> Made:
    """One of the columns for each row."""
    found: list[Defect] = []
    if not columns:
        return sheet, found
    chosen = rng.integers(0, len(columns), len(rows))
    for i, column in enumerate(columns):
        mine = rows[chosen == i]
        if len(mine):
            sheet, more = _changed(sheet, column, mine, change(_cells(sheet, column, mine)))
            found += more
    return sheet, found
