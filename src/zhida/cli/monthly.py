"""``zhida month``: import, snapshot and scan of a delivery in one command that goes on where it stopped."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from zhida.cli import choose, importing, registering, scanning
from zhida.cli.errors import say
from zhida.cli.keys import KeysOption
from zhida.cli.output import emit, lines

OutOption = Annotated[
    Path, typer.Option("--out", metavar="FOLDER", help="Folder of the months' snapshots and results.")
]
AnywayOption = Annotated[
    bool, typer.Option("--anyway", help="Go on although some files could not be taken in.")
]
SNAPSHOT, RESULTS = "snapshot", "results"


def month(
    folder: importing.FolderArgument,
    into: importing.IntoOption,
    out: OutOption,
    month: registering.MonthOption = "",
    anyway: AnywayOption = False,
    processes: importing.ProcessesOption = 2,
    keys: KeysOption = None,
    pack: choose.PackOption = "",
    json: choose.JsonOption = False,
) -> None:
    """Import a delivery, make the month's snapshot and scan it; what is done already is not done again."""
    from zhida.codes.months import format_month
    from zhida.population.imports.contracts import load_contracts
    from zhida.population.register.assemble import state_of
    from zhida.population.register.landed import Landed
    from zhida.population.register.resolution import load_resolution

    contracts = load_contracts(choose.load(pack))
    rules = load_resolution(contracts)
    steps = _Steps(quiet=json)
    brought = steps.run(
        "import", "导入", lambda: importing.bring_in(folder, into, contracts, processes, keys)
    )
    answer: dict[str, Any] = {"import": importing.answer_of(brought, contracts.pack)}
    if brought.landing is None:
        steps.told[-1]["state"] = "already"
    if brought.left_out and not anyway:
        for told in answer["import"]["files"]:
            for problem in told["problems"]:
                say(f"{told['file']}: {problem}")
        say(f"{brought.left_out} of the files were left out: mend them, or go on with --anyway.")
        if json:
            emit(
                answer | {"month": None, "folder": None, "snapshot": None, "scan": None, "steps": steps.told}
            )
        raise typer.Exit(1)
    when = registering.month_of_register(into, month)
    here = out / f"{format_month(when)}-{state_of(Landed.open(into), contracts, rules, when)}"
    snapshot, results = here / SNAPSHOT, here / RESULTS
    if snapshot.exists():
        steps.already("snapshot")
        answer["snapshot"] = None
    else:
        done = steps.run(
            "snapshot", "快照", lambda: registering.make(into, snapshot, when, contracts.pack, processes)
        )
        answer["snapshot"] = registering.answer_of(done, when, contracts.pack)
    if results.exists():
        steps.already("scan")
        answer["scan"] = None
    else:
        answer["scan"] = steps.run("scan", "扫描", lambda: scanning.run(snapshot, results, contracts.pack))
    answer |= {"month": format_month(when), "folder": str(here), "steps": steps.told}
    if json:
        emit(answer)
    else:
        if answer["snapshot"] is not None:
            registering.show(answer["snapshot"])
        if answer["scan"] is not None:
            scanning.summary(answer["scan"])
        lines([f"{here}：{' · '.join(_word(s) for s in steps.told)}"])


class _Steps:
    """What was done, and how long it took."""

    def __init__(self, *, quiet: bool) -> None:
        self.told: list[dict[str, Any]] = []
        self._quiet = quiet

    def run(self, step: str, says: str, do: Callable[[], Any]) -> Any:
        began = time.monotonic()
        found = do()
        self.told.append({"step": step, "state": "done", "seconds": round(time.monotonic() - began, 2)})
        if not self._quiet:
            lines([f"{says}：{self.told[-1]['seconds']} 秒"])
        return found

    def already(self, step: str) -> None:
        self.told.append({"step": step, "state": "already", "seconds": 0})


def _word(step: dict[str, Any]) -> str:
    names = {"import": "导入", "snapshot": "快照", "scan": "扫描"}
    return names[step["step"]] + ("已有" if step["state"] == "already" else "完成")
