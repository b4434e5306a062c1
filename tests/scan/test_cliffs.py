"""Households at a cliff: the kernel counts those that the interpreter finds one by one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from scan.asking import run_of
from zhida.rules.checks.cliffs import without_awards
from zhida.rules.explain.interpret import Facts, Run
from zhida.rules.formulas.ir import PERSON, YES
from zhida.rules.program.build import Program, build_program
from zhida.rules.program.outcome import row
from zhida.rules.reforms.reform import Reform, apply, load_reform, parse_set
from zhida.rules.values import OPEN_HI, VALUE
from zhida.scan.cliffs import Cliffs, Search, as_json, yearly
from zhida.scan.find import Found
from zhida.scan.loaded import Loaded
from zhida.scan.reforming import run_reform
from zhida.scan.simulate import Change
from zhida.scan.totals import SMALL
from zhida.scan.where import Where

STEP = 300_00
STEEP = """\
formulas:
  - {benefit: relief, part: amount, formula: 救济标准}
  - {benefit: relief, condition: income, formula: sum(m.工资 for m in 成员) < 救济标准 * 计入人数}
"""


def paid(loaded: Loaded, facts: Facts, benefits: tuple[str, ...]) -> dict[str, tuple[int, int, int]]:
    """By benefit: units, both ends of a year."""
    run = Run(loaded.program, facts)
    found = {}
    for b in benefits:
        program = loaded.program.benefits[b]
        sums = [0, 0, 0]
        for i in range(facts.members if program.benefit.unit == PERSON else 1):
            cells = row(run, program, i)
            if cells["codes"] >> 3 & 7 == YES:
                factor = yearly(loaded.pack, b)
                sums[0] += 1
                sums[1] += cells["presumed_lo"] * factor
                sums[2] += cells["presumed_hi"] * factor
        found[b] = (sums[0], sums[1], sums[2])
    return found


def raised(facts: Facts, i: int, field: str, maximum: int) -> Facts | None:
    value = facts.persons[i].get(field)
    if not isinstance(value, tuple) or not value[2] & VALUE or value[2] & OPEN_HI:
        return None
    if value[1] + STEP > maximum:
        return None
    persons = list(facts.persons)
    persons[i] = {**persons[i], field: (value[0] + STEP, value[1] + STEP, value[2])}
    return replace(facts, persons=tuple(persons))


def one_by_one(loaded: Loaded, search: Search) -> tuple[np.ndarray, dict[str, int]]:
    """Households and losses by county, and households in which a benefit ends."""
    where = Where.of(loaded)
    cells = np.zeros((len(where.counties), 3), np.int64)
    ends = dict.fromkeys(search.benefits, 0)
    rise = STEP * 12
    for part in loaded.snapshot.parts():
        for g in range(len(part.households["size"])):
            facts = without_awards(loaded.pack, run_of(loaded, Found(part, g, None)).facts)
            before = paid(loaded, facts, search.benefits)
            if not any(n for n, _, _ in before.values()):
                continue
            worst, ended = (0, 0), set()
            for i in range(facts.members):
                other = raised(facts, i, search.field.id, search.field.maximum)
                if other is None:
                    continue
                after = paid(loaded, other, search.benefits)
                lo, hi = (sum(before[b][m] - after[b][m] for b in before) - rise for m in (1, 2))
                if lo > 0 and hi > 0 and lo + hi > sum(worst):
                    worst = (lo, hi)
                    ended = {b for b in before if before[b][0] > after[b][0]}
            if worst[0]:
                county = where.county_of[part.households["division"][g]]
                cells[county] += (1, worst[0] // 12, worst[1] // 12)
                for b in ended:
                    ends[b] += 1
    return cells, ends


def total(search: Search) -> Cliffs:
    found = Cliffs.empty(search.field.id, search.step, search.benefits, search.where.counties)
    for part in search.loaded.snapshot.parts():
        found.add(search.over(part))
    return found


@pytest.fixture(scope="module")
def steep(loaded: Loaded, tmp_path_factory: pytest.TempPathFactory) -> Loaded:
    """The town where relief looks at wages alone and pays the same up to its line: a cliff at the line."""
    path = tmp_path_factory.mktemp("steep") / "r.yaml"
    path.write_text(STEEP, encoding="utf-8")
    return Loaded.open(loaded.snapshot, loaded.pack, reform=load_reform(path), compiled=False)


@pytest.fixture(scope="module")
def search(steep: Loaded) -> Search:
    found = Search.of(steep, Where.of(steep), STEP)
    assert found is not None
    return found


def test_as_the_interpreter_finds_them(steep: Loaded, search: Search) -> None:
    cells, ends = one_by_one(steep, search)
    found = total(search)
    assert cells[:, 0].sum() > 0, "the town has none: the test would say nothing"
    assert (found.cells[:, [0, 2, 3]] == cells).all()
    assert {b: int(n) for b, n in zip(found.benefits, found.falls[:, 1], strict=True)} == ends
    assert (found.cells[:, 1] <= found.cells[:, 0]).all()


def test_only_benefits_that_hang_on_the_income_are_run(search: Search) -> None:
    assert "relief" in search.benefits and "elder" not in search.benefits
    assert search.field.id == "wage"


def test_a_taper_has_none(loaded: Loaded) -> None:
    search = Search.of(loaded, Where.of(loaded), STEP)
    assert search is not None
    assert total(search).households == int(one_by_one(loaded, search)[0][:, 0].sum()) == 0


def test_a_reform_moves_them(steep: Loaded, search: Search) -> None:
    reform = parse_set("救济标准=550")
    change = Change.of(steep, reform, compiled=False)
    after = Search.of(change.loaded, Where.of(steep), STEP, change.parameters)
    assert after is not None
    cells, _ = one_by_one(replace(steep, pack=change.loaded.pack, program=program(steep, reform)), after)
    found = total(after).cells
    assert (found[:, [0, 2, 3]] == cells).all()
    assert (found != total(search).cells).any()


def test_who_is_put_at_a_cliff_and_who_is_taken_away(steep: Loaded, search: Search) -> None:
    reform = parse_set("救济标准=550")
    done = run_reform("", steep.pack, reform, compiled=False, loaded=steep, step=STEP)
    before, after = done.cliffs
    assert before is not None and after is not None
    assert before.households == total(search).households
    created, removed = done.moved
    assert created > 0 and removed > 0
    assert before.households + created - removed == after.households


def program(loaded: Loaded, reform: Reform) -> Program:
    """The same rules with other values, for the interpreter."""
    return build_program(apply(loaded.pack, reform), loaded.month)


def test_few_are_not_told(steep: Loaded, search: Search) -> None:
    told = as_json(total(search), steep.pack)
    counts = [told["households"], *(c["households"] for c in told["counties"])]
    counts += [b[m] for b in told["benefits"] for m in ("households", "ends")]
    assert all(n is None or n == 0 or n >= SMALL for n in counts)
    for one in told["counties"]:
        assert one["households"] is not None or one["loss_lo"] is None


def test_what_only_shrinks_can_not_be_reckoned(steep: Loaded) -> None:
    found = Cliffs.empty("wage", STEP, ("relief", "care", "elder"), ("",))
    found.falls[:] = [[40, 35], [40, 20], [40, 40]]
    told = {b["benefit"]: b["ends"] for b in as_json(found, steep.pack)["benefits"]}
    assert told == {"relief": None, "care": 20, "elder": 40}


def test_without_lines_of_income_there_is_nothing_to_search(loaded: Loaded) -> None:
    bare = replace(loaded, pack=replace(loaded.pack, worksheet=None))
    assert Search.of(bare, Where.of(loaded)) is None
