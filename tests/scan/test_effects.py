"""What a reform does to people, against the interpreter household by household."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from scan.asking import run_of
from scan.test_simulate import Money, holdings
from zhida.population.store import Snapshot
from zhida.rules.declarations import Pack
from zhida.rules.formulas.ir import PERSON
from zhida.rules.reforms.reform import load_reform, parse_set
from zhida.rules.values import NONE, OPEN_HI, VALUE
from zhida.scan import effect_json, effect_words
from zhida.scan.cliffs import yearly
from zhida.scan.effects import CASES, HOMES, Effects
from zhida.scan.find import Found
from zhida.scan.incomes import Histogram, gini
from zhida.scan.loaded import Loaded
from zhida.scan.reforming import Reformed, run_reform
from zhida.scan.totals import SMALL
from zhida.scan.where import BANDS, Homes, Where

RELIEF = """\
formulas:
  - {benefit: relief, condition: income, formula: sum(m.工资 for m in 成员) < 救济标准 * 计入人数}
  - benefit: relief
    part: amount
    formula: max(0, 救济标准 * 计入人数 - sum(m.工资 for m in 成员))
"""


@pytest.fixture(scope="module")
def base(loaded: Loaded, tmp_path_factory: pytest.TempPathFactory) -> Loaded:
    """The town where relief looks at wages alone, so that many have a sure answer."""
    path = tmp_path_factory.mktemp("relief") / "r.yaml"
    path.write_text(RELIEF, encoding="utf-8")
    return Loaded.open(loaded.snapshot, loaded.pack, reform=load_reform(path), compiled=False)


REFORMS = ["救济标准=600", "救济标准=1100", "敬老年龄=65"]


Change = dict[tuple[str, int, int], tuple[str, int, int, int, int, int, int]]


Held = dict[tuple[str, int, int], tuple[int, Money]]


@pytest.fixture(scope="module")
def before(base: Loaded) -> Held:
    return holdings(base)


def changes(base: Loaded, old: Held, new: Held) -> Change:
    """(benefit, part, unit) → kind, county, both ends more a year, county, paid before and after (low)."""
    found: Change = {}
    for key in old.keys() | new.keys():
        factor = yearly(base.pack, key[0])
        county, (_, lo, hi) = new.get(key, old.get(key))  # type: ignore[misc]
        if key not in old:
            found[key] = ("new", county, lo * factor, hi * factor, county, 0, lo * factor)
        elif not old[key][1][0]:
            before = old[key][1]
            then = (lo, hi) if key in new else (0, 0)
            kind = "ended" if key not in new else "stays"
            low, high = ((a - b) * factor for a, b in zip(then, before[1:], strict=True))
            if kind == "stays" and (low or high):
                kind = "changed"
            found[key] = (kind, county, low, high, county, before[1] * factor, then[0] * factor)
    return found


Done = tuple[Reformed, Change]


@pytest.fixture(scope="module", params=REFORMS)
def done(base: Loaded, before: Held, request: pytest.FixtureRequest) -> Done:
    reform = parse_set(request.param)
    after = Loaded.open(base.snapshot, base.pack, reform=reform, compiled=False)
    found = run_reform("", base.pack, reform, compiled=False, loaded=base)
    return found, changes(base, before, holdings(after))


def home_of(base: Loaded, key: tuple[str, int, int]) -> tuple[int, int]:
    benefit, index, unit = key
    if base.pack.benefits[benefit].unit != PERSON:
        return index, unit
    return index, int(base.snapshot.part(index).persons["household"][unit])


def test_cases_cost_and_work(done: Done, base: Loaded) -> None:
    found, changed = done
    expected = np.zeros_like(found.effects.cases)
    for (b, _, _), (kind, county, lo, hi, *_) in changed.items():
        cell = expected[found.effects.benefits.index(b), county]
        if kind in CASES:
            cell[CASES.index(kind)] += 1
        cell[3] += lo
        cell[4] += hi
        if kind == "new":
            cell[5:7] += (lo, hi)
        if kind == "ended":
            cell[7:9] -= (lo, hi)
    assert (found.effects.cases == expected).all()
    assert expected[:, :, :3].sum() > 0


def test_households_by_county_and_age(done: Done, base: Loaded) -> None:
    found, changed = done
    where = Where.of(base)
    more: dict[tuple[int, int], list[int]] = defaultdict(lambda: [0, 0])
    for key, (_, _, lo, hi, *_) in changed.items():
        two = more[home_of(base, key)]
        two[0] += lo
        two[1] += hi
    by_county = np.zeros_like(found.effects.by_county)
    by_age = np.zeros((len(BANDS), len(HOMES)), np.int64)
    for (index, g), (lo, hi) in more.items():
        part = base.snapshot.part(index)
        head = Homes.of(part).heads[[g]]
        row = np.zeros(len(HOMES), np.int64)
        if lo >= 0 and hi >= 0 and lo + hi > 0:
            row[0] = 1
        elif lo <= 0 and hi <= 0 and lo + hi < 0:
            row[1] = 1
        elif (lo, hi) != (0, 0):
            row[2] = 1
        row[3:] = (lo, hi)
        by_county[where.county_of[part.households["division"][g]]] += row
        by_age[where.bands(part, head)[0]] += row
    assert (found.effects.by_county == by_county).all()
    assert (found.effects.by_age == by_age).all()


def incomes(base: Loaded) -> dict[tuple[int, int], tuple[int, int]]:
    """By household registered income in fen a year and its size, where it is known, from its facts."""
    found = {}
    for part in base.snapshot.parts():
        for g in range(len(part.households["size"])):
            facts = run_of(base, Found(part, g, None)).facts
            total, known = 0, True
            for person in facts.persons[: facts.members]:
                for id in ("wage", "pension"):
                    value = person.get(id)
                    if (
                        not isinstance(value, tuple)
                        or value[2] & OPEN_HI
                        or (value[2] & VALUE and value[2] & NONE)
                    ):
                        known = False
                    elif value[2] & VALUE:
                        total += value[0]
            if known:
                found[part.info.index, g] = (total * 12, facts.members)
    return found


def test_income_gini_and_poverty(done: Done, base: Loaded) -> None:
    found, changed = done
    known = incomes(base)
    assert 20 < len(known) < base.snapshot.counts["households"]
    effects = found.effects
    assert int(effects.incomes.sums[1].sum()) == len(known)
    assert int(effects.unknown[0]) == base.snapshot.counts["households"] - len(known)
    paid: dict[tuple[int, int], list[int]] = defaultdict(lambda: [0, 0])
    for key, (*_, before, then) in changed.items():
        paid[home_of(base, key)][0] += before
        paid[home_of(base, key)][1] += then
    line = 800_50 if base.month >= 2024 * 12 else 0
    for side in (0, 1):
        heads, poor, gap = [], 0, 0
        for key, (income, size) in known.items():
            total = income + paid[key][side]
            heads += [total // (size * 100)] * size
            if total < line * 12 * size:
                poor += size
                gap += line * 12 * size - total
        assert effects.sides[side].gini() == slow_gini(heads)
        assert (effects.sides[side].poor, effects.sides[side].gap) == (poor, gap)
    assert effects.no_line == 0


def slow_gini(values: list[int]) -> Fraction:
    """Mean difference of all pairs over twice the mean."""
    v = np.array(values, np.int64)
    differences = int(np.abs(v[:, None] - v[None, :]).sum())
    return Fraction(differences, 2 * len(values) * int(v.sum()))


def test_gini_of_known_populations() -> None:
    def of(*values: int) -> Fraction | None:
        found = Histogram.of(np.array(values), np.ones(len(values), np.int64))
        return gini(found.values, found.sums[0])

    assert of(5, 5, 5) == 0
    assert of(0, 0, 0, 8) == Fraction(3, 4)
    assert of(1, 3) == Fraction(1, 4)
    assert of(0, 0) is None
    assert effect_json.parts(Fraction(1, 3)) == 0.333333 and effect_json.parts(Fraction(2, 3)) == 0.666667


def test_tenths_hold_equal_numbers_and_do_not_part_equals() -> None:
    rng = np.random.default_rng(5)
    values = rng.integers(0, 10_000, 5_000)
    found = Histogram.of(values, np.ones(5_000, np.int64))
    sizes = np.bincount(found.tenths(), weights=found.sums[0])
    assert len(sizes) == 10 and (abs(sizes - 500) < 10).all()
    assert (np.diff(found.tenths()) >= 0).all()
    alike = Histogram.of(np.array([0, 0, 0, 0, 0, 0, 0, 7]), np.ones(8, np.int64))
    assert len(set(alike.tenths()[:1])) == 1 and alike.tenths()[1] == 9
    both = Histogram.of(values[:2000], np.ones(2000, np.int64))
    both.add(Histogram.of(values[2000:], np.ones(3000, np.int64)))
    assert (both.values == found.values).all() and (both.sums == found.sums).all()


def test_who_bears_it_adds_up(done: Done, base: Loaded) -> None:
    """Each level its percent, the town with its own rule by that; what no rule covers is told apart."""
    found, changed = done
    told = {one["benefit"]: one for one in effect_json.as_json(found)["sharing"]}
    for b, one in told.items():
        cells = found.effects.cases[found.effects.benefits.index(b)].sum(axis=0)
        sums = found.effects.shared[b].sum(axis=0)
        assert (int(sums[0]), int(sums[1])) == (int(cells[3]), int(cells[4]))
        if cells[:3].sum() >= SMALL:
            for end, whole in (("lo", int(cells[3])), ("hi", int(cells[4]))):
                parts = sum(level[end] for level in one["levels"]) + one[f"not_known_{end}"]
                assert whole - len(one["levels"]) <= parts <= whole
    if "relief" in told:
        own = found.effects.shared["relief"]
        first = "999901000000"
        tree = base.pack.divisions
        inside = [0, 0]
        for key, (_, _, lo, hi, *_) in changed.items():
            if key[0] == "relief":
                part = base.snapshot.part(key[1])
                code = base.snapshot.divisions[int(part.households["division"][key[2]])]
                if tree.inside(code, first):
                    inside[0] += lo
                    inside[1] += hi
        assert own[1].tolist() == inside and not own[-1].any()
        assert {x["level"] for x in told["relief"]["levels"]} == {"乡", "县", "省"}
    for b in set(told) - {"relief", "elder"}:
        assert not told[b]["known"] and told[b]["levels"] == []


def test_what_leaves_hides_the_few(done: Done) -> None:
    found, _ = done
    told = effect_json.as_json(found)
    counts: list[Any] = [told["households"][k] for k in HOMES[:3]]
    for axis in (told["by_county"], told["by_age"], told["income"]["tenths"]):
        counts += [row[k] for row in axis for k in HOMES[:3]]
    for b in told["benefits"]:
        counts += [row[k] for row in (b, *b["counties"]) for k in ("new", "ended", "changed")]
    assert all(n is None or n == 0 or n >= SMALL for n in counts)
    assert None in counts


def test_a_hidden_cell_cannot_be_told_from_the_sum() -> None:
    rng = np.random.default_rng(3)
    for _ in range(300):
        rows = np.zeros((rng.integers(2, 7), 5), np.int64)
        rows[:, :3] = rng.choice([0, 0, 3, 12, 40], rows[:, :3].shape)
        told = effect_json.homes_along(rows)
        for m, name in enumerate(HOMES[:3]):
            hidden = [int(rows[i, m]) for i, row in enumerate(told) if row[name] is None]
            shown = any(row[name] for row in told)
            assert not hidden or sum(hidden) >= SMALL or not shown
            assert len(hidden) != 1 or not shown


def test_the_cost_of_few_can_not_be_told_from_the_cost_of_all(done: Done) -> None:
    """One benefit with few cases hides its cost, and that of the next smallest with it."""
    found, _ = done
    effects = Effects.empty(found.ground)
    names = effects.benefits[:3]
    for b, cases, cost in zip(names, (4, 30, 500), (1, 20, 300), strict=True):
        effects.cases[effects.benefits.index(b), 0, [2, 3, 4]] = (cases, cost, cost)
        effects.shared[b][-1] = cost
    told = effect_json.as_json(replace(found, effects=effects))
    assert told["cost"] == {"lo": 321, "hi": 321}
    assert [b["cost_lo"] for b in told["benefits"]] == [None, None, 300]
    assert [s["not_known_lo"] for s in told["sharing"]] == [None, None, 300]


def test_without_lines_of_income_there_is_no_spread(base: Loaded) -> None:
    bare = replace(base, pack=replace(base.pack, worksheet=None))
    found = run_reform("", bare.pack, parse_set("救济标准=600"), compiled=False, loaded=bare, step=100_00)
    told = effect_json.as_json(found)
    assert told["income"] is None and told["cliffs"] is None
    assert "没有写明哪些是收入" in effect_words.income({"effects": told}, bare.pack)[0]


def test_the_two_sides_are_those_of_a_simulation(base: Loaded, town: Path, pack: Pack) -> None:
    from zhida.scan.simulate import simulate

    reform = parse_set("救济标准=600")
    plain = simulate(Snapshot.open(town, pack), base.pack, reform, compiled=False)
    found = run_reform("", base.pack, reform, compiled=False, loaded=base, step=100_00).simulation
    assert (plain.sides == found.sides).all() and (plain.changes == found.changes).all()
