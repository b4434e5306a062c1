"""Texts that nobody would write, and the tokeniser over them in blocks of any size."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st

from zhida.population.imports.cells import Cells
from zhida.population.imports.tokens import RowState, empty_rows, tokenise

BLANKS = " \t\n\r\v\f\u00a0\u3000\ufeff"
CELLS = st.text(st.sampled_from('甲a1,;"\n\r \u3000\t中'), max_size=8)
TORN = st.text(st.sampled_from('a1",\n\r甲 '), max_size=120)


def share(part: float) -> int:
    """Part of the examples that a run makes of a test, for tests that write files."""
    return max(1, round(settings.default.max_examples * part)) if settings.default is not None else 1


def trimmed(text: str) -> str:
    return text.strip(BLANKS)


def _rows(raw: bytes, width: int, block: int) -> list[tuple[int, int, list[str]]]:
    """(line, state, cells) of every row, fed block by block as the reader of files does it."""
    import numpy as np

    found: list[tuple[int, int, list[str]]] = []
    rest, line, at = b"", 1, 0
    arrays = empty_rows(4, width)
    while True:
        piece = raw[at : at + block]
        at += block
        final = not piece
        data = np.frombuffer(bytearray(rest + piece), np.uint8)
        used = 0
        while used < len(data):
            part = data[used:]
            rows, taken, line, full = tokenise(part, len(part), final, ord(","), width, line, *arrays)
            used += taken
            starts, ends, lines, states, _ = arrays
            cells = [Cells.of(part, starts[:rows, c].copy(), ends[:rows, c].copy()) for c in range(width)]
            for row in range(rows):
                found.append((int(lines[row]), int(states[row]), [c.text(row) for c in cells]))
            if not full:
                break
        if final:
            return found
        rest = data[used:].tobytes()


def cells_of(raw: bytes, width: int, block: int) -> list[list[str]]:
    """Cells of the good rows, trimmed; those of nothing but blanks left out."""
    rows = [cells for _, state, cells in _rows(raw, width, block) if state == RowState.GOOD]
    return [cells for cells in rows if any(cells)]


def states_of(raw: bytes, width: int, block: int) -> list[tuple[int, int]]:
    return [(line, state) for line, state, _ in _rows(raw, width, block)]
