"""The household that the search tells the interpreter is the one that the kernel ran over."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from scan.asking import instance_of, run_of
from scan.town import write_town
from zhida.population.errors import SnapshotError
from zhida.rules.declarations import Pack
from zhida.rules.formulas.ir import PERSON
from zhida.rules.kernel.run import Keep
from zhida.rules.loading import find_pack, load_pack
from zhida.rules.program.outcome import ROW, row
from zhida.scan.find import facts_of, find_household, find_person
from zhida.scan.loaded import Loaded

MONTH = 2025 * 12 + 5


def differences(loaded: Loaded, homes: int) -> list[str]:
    """Rows of kernel and interpreter that differ over some random households, in words."""
    rng = np.random.default_rng(7)
    found = []
    for part in loaded.snapshot.parts():
        table = loaded.table(part)
        rows = loaded.kernel.run(table, loaded.places.places, loaded.parameters, keep=Keep.ALL, threads=1)
        for g in rng.choice(len(table.size), homes, replace=False):
            home = find_household(loaded.snapshot, int(part.households["household_key"][g]))
            assert (home.part.info.index, home.household) == (part.info.index, g)
            run = run_of(loaded, home)
            for b in loaded.benefits:
                program = loaded.program.benefits[b]
                is_person = program.benefit.unit == PERSON
                for i in range(len(home.rows)) if is_person else range(1):
                    at = home.rows[i] if is_person else int(g)
                    want = list((row(run, program, i) | {"index": at}).values())
                    have = rows[b][:, rows[b][0] == at][:, 0].tolist()
                    if want != have:
                        wrong = [(n, w, h) for n, w, h in zip(ROW, want, have, strict=True) if w != h]
                        found.append(f"{b} household {g} unit {i}: {wrong}")
    return found


def test_interpreter_and_kernel_say_the_same(loaded: Loaded) -> None:
    assert not differences(loaded, 40)


def test_they_say_the_same_with_the_rules_of_a_real_place(tmp_path: Path) -> None:
    pack = load_pack(find_pack("zhejiang"))
    write_town(tmp_path / "s", pack, MONTH, seed=5, parts=1, homes=60, missing=0.3)
    assert not differences(Loaded.open(tmp_path / "s", pack, compiled=False), 25)


def test_a_person_is_found_by_key(loaded: Loaded) -> None:
    part = loaded.snapshot.part(1)
    row = 33
    key = int(part.persons["person_key"][row])
    found = find_person(loaded.snapshot, key)
    assert int(found.part.persons["person_key"][found.rows[found.person or 0]]) == key
    persons = [b for b in loaded.benefits if loaded.pack.benefits[b].unit == PERSON]
    assert instance_of(loaded, found, persons[0]) == found.person


def test_who_is_not_there_is_said_so(loaded: Loaded) -> None:
    with pytest.raises(SnapshotError, match="person key 99999999"):
        find_person(loaded.snapshot, 99999999)


def test_unknown_registration_is_no_fact(loaded: Loaded, pack: Pack) -> None:
    part = loaded.snapshot.part(0)
    rows = np.flatnonzero(part.persons["registered"] == -2)
    assert len(rows)
    found = find_person(loaded.snapshot, int(part.persons["person_key"][rows[0]]))
    facts, _ = facts_of(loaded, found)
    assert "registered_here" not in facts.persons[found.person or 0]
    assert facts.places[found.person or 0] == ""
