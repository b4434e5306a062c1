"""People get surrogate keys that stay; who they are is sealed; rows land without an identifier."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zhida.codes import keyfile
from zhida.codes.sealing import Keyring
from zhida.population.errors import SnapshotError
from zhida.population.identity.likeness import clearly_differ
from zhida.population.identity.schema import TABLES
from zhida.population.identity.staged import StagedFile, name_order
from zhida.population.identity.store import IdentityError, IdentityStore
from zhida.population.register.land import WORK, land
from zhida.population.register.landed import Landed

from .staging import contracts, number, staged

RING = Keyring.of([keyfile.fresh(1, date(2025, 6, 30))])
VILLAGE = "330102001051"
MAN, WOMAN, CHILD, FAR = number(1), number(2, woman=True), number(3, "20150203"), number(9, "19500101")


def household(**changes: object) -> list[dict[str, object]]:
    common = {"book": "户一", "registered": VILLAGE, "address": "某路 1 号", "status": "present"}
    rows = [
        {"id_number": MAN, "name": "张三", "sex": "male", "relation": "head", "spouse": WOMAN, "father": FAR},
        {"id_number": WOMAN, "name": "李四", "sex": "female", "relation": "spouse", "spouse": MAN},
        {
            "id_number": CHILD, "name": "张小三", "sex": "male", "relation": "child",
            "father": MAN, "mother": WOMAN,
        },
    ]  # fmt: skip
    return [common | row | changes for row in rows]


def living(name: str = "张三", phone: str = "10000000001") -> dict[str, object]:
    return {
        "id_number": MAN, "name": name, "lives": VILLAGE, "dwelling": "一户", "kind": "family",
        "relation": "head", "phone": phone, "address": "某路 1 号 101 室",
    }  # fmt: skip


def wage(id_number: str, name: str, employer: str = "某厂", amount: int = 300_000) -> dict[str, object]:
    return {"id_number": id_number, "name": name, "employer": employer, "status": "active", "wage": amount}


def store_of(register: Path) -> IdentityStore:
    store = IdentityStore.open(register / "identity")
    store.verify()
    return store


def test_who_is_who_is_sealed_and_found_again(tmp_path: Path) -> None:
    files = [
        staged(tmp_path / "s", "hukou", household()),
        staged(tmp_path / "s", "residents", [living()]),
        staged(tmp_path / "s", "employment", [wage(MAN, "张三")]),
    ]
    taken = land(tmp_path / "r", files, RING, synthetic=True, processes=1)
    assert taken.rows == {"employment": 1, "hukou": 3, "residents": 1}
    assert taken.people == 4  # the father, whom no source holds, has a key too
    store = store_of(tmp_path / "r")
    [key] = store.find(RING, "identifiers", MAN)
    card = {(v.table, v.kind): v.value for v in store.card(RING, key)}
    assert card == {
        ("identifiers", "resident_id"): MAN,
        ("names", "main"): "张三",
        ("phones", "lives"): "10000000001",
        ("addresses", "registered"): "某路 1 号",
        ("addresses", "lives"): "某路 1 号 101 室",
    }
    assert store.find(RING, "phones", "10000000001") == [key]
    assert len(store.find(RING, "addresses", "某路 1 号")) == 3
    assert store.find(RING, "names", "王五") == []


def test_no_file_of_a_register_holds_a_name_or_a_number(tmp_path: Path) -> None:
    files = [
        staged(tmp_path / "s", "hukou", household()),
        staged(tmp_path / "s", "residents", [living()]),
        staged(tmp_path / "s", "employment", [wage(MAN, "王五")]),
        staged(tmp_path / "s", "disability", [
            {"id_number": CHILD, "name": "张小三", "certificate": CHILD + "42", "category": "visual",
             "grade": "1", "status": "valid"},
        ]),
    ]  # fmt: skip
    land(tmp_path / "r", files, RING, synthetic=True, processes=1)
    secrets = (MAN, WOMAN, CHILD, FAR, "张三", "李四", "王五", "某路", "户一", "某厂", "10000000001")
    there = [p for p in (tmp_path / "r").rglob("*") if p.is_file()]
    assert any(p.match("landed/hukou/*.parquet") for p in there)
    for path in there:
        data = path.read_bytes()
        if path.suffix == ".parquet":
            data += repr(pq.read_table(path).to_pylist()).encode()
        for secret in secrets:
            assert secret.encode() not in data, (path.name, secret)
        assert MAN[:17].encode() not in data
    assert not list((tmp_path / "r").glob(f"{WORK}*"))


def test_keys_stay_from_month_to_month_and_nothing_is_sealed_twice(tmp_path: Path) -> None:
    register = tmp_path / "r"
    land(register, [staged(tmp_path / "s", "hukou", household())], RING, synthetic=True, processes=1)
    first = store_of(register)
    before = {i: first.find(RING, "identifiers", i) for i in (MAN, WOMAN, CHILD, FAR)}
    july = staged(tmp_path / "s", "hukou", household(), as_of=date(2025, 7, 31))
    moved = staged(tmp_path / "s", "residents", [living(phone="10000000002")], as_of=date(2025, 7, 31))
    taken = land(register, [july, moved], RING, synthetic=True, processes=1)
    second = store_of(register)
    assert taken.people == 0
    assert {i: second.find(RING, "identifiers", i) for i in before} == before
    assert second.rows() | {"phones": 0, "addresses": 0} == first.rows() | {"phones": 0, "addresses": 0}
    assert taken.sealed == 2  # the phone, and the address where he lives
    again = land(register, [july, moved], RING, synthetic=True, processes=1)
    assert again.rows == {} and store_of(register).files == second.files


def test_a_value_that_comes_back_is_the_newest_again(tmp_path: Path) -> None:
    register = tmp_path / "r"
    for month, phone in ((5, "10000000001"), (6, "10000000002"), (7, "10000000001")):
        file = staged(tmp_path / "s", "residents", [living(phone=phone)], as_of=date(2025, month, 28))
        land(register, [file], RING, synthetic=True, processes=1)
    store = store_of(register)
    [key] = store.find(RING, "identifiers", MAN)
    phones = [v.value for v in store.card(RING, key) if v.table == "phones"]
    assert phones == ["10000000001", "10000000002", "10000000001"]


def test_a_row_under_a_clearly_different_name_is_doubtful_and_goes_to_review(tmp_path: Path) -> None:
    files = [
        staged(tmp_path / "s", "hukou", household()),
        staged(tmp_path / "s", "employment", [wage(MAN, "王五"), wage(WOMAN, "李司"), wage(CHILD, "张小三")]),
    ]
    taken = land(tmp_path / "r", files, RING, synthetic=True, processes=1)
    assert taken.to_review == 1
    rows = pq.read_table(Landed.open(tmp_path / "r").path("employment", 1)).to_pylist()
    doubtful = {row["person_key"] for row in rows if row["doubtful"]}
    store = store_of(tmp_path / "r")
    assert doubtful == set(store.find(RING, "identifiers", MAN))
    assert store.find(RING, "names", "李司") == store.find(RING, "identifiers", WOMAN)
    assert store.find(RING, "names", "王五") == []
    [row] = pq.read_table(tmp_path / "r" / "review" / "0001.parquet").to_pylist()
    assert RING.open(row["sealed"], "names") == "王五"
    assert row["source"] == "employment"


def test_a_name_is_held_against_what_is_known_from_earlier_imports(tmp_path: Path) -> None:
    register = tmp_path / "r"
    order = name_order(contracts().sources.values())

    def take(*files: StagedFile) -> int:
        return land(register, files, RING, synthetic=True, order=order, processes=1).to_review

    take(staged(tmp_path / "s", "hukou", household()))
    assert take(staged(tmp_path / "s", "employment", [wage(MAN, "王五"), wage(WOMAN, "李四")])) == 1
    assert (
        take(staged(tmp_path / "s", "residents", [living("赵六")])) == 1
    )  # a list that comes after the first
    store = store_of(register)
    [key] = store.find(RING, "identifiers", MAN)
    assert [v.value for v in store.card(RING, key) if v.table == "names"] == ["张三"]
    # Who has a new name by the source that counts first keeps the old one as a name once had.
    renamed = [row | ({"name": "诸葛天翼"} if row["id_number"] == MAN else {}) for row in household()]
    assert take(staged(tmp_path / "s", "hukou", renamed, as_of=date(2025, 7, 31))) == 0
    rent = {"id_number": MAN, "name": "张三", "item": "rent", "source": "甲", "net": 1}
    assert take(staged(tmp_path / "s", "tax", [rent])) == 0
    names = [v.value for v in store_of(register).card(RING, key) if (v.table, v.kind) == ("names", "main")]
    assert names == ["诸葛天翼", "张三"]
    again = staged(tmp_path / "s", "hukou", renamed, as_of=date(2025, 8, 31))
    before = store_of(register).rows()
    take(again)
    assert store_of(register).rows() == before


def test_a_stop_before_the_end_leaves_nothing_that_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    register = tmp_path / "r"
    file = staged(tmp_path / "s", "hukou", household())
    with monkeypatch.context() as patch:
        patch.setattr(Landed, "added", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            land(register, [file], RING, synthetic=True, processes=1)
    with pytest.raises(SnapshotError, match="Nothing has been imported"):
        Landed.open(register)
    given = store_of(register).find(RING, "identifiers", MAN)
    taken = land(register, [file], RING, synthetic=True, processes=1)
    assert taken.rows == {"hukou": 3} and taken.people == 0 and taken.sealed == 0
    assert store_of(register).find(RING, "identifiers", MAN) == given


def test_several_processes_give_the_same(tmp_path: Path) -> None:
    file = staged(tmp_path / "s", "hukou", household())
    found = []
    for processes in (1, 2):
        register = tmp_path / f"r{processes}"
        land(register, [file], RING, synthetic=True, processes=processes)
        store = store_of(register)
        found.append([store.find(RING, "identifiers", i) for i in (MAN, WOMAN, CHILD, FAR)])
        found.append(pq.read_table(Landed.open(register).path("hukou", 1)).sort_by("line").to_pylist())
    assert found[:2] == found[2:]


def test_invented_and_real_people_do_not_mix(tmp_path: Path) -> None:
    land(tmp_path / "r", [staged(tmp_path / "s", "hukou", household())], RING, synthetic=True, processes=1)
    other = staged(tmp_path / "s", "hukou", household(book="户二"))
    with pytest.raises(IdentityError, match="holds invented people, the delivery real ones"):
        land(tmp_path / "r", [other], RING, synthetic=False, processes=1)


def test_a_damaged_store_is_refused_by_name(tmp_path: Path) -> None:
    land(tmp_path / "r", [staged(tmp_path / "s", "hukou", household())], RING, synthetic=True, processes=1)
    store = store_of(tmp_path / "r")
    path = store.paths("names")[0]
    whole = path.read_bytes()
    path.write_bytes(whole[:-20] + bytes(20))
    with pytest.raises(IdentityError, match="was changed after it was written"):
        store.verify()
    path.unlink()
    with pytest.raises(IdentityError, match=f"{path.name} is missing"):
        IdentityStore.open(store.folder)
    (store.folder / "store.json").write_text("{}")
    with pytest.raises(IdentityError, match="can't be used"):
        IdentityStore.open(store.folder)


def test_tables_are_named_as_what_they_are_sealed_as() -> None:
    assert set(TABLES) == {"identifiers", "names", "phones", "addresses", "accounts"}


@pytest.mark.parametrize(
    ("one", "other", "differ"),
    [
        ("张三", "张三", False), ("张三", "张 三", False), ("张三", "張三", False), ("王芳", "王霞", False),
        ("王芳", "李明", True), ("王小芳", "王晓芳", False), ("王小芳", "王芳", False),
        ("王小芳", "李大明", True),
        ("王小芳", "王芳小", False), ("阿卜杜拉·买买提", "阿卜杜拉", False),
        ("买买提·阿里", "买买提阿里", False),
        ("张", "李", True), ("张三", "", True), ("ＬＩ Ming", "li ming", False),
    ],
)  # fmt: skip
def test_names_that_clearly_differ(one: str, other: str, differ: bool) -> None:
    assert clearly_differ(one, other) is differ


@given(st.text("王李张小芳明 ·", max_size=6), st.text("王李张小芳明 ·", max_size=6))
def test_likeness_hangs_on_no_order(one: str, other: str) -> None:
    assert clearly_differ(one, other) == clearly_differ(other, one)
    assert not clearly_differ(one, one) or not one.strip(" ·")
