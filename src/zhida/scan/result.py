"""What a scan gives back."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from zhida.scan.loaded import Loaded
from zhida.scan.totals import Totals, as_json

RESULTS, TOTALS, CSV, REPORT = "results.parquet", "totals.json", "results.csv", "report.html"


@dataclass(frozen=True, slots=True)
class ScanResult:
    """``folder`` holds results.parquet and totals.json (None: nothing was written). ``totals`` are whole,
    with small cells: what leaves goes through :func:`zhida.scan.totals.as_json` or the report."""

    loaded: Loaded
    totals: Totals
    rows: int
    folder: Path | None
    seconds: float

    @property
    def results(self) -> Path:
        assert self.folder is not None
        return self.folder / RESULTS

    @property
    def totals_people(self) -> int:
        return int(self.loaded.snapshot.counts["persons"])

    @property
    def totals_homes(self) -> int:
        return int(self.loaded.snapshot.counts["households"])

    def as_json(self) -> dict[str, Any]:
        return as_json(self.loaded, self.totals, self.rows)
