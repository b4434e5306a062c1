"""A sheet: the rows that one chunk adds to the files of one source."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa

from zhida.population.city.draw import Array
from zhida.population.city.figures import CityError
from zhida.population.city.files.text import Text, pick, repeated
from zhida.population.imports.contract import Column, SourceContract
from zhida.rules.declarations import Pack

DEAD_LISTED, REGISTERED_TWICE = "dead_listed", "registered_twice"
DEFECT_ROWS = ("", DEAD_LISTED, REGISTERED_TWICE)
"""What ``Sheet.kind`` counts: rows that ought not to be there."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """``columns`` by id of the contract; a column that is not given is empty. ``person``: rows of the
    scene's people of whom each row is about. ``county``: row of the county whose file it stands in.
    ``rank``: index in DEFECT_ROWS, or one for all."""

    source: SourceContract
    person: Array
    county: Array
    columns: Mapping[str, Text]
    rank: Array | int = 0

    @property
    def kind(self) -> Array:
        return np.broadcast_to(np.asarray(self.rank, np.int8), self.person.shape)

    def text(self, column: str) -> Text:
        found = self.columns.get(column)
        return repeated(None, len(self.person)) if found is None else found

    def take(self, rows: Array) -> Sheet:
        """Only these rows, in this order."""
        at: Any = pa.array(rows)
        columns = {name: column.take(at) for name, column in self.columns.items()}
        person, county, rank = self.person[rows], self.county[rows], self.kind[rows]
        return replace(self, person=person, county=county, columns=columns, rank=rank)


def joined_sheets(sheets: list[Sheet]) -> Sheet:
    """Rows of several sheets of one source, one after the other."""
    names = [c.id for c in sheets[0].source.columns]
    whole: dict[str, Text] = {n: pa.concat_arrays([s.text(n) for s in sheets]) for n in names}
    return replace(
        sheets[0],
        person=np.concatenate([s.person for s in sheets]),
        county=np.concatenate([s.county for s in sheets]),
        columns=whole,
        rank=np.concatenate([s.kind for s in sheets]),
    )


def words(source: SourceContract, column: str, meanings: list[str], index: Array) -> Text:
    """What the contract writes for each meaning; a negative index leaves the cell empty."""
    known = source.column(column)
    used = np.unique(index[index >= 0])
    return pick([_word(known, m) if i in used else None for i, m in enumerate(meanings)], index)


def word(source: SourceContract, column: str, meaning: str) -> str:
    return _word(source.column(column), meaning)


def _word(column: Column, meaning: str) -> str:
    """The first text of a code's that has the meaning."""
    for text, means in column.codes.items():
        if means == meaning:
            return text
    raise CityError(
        f"The contract's column {column.name} ({column.id}) has no word for {meaning!r}. "
        "Add one to its codes."
    )


def choices(pack: Pack, field: str) -> list[str]:
    """Ids of the choices of a field's enumeration, in order."""
    return [c.id for c in pack.enums[pack.fields[field].enum].choices]
