"""Numbers by the million are checked as one number is."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from zhida.codes.resident_id import check_digit, check_resident_id
from zhida.codes.resident_ids import LENGTH, IdState, check_resident_ids, days_of

ON = date(2025, 6, 30)
DIGITS = st.text("0123456789", min_size=17, max_size=17)


def birth() -> st.SearchStrategy[str]:
    days = st.dates(date(1850, 1, 1), date(2030, 12, 31)).map(lambda d: d.strftime("%Y%m%d"))
    return st.one_of(days, st.text("0123456789", min_size=8, max_size=8), st.just("19000229"))


@st.composite
def numbers(draw: st.DrawFn) -> str:
    """Right ones, nearly right ones, old ones, and anything."""
    kind = draw(st.integers(0, 5))
    body = draw(DIGITS)[:6] + draw(birth()) + draw(DIGITS)[:3]
    if kind == 0:
        return body + check_digit(body)
    if kind == 1:
        return body + draw(st.sampled_from("0123456789Xx"))
    if kind == 2:
        return body[:6] + body[8:17]
    if kind == 3:
        right = body + check_digit(body)
        place = draw(st.integers(0, 17))
        return right[:place] + draw(st.sampled_from("0123456789X-a ")) + right[place + 1 :]
    if kind == 4:
        return draw(st.text("0123456789X", max_size=22))
    return body[:6] + body[8:14] + draw(st.sampled_from(["995", "996", "999"]))


@given(st.lists(numbers(), min_size=1, max_size=20))
def test_as_one_by_one(texts: list[str]) -> None:
    cells = np.zeros((len(texts), LENGTH), np.uint8)
    for i, text in enumerate(texts):
        raw = text.encode()[:LENGTH]
        cells[i, : len(raw)] = list(raw)
    found = check_resident_ids(cells, np.array([len(t.encode()) for t in texts]), ON)
    for i, text in enumerate(texts):
        if text != text.strip():
            continue  # blanks at the ends are off before
        one = check_resident_id(text, ON)
        assert one.valid == (found.states[i] == IdState.GOOD), text
        if one.valid:
            assert bytes(found.numbers[i]).decode() == one.number
            assert date(1970, 1, 1) + timedelta(days=int(found.birth[i])) == one.birth
            assert bool(found.male[i]) == (one.sex == "male")


def test_the_first_thing_that_is_wrong_is_told() -> None:
    good = "83010219500101001"
    texts = [
        (good + check_digit(good), IdState.GOOD),
        ("830102500101001", IdState.GOOD),
        ("8301025001010", IdState.LENGTH),
        ("8301021950010100Y0", IdState.CHARACTERS),
        ("830102500101996", IdState.CENTENARIAN),
        ("830102195002300010", IdState.BIRTH),
        ("830102209001010010", IdState.LATER),
        (good + ("0" if check_digit(good) != "0" else "1"), IdState.CHECK),
    ]
    cells = np.zeros((len(texts), LENGTH), np.uint8)
    for i, (text, _) in enumerate(texts):
        cells[i, : len(text)] = list(text.encode())
    found = check_resident_ids(cells, np.array([len(t) for t, _ in texts]), ON)
    assert [IdState(int(s)) for s in found.states] == [state for _, state in texts]


@given(st.lists(st.text("0123456789", min_size=8, max_size=8), min_size=1, max_size=30))
def test_days_as_the_calendar_has_them(texts: list[str]) -> None:
    digits = np.array([[int(c) for c in t] for t in texts], np.uint8)
    days, real = days_of(digits)
    for i, text in enumerate(texts):
        try:
            expected = date(int(text[:4]), int(text[4:6]), int(text[6:]))
        except ValueError:
            assert not real[i]
        else:
            assert real[i]
            assert days[i] == (expected - date(1970, 1, 1)).days
