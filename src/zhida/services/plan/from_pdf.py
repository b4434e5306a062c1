"""The text of a PDF: ruled tables as rows of tabs, lines of a paragraph joined by where they end."""

from __future__ import annotations

import io
import logging
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import Any

import pdfplumber

from zhida.services.plan.errors import PlanError
from zhida.services.plan.radicals import with_characters
from zhida.services.plan.rows import row_line

MOST_PAGES = 1000
PAGE_NUMBER = re.compile(r"[-—–·\s第/]*\d{1,4}[-—–·\s页/]*(?:共\s*\d+\s*页)?")
EDGE = 0.09
"""Share of a page's height in which running heads and numbers of pages stand."""
LOCKED = {"PDFPasswordIncorrect", "PDFEncryptionError"}
ENDS = re.compile(r"[。！？；：;!?:][”’）)》]*$")


@dataclass(frozen=True, slots=True)
class _Line:
    text: str
    left: float
    right: float
    top: float
    bottom: float
    size: float
    page: int
    table: tuple[tuple[str, ...], ...] = ()


def pdf_text(data: bytes, name: str) -> str:
    """The text of a PDF.

    Raises:
        PlanError: it is encrypted, damaged, too long, or holds only pictures of pages.
    """
    logging.getLogger("pdfminer").setLevel(logging.ERROR)  # its warnings speak of fonts, not of text
    try:
        with pdfplumber.open(io.BytesIO(data)) as pdf:
            if len(pdf.pages) > MOST_PAGES:
                raise PlanError(f"{name}: {len(pdf.pages)} pages are more than a plan has; split the file.")
            lines: list[_Line] = []
            heights = []
            for number, page in enumerate(pdf.pages):
                lines += _page(page, number)
                heights.append(float(page.height))
                page.close()
    except (PlanError, MemoryError):
        raise
    except Exception as error:  # a damaged file makes the parser fail in any way there is
        causes = {type(cause).__name__ for cause in (error, *error.args)}
        if causes & LOCKED:
            raise PlanError(f"{name}: encrypted; save it without a password.") from error
        raise PlanError(f"{name}: this PDF is damaged and can't be read; print it to PDF again.") from error
    lines = _without_edges(lines, heights)
    if not any(line.text or line.table for line in lines):
        raise PlanError(f"{name}: this PDF has no text, only pictures of pages; run OCR over it first.")
    return with_characters("\n".join(_joined(lines))) + "\n"


def _page(page: Any, number: int) -> list[_Line]:
    """The lines and tables of a page from top to bottom."""
    tables = [t for t in page.find_tables() if _is_data(t)]
    boxes = [t.bbox for t in tables]
    outside = page.filter(lambda o: o.get("object_type") != "char" or not _in(o, boxes))
    found = [
        _Line(
            line["text"].strip(), line["x0"], line["x1"], line["top"], line["bottom"],
            median(c["size"] for c in line["chars"]), number,
        )
        for line in outside.extract_text_lines(return_chars=True, x_tolerance_ratio=0.3)
        if line["text"].strip()
    ]  # fmt: skip
    for table in tables:
        rows = tuple(tuple((cell or "").replace("\n", "") for cell in row) for row in table.extract())
        left, top, right, bottom = table.bbox
        found.append(_Line("", left, right, top, bottom, 0, number, rows))
    return sorted(found, key=lambda line: (line.top, line.left))


def _is_data(table: Any) -> bool:
    rows = table.rows
    return len(rows) > 1 and max(len(row.cells) for row in rows) > 1


def _in(char: dict[str, Any], boxes: Sequence[tuple[float, float, float, float]]) -> bool:
    x, y = (char["x0"] + char["x1"]) / 2, (char["top"] + char["bottom"]) / 2
    return any(left <= x <= right and top <= y <= bottom for left, top, right, bottom in boxes)


def _without_edges(lines: list[_Line], heights: Sequence[float]) -> list[_Line]:
    """Without numbers of pages, and without heads and feet that most pages repeat."""

    def edge(line: _Line) -> bool:
        height = heights[line.page]
        return not line.table and (line.bottom < height * EDGE or line.top > height * (1 - EDGE))

    times = Counter(re.sub(r"\d+", "", line.text) for line in lines if edge(line))
    often = {text for text, many in times.items() if many > max(2, len(heights) // 2)}
    return [
        line for line in lines
        if not (edge(line) and (PAGE_NUMBER.fullmatch(line.text) or re.sub(r"\d+", "", line.text) in often))
    ]  # fmt: skip


def _joined(lines: Sequence[_Line]) -> list[str]:
    right = max((line.right for line in lines if not line.table), default=0.0)
    left = min((line.left for line in lines if not line.table), default=0.0)
    gaps = [b.top - a.top for a, b in pairwise(lines) if a.page == b.page and not (a.table or b.table)]
    pitch = min((g for g in gaps if g > 4), default=0.0)
    out: list[str] = []
    before: _Line | None = None
    for line in lines:
        if line.table:
            rows = line.table
            if before is not None and before.table and len(before.table[0]) == len(rows[0]):
                rows = rows[1:] if rows[0] == before.table[0] else rows
            elif before is not None and before.table:
                out.append("")
            out += [row_line(row) for row in rows]
        elif before is not None and not before.table and _goes_on(before, line, left, right, pitch):
            out[-1] += line.text
        else:
            if before is not None and before.table:
                out.append("")
            out.append(line.text)
        before = line
    return out


def _goes_on(before: _Line, line: _Line, left: float, right: float, pitch: float) -> bool:
    """Whether a line continues the paragraph of the one above: that reaches the right edge, this is not
    set in, and no wider gap lies between."""
    full = right - before.right <= 1.6 * before.size
    set_in = line.left - left > 1.2 * line.size and line.left > before.left + 0.5 * line.size
    if not full or set_in or abs(line.size - before.size) > 0.6:
        return False
    if line.page != before.page:
        return ENDS.search(before.text) is None
    return pitch == 0 or line.top - before.top <= max(1.35 * pitch, 0)
