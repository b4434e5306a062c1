"""The city as files, imported, is the city built directly: person by person, field by field."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
import yaml

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
    build_files(pack(), place / "sent", FRACTION, 3, MONTH, truth=place / "truth", defects=False, processes=1)
    register = place / "register"
    plan = make_plan(place / "sent", register, contracts(), date(2025, 7, 10))
    # Counties that have nobody to tell of send the same bytes, and each counts.
    assert not any(f.problems for f in plan.files)
    assert len({f.sha256 for f in plan.files}) < len(plan.files)
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


def whole(both: Both, field: str) -> Any:
    """Of whom the direct build's register misses nobody, where they live and where they are registered."""
    direct = both.snapshots[0]
    complete = direct.manifest["registers"][pack().fields[field].register]["complete"]
    prefixes = tuple(code[:4] if code.endswith("00000000") else code[:6] for code in complete)
    inside = np.array([code.startswith(prefixes) for code in direct.divisions] + [False, True])
    rows: Any = inside[both.direct["home_division"]] & inside[both.direct["registered"]]  # -1: outside
    return rows


def test_every_field_that_a_file_tells_of_is_the_same(both: Both) -> None:
    assert {"birth_date", "sex", "wage", "pension", "homes", "disability_grade"} <= set(both.fields)
    columns = {f.id: f for f in both.snapshots[0].contract.fields}
    figures = yaml.safe_load((pack().path / "city" / "city.yaml").read_text(encoding="utf-8"))
    recorded, compared = figures["registers"]["recorded"], 0
    for field in both.fields:
        prefix = "home_" if columns[field].table == "households" else ""
        states = [t[prefix + state_column(field)] for t in (both.direct, both.imported)]
        # The direct build draws for itself whom a register does not know; a file leaves them out or says.
        drawn = states[0] == State.UNKNOWN
        # So are records that a register misses, and whether somebody has been looked into.
        if field in ("medical_aid_received", "outpatient_aid_received", "supporter_state"):
            continue
        if field in recorded:
            drawn |= states[0] != states[1]
        # A row that says what absence means (he is alive, nothing has failed) says the same.
        empty = both.imported[prefix + field] == pack().fields[field].empty
        drawn |= (states[0] == State.ABSENT) & (states[1] == State.KNOWN) & empty
        if field == "multiple_basis_category":  # told only of those who have several
            drawn |= (states[0] == State.KNOWN) & (states[1] != State.KNOWN)
        if field == "relation_to_head":  # told of residents, by where they live
            drawn |= both.direct["lives"] < 0
        rows = whole(both, field) & ~drawn
        told = [(s == State.KNOWN) | (s == State.INTERVAL) for s in states]
        assert np.array_equal(told[0][rows], told[1][rows]), field
        assert np.array_equal(states[0][rows & ~told[0]], states[1][rows & ~told[0]]), field
        low, high = ([], [])
        for table, state in zip((both.direct, both.imported), states, strict=True):
            value = table[prefix + field].astype(np.int64)
            top = table.get(prefix + high_column(field), value).astype(np.int64)
            low.append(value)
            high.append(np.where(state == State.INTERVAL, top, value))
        at = rows & told[0]
        # Who gives two ends is drawn too: the two always meet, and what is known in both is equal.
        assert (np.maximum(*low)[at] <= np.minimum(*high)[at]).all(), field
        exact = at & (states[0] == State.KNOWN) & (states[1] == State.KNOWN)
        assert np.array_equal(low[0][exact], low[1][exact]), field
        compared += int(exact.any())
    assert compared > 15


def test_links_that_a_register_holds_are_the_same(both: Both) -> None:
    here = both.direct["registered"] >= 0
    for link in ("father", "mother", "spouse"):
        one, two = (t[f"link_{link}"][here] for t in (both.direct, both.imported))
        assert np.array_equal(one[one >= 0], two[one >= 0])
        assert (two[one < 0] < 0).all()
        assert (one >= 0).sum() > 100


def test_registers_are_complete_where_the_direct_build_says_so(both: Both) -> None:
    direct, imported = (s.manifest["registers"] for s in both.snapshots)
    # Where a county has nobody to tell of, its file may be the same as another's and is left out.
    same = (
        "hukou disability social_insurance tax education medical marriage market real_estate family_relations"
    )
    for register in same.split():
        assert imported[register] == direct[register], register
