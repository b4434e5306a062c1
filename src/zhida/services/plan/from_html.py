"""The text of a web page: blocks as lines, tables as rows of tabs."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator

import lxml.html
from lxml import etree
from lxml.html import HtmlElement

from zhida.services.plan.errors import PlanError
from zhida.services.plan.rows import Grid, one_line

HIDDEN = {"script", "style", "noscript", "template", "head", "svg", "iframe", "object", "select", "button"}
INLINE = {
    "a", "abbr", "b", "bdi", "big", "cite", "code", "data", "del", "dfn", "em", "font", "i", "ins", "kbd",
    "label", "mark", "q", "s", "samp", "small", "span", "strike", "strong", "sub", "sup", "time", "tt", "u",
    "var", "wbr", "o:p",
}  # fmt: skip
CHARSET = re.compile(rb"""<meta[^>]{0,200}?charset\s*=\s*["']?\s*([A-Za-z0-9_-]+)""", re.IGNORECASE)
WIDER = {"gb2312": "gb18030", "gbk": "gb18030", "gb_2312-80": "gb18030", "x-gbk": "gb18030"}
LONG_CELL = 400
"""A table with a cell of more characters only lays out a page."""


def html_text(data: bytes, name: str) -> str:
    """The text of a page.

    Raises:
        PlanError: it is no HTML or in no known encoding.
    """
    source = _decoded(data, name)
    try:
        page = lxml.html.document_fromstring(source or " ")
    except (etree.ParserError, etree.XMLSyntaxError, ValueError, AssertionError) as error:
        raise PlanError(
            f"{name}: this is not a web page that can be read; save it as .txt or .docx."
        ) from error
    return "\n".join(_lines(page)) + "\n"


def _decoded(data: bytes, name: str) -> str:
    for bom, encoding in ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"),
                          (codecs.BOM_UTF16_BE, "utf-16-be")):  # fmt: skip
        if data.startswith(bom):
            return _cleaned(data.decode(encoding, "replace").removeprefix("\ufeff"))
    named = CHARSET.search(data[:4096])
    stated = named[1].decode("ascii").lower() if named else ""
    for encoding in filter(None, (WIDER.get(stated, stated), "utf-8", "gb18030")):
        try:
            return _cleaned(data.decode(encoding))
        except (UnicodeDecodeError, LookupError):
            continue
    raise PlanError(f"{name}: its encoding is not known; save it as UTF-8.")


def _cleaned(source: str) -> str:
    """Without an XML declaration and signs that no page may hold."""
    source = re.sub(r"^\s*<\?xml[^>]*\?>", "", source)
    return re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f]", "", source)


def _lines(page: HtmlElement) -> list[str]:
    lines: list[str] = []
    words: list[str] = []

    def end_line() -> None:
        line = one_line("".join(words))
        if line:
            lines.append(line)
        words.clear()

    for kind, value in _events(page):
        if kind == "text":
            words.append(str(value))
        elif kind == "break":
            end_line()
        else:
            end_line()
            lines += [*_grid(value).lines(), ""]
    end_line()
    return lines


def _events(page: HtmlElement) -> Iterator[tuple[str, HtmlElement | str]]:
    """Text, breaks and tables in their order, without recursion: pages may be nested as deep as they like."""
    stack: list[tuple[str, HtmlElement | str]] = [("open", page)]
    while stack:
        kind, value = stack.pop()
        if kind != "open":
            yield kind, value
            continue
        element = value
        assert not isinstance(element, str)
        tag = element.tag if isinstance(element.tag, str) else ""
        if not tag or tag in HIDDEN or element.get("hidden") is not None:
            continue
        if tag == "table" and _is_data(element):
            yield "table", element
            continue
        block = tag not in INLINE
        inner: list[tuple[str, HtmlElement | str]] = [("break", "")] if block else []
        if element.text:
            inner.append(("text", element.text))
        for child in element:
            inner.append(("open", child))
            if child.tail:
                inner.append(("text", child.tail))
        if block:
            inner.append(("break", ""))
        stack += reversed(inner)


def _is_data(table: HtmlElement) -> bool:
    """Whether a table holds data: more than one column, nothing nested, no page of text in a cell."""
    if table.find(".//table") is not None:
        return False
    rows = table.findall(".//tr")
    if not any(len(row) > 1 for row in rows):
        return False
    return all(len("".join(cell.itertext())) <= LONG_CELL for row in rows for cell in row)


def _grid(table: HtmlElement | str) -> Grid:
    grid = Grid()
    assert not isinstance(table, str)
    for row in table.iter("tr"):
        cells = [cell for cell in row if cell.tag in ("td", "th")]
        grid.row([(_cell(c), _many(c, "colspan"), _many(c, "rowspan")) for c in cells])
    return grid


def _cell(cell: HtmlElement) -> str:
    return one_line(" ".join(str(value) for kind, value in _events(cell) if kind == "text"))


def _many(cell: HtmlElement, name: str) -> int:
    """``colspan`` or ``rowspan``; what is no number is 1."""
    value = (cell.get(name) or "1").strip()
    return max(1, int(value)) if value.isascii() and value.isdigit() and len(value) < 5 else 1
