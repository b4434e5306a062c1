"""The numbers that Word sets before paragraphs by itself; they stand nowhere in the text."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from docx.oxml.ns import qn

DIGITS = "零一二三四五六七八九"
CHINESE = {
    "chineseCounting", "chineseCountingThousand", "japaneseCounting", "taiwaneseCounting",
    "taiwaneseCountingThousand", "ideographTraditional", "koreanCounting",
}  # fmt: skip


def chinese_numeral(number: int) -> str:
    """A whole number below 10000 in Chinese; others in Arabic digits.

    >>> chinese_numeral(12), chinese_numeral(120)
    ('十二', '一百二十')
    """
    if not 0 <= number < 10_000:
        return str(number)
    if number < 10:
        return DIGITS[number]
    words, zero = "", False
    for place, name in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit = number // place % 10
        if digit:
            words += ("零" if zero and words else "") + DIGITS[digit] + name
            zero = False
        else:
            zero = bool(words)
    return words[1:] if words.startswith("一十") else words


@dataclass(frozen=True, slots=True)
class _Level:
    form: str
    text: str
    start: int


class Numbering:
    """Counts the numbered paragraphs of a document in the order in which they are asked for."""

    def __init__(self, document: Any) -> None:
        self._levels: dict[str, dict[int, _Level]] = {}
        self._abstract: dict[str, str] = {}
        self._counts: dict[str, dict[int, int]] = defaultdict(dict)
        self._styles: dict[str, tuple[str | None, int, str | None]] = {}
        try:
            root = document.part.numbering_part.element
        except (KeyError, NotImplementedError, AttributeError):
            return
        for abstract in root.findall(qn("w:abstractNum")):
            levels = {}
            for level in abstract.findall(qn("w:lvl")):
                depth = _whole(level.get(qn("w:ilvl")))
                levels[depth] = _Level(
                    _value(level, "numFmt") or "decimal",
                    _value(level, "lvlText") or "",
                    _whole(_value(level, "start"), 1),
                )
            self._levels[abstract.get(qn("w:abstractNumId")) or ""] = levels
        for number in root.findall(qn("w:num")):
            self._abstract[number.get(qn("w:numId")) or ""] = _value(number, "abstractNumId") or ""
        self._read_styles(document)

    def _read_styles(self, document: Any) -> None:
        for style in document.styles.element.findall(qn("w:style")):
            properties = style.find(qn("w:pPr"))
            number, depth = _numbered(properties)
            self._styles[style.get(qn("w:styleId")) or ""] = (number, depth, _value(style, "basedOn"))

    def number(self, paragraph: Any) -> str:
        """The number before a paragraph, such as ``（二）``; empty where there is none."""
        if not self._levels:
            return ""
        properties = paragraph.find(qn("w:pPr"))
        number, depth = _numbered(properties)
        if number is None and properties is not None:
            number, depth = self._of_style(_value(properties, "pStyle"))
        key = self._abstract.get(number or "", "")
        levels = self._levels.get(key, {})
        if number in (None, "0") or depth not in levels:
            return ""
        counts = self._counts[key]
        counts[depth] = counts.get(depth, levels[depth].start - 1) + 1
        for deeper in [d for d in counts if d > depth]:
            del counts[deeper]
        return self._shown(levels, counts, depth)

    def _of_style(self, style: str | None) -> tuple[str | None, int]:
        for _ in range(20):
            if style is None or style not in self._styles:
                break
            number, depth, above = self._styles[style]
            if number is not None:
                return number, depth
            style = above
        return None, 0

    def _shown(self, levels: dict[int, _Level], counts: dict[int, int], depth: int) -> str:
        if levels[depth].form in ("bullet", "none"):
            return ""

        def part(hit: re.Match[str]) -> str:
            at = int(hit[1]) - 1
            level = levels.get(at)
            if level is None:
                return ""
            value = counts.get(at, level.start)
            return chinese_numeral(value) if level.form in CHINESE else str(value)

        return re.sub(r"%([1-9])", part, levels[depth].text)


def _numbered(properties: Any) -> tuple[str | None, int]:
    found = properties.find(qn("w:numPr")) if properties is not None else None
    if found is None:
        return None, 0
    return _value(found, "numId"), _whole(_value(found, "ilvl"))


def _value(element: Any, name: str) -> str | None:
    child = element.find(qn(f"w:{name}"))
    value = child.get(qn("w:val")) if child is not None else None
    return str(value) if value is not None else None


def _whole(text: str | None, otherwise: int = 0) -> int:
    return (
        int(text) if text is not None and text.isascii() and text.isdigit() and len(text) < 6 else otherwise
    )
