"""The quick first pass leaves nobody out for whom a row is due."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from rules.random_packs import MONTH as RANDOM_MONTH
from rules.random_packs import Shape, random_pack
from rules.tiny import MONTH as TINY_MONTH
from rules.tiny import fields, load
from rules.twins import Town, used_by
from zhida.rules.formulas.ir import PERSON, YES
from zhida.rules.kernel import run as module
from zhida.rules.kernel import sieve
from zhida.rules.kernel.plan import Form
from zhida.rules.kernel.run import Keep, Kernel
from zhida.rules.loading import find_pack, load_pack
from zhida.rules.program.build import build_program
from zhida.rules.program.outcome import ROW

MONTH = 2025 * 12 + 5
CODES = ROW.index("codes")
NEAR, EARLY, OVER = 1 << 9, 1 << 16, 1 << 17
SOAKED = 500
"""Random packs of a block in the long form."""


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
    kernel.sieves = {}
    whole = kernel.run(table, town.places, parameters, Keep.OPEN, 1)
    assert all(np.array_equal(sifted[b], whole[b]) for b in whole)
    assert whole["dibao"].shape[1] == 1


def few_awards(town: Town, seed: int) -> None:
    """Who receives gets a row anyhow; nine awards in ten are taken away."""
    rng = np.random.default_rng(seed)
    for name, column in town.columns.items():
        if name.startswith("c_awarded_"):
            rest = rng.random(len(column)) < 0.9
            column[rest] = town.columns[f"s_{name[2:]}"][rest] = 0


def held_back(
    kernel: Kernel, town: Town, keep: Keep, monkeypatch: pytest.MonkeyPatch, told: object = ""
) -> int:
    """How many households a sieve leaves out; the rows are those that come without it. ``told``: of whom, if
    they are not."""
    parameters = kernel.parameters(town.places, town.month)
    through: list[int] = []
    real = module.some
    with monkeypatch.context() as patch:
        patch.setattr(module, "LOOSE", 1)  # what it says counts, however many it lets through
        patch.setattr(module, "some", lambda table, at: through.extend(at.tolist()) or real(table, at))
        sifted = kernel.run(town.table, town.places, parameters, keep, 1, 7)
        tried = bool(kernel.sieves.get(keep))
        patch.setattr(kernel, "sieves", {})
        whole = kernel.run(town.table, town.places, parameters, keep, 1, 7)
    for benefit, rows in whole.items():
        assert np.array_equal(sifted[benefit], rows), (benefit, keep, told)
    return len(town.table.size) - len(through) if tried else 0


@pytest.mark.soak
@pytest.mark.parametrize("block", range(4))
def test_no_sieve_drops_anybody_in_random_packs(
    block: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    """With and without ties to others, whatever is known, rows are the same as without a sieve; and a sieve
    does leave people out, also where ties are followed in it."""
    out: Counter[object] = Counter()
    seeds = range(3000 + block * 25, 3025 + block * 25)
    if request.config.getoption("--soak"):
        seeds = range(start := random.SystemRandom().randrange(10**9), start + SOAKED)
    for seed in seeds:
        pack, program = random_pack(seed, tmp_path, Shape(variables=4, ties=0.9))
        tied = used_by(program).reach > 0
        for town in (
            Town(pack, RANDOM_MONTH, seed, groups=25),
            Town.known(pack, RANDOM_MONTH, seed, groups=25),
        ):
            few_awards(town, seed)
            monkeypatch.setattr(sieve, "CHEAP", (0, 2, 100)[seed % 3])  # what is not tested is not known
            kernel = Kernel(program, town.form, ["b2", "b3"], compiled=False)
            followed = any(
                "link_" in a for s in kernel.source.sieves.values() for _, args in s.stages for a in args
            )
            for keep in (Keep.SPOKEN, Keep.OPEN):
                count = held_back(kernel, town, keep, monkeypatch, seed)
                out.update({keep: count, ("tied", keep): count * tied, ("followed", keep): count * followed})
    for keep in (Keep.SPOKEN, Keep.OPEN):
        assert out[keep] > 100 and out["followed", keep] > 50, out


BENEFIT = """\
id: {id}
name: {name}
unit: person
kind: standing
award: {award}
says: 例
legal: [{{source: L1}}]
conditions: [{{id: c, says: 例, formula: "{formula}", source: L1{more}}}]
"""
TIED = ["dibao", "tekun", "orphan", "unsupported_child", "child_in_need", "disability_care"]
"""Benefits that hang on each other and on people of other households."""


def test_no_sieve_drops_anybody_in_the_bundled_pack(monkeypatch: pytest.MonkeyPatch) -> None:
    pack = load_pack(find_pack("zhejiang"))
    program = build_program(pack, MONTH)
    out: Counter[Keep] = Counter()
    for seed, make in ((5, Town), (6, Town.known)):
        town = make(pack, MONTH, seed, groups=150)
        few_awards(town, seed)
        kernel = Kernel(program, town.form, TIED, compiled=False)
        for keep in (Keep.SPOKEN, Keep.OPEN):
            assert any(
                "back_who_mother" in a
                for _, args in kernel.source.sieves[keep.name.lower()].stages
                for a in args
            )
            out[keep] += held_back(kernel, town, keep, monkeypatch)
    assert min(out.values()) > 20, out


def test_what_somebody_elsewhere_receives_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A household is tested as if nobody in it received anything; that says nothing of a father elsewhere."""
    own = BENEFIT.format(id="aid", name="救助", award="true", formula="n > 4", more="")
    other = BENEFIT.format(
        id="child", name="孩子", award="false", formula="coalesce(父.已享救助, False)", more=""
    )
    files = {"fields/a.yaml": fields("n person int min: 0, max: 9"), "benefits/aid.yaml": own}
    pack = load(tmp_path, files | {"benefits/child.yaml": other})
    town = Town.known(pack, TINY_MONTH, 3, groups=80)
    town.columns["c_n"][:] = 0
    few_awards(town, 3)
    kernel = Kernel(build_program(pack, TINY_MONTH), town.form, compiled=False)
    assert held_back(kernel, town, Keep.OPEN, monkeypatch) > 10
    assert held_back(kernel, town, Keep.SPOKEN, monkeypatch) > 10


def test_whom_a_grace_spares_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A comparison that may be missed by little is what the sieve asks for; far off, a grace may still do."""
    more = ", near: 1, grace: {says: 例, formula: spared, source: L1}"
    aid = BENEFIT.format(id="aid", name="救助", award="false", formula="n > 5", more=more)
    field = "n person int min: 0, max: 9\nspared person bool"
    pack = load(tmp_path, {"fields/a.yaml": fields(field), "benefits/aid.yaml": aid})
    town = Town.known(pack, TINY_MONTH, 3, groups=80)
    town.columns["c_n"][:] = 0
    town.columns["c_spared"][:] = np.arange(len(town.columns["c_n"])) % 9 == 0
    kernel = Kernel(build_program(pack, TINY_MONTH), town.form, compiled=False)
    for keep in (Keep.OPEN, Keep.SPOKEN):
        assert held_back(kernel, town, keep, monkeypatch) > 10
        rows = kernel.run(town.table, town.places, kernel.parameters(town.places, TINY_MONTH), keep, 1)
        assert rows["aid"][0].tolist() == np.flatnonzero(town.columns["c_spared"]).tolist()


def test_what_is_not_asked_of_others_is_as_wide_as_it_may_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of two ties that are not followed one is a number to 1, the other to 9: each keeps its range."""
    conditions = """conditions:
  - {id: a, says: 例, formula: "coalesce(父.few, 0) < 1", near: 1, source: L1}
  - {id: b, says: 例, formula: "coalesce(母.many, 0) > 5", near: 1, source: L1}
  - {id: c, says: 例, formula: "own > 5", near: 1, source: L1}
"""
    aid = BENEFIT.format(id="aid", name="救助", award="false", formula="", more="")
    aid = aid[: aid.index("conditions:")] + conditions
    field = "few person int min: 0, max: 1\nmany person int min: 0, max: 9\nown person int min: 0, max: 9"
    pack = load(tmp_path, {"fields/a.yaml": fields(field), "benefits/aid.yaml": aid})
    monkeypatch.setattr(sieve, "CHEAP", 0)
    town = Town.known(pack, TINY_MONTH, 3, groups=80)
    town.columns["c_few"][:], town.columns["c_many"][:] = 0, 9
    town.columns["c_own"][:] = np.where(town.table.group_of % 2, 9, 0)
    kernel = Kernel(build_program(pack, TINY_MONTH), town.form, compiled=False)
    for keep in (Keep.OPEN, Keep.SPOKEN):
        assert held_back(kernel, town, keep, monkeypatch) == 40
        rows = kernel.run(town.table, town.places, kernel.parameters(town.places, TINY_MONTH), keep, 1)
        assert rows["aid"].shape[1] > 20


def test_whoever_receives_is_kept_with_what_is_said_of_reviews(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of everybody who receives, also those whom nothing else concerns."""
    aid = BENEFIT.format(id="aid", name="救助", award="true", formula="n > 9", more="")
    aid += "review: {every_months: 40, says: 例, valid_months: 80, clear_change: 1, source: L1}\n"
    pack = load(tmp_path, {"fields/a.yaml": fields("n person int min: 0, max: 9"), "benefits/aid.yaml": aid})
    town = Town.known(pack, TINY_MONTH, 3, groups=80)
    town.columns["c_awarded_aid"][:] = town.table.group_of % 4 == 0
    town.columns["c_review_months_aid"][:] = np.arange(len(town.columns["c_n"])) % 120
    kernel = Kernel(build_program(pack, TINY_MONTH), town.form, compiled=False)
    parameters = kernel.parameters(town.places, TINY_MONTH)
    everybody = kernel.run(town.table, town.places, parameters, Keep.ALL, 1)["aid"]
    wanted = everybody[:, ((everybody[CODES] >> 10) & YES) == 1]
    for bit in (EARLY, OVER):
        assert 9 < np.count_nonzero(wanted[CODES] & bit) < wanted.shape[1]
    for keep in (Keep.OPEN, Keep.SPOKEN):
        assert held_back(kernel, town, keep, monkeypatch) == 60
        rows = kernel.run(town.table, town.places, parameters, keep, 1)["aid"]
        assert np.array_equal(rows, wanted)
