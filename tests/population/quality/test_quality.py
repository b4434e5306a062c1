"""The quality report: what came when, which rows were refused, what sources contradict each other in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cli.command import fits, one_sentence_each, zhida
from population.imports.conftest import read_once
from population.imports.office import Row, hukou_row, number, put, take, text
from population.imports.test_mending import back, sheet
from zhida.codes.sealing import Keyring
from zhida.codes.small_cells import SMALL
from zhida.population.quality.answer import as_json
from zhida.population.quality.measures import Contradiction, Quality, measure
from zhida.population.quality.page import page
from zhida.population.register.arrive import arrive
from zhida.population.register.assemble import assemble

CONTRACTS = read_once()
JUNE = 2025 * 12 + 5


@pytest.fixture
def keys(tmp_path: Path) -> Keyring:
    return Keyring.create(tmp_path / "keys.json")


def deliver(folder: Path, keys: Keyring, name: str, source: str, rows: list[Row]) -> None:
    place = folder / f"in{len(list(folder.iterdir()))}"
    put(place, text(CONTRACTS.sources[source], rows), name)
    done = take(place, folder / "register", CONTRACTS, keys)
    assert len(done.taken) == 1


def told(folder: Path, month: int | None = None) -> dict[str, Any]:
    answer = as_json(measure(folder / "register", CONTRACTS, month), CONTRACTS)
    fits("quality", answer)
    return answer


def test_timeliness_by_source_and_county(tmp_path: Path, keys: Keyring) -> None:
    deliver(tmp_path, keys, "户籍人口_330102_20250630.csv", "hukou", [hukou_row(1)])
    deliver(tmp_path, keys, "户籍人口_330105_20250531.csv", "hukou", [hukou_row(2)])
    dead = {"id_number": number(3), "name": "测试丙", "died": "2025-05-01"}
    deliver(tmp_path, keys, "殡葬登记_330100_20250630.csv", "funerals", [dead])
    found = {t["source"]: t for t in told(tmp_path)["timeliness"]}
    assert set(found) == set(CONTRACTS.sources)
    hukou = found["hukou"]
    assert (hukou["due"], hukou["on_time"], hukou["late"], hukou["missing"]) == (13, 1, 1, 11)
    states = {p["county"]: (p["as_of"], p["state"]) for p in hukou["places"]}
    assert states["330102000000"] == ("2025-06-30", "on_time")
    assert states["330105000000"] == ("2025-05-31", "late")
    assert states["330106000000"] == (None, "missing")
    # A file of the city is there for each of its counties.
    assert found["funerals"]["on_time"] == 13
    assert found["bank"]["due"] == 0 and found["tax"]["missing"] == 13
    # As of May only what was known by then counts.
    may = {t["source"]: t for t in told(tmp_path, JUNE - 1)["timeliness"]}
    assert (may["hukou"]["on_time"], may["hukou"]["missing"]) == (1, 12)


def test_conformity_by_column_and_what_was_mended(tmp_path: Path, keys: Keyring) -> None:
    rows = [hukou_row(1), hukou_row(2, name=""), hukou_row(3, name="", sex="女"), hukou_row(4)]
    deliver(tmp_path, keys, "户籍人口_330102_20250630.csv", "hukou", rows)
    (one,) = told(tmp_path)["conformity"]
    assert (one["source"], one["county_name"], one["read"], one["refused"]) == ("hukou", "上城区", 4, 2)
    assert [(c["name"], c["reason"], c["rows"]) for c in one["causes"]] == [
        ("姓名", "empty", 2),
        ("性别", "sex_differs", 1),
    ]
    mended = sheet(CONTRACTS, keys, tmp_path)
    mended[0]["姓名"] = "测试乙"
    back(CONTRACTS, keys, tmp_path, mended)
    (two,) = told(tmp_path)["conformity"]
    assert (two["read"], two["refused"], two["mended"], two["waiting"]) == (4, 2, 1, 1)
    # What was refused at first stays told, though it is mended.
    assert two["causes"] == one["causes"]
    assert told(tmp_path)["course"] == [
        {"month": "2025-06", "files": 1, "read": 4, "refused": 2, "contradictions": None}
    ]


def test_contradictions_of_a_real_register(tmp_path: Path, keys: Keyring) -> None:
    people = range(1, 31)
    deliver(tmp_path, keys, "户籍人口_330102_20250630.csv", "hukou", [hukou_row(i) for i in people])
    dead = [{"id_number": number(i), "name": "测试甲", "died": "2025-05-01"} for i in range(1, 13)]
    deliver(tmp_path, keys, "殡葬登记_330102_20250630.csv", "funerals", dead)
    assert told(tmp_path)["consistency"] is None
    arrive(tmp_path / "register", CONTRACTS, keys, processes=1)
    assemble(tmp_path / "register", CONTRACTS, tmp_path / "snapshot", JUNE, processes=1)
    found = {c["kind"]: c for c in told(tmp_path)["consistency"]}
    assert found["dead_and_registered"]["people"] == 12
    assert found["dead_and_registered"]["says"] == "已死亡, 户籍仍登记在册"


def _quality(*counts: dict[str, int]) -> Quality:
    found = tuple(
        Contradiction(f"k{i}", "说法", "a", "b", "", sum(c.values()), c) for i, c in enumerate(counts)
    )
    return Quality("2025-06", True, ("330102000000", "330105000000"), (), (), found, ())


def test_no_small_count_of_people_leaves_nor_can_be_reckoned() -> None:
    a, b = "330102000000", "330105000000"
    answer = as_json(_quality({a: 100, b: 3}, {a: 4}, {a: 50, b: 60}, {"": 200}), CONTRACTS)
    told = {c["kind"]: c for c in answer["consistency"]}
    assert told["k1"]["people"] is None
    # The smallest of the rest goes with the only small one, or the sum would tell it.
    assert [c["people"] for c in told["k0"]["counties"]] == [None, None]
    assert [c["people"] for c in told["k2"]["counties"]] == [50, 60]
    shown = [c["people"] for c in answer["consistency"]]
    assert shown.count(None) >= 2 and all(n is None or n >= SMALL for n in shown)
    html = page(answer)
    assert "<td>3</td>" not in html and "<td>4</td>" not in html and "<td>50</td>" in html


def test_what_contradicts_is_named_in_words() -> None:
    people = {"330102000000": 20}
    for id, name in (("old_age", "高龄津贴"), ("wage", "工资性收入"), ("father", "父")):
        found = (Contradiction("k", "说法", "awards", "", id, 20, people),)
        answer = as_json(Quality("2025-06", True, tuple(people), (), (), found, ()), CONTRACTS)
        assert answer["consistency"][0]["field"] == id
        html = page(answer)
        assert f"救助发放 / {name}" in html and f"/ {id}" not in html


def test_the_command_and_its_page(tmp_path: Path, keys: Keyring) -> None:
    deliver(tmp_path, keys, "户籍人口_330102_20250630.csv", "hukou", [hukou_row(1), hukou_row(2, name="")])
    file = tmp_path / "quality.html"
    done = zhida("quality", str(tmp_path / "register"), "--html", str(file), "--json")
    assert done.code == 0
    fits("quality", done.json)
    html = file.read_text(encoding="utf-8")
    assert "姓名：必填项为空" in html and "50.00%" in html and "$" not in html
    assert "http" not in html and "<script" not in html
    shown = zhida("quality", str(tmp_path / "register"))
    assert "户籍人口" in shown.out and "没有比对" in shown.out
    one_sentence_each(zhida("quality", str(tmp_path / "none")), "Nothing has been imported")
    one_sentence_each(zhida("quality", str(tmp_path / "register"), "--month", "June"), "--month")
