"""Social credit codes. All codes here are invented: region 99 belongs to no province."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.cn import uscc

from zhida.codes.errors import CodeError
from zhida.codes.resident_id import Region
from zhida.codes.social_credit import (
    ALPHABET,
    check_character,
    check_social_credit_code,
    organisation_check,
)

ON = date(2025, 6, 30)
bodies = st.tuples(
    st.text(alphabet="0123456789", min_size=8, max_size=8), st.text(alphabet=ALPHABET, min_size=9, max_size=9)
).map("".join)


@given(bodies)
def test_as_the_oracle_has_it(body: str) -> None:
    assert check_character(body) == uscc.calc_check_digit(body)
    code = body + check_character(body)
    assert uscc.is_valid(code)
    assert check_social_credit_code(code, ON).valid


@given(bodies, st.sampled_from(ALPHABET))
def test_any_other_last_character_is_refused(body: str, last: str) -> None:
    result = check_social_credit_code(body + last, ON)
    assert result.valid == uscc.is_valid(body + last)
    assert (result.authority, result.category, result.organisation) == (body[0], body[1], body[8:])


@given(bodies, st.integers(0, 16), st.sampled_from(ALPHABET))
def test_one_wrong_character_is_always_found(body: str, place: int, other: str) -> None:
    wrong = body[:place] + other + body[place + 1 :]
    assert (check_character(wrong) == check_character(body)) == (wrong == body)


def test_organisation_inside() -> None:
    # 00000000: 0 → 0; D2143569 gives X by hand: 13·3+2·7+1·9+4·10+3·5+5·8+6·4+9·2 = 199 = 18·11 + 1 → 10.
    assert organisation_check("00000000") == "0"
    assert organisation_check("D2143569") == "X"
    body = "52990101D2143569X"
    result = check_social_credit_code(body + check_character(body), ON)
    assert result.valid
    assert result.organisation_fits
    assert result.region == Region.RESERVED
    other = "52990101D21435690"
    result = check_social_credit_code(other + check_character(other), ON)
    assert result.valid, "the organisation's own check is reported, not a ground for refusal"
    assert not result.organisation_fits


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "has 0"),
        ("52990101D2143569X", "has 17"),
        ("52990101O2143569XA", "without I, O, S, V and Z"),
        ("52990101２2143569XA", "without I, O, S, V and Z"),
        ("5299010AD2143569XA", "must be digits"),
    ],
)
def test_problems(text: str, words: str) -> None:
    result = check_social_credit_code(text, ON)
    assert not result.valid
    assert words in result.problems[0]


def test_small_letters_and_errors() -> None:
    body = "52990101D2143569X"
    code = body + check_character(body)
    assert check_social_credit_code(f" {code.lower()}", ON) == check_social_credit_code(code, ON)
    with pytest.raises(CodeError):
        check_character("I" * 17)
    with pytest.raises(CodeError):
        organisation_check("1234567")
