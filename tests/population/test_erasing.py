"""One person leaves a register: nothing of them is left in any file of it, and nobody else loses anything."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from zhida.codes.sealing import Keyring, SealError
from zhida.population.errors import SnapshotError
from zhida.population.identity.decisions import Decisions
from zhida.population.identity.schema import TABLES
from zhida.population.identity.store import IdentityError, IdentityStore
from zhida.population.imports.checking import Finding, Refused
from zhida.population.imports.journal import Journal, Taken
from zhida.population.imports.mending import quarantine_path
from zhida.population.imports.quarantine import COLUMN, QuarantineWriter, open_row, read
from zhida.population.imports.reasons import Reason
from zhida.population.register import erasing
from zhida.population.register.deciding import pending, split_off
from zhida.population.register.erasing import erase
from zhida.population.register.erasures import Erasures
from zhida.population.register.land import land

from .staging import contracts, number, staged
from .test_register import CHILD, CITY, MAN, OLD, RING, WOMAN, build, hukou, police, resident, wage

DAY = date(2025, 7, 2)


def key_of(register: Path, id_number: str) -> int:
    [key] = IdentityStore.open(register / "identity").find(RING, "identifiers", id_number)
    return key


def gone(register: Path, key: int) -> Any:
    return erase(register, contracts(), RING, key, by="登记科", on=DAY, reason="本人申请")


def cells(register: Path) -> Iterator[tuple[Path, str, Any]]:
    """Every cell of every Parquet file of a register: (file, column, value)."""
    for path in sorted(register.rglob("*.parquet")):
        for row in pq.ParquetFile(path).read().to_pylist():
            for name, value in row.items():
                yield path, name, value


def opened(ring: Keyring, value: bytes) -> str:
    for column in (*TABLES, COLUMN):
        try:
            return ring.open(value, column)
        except SealError:
            continue
    return ""


def holds_nothing(register: Path, ids: set[str], names: set[str], keys: set[int]) -> None:
    """No look-up, no key in a column of keys, no value that opens, in Parquet or as bytes of any file."""
    looked = [RING.look_up(i, "identifiers") for i in ids] + [RING.look_up(n, "names") for n in names]
    contract = contracts().sources
    for path in register.rglob("*"):
        if path.is_file():
            raw = path.read_bytes()
            assert not any(w in raw for w in looked), path
            assert not any(text.encode() in raw for text in ids | names), path
    for path, name, value in cells(register):
        source = contract.get(path.parent.name)
        referring = {c.id for c in source.columns if c.type == "resident_id"} if source else set()
        if name == "person_key" or name in referring:
            assert value not in keys, (path, name)
        if name in ("sealed", "row"):
            assert not any(text in opened(RING, value) for text in ids | names), path


def refuse(register: Path, rows: list[dict[str, str]], raw: str = "") -> Path:
    """A file of registrations with refused rows, as the first half of an import leaves it."""
    sha = "ab" * 32
    path = quarantine_path(register, sha)
    path.parent.mkdir(parents=True, exist_ok=True)
    refused = [
        Refused(i + 2, row, "", [Finding(i + 2, "birth_date", Reason.DATE_FORM, "")])
        for i, row in enumerate(rows)
    ]
    if raw:
        refused.append(Refused(99, {}, raw, [Finding(99, "", Reason.QUOTES, "")]))
    with QuarantineWriter(path, RING) as writer:
        writer.add(refused)
        writer.close()
    taken = Taken(
        "户籍人口_330102_20250630.csv", sha, 1, "hukou", CITY, "2025-06-30", "", True, True, "CSV",
        len(refused), 0, 0, len(refused), 0, 0, "", (), "0", "2025-07-01",
    )  # fmt: skip
    Journal.load(register, "zhejiang").add(taken)
    return path


def test_a_person_leaves_every_file_and_the_others_stay(tmp_path: Path) -> None:
    wages = staged(
        tmp_path / "s", "employment", [wage(MAN, "钱八", 300_000), wage(WOMAN, "李四", 5)], division=CITY
    )
    build(tmp_path, *police(tmp_path), wages)
    register = tmp_path / "register"
    path = refuse(
        register,
        [
            {"id_number": MAN, "name": "张三", "birth_date": "x"},
            {"id_number": MAN[:16] + "9" + MAN[17], "name": "张三", "birth_date": "x"},
            {"id_number": CHILD, "name": "张小", "birth_date": "x", "father": MAN},
            {"id_number": OLD, "name": "王五", "birth_date": "x"},
        ],
        raw=f'"张三,{MAN}',
    )
    key, woman, child = (key_of(register, n) for n in (MAN, WOMAN, CHILD))
    others = {k: IdentityStore.open(register / "identity").card(RING, k) for k in (woman, child)}
    assert pending(register, RING)
    done = gone(register, key)
    assert (done.keys, done.landed, done.references, done.quarantine, done.review) == ((key,), 3, 2, 4, 1)
    holds_nothing(register, {MAN}, {"张三", "钱八"}, {key})
    assert pending(register, RING) == []
    kept = [open_row(w, RING)[0] for w in read(path)]
    assert [(k["name"], k.get("father")) for k in kept] == [("张小", ""), ("王五", None)]
    store = IdentityStore.open(register / "identity")
    store.verify()
    assert {k: store.card(RING, k) for k in others} == others
    assert store.find(RING, "identifiers", MAN) == []

    (tmp_path / "b").mkdir()
    register.rename(tmp_path / "b" / "register")
    after = build(tmp_path / "b")
    assert key not in after.persons["person_key"]
    links = after.persons["link_father"], after.persons["link_spouse"]
    assert int(links[0][after.rows[CHILD]]) == int(links[1][after.rows[WOMAN]]) == -2  # not known, not nobody


def test_the_number_comes_in_again_under_a_new_key(tmp_path: Path) -> None:
    build(tmp_path, *police(tmp_path))
    register = tmp_path / "register"
    before = IdentityStore.open(register / "identity").next_key
    key = key_of(register, MAN)
    gone(register, key)
    later = staged(tmp_path / "t", "employment", [wage(MAN, "张三", 1)], as_of=date(2025, 7, 31))
    land(register, [later], RING, synthetic=True)
    assert key_of(register, MAN) >= before
    with pytest.raises(IdentityError, match="was erased on 2025-07-02"):
        gone(register, key)
    assert Erasures.load(register).of(key) is not None


def test_merged_keys_leave_together_and_who_was_split_off_stays(tmp_path: Path) -> None:
    second = number(7, "19800101")
    wages = [wage(second, "张三", 7), wage(MAN, "钱八", 300_000)]
    build(tmp_path, *police(tmp_path), staged(tmp_path / "s", "employment", wages, division=CITY))
    register = tmp_path / "register"
    one, other = key_of(register, MAN), key_of(register, second)
    Decisions.load(register / "identity").merge(other, one, "审核员", DAY, "张三换号")
    new = split_off(register, one, "employment", "审核员", DAY, "是钱八")
    done = gone(register, other)
    assert done.keys == tuple(sorted((one, other)))
    holds_nothing(register, {MAN, second}, {"张三"}, {one, other})
    assert "张三" not in (register / "identity" / "decisions.json").read_text("utf-8")
    [row] = [r for p in (register / "landed" / "employment").glob("*") for r in pq.read_table(p).to_pylist()]
    assert (row["person_key"], row["doubtful"], row["wage"]) == (new, False, 300_000)


def test_a_pair_stays_a_pair_for_the_other_one(tmp_path: Path) -> None:
    row = {"man": MAN, "name": "张三", "woman": WOMAN, "woman_name": "李四", "kind": "married"}
    pair = staged(tmp_path / "s", "marriages", [row | {"on": date(2010, 5, 1)}], division=CITY)
    build(tmp_path, *police(tmp_path), pair)
    register = tmp_path / "register"
    key, woman = key_of(register, MAN), key_of(register, WOMAN)
    done = gone(register, key)
    [path] = (register / "landed" / "marriages").glob("*.parquet")
    [left] = pq.read_table(path).to_pylist()
    assert (left["person_key"], left["woman"]) == (done.stand_in, woman) != (key, woman)
    (tmp_path / "b").mkdir()
    register.rename(tmp_path / "b" / "register")
    after = build(tmp_path / "b")
    assert after.persons["link_spouse"][after.rows[WOMAN]] == -2


def test_what_can_not_be_done_is_refused(tmp_path: Path) -> None:
    build(tmp_path, *police(tmp_path))
    register = tmp_path / "register"
    key = key_of(register, MAN)
    for reason in (f"{MAN} 申请", "张三申请"):
        with pytest.raises(IdentityError, match="names the person"):
            erase(register, contracts(), RING, key, by="甲", on=DAY, reason=reason)
    with pytest.raises(IdentityError, match="who ordered it and why"):
        erase(register, contracts(), RING, key, by=" ", on=DAY, reason="申请")
    with pytest.raises(IdentityError, match="Nobody in"):
        gone(register, 10_000)
    waiting = register / "staging" / "hukou" / "x.parquet"
    waiting.parent.mkdir(parents=True)
    waiting.touch()
    with pytest.raises(SnapshotError, match="have not landed"):
        gone(register, key)
    with pytest.raises(SnapshotError, match="Nothing has been imported"):
        gone(tmp_path / "elsewhere", key)
    assert not (tmp_path / "elsewhere").exists()
    assert not Erasures.load(register).made


@pytest.mark.parametrize("stop", ["forget", "_review", "_landed", "_drop", "load_resolution"])
def test_stopped_anywhere_it_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stop: str) -> None:
    build(tmp_path, *police(tmp_path))
    register = tmp_path / "register"
    key = key_of(register, MAN)

    def break_off(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(erasing, stop, break_off)
        with pytest.raises(KeyboardInterrupt):
            gone(register, key)
    assert not Erasures.load(register).made[0].done
    gone(register, key)
    holds_nothing(register, {MAN}, {"张三"}, {key})
    IdentityStore.open(register / "identity").verify()


def test_stopped_after_the_store_let_go_it_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    build(tmp_path, *police(tmp_path))
    register = tmp_path / "register"
    key = key_of(register, MAN)

    def break_off(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(IdentityStore, "remove_leftovers", break_off)
        with pytest.raises(KeyboardInterrupt):
            gone(register, key)
    gone(register, key)
    holds_nothing(register, {MAN}, {"张三"}, {key})
    assert json.loads((register / "erased.json").read_text())["erasures"][0]["done"]


PEOPLE = [number(i, f"19{60 + i}0101", woman=i % 2 == 0) for i in range(1, 7)]
NAMES = ["欧阳一", "司马二", "上官三", "诸葛四", "东方五", "皇甫六"]


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_after_an_erasure_no_file_holds_the_person(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("p")
    register = folder / "register"
    who = st.integers(0, 5)
    links = st.fixed_dictionaries({}, optional={k: who.map(PEOPLE.__getitem__) for k in ("father", "spouse")})
    for batch in range(data.draw(st.integers(1, 2))):
        some = data.draw(st.lists(who, min_size=1, max_size=6, unique=True))
        books = [hukou(PEOPLE[i], NAMES[i], str(i), address=f"某路{i}号", **data.draw(links)) for i in some]
        paid = [wage(PEOPLE[i], NAMES[data.draw(who)], i) for i in data.draw(st.lists(who, unique=True))]
        homes = [resident(PEOPLE[i], NAMES[i], str(i)) for i in some]
        day = date(2025, 5 + batch, 28)
        files = [
            staged(folder / str(batch), s, rows, as_of=day)
            for s, rows in (("hukou", books), ("employment", paid), ("residents", homes))
        ]
        land(register, files, RING, synthetic=True, processes=1)
    rows = data.draw(st.lists(st.tuples(who, who), max_size=5))
    refuse(register, [{"id_number": PEOPLE[i], "name": NAMES[i], "father": PEOPLE[j]} for i, j in rows])
    store = IdentityStore.open(register / "identity")
    known = {i: store.find(RING, "identifiers", PEOPLE[i]) for i in range(6)}
    i = data.draw(st.sampled_from([i for i in known if known[i]]))
    [key] = known[i]
    kept = {j: store.card(RING, k[0]) for j, k in known.items() if k and j != i}
    gone(register, key)
    store = IdentityStore.open(register / "identity")
    store.verify()
    assert {j: store.card(RING, known[j][0]) for j in kept} == kept
    looked = {RING.look_up(PEOPLE[i], "identifiers")}
    for path, name, value in cells(register):
        assert not (name == "look_up" and value in looked)
        assert not (name in ("person_key", "father", "mother", "spouse") and value == key), path
        if name in ("sealed", "row"):
            assert PEOPLE[i] not in opened(RING, value)
    assert np.all([f.rows > 0 for f in store.files])
