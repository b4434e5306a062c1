"""A sheet: the rows that one chunk adds to the files of one source."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from zhida.population.city.draw import Array
from zhida.population.city.figures import CityError
from zhida.population.city.files.contracts import Column, Source
from zhida.population.city.files.text import Text, pick, repeated
from zhida.rules.declarations import Pack


@dataclass(frozen=True, slots=True)
class Sheet:
    """``columns`` by id of the contract; a column that is not given is empty. ``person``: rows in the truth
    of whom each row is about. ``county``: row of the county whose file it stands in."""

    source: Source
    person: Array
    county: Array
    columns: Mapping[str, Text]

    def text(self, column: str) -> Text:
        found = self.columns.get(column)
        return repeated(None, len(self.person)) if found is None else found


def words(source: Source, column: str, meanings: list[str], index: Array) -> Text:
    """What the contract writes for each meaning; a negative index leaves the cell empty."""
    known = source.column(column)
    used = np.unique(index[index >= 0])
    return pick([_word(known, m) if i in used else None for i, m in enumerate(meanings)], index)


def word(source: Source, column: str, meaning: str) -> str:
    return _word(source.column(column), meaning)


def _word(column: Column, meaning: str) -> str:
    if meaning not in column.words:
        raise CityError(
            f"The contract's column {column.name} ({column.id}) has no word for {meaning!r}. "
            "Add one to its codes."
        )
    return column.words[meaning]


def choices(pack: Pack, field: str) -> list[str]:
    """Ids of the choices of a field's enumeration, in order."""
    return [c.id for c in pack.enums[pack.fields[field].enum].choices]
