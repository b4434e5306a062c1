"""Masking hides what it should, whatever comes in."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zhida.codes.masking import mask_account, mask_id, mask_name, mask_phone


@pytest.mark.parametrize(
    ("name", "masked"),
    [
        ("张三", "张*"),
        ("张三丰", "张**"),
        ("欧阳娜娜", "欧阳**"),
        ("欧阳娜", "欧阳*"),
        ("欧阳", "欧*"),
        ("甲乙·丙丁", "甲*·**"),
        ("张", "*"),
        ("", ""),
    ],
)
def test_names(name: str, masked: str) -> None:
    assert mask_name(name) == masked


def test_numbers() -> None:
    assert mask_id("990101199003070012") == "9901**********0012"
    assert mask_id("990101900307001") == "9901*******7001"
    assert mask_id("G12345678") == "*********"
    assert mask_phone("10000001234") == "100****1234"
    assert mask_phone("0999-88880000") == "0999-****0000"
    assert mask_phone("88880000") == "****0000"
    assert mask_phone("电话123") == "*****"
    assert mask_account("6200 0000 0000 1234") == "************1234"
    assert mask_account("1234567") == "*******"


@given(st.text(max_size=30))
def test_nothing_more_than_promised_is_shown(text: str) -> None:
    assert sum(c not in "*·• " for c in mask_name(text)) <= 2
    assert sum(c != "*" for c in mask_id(text)) <= 8
    assert sum(c != "*" for c in mask_account(text)) <= 4


@given(st.from_regex(r"1[0-9]{10}|0[0-9]{2,3}-?[0-9]{7,8}", fullmatch=True))
def test_phones_hide_the_middle(number: str) -> None:
    masked = mask_phone(number)
    assert len(masked) == len(number)
    assert masked.count("*") >= 3
    assert masked[-4:] == number[-4:]
