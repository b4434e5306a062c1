"""``zhida quarantine``: which rows were refused and why, and the files in which they are mended."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from zhida.cli import choose
from zhida.cli.errors import InputError
from zhida.cli.keys import KeysOption
from zhida.cli.output import emit, lines, table

if TYPE_CHECKING:
    from zhida.population.imports.to_mend import FileWaiting

RegisterArgument = Annotated[Path, typer.Argument(metavar="REGISTER", help="The register's folder.")]
FileOption = Annotated[
    list[str] | None,
    typer.Option("--file", metavar="NAME", help="Only this file of a delivery. Repeatable."),
]
OutOption = Annotated[
    Path | None,
    typer.Option("--out", metavar="FOLDER", help="Write the rows here, a CSV a file, to be mended."),
]
PurposeOption = Annotated[
    str, typer.Option("--purpose", metavar="TEXT", help="What the rows are opened for; put on record.")
]


def quarantine(
    register: RegisterArgument,
    file: FileOption = None,
    out: OutOption = None,
    purpose: PurposeOption = "",
    keys: KeysOption = None,
    pack: choose.PackOption = "",
    json: choose.JsonOption = False,
) -> None:
    """Rows that were refused, by file, column and reason; with --out in files to be mended."""
    from zhida.codes.sealing import Keyring
    from zhida.population.imports.contracts import load_contracts
    from zhida.population.imports.journal import Journal
    from zhida.population.imports.to_mend import count, write_out

    if out is not None and not purpose.strip():
        raise InputError("--purpose: say in a few words what the rows are opened for.")
    contracts = load_contracts(choose.load(pack))
    journal = Journal.load(register, contracts.pack.id)
    if not journal.files:
        raise InputError(f"{register} is no register into which something was taken in; name another folder.")
    known = {f.file for f in journal.files}
    for name in file or []:
        if name not in known:
            raise InputError(
                f"--file: {name} was not taken in; `zhida quarantine {register}` lists the files."
            )
    found = [f for f in count(journal, contracts) if not file or f.file.file in file]
    written: list[Path] = []
    if out is not None and found:
        ring = Keyring.load(keys, apart_from=register)
        written = write_out(journal, [f.file for f in found], contracts, ring, out, purpose.strip())
    if json:
        emit(_answer(register, found, written))
    else:
        _show(register, found, written)


def _answer(register: Path, found: list[FileWaiting], written: list[Path]) -> dict[str, Any]:
    from zhida.population.imports.reasons import words

    files = [
        {
            "file": f.file.file,
            "sha256": f.file.sha256,
            "source": f.file.source,
            "division": f.file.division,
            "as_of": f.file.as_of,
            "waiting": f.waiting,
            "reasons": [
                {
                    "column": c.column or None,
                    "name": c.name,
                    "reason": c.reason.value,
                    "words": words(c.reason),
                    "rows": c.rows,
                }
                for c in f.counts
            ],
        }
        for f in found
    ]
    return {
        "register": str(register),
        "files": files,
        "waiting": sum(f.waiting for f in found),
        "written": [str(p) for p in written],
    }


def _show(register: Path, found: list[FileWaiting], written: list[Path]) -> None:
    from zhida.population.imports.reasons import suggestion, words

    rows = []
    for f in found:
        for i, c in enumerate(f.counts):
            name = f"{f.file.file}（{f.waiting:,} 行）" if i == 0 else ""
            rows.append((name, c.name, words(c.reason), f"{c.rows:,}", suggestion(c.reason)))
    if rows:
        table(("文件", "列", "原因", "行", "建议"), rows, right=(3,))
    lines([f"{register}：隔离区有 {sum(f.waiting for f in found):,} 行待补正"])
    lines(f"{path}: 改好后放进下一次交件，再 zhida import" for path in written)
