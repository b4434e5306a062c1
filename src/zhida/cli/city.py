"""``zhida city build``: a synthetic population as a snapshot."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from zhida.cli import choose
from zhida.cli.output import emit, lines, progress

app = typer.Typer(help="Synthetic cities.", no_args_is_help=True)

OutOption = Annotated[Path, typer.Option("--out", metavar="FOLDER", help="The new snapshot's folder.")]
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
    pack: choose.PackOption = "",
    json: choose.JsonOption = False,
) -> None:
    """Build a synthetic city from a pack's published figures."""
    built = make(out, fraction, seed, month, pack, processes)
    if json:
        emit(built)
        return
    people = f"{built['persons']:,} 人，{built['month']}，{built['seconds']} 秒"
    lines([f"{built['path']}: {people}（合成数据，没有真实的人）"])
    lines([f"snapshot_id {built['snapshot_id']}"])


def make(out: Path, fraction: float, seed: int, month: str, pack: str, processes: int = 2) -> dict[str, Any]:
    """Builds, with a bar on the terminal. Raises PackError, SnapshotError, CodeError."""
    from zhida.codes.months import format_month

    when = choose.read_month(month)
    used = choose.load(pack)
    from zhida.population.city import build as build_city

    with progress("生成城市 city") as update:
        built = build_city(used, out, fraction, seed, when, progress=update, processes=processes)
    return {
        "path": str(built.path),
        "snapshot_id": built.snapshot_id,
        "pack": used.id,
        "month": format_month(when),
        "seed": seed,
        "fraction": fraction,
        "persons": built.persons,
        "seconds": round(built.seconds, 2),
        "synthetic": True,
    }
