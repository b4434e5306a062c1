"""What the language refuses: every broken formula of a pack at once, each at its exact place."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from rules.tiny import MONTH, Tiny, fields, load, quoted, tiny, variables
from zhida.rules.problems import PackError, Problem
from zhida.rules.program.build import build_program

FIELDS = fields(
    """
    wage person money min: 0, max: 1000
    big person money min: 0, max: 99999999999
    day person date min: 1900-01-01, max: 2030-12-31
    grade person enum enum: level
    colour person enum enum: other
    ill person bool
    n person int min: 0, max: 9
    some person int min: 1, max: 9
    share person decimal places: 2, min: 0, max: 1
    rooms household int min: 0, max: 9
    rent household money min: 0, max: 1000
    """
)
PARAMETERS = """\
- {id: rate, name: 标准表, type: money, table: level, min: 0, max: 10, values: [
    {place: "99", from: 2020-01-01, value: {低: 1, 中: 2, 高: 3}, source: L1}]}
- {id: line, name: 线, type: money, min: 0, max: 10, values: [
    {place: "99", from: 2020-01-01, value: 1, source: L1}]}
"""
# unit type | formula, with ⟦ before the place that is wrong | part of what is said
BROKEN = """
p money | ⟦wage + 1 | a sum of an amount of money and a number
p money | 2 * (⟦wage - n) | a difference of an amount of money and a number
p money | ⟦wage * wage | a product of two amounts of money
p decimal | ⟦n / wage | a number divided by an amount of money
p money | ⟦wage / n | the denominator may be 0
p money | some + ⟦wage / (n - 1) | the denominator may be 0
p money | wage - ⟦wage / 0 | the denominator may be 0
p money | ⟦wage / n if n >= 0 else wage | the denominator may be 0
p bool | ⟦wage < 5 | an amount of money compared with a number
p bool | n > 1 and ⟦wage < grade | an amount of money compared with a choice
p bool | ⟦grade < "低" | choices compared by size
p bool | ⟦grade == "没有" | 等级表 has no choice 没有
p bool | ⟦grade == colour | a choice of level compared with one of other
p bool | ⟦n == "低" | a number compared with a text
p bool | ⟦day < "2020-01-01" | a date compared with a text
p bool | "低" == ⟦"低" | a text stands alone
p bool | grade in ("低", ⟦"甲") | 等级表 has no choice 甲
p bool | ⟦grade in (1, 2) | `in` takes texts
p bool | ⟦grade in () | `in` needs its values written out
p bool | ⟦n in (n, 2) | `in` takes constants only
p bool | not ⟦wage | an amount of money stands where a yes/no must
p bool | ill and ⟦wage | an amount of money stands where a yes/no must
p bool | ⟦ill < ill | a yes/no compared with a yes/no
p bool | ⟦ill is True | Is is not part of the language
p money | wage if ⟦n else wage | a number stands where a yes/no must
p money | ⟦wage if ill else n | one branch gives an amount of money, the other a number
p money | wage + ⟦wge | nothing is called wge
p bool | n > 0 and ⟦rooms.x > 1 | rooms.x means nothing
h money | rent + ⟦wage | wage belongs to a person, not to a household
h money | sum(⟦wage for m in 成员) | wage belongs to a person
h money | sum(⟦m.rent for m in 成员) | rent belongs to the household, not to a member
h money | rent + ⟦sum(m.wage for m in 家人) | no such members
h money | sum(⟦m for m in 成员) | m stands alone
h money | ⟦sum(m.wage for m in 成员 for k in 成员) | a loop that is not over members
h money | ⟦sum((m.wage for m in 成员), 5) | sum over members takes nothing else
h money | ⟦max(m.wage for m in 成员) | max over members without a default
h money | ⟦max((m.wage for m in 成员), default=1) | no constant of the members' kind
h money | ⟦max((m.wage for m in 成员), default=rent) | no constant of the members' kind
h decimal | ⟦min((m.n for m in 成员), default=0) | the default could win over a member
h decimal | ⟦max((m.share for m in 成员), default=0) | max over numbers with decimals
h decimal | ⟦count(m.wage for m in 成员) | count of something else than members
h decimal | ⟦sum(m.n / m.some for m in 成员) | sum over a quotient
h bool | any(⟦m.wage for m in 成员) | stands where a yes/no must
p money | ⟦sum(m.wage for m in 成员) | no such members
p money | ⟦[wage for m in 成员] | ListComp is not part of the language
p money | ⟦lambda: wage | Lambda is not part of the language
p money | (⟦w := wage) | NamedExpr is not part of the language
p money | ⟦wage ** 2 | Pow is not part of the language
p decimal | ⟦n // 2 | FloorDiv is not part of the language
p decimal | ⟦~n | Invert is not part of the language
p decimal | ⟦print(n) | this function is not part of the language
p decimal | ⟦__import__("os").system("true") | this function is not part of the language
p decimal | ⟦n.__class__ | means nothing
p decimal | ⟦(1).real | a dot after something that is no name
p decimal | ⟦n[0] | n is no table
p money | ⟦rate | 标准表 is a table
p money | rate[⟦"没有"] | 等级表 has no choice 没有
p money | rate[⟦colour] | a choice stands where a choice must
p money | rate[⟦grade:grade] | Slice is not part of the language
p decimal | ⟦age(wage) | age of an amount of money
p decimal | ⟦age(day, day) | age with 2 arguments
p decimal | ⟦max(n) | max of fewer than two
p decimal | ⟦max(n, wage) | max of a number and an amount of money
p decimal | ⟦max(n, some, default=3) | max takes no named argument here
p money | ⟦coalesce(wage, n) | an amount of money or else a number
p money | ⟦round_up(wage, n) | the step of a rounding is not written out
p money | ⟦round_up(wage, 0.001) | a step finer than can be paid
p money | ⟦round_up(day, 1) | rounding of a date
p money | ⟦round_up(wage, 0x10) | 0x10 is no plain number
p money | ⟦round_up(wage, 1e300) | 1e300 has too many digits
p decimal | ⟦1e400 | too many digits
p decimal | ⟦1j | a complex is not part of the language
p decimal | ⟦None | a NoneType is not part of the language
p decimal | ⟦f"{n}" | JoinedStr is not part of the language
p decimal | n + ⟦1.23456789 | too many digits
p decimal | ⟦99999999999999 | too many digits
p decimal | ⟦(n | this is no expression
p decimal | n ⟦n | this is no expression
p decimal | n ⟦= 1 | this is no expression
p decimal | ⟦import os | this is no expression
p decimal | n ⟦# 1 | a remark inside a formula
p decimal | ⟦day + 1 | a sum of a date and a number
p decimal | ⟦-day | minus before a date
p money | ⟦big * n * n * n * n * n * n * n | beyond what int64 holds
h money | ⟦sum(m.big * m.n * m.n * m.n * m.n * m.n for m in 成员) | beyond what int64 holds
p bool | ⟦big / some / some / some / some / some / some / some < big / some | beyond what int64 holds
p decimal | ⟦父.nothing | no person has nothing
h decimal | ⟦父.n | the link 父 in a formula about household
h decimal | sum(⟦父.n for m in 成员) | the link 父
p decimal | n + ⟦父.母.n | a dot after something that is no name
p decimal | n + ⟦父 | nothing is called 父
p bool | any(⟦ill for k in 子女) | ill inside a loop over kin is not the kin's
p bool | any(k.ill for k in 子女 if ⟦n > k.n) | n inside a loop over kin is not the kin's
p decimal | sum(k.n + ⟦rooms for k in 子女) | rooms inside a loop over kin is not the kin's
p bool | any(⟦父.ill for k in 子女) | the link 父 inside a loop
p bool | any(⟦k.父 for k in 子女) | no person has 父
p bool | any(⟦k.nothing for k in 子女) | no person has nothing
p bool | any(⟦k for k in 子女) | k stands alone
p bool | any(⟦k.wage for k in 子女) | an amount of money stands where a yes/no must
p bool | any(k.ill and ⟦any(j.ill for j in 子女) for k in 子女) | a loop over 子女 inside a loop
p bool | ⟦any(k.ill for k in 孙女) | no such members
p bool | ⟦any(k.ill for k in 父) | no such members
p decimal | ⟦子女.n | means nothing
p decimal | n + ⟦子女 | nothing is called 子女
h decimal | rooms + ⟦count(k for k in 子女) | a loop over 子女 in a formula about household
h decimal | sum(⟦count(k for k in 子女) for m in 成员) | a loop over 子女 inside a loop
p decimal | ⟦count(k.n for k in 子女) | count of something else
p decimal | ⟦max(k.n for k in 子女) | max over members without a default
p decimal | ⟦min((k.n for k in 子女), default=0) | the default could win over a member
p money | ⟦sum(k.wage / k.some for k in 子女) | sum over a quotient
p money | ⟦max((k.wage for k in 子女), default=n) | no constant of the members' kind
p money | ⟦sum(k.big * k.n * k.n * k.n * k.n for k in 子女) | beyond what int64 holds
p bool | ⟦待遇.享有 | means nothing
p int | ⟦n / 2 | is declared int, but the formula gives a quotient
p date | ⟦n | is declared date, but the formula gives a number
p enum | ⟦"红" | 等级表 has no choice 红
p enum | "低" if ill else ⟦colour | a choice stands where a choice must
p enum | "低" if ⟦n else "高" | a number stands where a yes/no must
p decimal | n + ⟦ｎ | the character ｎ has a plain form
p decimal | n ⟦＋ 1 | the character ＋ has a plain form
"""


def broken() -> list[tuple[str, str, str, str]]:
    """(unit, type, formula with its mark, what is said)"""
    found = []
    for line in BROKEN.strip().splitlines():
        head, formula, says = line.split(" | ")
        unit, kind = head.split()
        found.append(({"p": "person", "h": "household"}[unit], kind, formula, says))
    return found


def problems(folder: Path, files: dict[str, str]) -> list[Problem]:
    """What is wrong with the formulas of a pack that is sound otherwise."""
    pack = load(folder, {"fields/a.yaml": FIELDS, "parameters/a.yaml": PARAMETERS, **files})
    with pytest.raises(PackError) as refused:
        build_program(pack, MONTH)
    return list(refused.value.problems)


def test_every_broken_formula_at_once_each_at_its_place(tmp_path: Path) -> None:
    table = broken()
    assert len(table) > 90
    formulas = {}
    for i, (unit, kind, marked, _) in enumerate(table):
        more = f"{kind}, enum: level" if kind == "enum" else kind
        formulas[f"v{i}"] = (unit, more, marked.replace("⟦", ""))
    text = variables(formulas)
    found = problems(tmp_path, {"variables/a.yaml": text})
    by_line: dict[int, list[Problem]] = {}
    for problem in found:
        assert problem.file == "variables/a.yaml"
        by_line.setdefault(problem.line, []).append(problem)
    for i, ((_, _, marked, says), line) in enumerate(zip(table, text.splitlines(), strict=True), start=1):
        assert len(by_line.get(i, [])) == 1, (marked, [str(p) for p in by_line.get(i, [])])
        problem = by_line[i][0]
        start = line.index("formula: '") + len("formula: '")
        assert problem.column == start + marked.index("⟦") + 1, (marked, str(problem))
        assert says in problem.says, (marked, str(problem))
        assert problem.expected, marked
    assert len(by_line) == len(table)


def test_a_place_in_a_formula_of_several_lines(tmp_path: Path) -> None:
    text = """\
- id: total
  name: 合计
  unit: person
  type: money
  source: L1
  formula: |
    wage
      + coalesce(wage, 0)
      - n
"""
    found = [str(p) for p in problems(tmp_path, {"variables/a.yaml": text})]
    assert len(found) == 1
    assert found[0].startswith("variables/a.yaml:7:5: a difference of an amount of money and a number")


BENEFIT = """\
id: help
name: 帮助
unit: {unit}
kind: standing
award: false
says: 例
legal: [{{source: L1}}]
applies: {{says: 例, formula: {applies}, source: L1}}
conditions:
  - {{id: c, says: 例, formula: {condition}, source: L1{near}}}
amount: {{formula: {amount}, period: month, rounding: {{to: 1, direction: up, source: L1}}, source: L1}}
signal: {{says: 例, formula: {signal}, source: L1}}
covers: {covers}
"""
SOUND = {
    "unit": "household",
    "applies": "rooms > 0",
    "condition": "rooms < 3",
    "near": "",
    "amount": "rent",
    "signal": "rooms > 1",
    "covers": "ill",
}


@pytest.mark.parametrize(
    ("changes", "line", "says"),
    [
        ({"applies": "rooms"}, 8, "a number stands where a yes/no must"),
        ({"condition": "rooms < rent"}, 10, "a number compared with an amount of money"),
        ({"near": ", near: 1间", "condition": "rooms == 1"}, 10, "near without a single comparison"),
        ({"amount": "rooms"}, 11, "an amount that is a number"),
        ({"amount": "rent / rooms", "applies": "True"}, 11, "the denominator may be 0"),
        ({"signal": "wage > 0"}, 12, "wage belongs to a person"),
        ({"covers": "n"}, 13, "a number stands where a yes/no must"),
        ({"covers": "n > rent"}, 13, "a number compared with an amount of money"),
    ],
)
def test_each_formula_of_a_benefit(changes: dict[str, str], line: int, says: str, tmp_path: Path) -> None:
    found = problems(tmp_path, {"benefits/help.yaml": BENEFIT.format(**{**SOUND, **changes})})
    assert [(p.file, p.line) for p in found] == [("benefits/help.yaml", line)], [str(p) for p in found]
    assert says in found[0].says


def test_the_sound_benefit_is_taken(tmp_path: Path) -> None:
    files = {
        "fields/a.yaml": FIELDS,
        "parameters/a.yaml": PARAMETERS,
        "benefits/help.yaml": BENEFIT.format(**SOUND),
    }
    assert tiny(tmp_path, files).program.benefits["help"].full.amount is not None


def test_what_looks_hostile_and_is_not(tmp_path: Path) -> None:
    """Deep brackets and long sums within the limits are only formulas."""
    formulas = {
        "a": ("person", "decimal", "(" * 60 + "n" + ")" * 60),
        "b": ("person", "decimal", " + ".join(["n"] * 35)),
        "c": ("person", "bool", 'grade in ("低", "低", "高")'),
        "d": ("person", "bool", "1 < n < some < 9 or not (not ill)"),
        "e": ("person", "money", "wage / n if n > 0 else 0"),
        "f": ("person", "money", "0 - max(wage, 0) + min(0, wage)"),
        "g": ("household", "decimal", "sum(count(k for k in 成员) for m in 成员)"),
    }
    found = tiny(tmp_path, {"fields/a.yaml": FIELDS, "variables/a.yaml": variables(formulas)})
    persons = [{"n": (2, 2, 1), "wage": (500, 500, 1), "some": (5, 5, 1), "ill": 2, "grade": 4}] * 3
    values = [found.variable(id, persons) for id in formulas]
    assert values == [(2, 2, 1), (70, 70, 1), 1, 1, (500, 500, 1), (-500, -500, 1), (9, 9, 1)]
    assert found.program.variables["e"].den is not None  # 500 / 2, exact


@pytest.mark.parametrize(
    "text",
    [
        "(" * 900 + "n" + ")" * 900,
        "-" * 1900 + "n",
        "not " * 480 + "ill",
        "n" + " + n" * 490,
        "n" * 2001,
        "[" * 1000,
        "1" * 1990,
        "n if ill else " * 130 + "n",
        "\\\\",
        "n\x0bn",
        "9" * 300 + "." + "9" * 300,
        "m for m in 成员",
        "*n",
        "**n",
        "n if ill",
        "yield n",
        "await n",
        "n.n.n.n",
        "𝐧",
        "'",
        '"',
        "{**n}",
        "n@n",
        "n[...]",
        "print",
        "__builtins__",
        "if",
        "sum",
        "成员",
    ],
)
def test_hostile_text_is_one_plain_problem(
    text: str, tmp_path: Path, recwarn: pytest.WarningsRecorder
) -> None:
    """No crash, no warning of the parser, nothing executed: one sentence with its place."""
    limit = sys.getrecursionlimit()
    source = f"- {{id: v, name: 值, unit: person, type: decimal, source: L1, formula: {quoted(text)}}}\n"
    try:
        found = problems(tmp_path, {"variables/a.yaml": source})
    except PackError as refused:  # the loader may already have refused the character
        found = list(refused.problems)
    assert [(p.file, p.line) for p in found] == [("variables/a.yaml", 1)], [str(p) for p in found]
    assert len(str(found[0])) < 400
    assert not recwarn.list
    assert sys.getrecursionlimit() == limit


# Circles ------------------------------------------------------------------------------------------------


def test_circles_of_variables_are_named(tmp_path: Path) -> None:
    formulas = {
        "a": ("person", "decimal", "b名 + 1"),
        "b": ("person", "decimal", "c名 + 1"),
        "c": ("person", "decimal", "a名 + 1"),
        "alone": ("person", "decimal", "alone + 1"),
        "victim": ("person", "decimal", "a + n"),
        "fine": ("person", "decimal", "n + 1"),
    }
    found = problems(tmp_path, {"variables/a.yaml": variables(formulas)})
    said = [p.says for p in found]
    assert said == ["a circle: a名 → b名 → c名 → a名", "a circle: alone名 → alone名"]


def test_circles_through_other_people_are_named(tmp_path: Path) -> None:
    """Whoever the link points at: that a father is never his own is not for a formula to know."""
    formulas = {
        "a": ("person", "decimal", "coalesce(父.b名, 0) + 1"),
        "b": ("person", "decimal", "sum(k.a名 for k in 子女)"),
        "home": ("household", "decimal", "sum(m.guest名 for m in 成员)"),
        "guest": ("person", "decimal", "coalesce(配偶.home名, 0)"),
        "alone": ("person", "bool", "any(k.alone名 for k in 子女)"),
        "fine": ("person", "decimal", "coalesce(父.n, 0) + sum(k.n for k in 子女)"),
    }
    found = problems(tmp_path, {"variables/a.yaml": variables(formulas)})
    assert [(p.line, p.says) for p in found] == [
        (1, "a circle: a名 → b名 → a名"),
        (3, "a circle: home名 → guest名 → home名"),
        (5, "a circle: alone名 → alone名"),
    ]


def test_a_benefit_that_hangs_on_itself_through_kin_is_named(tmp_path: Path) -> None:
    formulas = {"helped": ("person", "bool", "coalesce(丙助.享有, False)")}
    condition = "any(k.helped名 for k in 子女)"
    files = {
        "benefits/three.yaml": help_of("three", "丙助", condition=condition),
        "variables/a.yaml": variables(formulas),
    }
    (found,) = problems(tmp_path, files)
    assert found.says.startswith("a circle: ") and "丙助" in found.says and "helped名" in found.says


def test_a_quotient_of_somebody_else_is_rounded_first(tmp_path: Path) -> None:
    """But it may be compared where it is: at the kin's."""
    formulas = {
        "per": ("person", "money", "wage / some"),
        "through": ("person", "money", "n * 父.per名"),
        "over": ("person", "money", "n * sum(k.per名 for k in 子女)"),
        "largest": ("person", "money", "max((k.per名 for k in 子女), default=0)"),
        "whole": ("person", "money", "round_up(wage / some, 0.01)"),
        "sound": ("person", "bool", "any(k.per名 < line for k in 子女) and 父.whole名 < line"),
    }
    found = problems(tmp_path, {"variables/a.yaml": variables(formulas)})
    text = variables(formulas).splitlines()
    assert [(p.line, p.column) for p in found] == [
        (2, text[1].index("父.per名") + 1),
        (3, text[2].index("sum(") + 1),
        (4, text[3].index("max(") + 1),
    ]
    assert (found[0].says, found[0].expected) == ("父.per名 is a quotient", "a whole value; round it first")
    assert [p.says for p in found[1:]] == ["sum over a quotient", "max over a quotient"]
    assert {p.expected for p in found[1:]} == {"whole values; round it first"}


def help_of(id: str, name: str, more: str = "", condition: str = "n > 1") -> str:
    return (
        f"id: {id}\nname: {name}\nunit: person\nkind: standing\naward: false\nsays: 例\n"
        "legal: [{source: L1}]\n"
        f"conditions: [{{id: c, says: 例, formula: {quoted(condition)}, source: L1}}]\n{more}"
    )


def test_circles_of_benefits_are_named(tmp_path: Path) -> None:
    by = "excluded_by: [{{benefit: {}, says: 例, source: L1}}]\n"
    files = {
        "benefits/one.yaml": help_of("one", "甲助", by.format("two")),
        "benefits/two.yaml": help_of("two", "乙助", by.format("one")),
        "benefits/three.yaml": help_of("three", "丙助", condition="丙助.享有"),
        "benefits/four.yaml": help_of("four", "丁助"),
    }
    found = problems(tmp_path, files)
    said = " | ".join(p.says for p in found)
    assert "a circle: 甲助 → 乙助 → 甲助" in said
    assert "a circle: 丙助" in said
    assert "丁助" not in said
    assert len(found) == 2


def test_a_chain_too_long_is_refused(tmp_path: Path) -> None:
    formulas = {f"v{i}": ("person", "decimal", f"v{i + 1} + 1") for i in range(150)}
    formulas["v150"] = ("person", "decimal", "n")
    found = problems(tmp_path, {"variables/a.yaml": variables(formulas)})
    assert [p.says for p in found] == ["a chain of more than 100 names"]


def test_the_same_formulas_in_order_are_fine(tmp_path: Path) -> None:
    """Each name is read once: what stands before is no chain."""
    formulas = {"v150": ("person", "decimal", "n")}
    formulas |= {f"v{i}": ("person", "decimal", f"v{i + 1} + 1") for i in reversed(range(150))}
    found: Tiny = tiny(tmp_path, {"fields/a.yaml": FIELDS, "variables/a.yaml": variables(formulas)})
    assert found.variable("v0", [{"n": (3, 3, 1)}]) == (153, 153, 1)
