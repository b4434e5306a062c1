"""The division tree, on an invented county and city: 9999 is no real region."""

from __future__ import annotations

import time
from datetime import date
from pathlib import Path

import pytest

from zhida.codes.divisions import DivisionError, DivisionTree, normalise
from zhida.codes.errors import CodeError

HEADER = "code,name,parent,level,from,until,successor,overlay\n"
# 990103 merges into 990105; 990104 is split between 990102 and 990114; 990114 is new on the same day.
TABLE = (
    HEADER
    + """\
990000000000,某省,,1,,,,
990100000000,某市,990000000000,2,,,,
990102000000,东区,990100000000,3,,,,
990103000000,旧西区,990100000000,3,,2021-04-09,990105000000,
990104000000,旧南区,990100000000,3,,2021-04-09,990102000000;990114000000,
990105000000,西区,990100000000,3,,,,
990114000000,新区,990100000000,3,2021-04-09,,,
990191000000,湖区,990100000000,3,2003-01-01,,,1
990103001000,桥镇,990103000000,4,,,,
990103001001,桥村,990103001000,5,,,,
990104001000,南镇,990104000000,4,,,,
990114001000,新镇,990114000000,4,,,,
990191001000,湖街道,990191000000,4,,,,
990105001000,井镇,990105000000,4,,2020-01-01,,
"""
)
BEFORE, AFTER = date(2021, 4, 8), date(2021, 4, 9)


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> DivisionTree:
    path = tmp_path_factory.mktemp("pack") / "divisions.csv"
    path.write_text(TABLE, encoding="utf-8")
    return DivisionTree.from_csv(path)


@pytest.mark.parametrize(
    ("code", "full", "level"),
    [
        ("99", "990000000000", 1),
        ("9901", "990100000000", 2),
        ("990102", "990102000000", 3),
        ("990102003", "990102003000", 4),
        ("990102003004", "990102003004", 5),
        ("990102000000", "990102000000", 3),
        ("990100003000", "990100003000", 4),  # a town straight below its city
    ],
)
def test_normalise(code: str, full: str, level: int) -> None:
    assert normalise(code) == (full, level)


@pytest.mark.parametrize(
    "code", ["", "9", "990", "99010200", "9901020030045", "99010a", "００", "0001", "９９", "²²"]
)
def test_normalise_refuses(code: str) -> None:
    with pytest.raises(CodeError):
        normalise(code)


def test_look_up(tree: DivisionTree) -> None:
    assert "990102" in tree
    assert "990102000000" in tree
    assert "990199" not in tree
    assert tree.get("990199") is None
    assert tree["9901"].name == "某市"
    assert tree.roots == ("990000000000",)
    with pytest.raises(CodeError, match="990199"):
        tree["990199"]


def test_ancestors_follow_the_day(tree: DivisionTree) -> None:
    city = ("990100000000", "990000000000")
    assert tree.ancestors("990103001001", BEFORE) == (
        "990103001001",
        "990103001000",
        "990103000000",
        *city,
    )
    # After the merger the only successor stands where the retired county stood.
    assert tree.ancestors("990103001001", AFTER) == (
        "990103001001",
        "990103001000",
        "990105000000",
        *city,
    )
    assert tree.ancestors("990103", AFTER) == ("990103000000", "990105000000", *city)
    # A split leaves nobody to stand for the old county, and says so.
    assert tree.ancestors("990104001000", AFTER) == ("990104001000", *city)
    assert not tree.is_certain("990104001000", AFTER)
    assert tree.is_certain("990104001000", BEFORE)
    assert tree.is_certain("990103001001", AFTER)
    # Before the new district was there, its only predecessor held the place.
    assert tree.ancestors("990114001000", BEFORE) == ("990114001000", "990104000000", *city)
    assert tree.ancestors("990191001000", AFTER) == ("990191001000", "990191000000", *city)


def test_downward_agrees_with_upward(tree: DivisionTree) -> None:
    for on in (BEFORE, AFTER):
        for division in tree:
            if not division.in_force(on):
                continue
            for code in tree.children(division.code, on):
                assert tree.ancestors(code, on)[1] == division.code
            below = tree.descendants(division.code, on)
            expected = {
                d.code for d in tree if d.in_force(on) and division.code in tree.ancestors(d.code, on)[1:]
            }
            assert set(below) == expected
            assert len(below) == len(expected)
    assert tree.children("990105", AFTER) == ("990103001000",)
    assert "990103000000" not in tree.children("9901", AFTER)
    assert tree.descendants("990103") == ("990103001000", "990103001001")


def test_current(tree: DivisionTree) -> None:
    assert tree.current("990103", BEFORE) == ("990103000000",)
    assert tree.current("990103", AFTER) == ("990105000000",)
    assert tree.current("990104", AFTER) == ("990102000000", "990114000000")
    assert tree.current("990114", BEFORE) == ("990104000000",)
    assert tree.current("990105001", AFTER) == ()


def test_level_inside_name(tree: DivisionTree) -> None:
    assert tree.at_level("990103001001", 3) == "990103000000"
    assert tree.at_level("990103001001", 3, AFTER) == "990105000000"
    assert tree.at_level("990103", 3, AFTER) == "990105000000"
    assert tree.at_level("990191001000", 3) == "990191000000"
    assert tree.at_level("9901", 3) is None
    assert tree.inside("990103001001", "9901")
    assert tree.inside("990103001001", "990105", AFTER)
    assert not tree.inside("990103001001", "990105")
    assert tree.inside("990105777888", "990105"), "a village that the table lacks lies where its digits say"
    assert not tree.inside("880105", "9901")
    assert not tree.inside("990200", "9901")
    assert [d.code for d in tree.find_by_name("桥镇")] == ["990103001000"]
    assert tree.find_by_name("井镇", AFTER) == ()
    assert tree.find_by_name("无此镇") == ()


def _problems(table: str, tmp_path: Path) -> list[tuple[int, str]]:
    path = tmp_path / "divisions.csv"
    path.write_text(table, encoding="utf-8")
    with pytest.raises(DivisionError) as caught:
        DivisionTree.from_csv(path)
    assert str(caught.value).startswith("divisions.csv:")
    return caught.value.problems


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("99010,短,990100000000,3,,,,", "12 digits"),
        ("990106000000,,990100000000,3,,,,", "no name"),
        ("990106000000,甲,990188000000,3,,,,", "990188000000 of 990106000000 is not in the table"),
        ("990106000000,甲,990100000000,4,,,,", "its digits say 3"),
        ("990106000000,甲,990103001000,3,,,,", "smaller number"),
        ("990106000000,甲,,3,,,,", "no parent"),
        ("990106000000,甲,990100000000,county,,,,", "not one of 1 to 5"),
        ("990106000000,甲,990100000000,3,2021-02-30,,,", "not a day of the calendar"),
        ("990106000000,甲,990100000000,3,2021-02-02,2021-02-02,,", "not after it begins"),
        ("990106000000,甲,990100000000,3,,,990102000000,", "no `until`"),
        ("990106000000,甲,990100000000,3,,2021-04-09,990199000000,", "successor 990199000000"),
        ("990106000000,甲,990100000000,3,,2021-04-08,990114000000,", "not in force on 2021-04-08"),
        ("990106000000,甲,990100000000,3,,2021-04-09,990106000000,", "its own successor"),
        ("990106000000,甲,990100000000,3,,,,yes", "overlay"),
        ("990102000000,东区,990100000000,3,,,,", "stands already in line 4"),
        ("990106000000,甲,990100000000,3,,", "has 6 cells"),
    ],
)
def test_a_bad_row_is_named_with_its_line(row: str, words: str, tmp_path: Path) -> None:
    problems = _problems(TABLE + row + "\n", tmp_path)
    assert [line for line, _ in problems] == [16]
    assert words in problems[0][1]


def test_circles_and_all_problems_at_once(tmp_path: Path) -> None:
    table = HEADER + (
        "990000000000,某省,,1,,,,\n"
        "990100000000,甲,990200000000,2,,,,\n"
        "990200000000,乙,990100000000,2,,,,\n"
        "990300000000,丙,990000000000,2,,2020-01-01,990400000000,\n"
        "990400000000,丁,990000000000,2,,2021-01-01,990300000000,\n"
        "990500000000,戊,990000000000,2,x,,,\n"
    )
    problems = _problems(table, tmp_path)
    assert {line for line, _ in problems} == {3, 4, 5, 6, 7}
    texts = " ".join(text for _, text in problems)
    assert "circle of parents" in texts
    assert "circle of successors" in texts


@pytest.mark.parametrize(
    "content", [b"", b"code,name\n1,2\n", b"\xff\xfe", HEADER.encode(), HEADER.encode() + b'"a']
)
def test_a_file_that_is_no_table(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "divisions.csv"
    path.write_bytes(content)
    with pytest.raises(DivisionError):
        DivisionTree.from_csv(path)
    with pytest.raises(DivisionError, match="cannot be read"):
        DivisionTree.from_csv(tmp_path / "absent.csv")


def test_a_successor_below_its_own_parent_does_not_hang() -> None:
    """A county that ended in favour of a village below another county that hangs on it."""
    rows = [
        dict(zip(HEADER.strip().split(","), line.split(","), strict=True))
        for line in (
            "990100000000,市,,2,,2020-01-01,990101001000,",
            "990101000000,县,990100000000,3,,,,",
            "990101001000,镇,990101000000,4,,,,",
        )
    ]
    tree = DivisionTree.from_rows(rows)
    assert tree.ancestors("990101001", AFTER) == ("990101001000", "990101000000")
    assert not tree.is_certain("990101001", AFTER)
    assert tree.ancestors("9901", AFTER) == ("990100000000", "990101001000", "990101000000")


def test_a_province_loads_quickly(tmp_path: Path) -> None:
    """35,000 rows; the goal is 0.3 s, the test leaves room for a busy machine."""
    lines = ["990000000000,省,,1,,,,"]
    for county in range(1, 91):
        lines.append(f"9901{county:02d}000000,县{county},990000000000,3,,,,")
        for town in range(1, 16):
            lines.append(f"9901{county:02d}{town:03d}000,镇,9901{county:02d}000000,4,,,,")
            lines += [
                f"9901{county:02d}{town:03d}{village:03d},村,9901{county:02d}{town:03d}000,5,,,,"
                for village in range(1, 26)
            ]
    path = tmp_path / "divisions.csv"
    path.write_text(HEADER + "\n".join(lines) + "\n", encoding="utf-8")
    best = 9.0
    for _ in range(3):
        start = time.process_time()
        tree = DivisionTree.from_csv(path)
        best = min(best, time.process_time() - start)
    assert len(tree) == 35_191
    assert best < 0.6
    print(f"{len(tree)} divisions in {best:.3f} s")
