"""From cells to columns as staging stores them, and what is wrong with each cell that gives no value."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from zhida.codes.months import day_number, month_of
from zhida.codes.resident_ids import LENGTH, IdState, ResidentIds, check_resident_ids
from zhida.population.imports import contract, kernels, odd, places
from zhida.population.imports.cells import Arrow, Cells, string_array
from zhida.population.imports.contract import Column, Type
from zhida.population.imports.reasons import Reason
from zhida.rules.declarations import Pack
from zhida.rules.problems import nearest

LONGEST_TEXT = 2_000
"""Bytes of a text; a name has less."""
_LONGEST_NAME = 200
_YES = frozenset({"是", "1", "Y", "YES", "TRUE", "T"})
_NO = frozenset({"否", "0", "N", "NO", "FALSE", "F"})
_PHONE = re.compile(r"\+?[0-9]{2,5}(?:-?[0-9]{2,8}){1,3}")
_ID_REASONS = {
    IdState.LENGTH: Reason.ID_LENGTH,
    IdState.CHARACTERS: Reason.ID_CHARACTERS,
    IdState.CENTENARIAN: Reason.ID_CENTENARIAN,
    IdState.BIRTH: Reason.ID_BIRTH,
    IdState.LATER: Reason.ID_LATER,
    IdState.CHECK: Reason.ID_CHECK,
}
STORED: dict[Type, pa.DataType] = {
    Type.DATE: pa.date32(),
    Type.MONTH: pa.int32(),
    Type.MONEY: pa.int64(),
    Type.INT: pa.int64(),
    Type.DECIMAL: pa.int64(),
    Type.YES_NO: pa.bool_(),
}
"""Arrow types of staging; what is not here is a string."""


@dataclass(frozen=True, slots=True)
class Bad:
    """A cell without a value. ``detail``: a nearer suggestion, '' for the reason's own."""

    row: int
    reason: Reason
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Parsed:
    """``array`` [n] with nulls where a cell is empty or bad. ``ids``: of a resident ID, what it tells."""

    array: Arrow
    bad: list[Bad]
    ids: ResidentIds | None = None


@dataclass
class Reader:
    """Reads the cells of one file. What was once looked up stays known."""

    pack: Pack
    as_of: date
    known: dict[tuple[str, str], Any] = field(default_factory=dict)

    def read(self, column: Column, cells: Cells) -> Parsed:
        """Values of a column. Every cell that is not empty gives a value or a ``Bad``."""
        parsed = _READERS[column.type](self, column, cells)
        if column.required:
            parsed.bad.extend(Bad(int(r), Reason.EMPTY) for r in np.flatnonzero(cells.lengths == 0))
        return parsed

    # --- resident IDs

    def resident_id(self, column: Column, cells: Cells) -> Parsed:
        lengths = cells.lengths
        numbers = np.zeros((len(cells), LENGTH), np.uint8)
        kernels.fixed(cells.data, cells.starts, cells.ends, numbers)
        wide = (numbers >= 128).any(axis=1)
        if wide.any():  # full-width digits
            for row in np.flatnonzero(wide).tolist():
                text = odd.plain(cells.text(row)).encode()
                numbers[row] = np.frombuffer(text[:LENGTH].ljust(LENGTH, b"\0"), np.uint8)
                lengths[row] = len(text)
        ids = check_resident_ids(numbers, lengths, self.as_of)
        there = cells.lengths > 0
        wrong = np.flatnonzero((ids.states != IdState.GOOD) & there)
        swapped = _swapped(ids) if len(wrong) else {}
        bad = [Bad(r, self._id_reason(ids, r, cells), swapped.get(r, "")) for r in wrong.tolist()]
        return Parsed(_fixed_strings(ids.numbers, there), bad, ids)

    def _id_reason(self, ids: ResidentIds, row: int, cells: Cells) -> Reason:
        text = odd.plain(cells.text(row)).upper()
        return _general(text) or _ID_REASONS[IdState(int(ids.states[row]))]

    # --- days and numbers

    def date(self, column: Column, cells: Cells) -> Parsed:
        values, states = np.empty(len(cells), np.int64), np.empty(len(cells), np.uint8)
        kernels.dates(cells.data, cells.starts, cells.ends, values, states)
        bad = self._odd(column, cells, values, states, odd.day)
        last = None if column.future else day_number(self.as_of)
        bad += _bounds(column, values, states, last)
        return Parsed(_numbers(values.astype(np.int32), states, pa.date32()), bad)

    def month(self, column: Column, cells: Cells) -> Parsed:
        values = np.zeros(len(cells), np.int64)
        states = np.where(cells.lengths == 0, kernels.EMPTY, kernels.ODD).astype(np.uint8)
        bad = self._each(column, cells, values, states, odd.month)
        bad += _bounds(column, values, states, None if column.future else month_of(self.as_of))
        return Parsed(_numbers(values.astype(np.int32), states, pa.int32()), bad)

    def number(self, column: Column, cells: Cells) -> Parsed:
        values, states = np.empty(len(cells), np.int64), np.empty(len(cells), np.uint8)
        kernels.scaled(cells.data, cells.starts, cells.ends, column.places, values, states)
        exact = odd.money if column.type is Type.MONEY else lambda text: odd.number(text, column.places)
        bad = self._odd(column, cells, values, states, exact)
        bad += _bounds(column, values, states, None)
        return Parsed(_numbers(values, states, pa.int64()), bad)

    def _odd(
        self,
        column: Column,
        cells: Cells,
        values: NDArray[np.int64],
        states: NDArray[np.uint8],
        exact: Callable[[str], odd.Found],
    ) -> list[Bad]:
        """Reads what the kernel left, cell by cell."""
        bad: list[Bad] = []
        for row in np.flatnonzero(states == kernels.ODD).tolist():
            text = cells.text(row)
            found = _general(text) or exact(text)
            if isinstance(found, Reason):
                bad.append(Bad(row, found))
            else:
                values[row], states[row] = found, kernels.READ
        return bad

    # --- texts of which there are few: each is looked up once a file

    def _each(
        self,
        column: Column,
        cells: Cells,
        values: NDArray[np.int64],
        states: NDArray[np.uint8],
        exact: Callable[[str], odd.Found],
    ) -> list[Bad]:
        encoded = cells.strings().dictionary_encode()
        index = encoded.indices.to_numpy()
        found = [self._look_up(column, t, exact) for t in encoded.dictionary.to_pylist()]
        numbers = np.array([0 if isinstance(f, Reason) else f for f in found], np.int64)
        good = np.array([not isinstance(f, Reason) for f in found], bool)
        bad = []
        if len(found):
            values[:] = numbers[index]
            wrong = ~good[index] & (states != kernels.EMPTY)
            states[good[index] & (states != kernels.EMPTY)] = kernels.READ
            bad = [Bad(int(r), found[int(index[r])]) for r in np.flatnonzero(wrong)]
        return bad

    def _look_up(self, column: Column, text: str, find: Callable[[str], Any]) -> Any:
        key = (column.id, text)
        if key not in self.known:
            if len(self.known) > 200_000:  # a column that holds what it should not
                self.known.clear()
            self.known[key] = (_general(text) if text else None) or find(text)
        return self.known[key]

    def word(self, column: Column, cells: Cells) -> Parsed:
        """Codes, benefits, divisions, yes and no."""
        find = {
            Type.CODE: lambda text: self._code(column, text),
            Type.BENEFIT: self._benefit,
            Type.DIVISION: lambda text: places.read(text, self.pack, self.as_of),
            Type.YES_NO: _yes_no,
        }[column.type]
        encoded = cells.strings().dictionary_encode()
        texts = encoded.dictionary.to_pylist()
        found = [self._look_up(column, t, find) if t else None for t in texts]
        wrong = [isinstance(f, (tuple, Reason)) for f in found]
        stored = STORED.get(column.type, pa.string())
        values = pa.array([None if w else f for f, w in zip(found, wrong, strict=True)], stored)
        bad: list[Bad] = []
        if any(wrong):
            index = encoded.indices.to_numpy()
            for row in np.flatnonzero(np.array(wrong)[index]):
                told = found[int(index[row])]
                reason, detail = told if isinstance(told, tuple) else (told, "")
                bad.append(Bad(int(row), reason, detail))
        return Parsed(values.take(encoded.indices), bad)

    def _code(self, column: Column, text: str) -> str | tuple[Reason, str]:
        found = column.codes.get(contract.plain(text))
        if found is not None:
            return found
        guess = nearest(contract.plain(text), column.codes)
        return Reason.CODE_UNKNOWN, f"也许是“{guess}”" if guess else "可用：" + "、".join(column.codes)[:120]

    def _benefit(self, text: str) -> str | tuple[Reason, str]:
        wanted = contract.plain(text)
        for benefit in self.pack.benefits.values():
            if wanted in (contract.plain(benefit.name), benefit.id.upper()):
                return benefit.id
        guess = nearest(text, [b.name for b in self.pack.benefits.values()])
        return Reason.BENEFIT_UNKNOWN, f"也许是“{guess}”" if guess else ""

    # --- texts of which there are many

    def text(self, column: Column, cells: Cells) -> Parsed:
        longest = _LONGEST_NAME if column.type is Type.PERSON_NAME else LONGEST_TEXT
        states = np.empty(len(cells), np.uint8)
        kernels.flaws(cells.data, cells.starts, cells.ends, longest, states)
        bad = list(_flaws(states, column.type is Type.PERSON_NAME))
        return Parsed(cells.strings(cells.lengths > 0), bad)

    def code_number(self, column: Column, cells: Cells) -> Parsed:
        """Phones and accounts: digits (and capitals); blanks and hyphens inside go."""
        phone = column.type is Type.PHONE
        least, most = (7, 15) if phone else (4, 40)
        states = np.empty(len(cells), np.uint8)
        kernels.alphabet(cells.data, cells.starts, cells.ends, least, most, not phone, states)
        rows = np.flatnonzero(states == kernels.ODD)
        if not len(rows):
            return Parsed(cells.strings(states == kernels.READ), [])
        texts: list[str] = cells.strings().to_pylist()
        bad = []
        for row in rows:
            found = _phone(texts[row]) if phone else _account(texts[row])
            if isinstance(found, Reason):
                bad.append(Bad(int(row), found))
            else:
                texts[row] = found
        return Parsed(pa.array([t or None for t in texts], pa.string()), bad)


def _general(text: str) -> Reason | None:
    """What may be wrong with a cell of any type."""
    if "\ufffd" in text:
        return Reason.GARBLED
    if any(ord(c) < 32 or ord(c) == 127 for c in text):
        return Reason.CONTROL
    shown = text.strip().upper()
    if shown in odd.ERRORS:
        return Reason.ERROR_CELL
    return Reason.ROUNDED if odd.ROUNDED.fullmatch(shown) else None


def _flaws(states: NDArray[np.uint8], name: bool) -> Iterator[Bad]:
    reasons = {1: Reason.CONTROL, 2: Reason.GARBLED, 3: Reason.TOO_LONG}
    if name:
        reasons[4] = Reason.NAME_FORM
    for state, reason in reasons.items():
        for row in np.flatnonzero(states == state):
            yield Bad(int(row), reason)


def _swapped(ids: ResidentIds) -> dict[int, str]:
    """By row: where two neighbours changed places, if exactly one such change makes all fit."""
    rows = np.flatnonzero(ids.states == IdState.CHECK)
    numbers = ids.numbers[rows]
    places = np.arange(LENGTH - 2)
    tries = np.repeat(numbers[:, None, :], len(places), axis=1)
    tries[:, places, places], tries[:, places, places + 1] = numbers[:, places + 1], numbers[:, places]
    all_tries = tries.reshape(-1, LENGTH)
    checked = check_resident_ids(all_tries, np.full(len(all_tries), LENGTH), date.max)
    fits = (checked.states == IdState.GOOD).reshape(len(rows), len(places))
    fits &= numbers[:, places] != numbers[:, places + 1]
    told = {}
    for i in np.flatnonzero(fits.sum(axis=1) == 1):
        first = int(fits[i].argmax()) + 1
        told[int(rows[i])] = f"第 {first} 位与第 {first + 1} 位也许颠倒了，对照证件核对"
    return told


def _yes_no(text: str) -> bool | Reason:
    word = contract.plain(text)
    return True if word in _YES else False if word in _NO else Reason.YES_NO


def _phone(text: str) -> str | Reason:
    shown = re.sub(r"[()\s]", "", odd.plain(text))
    return _general(text) or (shown if _PHONE.fullmatch(shown) else Reason.PHONE_FORM)


def _account(text: str) -> str | Reason:
    shown = re.sub(r"[-\s]", "", odd.plain(text)).upper()
    return _general(text) or (shown if re.fullmatch(r"[0-9A-Z]{4,40}", shown) else Reason.ACCOUNT_FORM)


def _bounds(
    column: Column, values: NDArray[np.int64], states: NDArray[np.uint8], last: int | None
) -> list[Bad]:
    """``last``: the day or month as of which the file was true."""
    read = states == kernels.READ
    bad: list[Bad] = []
    for reason, mask in (
        (Reason.BELOW, None if column.minimum is None else values < column.minimum),
        (Reason.ABOVE, None if column.maximum is None else values > column.maximum),
        (Reason.DATE_LATER, None if last is None else values > last),
    ):
        if mask is not None and (mask & read).any():
            bad += [Bad(int(r), reason) for r in np.flatnonzero(mask & read)]
    return bad


def _numbers(values: NDArray[Any], states: NDArray[np.uint8], type: pa.DataType) -> Arrow:
    return pa.array(values, type, mask=states != kernels.READ)


def _fixed_strings(numbers: NDArray[np.uint8], there: NDArray[np.bool_]) -> Arrow:
    offsets = np.arange(0, (len(numbers) + 1) * LENGTH, LENGTH, dtype=np.int32)
    return string_array(offsets, np.ascontiguousarray(numbers).reshape(-1), there)


_READERS: Mapping[Type, Callable[[Reader, Column, Cells], Parsed]] = {
    Type.RESIDENT_ID: Reader.resident_id,
    Type.DATE: Reader.date,
    Type.MONTH: Reader.month,
    **dict.fromkeys((Type.MONEY, Type.INT, Type.DECIMAL), Reader.number),
    **dict.fromkeys((Type.CODE, Type.BENEFIT, Type.DIVISION, Type.YES_NO), Reader.word),
    **dict.fromkeys((Type.TEXT, Type.ADDRESS, Type.PERSON_NAME), Reader.text),
    **dict.fromkeys((Type.PHONE, Type.ACCOUNT), Reader.code_number),
}
