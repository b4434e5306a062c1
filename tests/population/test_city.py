"""The synthetic city at two per cent of its size: margins, families, money, registers, awards."""

from __future__ import annotations

import dataclasses
import errno
import os
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from zhida.population import writer as writer_module
from zhida.population.city import CityError, build, plan
from zhida.population.city.figures import load_figures
from zhida.population.city.margins import compare
from zhida.population.schema import OUTSIDE, Relation, State
from zhida.population.store import Part, Snapshot, SnapshotError
from zhida.population.writer import last_day_of
from zhida.rules.declarations import Pack
from zhida.rules.loading import find_pack, load_pack

MONTH = 2025 * 12 + 5
FRACTION = 0.02


@pytest.fixture(scope="module")
def pack() -> Pack:
    return load_pack(find_pack("zhejiang"))


@pytest.fixture(scope="module")
def snapshot(pack: Pack, tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    place = tmp_path_factory.mktemp("city") / "small"
    told: list[tuple[int, int]] = []
    built = build(pack, place, FRACTION, 7, MONTH, processes=1, progress=lambda a, b: told.append((a, b)))
    opened = Snapshot.open(place, pack, verify=True)
    assert opened.id == built.snapshot_id
    assert told[-1] == (built.persons, built.persons) == (opened.counts["persons"],) * 2
    return opened


@pytest.fixture(scope="module")
def parts(snapshot: Snapshot) -> list[Part]:
    found = list(snapshot.parts())
    for part in found:
        snapshot.check(part)
    return found


# Relative tolerance at this size; where a margin is drawn and not set, about three standard errors.
TOLERANCE = {
    "residents": 0.002,
    "residents by age": 0.004,
    "residents by county": 0.003,
    "registered by age": 0.03,
    "mean household": 0.005,
    "one-person households": 0.07,
    "three generations": 0.04,
    "collective quarters": 0.02,
    "65+ living with 65+": 0.10,
    "households with 65+": 0.25,  # there are more of them than in the census year
    "certificates": 0.05,
    "certificates by kind": 0.35,
    "receiving basic aid": 0.08,
}


def test_margins_come_out(pack: Pack, snapshot: Snapshot) -> None:
    margins = compare(pack, snapshot)
    assert Counter(m.name for m in margins)["residents by county"] == 13
    assert {m.name for m in margins} == set(TOLERANCE)
    off = [m for m in margins if abs(m.deviation) > TOLERANCE[m.name]]
    assert not off


def test_every_cell_of_county_age_and_sex_is_the_raked_census(pack: Pack) -> None:
    figures = load_figures(pack, date(2025, 6, 1))
    here, away, _ = plan.margins(figures)
    cut = plan.make_plan(figures, 0.1, 1, MONTH)
    for kind, table in (("here", here), ("away", away)):
        dealt = np.zeros_like(table)
        for chunk in cut.chunks:
            dealt[chunk.county] += getattr(chunk, kind)
        assert np.abs(dealt - 0.1 * table).max() <= 1
        assert dealt.sum() == round(0.1 * table.sum())
    assert (
        sum(c.persons for c in cut.chunks)
        == cut.persons
        == cut.chunks[-1].first_person + cut.chunks[-1].persons
    )
    census = np.stack([c.census for c in figures.counties])
    ratio = (here / census)[:, 20:55]  # one factor a county, sex and age group: the census keeps its shape
    assert np.allclose(ratio, ratio[:, :1])


def test_parts_hold_no_more_households_than_a_part_may(pack: Pack) -> None:
    cut = plan.make_plan(load_figures(pack, date(2025, 6, 1)), 1.0, 1, MONTH)
    assert max(sum(cut.chunks[i].persons for i in p) for p in cut.parts) <= plan.PART
    assert [i for p in cut.parts for i in p] == list(range(len(cut.chunks)))


def test_some_live_with_a_family_and_do_not_count(pack: Pack, snapshot: Snapshot, parts: list[Part]) -> None:
    """Each kind of person by whom a family is told from a roof; and awards to people who stand alone."""
    found: Counter[str] = Counter()
    roles = [c.id for c in pack.enums["household_role"].choices]
    for part in parts:
        persons = part.persons
        several = part.households["size"][persons["household"]] > 1
        age = (last_day_of(MONTH) - persons["birth_date"]) / 365.2425
        relation, severe = persons["relation"], np.isin(persons["disability_grade"], (1, 2))
        known = persons["relation_to_head__state"] == 0
        told = np.array([roles.index(r.name.lower()) for r in Relation])[relation]
        assert np.array_equal(persons["relation_to_head"][known], told[known])
        grown = (relation == Relation.CHILD) & (age >= 18)
        found["sibling"] += int((relation == Relation.SIBLING).sum())
        found["disabled sibling"] += int(
            ((relation == Relation.SIBLING) & (persons["disability_grade"] > 0)).sum()
        )
        found["prisoner"] += int((several & (persons["serving_sentence"] == 1)).sum())
        found["student"] += int((grown & (persons["student"] == 1)).sum())
        found["grown disabled child"] += int((grown & severe).sum())
        found["alone"] += int(
            (part.awards["benefit"] == snapshot.contract.benefits.index("dibao_single")).sum()
        )
    assert min(found.values()) >= 1 and len(found) == 6, found
    assert min(found["prisoner"], found["student"], found["grown disabled child"], found["alone"]) >= 20, (
        found
    )


def test_families_look_like_families(parts: list[Part]) -> None:
    for part in parts:
        persons, households = part.persons, part.households
        last = last_day_of(MONTH)
        age = (last - persons["birth_date"]) / 365.2425
        relation, home = persons["relation"], persons["household"]
        first, size = households["first_person"], households["size"]
        head = relation[first]
        assert np.isin(head, (Relation.HEAD, Relation.COLLECTIVE)).all()
        assert (size[head == Relation.COLLECTIVE] == 1).all()
        heads = np.bincount(home[relation == Relation.HEAD], minlength=len(size))
        assert (heads[head == Relation.HEAD] == 1).all()
        assert size.max() <= 12
        # A child is younger than the parents, a grandparent's generation older; couples point at each other.
        offset = part.info.first_person
        for link, least in (("link_father", 12), ("link_mother", 12)):
            child = np.flatnonzero(persons[link] >= 0)
            parent = persons[link][child] - offset
            assert ((parent >= 0) & (parent < len(age))).all()
            gap = age[parent] - age[child]
            assert np.quantile(gap, 0.002) > least
            assert 24 < np.median(gap) < 34
            assert (persons["sex"][parent] == (0 if link == "link_father" else 1)).mean() > 0.99
        married = np.flatnonzero(persons["link_spouse"] >= 0)
        partner = persons["link_spouse"][married] - offset
        assert np.array_equal(persons["link_spouse"][partner] - offset, married)
        assert (home[partner] == home[married]).all()
        minors = np.bincount(home[age < 18], minlength=len(size))
        assert (minors == size)[head == Relation.HEAD].sum() == 0  # no household of children only
        # Families with one, two and more minors.
        families = minors[(minors > 0) & (head == Relation.HEAD)]
        assert 0.5 < (families == 1).mean() < 0.8


def test_a_good_share_of_grown_people_is_tied_to_parents_elsewhere(parts: list[Part]) -> None:
    tied = apart = 0
    for part in parts:
        persons = part.persons
        age = (last_day_of(MONTH) - persons["birth_date"]) / 365.2425
        grown = (age >= 25) & (age < 45) & (persons["registered"] >= 0)
        mother = persons["link_mother"]
        elsewhere = grown & (mother >= 0)
        other = persons["household"][np.maximum(mother - part.info.first_person, 0)] != persons["household"]
        tied += int((elsewhere & other).sum())
        apart += int(grown.sum())
        assert ((mother == -1) | (mother == -2) | (mother >= 0)).all()
    assert 0.2 < tied / apart < 0.6


def test_where_people_are_registered(snapshot: Snapshot, parts: list[Part]) -> None:
    registered = np.concatenate([p.persons["registered"] for p in parts])
    lives = np.concatenate([p.persons["lives"] for p in parts])
    assert not ((registered == OUTSIDE) & (lives == OUTSIDE)).any()
    assert 0.04 < (lives[registered >= 0] == OUTSIDE).mean() < 0.06
    both = (registered >= 0) & (lives >= 0)
    codes = np.array(snapshot.divisions)
    county = np.array([c[:6] for c in codes])
    moved = (county[registered[both]] != county[lives[both]]).mean()
    assert 0.05 < moved < 0.2
    for part in parts:
        assert (np.diff(part.households["division"]) >= 0).all()
        home = np.where(part.persons["lives"] >= 0, part.persons["lives"], part.persons["registered"])
        assert np.array_equal(home, part.households["division"][part.persons["household"]])


def test_keys_are_unique(parts: list[Part]) -> None:
    for table, column in (("persons", "person_key"), ("households", "household_key")):
        keys = np.concatenate([p.tables[table][column] for p in parts])
        assert len(np.unique(keys)) == len(keys)
        assert keys.min() >= 0


def test_incomes_are_spread_as_assumed_and_go_together_in_a_household(parts: list[Part]) -> None:
    incomes, pairs = [], []
    for part in parts:
        persons = part.persons
        known = sum(
            persons[n].astype(np.int64) for n in ("wage", "pension", "business_income", "property_income")
        )
        home, size = persons["household"], part.households["size"]
        total = np.bincount(home, weights=known, minlength=len(size)) / size / 100
        incomes.append(np.repeat(total, size)[(persons["lives"] >= 0)])
        spouse = persons["link_spouse"] - part.info.first_person
        earners = np.flatnonzero((persons["link_spouse"] >= 0) & (persons["wage"] > 0))
        earners = earners[persons["wage"][spouse[earners]] > 0]
        pairs.append(np.log(np.stack([persons["wage"][earners], persons["wage"][spouse[earners]]])))
    income = np.concatenate(incomes)
    middle = income[income > np.quantile(income, 0.15)]
    assert 4000 < np.median(income) < 6000
    assert 0.4 < np.log(middle).std() < 0.7
    assert 0.2 < np.corrcoef(np.concatenate(pairs, axis=1))[0, 1] < 0.6


def test_registers_show_less_than_the_truth_where_they_say_so(
    pack: Pack, snapshot: Snapshot, parts: list[Part]
) -> None:
    registers = snapshot.manifest["registers"]
    assert set(registers) <= {r.id for r in pack.registers.values() if r.access == "register"}
    whole = [r for r, record in registers.items() if record["complete"] == ["330100000000"]]
    assert "hukou" in whole
    assert "awards" in whole
    assert registers["family_relations"]["complete"] == []
    partly = registers["real_estate"]
    assert "330182000000" not in partly["complete"]
    assert len(partly["complete"]) == 12
    assert partly["as_of"] == "2025-06-30"
    codes = np.array([c[:6] for c in snapshot.divisions])
    owners = {}
    for county in ("330182", "330127"):
        mine = [codes[p.households["division"]] == county for p in parts]
        homes = np.concatenate([p.households["homes"][m] for p, m in zip(parts, mine, strict=True)])
        owners[county] = (homes > 0).mean()
    assert owners["330182"] < 0.8 * owners["330127"]
    states = snapshot.manifest["fields"]
    assert states["wage"]["states"]["interval"] > 0
    assert all(
        0 < states[f]["states"]["unknown"] < 0.01 * snapshot.counts["persons"] for f in ("wage", "student")
    )
    assert states["birth_date"]["states"]["absent"] == 0
    assert not {"deposits", "cars", "declared_income", "chosen_support"} & set(states)
    for part in parts:
        for column in snapshot.contract.fields:
            values = part.tables[column.table][column.id]
            unread = ~np.isin(part.tables[column.table][f"{column.id}__state"], (State.KNOWN, State.INTERVAL))
            assert not values[unread].any()


def test_who_receives(snapshot: Snapshot, parts: list[Part]) -> None:
    counts: Counter[str] = Counter()
    sizes = []
    for part in parts:
        awards = part.awards
        names = np.array(snapshot.contract.benefits)[awards["benefit"]]
        counts.update(names.tolist())
        assert (awards["start"] < MONTH).all()
        assert (awards["last_review"] >= awards["start"]).all()
        assert (awards["last_review"] <= MONTH).all()
        sizes.append(part.households["size"][awards["unit_row"][names == "dibao"]])
        age = (last_day_of(MONTH) - part.persons["birth_date"]) / 365.2425
        old = awards["unit_row"][names == "old_age"]
        assert (age[old] >= 80).mean() > 0.97
        assert (part.persons["registered"][old] >= 0).all()
    full = {name: number / FRACTION for name, number in counts.items()}
    # Registered people of 80 and more were 318,900 at the end of 2024; nearly all receive.
    assert 295_000 < full["old_age"] < 330_000
    assert (
        1.5 < np.concatenate(sizes).mean() < 2.1
    )  # persons a household: 1.54 and 1.81 in a neighbouring province
    # nobody in the city has what only an assessment, a family's spending or a migrant's papers could tell
    untold = {"e_allowance_care", "rigid_expense", "low_income_support", "reservoir_support"}
    assert set(counts) == set(snapshot.contract.benefits) - untold
    assert len(parts[0].awards["amount"][parts[0].awards["amount"] % 100 != 0]) > 0


def test_some_awards_no_longer_fit_and_some_entitled_receive_nothing(pack: Pack) -> None:
    """Against the truth of one chunk: take-up and drift are what the figures say."""
    from zhida.population.city.build import Job, Worker
    from zhida.population.schema import contract_of

    figures = load_figures(pack, date(2025, 6, 1))
    cut = plan.make_plan(figures, 0.05, 3, MONTH)
    worker = Worker(Job(pack, cut, contract_of(pack), Path()))
    found: Counter[str] = Counter()
    for index in range(0, len(cut.chunks), 3):
        truth, awards = worker.truth(index)
        entitled = worker.rules.entitled(truth)
        for number, (benefit, _) in enumerate(worker.rules.benefits):
            rows = awards["unit_row"][awards["benefit"] == number]
            right = set(entitled[benefit].rows.tolist())
            found[f"{benefit}:entitled"] += len(right)
            found[f"{benefit}:receive"] += len(right & set(rows.tolist()))
            found[f"{benefit}:wrong"] += len(set(rows.tolist()) - right)
        poor = truth.notes["hardship"]
        assert truth.households["cars"][poor].sum() == 0
    assert 0.75 < found["dibao:receive"] / found["dibao:entitled"] < 0.85
    assert 0.97 < found["old_age:receive"] / found["old_age:entitled"] <= 0.995
    wrong = sum(found[k] for k in found if k.endswith(":wrong"))
    received = sum(found[k] for k in found if k.endswith(":receive"))
    assert 0.005 < wrong / received < 0.02


def test_same_seed_same_city_whoever_builds_it(
    pack: Pack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plan, "PART", 40_000)
    one = build(pack, tmp_path / "one", 0.01, 5, MONTH, processes=1)
    two = build(pack, tmp_path / "two", 0.01, 5, MONTH, processes=2)
    assert one.snapshot_id == two.snapshot_id
    assert len(Snapshot.open(tmp_path / "two", pack, verify=True).infos) > 2
    other = build(pack, tmp_path / "other", 0.01, 6, MONTH, processes=1)
    assert other.snapshot_id != one.snapshot_id


BUILD = """
import sys
from pathlib import Path
from zhida.population.city import build, plan
from zhida.rules.loading import find_pack, load_pack
if __name__ == "__main__":
    plan.PART = 20_000
    build(load_pack(find_pack("zhejiang")), sys.argv[1], 0.03, 5, processes=2)
"""


def test_kill_in_mid_build_leaves_nothing_that_opens(pack: Pack, tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(BUILD)
    place = tmp_path / "out" / "city"
    worker = subprocess.Popen([sys.executable, str(script), str(place)])
    deadline = time.monotonic() + 100
    while not list(tmp_path.glob("out/.city.building-*/part-*/awards.arrow")):
        assert worker.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.02)
    worker.send_signal(signal.SIGKILL)
    worker.wait()
    assert not place.exists()
    (left,) = (tmp_path / "out").iterdir()
    for path in (place, left):
        with pytest.raises(SnapshotError):
            Snapshot.open(path)
    time.sleep(1.0)  # its children end by themselves
    build(pack, place, 0.01, 5, MONTH, processes=1)
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["city"]
    Snapshot.open(place, pack, verify=True)


def test_full_disk_in_mid_build_keeps_nothing(
    pack: Pack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = 0
    real = writer_module._HashingFile.write

    def limited(self: Any, data: Any) -> int:
        nonlocal written
        written += len(data)
        if written > 3_000_000:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return real(self, data)

    monkeypatch.setattr(writer_module._HashingFile, "write", limited)
    monkeypatch.setattr(plan, "PART", 20_000)
    with pytest.raises(SnapshotError, match="disk is full"):
        build(pack, tmp_path / "city", 0.01, 5, MONTH, processes=1)
    assert not list(tmp_path.iterdir())


def _changed(pack: Pack, tmp_path: Path, change: Any) -> Pack:
    place = tmp_path / "pack"
    shutil.rmtree(place, ignore_errors=True)
    shutil.copytree(pack.path / "city", place / "city")
    tree = yaml.safe_load((place / "city/city.yaml").read_text(encoding="utf-8"))
    change(tree, place / "city")
    (place / "city/city.yaml").write_text(yaml.safe_dump(tree, allow_unicode=True), encoding="utf-8")
    return dataclasses.replace(pack, path=place)


LUNAR = {"mix": 1, "tilt": [1, 1, 1], "grades": [1, 1, 1, 1]}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda t, p: t["income"].pop("female"), r"income\.female is missing"),
        (lambda t, p: t["income"].update(female="much"), "'much', not a number"),
        (lambda t, p: t["residents"].update(male=5), "residents.male and female add up"),
        (lambda t, p: t["registered"]["origin"].pop(330102), "registered.origin lacks 330102000000"),
        (lambda t, p: t["disability"]["categories"].update(lunar=LUNAR),
         "the choice 'lunar' of field disability_category"),
        (lambda t, p: (p / "counties.csv").unlink(), r"counties\.csv can't be read"),
        (lambda t, p: (p / "age_sex.csv").write_text("county,sex\n"), r"age_sex\.csv: columns missing"),
    ],
)  # fmt: skip
def test_figures_that_can_not_be_used_are_named(pack: Pack, tmp_path: Path, change: Any, said: str) -> None:
    with pytest.raises(CityError, match=said):
        build(_changed(pack, tmp_path, change), tmp_path / "city", 0.01, 5, MONTH, processes=1)
    assert not (tmp_path / "city").exists()


def test_sizes_that_make_no_city_are_refused(pack: Pack, tmp_path: Path) -> None:
    for fraction in (0, -1, 1.5):
        with pytest.raises(CityError, match="give a fraction above 0"):
            build(pack, tmp_path / "city", fraction, 5, MONTH, processes=1)
    with pytest.raises(CityError, match="too few for households"):
        build(pack, tmp_path / "city", 0.0001, 5, MONTH, processes=1)
    with pytest.raises(CityError, match="has no city to build"):
        build(dataclasses.replace(pack, path=tmp_path), tmp_path / "city", 1, 5, MONTH, processes=1)


def test_a_higher_take_up_leaves_fewer_who_do_not_receive(pack: Pack, tmp_path: Path) -> None:
    """The share that receives stays; those entitled besides grow as take-up falls."""

    def eager(tree: Any, folder: Path) -> None:
        tree["awards"]["take_up"] = dict.fromkeys(tree["awards"]["take_up"], 1.0)

    changed = _changed(pack, tmp_path, eager)
    build(changed, tmp_path / "eager", 0.01, 7, MONTH, processes=1)
    margin = {m.name: m for m in compare(changed, Snapshot.open(tmp_path / "eager"))}
    assert abs(margin["receiving basic aid"].deviation) < 0.15
