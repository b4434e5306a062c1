"""No float, no rounding on the way, no division that cancels, no value outside its proven range."""

from __future__ import annotations

import random
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.oracle import rounded as by_words
from rules.random_packs import MONTH, random_pack
from rules.tiny import Tiny, fields, load, tiny, variables
from rules.twins import Town
from zhida.rules import values
from zhida.rules.explain.interpret import Run
from zhida.rules.formulas import terms
from zhida.rules.formulas.ir import PERSON, Graph, Node, RangeError, cone
from zhida.rules.formulas.literals import proved_positive
from zhida.rules.formulas.terms import Term
from zhida.rules.formulas.whole import divide_exact
from zhida.rules.kernel import plain, support
from zhida.rules.values import VALUE

DIRECTIONS = ("up", "down", "half_up")
FIELDS = fields(
    """
    income household money min: -100000, max: 1000000
    line household money min: 0, max: 10000
    heads household int min: 0, max: 20
    parts household int min: 1, max: 20
    share household decimal places: 2, min: 0, max: 1
    """
)

whole = st.integers(-(10**12), 10**12)
steps = st.sampled_from([1, 5, 10, 100, 1000])


@given(whole, st.integers(1, 10**4), steps, st.sampled_from(DIRECTIONS))
def test_rounding_is_what_the_word_says(num: int, den: int, step: int, direction: str) -> None:
    """Against fractions: up is to plus infinity, also below 0; a half goes up."""
    want = by_words(Fraction(num, den), Fraction(step), direction)
    assert divide_exact(num, den, step, direction) == want
    code = {"up": 0, "down": 1, "half_up": 2}[direction]
    assert plain.rounded(num, den, step, code) == want


@pytest.mark.parametrize(
    ("num", "den", "step", "direction", "want"),
    [
        (5, 2, 1, "half_up", 3),
        (-5, 2, 1, "half_up", -2),
        (150, 1, 100, "half_up", 200),
        (149, 1, 100, "half_up", 100),
        (-150, 1, 100, "half_up", -100),
        (1, 3, 1, "up", 1),
        (-1, 3, 1, "up", 0),
        (1, 3, 1, "down", 0),
        (-1, 3, 1, "down", -1),
        (200, 2, 100, "up", 100),
        (201, 2, 100, "up", 200),
    ],
)
def test_rounding_at_the_edge(num: int, den: int, step: int, direction: str, want: int) -> None:
    assert (
        divide_exact(num, den, step, direction)
        == want
        == by_words(Fraction(num, den), Fraction(step), direction)
    )


def test_compiled_helpers_are_the_plain_ones() -> None:
    rng = random.Random(5)
    cutoffs = values.age_cutoffs(values.date(2024, 2, 29))
    ages = np.array(values.age_table(cutoffs), np.uint8)
    for _ in range(3000):
        num, den, step = rng.randint(-(10**14), 10**14), rng.randint(1, 10**4), rng.choice([1, 10, 100])
        direction = rng.randrange(3)
        assert support.rounded(num, den, step, direction) == plain.rounded(num, den, step, direction)
        day = rng.randint(-60_000, 40_000)
        told = values.age_at(cutoffs, day)
        assert support.age_of(ages, cutoffs[0], day) == plain.age_of(ages, cutoffs[0], day) == told
        assert support.month_of(day) == plain.month_of(day)
        size = rng.choice([0, 1, -1, num])
        assert support.band(size) == plain.band(size)
        mixed = support.mix(np.uint64(support.start()), num)
        assert support.signed(np.uint64(mixed)) == plain.signed(plain.mix(plain.start(), num))


@pytest.mark.parametrize("direction", DIRECTIONS)
def test_an_interval_is_rounded_at_both_ends(direction: str) -> None:
    """Every quotient of values inside lies inside; and both ends are reached."""
    rng = random.Random(11)
    for _ in range(200):
        a, b = sorted((rng.randint(-500, 500), rng.randint(-500, 500)))
        c, d = sorted((rng.randint(1, 9), rng.randint(1, 9)))
        step = rng.choice([1, 10, 100])
        lo, hi, _ = values.divide((a, b, VALUE), (c, d, VALUE), step, direction)
        found = [
            by_words(Fraction(n, m), Fraction(step), direction)
            for n in range(a, b + 1)
            for m in range(c, d + 1)
        ]
        assert (lo, hi) == (min(found), max(found))


# Quotients ----------------------------------------------------------------------------------------------


def formulas(folder: Path, *texts: str, kind: str = "money", applies: str = "") -> Tiny:
    """Variables v0, v1 … of a household with these formulas; ``applies`` guards the first."""
    text = variables({f"v{i}": ("household", kind, t) for i, t in enumerate(texts)})
    if applies:
        text = text.replace("formula:", f"applies: '{applies}', formula:", 1)
    return tiny(folder, {"fields/a.yaml": FIELDS, "variables/a.yaml": text})


def divisions(node: Node) -> list[Node]:
    return [n for n in cone([node]) if n.op == "divide"]


@pytest.mark.parametrize(
    ("with_quotient", "without"),
    [
        ("(line - income / parts) * parts", "line * parts - income"),
        ("parts * (line - income / parts)", "line * parts - income"),
        ("income / parts * parts", "income"),
        ("(income / parts - line) * parts", "income - line * parts"),
        ("(income + line) / max(heads, 1) * max(heads, 1)", "income + line"),
        ("income / parts - line / parts", "(income - line) / parts"),
    ],
)
def test_a_denominator_cancels_without_a_trace(with_quotient: str, without: str, tmp_path: Path) -> None:
    found = formulas(tmp_path, with_quotient, without)
    a, b = (found.program.variables[v] for v in ("v0", "v1"))
    assert a.num is b.num
    assert a.den is b.den
    assert not divisions(a.num)


def test_a_guarded_denominator_cancels_too(tmp_path: Path) -> None:
    text = "\n".join(
        [
            "- {id: head, name: 人均, unit: household, type: money, source: L1, applies: heads > 0,",
            "   formula: income / heads}",
            "- {id: paid, name: 应发, unit: household, type: money, source: L1,",
            "   formula: (line - head) * heads}",
        ]
    )
    found = tiny(tmp_path, {"fields/a.yaml": FIELDS, "variables/a.yaml": text})
    term = found.program.variables["paid"]
    assert term.den is None
    assert not divisions(term.num)
    family = {"income": (1000, 1000, 1), "line": (700, 700, 1), "heads": (3, 3, 1)}
    assert found.variable("paid", [{}], family) == (1100, 1100, 1)
    nobody = family | {"heads": (0, 0, 1)}
    assert found.variable("paid", [{}], nobody) == (0, 0, values.NONE)


def test_a_denominator_that_does_not_apply_is_not_lost_by_cancelling(tmp_path: Path) -> None:
    more = FIELDS + fields("maybe household int min: 1, max: 9, optional: true")
    text = variables(
        {
            "v": ("household", "money", "income / maybe * maybe"),
            "less": ("household", "bool", "income / maybe < line / maybe"),
        }
    )
    found = tiny(tmp_path, {"fields/a.yaml": more, "variables/a.yaml": text})
    family = {"income": (1000, 1000, 1), "line": (700, 700, 1), "maybe": (0, 0, values.NONE)}
    assert found.variable("v", [{}], family) == (0, 0, values.NONE)
    assert found.variable("less", [{}], family) == 4
    assert found.variable("v", [{}], family | {"maybe": (3, 3, 1)}) == (1000, 1000, 1)


COMPARED = {
    "<": Fraction.__lt__,
    "<=": Fraction.__le__,
    ">": Fraction.__gt__,
    ">=": Fraction.__ge__,
    "==": Fraction.__eq__,
}


@pytest.mark.parametrize("symbol", COMPARED)
def test_quotients_are_compared_exactly(symbol: str, tmp_path: Path) -> None:
    """Thirds and sevenths, on the line and a fen beside it; and no division to do it."""
    found = formulas(tmp_path, f"income / parts {symbol} line * share", kind="bool")
    node = found.program.variables["v0"].num
    assert not divisions(node)
    rng = random.Random(3)
    for _ in range(300):
        parts, share, line = rng.randint(1, 20), rng.randint(0, 100), rng.randint(0, 1_000_000)
        beside = rng.choice([-1, 0, 0, 1])
        income = line * share * parts // 100 + beside
        family = {
            "income": (income, income, 1),
            "parts": (parts, parts, 1),
            "line": (line, line, 1),
            "share": (share, share, 1),
        }
        want = COMPARED[symbol](Fraction(income, parts), line * Fraction(share, 100))
        assert found.variable("v0", [{}], family) == (1 if want else 2)


def test_decimals_are_exact(tmp_path: Path) -> None:
    """0.1 + 0.2 is 0.3, and a tenth of a fen is not lost before the end."""
    found = formulas(tmp_path, "0.1 + 0.2 == 0.3 and line * 0.001 * 1000 == line", kind="bool")
    assert found.variable("v0", [{}], {"line": (1, 1, 1)}) == 1
    amount = formulas(
        tmp_path / "b", "round_half_up(line * 1.15 / 3 + line * 1.15 / 3 + line * 1.15 / 3, 0.01)"
    )
    for line in range(0, 2000, 7):
        want = by_words(Fraction(line) * Fraction("1.15"), Fraction(1), "half_up")
        assert amount.variable("v0", [{}], {"line": (line, line, 1)}) == (want, want, 1)


# Ranges -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(400, 416))
def test_no_value_leaves_its_proven_range(seed: int, tmp_path: Path) -> None:
    pack, program = random_pack(seed, tmp_path)
    for town in (Town(pack, MONTH, seed, groups=5), Town.known(pack, MONTH, seed, groups=5)):
        for g in range(5):
            run = Run(program, town.facts(g))
            for node in program.graph.nodes:
                for i in range(run.count(node)):
                    value = run.value(node, i)
                    if isinstance(value, tuple) and value[2] & VALUE:
                        assert node.lo <= value[0] <= value[1] <= node.hi, (node, value)
                        assert -(2**62) < node.lo <= node.hi < 2**62
                    if isinstance(value, tuple) and value[2] & values.NONE:
                        assert node.na, node


def test_products_are_refused_where_they_may_run_over() -> None:
    g = Graph()
    big = g.input("a", "num", "household", 0, 2**31, False)
    assert g.mul(big, g.const(2**30)).hi == 2**61
    with pytest.raises(RangeError, match="beyond what int64 holds"):
        g.mul(big, big)
    with pytest.raises(RangeError, match="beyond"):
        g.aggregate("sum", "household", g.input("b", "num", "person", 0, 2**53, False))
    with pytest.raises(RangeError, match="denominator"):
        g.divide(big, g.input("c", "num", "household", 0, 9, False), 1, "up")
    with pytest.raises(RangeError, match="rounding needs"):
        g.divide(g.mul(big, g.const(2**30)), g.const(3), 100, "up")


def test_the_range_of_one_or_the_other_holds_both() -> None:
    g = Graph()
    small = g.input("a", "num", "household", 3, 5, True)
    wide = g.input("b", "num", "household", -7, 90, False)
    which = g.input("c", "bool", "household", 0, 0, False)
    for node in (g.coalesce(small, wide), g.select(which, small, wide), g.select(which, wide, small)):
        assert (node.lo, node.hi) == (-7, 90)
    picked = g.pick(g.input("d", "enum", "household", 0, 3, False), (small, wide))
    assert (picked.lo, picked.hi, picked.na) == (-7, 90, True)


@pytest.mark.parametrize(
    ("formula", "taken"),
    [
        ("income / heads", False),
        ("income / parts", True),
        ("income / (heads + 1)", True),
        ("income / max(heads, 1)", True),
        ("income / share", False),
        ("income / heads if heads > 0 else line", True),
        ("income / heads if heads >= 1 else line", True),
        ("income / heads if 0 < heads else line", True),
        ("income / heads if heads > 0 and line > 0 else line", True),
        ("income / heads if heads > 0 or line > 0 else line", False),
        ("income / heads if heads >= 0 else line", False),
        ("income / heads if heads > -1 else line", False),
        ("line if heads == 0 else income / heads", False),
        ("income / heads if not heads == 0 else line", False),
        ("income / (heads - 1) if heads > 1 else line", False),
    ],
)
def test_a_denominator_must_be_seen_to_be_above_0(formula: str, taken: bool, tmp_path: Path) -> None:
    from zhida.rules.problems import PackError

    if taken:
        formulas(tmp_path, formula)
    else:
        with pytest.raises(PackError, match="the denominator may be 0"):
            formulas(tmp_path, formula)


def test_a_day_far_off_stays_in_range(tmp_path: Path) -> None:
    """From the first year that a pack may mean to the last."""
    long = fields("day person date min: 1800-01-01, max: 2199-12-31")
    text = variables(
        {"m": ("person", "decimal", "months_since(day)"), "y": ("person", "decimal", "age(day)")}
    )
    found = tiny(tmp_path, {"fields/a.yaml": long, "variables/a.yaml": text})
    field = found.pack.fields["day"]
    for day in (field.minimum, field.maximum):
        facts: Mapping[str, values.Num] = {"day": (day, day, 1)}
        for id in ("m", "y"):
            node = found.program.variables[id].num
            value = found.variable(id, [facts])
            assert isinstance(value, tuple)
            assert node.lo <= value[0] <= node.hi


def test_literals_with_a_fraction_are_no_floats(tmp_path: Path) -> None:
    pack = load(tmp_path, {"fields/a.yaml": FIELDS})
    assert pack.fields["share"].maximum == 100
    g = Graph()
    from zhida.rules.formulas.literals import number

    for text in ("0.1", "1_000.25", "2.50", "1e2", "7"):
        term = number(g, text)
        assert Fraction(term.num.lo, term.den.lo if term.den else 1) == Fraction(text)


def test_an_age_above_0_is_proof_enough() -> None:
    g = Graph()
    born = g.input("born", "num", PERSON, -30000, 30000, False)
    age = g.age(born)
    guard = g.less(g.const(0), age)
    assert guard.op == "born_by"
    assert age.id in proved_positive(guard)
    share = terms.divide(g, Term("money", g.const(100)), Term("number", age), proved_positive(guard))
    assert share.den is not None and share.den.lo == 1
