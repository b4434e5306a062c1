"""The identity store of a city built directly: the names, numbers, addresses and phones that its files would
hold, sealed (docs/identity.md). Nobody in it is real."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from zhida.codes.months import last_day
from zhida.codes.sealing import Keyring
from zhida.population.city.draw import Array
from zhida.population.city.files import police
from zhida.population.city.files.identity import load_names
from zhida.population.city.files.scene import Scene, Setting, read_sources
from zhida.population.city.plan import Chunk
from zhida.population.city.truth import Model, Truth
from zhida.population.errors import writing
from zhida.population.identity.schema import RESIDENT_ID, SCHEMA, TABLES, StoredFile
from zhida.population.identity.store import IdentityStore, stored_file

SOURCE = "city"
KEYS = 2**40  # keys of a city built directly are below this


class PartIdentities:
    """Collects who the people of one part are and writes one file of each table."""

    def __init__(self, folder: Path, ring: Keyring, index: int, model: Model) -> None:
        self.folder, self.ring, self.index = folder, ring, index
        self.setting = Setting(model, read_sources(model.pack), load_names(model.figures), defects=False)
        self.since = last_day(model.plan.month)
        self.tables: dict[str, list[pa.Table]] = {}

    def add(self, chunk: Chunk, truth: Truth, awards: Any) -> None:
        scene = Scene(self.setting, chunk, truth, awards)
        everybody = np.arange(truth.count)
        self._put("identifiers", RESIDENT_ID, everybody, truth, scene.identities.number)
        self._put("names", "main", everybody, truth, scene.identities.name)
        hukou, residents = police.hukou(scene), police.residents(scene)
        self._put("addresses", "registered", hukou.person, truth, hukou.text("address"))
        self._put("addresses", "lives", residents.person, truth, residents.text("address"))
        self._put("phones", "lives", residents.person, truth, residents.text("phone"))

    def _put(self, table: str, kind: str, rows: Array, truth: Truth, values: Any) -> None:
        # Whoever follows the people of the truth is dead, or nobody of the city.
        texts = values.slice(0, len(rows)).to_pylist()
        told = [
            i for i, (text, row) in enumerate(zip(texts, rows, strict=True)) if text and row < truth.count
        ]
        keys = truth.persons["person_key"][np.asarray(rows)[told]]
        texts = [texts[i] for i in told]
        columns = {
            "person_key": pa.array(keys, pa.int64()),
            "kind": pa.array([kind] * len(told), pa.string()),
            "sealed": pa.array(self.ring.seal_all(texts, table), pa.binary()),
            "look_up": pa.array(self.ring.look_up_all(texts, table), pa.binary(16)),
            "since": pa.array([self.since] * len(told), pa.date32()),
            "source": pa.array([SOURCE] * len(told), pa.string()),
        }
        self.tables.setdefault(table, []).append(pa.table(columns, schema=SCHEMA))

    def write(self) -> None:
        few: Any = ["kind", "source"]
        for table, pieces in self.tables.items():
            path = self.folder / name_of(table, self.index)
            with writing(path):
                path.parent.mkdir(exist_ok=True)
                whole = pa.concat_tables(pieces).sort_by("person_key")
                pq.write_table(whole, path, use_dictionary=few, compression="none")
                with path.open("rb") as written:
                    os.fsync(written.fileno())


def name_of(table: str, part: int) -> str:
    return f"{table}/0001-{part:04d}.parquet"


def finish_store(folder: Path, ring: Keyring, parts: Iterable[int]) -> IdentityStore:
    """The record of a store whose files are written."""
    files: list[StoredFile] = []
    for part in parts:
        for table in TABLES:
            if (folder / name_of(table, part)).exists():
                files.append(stored_file(folder, table, name_of(table, part)))
    return IdentityStore(folder, synthetic=True, look_up_version=ring.version).added(files, KEYS)
