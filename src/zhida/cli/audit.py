"""``zhida audit``: whether what was recorded is still as it was recorded."""

from __future__ import annotations

import json as codec
from pathlib import Path
from typing import Annotated

import typer

from zhida.cli import choose
from zhida.cli.errors import InputError
from zhida.cli.output import emit, lines

app = typer.Typer(help="The records of what was done.", no_args_is_help=True)


@app.callback()
def group() -> None:
    """The records of what was done in the office."""


@app.command("verify")
def verify(
    against: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="What an earlier run printed with --json: its ends must still be there."
        ),
    ] = None,
    json: choose.JsonOption = False,
) -> int:
    """Check every chain of entries: the first one changed, missing or inserted of each that is broken."""
    from zhida.office.audit.verify import verify as check
    from zhida.office.database.hold import hold
    from zhida.office.database.roles import BACKUP

    kept = _kept(against) if against else []
    with hold() as held:
        found = check(held.address.parameters(BACKUP), kept)
    if json:
        heads = {d: {"day": day, "number": n, "hash": h} for d, (day, n, h) in found.heads.items()}
        findings = [one.__dict__ for one in found.findings]
        emit({"entries": found.entries, "findings": findings, "heads": heads})
    else:
        kinds = {"changed": "被改动", "missing": "缺失", "inserted": "被插入"}
        for one in found.findings:
            lines([f"{one.day} {one.division} 第 {one.number} 条{kinds[one.kind]}：{one.words}"])
        lines([f"共 {found.entries} 条，{len(found.heads)} 个区划，{len(found.findings)} 处不符。"])
    return 1 if found.findings else 0


def _kept(path: Path) -> list[tuple[str, str, int, str]]:
    try:
        heads = codec.loads(path.read_text(encoding="utf-8"))["heads"]
        return [(str(d), str(h["day"]), int(h["number"]), str(h["hash"])) for d, h in heads.items()]
    except (ValueError, KeyError, TypeError, AttributeError):
        raise InputError(
            f"{path} is not what `zhida audit verify --json` prints: name such a file."
        ) from None
