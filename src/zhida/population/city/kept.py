"""The truth of a city, kept in a folder of its own: who there is, who is entitled to what, who receives.

Written beside a direct build or a delivery, never inside: it is what a scan's lists are held against.
``part-0000/persons.parquet`` and ``households.parquet`` hold every field as it is, ``entitled.parquet`` what
the pack's rules say of the truth; a delivery adds ``identities.parquet`` and ``rows/<file>.parquet``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from zhida.codes.months import format_month
from zhida.population.city.awards import Rules
from zhida.population.city.draw import Array
from zhida.population.city.plan import Plan
from zhida.population.city.truth import Truth
from zhida.population.errors import SnapshotError, writing
from zhida.population.writer import part_name
from zhida.rules.declarations import Pack

KEPT = "truth.json"
FORMAT = 1


class PartTruth:
    """Collects the truth of one part's chunks and writes its tables."""

    def __init__(self, folder: Path, index: int, rules: Rules) -> None:
        self.folder, self.rules = folder / part_name(index), rules
        self.tables: dict[str, list[pa.Table]] = {}

    def add(self, truth: Truth, awards: Mapping[str, Array]) -> None:
        """Tables of one chunk."""
        households = {k: truth.households[k] for k in truth.households if k not in ("first_person",)}
        keys = truth.households["household_key"]
        persons: dict[str, Any] = {"person_key": truth.persons["person_key"]}
        persons["household_key"] = keys[truth.household]
        dropped = {"person_key", "household", *(k for k in truth.persons if k.startswith("link_"))}
        persons |= {k: v for k, v in truth.persons.items() if k not in dropped}
        self._append("households", households)
        self._append("persons", persons)
        self._append("entitled", self._entitled(truth, awards))

    def _append(self, table: str, columns: Mapping[str, Any]) -> None:
        self.put(table, pa.table({k: pa.array(v) for k, v in columns.items()}))

    def put(self, name: str, table: pa.Table) -> None:
        """Another table of the chunk."""
        self.tables.setdefault(name, []).append(table)

    def _entitled(self, truth: Truth, awards: Mapping[str, Array]) -> dict[str, Any]:
        """Each unit that is entitled or receives, by the rules over the truth with all awards in."""
        names, units, pieces = [b for b, _ in self.rules.benefits], [], []
        told = self.rules.told(truth, awards)
        for number, (benefit, table) in enumerate(self.rules.benefits):
            mine = awards["benefit"] == number
            held = {k: awards[k][mine] for k in ("unit_row", "amount")}
            units.append(table)
            pieces.append(_rows(number, held, told.get(benefit)))
        whole = {k: np.concatenate([p[k] for p in pieces]) for k in pieces[0]}
        row, kind = whole.pop("row"), whole.pop("benefit")
        person = np.array([t == "persons" for t in units])[kind]
        head = np.where(person, row, truth.households["first_person"][np.where(person, 0, row)])
        keys = truth.persons["person_key"][head]
        home = truth.households["household_key"][truth.household[head]]
        index: Any = pa.array(kind.astype(np.int8))
        return {
            "benefit": pa.DictionaryArray.from_arrays(index, pa.array(names)),
            "unit_key": np.where(person, keys, home),
            "person_key": keys,
        } | whole

    def write(self) -> None:
        with writing(self.folder):
            self.folder.mkdir()
            for name, tables in self.tables.items():
                pq.write_table(pa.concat_tables(tables), self.folder / f"{name}.parquet", compression="zstd")


def _rows(benefit: int, held: Mapping[str, Array], told: Mapping[str, Array] | None) -> dict[str, Array]:
    """Units entitled and units that receive, in the order of their rows."""
    none = np.zeros(0, np.int64)
    flags = ("entitled", "near", "early", "over")
    told = told or {"row": none, "amount": none, **dict.fromkeys(flags, none.astype(bool))}
    rows = np.union1d(told["row"][told["entitled"]], held["unit_row"]).astype(np.int64)
    at = np.searchsorted(told["row"], rows)
    inside = at < len(told["row"])
    inside[inside] = told["row"][at[inside]] == rows[inside]
    by = np.searchsorted(held["unit_row"], rows)
    receives = by < len(held["unit_row"])
    receives[receives] = held["unit_row"][by[receives]] == rows[receives]

    def of(source: Array, index: Array, there: Array, dtype: Any) -> Array:
        found = np.zeros(len(rows), dtype)
        found[there] = source[index[there]]
        return found

    return {
        "benefit": np.full(len(rows), benefit),
        "row": rows,
        "entitled": of(told["entitled"], at, inside, bool),
        "amount": of(told["amount"], at, inside, np.int64),
        **{flag: of(told[flag], at, inside, bool) for flag in flags[1:]},
        "receives": receives,
        "award": of(held["amount"], by, receives, np.int64),
    }


def keep_rows(folder: Path, file: str, content: Iterator[bytes]) -> None:
    """``rows/<file>.parquet``: the true person of each line of a file, the heading being line 1."""
    schema = pa.schema([("line", pa.int64()), ("person_key", pa.int64())])
    place = folder / "rows"
    with writing(place):
        place.mkdir(exist_ok=True)
        with pq.ParquetWriter(place / f"{file}.parquet", schema, compression="zstd") as out:
            line = 2
            for block in content:
                keys = np.frombuffer(block, dtype=np.int64)
                lines = np.arange(line, line + len(keys), dtype=np.int64)
                out.write_table(pa.table([pa.array(lines), pa.array(keys)], schema=schema))
                line += len(keys)


def write_manifest(
    folder: Path, pack: Pack, plan: Plan, *, files: bool, not_delivered: Sequence[str] = ()
) -> None:
    """``truth.json``: whose truth it is, and which files of a delivery were held back."""
    told = {
        "format": FORMAT,
        "synthetic": True,
        "pack": pack.id,
        "pack_hash": pack.hash,
        "month": format_month(plan.month),
        "seed": plan.seed,
        "fraction": plan.fraction,
        "persons": plan.persons,
        "parts": [part_name(i) for i in range(len(plan.parts))],
        "files": files,
        "not_delivered": list(not_delivered),
    }
    with writing(folder / KEPT):
        (folder / KEPT).write_text(json.dumps(told, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def kept_manifest(folder: Path) -> dict[str, Any]:
    """What ``truth.json`` says. Raises SnapshotError."""
    try:
        told = json.loads((folder / KEPT).read_bytes())
        if told["format"] != FORMAT:
            raise ValueError(f"format {told['format']!r}, this program reads {FORMAT}")
        found: dict[str, Any] = {k: told[k] for k in ("pack", "seed", "fraction", "month", "files", "parts")}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise _no_truth(folder, error) from error
    return found


def _no_truth(folder: Path, error: Exception) -> SnapshotError:
    return SnapshotError(
        f"{folder} holds no truth of a synthetic city that can be read ({error}). "
        "Build the city again with --truth."
    )


def read_kept(folder: Path, table: str, columns: list[str] | None = None) -> pa.Table:
    """One table of the truth over all parts. Raises SnapshotError."""
    files = [folder / str(name) / f"{table}.parquet" for name in kept_manifest(folder)["parts"]]
    try:
        return pa.concat_tables([pq.read_table(f, columns=columns) for f in files])
    except (OSError, pa.ArrowException) as error:
        raise _no_truth(folder, error) from error
