"""``zhida city``: a synthetic population as a snapshot or as files, and how well lists find its people."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from zhida.cli import choose
from zhida.cli.errors import InputError, say
from zhida.cli.keys import KeysOption
from zhida.cli.output import emit, lines, progress, table

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
IdentitiesOption = Annotated[
    Path | None,
    typer.Option("--identities", metavar="FOLDER", help="Who the snapshot's people are, sealed, in here."),
]
DefectsOption = Annotated[
    bool,
    typer.Option("--defects/--no-defects", help="Whether the files have the flaws of such files."),
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
    identities: IdentitiesOption = None,
    keys: KeysOption = None,
    defects: DefectsOption = True,
    pack: choose.PackOption = "",
    json: choose.JsonOption = False,
) -> None:
    """Build a synthetic city from a pack's published figures."""
    if as_files:
        if identities is not None:
            raise InputError(
                "--identities goes with a snapshot: files are imported, and that makes the store."
            )
        built = make_files(out, fraction, seed, month, pack, processes, truth, format_, defects)
    else:
        built = make(out, fraction, seed, month, pack, processes, truth, identities, keys)
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
    identities: Path | None = None,
    keys: Path | None = None,
) -> dict[str, Any]:
    """Builds, with a bar on the terminal. Raises PackError, SnapshotError, CodeError."""
    when = choose.read_month(month)
    used = choose.load(pack)
    from zhida.population.city import build as build_city

    ring = None
    if identities is not None:
        from zhida.codes.sealing import Keyring

        ring, told = Keyring.load_or_create(keys, apart_from=identities)
        if told:
            say(told)
    with progress("生成城市 city") as update:
        built = build_city(
            used, out, fraction, seed, when,
            truth=truth, identities=identities, ring=ring, progress=update, processes=processes,
        )  # fmt: skip
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
    defects: bool,
) -> dict[str, Any]:
    """Writes files, with a bar on the terminal. Raises PackError, SnapshotError, CodeError."""
    when = choose.read_month(month)
    used = choose.load(pack)
    from zhida.population.city.files import build_files

    with progress("生成城市 city") as update:
        built = build_files(
            used,
            out,
            fraction,
            seed,
            when,
            truth=truth,
            form=form,
            defects=defects,
            progress=update,
            processes=processes,
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


SnapshotArgument = Annotated[
    Path, typer.Argument(metavar="SNAPSHOT", help="A synthetic snapshot built with `--truth`.")
]
KeptOption = Annotated[Path, typer.Option("--truth", metavar="FOLDER", help="Its truth.")]
ResultsOption = Annotated[
    Path | None, typer.Option("--results", metavar="FOLDER", help="Of a scan of it that is done already.")
]
MissingOption = Annotated[bool, typer.Option("--missing", help="Also with each register missing in turn.")]
ThreadsOption = Annotated[
    int, typer.Option("--threads", min=1, max=1024, help="Parts computed side by side.")
]


StoreOption = Annotated[
    Path | None,
    typer.Option("--identities", metavar="FOLDER", help="Identity store of a snapshot that was imported."),
]


@app.command("check")
def check(
    snapshot: SnapshotArgument,
    truth: KeptOption,
    results: ResultsOption = None,
    missing: MissingOption = False,
    identities: StoreOption = None,
    keys: KeysOption = None,
    threads: ThreadsOption = 2,
    pack: choose.PackOption = "",
    json: choose.JsonOption = False,
) -> None:
    """How well the lists find people: precision and recall against the truth of a synthetic city."""
    from zhida.scan.found_rate import found_rate

    used = choose.load_for(snapshot, pack)
    who = None
    if identities is not None:
        from zhida.codes.sealing import Keyring
        from zhida.population.identity.store import IdentityStore

        who = IdentityStore.open(identities), Keyring.load(keys, apart_from=identities)
    with progress("对照真值 check") as update:
        found = found_rate(
            snapshot,
            used,
            truth,
            results=None if results is None else results / "results.parquet",
            identities=who,
            each=missing,
            threads=threads,
            progress=update,
        )
    told = found.as_json()
    if json:
        emit(told)
        return
    lines([f"{told['month']}，{told['persons']:,} 人（合成数据，没有真实的人）"])
    rows = [(b["name"], b) for b in told["benefits"] if any(b[k] for k in COUNTED)]
    table(
        ("待遇", *HEADINGS),
        [_rates(*row) for row in [*rows, ("合计 all", told["total"])]],
        right=range(1, 11),
    )
    if missing:
        rows = [(f"缺{w['name']}", w) for w in told["without"]]
        rows.insert(0, ("齐全", told["total"]))
        table(("登记", *HEADINGS), [_rates(*row) for row in rows], right=range(1, 11))
    lines([sentence(told["total"])])


COUNTED = ("missed", "lead", "verify", "due", "review")
HEADINGS = (
    "漏享", "线索", "准", "找到", "待核实", "准", "连同待核实找到", "待复核", "准", "查到",
)  # fmt: skip


def _rates(name: str, one: dict[str, Any]) -> tuple[str, ...]:
    def cell(key: str) -> str:
        value = one[key]
        return "" if value is None else f"{value:,}" if isinstance(value, int) else f"{value:.1%}"

    keys = (
        "missed", "lead", "lead_precision", "lead_recall", "verify", "verify_precision", "recall_with_verify",
        "review", "review_precision", "review_recall",
    )  # fmt: skip
    return (name, *(cell(key) for key in keys))


def sentence(total: dict[str, Any]) -> str:
    """The figures in one line."""

    def share(key: str) -> str:
        return "—" if total[key] is None else f"{total[key]:.0%}"

    return (
        f"找得准不准：该享未享 {total['missed']:,} 个，线索里找到 {share('lead_recall')}，"
        f"连同待核实 {share('recall_with_verify')}；"
        f"线索 {share('lead_precision')} 属实，待核实 {share('verify_precision')} 属实；"
        f"该复核的查到 {share('review_recall')}，待复核 {share('review_precision')} 属实"
    )
