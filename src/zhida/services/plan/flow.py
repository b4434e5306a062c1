"""Running text as it reads: lines joined, white space and debris of a word processor left out.

Every character of a flow knows its place in the text, so that what is found in it can be pointed at.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import dataclass

from zhida.services.plan.model import Span

DEBRIS = re.compile(
    r"\[bookmark:[^\]\n]{0,80}\]|\[\d{1,3}\]|〔\d{1,3}〕|[①-⑳]|[\u200b\u200c\u200d\u2060\u00ad\ufeff]"
)
"""Word's bookmarks, marks of footnotes, signs without width."""

HALF = {ord("０") + i: str(i) for i in range(10)}
HALF |= {ord("Ａ") + i: chr(ord("A") + i) for i in range(26)}
HALF |= {ord("ａ") + i: chr(ord("a") + i) for i in range(26)}
HALF |= {ord("％"): "%", ord("．"): ".", ord("﹪"): "%"}
FULL = {"(": "（", ")": "）", ",": "，", ";": "；", ":": "：", "!": "！", "?": "？"}
WIDE_DIGIT = re.compile(r"(?<=[０-９])，(?=[０-９]{3}(?![０-９]))")
"""A comma between full-width digits sets thousands apart."""


@dataclass(frozen=True, slots=True)
class Flow:
    """``text`` and, for each of its characters, the place in the plan's text."""

    text: str
    places: tuple[int, ...]

    def span(self, start: int, end: int) -> Span:
        """Where [start, end) of the flow stands in the plan's text."""
        return self.places[start], self.places[end - 1] + 1

    def index(self, place: int) -> int:
        """The first character of the flow that stands at ``place`` or after it."""
        return bisect_left(self.places, place)


def flow(text: str, start: int = 0, end: int | None = None) -> Flow:
    """The flow of [start, end) of a plan's text.

    White space goes, except that between two digits, and between a digit and a point or comma, one
    blank stays: whether these are one number nobody can tell.
    """
    end = len(text) if end is None else end
    part = text[start:end]
    part = DEBRIS.sub(lambda hit: "\0" * len(hit.group()), part)
    part = WIDE_DIGIT.sub(",", part).translate(HALF)
    signs: list[str] = []
    places: list[int] = []
    torn = False
    for i, c in enumerate(part):
        if c == "\0":
            continue
        if c.isspace():
            torn = True
            continue
        if torn and signs and _one_number(signs[-1], c):
            signs.append(" ")
            places.append(start + i - 1)
        torn = False
        signs.append(c)
        places.append(start + i)
    return Flow(_full(signs), tuple(places))


def plain(text: str) -> str:
    """A short text, such as a cell or a heading, as it reads: normalised, without white space."""
    return flow(text).text.replace(" ", "")


def _one_number(before: str, after: str) -> bool:
    return (before.isdigit() and (after.isdigit() or after in ".,")) or (before in ".," and after.isdigit())


def _full(signs: list[str]) -> str:
    """Half-width punctuation becomes Chinese, except inside a number."""
    for i, c in enumerate(signs):
        if c in FULL:
            inside = (
                c in ",:" and 0 < i < len(signs) - 1 and signs[i - 1].isdigit() and signs[i + 1].isdigit()
            )
            if not inside:
                signs[i] = FULL[c]
    return "".join(signs)
