"""Whom the keys of an imported snapshot stand for, by the numbers that its identity store can look up."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from zhida.codes.sealing import Keyring
from zhida.population.city.kept import read_kept
from zhida.population.identity.schema import RESIDENT_ID
from zhida.population.identity.store import IdentityStore
from zhida.rules.formulas.ir import PERSON

Array = NDArray[Any]
NOBODY = -1


@dataclass(frozen=True, slots=True)
class Whose:
    """``keys`` of the snapshot, ascending, and the ``true`` persons that they stand for; ``people`` of the
    truth, ascending, and their ``homes``."""

    keys: Array
    true: Array
    people: Array
    homes: Array

    def persons(self, keys: Array) -> Array:
        """True person numbers; NOBODY for a key that stands for no one of the city."""
        return _looked_up(self.keys, self.true, keys)

    def units(self, unit: Array, person: Array) -> Array:
        """Keys of the true units of entries: the person, or the household that the person truly lives in."""
        true = self.persons(person)
        return np.where(unit == PERSON, true, _looked_up(self.people, self.homes, true))


def _looked_up(keys: Array, values: Array, wanted: Array) -> Array:
    if not len(keys):
        return np.full(len(wanted), NOBODY, np.int64)
    at = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return np.where(keys[at] == wanted, values[at], NOBODY)


def whose(store: IdentityStore, ring: Keyring, truth: Path) -> Whose:
    """Joins a store with the truth of a delivery by resident ID. Raises SnapshotError."""
    who = read_kept(truth, "identities", ["person_key", "id_number"])
    hidden = ring.look_up_all(who["id_number"].to_pylist(), "identifiers", store.look_up_version)
    right = pa.table({"look_up": pa.array(hidden, pa.binary()), "true": who["person_key"]})
    columns = ["person_key", "kind", "look_up"]
    stored = pa.concat_tables([pq.read_table(p, columns=columns) for p in store.paths("identifiers")])
    kinds = stored["kind"].to_numpy(zero_copy_only=False) == RESIDENT_ID
    left = pa.table({"look_up": stored["look_up"].cast(pa.binary()), "key": stored["person_key"]})
    both = left.filter(pa.array(kinds)).join(right, "look_up", join_type="inner")
    keys, first = np.unique(both["key"].to_numpy(), return_index=True)
    homes = read_kept(truth, "persons", ["person_key", "household_key"])
    order = np.argsort(homes["person_key"].to_numpy())
    return Whose(
        keys,
        both["true"].to_numpy()[first],
        homes["person_key"].to_numpy()[order],
        homes["household_key"].to_numpy()[order],
    )
