"""What the pack must hold: benefits, registers, divisions with their history, notes."""

from __future__ import annotations

from datetime import date
from functools import cache
from pathlib import Path

import pytest

from rules.twins import Town
from zhida.population.schema import in_snapshot, is_made
from zhida.rules.declarations import Evidence, Pack
from zhida.rules.formulas.ir import YES
from zhida.rules.kernel.plan import Form
from zhida.rules.kernel.run import Kernel
from zhida.rules.loading import load_pack
from zhida.rules.program.build import build_program, structure_months
from zhida.rules.program.outcome import ROW
from zhida.scan.loaded import listed

ROOT = Path(__file__).resolve().parents[2]


@cache
def pack() -> Pack:
    return load_pack(ROOT / "src" / "zhida" / "packs" / "zhejiang")


HOUSEHOLD = {
    *(
        "dibao",
        "low_edge",
        "rigid_expense",
        "temporary_aid",
        "low_income_support",
        "housing_aid",
        "disaster_aid",
    ),
    *("care_kitchen", "warm_nest", "relief_visit", "paired_help", "help_team", "elder_home_works"),
}
KINDS = {
    "claim": {"elder_voucher", "ltci_care", "medical_aid"},
    "discretionary": {"temporary_aid"},
    "event": {
        *("education_aid", "housing_aid", "employment_aid", "disaster_aid", "veteran_payment"),
        *("funeral_free", "price_supplement"),
    },
    "in_kind": {
        *("care_kitchen", "warm_nest", "relief_visit", "paired_help", "help_team", "elder_home_works"),
        *("elder_visit", "meal_delivery", "respite_care", "call_device", "elder_privileges", "child_visit"),
    },
}


def test_benefits() -> None:
    assert len(pack().benefits) == 41
    assert {id for id, b in pack().benefits.items() if b.unit == "household"} == HOUSEHOLD
    kinds = {b.kind for b in pack().benefits.values()}
    assert kinds == {"standing", *KINDS}
    for kind, ids in KINDS.items():
        assert {id for id, b in pack().benefits.items() if b.kind == kind} == ids
    automatic = {"old_age", "e_allowance_aged", "district_aged_extra", "price_supplement"}
    assert {id for id, b in pack().benefits.items() if b.automatic} == automatic


def test_what_gives_no_money_says_what_it_gives() -> None:
    silent = {id for id, b in pack().benefits.items() if not b.amounts and not b.provides}
    assert silent == {"low_edge"}
    assert {id for id, b in pack().benefits.items() if any(a.ceiling for a in b.amounts)} == {"temporary_aid"}


def test_owners_change_with_the_reform_of_offices() -> None:
    def owner(benefit: str, month: int) -> list[str]:
        return [
            o.department
            for o in pack().benefits[benefit].owners
            if (o.start is None or o.start <= month) and (o.until is None or month < o.until)
        ]

    for benefit, after in (
        ("medical_aid", "医保"),
        ("disaster_aid", "应急管理"),
        ("veteran_payment", "退役军人事务"),
    ):
        assert owner(benefit, 2016 * 12) == ["民政"]
        assert owner(benefit, 2020 * 12) == [after]
        assert all(not o.citation.evidence.is_fact for o in pack().benefits[benefit].owners)
    for benefit in pack().benefits.values():
        for month in range(2015 * 12, 2026 * 12):
            assert len(owner(benefit.id, month)) == 1, benefit.id


def test_standing_benefits_have_a_signal_a_review_and_a_law() -> None:
    for benefit in pack().benefits.values():
        assert benefit.legal and benefit.owners
        if benefit.kind != "standing":
            assert not benefit.award and not benefit.reviews
            continue
        assert benefit.award
        assert benefit.signal is not None and not benefit.signal.citation.evidence.is_fact
        assert benefit.reviews and all(review.citation.note for review in benefit.reviews)
        for amount in benefit.amounts:
            assert not amount.rounding.citation.evidence.is_fact


@pytest.mark.parametrize("month", [2015 * 12, 2019 * 12 + 5, 2025 * 12 + 5, 2026 * 12])
def test_formulas_hold_in_every_stretch_of_time(month: int) -> None:
    assert set(build_program(pack(), month).benefits) == set(pack().benefits)


def test_formulas_hold_wherever_their_structure_changes() -> None:
    for month in structure_months(pack()):
        build_program(pack(), month)


def test_what_families_declare_or_authorise_is_open() -> None:
    fields = pack().fields
    declared = {id for id, f in fields.items() if f.open}
    assert {"transfer_income", "declared_income", "support_paid", "chosen_support"} < declared
    assert {"rigid_spending", "inpatient_cost", "sudden_hardship", "migrant"} < declared
    registers = pack().registers
    authorised = {id for id, f in fields.items() if f.register and registers[f.register].access != "register"}
    assert authorised == {
        *("deposits", "cars", "religious_away"),
        *("dependency_grade", "ability_grade", "ltci_grade", "ltci_insured"),
    }


COSTS = {"own_elder_payment", "inpatient_cost", "outpatient_cost", "ltci_days", "ltci_hours"}
"""What a claim is for: unknown until it is made, so that a scan tells the ceiling."""


LIVING = {f"with_{link}" for link in ("father", "mother", "spouse")}
"""The engine makes these; they are known of everybody."""


def test_every_presumption_of_a_lead_is_declared() -> None:
    """A lead presumes the empty value where only the family can tell; never a choice or a date."""
    none = {id for id, f in pack().fields.items() if f.open and f.empty is None}
    assert none == {"chosen_support", "registered_here", "migrant_from", *COSTS, *LIVING}
    for field in pack().fields.values():
        if field.open and field.empty is not None:
            # living where one is registered is the rule; all else that is declared is presumed not to be
            assert field.empty == (1 if field.id == "lives_in_city" else 0), field.id


def test_three_scales_of_dependency_are_not_converted() -> None:
    used = {pack().fields[f].enum for f in ("dependency_grade", "ability_grade", "ltci_grade")}
    assert used == {"dependency", "ability", "ltci_level"}


DAY = date(2025, 6, 1)
COUNTIES = (
    *("上城区", "拱墅区", "西湖区", "滨江区", "萧山区", "余杭区", "临平区", "钱塘区", "富阳区", "临安区"),
    *("桐庐县", "淳安县", "建德市"),
)


def test_counties_of_today() -> None:
    tree = pack().divisions
    now = {d.name for d in tree if d.level == 3 and d.parent == "330100000000" and d.in_force(DAY)}
    assert now == {*COUNTIES, "西湖风景名胜区"}
    towns = [d for d in tree if d.level == 4 and d.in_force(DAY)]
    assert len(towns) == 196
    assert sum(1 for d in tree if d.level == 5 and d.in_force(DAY)) == 3165
    assert sum(1 for d in tree if d.level == 2) == 11


@pytest.mark.parametrize(
    ("code", "name", "last_day", "successors"),
    [
        ("330103", "下城区", date(2021, 3, 31), ("330105000000",)),
        ("330104", "江干区", date(2021, 3, 31), ("330102000000", "330114000000")),
        ("330183", "富阳市", date(2015, 1, 31), ("330111000000",)),
        ("330185", "临安市", date(2017, 7, 31), ("330112000000",)),
        ("330103001000", "长庆街道", date(2021, 3, 31), ("330105014000",)),
        ("330103001051", "浙大御跸社区", date(2021, 3, 31), ("330105014051",)),
    ],
)
def test_former_divisions(code: str, name: str, last_day: date, successors: tuple[str, ...]) -> None:
    division = pack().divisions[code]
    assert division.name == name
    assert division.successors == successors
    assert division.in_force(last_day) and not division.in_force(DAY)
    for one in successors:
        assert pack().divisions[one].in_force(DAY)


def test_the_scenic_area_lies_across() -> None:
    zone = pack().divisions["330193"]
    assert zone.overlay and zone.name == "西湖风景名胜区" and zone.parent == "330100000000"


def test_sources_hold_only_known_evidence() -> None:
    for source in pack().sources.values():
        assert source.evidence in set(Evidence) - {Evidence.ASSUMED, Evidence.DERIVED}
        assert source.where


def test_nobody_vouches_for_it_after_2025() -> None:
    assert pack().verified_through == date(2025, 12, 31)


def test_help_in_kind_stays_out_of_a_scan() -> None:
    month = 2025 * 12 + 5
    scanned = set(listed(build_program(pack(), month)))
    assert scanned == {
        id for id, b in pack().benefits.items() if b.kind != "in_kind" and id != "elder_voucher"
    }, "all but help in kind, and what does not exist in that month"


UNTOLD = (
    *("temporary_aid", "rigid_expense", "low_income_support", "reservoir_support", "funeral_free"),
    *("disaster_aid", "housing_aid", "veteran_payment", "ltci_care", "e_allowance_care"),
)


def test_a_scan_lists_nobody_for_what_registers_cannot_tell() -> None:
    """Registers tell all that they could of random people, and nobody has declared anything: what hangs on
    declarations and assessments is surely no as far as registers tell, so that no list holds anybody."""
    month = 2025 * 12 + 5
    program = build_program(pack(), month)
    town = Town(pack(), month, seed=3, groups=300, forms=(1, 0, 0, 0), unknown=False)
    told = [f.id for f in pack().fields.values() if in_snapshot(pack(), f) or is_made(f.id)]
    kernel = Kernel(program, Form(tuple((f, "known") for f in sorted(told))), listed(program), compiled=False)
    rows = kernel.run(town.table, town.places, kernel.parameters(town.places, month), threads=1)
    assert any(rows[b].shape[1] for b in ("dibao", "old_age", "disability_care"))
    for benefit in UNTOLD:
        codes = rows[benefit][ROW.index("codes")]
        receives = (codes >> 10) & YES
        assert not ((codes >> 3) & YES & ~receives).any(), benefit
