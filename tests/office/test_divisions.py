"""Divisions in the database: loading a table again and again, the range of a scope, finding."""

from __future__ import annotations

import pytest
from django.db import DatabaseError, connection
from hypothesis import given
from hypothesis import strategies as st

from office.world import (
    CITY,
    COUNTY,
    DAY,
    MERGED,
    OTHER_COUNTY,
    PROVINCE,
    RETIRED,
    ROWS,
    TOWN,
    VILLAGE,
    settle,
    tree,
)
from zhida.codes.divisions import DivisionTree
from zhida.office.divisions.load import LoadError, spell
from zhida.office.divisions.models import Division
from zhida.office.divisions.scope import outside, range_of
from zhida.office.divisions.search import find
from zhida.rules.loading.find import bundled_packs, find_pack


def codes(text: str, **more: object) -> list[str]:
    return [one.code for one in find(text, DAY, **more)]  # type: ignore[arg-type]


@pytest.mark.usefixtures("site")
class TestLoading:
    def test_a_table_is_taken_in_once(self) -> None:
        first, again = settle(), settle()
        assert (first.added, first.changed, first.same) == (len(ROWS), 0, 0)
        assert (again.added, again.changed, again.same) == (0, 0, len(ROWS))
        county = Division.objects.get(pk=RETIRED)
        assert [one.code for one in county.successors.all()] == [COUNTY]
        assert str(county.until) == MERGED
        assert not county.in_force(DAY)

    def test_what_changed_is_changed_and_nothing_else(self) -> None:
        settle()
        rows = [(*row[:1], "柳岸街道", *row[2:]) if row[0] == TOWN else row for row in ROWS]
        done = settle(rows)
        assert (done.added, done.changed, done.same) == (0, 1, len(ROWS) - 1)
        assert Division.objects.get(pk=TOWN).pinyin == "liuanjiedao"

    def test_a_merger_that_comes_later(self) -> None:
        before = [(*row[:3], "", "", row[5]) for row in ROWS]
        settle(before)
        assert Division.objects.get(pk=RETIRED).in_force(DAY)
        settle()
        assert [one.code for one in Division.objects.get(pk=RETIRED).successors.all()] == [COUNTY]
        settle(before)
        assert not Division.objects.get(pk=RETIRED).successors.exists()

    def test_a_division_is_never_taken_out(self) -> None:
        settle()
        with pytest.raises(
            LoadError, match="1 divisions of the database are not in the table, the first is 9902"
        ):
            settle(ROWS[:-1])
        assert Division.objects.count() == len(ROWS)

    def test_a_child_outside_of_its_parents_digits_is_refused_whole(self) -> None:
        rows = [*ROWS, ("990104001000", "湖心街道", "990191000000", "", "", "")]
        with pytest.raises(LoadError, match="990104001000 lies in 东湖风景区 by its parent and outside"):
            settle(rows)
        assert not Division.objects.exists()

    def test_the_web_only_reads_them(self) -> None:
        settle()
        with pytest.raises(DatabaseError, match="permission denied"):
            Division.objects.filter(pk=TOWN).update(name="别处")
        connection.close()
        with pytest.raises(DatabaseError, match="permission denied"):
            Division.objects.filter(pk=VILLAGE).delete()

    @pytest.mark.parametrize("pack", bundled_packs())
    def test_every_bundled_table_is_taken_in(self, pack: str) -> None:
        from zhida.office.database.roles import OWNER
        from zhida.office.divisions.load import load

        there = DivisionTree.from_csv(find_pack(pack) / "divisions.csv")
        assert load(there, using=OWNER).added == len(there)
        assert load(there, using=OWNER).same == len(there)
        assert not Division.objects.filter(pinyin="").exists()


@pytest.mark.parametrize(
    ("code", "ends"),
    [
        ("99", ("990000000000", "999999999999")),
        (CITY, ("990100000000", "990199999999")),
        (COUNTY, ("990101000000", "990101999999")),
        (TOWN, ("990101001000", "990101001999")),
        (VILLAGE, (VILLAGE, VILLAGE)),
    ],
)
def test_the_range_of_each_level(code: str, ends: tuple[str, str]) -> None:
    assert range_of(code) == ends


@pytest.mark.parametrize("pack", bundled_packs())
def test_the_range_is_what_lies_below(pack: str) -> None:
    """The range holds a division and all below it by parent, and nothing else of the table."""
    there = DivisionTree.from_csv(find_pack(pack) / "divisions.csv")
    for one in there:
        if one.level < 4:
            low, high = range_of(one.code)
            assert {c.code for c in there if low <= c.code <= high} == {
                one.code,
                *there.descendants(one.code),
            }
            assert not outside(there, one)


@given(st.text("0123456789", min_size=12, max_size=12).filter(lambda c: c[:2] != "00"), st.sampled_from(ROWS))
def test_a_range_is_a_prefix(code: str, row: tuple[str, ...]) -> None:
    low, high = range_of(row[0])
    head = row[0].rstrip("0")
    head += "0" * (next(n for n in (2, 4, 6, 9, 12) if n >= len(head)) - len(head))
    assert (low <= code <= high) == code.startswith(head)


@pytest.mark.parametrize(
    ("name", "spelt"),
    [
        ("东湖区", ("donghuqu", "dhq")),
        ("长乐市", ("changleshi", "cls")),
        ("Ａ区 (新)", ("quxin", "qx")),
        ("女儿绿", ("nverlv", "nel")),
    ],
)
def test_spelling(name: str, spelt: tuple[str, str]) -> None:
    assert spell(name) == spelt


@pytest.mark.usefixtures("site")
class TestFinding:
    @pytest.fixture(autouse=True)
    def _settled(self, site: None) -> None:
        settle()

    def test_by_code(self) -> None:
        assert codes("990101001") == [TOWN, VILLAGE, "990101001002"]
        assert codes("9901 0100 1001") == [VILLAGE]
        assert codes("1") == []
        assert codes("9" * 13) == []

    def test_by_name_the_exact_first(self) -> None:
        assert codes("东湖区") == [COUNTY]
        assert codes("东湖") == [COUNTY, "990191000000"]
        assert codes("湖") == [COUNTY, "990191000000"]
        assert codes("石门") == ["990103002000", "990103002202", "990103001202"]

    def test_by_pinyin_and_initials(self) -> None:
        assert codes("donghuqu") == [COUNTY]
        assert codes("DHQ") == [COUNTY]
        assert codes("dh") == [COUNTY, "990191000000"]
        assert codes("ｄｈｑ") == [COUNTY]
        assert codes("liudi") == codes("柳堤") == [TOWN, VILLAGE]

    def test_what_has_ended_comes_last_or_not_at_all(self) -> None:
        assert codes("北门") == ["990101003000", "990102003000"]
        assert codes("北门", ended=False) == ["990101003000"]
        assert codes(RETIRED[:6]) == [RETIRED, "990102003000", "990102003001"]

    def test_within_a_range(self) -> None:
        assert codes("村", within=range_of(OTHER_COUNTY), ended=False) == ["990103001201", "990103002202"]

    @pytest.mark.parametrize("text", ["", "  ", "%", "_", "'", "\\", "；drop", "x" * 1000, "\0", "甲" * 40])
    def test_what_finds_nothing(self, text: str) -> None:
        assert codes(text) == []

    def test_everything_is_found_by_its_own_name_code_and_pinyin(self) -> None:
        for one in Division.objects.all():
            for text in (one.code, one.name, one.pinyin):
                assert one.code in codes(text)

    def test_at_most_so_many(self) -> None:
        assert len(codes("99")) == len(ROWS)
        assert tree()[PROVINCE].name == "云梦省"
