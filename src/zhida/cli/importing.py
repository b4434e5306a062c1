"""``zhida import``: what departments sent, into a register."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from zhida.cli import choose
from zhida.cli.errors import say
from zhida.cli.keys import KeysOption
from zhida.cli.output import emit, lines, progress, table

if TYPE_CHECKING:
    from zhida.population.imports.contracts import Contracts
    from zhida.population.imports.journal import Taken
    from zhida.population.imports.plan import Plan, PlannedFile
    from zhida.population.imports.run import Done
    from zhida.population.register.land import Taken as Landing
    from zhida.rules.declarations import Pack

FolderArgument = Annotated[Path, typer.Argument(metavar="FOLDER", help="What departments sent.")]
IntoOption = Annotated[
    Path, typer.Option("--into", metavar="REGISTER", help="The register's folder; made if need be.")
]
DryOption = Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")]
ProcessesOption = Annotated[
    int, typer.Option("--processes", min=1, max=256, help="How many files are read at once.")
]


def import_(
    folder: FolderArgument,
    into: IntoOption,
    dry_run: DryOption = False,
    processes: ProcessesOption = 2,
    keys: KeysOption = None,
    pack: choose.PackOption = "",
    json: choose.JsonOption = False,
) -> None:
    """Take in what departments sent: every row is kept or put into quarantine with its reasons."""
    from zhida.population.imports.contracts import load_contracts

    contracts = load_contracts(choose.load(pack))
    found = bring_in(folder, into, contracts, processes, keys, dry_run)
    if json:
        emit(answer_of(found, contracts.pack, dry_run))
    else:
        _show(found.plan, found.done, contracts.pack, dry_run)
        _show_landed(found.landing)
    if found.left_out:
        raise typer.Exit(1)


@dataclass(frozen=True, slots=True)
class BroughtIn:
    """The plan, what was read (None: nothing was to be), what came into the register (None: nothing)."""

    plan: Plan
    done: Done | None
    landing: Landing | None

    @property
    def left_out(self) -> int:
        """Files that could not be taken in."""
        refused = self.done.refused if self.done is not None else ()
        return sum(bool(f.problems) for f in self.plan.files) + len(refused)


def bring_in(
    folder: Path, into: Path, contracts: Contracts, processes: int, keys: Path | None, dry_run: bool = False
) -> BroughtIn:
    """Reads a delivery and lands its rows, with bars on the terminal; goes on where it was stopped."""
    from datetime import date

    from zhida.codes.sealing import Keyring
    from zhida.population.imports.plan import make_plan
    from zhida.population.imports.run import run
    from zhida.population.register.arrive import arrive, waiting

    with progress("看文件 plan") as update:
        plan = make_plan(folder, into, contracts, date.today(), update)
    done: Done | None = None
    landing: Landing | None = None
    if not dry_run and (plan.to_take or waiting(into, contracts)):
        into.mkdir(mode=0o700, parents=True, exist_ok=True)
        ring, told = Keyring.load_or_create(keys, apart_from=into)
        if told:
            say(told)
        with progress("读入 import") as update:
            done = run(plan, contracts, ring, processes, update)
        with progress("归户入册 register") as update:
            landing = arrive(into, contracts, ring, processes=processes, progress=update)
    return BroughtIn(plan, done, landing)


# --- JSON


def answer_of(found: BroughtIn, pack: Pack, dry_run: bool = False) -> dict[str, Any]:
    return _answer(found.plan, found.done, pack, dry_run) | {"landed": _landed(found.landing)}


def _answer(plan: Plan, done: Done | None, pack: Pack, dry_run: bool) -> dict[str, Any]:
    taken = {t.id: t for t in done.taken} if done is not None else {}
    refused = dict(done.refused) if done is not None else {}
    files = [
        _file(f, taken.get(f.id) if f.to_take else None, refused.get(f.found.name, "")) for f in plan.files
    ]
    return {
        "folder": str(plan.folder),
        "register": str(plan.register),
        "pack": pack.id,
        "dry_run": dry_run,
        "files": files,
        "unknown": [{"file": name, "why": why} for name, why in plan.unknown],
        "totals": _totals(done),
    }


def _landed(landing: Landing | None) -> dict[str, Any] | None:
    if landing is None:
        return None
    return {
        "rows": landing.rows,
        "people": landing.people,
        "sealed": landing.sealed,
        "to_review": landing.to_review,
    }


def _totals(done: Done | None) -> dict[str, int]:
    taken = done.taken if done is not None else ()
    names = ("read", "kept", "repeats", "quarantined", "withdrawn")
    return {"files": len(taken), **{n: sum(getattr(t, n) for t in taken) for n in names}}


def _file(file: PlannedFile, taken: Taken | None, refused: str) -> dict[str, Any]:
    found = file.found
    state = "left_out" if file.problems or refused else "already" if file.taken else "planned"
    answer: dict[str, Any] = {
        "file": found.name,
        "state": "taken" if taken is not None else state,
        "source": found.source.id if found.source is not None else None,
        "division": found.division or None,
        "as_of": found.as_of.isoformat() if found.as_of is not None else None,
        "complete": found.complete,
        "synthetic": found.synthetic,
        "bytes": file.bytes,
        "rows": file.rows,
        "sha256": file.sha256 or None,
        "form": file.form or None,
        "absent": list(file.absent),
        "ignored": list(file.ignored),
        "mends": file.mends,
        "supersedes": file.supersedes or None,
        "problems": [*file.problems, *([refused] if refused else [])],
    }
    if taken is not None:
        names = ("read", "kept", "repeats", "quarantined", "withdrawn", "blank")
        answer["counts"] = {n: getattr(taken, n) for n in names}
    return answer


# --- words

_STATES = {"left_out": "不收", "already": "已收过", "planned": "待收", "taken": "已收"}


def _show(plan: Plan, done: Done | None, pack: Pack, dry_run: bool) -> None:
    answer = _answer(plan, done, pack, dry_run)
    rows = []
    for file, told in zip(plan.files, answer["files"], strict=True):
        place = pack.divisions[file.found.division].name if told["division"] else ""
        counts = told.get("counts")
        shown = [f"{counts[n]:,}" for n in ("read", "kept", "repeats", "quarantined")] if counts else [""] * 4
        size = f"{file.bytes / 2**20:,.1f}"
        rows.append((told["file"], place, told["as_of"] or "", size, _STATES[told["state"]], *shown))
    headings = ("文件", "地区", "数据日期", "MB", "", "读", "留", "重复", "隔离")
    if rows:
        table(headings, rows, right=(3, 5, 6, 7, 8))
    for told in answer["files"]:
        for problem in told["problems"]:
            lines([f"{told['file']}: {problem}"])
        if told["absent"]:
            lines([f"{told['file']}：没有可选列 {'、'.join(told['absent'])}"])
        if told["ignored"]:
            lines([f"{told['file']}：不用的列 {'、'.join(told['ignored'])}"])
        if told["supersedes"]:
            lines([f"{told['file']}：代替同一来源、地区、日期的前一份文件"])
    lines(f"{name}: {why}; left alone." for name, why in plan.unknown)
    if done is not None:
        t = answer["totals"]
        lines([
            f"{plan.register}：收入 {t['files']} 个文件，{t['read']:,} 行 = 留 {t['kept']:,} + 重复 "
            f"{t['repeats']:,} + 隔离 {t['quarantined']:,}"
            + (f" + 作废 {t['withdrawn']:,}" if t["withdrawn"] else "")
        ])  # fmt: skip
    elif dry_run:
        lines([f"{len(plan.to_take)} 个文件待收（--dry-run：什么也没有写）"])
    else:
        lines(["没有要收的文件。"])


def _show_landed(landing: Landing | None) -> None:
    if landing is not None:
        lines([
            f"入册 {sum(landing.rows.values()):,} 行，新见 {landing.people:,} 人，"
            f"封存 {landing.sealed:,} 个值，"
            f"同号不同名待核 {landing.to_review:,} 个"
        ])  # fmt: skip
