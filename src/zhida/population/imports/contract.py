"""What a department's source looks like, once its contract is read: plain frozen records."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from zhida.rules.declarations import At


class Type(StrEnum):
    """What a cell holds; the type in staging stands in docs/imports.md."""

    RESIDENT_ID = "resident_id"
    PERSON_NAME = "person_name"
    DATE = "date"
    MONTH = "month"
    MONEY = "money"
    INT = "int"
    DECIMAL = "decimal"
    CODE = "code"
    YES_NO = "yes_no"
    DIVISION = "division"
    BENEFIT = "benefit"
    TEXT = "text"
    ADDRESS = "address"
    PHONE = "phone"
    ACCOUNT = "account"


NUMBERS = (Type.MONEY, Type.INT, Type.DECIMAL)
DAYS = (Type.DATE, Type.MONTH)


@dataclass(frozen=True, slots=True)
class Column:
    """``minimum`` and ``maximum`` as stored (fen, days since 1970-01-01, scaled); None: no bound.

    ``codes``: what is written → what it means. ``future``: the day may lie after the day as of which
    the file was true.
    """

    id: str
    name: str
    also: tuple[str, ...]
    type: Type
    required: bool
    codes: Mapping[str, str]
    places: int
    minimum: int | None
    maximum: int | None
    future: bool
    says: str
    at: At

    @property
    def headers(self) -> tuple[str, ...]:
        return (self.name, *self.also)


@dataclass(frozen=True, slots=True)
class Where:
    """One column's part of a narrowing: its value is one of these; None: the cell is empty.

    Values as staging stores them: the meaning of a code, True or False of yes_no.
    """

    column: str
    values: tuple[str | bool, ...] | None


@dataclass(frozen=True, slots=True)
class Derived:
    """How a field of the pack follows from the rows of one person.

    ``how``: ``take`` or ``sum`` of ``column``, ``count`` or ``any`` of the rows. ``high``: the column
    with the upper end of an interval, '' for none. Only rows that meet all of ``where`` count.
    """

    field: str
    how: str
    column: str
    high: str
    where: tuple[Where, ...]
    at: At


@dataclass(frozen=True, slots=True)
class SourceContract:
    """A source. ``birth`` and ``sex`` name the columns that the digits of ``person`` must agree with."""

    id: str
    name: str
    department: str
    registers: tuple[str, ...]
    every: str
    sensitivity: str
    purpose: str
    authorised_by: str
    person: str
    key: tuple[str, ...]
    place: str
    birth: str
    sex: str
    columns: tuple[Column, ...]
    fields: tuple[Derived, ...]
    at: At

    def column(self, id: str) -> Column:
        """The column with this id. Raises KeyError."""
        for column in self.columns:
            if column.id == id:
                return column
        raise KeyError(id)


def plain(text: str) -> str:
    """A header or a code as it is compared: full-width forms narrow, no blanks, ASCII in capitals."""
    return "".join(unicodedata.normalize("NFKC", text).split()).strip("\ufeff\u200b*").upper()
