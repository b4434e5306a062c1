"""Resident IDs. All numbers here are invented: region 99 belongs to no province."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.cn import ric

from zhida.codes.divisions import DivisionTree
from zhida.codes.errors import CodeError
from zhida.codes.resident_id import (
    Region,
    Sex,
    check_digit,
    check_digits,
    check_resident_id,
    convert_15,
    region_of,
)

ON = date(2025, 6, 30)
bodies = st.text(alphabet="0123456789", min_size=17, max_size=17)


def numbered(body: str) -> str:
    return body + check_digit(body)


@given(bodies)
def test_check_digit_as_the_oracle_has_it(body: str) -> None:
    # The oracle is asked for the check digit only: it refuses regions that it does not know.
    assert check_digit(body) == ric.calc_check_digit(body + "0")


@given(st.lists(bodies, min_size=1, max_size=30))
def test_many_at_once_as_one_by_one(parts: list[str]) -> None:
    expected = "".join(map(check_digit, parts)).encode()
    for size in (17, 18, 20):
        assert check_digits(np.array(parts, dtype=f"S{size}")).tobytes() == expected
    table = np.array([list(part.encode()) for part in parts], dtype=np.uint8)
    assert check_digits(table).tobytes() == expected


def test_many_at_once_with_what_is_no_number() -> None:
    ids = np.array([b"99010119900307001X", b"9901011990030700", b"X" * 18, b""], dtype="S18")
    assert check_digits(ids)[1:].tolist() == [0, 0, 0]
    for wrong in (np.array(["a"]), np.array([b"a"], dtype="S3"), np.zeros((2, 5), np.uint8), np.zeros(3)):
        with pytest.raises(CodeError):
            check_digits(wrong)


@given(bodies, st.integers(0, 16), st.integers(1, 9))
def test_one_wrong_digit_is_always_found(body: str, place: int, change: int) -> None:
    wrong = body[:place] + str((int(body[place]) + change) % 10) + body[place + 1 :]
    assert check_digit(wrong) != check_digit(body)


@given(bodies, st.integers(0, 15))
def test_neighbours_changed_over_are_found(body: str, place: int) -> None:
    wrong = body[:place] + body[place + 1] + body[place] + body[place + 2 :]
    assert (check_digit(wrong) == check_digit(body)) == (body[place] == body[place + 1])


@given(st.dates(date(1850, 1, 1), date(2100, 1, 1)), st.integers(0, 999))
def test_birth_and_sex(birth: date, sequence: int) -> None:
    number = numbered(f"990101{birth:%Y%m%d}{sequence:03d}")
    result = check_resident_id(number, ON)
    assert result.birth == birth
    assert result.sex == (Sex.MALE if sequence % 2 else Sex.FEMALE)
    assert result.valid == (birth <= ON)
    assert result.number == number
    assert not result.converted


def test_born_on_the_day_is_not_in_the_future() -> None:
    number = numbered("99010120250630001")
    assert check_resident_id(number, ON).valid
    assert check_resident_id(number, date(2025, 6, 29)).problems == (
        "The birth date in the resident ID lies after 2025-06-29.",
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "has 0"),
        ("9901011990030700", "has 16"),
        ("99010119900307001２", "other characters"),
        ("9901011990030700XX", "other characters"),
        ("99010119900307001Y", "other characters"),
        (numbered("99010119900230001"), "no day of the calendar"),
        (numbered("99010100000101001"), "no day of the calendar"),
        ("990101900230001", "no day of the calendar"),
        ("990101900307998", "before 1900"),
        ("99010190030799X", "15 digits"),
    ],
)
def test_problems(text: str, words: str) -> None:
    result = check_resident_id(text, ON)
    assert not result.valid
    assert words in result.problems[0]
    assert not text or text not in " ".join(result.problems), "a problem must not carry the number"


def test_all_problems_at_once_and_small_x() -> None:
    good = next(n for n in (numbered(f"9901011990030700{i}") for i in range(10)) if n.endswith("X"))
    assert check_resident_id(f" {good.lower()} ", ON) == check_resident_id(good, ON)
    assert check_resident_id(good, ON).valid
    wrong = numbered("99010119900230001")[:17]
    wrong += "0" if check_digit(wrong) != "0" else "1"
    assert len(check_resident_id(wrong, ON).problems) == 2


def test_fifteen_digits() -> None:
    result = check_resident_id("990101900307001", ON)
    assert result.number == numbered("99010119900307001")
    assert result.converted
    assert result.valid
    assert result.birth == date(1990, 3, 7)
    with pytest.raises(CodeError):
        convert_15("99010190030700")
    with pytest.raises(CodeError):
        check_digit("1")


def test_the_region_is_reported_and_never_refused() -> None:
    rows = [
        {"code": "999900000000", "name": "市", "level": "2"},
        {"code": "999901000000", "name": "甲县", "level": "3", "parent": "999900000000"},
        {
            "code": "999902000000",
            "name": "旧县",
            "level": "3",
            "parent": "999900000000",
            "until": "2020-01-01",
            "successor": "999901000000",
        },
    ]
    tree = DivisionTree.from_rows(rows)
    expected = {
        "999901": Region.CURRENT,
        "999902": Region.RETIRED,
        "999903": Region.RESERVED,
        "119903": Region.UNKNOWN,
    }
    for region, state in expected.items():
        result = check_resident_id(numbered(region + "19900307001"), ON, tree)
        assert result.valid
        assert result.region == state
    assert region_of("999902", date(2019, 12, 31), tree) == Region.CURRENT
    assert region_of("999901", ON, None) == Region.RESERVED
