"""The quick first pass leaves nobody out for whom a row is due."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from rules.twins import Town
from zhida.rules.formulas.ir import PERSON, YES
from zhida.rules.kernel import run as module
from zhida.rules.kernel.plan import Form
from zhida.rules.kernel.run import Keep, Kernel
from zhida.rules.loading import find_pack, load_pack
from zhida.rules.program.build import build_program
from zhida.rules.program.outcome import ROW

MONTH = 2025 * 12 + 5
CODES = ROW.index("codes")
NEAR = 1 << 9


@pytest.mark.parametrize("name", ["taoyuan", "zhejiang"])
@pytest.mark.parametrize("seed", range(8))
def test_rows_are_those_of_everybody_that_matter(name: str, seed: int) -> None:
    pack = load_pack(find_pack(name))
    program = build_program(pack, MONTH)
    town = Town(pack, MONTH, seed, groups=100)
    kernel = Kernel(program, town.form, compiled=False)
    parameters = kernel.parameters(town.places, MONTH)
    everybody = kernel.run(town.table, town.places, parameters, Keep.ALL, 1, 16)
    sifted = kernel.run(town.table, town.places, parameters, Keep.OPEN, 1, 16)
    for benefit, rows in everybody.items():
        codes = rows[CODES]
        due = ((codes >> 3) & YES) | ((codes & NEAR) > 0) | ((codes >> 10) & YES)
        wanted = rows[:, due == 1]
        got = sifted[benefit]
        assert set(wanted[0]) <= set(got[0]), f"{benefit}: rows are missing"
        kept = got[:, np.isin(got[0], wanted[0])]
        assert np.array_equal(kept, wanted), f"{benefit}: rows differ"


def test_the_sieve_holds_back_whom_nothing_concerns(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else it would be in vain. People of 35 with a good wage, and one household with none."""
    pack = load_pack(find_pack("zhejiang"))
    program = build_program(pack, MONTH)
    town = Town(pack, MONTH, 1, groups=50)
    people, homes = len(town.table.group_of), len(town.table.size)
    columns = {}
    for f in pack.fields.values():
        usual = {"birth_date": 7300, "wage": 2_000_000, "registered_here": 1}.get(f.id, f.empty or f.minimum)
        columns[f"c_{f.id}"] = np.full(people if f.unit == PERSON else homes, usual, np.int64)
    columns["c_wage"][town.table.group_of == 7] = 0
    table = replace(town.table, columns=columns, place_group=np.ones(homes, np.int32))
    table = replace(table, place_person=np.ones(people, np.int32))
    listed = [id for id, b in pack.benefits.items() if b.kind != "in_kind"]  # as a scan does
    kernel = Kernel(program, Form(tuple((f, "known") for f in pack.fields)), listed, compiled=False)
    parameters = kernel.parameters(town.places, MONTH)
    through: list[int] = []
    real = module.some
    monkeypatch.setattr(module, "some", lambda whole, at: through.extend(at.tolist()) or real(whole, at))
    sifted = kernel.run(table, town.places, parameters, Keep.OPEN, 1)
    assert through == [7]
    kernel.sieve = []
    whole = kernel.run(table, town.places, parameters, Keep.OPEN, 1)
    assert all(np.array_equal(sifted[b], whole[b]) for b in whole)
    assert whole["dibao"].shape[1] == 1
