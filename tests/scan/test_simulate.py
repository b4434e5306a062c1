"""A simulation is the difference of two runs over everybody, however little of it is run again."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from scan.asking import run_of
from zhida.population.city import build
from zhida.rules.declarations import Pack
from zhida.rules.formulas.ir import PERSON, YES
from zhida.rules.loading import find_pack, load_pack
from zhida.rules.problems import PackError
from zhida.rules.program.outcome import row
from zhida.rules.reforms.reform import Reform, load_reform, parse_set
from zhida.scan.comparison import CHANGES, OF_SIDE, Simulation
from zhida.scan.find import Found
from zhida.scan.interest import ranges
from zhida.scan.loaded import Loaded
from zhida.scan.simulate import Simulator, simulate
from zhida.scan.totals import SMALL
from zhida.scan.where import Homes, Where

REFORMS = ["救济标准=700", "救济标准=550", "救济标准=2900", "敬老年龄=60", "敬老金标准[高龄]=999"]


@pytest.fixture(scope="module")
def simulator(loaded: Loaded) -> Simulator:
    return Simulator(loaded, compiled=False)


Money = tuple[bool, int, int]


def holdings(loaded: Loaded) -> dict[tuple[str, int, int], tuple[int, Money]]:
    """(benefit, part, unit row) → county and (lead, low, high), by the interpreter."""
    where = Where.of(loaded)
    found = {}
    for part in loaded.snapshot.parts():
        homes = Homes.of(part)
        for g in range(len(part.households["size"])):
            home = Found(part, g, None)
            run = run_of(loaded, home)
            for b in loaded.benefits:
                program = loaded.program.benefits[b]
                is_person = program.benefit.unit == PERSON
                for i in range(len(home.rows)) if is_person else range(1):
                    at = home.rows[i] if is_person else g
                    cells = row(run, program, i)
                    presumed, held = cells["codes"] >> 3 & 7, cells["codes"] >> 10 & 7 == YES
                    if program.benefit.kind == "standing" and (presumed & YES if held else presumed == YES):
                        county = where.county_of[homes.divisions(is_person, np.array([at]))][0]
                        money = (not held, cells["presumed_lo"], cells["presumed_hi"])
                        found[b, part.info.index, at] = (int(county), money)
    return found


def expected(simulation: Simulation, before: Loaded, after: Loaded) -> tuple[np.ndarray, np.ndarray]:
    old, new = holdings(before), holdings(after)
    sides, changes = np.zeros_like(simulation.sides), np.zeros_like(simulation.changes)
    for side, found in enumerate((old, new)):
        for (b, _, _), (county, (lead, lo, hi)) in found.items():
            start = OF_SIDE.index("leads" if lead else "receives")
            sides[side, simulation.benefits.index(b), county, start : start + 3] += (1, lo, hi)
    for key in old.keys() | new.keys():
        county, (_, lo, hi) = new.get(key, old.get(key))  # type: ignore[misc]
        _, (_, old_lo, old_hi) = old.get(key, (0, (False, 0, 0)))
        _, (_, new_lo, new_hi) = new.get(key, (0, (False, 0, 0)))
        lo, hi = new_lo - old_lo, new_hi - old_hi
        cell = changes[simulation.benefits.index(key[0]), county]
        if key not in old or (key in new and lo >= 0 and hi >= 0 and lo + hi > 0):
            cell[0:3] += (1, lo, hi)
        elif key not in new or (lo <= 0 and hi <= 0 and lo + hi < 0):
            cell[3:6] += (1, lo, hi)
        elif (lo, hi) != (0, 0):
            cell[6] += 1
    return sides, changes


@pytest.mark.parametrize("text", REFORMS)
def test_all_three_ways_say_the_same(simulator: Simulator, town: Path, pack: Pack, text: str) -> None:
    reform = parse_set(text)
    quick = simulator.run(reform)
    streamed = simulate(town, pack, reform, compiled=False)
    after = Loaded.open(town, pack, reform=reform, compiled=False)
    sides, changes = expected(quick, simulator.loaded, after)
    for name, simulation in (("quick", quick), ("streamed", streamed)):
        assert (simulation.sides == sides).all(), name
        assert (simulation.changes == changes).all(), name
    assert changes[:, :, CHANGES.index("gain")].sum() + changes[:, :, CHANGES.index("lose")].sum() > 0


def test_a_value_for_one_place_changes_nothing_elsewhere(
    simulator: Simulator, town: Path, pack: Pack
) -> None:
    place = simulator.where.counties[0]
    quick = simulator.run(parse_set(f"救济标准@{place}=720"))
    assert not quick.everybody
    changed = quick.changes.sum(axis=(0, 2))
    assert changed[0] != 0 and not changed[1:].any()
    streamed = simulate(town, pack, parse_set(f"救济标准@{place}=720"), compiled=False)
    assert (quick.sides == streamed.sides).all() and (quick.changes == streamed.changes).all()


def test_only_what_could_change_is_run(simulator: Simulator) -> None:
    few = sum(len(p.groups) for p in simulator.parts)
    assert 0 < few < simulator.loaded.snapshot.counts["households"]
    inside, outside = simulator.run(parse_set("救济标准=610")), simulator.run(parse_set("救济标准=2900"))
    assert not inside.everybody and outside.everybody
    elders = simulator.run(parse_set("敬老年龄=68"))
    assert elders.changed_parameters == ("elder_age",)
    assert "relief" not in elders.affected and "elder" in elders.affected
    untouched = [i for i, b in enumerate(elders.benefits) if b not in elders.affected]
    assert not elders.changes[untouched].any()
    assert (elders.sides[0, untouched] == elders.sides[1, untouched]).all()


def test_ranges_hold_the_values_themselves(loaded: Loaded) -> None:
    wide = ranges(loaded)
    assert (wide.lo <= loaded.parameters.lo).all() and (wide.hi >= loaded.parameters.hi).all()


def test_nothing_to_change_changes_nothing(simulator: Simulator) -> None:
    same = simulator.run(Reform())
    assert not same.changes.any() and same.affected == () and (same.sides[0] == same.sides[1]).all()


def test_other_formulas_are_compiled_and_run(
    simulator: Simulator, town: Path, pack: Pack, tmp_path: Path
) -> None:
    path = tmp_path / "reform.yaml"
    path.write_text(
        "formulas:\n  - {benefit: elder, condition: age, formula: 年龄 >= 敬老年龄 - 10}\n", encoding="utf-8"
    )
    reform = load_reform(path)
    quick = simulator.run(reform)
    elder = quick.benefits.index("elder")
    assert (
        quick.sides[1, elder, :, OF_SIDE.index("leads")].sum()
        > quick.sides[0, elder, :, OF_SIDE.index("leads")].sum()
    )
    streamed = simulate(town, pack, reform, compiled=False)
    assert (quick.sides == streamed.sides).all() and (quick.changes == streamed.changes).all()


def test_a_reform_that_does_not_fit_is_refused(simulator: Simulator) -> None:
    with pytest.raises(PackError, match="unknown parameter"):
        simulator.run(parse_set("没有的标准=1"))


def test_small_cells_do_not_leave(simulator: Simulator) -> None:
    told = simulator.run(parse_set("救济标准=700")).as_json()
    counts = [r[k] for r in told["counties"] for k in ("gain", "lose", "unclear")]
    counts += [
        r[s][k] for r in told["counties"] for s in ("baseline", "reform") for k in ("receives", "leads")
    ]
    assert None in counts and all(n is None or n == 0 or n >= SMALL for n in counts)


@pytest.fixture(scope="module")
def tied_city(tmp_path_factory: pytest.TempPathFactory) -> Loaded:
    """People whose answers hang on other households."""
    pack = load_pack(find_pack("zhejiang"))
    path = tmp_path_factory.mktemp("tied") / "city"
    build(pack, path, 0.0006, 3)
    return Loaded.open(path, pack)


@pytest.mark.parametrize(
    "text", ["低保标准=1400", "低保标准=1150", "低边收入倍数=1.5", "特困基本生活标准=1900"]
)
def test_ties_change_nothing_of_that(tied_city: Loaded, text: str) -> None:
    reform = parse_set(text)
    quick = Simulator(tied_city).run(reform)
    streamed = simulate(tied_city.snapshot, tied_city.pack, reform)
    assert not quick.everybody and streamed.everybody
    assert (quick.sides == streamed.sides).all()
    assert (quick.changes == streamed.changes).all() and quick.changes.any()
