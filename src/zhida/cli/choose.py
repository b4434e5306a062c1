"""Which pack a command uses, and which overrides over it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from zhida.cli.errors import InputError

if TYPE_CHECKING:
    from zhida.rules.declarations import Pack
    from zhida.rules.reforms.reform import Reform

PackOption = Annotated[
    str,
    typer.Option(
        "--pack",
        envvar="ZHIDA_PACK",
        show_envvar=True,
        help="Id of a bundled pack, or a pack's folder. [default: the bundled pack that has a city]",
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of words.")]
SetOption = Annotated[
    list[str] | None,
    typer.Option(
        "--set", metavar="NAME=VALUE", help="Another value: 名=值, 名@地=值, 表[项]=值. Repeatable."
    ),
]
ReformOption = Annotated[
    Path | None, typer.Option("--reform", metavar="FILE", help="A file of overrides (docs/pack-format.md).")
]


def default_pack() -> str:
    """The only bundled pack with data of a city. Raises InputError where there are none or several."""
    from zhida.rules.loading import bundled_packs, find_pack

    found = [name for name in bundled_packs() if (find_pack(name) / "city").is_dir()]
    if len(found) != 1:
        known = ", ".join(found or bundled_packs()) or "none"
        raise InputError(f"--pack: which pack is meant is not clear; name one of: {known}.")
    return found[0]


def load(name: str) -> Pack:
    """The pack of this id or folder ('': the default). Raises PackError, InputError."""
    from zhida.rules.loading import find_pack, load_pack

    return load_pack(find_pack(name or default_pack()))


def load_for(snapshot: Path, name: str) -> Pack:
    """The pack named, else the bundled one that the snapshot was built for, else the default."""
    from zhida.rules.loading import bundled_packs

    if not name:
        try:
            built_for = json.loads((snapshot / "manifest.json").read_bytes()).get("pack")
        except (OSError, ValueError, AttributeError):
            built_for = None  # whoever opens the snapshot says what is wrong with it
        name = built_for if built_for in bundled_packs() else ""
    return load(name)


def read_reform(sets: list[str] | None, file: Path | None) -> Reform | None:
    """The file's overrides, then those of the command line; None where there are none."""
    from zhida.rules.reforms.reform import Reform, load_reform, parse_set

    if not sets and file is None:
        return None
    reform = load_reform(file) if file is not None else Reform()
    for text in sets or []:
        reform = reform.and_then(parse_set(text))
    return reform


def read_month(text: str) -> int:
    """``2025-06`` → year * 12 + month - 1. Raises InputError."""
    from zhida.codes.errors import CodeError
    from zhida.codes.months import parse_month

    try:
        return parse_month(text)
    except CodeError as error:
        raise InputError(f"--month: {error}") from None
