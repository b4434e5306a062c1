"""What the pack must hold: benefits, registers, divisions with their history, notes."""

from __future__ import annotations

from datetime import date
from functools import cache
from pathlib import Path

import pytest

from zhida.rules.declarations import Evidence, Pack
from zhida.rules.loading import load_pack
from zhida.rules.program.build import build_program, structure_months

ROOT = Path(__file__).resolve().parents[2]


@cache
def pack() -> Pack:
    return load_pack(ROOT / "src" / "zhida" / "packs" / "zhejiang")


def test_benefits() -> None:
    units = {id: b.unit for id, b in pack().benefits.items()}
    assert units == {
        "dibao": "household",
        "low_edge": "household",
        "tekun": "person",
        "disability_living": "person",
        "disability_care": "person",
        "old_age": "person",
        "orphan": "person",
        "unsupported_child": "person",
        "child_in_need": "person",
    }
    assert [id for id, b in pack().benefits.items() if b.automatic] == ["old_age"]
    assert [id for id, b in pack().benefits.items() if not b.amounts] == ["low_edge"]


def test_standing_benefits_have_a_signal_a_review_and_a_law() -> None:
    for benefit in pack().benefits.values():
        assert benefit.kind == "standing" and benefit.award
        assert benefit.signal is not None and not benefit.signal.citation.evidence.is_fact
        assert benefit.review is not None and benefit.review.every == 12
        assert benefit.review.citation.note
        assert benefit.legal and benefit.owners
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
    assert declared == {
        "transfer_income",
        "declared_income",
        "support_paid",
        "chosen_support",
        "registered_here",
    }
    registers = pack().registers
    authorised = {id for id, f in fields.items() if f.register and registers[f.register].access != "register"}
    assert authorised == {"deposits", "cars", "religious_away"}


def test_every_presumption_of_a_lead_is_declared() -> None:
    """A lead presumes the empty value where only the family can tell; never a choice of theirs."""
    for field in pack().fields.values():
        if field.open and field.id not in ("chosen_support", "registered_here"):
            assert field.empty == 0, field.id


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
