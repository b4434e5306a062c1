"""Workbooks hold the lists as they are, say what they are, and are whole or not there."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow.parquet as pq
import pytest

from zhida.population.errors import SnapshotError
from zhida.rules.declarations import Pack
from zhida.rules.program.build import build_program
from zhida.scan.entry_words import HIDDEN, EntryWords
from zhida.scan.scan import ScanResult
from zhida.scan.workbooks import HEADS, LISTS, Workbooks, write_workbooks

PURPOSE = "七月入户"


@pytest.fixture(scope="module")
def made(result: ScanResult, pack: Pack, tmp_path_factory: pytest.TempPathFactory) -> Workbooks:
    assert result.folder is not None
    return write_workbooks(result.folder, pack, tmp_path_factory.mktemp("books") / "books", PURPOSE)


def sheets(path: Path) -> dict[str, list[tuple[Any, ...]]]:
    book = openpyxl.load_workbook(path, read_only=True)
    found = {sheet.title: [tuple(row) for row in sheet.iter_rows(values_only=True)] for sheet in book}
    book.close()
    return found


def test_every_entry_stands_in_the_workbook_of_its_county(made: Workbooks, result: ScanResult) -> None:
    rows = pq.read_table(result.results).to_pylist()
    expected = Counter((r["county"], r["list"], r["unit_key"], r["benefit"], r["award_amount"]) for r in rows)
    names = {b.name: b.id for b in result.loaded.pack.benefits.values()}
    found: Counter[tuple[Any, ...]] = Counter()
    for name in made.files:
        whole = sheets(made.path / name)
        county = name.split("_")[0].ljust(12, "0") if name[0].isdigit() else ""
        for kind, title in LISTS.items():
            for row in whole.get(title, [])[1:]:
                cells = dict(zip((h for h, _ in HEADS), row, strict=True))
                award = None if cells["现发 元"] is None else round(cells["现发 元"] * 100)
                found[county, kind, int(cells["编号"]), names[cells["待遇"]], award] += 1
    assert found == expected and sum(expected.values()) > 100


def test_each_says_what_it_is(made: Workbooks, result: ScanResult) -> None:
    for name, by_list in made.files.items():
        whole = sheets(made.path / name)
        front = {str(row[0]): row[1] for row in whole["说明"][1:]}
        assert str(front["数据"]).startswith("合成数据")
        assert front["用途"] == PURPOSE and front["快照"] == result.loaded.snapshot.id
        assert {k: len(whole[LISTS[k]]) - 1 for k in by_list} == by_list
    record = json.loads((made.path / "export.json").read_text(encoding="utf-8"))
    assert record["purpose"] == PURPOSE and record["files"] == made.files


def test_village_by_village_and_the_largest_amount_first(made: Workbooks, result: ScanResult) -> None:
    rows = pq.read_table(result.results).to_pylist()
    place = {(r["unit_key"], r["benefit"]): (r["division"], -(r["presumed_hi"] or 0)) for r in rows}
    names = {b.name: b.id for b in result.loaded.pack.benefits.values()}
    for name in made.files:
        for title in LISTS.values():
            told = [place[int(r[4]), names[r[2]]] for r in sheets(made.path / name).get(title, [])[1:]]
            assert told == sorted(told)


def test_only_what_was_asked_for(result: ScanResult, pack: Pack, tmp_path: Path) -> None:
    county = next(c for c in result.totals.counties if c)
    assert result.folder is not None
    one = write_workbooks(result.folder, pack, tmp_path / "one", PURPOSE, counties=[county], lists=["lead"])
    (name,) = one.files
    assert name.startswith(county[:6]) and set(sheets(one.path / name)) == {"说明", "线索"}


def test_a_sheet_that_would_overflow_is_refused_whole(result: ScanResult, pack: Pack, tmp_path: Path) -> None:
    assert result.folder is not None
    with pytest.raises(SnapshotError, match=r"entries of the list .* don't fit into a sheet.*--list"):
        write_workbooks(result.folder, pack, tmp_path / "b", PURPOSE, most_rows=3)
    assert not list(tmp_path.iterdir())


def test_results_of_other_rules_are_refused(result: ScanResult, pack: Pack, tmp_path: Path) -> None:
    assert result.folder is not None
    with pytest.raises(SnapshotError, match="other rules"):
        write_workbooks(result.folder, replace(pack, hash="0" * 64), tmp_path / "b", PURPOSE)
    with pytest.raises(SnapshotError, match="holds no results"):
        write_workbooks(tmp_path / "nothing", pack, tmp_path / "b", PURPOSE)
    assert not (tmp_path / "b").exists()


def test_what_rests_on_sensitive_fields_is_named_only_where_asked_for(pack: Pack) -> None:
    field = next(f for f in pack.fields.values() if f.unit == "person")
    secret = replace(pack, fields={**pack.fields, field.id: replace(field, sensitivity="sensitive")})
    program = build_program(secret, 2025 * 12 + 5)
    hidden, told = EntryWords(program), EntryWords(program, sensitive=True)
    assert hidden.facts((field.id,)) == HIDDEN and told.facts((field.id,)) == field.name
    seen = 0
    for b in program.benefits.values():
        for i, c in enumerate(b.conditions):
            only = 2 << (3 * i)
            assert told.failing(b, only) == c.says
            assert hidden.failing(b, only) in (c.says, HIDDEN)
            seen += hidden.failing(b, only) == HIDDEN
    assert seen
