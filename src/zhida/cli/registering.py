"""``zhida snapshot``: one month of a register as a snapshot."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from zhida.cli import choose
from zhida.cli.output import emit, lines, progress, table

if TYPE_CHECKING:
    from zhida.population.register.assemble import Assembled
    from zhida.rules.declarations import Pack

RegisterArgument = Annotated[Path, typer.Argument(metavar="REGISTER", help="The register's folder.")]
OutOption = Annotated[Path, typer.Option("--out", metavar="FOLDER", help="The new snapshot's folder.")]
MonthOption = Annotated[
    str,
    typer.Option("--month", metavar="YYYY-MM", help="Whose state is wanted. [default: the newest file's]"),
]
ProcessesOption = Annotated[
    int, typer.Option("--processes", min=1, max=256, help="How many processes write parts at once.")
]


def snapshot(
    register: RegisterArgument,
    out: OutOption,
    month: MonthOption = "",
    processes: ProcessesOption = 2,
    pack: choose.PackOption = "",
    json: choose.JsonOption = False,
) -> None:
    """Make a month's snapshot of what was imported, with all that its sources contradict each other in."""
    used = choose.load(pack)
    when = month_of_register(register, month)
    done = make(register, out, when, used, processes)
    answer = answer_of(done, when, used)
    if json:
        emit(answer)
        return
    show(answer)


def month_of_register(register: Path, month: str) -> int:
    """The month told, else that of the newest file. Raises SnapshotError, InputError."""
    from zhida.codes.months import month_of
    from zhida.population.register.landed import Landed

    newest = max(f.as_of for f in Landed.open(register).files)
    return choose.read_month(month) if month else month_of(newest)


def make(register: Path, out: Path, month: int, pack: Pack, processes: int) -> Assembled:
    """Assembles, with a bar on the terminal. Raises PackError, SnapshotError."""
    from zhida.population.imports.contracts import load_contracts
    from zhida.population.register.assemble import assemble

    contracts = load_contracts(pack)
    with progress("汇成快照 snapshot") as update:
        return assemble(register, contracts, out, month, processes=processes, progress=update)


def answer_of(done: Assembled, month: int, pack: Pack) -> dict[str, Any]:
    from zhida.codes.months import format_month

    return {
        "path": str(done.path),
        "snapshot_id": done.snapshot_id,
        "pack": pack.id,
        "month": format_month(month),
        "persons": done.persons,
        "households": done.households,
        "awards": done.awards,
        "synthetic": done.synthetic,
        "conflicts": [
            {"kind": kind, "says": done.says[kind], "people": people}
            for kind, people in done.conflicts.items()
        ],
        "conflicts_file": str(done.conflicts_file),
        "outside": dict(done.outside),
    }


def show(answer: dict[str, Any]) -> None:
    note = "（合成数据，没有真实的人）" if answer["synthetic"] else ""
    lines([
        f"{answer['path']}: {answer['month']}，{answer['persons']:,} 人，{answer['households']:,} 户，"
        f"{answer['awards']:,} 条发放{note}",
        f"snapshot_id {answer['snapshot_id']}",
    ])  # fmt: skip
    if answer["conflicts"]:
        rows = [(c["says"], f"{c['people']:,}") for c in answer["conflicts"]]
        table(("矛盾", "人"), rows, right=(1,))
        lines([f"明细在 {answer['conflicts_file']}"])


BeforeArgument = Annotated[Path, typer.Argument(metavar="BEFORE", help="The earlier month's snapshot.")]
AfterArgument = Annotated[Path, typer.Argument(metavar="AFTER", help="The later month's snapshot.")]
FeedOption = Annotated[Path, typer.Option("--out", metavar="FILE", help="The new Parquet file of the feed.")]


def changes(
    register: RegisterArgument,
    before: BeforeArgument,
    after: AfterArgument,
    out: FeedOption,
    pack: choose.PackOption = "",
    json: choose.JsonOption = False,
) -> None:
    """Say what changed between two months: births, deaths, moves, marriages, and what a pack calls news."""
    from zhida.population.imports.contracts import load_contracts
    from zhida.population.register.changes import counts, feed_of, write_changes
    from zhida.population.register.resolution import load_resolution

    contracts = load_contracts(choose.load(pack))
    rules = load_resolution(contracts)
    feed, old, new = feed_of(register, contracts, rules, before, after)
    write_changes(out, feed, old, new)
    found = [{"kind": k, "says": says, "people": n} for k, says, n in counts(feed, rules)]
    if json:
        emit({"path": str(out), "before": old.id, "after": new.id, "rows": feed.num_rows, "changes": found})
        return
    table(("变化", "人"), [(str(c["says"]), f"{c['people']:,}") for c in found], right=(1,))
    lines([f"{out}: {feed.num_rows:,} 行"])
