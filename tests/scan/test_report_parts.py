"""What to do first, the towns below a county, and maps from a user's outlines."""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from zhida.codes.months import first_day
from zhida.population.errors import SnapshotError
from zhida.rules.declarations import Pack
from zhida.scan.charts import SHADES, Tile
from zhida.scan.figures import Shown, figures_of, register_states
from zhida.scan.first import steps
from zhida.scan.outlines import Outlines, outline_map
from zhida.scan.report import render
from zhida.scan.scan import ScanResult, county_names, run_scan
from zhida.scan.totals import SMALL
from zhida.scan.towns import towns_of


def square(west: float, south: float, side: float = 1.0) -> list[list[float]]:
    corners = [(0, 0), (1, 0), (1, 1), (0, 1), (0, 0)]
    return [[west + x * side, south + y * side] for x, y in corners]


def geojson(path: Path, features: list[tuple[dict[str, Any], dict[str, Any]]]) -> Path:
    listed = [{"type": "Feature", "properties": p, "geometry": g} for p, g in features]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": listed}), encoding="utf-8")
    return path


def test_towns_add_up_to_what_the_lists_hold(result: ScanResult) -> None:
    figures = figures_of(result)
    rows = pq.read_table(result.results).to_pylist()
    tree, on = result.loaded.pack.divisions, first_day(result.loaded.month)
    expected = Counter((r["county"], tree.at_level(r["division"], 4, on) or "", r["list"]) for r in rows)
    county = {line.id: line for line in figures.counties}
    shown = 0
    for code, towns in towns_of(result, figures).items():
        for town in towns:
            for kind, cell in town.cells.items():
                n = expected[code, town.code, kind]
                assert cell.count in (None, n) and (cell.count == 0 or cell.count is None or n >= SMALL)
                if county[code].cells[kind].count is None:
                    assert cell.count is None
                shown += cell.count or 0
    assert shown > 0
    assert towns_of(replace(result, folder=None), figures) == {}


def test_a_hidden_county_hides_its_towns(result: ScanResult) -> None:
    figures = figures_of(result)
    blank = Shown(None, None, None, None)
    hidden = [replace(line, cells={**line.cells, "lead": blank}) for line in figures.counties]
    for towns in towns_of(result, replace(figures, counties=hidden)).values():
        assert all(t.cells["lead"].count is None for t in towns)
        assert any(t.cells["verify"].count is not None for t in towns)


def test_rows_that_nobody_can_be_found_for_are_told(result: ScanResult) -> None:
    loaded = result.loaded
    manifest = dict(loaded.snapshot.manifest)
    unread = {"employment": {"330102000000": 1200, "330105000000": 30}, "pensions": {"330102000000": 4}}
    registers, declared = manifest["registers"], loaded.pack.registers
    spoilt = next(r for r in registers if declared[r].access == "register")
    manifest["registers"] = {**registers, spoilt: {**registers[spoilt], "unread": unread}}
    told = replace(loaded, snapshot=replace(loaded.snapshot, manifest=manifest))
    states = {s.name: s.unread for s in register_states(told)}
    assert states.pop(declared[spoilt].name) == "1,234"
    assert set(states.values()) == {"0", "—"}
    page = render(replace(result, loaded=told))
    assert "认不出是谁的行" in page and "1,234" in page


def test_what_comes_first_is_told_with_figures_that_may_be_shown(result: ScanResult) -> None:
    figures = figures_of(result)
    found = steps(result, figures, register_states(result.loaded))
    assert len(found) >= 3 and len({s.what for s in found}) == len(found)
    for step in found:
        for n in re.findall(r"(\d[\d,]*) 项", step.why):
            assert int(n.replace(",", "")) >= SMALL
    wrong = max(
        (line for line in figures.benefits if line.cells["no_longer_fits"].count),
        key=lambda line: line.cells["no_longer_fits"].award or 0,
    )
    assert any(s.what == f"复核{wrong.name}" for s in found)
    page = render(result)
    for step in found:
        assert step.what in page


def test_without_figures_there_is_nothing_to_do_first(result: ScanResult) -> None:
    blank = Shown(None, None, None, None)
    figures = figures_of(result)

    def emptied(lines: Any) -> list[Any]:
        return [replace(line, cells=dict.fromkeys(line.cells, blank)) for line in lines]

    none = replace(figures, benefits=emptied(figures.benefits), counties=emptied(figures.counties))
    totals = replace(result.totals, deciding={})
    assert steps(replace(result, totals=totals), none, []) == []


def test_outlines_by_code_or_name(tmp_path: Path) -> None:
    path = geojson(
        tmp_path / "map.geojson",
        [
            ({"adcode": 999901}, {"type": "Polygon", "coordinates": [square(120, 30)]}),
            (
                {"name": "乙县"},
                {"type": "MultiPolygon", "coordinates": [[square(121, 30)], [square(123, 31)]]},
            ),
            ({"name": "别处"}, {"type": "Polygon", "coordinates": [square(0, 0)]}),
        ],
    )
    found = Outlines.read(path, {"999901000000": "甲县", "999902000000": "乙县"})
    assert {code: len(rings) for code, rings in found.rings.items()} == {"999901000000": 1, "999902000000": 2}
    tiles = {"999901000000": Tile("甲<", 0, 0, 10.0, "10"), "999902000000": Tile("乙", 0, 1, None, "—")}
    picture = outline_map(found, tiles, "图")
    assert "甲&lt;" in picture and picture.count("<path") == 2
    assert f'fill="{SHADES[5]}"' in picture and f'fill="{SHADES[0]}"' in picture
    # north is up and a degree of longitude is shorter than one of latitude
    first = [tuple(map(float, p.split())) for p in re.findall(r"[\d.]+ [\d.]+(?=L|Z)", picture)[:4]]
    assert first[0][1] > first[2][1]
    assert (first[1][0] - first[0][0]) / (first[0][1] - first[2][1]) == pytest.approx(0.86, abs=0.01)


def feature(geometry: Any) -> str:
    return json.dumps({"features": [{"properties": {"name": "甲县"}, "geometry": geometry}]})


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "is no GeoJSON"),
        ("[]", "is no GeoJSON"),
        (feature(None), "is no GeoJSON"),
        (feature({"type": "Point", "coordinates": [1, 2]}), "no outline"),
        (feature({"type": "Polygon", "coordinates": [[[1, 2], [3, 4]]]}), "four points"),
        (feature({"type": "Polygon", "coordinates": [square(1e9, 2)]}), "no degrees"),
        ('{"features": []}', "has no outline of 甲县"),
    ],
)
def test_what_is_no_map_is_refused(text: str, says: str, tmp_path: Path) -> None:
    path = tmp_path / "map.geojson"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SnapshotError, match=says):
        Outlines.read(path, {"999901000000": "甲县"})
    with pytest.raises(SnapshotError, match="can't be read"):
        Outlines.read(tmp_path / "none", {})


def test_a_map_of_the_users(result: ScanResult, town: Path, pack: Pack, tmp_path: Path) -> None:
    names = county_names(result.loaded)
    path = geojson(
        tmp_path / "map.geojson",
        [
            ({"code": code}, {"type": "Polygon", "coordinates": [square(i, 30)]})
            for i, code in enumerate(names)
        ],
    )
    page = render(result, Outlines.read(path, names))
    assert page.count("<path") == 3 * len(names) and "<rect" not in page
    path.write_text("{}", encoding="utf-8")
    with pytest.raises(SnapshotError, match="is no GeoJSON"):  # before anything is computed
        run_scan(town, pack, out=tmp_path / "out", compiled=False, map_=path)
    assert not (tmp_path / "out").exists()
