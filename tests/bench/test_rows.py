"""The pack and its OpenFisca twin give the same answers and the same fen; a twin that is wrong is noticed."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("openfisca_core", reason="OpenFisca-core is installed by make bench only")
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from bench import engines, openfisca_rules, openfisca_system, people
from scan.town import write_town


@pytest.fixture(scope="module")
def kernel():
    return engines.exact_kernel(engines.the_pack(), compiled=False)


@pytest.mark.parametrize(("wild", "seed"), [(0.0, 1), (0.05, 2), (0.3, 3), (1.0, 4)])
def test_both_say_the_same(kernel, wild, seed):
    found = people.invent(kernel.program.pack, 1500, seed, wild)
    result = engines.compare(kernel, openfisca_rules.rules(), found)
    assert set(result) == set(openfisca_rules.RULES) == set(kernel.plan.benefits)
    assert {b: r["differ"] for b, r in result.items()} == dict.fromkeys(result, 0)
    homes = len(found.households["size"])
    assert result["dibao"]["compared"] == homes and result["orphan"]["compared"] == found.count >= 1500


def test_a_city_told_whole_is_the_same_in_both(kernel, tmp_path):
    pack = kernel.program.pack
    write_town(tmp_path / "town", pack, people.MONTH)
    found = people.from_city(pack, tmp_path / "town", 9)
    assert {f"c_{f}" for f in pack.fields} == set(people.table(found).columns)
    held = sum(int(v.sum()) for k, v in found.persons.items() if k.startswith("awarded_"))
    assert held > 100 and 0.1 < found.persons["registered_here"].mean() < 1
    result = engines.compare(kernel, openfisca_rules.rules(), found)
    assert {b: r["differ"] for b, r in result.items()} == dict.fromkeys(result, 0)


def test_the_people_reach_every_benefit(kernel):
    entitled = dict.fromkeys(openfisca_rules.RULES, 0)
    country = openfisca_rules.rules()
    for seed in range(3):
        found = people.invent(kernel.program.pack, 5000, seed, 0.05)
        simulation = engines.openfisca_simulation(country, found)
        for b, (rows, _) in engines.openfisca_answers(openfisca_rules.answers(simulation)).items():
            entitled[b] += len(rows)
    assert all(n >= 3 for n in entitled.values()), entitled


@pytest.mark.parametrize(
    ("parameter", "value", "benefit"),
    [
        ("dibao_standard", 1301_01, "dibao"),
        ("disability_living_share", 31, "disability_living"),
        ("low_edge_cars", 0, "low_edge"),
        ("severe_child_rate", 1224_01, "child_in_need"),
    ],
)
def test_one_fen_is_noticed(kernel, monkeypatch, parameter, value, benefit):
    monkeypatch.setitem(openfisca_system.CITY_WIDE, parameter, {"2025-02-01": value})
    found = people.invent(kernel.program.pack, 5000, 5, 0.05)
    assert engines.compare(kernel, openfisca_rules.rules(), found)[benefit]["differ"] > 0


def test_a_missing_near_miss_or_signal_is_noticed(kernel, monkeypatch):
    found = people.invent(kernel.program.pack, 2000, 8, 0.05)
    twin = openfisca_rules.RULES["old_age"]
    for wrong in (replace(twin, almost=None), replace(twin, signal="certificate")):
        monkeypatch.setitem(openfisca_rules.RULES, "old_age", wrong)
        assert engines.compare(kernel, openfisca_rules.rules(), found)["old_age"]["differ"] > 0


def test_files_give_the_people_back_and_the_results_are_one_file(kernel, tmp_path):
    found = people.invent(kernel.program.pack, 400, 6)
    people.write(tmp_path, found)
    back = people.read(tmp_path)
    for own, again in ((found.persons, back.persons), (found.households, back.households)):
        assert {k: v.tolist() for k, v in own.items()} == {k: v.tolist() for k, v in again.items()}
    simulation = engines.openfisca_simulation(openfisca_rules.rules(), back)
    engines.write_results(tmp_path / "a", engines.openfisca_answers(openfisca_rules.answers(simulation)))
    rows = engines.zhida_rows(kernel, back, engines.exact_parameters(kernel), 1)
    engines.write_results(tmp_path / "b", engines.zhida_answers(rows))
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_an_unknown_parameter_is_refused():
    from zhida.rules.loading.pack import load_pack

    kernel = engines.exact_kernel(load_pack(engines.PACK), compiled=False)
    with pytest.raises(ValueError, match="low_edge_counts_as_hard"):
        engines.exact_parameters(kernel)


def test_amounts_are_exact_where_32_bits_are_not(kernel):
    """Twenty people with the highest income each: far beyond an int32, and no float32 holds its last fen."""
    found = people.invent(kernel.program.pack, 300, 7, 0.0)
    found.persons["business_income"][:] = 1_000_000_000
    found.persons["wage"][:] = 99_999_999
    simulation = engines.openfisca_simulation(openfisca_rules.rules(), found)
    income = simulation.calculate("own_income", openfisca_system.PERIOD)
    assert income.dtype == np.int64
    others = ("pension", "property_income", "transfer_income", "declared_income")
    assert (income - sum(found.persons[n].astype(np.int64) for n in others)).tolist() == [
        1_099_999_999
    ] * found.count
