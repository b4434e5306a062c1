"""The city as files, imported, is the city built directly: person by person, field by field."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from zhida.codes import keyfile
from zhida.codes.sealing import Keyring
from zhida.population.city import build
from zhida.population.city.files import build_files
from zhida.population.identity.store import IdentityStore
from zhida.population.imports.plan import make_plan
from zhida.population.imports.run import run
from zhida.population.register.arrive import arrive
from zhida.population.register.assemble import Assembled, assemble
from zhida.population.schema import State, high_column, state_column
from zhida.population.store import Snapshot

from .staging import contracts, pack

MONTH = 2025 * 12 + 5
FRACTION = 0.001
RING = Keyring.of([keyfile.fresh(1, date(2025, 6, 30))])


@dataclass
class Both:
    """The same city twice: columns of all people, put in one order; ``fields`` that some file tells of."""

    direct: Mapping[str, Any]
    imported: Mapping[str, Any]
    fields: list[str]
    done: Assembled
    snapshots: tuple[Snapshot, Snapshot]


def everything(snapshot: Snapshot) -> dict[str, Any]:
    """Columns of all people; a household's own fields on each of its people, its first row as ``home``."""
    parts = list(snapshot.parts())
    found: dict[str, Any] = {}
    for name in parts[0].persons:
        found[name] = np.concatenate([p.persons[name] for p in parts])
    home = np.concatenate([p.persons["household"] + p.info.first_household for p in parts])
    for name in parts[0].households:
        whole = np.concatenate([p.households[name] for p in parts])
        found[f"home_{name}"] = whole[home]
    found["home"] = home
    return found


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Both:
    place = tmp_path_factory.mktemp("oracle")
    build(pack(), place / "direct", FRACTION, 3, MONTH, processes=1)
    build_files(pack(), place / "sent", FRACTION, 3, MONTH, truth=place / "truth", processes=1)
    register = place / "register"
    plan = make_plan(place / "sent", register, contracts(), date(2025, 7, 10))
    assert not any(f.problems for f in plan.files)
    taken = run(plan, contracts(), RING, 1)
    assert sum(t.quarantined for t in taken.taken) == 0 and not taken.refused
    landing = arrive(register, contracts(), RING, processes=1)
    assert landing is not None and landing.to_review == 0
    assert sum(landing.rows.values()) == sum(t.kept for t in taken.taken)
    done = assemble(register, contracts(), place / "imported", MONTH, processes=1)
    direct, imported = (Snapshot.open(place / name, pack(), verify=True) for name in ("direct", "imported"))
    number_of = {}
    for file in sorted((place / "truth").glob("part-*/identities.parquet")):
        table = pq.read_table(file)
        numbers = table.column("number" if "number" in table.column_names else "id_number").to_pylist()
        number_of |= dict(zip(table.column("person_key").to_pylist(), numbers, strict=True))
    store = IdentityStore.open(register / "identity")
    key_of = {}
    for file in store.paths("identifiers"):
        table = pq.read_table(file)
        opened = RING.open_all(table.column("sealed").to_pylist(), "identifiers")
        key_of |= dict(zip(opened, table.column("person_key").to_pylist(), strict=True))
    one, two = everything(direct), everything(imported)
    wanted = np.array([key_of[number_of[k]] for k in one["person_key"].tolist()])
    order = np.argsort(two["person_key"])
    at = order[np.searchsorted(two["person_key"][order], wanted)]
    assert np.array_equal(two["person_key"][at], wanted)
    same_row = np.empty(len(at), np.int64)  # row there → row here
    same_row[at] = np.arange(len(at))
    two = {name: values[at] for name, values in two.items()}
    for link in direct.contract.links:
        target = two[f"link_{link}"]
        two[f"link_{link}"] = np.where(target >= 0, same_row[np.maximum(target, 0)], target)
    sent = {f.found.source.id for f in plan.files if f.found.source is not None}
    fields = [d.field for s in sorted(sent) for d in contracts().sources[s].fields]
    there = {f.id for f in imported.contract.fields}
    return Both(one, two, [f for f in fields if f in there], done, (direct, imported))


def test_the_same_people_in_the_same_households(both: Both) -> None:
    direct, imported = both.snapshots
    assert imported.counts["persons"] == direct.counts["persons"]
    assert imported.counts["households"] == direct.counts["households"]
    pairs = np.unique(np.stack([both.direct["home"], both.imported["home"]]), axis=1)
    assert pairs.shape[1] == direct.counts["households"]
    for name in ("relation", "registered", "home_division", "home_size"):
        assert np.array_equal(both.imported[name], both.direct[name]), name
    assert np.array_equal(both.imported["lives"], both.direct["lives"])
    assert both.done.conflicts == {}


def test_every_field_that_a_file_tells_of_is_the_same(both: Both) -> None:
    assert {"birth_date", "sex", "disability_category", "disability_grade"} <= set(both.fields)
    columns = {f.id: f for f in both.snapshots[0].contract.fields}
    for field in both.fields:
        prefix = "home_" if columns[field].table == "households" else ""
        states = [t[prefix + state_column(field)] for t in (both.direct, both.imported)]
        agreed = states[0] == states[1]
        # The direct build draws who is unknown to a register; a file can only leave them out, or say.
        drawn = states[0] == State.UNKNOWN
        assert drawn.mean() < 0.02, field
        agreed |= drawn
        if field == "multiple_basis_category":  # told only of those who have several
            agreed |= (states[0] == State.KNOWN) & (states[1] != State.KNOWN)
        assert agreed.all(), (field, np.unique(np.stack(states)[:, ~agreed], axis=1))
        known = (states[0] == states[1]) & ((states[0] == State.KNOWN) | (states[0] == State.INTERVAL))
        assert known.any() or not (states[0] == State.KNOWN).any(), field
        for column in (field, high_column(field)):
            if prefix + column in both.direct:
                one, two = (t[prefix + column][known] for t in (both.direct, both.imported))
                assert np.array_equal(one, two), column


def test_links_that_a_register_holds_are_the_same(both: Both) -> None:
    here = both.direct["registered"] >= 0
    for link in ("father", "mother", "spouse"):
        one, two = (t[f"link_{link}"][here] for t in (both.direct, both.imported))
        assert np.array_equal(one[one >= 0], two[one >= 0])
        assert (two[one < 0] < 0).all()
        assert (one >= 0).sum() > 100


def test_registers_are_complete_where_the_direct_build_says_so(both: Both) -> None:
    direct, imported = (s.manifest["registers"] for s in both.snapshots)
    for register in ("hukou", "disability"):
        assert imported[register] == direct[register]
