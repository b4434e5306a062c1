"""From a file to the text of a plan, in which every place is counted."""

from __future__ import annotations

import codecs
from pathlib import Path

from zhida.services.plan.errors import PlanError

LARGEST = 50_000_000
"""Bytes of a file. A plan has some hundred thousand characters; more is something else."""

LONGEST = 3_000_000
"""Characters of a text; the longest plans have some two hundred thousand."""

BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


FORMS = ".txt, .docx, .html or .pdf"


def text_of(path: Path) -> str:
    """The text of a file, by its suffix.

    Raises:
        PlanError: not a file, too large, damaged, encrypted, or of a form that is not read.
    """
    suffix = path.suffix.lower()
    if suffix not in (".txt", ".docx", ".html", ".htm", ".pdf"):
        known = "an old .doc; save it as .docx" if suffix == ".doc" else f"give {FORMS}"
        raise PlanError(f"{path}: a {suffix or 'file without a suffix'} is not read: {known}.")
    found = _text(bytes_of(path), suffix, path.name)
    if len(found) > LONGEST:
        raise PlanError(
            f"{path}: {len(found)} characters are more than a plan can have ({LONGEST}); split it."
        )
    return found


def _text(data: bytes, suffix: str, name: str) -> str:
    if suffix == ".txt":
        return plain(data, name)
    if suffix == ".docx":
        from zhida.services.plan.from_docx import docx_text

        return one_ending(docx_text(data, name))
    if suffix == ".pdf":
        from zhida.services.plan.from_pdf import pdf_text

        return one_ending(pdf_text(data, name))
    from zhida.services.plan.from_html import html_text

    return one_ending(html_text(data, name))


def bytes_of(path: Path) -> bytes:
    """The bytes of a file of bearable size.

    Raises:
        PlanError: no file is there, or it is too large or can't be read.
    """
    try:
        if not path.is_file():
            raise PlanError(f"{path}: there is no such file; check the path.")
        size = path.stat().st_size
        if size > LARGEST:
            raise PlanError(f"{path}: {size} bytes are more than a plan can have ({LARGEST}); split it.")
        return path.read_bytes()
    except OSError as error:
        raise PlanError(f"{path}: {error.strerror or error}. Check the path and its rights.") from error


def plain(data: bytes, name: str) -> str:
    """Bytes of a text file as text: the BOM decides, else UTF-8, else GB18030; lines end with ``\\n``.

    Raises:
        PlanError: it is in none of these encodings.
    """
    for bom, encoding in BOMS:
        if data.startswith(bom):
            return one_ending(_decoded(data, (encoding,), name).removeprefix("\ufeff"))
    return one_ending(_decoded(data, ("utf-8", "gb18030"), name))


def one_ending(text: str) -> str:
    """``\\r\\n`` and ``\\r`` become ``\\n``; nothing else is changed."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _decoded(data: bytes, encodings: tuple[str, ...], name: str) -> str:
    for encoding in encodings:
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise PlanError(f"{name}: not text in {' or '.join(encodings)}; save it as UTF-8.")
