"""Whose row was refused is not somebody who has none: nothing is known of them until it is mended."""

from __future__ import annotations

import csv
import io
from datetime import date
from pathlib import Path

import pytest

from population.imports.conftest import read_once
from population.imports.office import Row, hukou_row, put, take, text
from population.imports.office import number as id_of
from zhida.codes import keyfile
from zhida.codes.sealing import Keyring
from zhida.population.errors import SnapshotError
from zhida.population.identity.store import IdentityStore
from zhida.population.imports import to_mend
from zhida.population.imports.headers import WITHDRAW
from zhida.population.imports.journal import Journal
from zhida.population.register.arrive import arrive
from zhida.population.register.assemble import assemble
from zhida.population.schema import NO_LINK, NOWHERE_KNOWN, OUTSIDE, UNKNOWN_LINK, State
from zhida.population.store import Snapshot

RING = Keyring.of([keyfile.fresh(1, date(2025, 6, 30))])
CONTRACTS = read_once()
DAY = "330102_20250630"
PAID, REFUSED, NONE = 1, 3, 5


def wage(order: int, **other: str) -> Row:
    row = {
        "id_number": id_of(order),
        "name": "测试甲",
        "employer": "甲厂",
        "status": "参保缴费",
        "wage": "3000",
    }
    return row | other


class Bureau:
    """One county of three people with a register, to which files come."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.register, self.sent = folder, folder / "register", 0

    def bring(self, rows: list[Row], *, complete: bool = True, land: bool = True) -> None:
        people = [hukou_row(order) for order in (PAID, REFUSED, NONE)]
        files = {f"户籍人口_{DAY}.csv": ("hukou", people), f"在职参保_{DAY}.csv": ("employment", rows)}
        for name, (source, lines) in files.items():
            put(self.folder / "in", text(CONTRACTS.sources[source], lines), name)
        told = "".join(f"  {name}: {{complete: {str(complete).lower()}}}\n" for name in files)
        put(self.folder / "in", f"synthetic: true\nfiles:\n{told}", "delivery.yaml")
        self.take(self.folder / "in", land)

    def take(self, folder: Path, land: bool = True) -> None:
        take(folder, self.register, CONTRACTS, RING)
        if land:
            arrive(self.register, CONTRACTS, RING, processes=1)

    def mend(self, change: Row, *, land: bool = True) -> None:
        """Every row that waits comes back with this change, by header."""
        self.sent += 1
        journal = Journal.load(self.register)
        files = [f.file for f in to_mend.count(journal, CONTRACTS)]
        [path] = to_mend.write_out(journal, files, CONTRACTS, RING, self.folder / "out", "补正")
        rows = list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig"), newline="")))
        out = io.StringIO(newline="")
        writer = csv.DictWriter(out, list(rows[0]))
        writer.writeheader()
        writer.writerows(row | change for row in rows)
        back = self.folder / f"back{self.sent}"
        put(back, out.getvalue(), f"在职参保_{DAY}_退回{self.sent}.csv", "utf-8-sig")
        put(back, "synthetic: true\n", "delivery.yaml")
        self.take(back, land)

    def snapshot(self) -> Snapshot:
        self.sent += 1
        out = self.folder / f"snapshot{self.sent}"
        assemble(self.register, CONTRACTS, out, 2025 * 12 + 5, processes=1)
        return Snapshot.open(out, CONTRACTS.pack, verify=True)

    def state(self, snapshot: Snapshot, order: int, field: str) -> State:
        [key] = IdentityStore.open(self.register / "identity").find(RING, "identifiers", id_of(order))
        [part] = snapshot.parts()
        [row] = (part.persons["person_key"] == key).nonzero()[0]
        return State(part.persons[f"{field}__state"][row])

    def states(self, field: str = "wage") -> list[State]:
        found = self.snapshot()
        return [self.state(found, order, field) for order in (PAID, REFUSED, NONE)]


@pytest.fixture
def bureau(tmp_path: Path) -> Bureau:
    return Bureau(tmp_path)


SPOILT = [{"wage": "三千左右"}, {"status": "不详"}, {"name": ""}]


@pytest.mark.parametrize("change", SPOILT)
def test_of_whom_a_row_waits_nothing_is_known(bureau: Bureau, change: Row) -> None:
    bureau.bring([wage(PAID), wage(REFUSED, **change)])
    for field in ("wage", "employed"):
        assert bureau.states(field) == [State.KNOWN, State.UNKNOWN, State.ABSENT]
    record = bureau.snapshot().manifest["registers"]["social_insurance"]
    assert "unread" not in record


def test_one_of_two_rows_refused_leaves_the_sum_open(bureau: Bureau) -> None:
    bureau.bring([wage(PAID), wage(REFUSED), wage(REFUSED, employer="乙厂", wage="?")])
    assert bureau.states() == [State.KNOWN, State.UNKNOWN, State.ABSENT]


def test_two_rows_of_one_key_leave_it_open(bureau: Bureau) -> None:
    bureau.bring([wage(PAID), wage(REFUSED), wage(REFUSED, wage="4000")])
    assert bureau.states() == [State.KNOWN, State.UNKNOWN, State.ABSENT]


def test_a_mended_row_is_known_and_a_withdrawn_one_is_no(bureau: Bureau) -> None:
    bureau.bring([wage(PAID), wage(REFUSED, wage="三千左右")])
    bureau.mend({"近六个月月均实发工资": "还是不清楚"})
    assert bureau.states() == [State.KNOWN, State.UNKNOWN, State.ABSENT]  # waits again, of the mended file
    bureau.mend({"近六个月月均实发工资": "3100"})
    assert bureau.states() == [State.KNOWN, State.KNOWN, State.ABSENT]


def test_a_withdrawn_row_says_nothing_any_more(bureau: Bureau) -> None:
    bureau.bring([wage(PAID), wage(REFUSED, wage="三千左右")])
    bureau.mend({WITHDRAW: "作废"})
    assert bureau.states() == [State.KNOWN, State.ABSENT, State.ABSENT]


def test_a_mended_row_that_has_not_landed_is_not_lost(bureau: Bureau) -> None:
    bureau.bring([wage(PAID), wage(REFUSED, wage="三千左右")])
    bureau.mend({"近六个月月均实发工资": "3100"}, land=False)
    with pytest.raises(SnapshotError, match="mends rows and has not landed"):
        bureau.snapshot()


def test_rows_whose_person_can_t_be_told_are_counted(bureau: Bureau) -> None:
    bureau.bring([wage(PAID), wage(REFUSED, id_number=id_of(REFUSED)[:-1] + "?"), wage(NONE, wage="?")])
    found = bureau.snapshot()
    record = found.manifest["registers"]["social_insurance"]
    assert record["unread"] == {"employment": {"330102000000": 1}}
    assert "unread" not in found.manifest["registers"]["hukou"]
    assert [bureau.state(found, o, "wage") for o in (PAID, REFUSED, NONE)] == [
        State.KNOWN, State.ABSENT, State.UNKNOWN
    ]  # fmt: skip


def test_no_number_of_a_refused_row_stays_in_the_register(bureau: Bureau) -> None:
    bureau.bring([wage(PAID), wage(REFUSED, wage="三千左右")], land=False)
    plain = id_of(REFUSED).encode()
    [told] = (bureau.register / "staging").rglob("*.refused")
    assert told.stat().st_mode & 0o077 == 0 or told.parent.stat().st_mode & 0o077 == 0
    arrive(bureau.register, CONTRACTS, RING, processes=1)
    assert not list((bureau.register / "staging").rglob("*.refused"))
    assert not [p for p in bureau.register.rglob("*") if p.is_file() and plain in p.read_bytes()]


def home(order: int, **other: str) -> Row:
    row = {"id_number": id_of(order), "name": "测试甲", "lives": "330102001051", "dwelling": f"D{order}"}
    return row | {"kind": "家庭户", "relation": "户主", "registered": "330102001051"} | other


def test_where_somebody_lives_and_whom_they_married_is_not_known_either(tmp_path: Path) -> None:
    """The sources hold everybody of the city, so that without the refused rows both would be no."""
    wedding = {"man": id_of(1), "name": "测试甲", "woman": id_of(2), "woman_name": "测试乙", "kind": "？",
               "on": "2020-01-02"}  # fmt: skip
    day = "330100_20250630"
    files = {
        f"户籍人口_{day}.csv": ("hukou", [hukou_row(order) for order in (1, 2, 3, 7)]),
        f"实有人口_{day}.csv": ("residents", [home(1), home(3, kind="？")]),
        f"婚姻登记_{day}.csv": ("marriages", [wedding]),
    }
    for name, (source, rows) in files.items():
        put(tmp_path / "in", text(CONTRACTS.sources[source], rows), name)
    told = "".join(f"  {name}: {{complete: true}}\n" for name in files)
    put(tmp_path / "in", f"synthetic: true\nfiles:\n{told}", "delivery.yaml")
    bureau = Bureau(tmp_path)
    bureau.take(tmp_path / "in")
    found = bureau.snapshot()
    [part] = found.parts()
    store = IdentityStore.open(bureau.register / "identity")
    at = {}
    for order in (1, 2, 3, 7):
        [key] = store.find(RING, "identifiers", id_of(order))
        [at[order]] = (part.persons["person_key"] == key).nonzero()[0]
    lives, spouse = part.persons["lives"], part.persons["link_spouse"]
    assert lives[at[1]] >= 0 and (lives[at[3]], lives[at[7]]) == (NOWHERE_KNOWN, OUTSIDE)
    assert [spouse[at[o]] for o in (1, 2, 7)] == [UNKNOWN_LINK, UNKNOWN_LINK, NO_LINK]  # her, too
