"""``zhida simulate``: what another rule would change, over everybody."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from zhida.cli import choose
from zhida.cli.errors import InputError
from zhida.cli.output import emit, lines, progress, table
from zhida.cli.scanning import MonthOption, SnapshotArgument, ThreadsOption

if TYPE_CHECKING:
    from zhida.rules.declarations import Pack
    from zhida.rules.reforms.reform import Reform
    from zhida.scan.reforming import Reformed
    from zhida.scan.solve import Solved

CliffsOption = Annotated[
    bool, typer.Option("--cliffs", help="Also count households that a step more income leaves with less.")
]
StepOption = Annotated[
    int, typer.Option("--step", min=1, max=100000, help="The step of --cliffs, in yuan a month.")
]
SolveOption = Annotated[
    str, typer.Option("--solve", metavar="NAME", help="Search the value of this parameter for --budget.")
]
BudgetOption = Annotated[
    str,
    typer.Option("--budget", metavar="AMOUNT", help="What may be spent more: 1.2亿/年, 300万/年, 5万/月."),
]
ReportOption = Annotated[
    Path | None, typer.Option("--report", metavar="FILE", help="Write charts and tables as one HTML page.")
]
Told = Mapping[str, Any]


def simulate(
    snapshot: SnapshotArgument,
    month: MonthOption = "",
    threads: ThreadsOption = 2,
    cliffs: CliffsOption = False,
    step: StepOption = 100,
    solve: SolveOption = "",
    budget: BudgetOption = "",
    report: ReportOption = None,
    pack: choose.PackOption = "",
    set_: choose.SetOption = None,
    reform: choose.ReformOption = None,
    json: choose.JsonOption = False,
) -> None:
    """What other values or formulas would change: who gains, who loses, what it costs."""
    overrides = choose.read_reform(set_, reform)
    if overrides is None and not solve and not cliffs:
        raise InputError(
            "simulate: nothing to change; give --set NAME=VALUE, --reform FILE, --solve NAME, or --cliffs."
        )
    if bool(solve) != bool(budget):
        raise InputError("simulate: --solve NAME and --budget AMOUNT go together.")
    used = choose.load_for(snapshot, pack)
    when = choose.read_month(month) if month else None
    done, solved = _run(
        snapshot, used, overrides, when, threads, step * 100 if cliffs else None, solve, budget
    )
    found = _document(done, solved)
    if report is not None:
        from zhida.scan.effect_report import write_page

        write_page(found, done, report)
    if json:
        emit(found)
        return
    _told(found, done, solved)
    if report is not None:
        lines([f"report: {report}"])


def _run(
    snapshot: Path,
    pack: Pack,
    overrides: Reform | None,
    month: int | None,
    threads: int,
    step: int | None,
    target: str,
    budget: str,
) -> tuple[Reformed, Solved | None]:
    from zhida.rules.reforms.reform import Reform
    from zhida.scan.loaded import Loaded
    from zhida.scan.reforming import run_reform

    reform = overrides or Reform()
    loaded = Loaded.open(snapshot, pack, month)
    solved = _solve(loaded, target, budget, reform, threads) if target else None
    if solved is not None:
        if solved.best is None:
            name = solved.parameter.name
            raise InputError(
                f"--solve: no value of {name} within its bounds keeps the budget; tried "
                f"{len(solved.tries)} from {solved.shown(solved.tries[0].value)} to "
                f"{solved.shown(solved.tries[-1].value)}."
            )
        reform = reform.and_then(solved.reform)
    with progress("模拟 simulate") as update:
        done = run_reform(snapshot, pack, reform, month, threads, update, step=step, loaded=loaded)
    return done, solved


def _solve(loaded: Any, target: str, budget: str, reform: Reform, threads: int) -> Solved:
    from zhida.scan.simulate import Simulator
    from zhida.scan.solve import parse_budget, solve

    try:
        most = parse_budget(budget)
    except ValueError as error:
        raise InputError(f"--budget: {budget[:40]!r}: {error}.") from None
    if reform.changes_formulas:
        raise InputError("--solve: a reform of formulas is in the way; put it into a pack of its own first.")
    with progress("求解 solve") as update:
        simulator = Simulator(loaded, threads, update)
    return solve(simulator, target, most, reform)


def _document(done: Reformed, solved: Solved | None) -> dict[str, Any]:
    """As ``docs/schemas/simulate.schema.json`` describes it."""
    from zhida.rules.parameters import is_stale
    from zhida.scan import effect_json
    from zhida.scan import solve as solving

    pack = done.simulation.pack
    simulation = done.simulation
    fraction = simulation.loaded.snapshot.manifest.get("fraction", 1.0)
    return simulation.as_json() | {
        "seconds": round(simulation.seconds, 3),
        "verified_through": pack.verified_through.isoformat(),
        "stale": is_stale(pack, simulation.loaded.month),
        "fraction": float(fraction),
        "effects": effect_json.as_json(done),
        "solve": None if solved is None else solving.as_json(solved),
    }


def _told(found: Told, done: Reformed, solved: Solved | None) -> None:
    from zhida.scan import effect_words

    lines(effect_words.head(found))
    if solved is not None:
        lines(effect_words.solved(found))
    rows = effect_words.benefit_rows(found)
    if rows:
        table(effect_words.BENEFIT_HEADS, rows, right=range(1, len(effect_words.BENEFIT_HEADS)))
        lines(effect_words.summary(found, done.simulation.pack))
    elif found["effects"]["cliffs"] is None:
        lines(["没有一项待遇因此改变。"])
    lines(effect_words.cliffs(found))
