"""The synthetic city as files of departments: every row fits its contract, and the truth joins."""

from __future__ import annotations

import filecmp
import json
from collections import Counter
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
import yaml

from population.deliveries import File, contracts, number_is_right, problems, read_delivery
from zhida.codes.resident_id import Region, check_resident_id
from zhida.population.city import CityError, build, plan
from zhida.population.city.files import build_files
from zhida.population.city.kept import read_kept
from zhida.population.errors import SnapshotError
from zhida.population.store import Snapshot
from zhida.rules.declarations import Pack
from zhida.rules.loading import find_pack, load_pack

MONTH = 2025 * 12 + 5
FRACTION = 0.001


@pytest.fixture(scope="module")
def pack() -> Pack:
    return load_pack(find_pack("zhejiang"))


@pytest.fixture(scope="module")
def made(pack: Pack, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A delivery without defects and its truth."""
    place = tmp_path_factory.mktemp("files")
    built = build_files(
        pack, place / "sent", FRACTION, 7, MONTH, truth=place / "truth", defects=False, processes=1
    )
    assert built.files == len(list((place / "sent").glob("*.csv")))
    assert sum(built.rows.values()) > 20_000
    return place / "sent", place / "truth"


@pytest.fixture(scope="module")
def spoiled(pack: Pack, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The same with defects."""
    place = tmp_path_factory.mktemp("spoiled")
    build_files(pack, place / "sent", FRACTION, 7, MONTH, truth=place / "truth", processes=1)
    return place / "sent", place / "truth"


@pytest.fixture(scope="module")
def files(pack: Pack, made: tuple[Path, Path]) -> list[File]:
    return list(read_delivery(made[0], pack.path))


def test_every_row_fits_its_contract(files: list[File]) -> None:
    found = {f.path.name: list(problems(f))[:3] for f in files}
    assert {k: v for k, v in found.items() if v} == {}
    assert {f.encoding for f in files} == {"gb18030", "utf-8-sig"}


def test_every_source_of_the_pack_is_sent(pack: Pack, files: list[File]) -> None:
    assert {f.contract["name"] for f in files} == set(contracts(pack.path))


def test_delivery_says_what_is_complete_and_that_nobody_is_real(made: tuple[Path, Path]) -> None:
    told = yaml.safe_load((made[0] / "delivery.yaml").read_text(encoding="utf-8"))
    assert told["synthetic"] is True and told["month"] == "2025-06"
    assert set(told["files"]) == {p.name for p in made[0].glob("*.csv")}
    assert all(set(f) == {"complete"} for f in told["files"].values())
    assert not [p.name for p in made[0].iterdir() if p.name.startswith(".")]


def test_nobody_can_be_real(pack: Pack, files: list[File]) -> None:
    seen: set[str] = set()
    for f in files:
        if f.contract["id"] == "hukou":
            seen |= {cells["id_number"] for _, cells in f.rows}
    for number in sorted(seen)[::50]:
        checked = check_resident_id(number, date(2025, 6, 30), pack.divisions)
        assert checked.valid and checked.region is Region.RESERVED
    assert not number_is_right("840026200309224190")


def test_who_is_registered_and_who_lives_here_are_those_of_the_direct_build(
    pack: Pack, files: list[File], tmp_path: Path
) -> None:
    build(pack, tmp_path / "city", FRACTION, 7, MONTH, processes=1)
    snapshot = Snapshot.open(tmp_path / "city", pack)
    codes = np.array(snapshot.divisions)
    for source, column, field in (("hukou", "registered", "registered"), ("residents", "lives", "lives")):
        rows = [c for f in files if f.contract["id"] == source for _, c in f.rows]
        sent = Counter(c[column] for c in rows if c.get("status") != "死亡注销")
        there: Counter[str] = Counter()
        for part in snapshot.parts():
            there.update(codes[part.persons[field][part.persons[field] >= 0]].tolist())
        assert sent == there
    sent_grades = Counter(
        cells["grade"] for f in files if f.contract["id"] == "disability" for _, cells in f.rows
    )
    there_grades: Counter[int] = Counter()
    for part in snapshot.parts():
        there_grades.update(part.persons["disability_grade"].tolist())
    # A few certificates that the direct build shows as not known are in the file.
    for grade, word in enumerate(("一级", "二级", "三级", "四级"), start=1):
        assert there_grades[grade] <= sent_grades[word] <= there_grades[grade] + 3


def test_truth_joins(made: tuple[Path, Path], files: list[File]) -> None:
    sent, truth = made
    told = json.loads((truth / "truth.json").read_text(encoding="utf-8"))
    assert told["synthetic"] is True and told["files"] is True
    who = read_kept(truth, "identities")
    of = dict(zip(who["person_key"].to_pylist(), who["id_number"].to_pylist(), strict=True))
    names = dict(zip(who["person_key"].to_pylist(), who["name"].to_pylist(), strict=True))
    numbers = set(of.values())
    assert len(of) == len(numbers) == len(who)
    assert who["died"].null_count == told["persons"]
    for f in files:
        rows = pq.read_table(truth / "rows" / f"{f.path.name}.parquet")
        assert rows["line"].to_pylist() == [line for line, _ in f.rows]
        person = f.contract["person"]
        for key, (_, cells) in zip(rows["person_key"].to_pylist(), f.rows, strict=True):
            if key == -1:  # a husband who is nobody of the city
                assert f.contract["id"] == "marriages" and cells["man"] not in numbers
                continue
            assert cells[person] == of[key]
            assert cells["name"] == names[key]
    assert not list(sent.rglob("*.parquet"))


def test_children_mostly_bear_the_name_of_their_father(files: list[File]) -> None:
    name = {c["id_number"]: c["name"] for f in files if f.contract["id"] == "hukou" for _, c in f.rows}
    pairs = [
        (c["name"], name[c["father"]])
        for f in files if f.contract["id"] == "hukou" for _, c in f.rows if c["father"] in name
    ]  # fmt: skip
    assert len(pairs) > 1000
    assert all(child[0] == father[0] for child, father in pairs)


def test_same_seed_same_bytes_whoever_writes(
    pack: Pack, spoiled: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plan, "PART", 4_000)
    for processes in (1, 2):
        place = tmp_path / str(processes)
        build_files(pack, place / "sent", FRACTION, 7, MONTH, truth=place / "truth", processes=processes)
    assert len(list((tmp_path / "1" / "truth").glob("part-*"))) > 2
    pairs = [(tmp_path / "1" / name, tmp_path / "2" / name) for name in ("sent", "truth")]
    pairs.append((spoiled[0], tmp_path / "1" / "sent"))  # nor does it hang on how the city is cut into parts
    for one, other in pairs:
        names = sorted(str(p.relative_to(one)) for p in one.rglob("*") if p.is_file())
        assert names == sorted(str(p.relative_to(other)) for p in other.rglob("*") if p.is_file())
        equal, different, broken = filecmp.cmpfiles(one, other, names, shallow=False)
        assert (len(equal), different, broken) == (len(names), [], [])


def test_parquet_holds_the_same_rows(pack: Pack, files: list[File], tmp_path: Path) -> None:
    build_files(pack, tmp_path / "sent", FRACTION, 7, MONTH, form="parquet", defects=False, processes=1)
    for f in files[:: len(files) // 6]:
        table = pq.read_table(tmp_path / "sent" / f"{f.path.stem}.parquet").to_pylist()
        names = {c["name"]: c["id"] for c in f.contract["columns"]}
        plain = [{names[k]: v or "" for k, v in row.items()} for row in table]
        assert plain == [cells for _, cells in f.rows]


def test_truth_inside_the_delivery_and_unknown_formats_are_refused(pack: Pack, tmp_path: Path) -> None:
    with pytest.raises(CityError, match="inside"):
        build_files(pack, tmp_path / "a", FRACTION, 7, MONTH, truth=tmp_path / "a" / "truth")
    with pytest.raises(CityError, match="choose one of csv"):
        build_files(pack, tmp_path / "a", FRACTION, 7, MONTH, form="odt")
    (tmp_path / "there").mkdir()
    with pytest.raises(SnapshotError, match="exists already"):
        build_files(pack, tmp_path / "there", FRACTION, 7, MONTH)
    assert [p.name for p in tmp_path.iterdir()] == ["there"]


DETECTABLE = {"wrong_check_digit", "old_number", "empty_cell", "wrong_code", "no_day", "swapped_cells"}
"""Kinds that a strict reader of numbers, codes and days sees; the others are wrong in substance only."""


def test_defects_are_exactly_those_recorded(
    pack: Pack, made: tuple[Path, Path], spoiled: tuple[Path, Path]
) -> None:
    """The spoiled delivery with the recorded cells put right, without the recorded rows and with the files
    that were held back, is the clean one."""
    flaws = pq.read_table(spoiled[1] / "defects.parquet").to_pylist()
    cells = {(d["file"], d["line"], d["column"]): d["true"] for d in flaws if d["column"]}
    rows = {(d["file"], d["line"]): d["kind"] for d in flaws if not d["column"]}
    assert len(cells) + len(rows) == len(flaws)
    assert {d["kind"] for d in flaws} == {
        *DETECTABLE, "other_spelling", "stale_address", "dead_listed", "registered_twice",
    }  # fmt: skip
    held = json.loads((spoiled[1] / "truth.json").read_text(encoding="utf-8"))["not_delivered"]
    clean = {f.path.name: f for f in read_delivery(made[0], pack.path)}
    dirty = {f.path.name: f for f in read_delivery(spoiled[0], pack.path)}
    assert set(clean) - set(dirty) == set(held) and held
    seen = 0
    for name, file in dirty.items():
        mended = []
        for line, row in file.rows:
            put_right = {c: cells.get((name, line, c), text) for c, text in row.items()}
            seen += sum((name, line, c) in cells for c in row)
            for c in row:
                assert (name, line, c) not in cells or cells[name, line, c] != row[c]
            kind = rows.get((name, line))
            if kind == "registered_twice":
                continue
            if kind == "dead_listed":
                if file.contract["id"] in ("residents", "awards"):
                    continue
                put_right["status"] = "dead"
            mended.append(put_right)
        wanted = []
        for _, row in clean[name].rows:
            dead = row.get("status") in ("死亡注销", "终止")
            wanted.append(row | ({"status": "dead"} if dead and _listed(row, mended) else {}))
        assert [_known(r) for r in mended] == [_known(r) for r in wanted], name
    assert seen == len(cells)


def _listed(row: dict[str, str], mended: list[dict[str, str]]) -> bool:
    return any(m["id_number"] == row["id_number"] and m["status"] == "dead" for m in mended)


def _known(row: dict[str, str]) -> dict[str, str]:
    """Without the day of a change, which goes with the status."""
    return {k: v for k, v in row.items() if k != "changed_on"} if row.get("status") == "dead" else row


def test_what_breaks_the_contract_is_what_was_spoiled(pack: Pack, spoiled: tuple[Path, Path]) -> None:
    flaws = pq.read_table(spoiled[1] / "defects.parquet").to_pylist()
    told = {(d["file"], d["line"]) for d in flaws if d["kind"] in DETECTABLE}
    found = {(f.path.name, line) for f in read_delivery(spoiled[0], pack.path) for line, _, _ in problems(f)}
    assert found == told


def test_who_is_dead_stands_in_the_funerals_and_who_is_registered_twice_has_two_numbers(
    pack: Pack, spoiled: tuple[Path, Path]
) -> None:
    who = read_kept(spoiled[1], "identities").to_pylist()
    dead = {w["id_number"] for w in who if w["died"] is not None}
    by_source: dict[str, set[str]] = {}
    for f in read_delivery(spoiled[0], pack.path):
        by_source.setdefault(f.contract["id"], set()).update(c[f.contract["person"]] for _, c in f.rows)
    assert len(dead & by_source["funerals"]) > 0.98 * len(dead)  # but for spoiled numbers
    twice = Counter(w["person_key"] for w in who)
    assert set(twice.values()) == {1, 2}
    both = [w for w in who if twice[w["person_key"]] == 2]
    assert len({(w["person_key"], w["name"]) for w in both}) == len(both) // 2
    assert len({w["id_number"] for w in both}) == len(both)
