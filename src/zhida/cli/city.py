"""``zhida city build``: a synthetic population as a snapshot, or as the files of departments."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from zhida.cli import choose
from zhida.cli.output import emit, lines, progress

if TYPE_CHECKING:
    from zhida.population.city.build import Built
    from zhida.population.city.files import BuiltFiles
    from zhida.rules.declarations import Pack

app = typer.Typer(help="Synthetic cities.", no_args_is_help=True)

OutOption = Annotated[
    Path, typer.Option("--out", metavar="FOLDER", help="The new folder of the snapshot or the files.")
]
FractionOption = Annotated[
    float, typer.Option("--fraction", min=0.00001, max=1.0, help="Share of the real number of people.")
]
SeedOption = Annotated[
    int, typer.Option("--seed", min=0, max=2**63 - 1, help="The same seed gives the same city.")
]
MonthOption = Annotated[str, typer.Option("--month", metavar="YYYY-MM", help="Whose state is built.")]
ProcessesOption = Annotated[
    int, typer.Option("--processes", min=1, max=256, help="How many processes build at once.")
]


AsFilesOption = Annotated[
    bool, typer.Option("--as-files", help="Write what departments would send, not a snapshot.")
]
TruthOption = Annotated[
    Path | None,
    typer.Option("--truth", metavar="FOLDER", help="Keep what is true of everybody in this folder."),
]
FormatOption = Annotated[str, typer.Option("--format", metavar="csv|parquet", help="Format of the files.")]


@app.callback()
def group() -> None:
    """Synthetic cities: nobody in them is real."""


@app.command("build")
def build(
    out: OutOption,
    fraction: FractionOption = 1.0,
    seed: SeedOption = 1,
    month: MonthOption = "2025-06",
    processes: ProcessesOption = 2,
    as_files: AsFilesOption = False,
    truth: TruthOption = None,
    format_: FormatOption = "csv",
    pack: choose.PackOption = "",
    json: choose.JsonOption = False,
) -> None:
    """Build a synthetic city from a pack's published figures."""
    if as_files:
        built = make_files(out, fraction, seed, month, pack, processes, truth, format_)
    else:
        built = make(out, fraction, seed, month, pack, processes, truth)
    if json:
        emit(built)
        return
    people = f"{built['persons']:,} 人，{built['month']}，{built['seconds']} 秒"
    lines([f"{built['path']}: {people}（合成数据，没有真实的人）"])
    if as_files:
        rows = sum(built["rows"].values())
        lines([f"{built['files']} 个文件，{len(built['rows'])} 类来源，{rows:,} 行"])
    else:
        lines([f"snapshot_id {built['snapshot_id']}"])


def make(
    out: Path,
    fraction: float,
    seed: int,
    month: str,
    pack: str,
    processes: int = 2,
    truth: Path | None = None,
) -> dict[str, Any]:
    """Builds, with a bar on the terminal. Raises PackError, SnapshotError, CodeError."""
    when = choose.read_month(month)
    used = choose.load(pack)
    from zhida.population.city import build as build_city

    with progress("生成城市 city") as update:
        built = build_city(used, out, fraction, seed, when, truth=truth, progress=update, processes=processes)
    return {"path": str(built.path), "snapshot_id": built.snapshot_id} | _told(
        used, built, when, seed, fraction
    )


def make_files(
    out: Path,
    fraction: float,
    seed: int,
    month: str,
    pack: str,
    processes: int,
    truth: Path | None,
    form: str,
) -> dict[str, Any]:
    """Writes files, with a bar on the terminal. Raises PackError, SnapshotError, CodeError."""
    when = choose.read_month(month)
    used = choose.load(pack)
    from zhida.population.city.files import build_files

    with progress("生成城市 city") as update:
        built = build_files(
            used, out, fraction, seed, when, truth=truth, form=form, progress=update, processes=processes
        )
    return {"path": str(built.path), "files": built.files, "rows": dict(built.rows)} | _told(
        used, built, when, seed, fraction
    )


def _told(pack: Pack, built: Built | BuiltFiles, month: int, seed: int, fraction: float) -> dict[str, Any]:
    from zhida.codes.months import format_month

    return {
        "pack": pack.id,
        "month": format_month(month),
        "seed": seed,
        "fraction": fraction,
        "persons": built.persons,
        "seconds": round(built.seconds, 2),
        "synthetic": True,
    }
