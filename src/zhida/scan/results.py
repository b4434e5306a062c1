"""Rows of a scan as Parquet, part by part, and as CSV. The columns are described in docs/results.md."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq
from numpy.typing import NDArray

from zhida.codes.months import format_month
from zhida.population.errors import SnapshotError, writing
from zhida.population.store import Part
from zhida.rules.formulas.ir import PERSON, YES
from zhida.rules.program.build import BenefitProgram
from zhida.scan.deciding import Decided
from zhida.scan.lists import ANSWERS, COLUMN, LISTS, REASONS, VERIFY, Entries, bits
from zhida.scan.loaded import Loaded
from zhida.scan.where import Homes, Where

Array = NDArray[Any]

FORMAT = "1"
_TEXT = pa.dictionary(pa.int32(), pa.string())
_WORD = pa.dictionary(pa.int8(), pa.string())

SCHEMA = pa.schema(
    [
        pa.field("snapshot_id", _WORD, nullable=False),
        pa.field("pack_hash", _WORD, nullable=False),
        pa.field("month", _WORD, nullable=False),
        pa.field("unit", _WORD, nullable=False),
        pa.field("unit_key", pa.int64(), nullable=False),
        pa.field("person_key", pa.int64(), nullable=False),
        pa.field("division", _TEXT, nullable=False),
        pa.field("county", _TEXT, nullable=False),
        pa.field("benefit", _WORD, nullable=False),
        pa.field("list", _WORD, nullable=False),
        pa.field("reason", _WORD, nullable=False),
        pa.field("automatic", pa.bool_(), nullable=False),
        pa.field("answer", _WORD, nullable=False),
        pa.field("registers_answer", _WORD, nullable=False),
        pa.field("amount_lo", pa.int64()),
        pa.field("amount_hi", pa.int64()),
        pa.field("presumed_lo", pa.int64()),
        pa.field("presumed_hi", pa.int64()),
        pa.field("award_amount", pa.int64()),
        pa.field("deciding", pa.list_(pa.string()), nullable=False),
        pa.field("deciding_alone", pa.bool_(), nullable=False),
        pa.field("conditions", pa.uint64(), nullable=False),
        pa.field("presumed_conditions", pa.uint64(), nullable=False),
        pa.field("basis", pa.int64(), nullable=False),
    ]
)


@dataclass(frozen=True, slots=True)
class Labels:
    """Words that columns point into; made once for a scan."""

    loaded: Loaded
    where: Where
    divisions: Any
    counties: Any
    constants: Mapping[str, Any]

    @classmethod
    def of(cls, loaded: Loaded, where: Where) -> Labels:
        return cls(
            loaded,
            where,
            pa.array(loaded.snapshot.divisions, pa.string()),
            pa.array(where.counties, pa.string()),
            {
                "snapshot_id": loaded.snapshot.id,
                "pack_hash": loaded.pack.hash,
                "month": format_month(loaded.month),
            },
        )

    def table(
        self, program: BenefitProgram, homes: Homes, entries: Entries, decided: Decided | None
    ) -> pa.Table:
        """The entries of one benefit in one part. ``decided`` is for its rows to verify, in their order."""
        rows, n = entries.rows, entries.rows.shape[1]
        unit_is_person = program.benefit.unit == PERSON
        units = rows[COLUMN["index"]]
        part = homes.part
        divisions = homes.divisions(unit_is_person, units)
        codes = rows[COLUMN["codes"]]
        full, presumed = bits(codes, 0), bits(codes, 3)
        held = bits(codes, 10) & YES != 0
        persons = part.persons["person_key"][homes.persons(unit_is_person, units)]
        keys = persons if unit_is_person else part.households["household_key"][units]
        paid = program.full.amount is not None
        deciding, alone = deciding_columns(entries, decided)
        columns = {
            **{name: constant(text, n) for name, text in self.constants.items()},
            "unit": constant(program.benefit.unit, n),
            "unit_key": pa.array(keys),
            "person_key": pa.array(persons),
            "division": pa.DictionaryArray.from_arrays(pa.array(divisions, pa.int32()), self.divisions),
            "county": pa.DictionaryArray.from_arrays(
                pa.array(self.where.county_of[divisions], pa.int32()), self.counties
            ),
            "benefit": constant(program.benefit.id, n),
            "list": words(entries.lists, LISTS),
            "reason": words(entries.reasons, REASONS),
            "automatic": pa.array(np.full(n, program.benefit.automatic)),
            "answer": words(full, ANSWERS),
            "registers_answer": words(presumed, ANSWERS),
            "amount_lo": amount(rows, "amount_lo", paid & (full & YES != 0)),
            "amount_hi": amount(rows, "amount_hi", paid & (full & YES != 0)),
            "presumed_lo": amount(rows, "presumed_lo", paid & (presumed & YES != 0)),
            "presumed_hi": amount(rows, "presumed_hi", paid & (presumed & YES != 0)),
            "award_amount": amount(rows, "award", held),
            "deciding": deciding,
            "deciding_alone": alone,
            "conditions": pa.array(rows[COLUMN["conditions"]].astype(np.uint64)),
            "presumed_conditions": pa.array(rows[COLUMN["presumed_conditions"]].astype(np.uint64)),
            "basis": pa.array(rows[COLUMN["basis"]]),
        }
        return pa.Table.from_arrays([columns[name] for name in SCHEMA.names], schema=SCHEMA)


def constant(text: str, n: int) -> Any:
    return pa.DictionaryArray.from_arrays(np.zeros(n, np.int8), pa.array([text]))


def words(index: Array, choices: tuple[str, ...]) -> Any:
    return pa.DictionaryArray.from_arrays(index.astype(np.int8), pa.array(choices))


def amount(rows: Array, name: str, there: Array) -> Any:
    return pa.array(rows[COLUMN[name]], mask=~there)


def deciding_columns(entries: Entries, decided: Decided | None) -> tuple[Any, Any]:
    n = entries.rows.shape[1]
    sets: list[tuple[str, ...]] = [()]
    index, alone = np.zeros(n, np.int32), np.zeros(n, bool)
    if decided is not None:
        sets += decided.sets
        asked = entries.lists == VERIFY
        index[asked] = decided.index + 1
        alone[asked] = decided.alone
    lists: Any = pa.array([list(s) for s in sets], pa.list_(pa.string()))
    return lists.take(pa.array(index)), pa.array(alone)


class Writer:
    """Writes row groups in order. Used by one thread."""

    def __init__(self, path: Path, labels: Labels) -> None:
        self.path, self.labels = path, labels
        self.rows = 0
        told = {
            "zhida.format": FORMAT,
            "zhida.synthetic": str(bool(labels.loaded.snapshot.manifest["synthetic"])).lower(),
            **{f"zhida.{k}": str(v) for k, v in labels.constants.items()},
        }
        # the stubs know less of these settings than the library
        settings: dict[str, Any] = {"compression": "zstd", "compression_level": 1}
        settings["use_dictionary"] = [f.name for f in SCHEMA if pa.types.is_dictionary(f.type)]
        with writing(path):
            self._file = pq.ParquetWriter(
                path,
                SCHEMA.with_metadata(told),
                **settings,
                write_statistics=["unit_key", "person_key", "division", "county"],
            )

    def write(self, table: pa.Table) -> None:
        if table.num_rows:
            with writing(self.path):
                self._file.write_table(table)
            self.rows += table.num_rows

    def close(self) -> None:
        with writing(self.path):
            self._file.close()


def write_csv(results: Path, path: Path) -> int:
    """The Parquet file as CSV (UTF-8 with a mark for spreadsheets; facts joined by ;), row group by row
    group; returns the rows written. A file of that name is replaced once the new one is whole."""
    temporary = path.with_name(f".{path.name}.building")
    try:
        file = pq.ParquetFile(results)
    except (OSError, pa.ArrowException) as error:
        says = f"{results} is no file of results that can be read ({error}). Scan again."
        raise SnapshotError(says) from error
    plain = pa.schema(
        [pa.field(f.name, f.type.value_type if pa.types.is_dictionary(f.type) else f.type) for f in SCHEMA]
    )
    plain = plain.set(plain.get_field_index("deciding"), pa.field("deciding", pa.string()))
    rows = 0
    with writing(path):
        try:
            with open(temporary, "wb") as raw:
                raw.write(b"\xef\xbb\xbf")
                with pyarrow.csv.CSVWriter(raw, plain) as out:
                    for group in range(file.num_row_groups):
                        table = file.read_row_group(group)
                        joined: Any = pc.binary_join(table.column("deciding"), ";")
                        at = table.schema.get_field_index("deciding")
                        table = table.set_column(at, pa.field("deciding", pa.string()), joined)
                        out.write_table(table.cast(plain))
                        rows += table.num_rows
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
    return rows


def part_table(labels: Labels, part: Part, found: Mapping[str, tuple[Entries, Decided | None]]) -> pa.Table:
    """All entries of a part."""
    homes = Homes.of(part)
    programs = labels.loaded.program.benefits
    tables = [labels.table(programs[b], homes, e, d) for b, (e, d) in found.items() if e.rows.shape[1]]
    return pa.concat_tables(tables) if tables else SCHEMA.empty_table()
