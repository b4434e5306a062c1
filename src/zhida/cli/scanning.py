"""``zhida scan``: rules over everybody."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from zhida.cli import choose
from zhida.cli.output import emit, lines, progress, table

if TYPE_CHECKING:
    from zhida.rules.declarations import Pack
    from zhida.scan.scan import ScanResult

SnapshotArgument = Annotated[
    Path, typer.Argument(metavar="SNAPSHOT", help="The folder of a snapshot (see `zhida city build`).")
]
OutOption = Annotated[Path, typer.Option("--out", metavar="FOLDER", help="The new folder of the results.")]
MonthOption = Annotated[
    str, typer.Option("--month", metavar="YYYY-MM", help="Rules of this month. [default: the snapshot's own]")
]
ThreadsOption = Annotated[
    int, typer.Option("--threads", min=1, max=1024, help="Parts computed side by side.")
]
OverwriteOption = Annotated[bool, typer.Option("--overwrite", help="Replace results that are there already.")]
CsvOption = Annotated[bool, typer.Option("--csv/--no-csv", help="Whether the rows are written as CSV too.")]
MapOption = Annotated[
    Path | None,
    typer.Option("--map", metavar="GEOJSON", help="Outlines of the counties for the report's maps."),
]


def scan(
    snapshot: SnapshotArgument,
    out: OutOption,
    month: MonthOption = "",
    threads: ThreadsOption = 2,
    csv: CsvOption = True,
    overwrite: OverwriteOption = False,
    map_: MapOption = None,
    pack: choose.PackOption = "",
    set_: choose.SetOption = None,
    reform: choose.ReformOption = None,
    json: choose.JsonOption = False,
) -> None:
    """Run the rules over everybody: leads, to verify, to review, with totals and a report."""
    used = choose.load_for(snapshot, pack)
    done = run(snapshot, out, used, month, threads, csv, overwrite, choose.read_reform(set_, reform), map_)
    if json:
        emit(done)
    else:
        summary(done)


def run(
    snapshot: Path,
    out: Path,
    pack: Pack,
    month: str = "",
    threads: int = 2,
    csv: bool = True,
    overwrite: bool = False,
    reform: Any = None,
    map_: Path | None = None,
) -> dict[str, Any]:
    """Scans, with a bar on the terminal; what was found in numbers, and where the files lie."""
    from zhida.scan.scan import run_scan

    when = choose.read_month(month) if month else None
    with progress("扫描 scan") as update:
        result = run_scan(
            snapshot, pack, when, reform, threads, update, out=out, csv=csv, overwrite=overwrite, map_=map_
        )
    return found(result, csv)


def found(result: ScanResult, csv: bool) -> dict[str, Any]:
    """The scan as ``docs/schemas/scan.schema.json`` describes it."""
    whole = result.as_json()
    return {
        "snapshot_id": whole["snapshot_id"],
        "synthetic": whole["synthetic"],
        "pack": whole["pack"],
        "pack_hash": whole["pack_hash"],
        "month": whole["month"],
        "verified_through": whole["verified_through"],
        "stale": whole["stale"],
        "counts": whole["counts"],
        "rows": whole["rows"],
        "seconds": round(result.seconds, 2),
        "small": whole["small"],
        "files": files(result, csv),
        "lists": lists(result),
    }


def files(result: ScanResult, csv: bool) -> dict[str, str | None]:
    """Where each file lies."""
    from zhida.scan.result import CSV, REPORT, RESULTS, TOTALS

    assert result.folder is not None
    return {
        "results": str(result.folder / RESULTS),
        "csv": str(result.folder / CSV) if csv else None,
        "totals": str(result.folder / TOTALS),
        "report": str(result.folder / REPORT),
    }


def lists(result: ScanResult) -> list[dict[str, Any]]:
    """Units on each list by benefit; null where there are so few that they could be known."""
    from zhida.scan.totals import REVIEWS, withheld

    found = []
    for id in result.totals.benefits:
        benefit = result.loaded.pack.benefits[id]
        counts = {
            "lead": result.totals.count("lead", benefit=id),
            "verify": result.totals.count("verify", benefit=id),
            "review": result.totals.count(*REVIEWS, benefit=id),
            "near": result.totals.count("near", benefit=id),
            "receives": result.totals.count("receives", benefit=id),
            "possible": result.totals.count("possible", benefit=id),
        }
        shown = {name: None if withheld(n) else n for name, n in counts.items()}
        found.append(
            {"benefit": id, "name": benefit.name, "unit": benefit.unit, "kind": benefit.kind, **shown}
        )
    return found


def summary(done: dict[str, Any]) -> None:
    """The lists in numbers, and where the files are."""
    people = done["counts"]["persons"]
    whose = "合成数据，没有真实的人" if done["synthetic"] else "真实数据"
    lines([f"{done['month']}，{people:,} 人（{whose}），{done['seconds']} 秒"])
    if done["stale"]:
        lines([f"规则只核对到 {done['verified_through']}，此后没有人核对过。"])
    few = f"<{done['small']}"

    def cell(n: int | None) -> str:
        return few if n is None else f"{n:,}"

    headings = ("待遇", "正在享受", "线索 leads", "待核实 to verify", "待复核 to review", "接近线 near")
    names = ("receives", "lead", "verify", "review", "near")
    listed = [one for one in done["lists"] if one["kind"] == "standing"]
    others = [one for one in done["lists"] if one["kind"] != "standing"]
    table(
        headings, [(one["name"], *(cell(one[name]) for name in names)) for one in listed], right=range(1, 6)
    )
    if others:
        counted = [(one["name"], cell(one["possible"])) for one in others]
        table(("不进名单的待遇", "符合或不能排除"), counted, right=(1,))
    for name, path in done["files"].items():
        if path is not None:
            lines([f"{name}: {path}"])
