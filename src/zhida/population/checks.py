"""What must hold inside a part. Used before a part is written and after one is opened.

``check_structure`` guards every use of a row number, so that no later loop can leave its arrays;
``check_values`` holds each value against the limits of its field. Both read whole columns, and
build only small masks.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zhida.population import schema
from zhida.population.errors import SnapshotError
from zhida.population.schema import (
    NO_LINK,
    NOWHERE_KNOWN,
    UNKNOWN_LINK,
    Contract,
    FieldColumn,
    Relation,
    State,
    high_column,
    state_column,
)

Array = NDArray[Any]
Columns = Mapping[str, Array]

REBUILD = "Build the snapshot again or restore it from a copy."


def _first(mask: Array) -> int:
    return int(np.argmax(mask))


def _within(where: str, name: str, values: Array, low: int, high: int) -> None:
    """Every value in [low, high]; refuses with the first row that is not."""
    if len(values) == 0 or (int(values.min()) >= low and int(values.max()) <= high):
        return
    row = _first((values < low) | (values > high))
    found = int(values[row])
    raise SnapshotError(f"{where}, row {row}: {name} is {found}, outside {low} … {high}. {REBUILD}")


def check_structure(
    where: str,
    contract: Contract,
    tables: Mapping[str, Columns],
    divisions: int,
    persons_in_all: int,
) -> None:
    """Row numbers, sizes and codes of one part. ``where`` names the part in the sentence."""
    households, persons, awards = tables["households"], tables["persons"], tables["awards"]
    _check_sizes(f"{where}/households", households, len(persons["household"]))
    _within(f"{where}/households", "division", households["division"], 0, divisions - 1)
    at = f"{where}/persons"
    rows = np.arange(len(households["size"]), dtype=np.int32)
    if not np.array_equal(persons["household"], np.repeat(rows, households["size"])):
        raise SnapshotError(f"{at}: the persons don't stand in the order of their households. {REBUILD}")
    _within(at, "relation", persons["relation"], 0, max(Relation))
    for place in ("registered", "lives"):
        _within(at, place, persons[place], NOWHERE_KNOWN, divisions - 1)
    for link in contract.links:
        _within(at, f"link_{link}", persons[f"link_{link}"], min(UNKNOWN_LINK, NO_LINK), persons_in_all - 1)
    _check_awards(f"{where}/awards", contract, awards, len(households["size"]), len(persons["household"]))
    for field in contract.fields:
        columns = tables[field.table]
        states = columns[state_column(field.id)]
        _within(f"{where}/{field.table}", state_column(field.id), states, 0, max(State))
        if field.kind in ("bool", "enum"):  # a table of a parameter is entered by these
            _within(f"{where}/{field.table}", field.id, columns[field.id], 0, field.maximum)


def _check_sizes(where: str, households: Columns, persons: int) -> None:
    size, first = households["size"], households["first_person"]
    if len(size) == 0:
        raise SnapshotError(f"{where}: the part holds no household. {REBUILD}")
    if len(size) > schema.HOUSEHOLDS_PER_PART:
        most = schema.HOUSEHOLDS_PER_PART
        raise SnapshotError(f"{where}: {len(size)} households in one part, {most} at most. {REBUILD}")
    if int(size.min()) < 1:
        row = _first(size < 1)
        raise SnapshotError(
            f"{where}, row {row}: household {int(households['household_key'][row])} has no members. "
            "Leave it out or give it its members, then build again."
        )
    ends = np.cumsum(size, dtype=np.int64)
    if int(ends[-1]) != persons or int(first[0]) != 0 or not np.array_equal(first[1:], ends[:-1]):
        raise SnapshotError(
            f"{where}: sizes and first persons don't add up to the {persons} persons of the part. {REBUILD}"
        )


def _check_awards(where: str, contract: Contract, awards: Columns, households: int, persons: int) -> None:
    benefit, row = awards["benefit"], awards["unit_row"]
    if len(benefit) == 0:
        return
    _within(where, "benefit", benefit, 0, len(contract.benefits) - 1)
    tables = contract.benefit_tables
    rows = np.array([households if t == "households" else persons for t in tables], dtype=np.int64)
    bad = (row < 0) | (row >= rows[benefit])
    if bad.any():
        at = _first(bad)
        raise SnapshotError(f"{where}, row {at}: unit_row {int(row[at])} is not in the part. {REBUILD}")
    order = benefit.astype(np.int64) << 32 | row
    if not (order[1:] > order[:-1]).all():
        raise SnapshotError(f"{where}: not sorted by benefit and row, or one award is there twice. {REBUILD}")


def check_values(where: str, contract: Contract, tables: Mapping[str, Columns], last_day: int) -> None:
    """Known values and both ends of intervals inside the field's limits, dates not after ``last_day``
    (days since 1970-01-01, the last day of the month): what a date tells has happened."""
    for field in contract.fields:
        columns = tables[field.table]
        values, states = columns[field.id], columns[state_column(field.id)]
        high = columns[high_column(field.id)] if field.interval else None
        _check_field(f"{where}/{field.table}", field, values, states, high, last_day)
    amounts = tables["awards"]["amount"]
    if len(amounts) and int(amounts.min()) < 0:
        row = _first(amounts < 0)
        raise SnapshotError(
            f"{where}/awards, row {row}: amount is {int(amounts[row])} fen: negative. "
            "Correct the amount, then build again."
        )


def _check_field(
    where: str, field: FieldColumn, values: Array, states: Array, high: Array | None, last_day: int
) -> None:
    maximum = min(field.maximum, last_day) if field.kind == "date" else field.maximum
    quick = [values] if high is None else [values, high]
    # States other than known and interval leave 0, which is mostly inside: then no mask is needed.
    in_range = all(int(c.min()) >= field.minimum and int(c.max()) <= maximum for c in quick)
    if not in_range:
        read = (states == State.KNOWN) | (states == State.INTERVAL)
        bad = read & ((values < field.minimum) | (values > maximum))
        if bad.any():
            row = _first(bad)
            raise SnapshotError(f"{where}, row {row}: {_complaint(field, int(values[row]), maximum)}")
    interval = states == State.INTERVAL
    if high is None:
        if interval.any():
            row = _first(interval)
            raise SnapshotError(
                f"{where}, row {row}: {field.id} is called an interval, but the field has none. {REBUILD}"
            )
        return
    bad = interval & ((high < values) | (high > maximum))
    if bad.any():
        row = _first(bad)
        raise SnapshotError(
            f"{where}, row {row}: the interval of {field.id} ends at {int(high[row])}, before its low end or "
            f"above {maximum}. Correct the value, then build again."
        )


def _complaint(field: FieldColumn, value: int, maximum: int) -> str:
    if field.kind == "date":
        day, last, first = (np.datetime64(n, "D") for n in (value, maximum, field.minimum))
        if value > maximum:
            return f"{field.id} is {day}, in the future (after {last}). Correct the date, then build again."
        return f"{field.id} is {day}, before {first}. Correct the date, then build again."
    if field.kind == "money" and value < 0 <= field.minimum:
        return f"{field.id} is {value} fen: negative. Correct the amount, then build again."
    return f"{field.id} is {value}, outside {field.minimum} … {maximum}. Correct the value, then build again."
