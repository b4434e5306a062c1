"""Rounding never makes a finding, and what no rounding explains always does."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from zhida.services.plan.check import check_plans
from zhida.services.plan.checks.finding import Finding, Severity
from zhida.services.plan.checks.interval import Interval, point, total
from zhida.services.plan.checks.names import alike, hard_difference, name_of, soft_difference
from zhida.services.plan.checks.numbering import ordinal
from zhida.services.plan.checks.quantity import quantity, unit_of
from zhida.services.plan.model import Figure
from zhida.services.plan.read import read_text

HEAD = "桃源县民政事业发展规划\n规划期为2026—2030年，规划基期为2025年。\n"
PLACES = st.integers(0, 3)
AMOUNTS = st.decimals(min_value=1, max_value=9000, places=4)


def printed(value: Decimal, places: int) -> str:
    return str(value.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP))


def loud(text: str) -> list[Finding]:
    return [f for f in check_plans([("x.txt", read_text(text))]) if f.severity is not Severity.NOTE]


def table(heads: str, *rows: str) -> str:
    return "\n".join([f"{HEAD}专栏1 主要指标", heads, *rows]) + "\n"


@given(AMOUNTS, PLACES, PLACES)
def test_one_number_printed_twice_is_no_contradiction(value: Decimal, one: int, other: int) -> None:
    text = table("序号\t指标\t2025年\t2030年目标值", f"1\t慈善捐赠总额（万元）\t{printed(value, one)}\t9999")
    assert loud(f"{text}2025年，慈善捐赠总额达到{printed(value, other)}万元。\n") == []
    hundred_millions = printed(value / 10000, other + 1)
    assume(Decimal(hundred_millions) > 0)
    assert loud(f"{text}2025年，慈善捐赠总额达到{hundred_millions}亿元。\n") == []


@given(AMOUNTS, PLACES, st.integers(1, 500))
def test_two_numbers_printed_apart_are_one(value: Decimal, places: int, off: int) -> None:
    one = Decimal(printed(value, places))
    other = one + off * Decimal(1).scaleb(-places)
    text = table("序号\t指标\t2025年\t2030年目标值", f"1\t慈善捐赠总额（万元）\t{one}\t99999")
    found = loud(f"{text}2025年，慈善捐赠总额达到{other}万元。\n")
    assert [(f.kind, f.severity) for f in found] == [("two-values", Severity.ERROR)]


@given(st.lists(AMOUNTS, min_size=2, max_size=6), PLACES)
def test_rounded_parts_of_a_rounded_whole_are_no_error(parts: list[Decimal], places: int) -> None:
    whole = printed(sum(parts, Decimal(0)), places)
    listed = "，".join(f"设施{i}类投资{printed(p, places)}万元" for i, p in enumerate(parts))
    assert [f for f in loud(f"{HEAD}总投资{whole}万元，其中：{listed}。\n") if f.kind == "parts"] == []


@given(st.lists(st.integers(1, 400), min_size=2, max_size=6), st.integers(1, 30))
def test_parts_that_are_too_many_are_an_error(parts: list[int], off: int) -> None:
    listed = "，".join(f"设施{'甲乙丙丁戊己'[i]}类{p}个" for i, p in enumerate(parts))
    found = loud(f"{HEAD}建设项目{sum(parts)}个，其中：{listed}。\n")
    assert [f for f in found if f.kind == "parts"] == []
    assume(sum(parts) > off)
    found = loud(f"{HEAD}建设项目{sum(parts) - off}个，其中：{listed}。\n")
    assert [f.kind for f in found if f.kind == "parts"] == ["parts"]


@given(st.integers(50, 9000), st.integers(50, 9000), st.integers(1, 2))
def test_a_rate_that_follows_is_left_in_peace(old: int, new: int, places: int) -> None:
    assume(new > old)
    compound = printed((Decimal(new) / old) ** (Decimal(1) / 5) * 100 - 100, places)
    simple = printed((Decimal(new) / old - 1) * 20, places)
    for rate in (compound, simple):
        text = table(
            "序号\t指标\t2020年\t2025年实际值\t年均增速（%）", f"1\t床位数（张）\t{old}\t{new}\t{rate}"
        )
        assert loud(text) == []
    far = printed(Decimal(simple) + max(Decimal(5), Decimal(simple)), places)
    text = table("序号\t指标\t2020年\t2025年实际值\t年均增速（%）", f"1\t床位数（张）\t{old}\t{new}\t{far}")
    assert [f.kind for f in loud(text)] == ["growth"]


@given(st.fractions(0, 1000), st.fractions(0, 1000), st.fractions(0, 10), st.fractions(0, 10))
def test_sums_and_quotients_hold_what_their_parts_may_be(
    a: Fraction, b: Fraction, c: Fraction, d: Fraction
) -> None:
    one, other = Interval(a, a + c), Interval(b, b + d)
    added = total([one, other])
    assert not added.below(point(a + b))
    quotient = one.over(other)
    if b:
        assert quotient.low is not None and quotient.low <= a / b
        assert quotient.high is not None and a / b <= quotient.high


def test_neighbours_share_no_number() -> None:
    def shares(raw: str) -> Interval:
        return quantity(Figure(raw, Decimal(raw), Decimal(raw)), unit_of("%"), f"{raw}%").range

    assert not shares("72").meets(shares("73"))
    assert shares("72").meets(shares("72.4"))
    assert not shares("72.6").meets(shares("72"))
    assert shares("72.5").meets(shares("73"))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("元/月", "元/年"),
        ("%", "‰"),
        ("名", "人"),
        ("万元", "亿元"),
        ("家", "个"),
        ("万人", "人"),
        ("％", "%"),
    ],
)
def test_units_of_one_measure(one: str, other: str) -> None:
    assert unit_of(one).measure == unit_of(other).measure


@pytest.mark.parametrize(("one", "other"), [("元", "元/年"), ("张", "人"), ("%", "个"), ("人次", "人")])
def test_units_of_two_measures(one: str, other: str) -> None:
    assert unit_of(one).measure != unit_of(other).measure


@pytest.mark.parametrize(
    ("one", "other", "how"),
    [
        ("养老机构护理型床位占比", "护理型床位占比", "near"),
        ("护理型床位占机构床位比率", "护理型床位占比", "same"),
        ("每千名老年人拥有养老床位数", "每千名老年人养老床位数", "same"),
        ("全市节地生态安葬率", "节地生态安葬率", "same"),
        ("持证社工", "每万人持证社会工作专业人才数", "short"),
        ("节地生态安葬率", "生态安葬设施覆盖率", None),
        ("养老机构", "养老机构护理型床位", None),
        ("城乡补助标准一体化", "城乡补助标准占消费支出比率", None),
        ("社会组织", "社会工作", None),
    ],
)
def test_which_names_are_the_same(one: str, other: str, how: str | None) -> None:
    assert alike(name_of(one), name_of(other)) == how
    assert alike(name_of(other), name_of(one)) == how


def test_words_that_make_another_thing_of_it() -> None:
    assert hard_difference(name_of("新增社会组织数"), name_of("社会组织数")) == {"新增"}
    assert soft_difference(name_of("登记社会组织数"), name_of("登记和备案社会组织数")) == {
        "登记",
        "登记和备案",
    }
    assert name_of("每万人拥有登记社会组织数").per == (10000, "人口")
    assert name_of("社会工作专业人才占总人口比例").per == (1, "人口")
    assert name_of("本市老年食堂数").area == "市"


@pytest.mark.parametrize(
    ("number", "value"),
    [("一", 1), ("（十二）", 12), ("二十", 20), ("第二十三章", 23), ("专栏3", 3), ("10", 10), ("注", None)],
)
def test_numbers_of_headings(number: str, value: int | None) -> None:
    assert ordinal(number) == value
