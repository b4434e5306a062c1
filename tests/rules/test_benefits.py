"""Benefits among each other and in time: exclusion, the higher of two, choices, awards, months, gaps."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from pathlib import Path

import pytest

from rules.tiny import MONTH, PACK, PLACE, Tiny, fields, quoted, tiny
from zhida.rules.checks.cases import load_cases
from zhida.rules.checks.judging import run_all
from zhida.rules.explain.interpret import Facts, Run, Value
from zhida.rules.formulas.ir import NA, NO, YES
from zhida.rules.loading import load_pack
from zhida.rules.matrix import Together
from zhida.rules.program.build import build_program, structure_months
from zhida.rules.values import NONE, OPEN_HI, VALUE

PACKS = Path(__file__).parents[2] / "src/zhida/packs"
EITHER = YES | NO
FIELDS = fields(
    """
    fits person bool
    also person bool
    pay person money min: 0, max: 1000
    other person money min: 0, max: 1000
    maybe person money min: 0, max: 1000, optional: true
    child person bool optional: true
    wish person enum enum: wish
    house household bool
    cash person money min: 0, max: 1000, empty: 0, register: bank
    told person money min: 0, max: 1000, empty: 0
    wage person money min: 0, max: 1000, empty: 0, register: one
    """
)
PACK_MORE = """\
  - {id: wish, name: 意愿表, choices: [{id: a, name: 选甲}, {id: b, name: 选乙}]}
"""


def pack_yaml() -> str:
    bank = "  - {id: bank, name: 存款, department: 银行, access: authorisation}\n"
    head, tail = PACK.split("enums:\n")
    return head + bank + "enums:\n" + tail + PACK_MORE


def benefit(
    id: str, name: str, *conditions: str, unit: str = "person", amount: str = "", more: str = ""
) -> str:
    lines = [
        f"id: {id}",
        f"name: {name}",
        f"unit: {unit}",
        "kind: standing",
        "says: 例",
        "legal: [{source: L1}]",
    ]
    if "award:" not in more:
        lines.append("award: false")
    lines.append("conditions:")
    for i, text in enumerate(conditions):
        formula, *keys = text.split(" || ")
        extra = f", {keys[0]}" if keys else ""
        lines.append(f"  - {{id: c{i}, says: 例, formula: {quoted(formula)}, source: L1{extra}}}")
    if amount:
        rounding = "rounding: {to: 0.01, direction: up, source: L1}"
        lines.append(f"amount: {{formula: {quoted(amount)}, period: month, {rounding}, source: L1}}")
    return "\n".join(lines) + "\n" + more


def town(folder: Path, month: int = MONTH, **files: str) -> Tiny:
    """A tiny pack of benefits by id; ``groups`` and ``variables`` are files of their own."""
    texts = {"pack.yaml": pack_yaml(), "fields/a.yaml": FIELDS}
    for name, text in files.items():
        own = {"groups": "groups.yaml", "variables": "variables/a.yaml", "parameters": "parameters/a.yaml"}
        texts[own.get(name, f"benefits/{name}.yaml")] = text
    return tiny(folder, texts, month)


def answers(
    found: Tiny, *persons: Mapping[str, Value], group: Mapping[str, Value] | None = None
) -> dict[str, Value]:
    """The answer of each benefit for the first person (or the household)."""
    run = found.run(persons, group)
    return {id: run.value(b.full.answer) for id, b in found.program.benefits.items()}


def money(low: int, high: int | None = None) -> Value:
    return (low, low if high is None else high, VALUE)


# Exclusion ----------------------------------------------------------------------------------------------

BY_B = "excluded_by: [{benefit: b, says: 有乙不发甲, source: L1}]\n"


@pytest.mark.parametrize(
    ("also", "awarded", "want"),
    [
        (YES, NO, NO),
        (NO, NO, YES),
        (EITHER, NO, EITHER),
        (NO, YES, NO),
        (EITHER, YES, NO),
        (EITHER, EITHER, EITHER),
        (NO, EITHER, EITHER),
        (YES, EITHER, NO),
    ],
)
def test_who_holds_the_other_is_displaced(also: int, awarded: int, want: int, tmp_path: Path) -> None:
    """Held is awarded, or else by rule; unknown stays unknown."""
    found = town(
        tmp_path, a=benefit("a", "甲", "fits", more=BY_B), b=benefit("b", "乙", "also", more="award: true\n")
    )
    person = {"fits": YES, "also": also, "awarded_b": awarded}
    assert answers(found, person)["a"] == want
    conditions = found.program.benefits["a"].conditions
    assert [c.id for c in conditions] == ["c0", "excluded_by:b"]
    assert conditions[1].other == "b"
    assert answers(found, person | {"fits": NO})["a"] == NO


def test_a_household_holds_what_all_its_members_hold(tmp_path: Path) -> None:
    files = {
        "a": benefit("a", "甲", "house", unit="household", more=BY_B),
        "b": benefit("b", "乙", "also"),
        "c": benefit("c", "丙", "fits", more="excluded_by: [{benefit: a, says: 例, source: L1}]\n"),
    }
    found = town(tmp_path, **files)
    for first, second in product((YES, NO, EITHER), repeat=2):
        persons = [{"also": first, "fits": YES}, {"also": second, "fits": YES}]
        got = answers(found, *persons, group={"house": YES})
        want = YES if NO in (first, second) else NO if first == second == YES else EITHER
        assert got["a"] == want, (first, second)
        assert got["c"] == {YES: NO, NO: YES, EITHER: EITHER}[want], (first, second)


# The higher -------------------------------------------------------------------------------------------

HIGHER = "higher: [{id: g, name: 就高, benefits: [a, b], source: L1}]\n"
RANGES = [(0, 0), (200, 200), (0, 200), (100, 300), (200, 400), (300, 400)]


def test_the_higher_is_paid_also_where_amounts_are_open(tmp_path: Path) -> None:
    """The answers are exactly what all amounts inside give; on a tie the first listed is paid."""
    found = town(
        tmp_path,
        a=benefit("a", "甲", "fits", amount="pay"),
        b=benefit("b", "乙", "also", amount="other"),
        groups=HIGHER,
    )
    for (p, q), (r, s), fits, also in product(RANGES, RANGES, (YES, NO, EITHER), (YES, NO, EITHER)):
        got = answers(found, {"fits": fits, "also": also, "pay": money(p, q), "other": money(r, s)})
        want = {"a": 0, "b": 0}
        for x, y in product(
            {p, q, (p + q) // 2, r, s} & set(range(p, q + 1)), {r, s, p, q} & set(range(r, s + 1))
        ):
            for f, a in product((YES, NO), repeat=2):
                if f & fits and a & also:
                    want["a"] |= YES if f == YES and not (a == YES and y > x) else NO
                    want["b"] |= YES if a == YES and not (f == YES and x >= y) else NO
        assert got == want, ((p, q), (r, s), fits, also)


def test_an_award_takes_part_in_the_comparison(tmp_path: Path) -> None:
    found = town(
        tmp_path,
        a=benefit("a", "甲", "fits", amount="pay"),
        b=benefit("b", "乙", "also", amount="other", more="award: true\n"),
        groups=HIGHER,
    )
    person = {"fits": YES, "also": NO, "pay": money(100), "other": money(300)}
    assert answers(found, person | {"awarded_b": NO})["a"] == YES
    assert answers(found, person | {"awarded_b": YES})["a"] == NO
    assert answers(found, person | {"awarded_b": EITHER})["a"] == EITHER


def test_an_amount_that_does_not_apply_is_never_the_higher(tmp_path: Path) -> None:
    found = town(
        tmp_path,
        a=benefit("a", "甲", "fits", amount="pay"),
        b=benefit("b", "乙", "also", amount="maybe"),
        groups=HIGHER,
    )
    person = {"fits": YES, "also": NO, "pay": money(100), "maybe": (0, 0, NONE)}
    assert answers(found, person) == {"a": YES, "b": NO}


def test_of_three_the_highest(tmp_path: Path) -> None:
    files = {
        i: benefit(i, n, "True", amount=f)
        for i, n, f in (("a", "甲", "pay"), ("b", "乙", "other"), ("c", "丙", "maybe"))
    }
    found = town(tmp_path, **files, groups=HIGHER.replace("[a, b]", "[a, b, c]"))
    for x, y, z in product((100, 200, 300), repeat=3):
        got = answers(found, {"pay": money(x), "other": money(y), "maybe": money(z)})
        best = max((x, 2), (y, 1), (z, 0))[1]
        assert [got[i] == YES for i in "abc"] == [best == 2, best == 1, best == 0], (x, y, z)
        assert got["a"] | got["b"] | got["c"] == EITHER


# Choices ----------------------------------------------------------------------------------------------

CHOICE = "choices: [{id: way, name: 择一, benefits: [a, b], field: wish, source: L1}]\n"


@pytest.mark.parametrize(
    ("fits", "also", "wish", "a", "b"),
    [
        (YES, NO, 3, YES, NO),
        (NO, YES, 3, NO, YES),
        (YES, YES, 1, YES, NO),
        (YES, YES, 2, NO, YES),
        (YES, YES, 3, EITHER, EITHER),
        (YES, EITHER, 1, YES, NO),
        (YES, EITHER, 3, EITHER, EITHER),
        (YES, EITHER, 2, EITHER, EITHER),
        (NO, NO, 3, NO, NO),
    ],
)
def test_the_person_chooses_where_there_is_a_choice(
    fits: int, also: int, wish: int, a: int, b: int, tmp_path: Path
) -> None:
    found = town(tmp_path, a=benefit("a", "甲", "fits"), b=benefit("b", "乙", "also"), groups=CHOICE)
    assert answers(found, {"fits": fits, "also": also, "wish": wish}) == {"a": a, "b": b}
    assert found.program.benefits["a"].conditions[-1].id == "choice:way"


# What is asked about another ----------------------------------------------------------------------------


def test_held_entitled_and_amount_of_another(tmp_path: Path) -> None:
    files = {
        "b": benefit("b", "乙", "also", amount="other", more="award: true\n"),
        "held": benefit("held", "丙", "乙.享有"),
        "due": benefit("due", "丁", "乙.符合"),
        "much": benefit("much", "戊", "乙.金额 >= pay"),
    }
    found = town(tmp_path, **files)
    person = {"also": NO, "awarded_b": YES, "other": money(300), "pay": money(200)}
    got = answers(found, person)
    assert (got["held"], got["due"], got["much"]) == (YES, NO, NO)
    got = answers(found, person | {"also": YES, "awarded_b": NO})
    assert (got["held"], got["due"], got["much"]) == (YES, YES, YES)
    got = answers(found, person | {"also": EITHER, "awarded_b": NO})
    assert (got["held"], got["due"], got["much"]) == (EITHER, EITHER, EITHER)


def test_what_does_not_apply_is_not_held(tmp_path: Path) -> None:
    guard = "applies: {says: 例, formula: child, source: L1}\n"
    found = town(tmp_path, b=benefit("b", "乙", "True", more=guard), c=benefit("c", "丙", "乙.享有"))
    assert answers(found, {"child": YES}) == {"b": YES, "c": YES}
    assert answers(found, {"child": NO}) == {"b": NA, "c": NO}
    assert answers(found, {"child": NA}) == {"b": NA, "c": NO}
    assert answers(found, {"child": EITHER}) == {"b": YES | NA, "c": EITHER}


# Not applicable, no, undetermined -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("child", "fits", "want"),
    [
        (YES, YES, YES),
        (YES, NO, NO),
        (YES, EITHER, EITHER),
        (NO, YES, NA),
        (NO, NO, NA),
        (NO, EITHER, NA),
        (EITHER, YES, YES | NA),
        (EITHER, NO, NO | NA),
        (NA, YES, NA),
    ],
)
def test_outside_its_scope_a_benefit_is_not_applicable(
    child: int, fits: int, want: int, tmp_path: Path
) -> None:
    guard = "applies: {says: 例, formula: child, source: L1}\n"
    found = town(tmp_path, a=benefit("a", "甲", "fits", more=guard))
    assert answers(found, {"child": child, "fits": fits})["a"] == want


def test_a_condition_that_does_not_apply_is_no_no(tmp_path: Path) -> None:
    found = town(
        tmp_path,
        a=benefit("a", "甲", "fits", "maybe > pay"),
        b=benefit("b", "乙", "fits", "coalesce(maybe, 0) > pay"),
    )
    person = {"fits": NO, "maybe": (0, 0, NONE), "pay": money(0)}
    assert answers(found, person) == {"a": NA, "b": NO}


# Months -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("year", "want"), [(2022, NA), (2023, YES), (2024, YES), (2025, NA)])
def test_a_benefit_that_does_not_exist_that_month(year: int, want: int, tmp_path: Path) -> None:
    """It isn't no: there is nothing to be refused. By rule nobody holds it, but an award still counts."""
    files = {
        "a": benefit("a", "甲", "True", more=BY_B),
        "b": benefit("b", "乙", "True", more="award: true\nexists: {from: 2023-01, until: 2025-01}\n"),
    }
    found = town(tmp_path, month=year * 12, **files)
    got = answers(found, {"awarded_b": NO})
    assert got == {"a": NO if want == YES else YES, "b": want}
    assert answers(found, {"awarded_b": YES})["a"] == NO


def test_dated_conditions_take_turns(tmp_path: Path) -> None:
    text = benefit("a", "甲", "fits || until: 2024-01", "also || from: 2024-01").replace("id: c1", "id: c0")
    for month, want in ((2023 * 12 + 11, YES), (2024 * 12, NO)):
        found = town(tmp_path / str(month), month=month, a=text)
        assert answers(found, {"fits": YES, "also": NO})["a"] == want
        assert [c.id for c in found.program.benefits["a"].conditions] == ["c0"]
        assert structure_months(found.pack) == [2023 * 12 + 11, 2024 * 12]


def test_a_month_without_a_formula_is_unknown(tmp_path: Path) -> None:
    text = """\
- {id: v, name: 值, unit: person, type: money, source: L1, formulas: [
    {until: 2023-01, formula: pay}, {from: 2024-01, formula: other}]}
- {id: w, name: 等, unit: person, type: enum, enum: level, source: L1, formulas: [
    {from: 2024-01, formula: '"低"'}]}
- {id: t, name: 真, unit: person, type: bool, source: L1, formulas: [{from: 2024-01, formula: fits}]}
"""
    files = {"a": benefit("a", "甲", "v <= pay", 'w == "低"', "t"), "variables": text}
    person = {"pay": money(100), "other": money(100), "fits": YES}
    for month, want in (
        (2022 * 12, [YES, EITHER, EITHER]),
        (2023 * 12, [EITHER] * 3),
        (2024 * 12, [YES] * 3),
    ):
        found = town(tmp_path / str(month), month=month, **files)
        run = found.run([person])
        assert [run.value(c.node) for c in found.program.benefits["a"].conditions] == want


def test_a_month_without_an_amount_leaves_it_open(tmp_path: Path) -> None:
    rounding = "rounding: {to: 1, direction: up, source: L1}"
    amounts = f"amounts: [{{from: 2024-01, formula: pay, period: month, {rounding}, source: L1}}]\n"
    for month, want in ((2023 * 12, (0, 10**10, VALUE | OPEN_HI)), (2024 * 12, (100, 100, VALUE))):
        found = town(tmp_path / str(month), month=month, a=benefit("a", "甲", "True", more=amounts))
        run, b = found.run([{"pay": money(100)}]), found.program.benefits["a"]
        assert run.value(b.full.answer) == YES
        assert b.full.amount is not None
        assert run.value(b.full.amount) == want


def test_nobody_owes_for_being_entitled(tmp_path: Path) -> None:
    found = town(tmp_path, a=benefit("a", "甲", "True", amount="pay - other"))
    amount = found.program.benefits["a"].full.amount
    assert amount is not None
    for pay, other, want in ((300, 100, 200), (100, 300, 0)):
        assert found.run([{"pay": money(pay), "other": money(other)}]).value(amount) == (want, want, VALUE)


# Parameters -------------------------------------------------------------------------------------------

LINE = """\
- {id: line, name: 线, type: money, min: 1, max: 5, values: [
    {place: "99", from: 2020-01-01, until: 2023-01-01, value: 2, source: L1},
    {place: "99", from: 2024-01-01, value: 3, source: L1}]}
"""


def test_a_gap_makes_undetermined_only_what_hangs_on_it(tmp_path: Path) -> None:
    """In 2023 the line is anything from 1 to 5 yuan: below 1 is yes, from 5 on no, between is open."""
    files = {"a": benefit("a", "甲", "pay < line"), "parameters": LINE}
    for year, wants in (
        (2022, (YES, YES, NO, NO)),
        (2023, (YES, EITHER, EITHER, NO)),
        (2024, (YES, YES, YES, NO)),
    ):
        found = town(tmp_path / str(year), month=year * 12, **files)
        for pay, want in zip((99, 150, 250, 500), wants, strict=True):
            assert answers(found, {"pay": money(pay)})["a"] == want, (year, pay)


def test_outside_the_territory_a_parameter_is_unknown(tmp_path: Path) -> None:
    found = town(tmp_path, a=benefit("a", "甲", "pay < line"), parameters=LINE)
    for place, want in ((PLACE, YES), ("", EITHER)):
        run = Run(found.program, Facts(({"pay": money(250)},), 1, {}, place, (place,)))
        assert run.value(found.program.benefits["a"].full.answer) == want


# Lists ------------------------------------------------------------------------------------------------


def test_as_far_as_registers_tell(tmp_path: Path) -> None:
    """What families declare or authorise is presumed empty; what a register should know is not."""
    conditions = ("cash <= pay", "told <= pay", "wage <= pay")
    found = town(tmp_path, a=benefit("a", "甲", *conditions))
    run, b = found.run([{"pay": money(100)}]), found.program.benefits["a"]
    assert [run.value(c) for c in b.full.conditions] == [EITHER] * 3
    assert [run.value(c) for c in b.presumed.conditions] == [YES, YES, EITHER]
    assert run.value(b.presumed.answer) == EITHER
    known = found.run([{"pay": money(100), "wage": money(0), "cash": money(500)}])
    assert known.value(b.presumed.answer) == NO, "what is known is not presumed away"


@pytest.mark.parametrize(
    ("pay", "fits", "want"),
    [
        (1000, YES, NO),
        (1001, YES, YES),
        (1150, YES, YES),
        (1151, YES, NO),
        (1100, NO, NO),
        (1100, EITHER, EITHER),
        (900, YES, NO),
    ],
)
def test_a_near_miss_fails_one_condition_by_little(pay: int, fits: int, want: int, tmp_path: Path) -> None:
    found = town(tmp_path, a=benefit("a", "甲", "pay <= other || near: 1.50元", "fits"))
    run = found.run([{"pay": money(pay), "other": money(1000), "fits": fits}])
    assert run.value(found.program.benefits["a"].near) == want


def test_the_signal_never_changes_the_answer(tmp_path: Path) -> None:
    with_it = "signal: {says: 例, formula: also, evidence: ASSUMED, note: 例}\n"
    found = town(tmp_path, a=benefit("a", "甲", "fits", more=with_it), b=benefit("b", "乙", "fits"))
    for fits, also in product((YES, NO, EITHER), repeat=2):
        run = found.run([{"fits": fits, "also": also}])
        a, b = (found.program.benefits[i] for i in "ab")
        assert run.value(a.full.answer) == run.value(b.full.answer) == fits
        assert (run.value(a.signal), run.value(b.signal)) == (also, YES)


# The teaching pack ------------------------------------------------------------------------------------


def test_the_teaching_pack_builds_in_every_stretch_and_its_cases_hold() -> None:
    pack = load_pack(PACKS / "taoyuan")
    months = structure_months(pack)
    assert len(months) >= 6
    for month in months:
        assert build_program(pack, month).benefits
    cases = load_cases(pack)
    assert len(cases) >= 30
    assert [str(f) for f in run_all(pack, cases)] == []


def test_the_teaching_pack_has_one_of_everything() -> None:
    """It is what people learn from: each feature of the format occurs in it."""
    pack = load_pack(PACKS / "taoyuan")
    fields_, benefits, parameters = pack.fields.values(), pack.benefits.values(), pack.parameters.values()
    assert {f.kind for f in fields_} >= {"bool", "int", "money", "decimal", "date", "enum"}
    assert any(f.optional for f in fields_)
    assert any(f.interval for f in fields_)
    assert any(f.open and f.id != "registered_here" for f in fields_)
    assert {b.kind for b in benefits} == {"standing", "event", "claim", "discretionary", "in_kind"}
    assert any(a.ceiling for b in benefits for a in b.amounts)
    assert any(b.provides for b in benefits) and any(s.within for b in benefits for s in b.procedure)
    assert any(o.until is not None for b in benefits for o in b.owners)
    assert pack.open_points and pack.stacking is not None
    assert {c.rule for c in pack.stacking.cells} == set(Together) - {Together.DIFFERENCE}
    assert {b.unit for b in benefits} == {"person", "household"}
    assert any(b.automatic for b in benefits)
    assert any(b.reviews for b in benefits)
    assert any(b.signal for b in benefits)
    assert any(b.covers for b in benefits)
    assert any(b.excluded_by for b in benefits)
    assert any(c.near is not None for b in benefits for c in b.conditions)
    assert any(len(b.amounts) > 1 for b in benefits)
    assert any(b.until is not None for b in benefits)
    assert {a.period for b in benefits for a in b.amounts} == {"month", "year", "once"}
    assert {str(a.rounding.direction) for b in benefits for a in b.amounts} == {"up", "down", "half_up"}
    assert {p.kind for p in parameters} == {"money", "int", "decimal", "bool"}
    assert any(p.table for p in parameters)
    values = [v for p in parameters for v in p.values]
    assert any(v.values is None for v in values)
    assert any(v.ends_below for v in values)
    assert any(v.first_month for v in values)
    assert any(v.until for v in values)
    assert len({place for v in values for place in v.places}) >= 3
    assert {str(v.citation.evidence) for v in values} >= {"LAW", "GOV", "WEAK", "ASSUMED"}
    assert pack.groups
    assert pack.choices
    assert any(len(v.formulas) > 1 for v in pack.variables.values())
    assert any(v.applies for v in pack.variables.values())
    assert any(d.successors for d in pack.divisions)
    assert all(d.code.startswith("9999") for d in pack.divisions), "no real place"
    assert "虚构" in pack.name
    assert all("虚构" in s.title or "虚构" in s.where for s in pack.sources.values())
