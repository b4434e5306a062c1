"""The income work-sheet of ``zhida assess --worksheet`` and ``zhida explain --worksheet``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from zhida.cli.errors import InputError
from zhida.cli.output import emit, lines, table

if TYPE_CHECKING:
    from zhida.rules.declarations import Pack
    from zhida.rules.explain.worksheet import Sheet
    from zhida.rules.reforms.reform import Reform


@dataclass(frozen=True, slots=True)
class Made:
    """``mark``: what has to stand above the sheet."""

    sheet: Sheet
    mark: str = ""


def of_file(file: str, pack: Pack, reform: Reform | None) -> Made:
    """Raises InputError, RequestError, PackError."""
    from zhida.cli.requests import read_request
    from zhida.rules.explain.assess import program_of
    from zhida.rules.explain.interpret import Run
    from zhida.rules.explain.request import parse_request
    from zhida.rules.explain.worksheet import make_sheet
    from zhida.rules.reforms.reform import apply

    used = apply(pack, reform) if reform is not None else pack
    request = parse_request(used, read_request(file))
    run = Run(program_of(used, request.month), request.facts, request.known_on)
    return Made(_there(make_sheet(run, request.ids, request.division), used))


def of_snapshot(
    folder: Path, pack: Pack, person: int | None, household: int | None, reform: Reform | None
) -> Made:
    """What registers tell of a household; what the family has not declared stays open."""
    from zhida.cli import found
    from zhida.rules.explain.interpret import Run
    from zhida.rules.explain.worksheet import make_sheet

    one = found.look_up(folder, pack, person, household, reform)
    run = Run(one.loaded.program, one.facts)
    sheet = make_sheet(run, one.ids, one.facts.group_place)
    mark = "合成数据，没有真实的人" if one.loaded.snapshot.manifest["synthetic"] else ""
    return Made(_there(sheet, one.loaded.pack), mark)


def _there(sheet: Sheet | None, pack: Pack) -> Sheet:
    if sheet is None:
        raise InputError(
            f"--worksheet: {pack.name} says nothing of income lines; add a worksheet.yaml to the pack."
        )
    return sheet


def show(made: Made, page: Path | None, json: bool) -> None:
    """Prints the sheet, and writes the page where one is asked for."""
    from zhida.rules.explain import worksheet, worksheet_words

    if page is not None:
        text = worksheet_words.page(made.sheet, made.mark)
        temporary = page.with_name(f".{page.name}.part")
        try:
            temporary.write_text(text, encoding="utf-8")
            temporary.replace(page)
        finally:
            temporary.unlink(missing_ok=True)
    if json:
        emit(worksheet.as_json(made.sheet))
        return
    lines([made.sheet.sheet.name, worksheet_words.heading(made.sheet)])
    if made.mark:
        lines([made.mark])
    heads, rows = worksheet_words.rows(made.sheet)
    first = 1 if len(made.sheet.columns) > worksheet_words.WIDE else 3
    table(heads, rows, right=range(first, len(heads)))
    lines(worksheet_words.sums(made.sheet))
    lines(f"说明：{note}" for note in worksheet_words.notes(made.sheet))
    if page is not None:
        lines([f"page: {page}"])
