"""Whether the lines of the income work-sheet add up to what the rules reckon, in every worked case."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from zhida.rules.checks.cases import Case
from zhida.rules.checks.coverage import Said
from zhida.rules.declarations import Pack
from zhida.rules.explain.assess import program_of
from zhida.rules.explain.interpret import Run
from zhida.rules.explain.request import RequestError, parse_request
from zhida.rules.explain.worksheet import make_sheet
from zhida.rules.explain.worksheet_words import amount


def sheet_findings(pack: Pack, cases: Iterable[Case]) -> Iterator[Said]:
    """One finding for each case with a member whose lines come to another sum."""
    if pack.worksheet is None:
        return
    for case in cases:
        try:
            request = parse_request(pack, case.data)
        except RequestError:
            continue  # the case itself is reported
        run = Run(program_of(pack, request.month), request.facts, request.known_on)
        sheet = make_sheet(run, request.ids, request.division)
        assert sheet is not None
        for column in sheet.columns:
            if column.agrees is False:
                says = f"the lines of the work-sheet come to {amount(column.sum)} yuan, the rules to"
                where = f"case {case.id}, {column.id}"
                yield "worksheet", pack.worksheet.at, f"{where}: {says} {amount(column.total)}"
                break
