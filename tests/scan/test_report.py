"""The page: needs nothing else, says what it is, and gives nobody away."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zhida.population.errors import SnapshotError
from zhida.rules.declarations import Pack
from zhida.scan.charts import SHADES, Bar, Tile, bars, grid, shade, tile_map
from zhida.scan.figures import columns_of, positions, short, wan
from zhida.scan.report import between, render, write_report
from zhida.scan.scan import ScanResult
from zhida.scan.totals import SMALL, protected

EMPTY = {"meta", "br", "img", "input", "hr", "link"}


class Outline(HTMLParser):
    """Checks nesting; collects attributes and words."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.words: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes += attrs
        if tag not in EMPTY and tag != "rect":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag != "rect":
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)


@pytest.fixture(scope="module")
def page(result: ScanResult) -> str:
    return render(result)


def test_the_page_is_whole_and_needs_nothing_else(page: str) -> None:
    outline = Outline(page)
    assert outline.open == []
    assert not re.search(r"https?:|url\(|@import|<script|<link|<img|\$\w", page)
    assert not {name for name, _ in outline.attributes} & {"src", "href", "onclick"}


def test_the_page_says_what_it_is(page: str, result: ScanResult) -> None:
    loaded = result.loaded
    assert "合成数据" in page and "没有任何真实居民" in page
    for text in (
        loaded.snapshot.id,
        loaded.pack.hash,
        "2025 年 6 月",
        loaded.pack.verified_through.isoformat(),
    ):
        assert text in page
    for benefit in loaded.benefits:
        assert loaded.pack.benefits[benefit].name in page
    for register in loaded.pack.registers.values():
        assert register.name in page
    assert "2000-01-01" in page and "截至日早于本月" in page  # a register that is not up to date
    assert "每月" in page and "假设" in page and "暂缓复核" in page


def test_no_small_number_stands_in_a_table(page: str) -> None:
    for cell in re.findall(r"<td>(\d[\d,]*)</td>", page):
        n = int(cell.replace(",", ""))
        assert n == 0 or n >= SMALL
    assert f"&lt;{SMALL}" in page


def test_real_data_is_not_called_synthetic(result: ScanResult) -> None:
    snapshot = result.loaded.snapshot
    real = replace(snapshot, manifest={**snapshot.manifest, "synthetic": False})
    text = render(replace(result, loaded=replace(result.loaded, snapshot=real)))
    assert "合成数据" not in text and "内部资料" in text


def test_names_cannot_bring_markup_along(result: ScanResult) -> None:
    pack = result.loaded.pack
    evil = "<script>alert(1)</script>$title"
    benefits = {k: replace(b, name=evil) for k, b in pack.benefits.items()}
    text = render(
        replace(result, loaded=replace(result.loaded, pack=replace(pack, benefits=benefits, name=evil)))
    )
    assert "<script" not in text and Outline(text).open == []


def test_the_page_replaces_the_old_one_when_whole(result: ScanResult, tmp_path: Path) -> None:
    path = tmp_path / "r.html"
    path.write_text("old")
    assert write_report(result, path) == path
    assert path.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    assert [p.name for p in tmp_path.iterdir()] == ["r.html"]


@given(st.lists(st.integers(0, 60), min_size=1, max_size=12))
def test_what_is_withheld_cannot_be_reckoned_from_the_sum(counts: list[int]) -> None:
    hidden = protected(counts)
    assert all(h for n, h in zip(counts, hidden, strict=True) if 0 < n < SMALL)
    kept = [n for n, h in zip(counts, hidden, strict=True) if h]
    if kept:
        others = [n for n, h in zip(counts, hidden, strict=True) if not h and n > 0]
        # at least two are hidden, together not a small number, or nothing is left that could be hidden too
        assert (len(kept) > 1 and sum(kept) >= SMALL) or not others


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), min_size=1, max_size=8))
def test_parts_cannot_be_reckoned_from_the_whole(rows: list[tuple[int, int]]) -> None:
    def column(numbers: list[int]) -> np.ndarray:
        return np.array([[n, 0, 0, 0] for n in numbers])

    table = {
        "review": column([a + b for a, b in rows]),
        "gone": column([a for a, _ in rows]),
        "differs": column([b for _, b in rows]),
    }
    for (a, b), shown in zip(rows, columns_of(table, "review", ("gone", "differs")), strict=True):
        hidden = [shown[k].count is None for k in table]
        assert sum(hidden) != 1
        assert not 0 < a < SMALL or shown["gone"].count is None
        assert not 0 < b < SMALL or shown["differs"].count is None


def test_columns_hide_sums_with_their_counts() -> None:
    shown = columns_of({"lead": np.array([[3, 100, 200, 0], [50, 5, 6, 0], [40, 1, 2, 3]])})
    assert [s["lead"].count for s in shown] == [None, 50, None]
    assert [s["lead"].small for s in shown] == [True, False, False]
    assert shown[0]["lead"].hi is None and shown[2]["lead"].lo is None


def test_money_for_readers() -> None:
    assert (wan(12_345_00), wan(99_00), wan(123_456_789_00)) == ("1.23 万元", "99 元", "1.23 亿元")
    assert between(12_000_00, 34_000_00) == "1.20–3.40 万元"
    assert between(99_00, 34_000_00) == "99 元 至 3.40 万元"
    assert between(None, 5) == "—"


def test_shades_and_bars() -> None:
    assert [shade(v, 100) for v in (None, 0, 1, 20, 21, 100)] == [0, 0, 1, 1, 2, 5]
    assert shade(5, 0) == 0 and len(SHADES) == 6
    text = bars([Bar("甲<", ((30, "lead"), (10, "verify")), "40"), Bar("乙", ((20, "lead"),), "20")])
    assert "甲&lt;" in text and "width:75.00%" in text and "width:50.00%" in text
    picture = tile_map([Tile("甲", 0, 1, 2.0, "2.0"), Tile("乙", 1, 0, None, "—")], "图")
    assert 'viewBox="0 0 190 190"' in picture and "—" in picture


def test_tiles_come_from_the_pack_or_stand_in_a_square(pack: Pack, tmp_path: Path) -> None:
    codes = ["999901000000", "999902000000"]
    assert positions(pack, codes) == grid(2) == [(0, 0), (0, 1)]
    (tmp_path / "city").mkdir()
    table = tmp_path / "city" / "tiles.csv"
    here = replace(pack, path=tmp_path)
    table.write_text("code,row,column\n999901000000,1,2\n999902000000,0,0\n", encoding="utf-8")
    assert positions(here, codes) == [(1, 2), (0, 0)]
    table.write_text("code,row,column\n999901000000,1,2\n", encoding="utf-8")
    assert positions(here, codes) == grid(2)  # one is missing: better a plain square than a hole
    table.write_text("code,row,column\n999901000000,one,2\n", encoding="utf-8")
    with pytest.raises(SnapshotError, match=r"tiles\.csv"):
        positions(here, codes)
    assert (short("西湖区"), short("某县"), short("桐庐县")) == ("西湖", "某县", "桐庐")
