"""The text of a Word document: paragraphs as lines with their automatic numbers, tables as rows of tabs."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from typing import Any

import docx
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.oxml import parse_xml
from docx.oxml.ns import qn

from zhida.services.plan.errors import PlanError
from zhida.services.plan.numbering import Numbering
from zhida.services.plan.rows import one_line, row_line

LARGEST = 300_000_000
"""Bytes of all parts unpacked; a plan with pictures has some tens of millions."""
LARGEST_TEXT = 100_000_000
MOST_PARTS = 10_000
ENCRYPTED = b"\xd0\xcf\x11\xe0"
"""The head of an OLE file: an encrypted .docx, or an old .doc."""
P, TBL, TR, TC, SDT, CONTENT = (qn(f"w:{t}") for t in ("p", "tbl", "tr", "tc", "sdt", "sdtContent"))
SKIPPED = {qn("w:del"), qn("w:moveFrom"), qn("w:delText"), qn("w:pict")}


def docx_text(data: bytes, name: str) -> str:
    """The text of a document.

    Raises:
        PlanError: it is encrypted, of another form, damaged, or unpacks to far more than a plan has.
    """
    if data.startswith(ENCRYPTED):
        raise PlanError(f"{name}: encrypted, or an old .doc; save it as .docx without a password.")
    _check_size(data, name)
    try:
        document = docx.Document(io.BytesIO(data))
        body = document.element.body
        numbering = Numbering(document)
        notes = _notes(document)
        lines = list(_blocks(body, numbering))
    except (PlanError, MemoryError):
        raise
    except Exception as error:  # a damaged file makes the parser fail in any way there is
        raise PlanError(
            f"{name}: this .docx is damaged and can't be read; open and save it again."
        ) from error
    return "\n".join([*lines, *notes]) + "\n"


def _check_size(data: bytes, name: str) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            parts = packed.infolist()
    except (zipfile.BadZipFile, ValueError, OSError) as error:
        raise PlanError(
            f"{name}: this is no .docx (not a zip file); open it in Word and save it again."
        ) from error
    text = sum(part.file_size for part in parts if part.filename.lower().endswith((".xml", ".rels")))
    if len(parts) > MOST_PARTS or sum(p.file_size for p in parts) > LARGEST or text > LARGEST_TEXT:
        raise PlanError(f"{name}: it unpacks to far more than a plan has; it is not read.")
    if any(part.flag_bits & 1 for part in parts):
        raise PlanError(f"{name}: encrypted; save it without a password.")


def _blocks(parent: Any, numbering: Numbering) -> Iterator[str]:
    """Lines of the paragraphs and tables below an element, in their order."""
    for child in parent:
        if child.tag == P:
            yield numbering.number(child) + _words(child).strip("\n")
        elif child.tag == TBL:
            yield from _table(child, numbering)
        elif child.tag == SDT:
            content = child.find(CONTENT)
            if content is not None:
                yield from _blocks(content, numbering)


def _words(paragraph: Any) -> str:
    """The words of a paragraph: what is deleted is left out, what is inserted stays."""
    found: list[str] = []
    stack = list(reversed(paragraph))
    while stack:
        element = stack.pop()
        tag = element.tag if isinstance(element.tag, str) else ""
        local = tag.rpartition("}")[2]
        if tag in SKIPPED or local in ("Fallback", "instrText", "rPr", "pPr", "txbxContent"):
            continue
        if local == "t" and tag == qn("w:t"):
            found.append(element.text or "")
        elif local == "tab":
            found.append("  ")
        elif local in ("br", "cr"):
            found.append("\n")
        elif local == "noBreakHyphen":
            found.append("-")
        elif local in ("footnoteReference", "endnoteReference"):
            found.append(f"[{element.get(qn('w:id'))}]")
        else:
            stack += reversed(element)
    return "".join(found)


def _table(table: Any, numbering: Numbering) -> Iterator[str]:
    """A table as rows of tabs; one of a single column frames paragraphs, which are lines of their own."""
    rows = list(_rows(table))
    if all(len(cells) <= 1 for cells in rows):
        for cells in rows:
            for cell in cells:
                yield from _blocks(cell, numbering)
        return
    grid: list[list[str]] = []
    for cells in rows:
        line: list[str] = []
        for cell in cells:
            across, goes_on = _merged(cell)
            text = "" if goes_on else one_line(" ".join(_blocks(cell, numbering)))
            line += [text, *[""] * (across - 1)]
        grid.append(line)
    width = max(len(line) for line in grid)
    for line in grid:
        yield row_line([*line, *[""] * (width - len(line))])
    yield ""


def _rows(table: Any) -> Iterator[list[Any]]:
    for child in table:
        if child.tag == TR:
            yield list(_cells(child))
        elif child.tag == SDT and child.find(CONTENT) is not None:
            yield from _rows(child.find(CONTENT))


def _cells(row: Any) -> Iterator[Any]:
    for child in row:
        if child.tag == TC:
            yield child
        elif child.tag == SDT and child.find(CONTENT) is not None:
            yield from _cells(child.find(CONTENT))


def _merged(cell: Any) -> tuple[int, bool]:
    """Over how many columns a cell reaches, and whether it goes on with the one above."""
    properties = cell.find(qn("w:tcPr"))
    if properties is None:
        return 1, False
    span, merge = properties.find(qn("w:gridSpan")), properties.find(qn("w:vMerge"))
    value = span.get(qn("w:val")) if span is not None else "1"
    across = int(value) if value and value.isdigit() and len(value) < 4 else 1
    return max(1, across), merge is not None and merge.get(qn("w:val")) in (None, "continue")


def _notes(document: Any) -> list[str]:
    """Footnotes and endnotes, as a list under 注释."""
    found: list[str] = []
    for kind in (RELATIONSHIP_TYPE.FOOTNOTES, RELATIONSHIP_TYPE.ENDNOTES):
        for relation in document.part.rels.values():
            if relation.reltype != kind or relation.is_external:
                continue
            for note in parse_xml(relation.target_part.blob):
                if note.get(qn("w:type")) is None:
                    words = one_line(" ".join(_words(p) for p in note.iter(P)))
                    if words:
                        found.append(f"[{note.get(qn('w:id'))}]{words}")
    return ["注释", *found] if found else []
