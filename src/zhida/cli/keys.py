"""``zhida keys``: the file of keys that seals names and numbers: made, shown without the keys, added to."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from zhida.cli import choose
from zhida.cli.output import emit, lines

if TYPE_CHECKING:
    from zhida.codes.keyfile import Keys

app = typer.Typer(help="Keys that seal names and numbers.", no_args_is_help=True)

KeysOption = Annotated[
    Path | None,
    typer.Option(
        "--keys",
        metavar="FILE",
        envvar="ZHIDA_KEYS",
        show_envvar=True,
        help="The key file. [default: zhida/keys.json in the user's folder of settings]",
    ),
]


@app.callback()
def group() -> None:
    """Keys that seal names, numbers, phones and accounts; they lie apart from all data."""


@app.command("new")
def new(keys: KeysOption = None, json: choose.JsonOption = False) -> None:
    """Make a key file; one that is there is left as it is."""
    from zhida.codes import keyfile

    path = keys or keyfile.default_path()
    _tell(path, keyfile.create(path, date.today()), json)


@app.command("show")
def show(keys: KeysOption = None, json: choose.JsonOption = False) -> None:
    """Say which versions a key file holds; a key itself is never shown."""
    from zhida.codes import keyfile

    path = keys or keyfile.default_path()
    _tell(path, keyfile.read(path), json)


@app.command("rotate")
def rotate(keys: KeysOption = None, json: choose.JsonOption = False) -> None:
    """Add a version: what is sealed from now on takes it, what older versions sealed still opens."""
    from zhida.codes import keyfile

    path = keys or keyfile.default_path()
    _tell(path, keyfile.add(path, date.today()), json)


def _tell(path: Path, versions: tuple[Keys, ...], json: bool) -> None:
    if json:
        told = [{"version": k.version, "made": k.made.isoformat()} for k in versions]
        emit({"path": str(path), "versions": told, "seals": versions[-1].version})
        return
    lines([f"{path}: 密钥 {len(versions)} 版，现用第 {versions[-1].version} 版"])
    lines(f"  第 {k.version} 版，{k.made.isoformat()} 生成" for k in versions)
    lines(["请另存一份于别处：没有它，封存的姓名和号码就打不开。"])
