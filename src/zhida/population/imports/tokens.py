"""Cells of delimited text: one pass over bytes of UTF-8, compiled, so that a file is as fast as the disk.

The rules of RFC 4180: a cell may stand in quotes, which may hold delimiters, line ends and doubled
quotes. Where a quote is out of place or never closed, only the line that it stands in is lost: reading
goes on after it.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Any

import numba as nb
import numpy as np
from numpy.typing import NDArray

LONGEST_CELL = 64 * 1024
"""A quote that is still open after so many bytes was never meant to be one."""
LONGEST_LINE = 4 * 1024 * 1024
"""Bytes of a line past which a file is not taken for text."""

QUOTE, LF, CR = 34, 10, 13


class RowState(IntEnum):
    """What a row of the file is, before anybody looks into its cells."""

    GOOD = 0
    BLANK = 1  # no row at all: nothing but delimiters, or nothing
    FEW = 2  # fewer cells than the header
    MANY = 3  # more cells than the header
    QUOTES = 4  # a quote out of place, or one that is never closed


_GOOD, _BLANK, _FEW, _MANY, _QUOTES = (int(s) for s in RowState)
_compile = nb.njit(cache=True, nogil=True, boundscheck=False)


@_compile
def _end_of_line(data: Any, at: Any, stop: Any) -> Any:
    while at < stop and data[at] != LF and data[at] != CR:
        at += 1
    return at


@_compile
def _after_line(data: Any, at: Any, stop: Any) -> Any:
    """Behind the line end at ``at``: CR LF counts as one."""
    if at < stop and data[at] == CR:
        at += 1
        if at < stop and data[at] == LF:
            at += 1
        return at
    return at + 1 if at < stop else at


@_compile
def _unquote(data: Any, start: Any, end: Any) -> Any:
    """Makes one of each doubled quote, in place; returns the new end."""
    to = start
    at = start
    while at < end:
        data[to] = data[at]
        at += 2 if data[at] == QUOTE else 1
        to += 1
    return to


@_compile
def tokenise(
    data: Any, stop: Any, final: Any, delimiter: Any, width: Any, line: Any,
    starts: Any, ends: Any, lines: Any, states: Any, spans: Any,
) -> Any:  # fmt: skip
    """Rows of ``data[:stop]``. Returns (rows, bytes used, line after them, whether the arrays were full).

    ``starts`` and ``ends`` (rows × width) are filled with each cell's bytes without its quotes, ``lines``
    with the line on which a row begins, ``spans`` (rows × 2) with its bytes. Unless ``final`` a row
    that the end cuts off is left for the next call. Doubled quotes are made single in ``data`` itself.
    """
    most = lines.shape[0]
    row = 0
    at = 0
    while at < stop:
        if row == most:
            return row, at, line, True
        begin, first_line = at, line
        state = _GOOD
        cells = 0
        filled = False
        doubled = False
        done = False
        while not done:
            escaped = False
            if at < stop and data[at] == QUOTE:
                start = at + 1
                at = start
                closed = False
                while at < stop and at - start <= LONGEST_CELL:
                    c = data[at]
                    if c == QUOTE:
                        if at + 1 < stop and data[at + 1] == QUOTE:
                            escaped = True
                            at += 2
                            continue
                        closed = True
                        break
                    if c == LF or (c == CR and not (at + 1 < stop and data[at + 1] == LF)):
                        line += 1
                    at += 1
                if not closed:
                    if at >= stop and not final and at - start <= LONGEST_CELL:
                        return row, begin, first_line, False
                    state = _QUOTES
                    break
                end = at
                at += 1
                if at >= stop and not final:
                    return row, begin, first_line, False
                filled = filled or end > start
                if at < stop and data[at] not in (delimiter, LF, CR):
                    state = _QUOTES
                    break
            else:
                start = at
                while at < stop:
                    c = data[at]
                    if c in (delimiter, LF, CR):
                        break
                    if c == QUOTE:
                        state = _QUOTES
                        break
                    at += 1
                if state == _QUOTES:
                    break
                end = at
                filled = filled or end > start
            if cells < width:
                starts[row, cells] = start
                # A doubled quote is marked by the sign of the end until the row is known to be good.
                ends[row, cells] = -end - 1 if escaped else end
                doubled = doubled or escaped
            cells += 1
            if at < stop and data[at] == delimiter:
                at += 1
                if at >= stop and not final:
                    return row, begin, first_line, False
            else:
                done = True
        if state == _QUOTES:
            # Only the line on which the row begins is given up.
            at = _end_of_line(data, begin, stop)
            line = first_line
            cells = 0
            filled = True
            doubled = False
        if not final and (at >= stop or (data[at] == CR and at + 1 >= stop)):
            return row, begin, first_line, False
        spans[row, 0] = begin
        spans[row, 1] = at
        at = _after_line(data, at, stop)
        line += 1
        if state == _GOOD:
            if not filled:
                state = _BLANK
            elif cells < width:
                state = _FEW
            elif cells > width:
                state = _MANY
        for cell in range(min(cells, width)):
            if ends[row, cell] < 0:
                end = -ends[row, cell] - 1
                if state == _GOOD:
                    end = _unquote(data, starts[row, cell], end)
                ends[row, cell] = end
        for cell in range(min(cells, width) if state == _GOOD else 0, width):
            starts[row, cell] = 0
            ends[row, cell] = 0
        lines[row] = first_line
        states[row] = state
        row += 1
    return row, at, line, False


@_compile
def trim(data: Any, starts: Any, ends: Any) -> None:
    """Moves the ends of cells inward past blanks: ASCII, no-break, the full-width one, a byte order mark."""
    for i in range(starts.shape[0]):
        a, b = starts[i], ends[i]
        while a < b:
            c = data[a]
            if c == 32 or (9 <= c <= 13):
                a += 1
            elif c == 0xC2 and a + 1 < b and data[a + 1] == 0xA0:
                a += 2
            elif (c == 0xE3 and a + 2 < b and data[a + 1] == 0x80 and data[a + 2] == 0x80) or (
                c == 0xEF and a + 2 < b and data[a + 1] == 0xBB and data[a + 2] == 0xBF
            ):
                a += 3
            else:
                break
        while b > a:
            c = data[b - 1]
            if c == 32 or (9 <= c <= 13):
                b -= 1
            elif c == 0xA0 and b - 2 >= a and data[b - 2] == 0xC2:
                b -= 2
            elif (c == 0x80 and b - 3 >= a and data[b - 3] == 0xE3 and data[b - 2] == 0x80) or (
                c == 0xBF and b - 3 >= a and data[b - 3] == 0xEF and data[b - 2] == 0xBB
            ):
                b -= 3
            else:
                break
        starts[i] = a
        ends[i] = b


@_compile
def copy_cells(data: Any, starts: Any, ends: Any, offsets: Any, out: Any) -> None:
    """Cells one behind the other into ``out``, as Arrow stores strings."""
    to = 0
    for i in range(starts.shape[0]):
        offsets[i] = to
        for at in range(starts[i], ends[i]):
            out[to] = data[at]
            to += 1
    offsets[starts.shape[0]] = to


def empty_rows(rows: int, width: int) -> tuple[NDArray[Any], ...]:
    """Arrays for ``tokenise``: starts, ends, lines, states, spans."""
    return (
        np.zeros((rows, width), np.int64),
        np.zeros((rows, width), np.int64),
        np.zeros(rows, np.int64),
        np.zeros(rows, np.uint8),
        np.zeros((rows, 2), np.int64),
    )
