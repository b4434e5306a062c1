"""One meaning: the interpreter, the kernel and a third evaluator made of fractions agree.

Random packs hold every operation; random households hold unknowns of every kind.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from rules.completions import is_open, oracles, outside
from rules.random_packs import MONTH, Shape, random_pack, texts
from rules.twins import Town, differences, used_by
from zhida.rules.declarations import Pack
from zhida.rules.explain.interpret import Facts, Run
from zhida.rules.formulas.ir import PERSON
from zhida.rules.kernel.plan import Form
from zhida.rules.kernel.run import Keep, Kernel
from zhida.rules.loading import load_pack
from zhida.rules.program.build import Program, build_program, structure_months
from zhida.rules.program.outcome import ROW

PACKS = Path(__file__).parents[2] / "src/zhida/packs"
TAOYUAN_MONTHS = [2019 * 12 + 11, 2021 * 12 + 5, 2022 * 12 + 5, 2023 * 12 + 5, 2024 * 12 + 6, 2025 * 12 + 8]


@pytest.fixture(scope="module", autouse=True)
def _cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Kernels of random packs are of no use to anybody afterwards."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ZHIDA_CACHE", str(tmp_path_factory.mktemp("kernels")))
        yield


@pytest.fixture(scope="module")
def taoyuan() -> Pack:
    return load_pack(PACKS / "taoyuan")


@pytest.mark.parametrize("block", range(10))
def test_interpreter_and_kernel_say_the_same(block: int, tmp_path: Path) -> None:
    """3,000 households of 150 packs, on the generated source as plain Python."""
    for seed in range(block * 15, block * 15 + 15):
        pack, program = random_pack(seed, tmp_path)
        found = differences(Town(pack, MONTH, seed, groups=20), program)
        assert not found, (seed, found[:3])


@pytest.mark.parametrize("seed", range(1000, 1024))
def test_compiled_kernels_say_the_same(seed: int, tmp_path: Path) -> None:
    """Small packs, because compiling is what costs."""
    pack, program = random_pack(seed, tmp_path, Shape(variables=1, benefits=1 + (seed % 4 == 0), depth=1))
    found = differences(Town(pack, MONTH, seed, groups=60), program, compiled=True, threads=2, block=13)
    assert not found, found[:3]


@pytest.mark.parametrize("name", sorted(p.name for p in PACKS.iterdir() if (p / "pack.yaml").exists()))
def test_bundled_packs_in_every_stretch_of_their_rules(name: str) -> None:
    pack = load_pack(PACKS / name)
    months = structure_months(pack)
    assert months
    for month in [*months, pack.verified_through.year * 12 + 5]:
        found = differences(Town(pack, month, month, groups=15), build_program(pack, month))
        assert not found, (month, found[:3])


def test_teaching_pack_compiled(taoyuan: Pack) -> None:
    month = 2024 * 12 + 6
    town = Town(taoyuan, month, 7, groups=300)
    assert not differences(town, compiled=True, threads=2, block=64, benefits=["relief", "elder"])


# What it means ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("block", range(6))
def test_every_completion_lies_inside(block: int, tmp_path: Path) -> None:
    """However the unknowns turn out, the true answer and amount are in the sets told."""
    tried = 0
    for seed in range(block * 4, block * 4 + 4):
        pack, program = random_pack(seed, tmp_path, Shape(tiny=True))
        tried += completed(pack, program, seed, households=4, most=25)
    assert tried > 200


def test_every_completion_of_the_teaching_pack_lies_inside(taoyuan: Pack) -> None:
    for month in TAOYUAN_MONTHS:
        assert completed(taoyuan, build_program(taoyuan, month), month, households=4, most=10) > 20


def completed(pack: Pack, program: Program, seed: int, households: int, most: int) -> int:
    town = Town(pack, program.month, seed, groups=households)
    rng, tried = random.Random(seed), 0
    for g in range(households):
        facts = town.facts(g)
        run = Run(program, facts)
        for presume in (False, True):
            for oracle in oracles(program, facts, rng, presume, most):
                found = outside(program, run, oracle, presume)
                assert not found, (seed, g, presume, found[:3])
                tried += 1
    return tried


def test_one_unknown_at_a_time_is_all_tried(tmp_path: Path) -> None:
    """Few enough ways for every one of them; and the sets are not needlessly wide where one fact is open."""
    narrow = wide = tied = 0
    for seed in range(30, 38):
        pack, program = random_pack(seed, tmp_path, Shape(tiny=True, variables=3, benefits=2, settled=True))
        town = Town.known(pack, MONTH, seed, groups=3, inside=True)
        facts, settled = settled_facts(town, program, 0)
        if not settled:
            continue
        rng = random.Random(seed)
        tied += used_by(program).reach > 0
        for who, person in enumerate(facts.persons):
            for name in person:
                rest = {k: v for k, v in person.items() if k != name}
                some = replace(facts, persons=(*facts.persons[:who], rest, *facts.persons[who + 1 :]))
                run = Run(program, some)
                seen: dict[tuple[str, int], int] = {}
                for oracle in oracles(program, some, rng):
                    assert not outside(program, run, oracle), (seed, name)
                    for key, bit in answers(program, run, oracle):
                        seen[key] = seen.get(key, 0) | bit
                for key, bits in seen.items():
                    told = run.value(program.benefits[key[0]].full.answer, key[1])
                    narrow, wide = narrow + (told == bits), wide + (told != bits)
    assert narrow > max(20 * wide, 1000) and tied > 2, (narrow, wide, tied)


def answers(program: Program, run: Run, oracle: object) -> Iterator[tuple[tuple[str, int], int]]:
    from rules.oracle import NotApplicable, Oracle

    assert isinstance(oracle, Oracle)
    for b in program.benefits.values():
        for i in range(run.facts.members if b.benefit.unit == PERSON else 1):
            answer = oracle.answer(b.benefit, i if b.benefit.unit == PERSON else -1)
            yield (b.benefit.id, i), 4 if isinstance(answer, NotApplicable) else 1 if answer else 2


@pytest.mark.parametrize("block", range(4))
def test_nothing_unknown_gives_the_exact_answer(block: int, tmp_path: Path) -> None:
    """With all facts known, and who is tied to whom, an answer is one answer and an amount one amount."""
    exact = tied = 0
    for seed in range(200 + block * 8, 208 + block * 8):
        pack, program = random_pack(seed, tmp_path, Shape(settled=True))
        town = Town.known(pack, MONTH, seed, groups=12, inside=True)
        for g in range(12):
            facts, settled = settled_facts(town, program, g)
            run = Run(program, facts)
            for oracle in oracles(program, facts, random.Random(seed), most=1):
                found = outside(program, run, oracle, exact=settled)
                assert not found, (seed, g, found[:3])
            exact += settled
            tied += settled and used_by(program).reach > 0
    assert exact > 60 and tied > 30, (exact, tied)


def settled_facts(town: Town, program: Program, g: int) -> tuple[Facts, bool]:
    """A household of a known town as far as the rules reach; whether parameters and ties are known too."""
    far = used_by(program).reach
    facts = town.facts(g, far)
    run = Run(program, facts)
    places = {facts.group_place, *(e.place for e in facts.elsewhere), *facts.places}
    named = {str(n.data[0]) for n in program.graph.nodes if n.op == "param"}
    known = all(run.lookup(p, place).values is not None for p in named for place in places)
    near = len(town.facts(g, far - 1).persons) if far else 0  # nobody looks at the ties of those farther off
    return facts, known and not is_open(program, facts, near)


# Forms, blocks, threads -------------------------------------------------------------------------------


def rows_of(program: Program, town: Town, form: Form, **how: object) -> dict[str, np.ndarray]:
    kernel = Kernel(program, form, compiled=False)
    parameters = kernel.parameters(town.places, town.month)
    return kernel.run(town.table, town.places, parameters, **{"keep": Keep.ALL, "threads": 1, **how})  # type: ignore[arg-type]


@pytest.mark.parametrize("seed", range(300, 320))
def test_the_exact_form_equals_the_general_one(seed: int, tmp_path: Path) -> None:
    pack, program = random_pack(seed, tmp_path)
    town = Town.known(pack, MONTH, seed, groups=15)
    fields = [name for name, _ in town.forms]
    exact = rows_of(program, town, Form(tuple((f, "known") for f in fields)))
    for form in ("states", "intervals"):
        general = rows_of(program, town, Form(tuple((f, form) for f in fields)))
        for b, rows in general.items():
            assert np.array_equal(rows, exact[b]), (seed, b, form)


def test_known_parameters_make_the_same_rows(taoyuan: Pack) -> None:
    month = 2024 * 12 + 6
    program = build_program(taoyuan, month)
    town = Town.known(taoyuan, month, 5, groups=60, inside=True)
    fields = tuple((name, "known") for name, _ in town.forms)
    exact = rows_of(program, town, Form(fields, parameters_known=True))
    general = rows_of(program, town, Form(fields))
    assert sum(rows.shape[1] for rows in exact.values()) > 200
    for b, rows in general.items():
        assert np.array_equal(rows, exact[b]), b


def test_blocks_and_threads_change_nothing(taoyuan: Pack) -> None:
    month = 2023 * 12 + 5
    program = build_program(taoyuan, month)
    town = Town(taoyuan, month, 3, groups=101)
    one = rows_of(program, town, town.form, block=1000)
    for block, threads in ((1, 1), (7, 2), (50, 3), (101, 2)):
        other = rows_of(program, town, town.form, block=block, threads=threads)
        for b, rows in one.items():
            assert np.array_equal(rows, other[b]), (b, block, threads)
    people = int(town.table.size.sum())
    assert {rows.shape for rows in one.values()} == {(len(ROW), people), (len(ROW), 101)}


def left_out(program: Program, town: Town) -> int:
    """Without ``Keep.ALL`` come exactly the same rows, and all of whoever has a claim as far as registers
    tell, a near miss or an award. Returns how many rows that left out."""
    whole, kept = rows_of(program, town, town.form), rows_of(program, town, town.form, keep=Keep.OPEN)
    for b, rows in whole.items():
        codes = rows[1]
        applies = (codes >> 13 & 5) != 0
        awarded = (codes >> 10 & 1) != 0
        presumed, near = (codes >> 3 & 1) != 0, (codes >> 9 & 1) != 0
        must = awarded | (applies & (presumed | near))
        indexes = kept[b][0].tolist()
        assert indexes == sorted(set(indexes)), b
        assert set(rows[0][must].tolist()) <= set(indexes), b
        same = {int(r[0]): r for r in rows.T}
        for row in kept[b].T:
            assert np.array_equal(row, same[int(row[0])]), b
    return sum(whole[b].shape[1] - kept[b].shape[1] for b in whole)


@pytest.mark.parametrize("name", ["taoyuan", "zhejiang"])
def test_without_keep_all_only_rows_that_matter(name: str) -> None:
    pack = load_pack(PACKS / name)
    month = 2023 * 12 + 5
    program = build_program(pack, month)
    assert left_out(program, Town(pack, month, 9, groups=100))
    assert left_out(program, Town.known(pack, month, 10, groups=100))


@pytest.mark.parametrize("block", range(4))
def test_without_keep_all_in_random_packs(block: int, tmp_path: Path) -> None:
    out = 0
    for seed in range(500 + block * 12, 512 + block * 12):
        pack, program = random_pack(seed, tmp_path)
        out += left_out(program, Town(pack, MONTH, seed, groups=20))
        out += left_out(program, Town.known(pack, MONTH, seed, groups=20))
    assert out > 100


def test_the_random_packs_hold_every_word_of_the_language() -> None:
    """A generator that stopped writing some operation would quietly test less."""
    text = "\n".join(t for seed in range(150) for t in texts(seed * 1000, Shape()).values())
    words = "age months_since applicable coalesce round_up round_down round_half_up min max sum any all count"
    signs = [
        " if ",
        " and ",
        " or ",
        "not ",
        " in (",
        "not in",
        "==",
        "!=",
        "<=",
        "享有",
        "符合",
        "金额",
        "p5[",
        "p6[",
        *(" in 家人", "unit: home", "unit: alone", "算alone"),
        *("父.", "母.", "配偶.", "father.", "mother.", "spouse."),
        *(" for k in 子女", " for k in 亲属", " for k in 父母", " for k in 受助人", " for k in children"),
    ]
    for word in [*(f"{w}(" for w in words.split()), *signs]:
        assert text.count(word) > 20, word
    for word in (
        "excluded_by",
        "higher:",
        "choices: [{id: c",
        "applies:",
        "near:",
        "signal:",
        "formulas:",
        "unknown",
        "optional: true",
    ):
        assert text.count(word) > 10, word


def test_the_random_packs_cross_households_in_every_way(tmp_path: Path) -> None:
    """Links to values of each kind, of a person and of a household; each loop over kin; chains of both."""
    found: Counter[object] = Counter()
    for seed in range(60):
        _, program = random_pack(seed, tmp_path)
        used = used_by(program)
        found.update([("reach", used.reach), *used.gathered, *used.kin])
        for n in program.graph.nodes:
            if n.op == "gather":
                found["gather", n.kind, "household" if n.args[0].op == "spread" else "person"] += 1
            elif n.op == "kin":
                found["kin", n.data[1]] += 1
    ways = [("gather", kind, unit) for kind in ("num", "bool", "enum") for unit in ("person", "household")]
    loops = [("kin", how) for how in ("sum", "any", "all", "min", "max")]
    ties = ["father", "mother", "spouse", "children", "family", "parents", "wards"]
    for way in [*ways, *loops, *ties]:
        assert found[way] >= 8, (way, found)
    assert [found["reach", far] >= least for far, least in ((0, 10), (1, 10), (2, 10), (3, 2))] == [True] * 4
