"""Lists by town, for whoever drills down from a county; small counts withheld."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from zhida.codes.months import first_day
from zhida.scan.figures import LISTS, Figures, Shown, columns_of
from zhida.scan.result import ScanResult

TOWN = 4


@dataclass(frozen=True, slots=True)
class Town:
    """``code`` '': entries of the county that lie in no known town."""

    code: str
    name: str
    cells: Mapping[str, Shown]


def towns_of(result: ScanResult, figures: Figures) -> dict[str, list[Town]]:
    """By county, its towns that have an entry. What the county's own figure withholds stays withheld. Empty
    where the scan wrote no rows."""
    if result.folder is None:
        return {}
    counted = _counted(result)
    withheld = {
        line.id: {kind for kind in LISTS if line.cells[kind].count is None} for line in figures.counties
    }
    pack = result.loaded.pack
    found = {}
    for county, by_town in sorted(counted.items()):
        if not county:
            continue
        codes = sorted(by_town)
        table = {kind: np.zeros((len(codes), 4), np.int64) for kind in LISTS}
        for i, code in enumerate(codes):
            for kind, n in by_town[code].items():
                table[kind][i, 0] = n
        rows = columns_of(table)
        hidden = withheld.get(county, set())
        blank = Shown(None, None, None, None)
        found[county] = [
            Town(
                code,
                pack.divisions[code].name if code else "未分到乡镇街道",
                {kind: blank if kind in hidden else cells[kind] for kind in LISTS},
            )
            for code, cells in zip(codes, rows, strict=True)
        ]
    return found


def _counted(result: ScanResult) -> dict[str, dict[str, dict[str, int]]]:
    """Entries by county, town and list."""
    on = first_day(result.loaded.month)
    tree = result.loaded.pack.divisions
    file = pq.ParquetFile(result.results)
    names = ["county", "division", "list"]
    found: dict[str, dict[str, dict[str, int]]] = {}
    towns: dict[str, str] = {}
    for group in range(file.num_row_groups):
        table = file.read_row_group(group, columns=names)
        plain = pa.table({n: table.column(n).cast(pa.string()) for n in names})
        for row in plain.group_by(names).aggregate([([], "count_all")]).to_pylist():
            code, kind = row["division"], row["list"]
            if kind not in LISTS:
                continue
            if code not in towns:
                towns[code] = tree.at_level(code, TOWN, on) or ""
            by_list = found.setdefault(row["county"], {}).setdefault(towns[code], {})
            by_list[kind] = by_list.get(kind, 0) + row["count_all"]
    return found
