"""A map from a GeoJSON of the user's: outlines of counties, shaded like the map of tiles."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from math import cos, isfinite, radians
from pathlib import Path
from typing import Any

from zhida.population.errors import SnapshotError
from zhida.scan.charts import DARK, SHADES, Tile, shade

LARGEST = 50_000_000
"""Bytes of a file that is still read."""
WIDTH = 640
FINEST = 0.6
"""Points nearer than this to the last one drawn, in the picture's units, are left out."""
KEYS = ("code", "adcode", "division", "id")
Point = tuple[float, float]
Ring = list[Point]


@dataclass(frozen=True, slots=True)
class Outlines:
    """``rings`` of each county by its code of 12 digits, in degrees."""

    rings: Mapping[str, Sequence[Ring]]

    @classmethod
    def read(cls, path: Path, names: Mapping[str, str]) -> Outlines:
        """``names``: the counties that are wanted, code → name. A feature is a county's by a property
        ``code`` or ``adcode`` (6, 9 or 12 digits) or by ``name``. Raises SnapshotError."""
        try:
            if path.stat().st_size > LARGEST:
                raise SnapshotError(f"{path} is larger than {LARGEST // 10**6} MB; simplify the outlines.")
            data = json.loads(path.read_bytes())
            features = data["features"]
            rings: dict[str, list[Ring]] = {}
            for feature in features:
                code = _code(feature.get("properties") or {}, names)
                if code is not None:
                    rings.setdefault(code, []).extend(_rings(feature["geometry"]))
        except OSError as error:
            raise SnapshotError(f"{path} can't be read ({error.strerror}). Check the path.") from error
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise SnapshotError(
                f"{path} is no GeoJSON of polygons ({error}). Give a FeatureCollection whose features have a "
                "property code, adcode or name."
            ) from error
        missing = [name for code, name in names.items() if code not in rings]
        if missing:
            told = "、".join(missing[:5]) + (" …" if len(missing) > 5 else "")
            raise SnapshotError(
                f"{path} has no outline of {told}. Give each county a feature with its code or name."
            )
        return cls(rings)


def _code(properties: Mapping[str, Any], names: Mapping[str, str]) -> str | None:
    for key in KEYS:
        code = str(properties.get(key, "")).ljust(12, "0")
        if code in names:
            return code
    name = properties.get("name")
    return next((code for code, own in names.items() if own == name), None)


def _rings(geometry: Mapping[str, Any]) -> Iterator[Ring]:
    """Outer and inner rings alike: the picture is filled by the rule of even and odd."""
    if geometry["type"] not in ("Polygon", "MultiPolygon"):
        raise ValueError(f"a {geometry['type']} is no outline")
    polygons = geometry["coordinates"] if geometry["type"] == "MultiPolygon" else [geometry["coordinates"]]
    for polygon in polygons:
        for ring in polygon:
            points = [(float(p[0]), float(p[1])) for p in ring]
            if len(points) < 4 or not all(isfinite(x) and abs(x) <= 360 and abs(y) <= 90 for x, y in points):
                raise ValueError("a ring without four points, or with points that are no degrees")
            yield points


def outline_map(outlines: Outlines, tiles: Mapping[str, Tile], title: str) -> str:
    """``tiles`` by code give value and text. Degrees of longitude are as long as in the middle of the map."""
    every = [p for rings in outlines.rings.values() for ring in rings for p in ring]
    west, east = min(x for x, _ in every), max(x for x, _ in every)
    south, north = min(y for _, y in every), max(y for _, y in every)
    shorter = cos(radians((south + north) / 2))
    scale = WIDTH / max((east - west) * shorter, 1e-9)
    height = max(1, round((north - south) * scale))
    highest = max((t.value or 0 for t in tiles.values()), default=0)

    def at(p: Point) -> Point:
        return (p[0] - west) * shorter * scale, (north - p[1]) * scale

    shapes, labels = [], []
    for code, tile in tiles.items():
        rings = [[at(p) for p in ring] for ring in outlines.rings[code]]
        level = shade(tile.value, highest)
        d = "".join(_path(ring) for ring in rings)
        shapes.append(f'<path d="{d}" fill="{SHADES[level]}" fill-rule="evenodd" stroke="#fff"/>')
        x, y = _middle(max(rings, key=lambda ring: abs(_area(ring))))
        ink = "#fff" if level >= DARK else "#1d2b26"
        text = f'x="{x:.0f}" text-anchor="middle" font-size="17" fill="{ink}"'
        labels.append(
            f'<text y="{y - 2:.0f}" {text}>{escape(tile.name)}</text>'
            f'<text y="{y + 17:.0f}" font-weight="600" {text}>{escape(tile.shown)}</text>'
        )
    return (
        f'<svg class="tiles" viewBox="0 0 {WIDTH} {height}" role="img" '
        f'aria-label="{escape(title, quote=True)}">{"".join(shapes)}{"".join(labels)}</svg>'
    )


def _path(ring: Ring) -> str:
    kept = [ring[0]]
    for p in ring[1:]:
        if abs(p[0] - kept[-1][0]) + abs(p[1] - kept[-1][1]) >= FINEST:
            kept.append(p)
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in kept) + "Z"


def _area(ring: Ring) -> float:
    """Twice the signed area."""
    return sum(x0 * y1 - x1 * y0 for (x0, y0), (x1, y1) in zip(ring, [*ring[1:], ring[0]], strict=True))


def _middle(ring: Ring) -> Point:
    """Centre of gravity; of a ring without an area the middle of its points."""
    area = _area(ring)
    if not area:
        return sum(x for x, _ in ring) / len(ring), sum(y for _, y in ring) / len(ring)
    pairs = list(zip(ring, [*ring[1:], ring[0]], strict=True))
    x = sum((a[0] + b[0]) * (a[0] * b[1] - b[0] * a[1]) for a, b in pairs)
    y = sum((a[1] + b[1]) * (a[0] * b[1] - b[0] * a[1]) for a, b in pairs)
    return x / (3 * area), y / (3 * area)
