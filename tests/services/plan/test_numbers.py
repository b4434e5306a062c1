"""Numbers as people write them: read exactly, or not at all."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zhida.services.plan.flow import flow
from zhida.services.plan.numbering import chinese_numeral
from zhida.services.plan.numbers import chinese, numbers
from zhida.services.plan.quantities import quantities


def read(text: str) -> list[tuple[str, str, str, str | None]]:
    """(raw, low or low..high, comparison, unit) of all quantities."""
    found = []
    for q in quantities(flow(text).text):
        f = q.figure
        value = str(f.low) if f.low == f.high else f"{f.low}..{f.high}"
        found.append((f.raw, value, f.comparison, q.unit))
    return found


@pytest.mark.parametrize(
    ("text", "raw", "value", "comparison", "unit"),
    [
        ("床位１，２００张", "1,200", "1200", "=", "张"),
        ("床位１２００张", "1200", "1200", "=", "张"),
        ("资金1,102.50元", "1,102.50", "1102.50", "=", "元"),
        ("约3.2亿元", "3.2", "3.2", "≈", "亿元"),
        ("近13万人", "13", "13", "≈", "万人"),
        ("1400余家", "1400", "1400", ">", "家"),
        ("60多万人次", "60", "60", ">", "万人次"),
        ("三百个", "三百", "300", "=", "个"),
        ("六成以上", "六成", "60", "≥", "%"),
        ("三成五", "三成五", "35", "=", "%"),
        ("百分之八十", "百分之八十", "80", "=", "%"),
        ("百分之六十二点五", "百分之六十二点五", "62.5", "=", "%"),
        ("千分之三", "千分之三", "3", "=", "‰"),
        ("达到８０％", "80", "80", "=", "%"),
        ("翻一番", "翻一番", "2", "=", "倍"),
        ("翻两番", "翻两番", "4", "=", "倍"),
        ("全覆盖", "全覆盖", "100", "=", "%"),
        ("基本全覆盖", "全覆盖", "100", "≈", "%"),
        ("5—8个", "5—8", "5..8", "=", "个"),
        ("5%～8%", "5%～8", "5..8", "=", "%"),
        ("15至20个", "15至20", "15..20", "=", "个"),
        ("三至五家", "三至五", "3..5", "=", "家"),
        ("不低于90%", "90", "90", "≥", "%"),
        ("不少于三百名", "三百", "300", "≥", "名"),
        ("至少2名", "2", "2", "≥", "名"),
        ("不超过10天", "10", "10", "≤", "天"),
        ("50张以内", "50", "50", "≤", "张"),
        ("超过1万张", "1", "1", ">", "万张"),
        ("不足5%", "5", "5", "<", "%"),
        ("300张左右", "300", "300", "≈", "张"),
        ("≥95%", "95", "95", "≥", "%"),
        ("80亿元/年", "80", "80", "=", "亿元/年"),
        ("到 2030 年建成 24 个", "24", "24", "=", "个"),
    ],
)
def test_spellings(text: str, raw: str, value: str, comparison: str, unit: str) -> None:
    assert read(text) == [(raw, value, comparison, unit)]


@pytest.mark.parametrize(
    "text",
    [
        "二〇三五年", "2030年", "2021至2025年", "20XX年", "第三", "第十二次", "*万人", "5*%", "1*0个",
        "1O0个", "l00%", "6O%", "1 000个", "1，102元", "10.0.1", "一些", "千方百计", "一成不变", "三五年",
        "公约", "1/3", "123456789012345678901个",
    ],
)  # fmt: skip
def test_what_gives_no_value(text: str) -> None:
    assert [q for q in read(text) if q[3] is not None or q[0].isascii()] == []


@given(st.integers(min_value=1, max_value=9999))
def test_a_numeral_that_is_written_is_read(number: int) -> None:
    assert chinese(chinese_numeral(number)) == number


@given(st.integers(min_value=10, max_value=9999), st.integers(min_value=0, max_value=9999))
def test_myriads(high: int, low: int) -> None:
    text = chinese_numeral(high) + "万"
    if low:
        text += ("零" if low < 1000 else "") + chinese_numeral(low)
    assert chinese(text) == high * 10_000 + low


@given(st.lists(st.sampled_from("零〇一二三四五六七八九"), min_size=3, max_size=8))
def test_digit_by_digit(digits: list[str]) -> None:
    value = int("".join(str("零一二三四五六七八九".find(d.replace("〇", "零"))) for d in digits))
    assert chinese("".join(digits)) == value


@given(st.text(alphabet="零〇一二两三四五六七八九十百千万亿点", max_size=14))
def test_a_numeral_is_read_or_refused(text: str) -> None:
    value = chinese(text)
    assert value is None or value >= 0


@given(st.decimals(min_value=0, max_value=10**9, places=2), st.sampled_from(["", "，", "达到", "共有"]))
def test_what_is_printed_with_separators_is_read_exactly(value: Decimal, before: str) -> None:
    found = numbers(f"{before}{value:,}元")
    assert [n.value for n in found] == [value]


@given(st.text(alphabet="0123456789.,，*OlX年%个万 ", max_size=20))
def test_no_number_is_longer_than_what_is_printed(text: str) -> None:
    for found in numbers(flow(text).text):
        digits = "".join(c for c in flow(text).text[found.start : found.end] if c.isdigit())
        assert str(found.value).replace(".", "").lstrip("0") == digits.lstrip("0")
