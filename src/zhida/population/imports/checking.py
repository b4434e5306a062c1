"""Rows of a batch: each is kept with typed values, or refused with every reason that there is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from zhida.codes.resident_ids import IdState
from zhida.population.imports.cells import Arrow, Batch, Cells, is_there
from zhida.population.imports.contract import SourceContract, Type
from zhida.population.imports.contracts import LINE
from zhida.population.imports.reasons import Reason, suggestion
from zhida.population.imports.tokens import RowState
from zhida.population.imports.values import STORED, Parsed, Reader

_BROKEN = {
    RowState.FEW: Reason.CELLS_FEW,
    RowState.MANY: Reason.CELLS_MANY,
    RowState.QUOTES: Reason.QUOTES,
}


People = tuple[tuple[str, str], ...]
"""Of one row: a column with a resident ID, and the ID in it (18 characters)."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Why a row is refused. ``column``: its id, '' for the row as a whole; ``suggestion`` in words."""

    line: int
    column: str
    reason: Reason
    suggestion: str


@dataclass(frozen=True, slots=True)
class Refused:
    """A row as it was written: ``cells`` by column id, or ``raw`` where they can't be told apart. ``people``:
    whom it names, as far as those cells are in order."""

    line: int
    cells: Mapping[str, str]
    raw: str
    findings: Sequence[Finding]
    people: People = ()


@dataclass(frozen=True, slots=True)
class Checked:
    """``kept``: rows in the form of staging; all others of the batch are ``refused``."""

    kept: pa.Table
    refused: list[Refused]


def staging_schema(source: SourceContract) -> pa.Schema:
    """Columns of a staging file: each of the contract's, then the line."""
    fields = [pa.field(c.id, STORED.get(c.type, pa.string())) for c in source.columns]
    return pa.schema([*fields, pa.field(LINE, pa.int64(), nullable=False)])


def check_batch(source: SourceContract, batch: Batch, reader: Reader) -> Checked:
    """Every row of the batch, kept or refused."""
    parsed: dict[str, Parsed] = {}
    found: list[tuple[int, str, Reason, str]] = []
    for column in source.columns:
        cells = batch.columns.get(column.id)
        if cells is None:  # a column that the file need not have
            cells = Cells.empty(len(batch))
        one = parsed[column.id] = reader.read(column, cells)
        found += [(b.row, column.id, b.reason, b.detail) for b in one.bad]
    found += _against_id(source, parsed)
    rows = sorted({f[0] for f in found})
    schema = staging_schema(source)
    arrays = [parsed[c.id].array for c in source.columns]
    table = pa.Table.from_arrays([*arrays, pa.array(batch.lines, pa.int64())], schema=schema)
    if rows:
        keep = np.ones(len(batch), bool)
        keep[rows] = False
        table = table.filter(pa.array(keep))
    by_row: dict[int, list[Finding]] = {row: [] for row in rows}
    for row, id, reason, detail in found:
        line = int(batch.lines[row])
        by_row[row].append(Finding(line, id, reason, suggestion(reason, detail)))
    people = dict(zip(rows, people_of(source, parsed, rows), strict=True))
    refused = [Refused(int(batch.lines[r]), batch.row(r), "", by_row[r], people[r]) for r in rows]
    return Checked(table, [*refused, *broken_rows(batch)])


def people_of(source: SourceContract, parsed: Mapping[str, Parsed], rows: Sequence[int]) -> list[People]:
    """Whom each of these rows names, as far as the cells are in order. Nobody is noted of a source that needs
    the family's authorisation: nothing of a row that is refused there may go on."""
    found: list[list[tuple[str, str]]] = [[] for _ in rows]
    if source.authorised_by:
        return [()] * len(rows)
    for id, one in parsed.items():
        if one.ids is not None and rows:
            good = (one.ids.states == IdState.GOOD) & is_there(one.array)
            for told, row in zip(found, rows, strict=True):
                if good[row]:
                    told.append((id, one.array[row].as_py()))
    return [tuple(told) for told in found]


def broken_rows(batch: Batch) -> list[Refused]:
    """Rows whose cells can't be told apart."""
    refused = []
    for broken in batch.broken:
        reason = _BROKEN[broken.state]
        told = [Finding(broken.line, "", reason, suggestion(reason))]
        refused.append(Refused(broken.line, {}, broken.text, told))
    return refused


def _against_id(source: SourceContract, parsed: Mapping[str, Parsed]) -> list[tuple[int, str, Reason, str]]:
    """Birth date and sex against the digits of the person's number."""
    ids = parsed[source.person].ids
    assert ids is not None and source.column(source.person).type is Type.RESIDENT_ID
    good = (ids.states == IdState.GOOD) & is_there(parsed[source.person].array)
    found = []
    if source.birth:
        array = parsed[source.birth].array
        there = is_there(array)
        days = array.cast(pa.int32()).fill_null(0).to_numpy(zero_copy_only=False)
        for row in np.flatnonzero(good & there & (days != ids.birth)):
            found.append((int(row), source.birth, Reason.BIRTH_DIFFERS, ""))
    if source.sex:
        told = parsed[source.sex].array.fill_null("")
        for word, male in (("male", True), ("female", False)):
            says = _equals(told, word)
            for row in np.flatnonzero(good & says & (ids.male != male)):
                found.append((int(row), source.sex, Reason.SEX_DIFFERS, ""))
    return found


def _equals(array: Arrow, word: str) -> NDArray[np.bool_]:
    equal: Arrow = pc.equal(array, pa.scalar(word))
    found: NDArray[np.bool_] = equal.to_numpy(zero_copy_only=False)
    return found
