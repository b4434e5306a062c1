"""Columns of text, made without a loop over rows: numbers, dates, money and words as a file writes them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from zhida.population.city.draw import Array

Text = Any
"""A pyarrow array of strings; an empty cell is null. The stubs know less of it than the library."""


def repeated(word: str | None, n: int) -> Text:
    return pa.nulls(n, pa.string()) if word is None else pick([word], np.zeros(n, np.int32))


def pick(words: Sequence[str | None], index: Array) -> Text:
    """The word of each index; a negative index leaves the cell empty."""
    at: Any = pa.array(np.maximum(index, 0).astype(np.int32), mask=np.asarray(index) < 0)
    return pa.array(list(words), pa.string()).take(at)


def integers(values: Array, width: int = 0, empty: Array | None = None) -> Text:
    """Digits, with zeros in front up to a width."""
    text: Any = pc.cast(pa.array(values, mask=empty), pa.string())
    return pc.utf8_lpad(text, width, "0") if width else text


def joined(*pieces: Text | str) -> Text:
    """The pieces one after the other; empty where one of them is."""
    call: Any = pc.binary_join_element_wise
    return call(*(pa.scalar(p) if isinstance(p, str) else p for p in pieces), "")


def money(fen: Array, empty: Array | None = None) -> Text:
    """Fen → yuan with two decimals."""
    values = np.asarray(fen, dtype=np.int64)
    return joined(integers(values // 100, empty=empty), ".", integers(values % 100, 2))


def decimals(values: Array, places: int) -> Text:
    """Scaled integers → a decimal fraction."""
    whole, rest = np.divmod(np.asarray(values, dtype=np.int64), 10**places)
    return joined(integers(whole), ".", integers(rest, places))


def dates(days: Array, empty: Array | None = None) -> Text:
    """Days since 1970-01-01 → 2025-06-30."""
    cast: Any = pc.cast
    return cast(pa.array(np.asarray(days, dtype=np.int32), pa.date32(), mask=empty), pa.string())


def months(values: Array) -> Text:
    """year * 12 + month - 1 → 2025-06."""
    year, index = np.divmod(np.asarray(values, dtype=np.int64), 12)
    return joined(integers(year, 4), "-", integers(index + 1, 2))


def yes_no(mask: Array) -> Text:
    return pick(["否", "是"], np.asarray(mask).astype(np.int32))


def where(mask: Array, this: Text, other: Text) -> Text:
    """``this`` where the mask holds, else ``other``."""
    choose: Any = pc.if_else
    return choose(pa.array(np.asarray(mask, dtype=bool)), this, other)


def blank(text: Text, mask: Array) -> Text:
    """The text with empty cells where the mask holds."""
    return where(mask, pa.scalar(None, pa.string()), text)


def of_bytes(table: Array) -> Text:
    """ASCII codes, one row a text of the same length → strings."""
    n, width = table.shape
    data = np.ascontiguousarray(table, dtype=np.uint8)
    fixed: Any = pa.FixedSizeBinaryArray
    found = fixed.from_buffers(pa.binary(width), n, [None, pa.py_buffer(data.tobytes())])
    return found.cast(pa.binary()).cast(pa.string())


def digits_of(values: Array, width: int) -> Array:
    """ASCII digits of numbers, one row each."""
    powers = 10 ** np.arange(width - 1, -1, -1, dtype=np.int64)
    found: Array = (np.asarray(values, dtype=np.int64)[:, None] // powers % 10 + ord("0")).astype(np.uint8)
    return found
