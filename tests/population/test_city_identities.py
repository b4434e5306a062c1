"""A city built directly can say who its people are, sealed, as its files would."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from zhida.codes import keyfile
from zhida.codes.sealing import Keyring
from zhida.population.city import CityError, build
from zhida.population.city.files import build_files
from zhida.population.city.kept import read_kept
from zhida.population.identity.store import IdentityStore
from zhida.population.store import Snapshot

from .staging import pack

MONTH = 2025 * 12 + 5
RING = Keyring.of([keyfile.fresh(1, date(2025, 6, 30))])


def test_the_people_of_a_snapshot_are_those_of_the_files(tmp_path: Path) -> None:
    build(pack(), tmp_path / "city", 0.001, 3, MONTH, identities=tmp_path / "who", ring=RING, processes=1)
    build_files(pack(), tmp_path / "sent", 0.001, 3, MONTH, truth=tmp_path / "truth", processes=1)
    store = IdentityStore.open(tmp_path / "who")
    store.verify()
    assert store.synthetic
    people = np.concatenate([p.persons["person_key"] for p in Snapshot.open(tmp_path / "city").parts()])
    rows = pq.read_table(store.paths("names"))
    assert sorted(rows.column("person_key").to_pylist()) == sorted(people.tolist())
    truth = read_kept(tmp_path / "truth", "identities").slice(0, 40).to_pylist()
    for one in truth:
        assert store.find(RING, "identifiers", one["id_number"]) == [one["person_key"]]
    card = {(v.table, v.kind): v.value for v in store.card(RING, truth[0]["person_key"])}
    assert card[("identifiers", "resident_id")] == truth[0]["id_number"]
    assert card[("names", "main")] == truth[0]["name"]


def test_a_store_inside_the_snapshot_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CityError, match="would stand inside"):
        build(pack(), tmp_path / "city", 0.001, 3, MONTH, identities=tmp_path / "city" / "who", ring=RING)
    assert not (tmp_path / "city").exists()
