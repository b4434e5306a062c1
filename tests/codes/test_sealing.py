"""What is sealed opens with the right keys and column only, and is found without being opened."""

from __future__ import annotations

import os
import stat
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zhida.codes import keyfile
from zhida.codes.keyfile import KeyFileError
from zhida.codes.sealing import LOOK_UP, OVERHEAD, Keyring, SealError

DAY = date(2025, 6, 30)
RING = Keyring.of([keyfile.fresh(1, DAY)])
NEWER = Keyring.of([*RING.keys.values(), keyfile.fresh(2, DAY)])
OTHER = Keyring.of([keyfile.fresh(1, DAY)])
VALUES = st.text(max_size=40)
COLUMNS = st.text(min_size=1, max_size=12)


@given(st.lists(st.one_of(st.none(), VALUES)), COLUMNS)
def test_what_is_sealed_opens_as_it_was(values: list[str | None], column: str) -> None:
    sealed = RING.seal_all(values, column)
    assert RING.open_all(sealed, column) == values
    for value, whole in zip(values, sealed, strict=True):
        assert whole is None or len(whole) == len((value or "").encode()) + OVERHEAD


@given(VALUES, COLUMNS, COLUMNS)
def test_the_same_value_is_never_sealed_the_same_and_opens_in_its_column_only(
    value: str, column: str, other: str
) -> None:
    first, second = RING.seal_all([value, value], column)
    assert first is not None and second is not None
    assert first != second
    if column != other:
        with pytest.raises(SealError, match="belongs to another column"):
            RING.open(first, other)


@given(VALUES, st.data())
def test_any_changed_bit_is_refused(value: str, data: st.DataObject) -> None:
    sealed = RING.seal(value, "name")
    bit = data.draw(st.integers(0, len(sealed) * 8 - 1))
    changed = bytearray(sealed)
    changed[bit // 8] ^= 1 << bit % 8
    with pytest.raises(SealError) as refused:
        RING.open(bytes(changed), "name")
    assert "name" in str(refused.value) and "\n" not in str(refused.value)


@given(VALUES, st.integers(0, OVERHEAD + 3))
def test_what_is_cut_short_is_refused(value: str, kept: int) -> None:
    sealed = RING.seal(value, "name")
    with pytest.raises(SealError):
        RING.open(sealed[: min(kept, len(sealed) - 1)], "name")


def test_other_keys_are_refused_in_one_sentence() -> None:
    sealed = RING.seal("张三", "name")
    with pytest.raises(SealError, match="sealed with other keys") as refused:
        OTHER.open(sealed, "name")
    assert "张三" not in str(refused.value)
    with pytest.raises(SealError, match="sealed by version 2 of the keys, and the key file holds 1"):
        RING.open(NEWER.seal("张三", "name"), "name")


@given(VALUES, VALUES, COLUMNS, COLUMNS)
def test_a_look_up_tells_equal_values_of_one_column_and_no_more(a: str, b: str, one: str, two: str) -> None:
    assert (RING.look_up(a, one) == RING.look_up(b, one)) == (a == b)
    assert len(RING.look_up(a, one)) == LOOK_UP
    assert OTHER.look_up(a, one) != RING.look_up(a, one)
    if one.replace("\0", "") != two.replace("\0", ""):
        assert RING.look_up(a, one) != RING.look_up(a, two)


@given(st.lists(st.one_of(st.none(), VALUES)))
def test_rotation_keeps_every_value_and_leaves_nothing_under_the_old_key(values: list[str | None]) -> None:
    old = RING.seal_all(values, "phone")
    fresh = NEWER.reseal_all(old, "phone")
    assert NEWER.open_all(fresh, "phone") == NEWER.open_all(old, "phone") == values
    only_new = Keyring({2: NEWER.keys[2]})
    assert only_new.open_all(fresh, "phone") == values
    assert NEWER.reseal_all(fresh, "phone") == fresh
    assert NEWER.look_up_all(values, "phone", 1) == RING.look_up_all(values, "phone")


def test_keys_live_in_a_file_of_their_owner(tmp_path: Path) -> None:
    path = tmp_path / "safe" / "keys.json"
    ring, sentence = Keyring.load_or_create(path)
    assert sentence is not None and str(path) in sentence
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert os.listdir(path.parent) == ["keys.json"]
    again, sentence = Keyring.load_or_create(path)
    assert sentence is None
    assert again.open(ring.seal("甲", "name"), "name") == "甲"
    with pytest.raises(KeyFileError, match="left as it is"):
        Keyring.create(path)
    keyfile.add(path, DAY)
    assert Keyring.load(path).version == 2
    assert Keyring.load(path).open(ring.seal("甲", "name"), "name") == "甲"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_key_file_that_others_may_read_or_that_is_none_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    with pytest.raises(KeyFileError, match="There is no key file"):
        Keyring.load(path)
    Keyring.create(path)
    path.chmod(0o640)
    with pytest.raises(KeyFileError, match=r"may be read by others \(mode 0640\)"):
        Keyring.load(path)
    whole = path.read_text()
    for text in ("", "[]", "{}", whole.replace('"version": 1', '"version": 2'), whole[:-30], '{"format": 2}'):
        path.write_text(text)
        path.chmod(0o600)
        with pytest.raises(KeyFileError, match="bring it back from its copy"):
            Keyring.load(path)


def test_keys_beside_the_data_are_refused(tmp_path: Path) -> None:
    data = tmp_path / "register"
    data.mkdir()
    with pytest.raises(KeyFileError, match="lies inside the data folder"):
        Keyring.load_or_create(data / "keys.json", apart_from=data)
    assert not (data / "keys.json").exists()
    Keyring.load_or_create(tmp_path / "keys.json", apart_from=data)


def test_keys_are_not_shown() -> None:
    keys = RING.keys[1]
    assert keys.seal.hex() not in repr(RING) and repr(keys.seal) not in repr(RING)


def test_the_place_of_the_keys(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("ZHIDA_KEYS", str(tmp_path / "k.json"))
    assert keyfile.default_path() == tmp_path / "k.json"
    monkeypatch.delenv("ZHIDA_KEYS")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert keyfile.default_path() == tmp_path / "zhida" / "keys.json"
