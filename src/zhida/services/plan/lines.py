"""A text as lines that know their places."""

from __future__ import annotations

from dataclasses import dataclass

from zhida.services.plan.flow import DEBRIS


@dataclass(frozen=True, slots=True)
class Line:
    """``start`` and ``end`` hold the line without its line break; ``text`` is what stands there."""

    start: int
    end: int
    text: str

    @property
    def blank(self) -> bool:
        return not self.text.strip()

    @property
    def clean(self) -> str:
        """Without debris and outer white space."""
        return DEBRIS.sub("", self.text).strip()


def lines_of(text: str) -> list[Line]:
    found, start = [], 0
    for piece in text.split("\n"):
        found.append(Line(start, start + len(piece), piece))
        start += len(piece) + 1
    return found
