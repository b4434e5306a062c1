"""From landed rows to a snapshot: who there is, whose word counts, and what stays unknown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from zhida.codes import keyfile
from zhida.codes.sealing import Keyring
from zhida.population.errors import SnapshotError
from zhida.population.identity.staged import StagedFile
from zhida.population.identity.store import IdentityStore
from zhida.population.register.assemble import Assembled, assemble
from zhida.population.register.conflicts import KINDS
from zhida.population.register.land import land
from zhida.population.schema import Relation, State
from zhida.population.store import Snapshot

from .staging import contracts, number, pack, staged

RING = Keyring.of([keyfile.fresh(1, date(2025, 6, 30))])
MONTH = 2025 * 12 + 5
CITY = "330100000000"
OTHER = "330105000000"
HERE, THERE = "330102001051", "330105001001"
MAN, WOMAN, CHILD = number(1), number(2, "19820202", woman=True), number(3, "20150203")
OLD, NEWCOMER, AWAY = number(4, "19480105"), number(5, "19990909"), number(6, "19900101", woman=True)
Row = dict[str, Any]


def hukou(id_number: str, name: str, book: str, relation: str = "head", **more: Any) -> Row:
    row = {
        "id_number": id_number, "name": name, "book": book, "relation": relation, "registered": HERE,
        "status": "present", "birth_date": date.fromisoformat(id_number[6:14]),
        "sex": "male" if int(id_number[16]) % 2 else "female",
    }  # fmt: skip
    return row | more


def resident(id_number: str, name: str, dwelling: str, relation: str = "head", **more: Any) -> Row:
    row = {
        "id_number": id_number, "name": name, "dwelling": dwelling, "relation": relation, "lives": HERE,
        "kind": "family", "since": date(2020, 1, 1), "registered": HERE,
    }  # fmt: skip
    return row | more


def wage(id_number: str, name: str, amount: int | None, employer: str = "甲厂", **more: Any) -> Row:
    row = {"id_number": id_number, "name": name, "employer": employer, "status": "active", "wage": amount}
    return row | more


def estate(id_number: str, name: str, unit: str, use: str, area: int, first: bool = True) -> Row:
    return {
        "id_number": id_number, "name": name, "unit_number": unit, "use": use, "area": area, "first": first,
        "status": "current",
    }  # fmt: skip


BOOKS = [
    hukou(MAN, "张三", "一", spouse=WOMAN),
    hukou(WOMAN, "李四", "一", "spouse", spouse=MAN),
    hukou(CHILD, "张小", "一", "child", father=MAN, mother=WOMAN),
    hukou(OLD, "王五", "二"),
    hukou(AWAY, "赵六", "三"),
]
HOMES = [
    resident(MAN, "张三", "甲"),
    resident(WOMAN, "李四", "甲", "spouse"),
    resident(CHILD, "张小", "甲", "child"),
    resident(OLD, "王五", "丙"),
    resident(NEWCOMER, "孙七", "乙", registered="420000000000"),
]


@dataclass
class City:
    """What came out: columns by name over the whole snapshot, with people found by their number."""

    done: Assembled
    snapshot: Snapshot
    rows: Mapping[str, int]
    keys: Mapping[str, int]
    persons: Mapping[str, Any]
    households: Mapping[str, Any]
    awards: Mapping[str, Any]

    def of(self, id_number: str, field: str) -> Any:
        """(state, value) of a person's field, with the high end of an interval."""
        return self._cell(self.persons, self.rows[id_number], field)

    def home(self, id_number: str, field: str) -> Any:
        return self._cell(self.households, int(self.persons["household"][self.rows[id_number]]), field)

    @staticmethod
    def _cell(table: Mapping[str, Any], row: int, field: str) -> Any:
        state = State(table[f"{field}__state"][row])
        if state is State.INTERVAL:
            return state, int(table[field][row]), int(table[f"{field}__hi"][row])
        return (state, int(table[field][row])) if state is State.KNOWN else state

    def conflicts(self, kind: str) -> list[tuple[str, str, str]]:
        names = {key: id_number for id_number, key in self.keys.items()}
        rows = pq.read_table(self.done.conflicts_file).to_pylist()
        return [(names[r["person_key"]], r["one"], r["other"]) for r in rows if r["kind"] == kind]


def build(folder: Path, *files: StagedFile, month: int = MONTH, processes: int = 1) -> City:
    if files:
        land(folder / "register", files, RING, synthetic=True, processes=1)
    out = folder / f"snapshot-{month}-{processes}"
    done = assemble(folder / "register", contracts(), out, month, processes=processes)
    snapshot = Snapshot.open(out, pack(), verify=True)
    [part] = snapshot.parts()
    snapshot.check(part)
    store = IdentityStore.open(folder / "register" / "identity")
    keys = {i: store.find(RING, "identifiers", i)[0] for i in (MAN, WOMAN, CHILD, OLD, NEWCOMER, AWAY)
            if store.find(RING, "identifiers", i)}  # fmt: skip
    rows = {i: int(np.flatnonzero(part.persons["person_key"] == k)[0]) for i, k in keys.items()
            if (part.persons["person_key"] == k).any()}  # fmt: skip
    return City(done, snapshot, rows, keys, part.persons, part.households, part.awards)


def police(folder: Path, books: list[Row] = BOOKS, homes: list[Row] = HOMES, **more: Any) -> list[StagedFile]:
    return [
        staged(folder / "s", "hukou", books, **({"division": CITY} | more)),
        staged(folder / "s", "residents", homes, **({"division": CITY} | more)),
    ]


def test_people_stand_in_households_with_their_places_and_kin(tmp_path: Path) -> None:
    city = build(tmp_path, *police(tmp_path))
    assert city.done.persons == 6 and city.done.households == 4
    p, rows = city.persons, city.rows
    family = [rows[i] for i in (MAN, WOMAN, CHILD)]
    assert family == [family[0], family[0] + 1, family[0] + 2]
    assert [Relation(p["relation"][r]) for r in family] == [Relation.HEAD, Relation.SPOUSE, Relation.CHILD]
    places = city.snapshot.divisions
    assert places[p["lives"][rows[MAN]]] == places[p["registered"][rows[MAN]]] == HERE
    assert p["lives"][rows[AWAY]] == -1  # registered here, and among none of those who live in the city
    assert places[city.households["division"][p["household"][rows[AWAY]]]] == HERE
    assert p["registered"][rows[NEWCOMER]] == -1
    assert p["link_father"][rows[CHILD]] == rows[MAN] and p["link_spouse"][rows[MAN]] == rows[WOMAN]
    assert p["link_father"][rows[OLD]] == -2  # not written is not "has none"
    assert p["member_from"][rows[MAN]] == date(2020, 1, 1).toordinal() - 719163
    assert not city.done.conflicts


def test_who_lives_elsewhere_is_not_told_by_an_incomplete_list(tmp_path: Path) -> None:
    books, homes = police(tmp_path)
    partial = staged(tmp_path / "s", "residents", HOMES, division=CITY, complete=False)
    city = build(tmp_path, books, partial)
    assert city.persons["lives"][city.rows[AWAY]] == -2
    assert homes.path == partial.path


def test_fields_follow_the_rules_of_their_contract(tmp_path: Path) -> None:
    city = build(
        tmp_path,
        *police(tmp_path),
        staged(tmp_path / "s", "employment", [
            wage(MAN, "张三", 300_000), wage(MAN, "张三", 50_000, "乙厂"),
            wage(WOMAN, "李四", 200_000, wage_high=250_000), wage(OLD, "王五", None),
            wage(NEWCOMER, "孙七", 400_000, status="suspended"),
        ], division=CITY),
        staged(tmp_path / "s", "disability", [
            {"id_number": OLD, "name": "王五", "category": "visual", "grade": "2", "status": "valid"},
            {"id_number": MAN, "name": "张三", "category": "visual", "grade": "2", "status": "cancelled"},
        ], division=CITY),
        staged(tmp_path / "s", "real_estate", [
            estate(MAN, "张三", "一", "home", 9000), estate(WOMAN, "李四", "一", "home", 9000, first=False),
            estate(WOMAN, "李四", "二", "other", 100),
        ], division=CITY),
    )  # fmt: skip
    assert city.of(MAN, "wage") == (State.KNOWN, 350_000)
    assert city.of(WOMAN, "wage") == (State.INTERVAL, 200_000, 250_000)
    assert city.of(OLD, "wage") is State.UNKNOWN  # employed, and how much is not told
    assert city.of(OLD, "employed") == (State.KNOWN, 1)
    assert city.of(NEWCOMER, "wage") is State.ABSENT and city.of(NEWCOMER, "employed") is State.ABSENT
    assert city.of(CHILD, "wage") is State.ABSENT
    assert city.of(OLD, "disability_grade") == (State.KNOWN, 2)
    assert city.of(OLD, "multiple_basis_category") is State.UNKNOWN
    assert city.of(MAN, "disability_grade") is State.ABSENT
    assert city.home(CHILD, "homes") == (State.KNOWN, 1)
    assert city.home(CHILD, "floor_area") == (State.KNOWN, 9000)
    assert city.home(CHILD, "non_residential") == (State.KNOWN, 1)
    assert city.home(OLD, "homes") is State.ABSENT
    assert city.of(MAN, "pension") is State.UNKNOWN  # nobody sent the pensions
    assert city.of(CHILD, "birth_date") == (State.KNOWN, date(2015, 2, 3).toordinal() - 719163)
    assert city.of(NEWCOMER, "sex") == (State.KNOWN, 0)  # by the digits: the household register has no row


def test_values_that_cannot_be_are_unknown_and_told(tmp_path: Path) -> None:
    city = build(
        tmp_path,
        *police(tmp_path, [*BOOKS[:3], hukou(OLD, "王五", "二", birth_date=date(1950, 1, 1))]),
        staged(tmp_path / "s", "employment", [
            wage(MAN, "张三", 200_000_000), wage(WOMAN, "钱八", 200_000), wage(CHILD, "张小", 2**62),
            wage(CHILD, "张小", 2**62, "乙厂"), wage(CHILD, "张小", 2**62, "丙厂"),
        ], division=CITY),
        staged(tmp_path / "s", "child_welfare", [
            {"id_number": CHILD, "name": "张小", "father": "alive", "mother": "alive"}], division=HERE),
        staged(tmp_path / "s", "child_welfare", [
            {"id_number": CHILD, "name": "张小", "father": "dead", "mother": "alive"}], division=THERE),
    )  # fmt: skip
    assert city.of(MAN, "wage") is State.UNKNOWN and city.of(CHILD, "wage") is State.UNKNOWN
    assert {who for who, _, _ in city.conflicts("out_of_range")} == {MAN, CHILD}
    assert city.of(WOMAN, "wage") is State.UNKNOWN  # the row bears somebody else's name
    assert city.conflicts("name_differs") == [(WOMAN, "", "employment")]
    assert city.of(CHILD, "father_state") is State.UNKNOWN
    assert city.of(CHILD, "mother_state")[0] is State.KNOWN
    assert city.conflicts("several_rows") == [(CHILD, "child_welfare", "")]
    assert city.of(OLD, "birth_date") == (State.KNOWN, date(1950, 1, 1).toordinal() - 719163)
    assert city.conflicts("value_differs") == [(OLD, "hukou", "digits")]


def test_the_dead_are_dead_whatever_else_is_written(tmp_path: Path) -> None:
    city = build(
        tmp_path,
        *police(tmp_path),
        staged(tmp_path / "s", "funerals", [
            {"id_number": MAN, "name": "张三", "died": date(2025, 6, 3)},
            {"id_number": OLD, "name": "王五", "died": date(2025, 7, 3)},
        ], division=CITY),
        staged(tmp_path / "s", "employment", [wage(MAN, "张三", 300_000)], division=CITY),
        staged(tmp_path / "s", "awards", [
            {"id_number": MAN, "name": "张三", "benefit": "dibao", "amount": 100, "start": MONTH - 9}
        ], division=CITY),
    )  # fmt: skip
    assert MAN not in city.rows and OLD in city.rows
    assert city.persons["link_father"][city.rows[CHILD]] == -1
    assert city.persons["link_spouse"][city.rows[WOMAN]] == -1
    assert Relation(city.persons["relation"][city.rows[WOMAN]]) is Relation.HEAD
    assert Relation(city.persons["relation"][city.rows[CHILD]]) is Relation.CHILD
    for kind, other in (
        ("dead_and_registered", "hukou"), ("dead_and_resident", "residents"),
        ("dead_and_listed", "employment"), ("dead_and_paid", "awards"),
    ):  # fmt: skip
        assert city.conflicts(kind) == [(MAN, "", other)], kind
    assert city.conflicts("no_head") == [(WOMAN, "residents", "")]


def marriage(kind: str, on: date, man: str = MAN, woman: str = WOMAN) -> Row:
    names = {MAN: "张三", WOMAN: "李四", OLD: "王五", AWAY: "赵六"}
    return {
        "man": man,
        "name": names[man],
        "woman": woman,
        "woman_name": names[woman],
        "kind": kind,
        "on": on,
    }


def test_the_latest_registration_tells_who_is_married(tmp_path: Path) -> None:
    married, divorced = marriage("married", date(2010, 1, 1)), marriage("divorced", date(2025, 5, 1))
    again = marriage("married", date(2025, 6, 2), OLD)
    city = build(
        tmp_path,
        *police(tmp_path),
        staged(tmp_path / "s", "marriages", [married, divorced, again], division=CITY),
    )
    spouse, rows = city.persons["link_spouse"], city.rows
    assert spouse[rows[MAN]] == -1
    assert spouse[rows[OLD]] == rows[WOMAN] and spouse[rows[WOMAN]] == rows[OLD]
    assert spouse[rows[AWAY]] == -1  # in no row of a complete register
    assert spouse[rows[NEWCOMER]] == -2  # married elsewhere, for all that is known here
    assert {c[0] for c in city.conflicts("link_differs")} == {MAN, WOMAN}
    assert city.conflicts("link_differs")[0][1:] == ("marriages", "hukou")


def test_awards_belong_to_the_household_or_the_person(tmp_path: Path) -> None:
    def paid(who: str, name: str, benefit: str, start: int, **more: Any) -> Row:
        return {"id_number": who, "name": name, "benefit": benefit, "amount": 50_000, "start": start} | more

    rows = [
        paid(WOMAN, "李四", "dibao", MONTH - 20, last_review=MONTH - 3),
        paid(MAN, "张三", "dibao", MONTH - 5, refusals=1),
        paid(OLD, "王五", "old_age", MONTH - 1),
        paid(CHILD, "张小", "orphan", MONTH + 1),
    ]
    city = build(tmp_path, *police(tmp_path), staged(tmp_path / "s", "awards", rows, division=CITY))
    names = city.snapshot.contract.benefits
    found = {names[b]: i for i, b in enumerate(city.awards["benefit"])}
    assert set(found) == {"dibao", "old_age"}
    dibao = found["dibao"]
    assert city.awards["unit_row"][dibao] == city.persons["household"][city.rows[MAN]]
    assert city.awards["start"][dibao] == MONTH - 5 and city.awards["refusals"][dibao] == 1
    assert city.awards["unit_row"][found["old_age"]] == city.rows[OLD]
    assert city.awards["last_review"][found["old_age"]] == MONTH - 1
    assert city.conflicts("paid_twice") == [(WOMAN, "awards", "awards")]


def test_sources_that_disagree_are_told_of(tmp_path: Path) -> None:
    twice = [
        staged(tmp_path / "s", "hukou", BOOKS, division="330102000000"),
        staged(tmp_path / "s", "hukou", [hukou(OLD, "王五", "九", registered=THERE)], division=OTHER),
        staged(tmp_path / "s", "residents", [*HOMES[:3], resident(OLD, "王五", "甲", "head")], division=CITY),
        staged(tmp_path / "s", "justice", [
            {"id_number": MAN, "name": "张三", "kind": "prison", "from": date(2024, 1, 1)}], division=CITY),
        staged(tmp_path / "s", "employment", [wage(MAN, "张三", 1)], division=CITY),
    ]  # fmt: skip
    city = build(tmp_path, *twice)
    assert city.conflicts("registered_twice") == [(OLD, "hukou", "hukou")]
    assert city.conflicts("several_heads") == [(MAN, "residents", "")]  # the elder of the two heads stays
    assert city.conflicts("prison_and_employed") == [(MAN, "justice", "employment")]
    assert city.done.households == 2


def test_the_conflicts_name_no_value(tmp_path: Path) -> None:
    city = build(
        tmp_path, *police(tmp_path), staged(tmp_path / "s", "employment", [wage(MAN, "钱八", 300_000)])
    )
    table = pq.read_table(city.done.conflicts_file)
    assert table.column_names == ["person_key", "division", "kind", "one", "other", "field"]
    assert set(table.column("kind").to_pylist()) <= set(KINDS)
    assert table.column("division").to_pylist() == [HERE]


def test_a_register_is_complete_where_all_its_sources_are(tmp_path: Path) -> None:
    county = "330102000000"
    city = build(
        tmp_path,
        *police(tmp_path),
        staged(tmp_path / "s", "employment", [wage(MAN, "张三", 1)], division=CITY),
        staged(tmp_path / "s", "pensions", [], division=county),
        staged(tmp_path / "s", "tax", [], division=CITY, complete=False),
        staged(tmp_path / "s", "students", [], division=CITY, as_of=date(2025, 5, 31)),
    )
    registers = city.snapshot.manifest["registers"]
    assert registers["hukou"] == {"as_of": "2025-06-30", "complete": [CITY]}
    assert registers["social_insurance"]["complete"] == [county]
    assert registers["tax"]["complete"] == [] and registers["education"]["complete"] == []
    assert "justice" not in registers


def test_the_newest_file_of_a_place_counts_and_a_mended_one_adds_to_it(tmp_path: Path) -> None:
    files = [
        *police(tmp_path),
        staged(
            tmp_path / "s",
            "employment",
            [wage(MAN, "张三", 1), wage(OLD, "王五", 5)],
            as_of=date(2025, 5, 31),
        ),
        staged(tmp_path / "s", "employment", [wage(MAN, "张三", 2)], as_of=date(2025, 6, 30)),
        staged(tmp_path / "s", "employment", [wage(MAN, "张三", 3)], as_of=date(2025, 7, 31)),
    ]
    mended = staged(tmp_path / "s", "employment", [wage(WOMAN, "李四", 7)], as_of=date(2025, 6, 30))
    land(tmp_path / "register", files, RING, synthetic=True, processes=1)
    as_mended = StagedFile(
        mended.source, mended.path, mended.sha256, mended.division, mended.as_of, False, True
    )
    city = build(tmp_path, as_mended)
    assert city.of(MAN, "wage") == (State.KNOWN, 2)
    assert city.of(WOMAN, "wage") == (State.KNOWN, 7)
    assert city.of(OLD, "wage") is State.ABSENT
    july = build(tmp_path, month=MONTH + 1)
    assert july.of(MAN, "wage") == (State.KNOWN, 3)
    assert {i: july.keys[i] for i in city.keys} == city.keys


def test_of_a_county_and_its_city_the_newer_row_counts(tmp_path: Path) -> None:
    city = build(
        tmp_path,
        *police(tmp_path),
        staged(tmp_path / "s", "employment", [wage(MAN, "张三", 1), wage(OLD, "王五", 5)], division=CITY,
               as_of=date(2025, 5, 31)),
        staged(tmp_path / "s", "employment", [wage(MAN, "张三", 2), wage(MAN, "张三", 10, "乙厂")]),
    )  # fmt: skip
    assert city.of(MAN, "wage") == (State.KNOWN, 12)
    assert city.of(OLD, "wage") == (State.KNOWN, 5)


def test_the_same_register_gives_the_same_snapshot(tmp_path: Path) -> None:
    one = build(tmp_path, *police(tmp_path), processes=1)
    two = build(tmp_path, processes=2)
    assert one.snapshot.id == two.snapshot.id


def test_nothing_landed_and_a_month_before_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SnapshotError, match="Nothing has been imported"):
        assemble(tmp_path / "none", contracts(), tmp_path / "out", MONTH)
    land(tmp_path / "register", police(tmp_path), RING, synthetic=True, processes=1)
    with pytest.raises(
        SnapshotError, match="holds nobody who is registered or lives in 330100000000 in 2024-01"
    ):
        assemble(tmp_path / "register", contracts(), tmp_path / "out", 2024 * 12)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["register", "s"]
