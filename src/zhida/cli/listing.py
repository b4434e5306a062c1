"""``zhida lists``: the lists of a scan as Excel workbooks, one a county."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from zhida.cli import choose
from zhida.cli.errors import InputError
from zhida.cli.output import emit, lines, progress, table

if TYPE_CHECKING:
    from zhida.codes.divisions import DivisionTree

ResultsArgument = Annotated[
    Path, typer.Argument(metavar="RESULTS", help="The folder that `zhida scan` wrote.")
]
OutOption = Annotated[Path, typer.Option("--out", metavar="FOLDER", help="The new folder of the workbooks.")]
PurposeOption = Annotated[
    str, typer.Option("--purpose", metavar="TEXT", help="What they are for; every workbook says it.")
]
CountyOption = Annotated[
    list[str] | None, typer.Option("--county", metavar="CODE", help="Only this county. Repeatable.")
]
ListOption = Annotated[
    list[str] | None,
    typer.Option("--list", metavar="NAME", help="Only this list: lead, verify, review, near. Repeatable."),
]
SensitiveOption = Annotated[
    bool, typer.Option("--sensitive", help="Spell out what rests on sensitive fields.")
]


def lists(
    results: ResultsArgument,
    out: OutOption,
    purpose: PurposeOption,
    county: CountyOption = None,
    list_: ListOption = None,
    sensitive: SensitiveOption = False,
    pack: choose.PackOption = "",
    json: choose.JsonOption = False,
) -> None:
    """The lists of a scan as Excel workbooks, one a county."""
    from zhida.scan.workbooks import LISTS, write_workbooks

    if not purpose.strip():
        raise InputError("--purpose: say in a few words what the workbooks are for.")
    for name in list_ or []:
        if name not in LISTS:
            raise InputError(f"--list: there is no list {name!r}; choose from {', '.join(LISTS)}.")
    used = choose.load(pack)
    counties = [_county(used.divisions, code) for code in county or []]
    with progress("写名单 lists") as update:
        made = write_workbooks(
            results,
            used,
            out,
            purpose.strip(),
            counties=counties,
            lists=list_ or tuple(LISTS),
            sensitive=sensitive,
            progress=update,
        )
    if json:
        emit(asdict(made) | {"path": str(made.path)})
        return
    whose = "合成数据，没有真实的人" if made.synthetic else "内部资料，含个人信息"
    lines([f"{made.path}: {made.month}，{len(made.files)} 个工作簿（{whose}）"])
    rows = [(n, *(f"{by_list.get(k, 0):,}" for k in LISTS)) for n, by_list in made.files.items()]
    table(("工作簿", *LISTS.values()), rows, right=range(1, 5))


def _county(tree: DivisionTree, code: str) -> str:
    from zhida.codes.divisions import normalise
    from zhida.codes.errors import CodeError

    try:
        full, _ = normalise(code)
        if tree[full].level == 3:
            return full
    except CodeError as error:
        raise InputError(f"--county: {error}") from None
    raise InputError(f"--county: {code} is {tree[full].name}, which is no county.")
