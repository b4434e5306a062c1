"""Who is who as a person decides it: merges, splits and names, each of which can be undone."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zhida.population.identity.decisions import Decisions
from zhida.population.identity.store import IdentityError, IdentityStore
from zhida.population.register.deciding import pending, split_off
from zhida.population.schema import State

from .staging import number, staged
from .test_register import CITY, MAN, OLD, RING, WOMAN, build, police, resident, wage

DAY = date(2025, 7, 2)


def keys_of(folder: Path, *numbers: str) -> list[int]:
    store = IdentityStore.open(folder / "register" / "identity")
    return [store.find(RING, "identifiers", n)[0] for n in numbers]


def test_two_keys_of_one_person_are_read_as_one_and_apart_again(tmp_path: Path) -> None:
    second = number(7, "19800101")
    before = build(
        tmp_path,
        *police(tmp_path),
        staged(tmp_path / "s", "employment", [wage(second, "张三", 300_000)], division=CITY),
    )
    assert before.of(MAN, "wage") is State.ABSENT
    one, other = keys_of(tmp_path, MAN, second)
    identity = tmp_path / "register" / "identity"
    Decisions.load(identity).merge(other, one, "审核员", DAY, "本人换号, 派出所证明")
    (tmp_path / "again").mkdir()
    (tmp_path / "register").rename(tmp_path / "again" / "register")
    merged = build(tmp_path / "again")
    assert merged.of(MAN, "wage") == (State.KNOWN, 300_000)
    Decisions.load(tmp_path / "again" / "register" / "identity").undo(1, "审核员", DAY)
    (tmp_path / "third").mkdir()
    (tmp_path / "again" / "register").rename(tmp_path / "third" / "register")
    apart = build(tmp_path / "third")
    assert apart.of(MAN, "wage") is State.ABSENT
    assert apart.snapshot.id == before.snapshot.id


def _doubtful(tmp_path: Path) -> Any:
    return build(
        tmp_path,
        *police(tmp_path),
        staged(
            tmp_path / "s", "employment", [wage(MAN, "钱八", 300_000), wage(WOMAN, "李四", 1)], division=CITY
        ),
    )


def _moved(tmp_path: Path, name: str) -> Path:
    (tmp_path / name).mkdir()
    (tmp_path / "register").rename(tmp_path / name / "register")
    return tmp_path / name


def test_another_name_is_the_same_person_or_somebody_else(tmp_path: Path) -> None:
    assert _doubtful(tmp_path).of(MAN, "wage") is State.UNKNOWN
    register = tmp_path / "register"
    [open_point] = pending(register, RING)
    [key] = keys_of(tmp_path, MAN)
    assert (open_point.person_key, open_point.source, open_point.name, open_point.own) == (
        key, "employment", "钱*", "张*",
    )  # fmt: skip
    Decisions.load(register / "identity").same(key, "employment", "审核员", DAY, "曾用名")
    assert pending(register, RING) == []
    same = build(_moved(tmp_path, "same"))
    assert same.of(MAN, "wage") == (State.KNOWN, 300_000)

    register = tmp_path / "same" / "register"
    Decisions.load(register / "identity").undo(1, "审核员", DAY)
    new = split_off(register, key, "employment", "审核员", DAY, "重号, 是另一个人")
    assert new not in keys_of(tmp_path / "same", MAN, WOMAN, OLD)
    assert IdentityStore.open(register / "identity").next_key == new + 1
    split = build(_moved(tmp_path / "same", "split"))
    assert split.of(MAN, "wage") is State.ABSENT  # none of the rows is his
    assert split.of(WOMAN, "wage") == (State.KNOWN, 1)


def test_decisions_that_make_no_sense_are_refused(tmp_path: Path) -> None:
    decisions = Decisions.load(tmp_path).merge(1, 2, "审核员", DAY, "同一人")
    with pytest.raises(IdentityError, match="are one person already"):
        decisions.merge(2, 1, "审核员", DAY, "同一人")
    with pytest.raises(IdentityError, match="is read as 2 already"):
        decisions.merge(1, 3, "审核员", DAY, "同一人")
    with pytest.raises(IdentityError, match="who made it and why"):
        decisions.merge(4, 3, "审核员", DAY, " ")
    with pytest.raises(IdentityError, match="no decision 9"):
        decisions.undo(9, "审核员", DAY)
    again = Decisions.load(tmp_path).same(5, "tax", "审核员", DAY, "曾用名")
    with pytest.raises(IdentityError, match="Decision 2 says already"):
        again.split(5, "tax", 9, "审核员", DAY, "另一人")
    (tmp_path / "decisions.json").write_text("{}")
    with pytest.raises(IdentityError, match="can't be used"):
        Decisions.load(tmp_path)


@given(st.lists(st.tuples(st.integers(1, 8), st.integers(1, 8)), max_size=12), st.data())
def test_merges_undone_leave_what_was_before(
    tmp_path_factory: pytest.TempPathFactory, pairs: list[tuple[int, int]], data: st.DataObject
) -> None:
    decisions = Decisions.load(tmp_path_factory.mktemp("d"))
    states = [decisions.merged()]
    for away, into in pairs:
        try:
            decisions = decisions.merge(away, into, "甲", DAY, "同一人")
        except IdentityError:
            continue
        merged = decisions.merged()
        assert all(target not in merged for target in merged.values())
        states.append(merged)
    assert Decisions.load(decisions.folder).merged() == decisions.merged()
    for number_ in range(len(states) - 1, data.draw(st.integers(0, len(states) - 1)), -1):
        decisions = decisions.undo(number_, "甲", DAY)
        assert decisions.merged() == states[number_ - 1]


def test_the_store_finds_whom_a_key_is_read_as(tmp_path: Path) -> None:
    second = number(7, "19800101")
    build(tmp_path, *police(tmp_path, homes=[resident(second, "张三", "丁")]))
    one, other = keys_of(tmp_path, MAN, second)
    identity = tmp_path / "register" / "identity"
    Decisions.load(identity).merge(other, one, "审核员", DAY, "同一人")
    store = IdentityStore.open(identity)
    assert Decisions.load(identity).merged()[store.find(RING, "identifiers", second)[0]] == one
