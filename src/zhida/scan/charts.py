"""What pages are made of: the style that all share, and small charts as SVG text, a map of tiles and
horizontal bars. Every text is escaped here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from importlib.resources import files
from math import ceil, sqrt
from string import Template

SHADES = ("#eef3f1", "#cfe3da", "#9fcbb8", "#5fa98d", "#2f7f64", "#17543f")
DARK = 4
"""From this shade on, letters are white."""
TILE, GAP = 92, 6


@dataclass(frozen=True, slots=True)
class Tile:
    """``value`` None: withheld or not known. ``shown``: its text."""

    name: str
    row: int
    column: int
    value: float | None
    shown: str


def page(template: str) -> Template:
    """A page of this folder with the style that all pages share, to be filled."""
    folder = files("zhida.scan")
    style = (folder / "page.css").read_text(encoding="utf-8")
    return Template((folder / template).read_text(encoding="utf-8").replace("$css\n", style))


def grid(count: int) -> list[tuple[int, int]]:
    """Rows and columns of a plain square, for counties without positions."""
    width = max(1, ceil(sqrt(count)))
    return [divmod(i, width) for i in range(count)]


def shade(value: float | None, highest: float) -> int:
    """0 where there is nothing to show, else 1 to 5 by fifths of the highest."""
    if value is None or value <= 0 or highest <= 0:
        return 0
    return min(5, 1 + int(value / highest * 5 - 1e-9))


def tile_map(tiles: Sequence[Tile], title: str) -> str:
    """One square a county, darker where the value is higher."""
    if not tiles:
        return ""
    columns = 1 + max(t.column for t in tiles)
    rows = 1 + max(t.row for t in tiles)
    highest = max((t.value or 0 for t in tiles), default=0)
    width, height = columns * (TILE + GAP) - GAP, rows * (TILE + GAP) - GAP
    parts = [
        f'<svg class="tiles" viewBox="0 0 {width} {height}" role="img" '
        f'aria-label="{escape(title, quote=True)}">'
    ]
    for t in tiles:
        at = shade(t.value, highest)
        ink = "#fff" if at >= DARK else "#1d2b26"
        x, y = t.column * (TILE + GAP), t.row * (TILE + GAP)
        text = f'x="{TILE / 2}" text-anchor="middle" font-size="21" fill="{ink}"'
        parts.append(
            f'<g transform="translate({x} {y})">'
            f'<rect width="{TILE}" height="{TILE}" rx="10" fill="{SHADES[at]}"/>'
            f'<text y="38" {text}>{escape(t.name)}</text>'
            f'<text y="68" font-weight="600" {text}>{escape(t.shown)}</text></g>'
        )
    parts.append("</svg>")
    return "".join(parts)


@dataclass(frozen=True, slots=True)
class Bar:
    """Parts of one bar: (value, class of its colour); ``shown`` stands at its end."""

    name: str
    parts: tuple[tuple[float, str], ...]
    shown: str


def bars(rows: Sequence[Bar]) -> str:
    """Horizontal bars of HTML boxes, so that names wrap and everything prints."""
    longest = max((sum(v for v, _ in row.parts) for row in rows), default=0)
    lines = []
    for row in rows:
        boxes = "".join(
            f'<i class="{colour}" style="width:{100 * value / longest:.2f}%"></i>'
            for value, colour in row.parts
            if longest and value > 0
        )
        lines.append(
            f'<div class="bar"><span class="name">{escape(row.name)}</span>'
            f'<span class="track">{boxes}</span><span class="end">{escape(row.shown)}</span></div>'
        )
    return f'<div class="bars">{"".join(lines)}</div>'
