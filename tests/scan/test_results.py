"""Files of a scan: whole or not there, the same however they are computed, readable elsewhere."""

from __future__ import annotations

import csv
import errno
import json
from pathlib import Path

import duckdb
import jsonschema
import pyarrow.parquet as pq
import pytest

from scan.town import write_town
from zhida.population.errors import SnapshotError
from zhida.rules.declarations import Pack
from zhida.rules.reforms.reform import parse_set
from zhida.scan import scan as scanning
from zhida.scan.loaded import Loaded
from zhida.scan.results import SCHEMA
from zhida.scan.scan import RESULTS, TOTALS, ScanResult, run_scan, scan
from zhida.scan.totals import KINDS, SMALL, Totals

ROOT = Path(__file__).resolve().parents[2]


def test_the_columns_are_those_that_the_page_describes(result: ScanResult) -> None:
    page = (ROOT / "docs" / "results.md").read_text(encoding="utf-8")
    described = [line.split("`")[1] for line in page.splitlines() if line.startswith("| `")]
    assert pq.read_schema(result.results).names == SCHEMA.names == described[: len(SCHEMA.names)]
    told = pq.read_schema(result.results).metadata
    assert told[b"zhida.synthetic"] == b"true"
    assert told[b"zhida.snapshot_id"].decode() == result.loaded.snapshot.id


def test_results_open_in_another_tool(result: ScanResult) -> None:
    found = duckdb.sql(
        f"select benefit, count(*) from '{result.results}' where list = 'lead' group by 1"
    ).fetchall()
    assert dict(found) == {
        b: n for b in result.loaded.benefits if (n := result.totals.count("lead", benefit=b))
    }


def test_csv_says_the_same(result: ScanResult) -> None:
    rows = pq.read_table(result.results).to_pylist()
    with (result.results.parent / "results.csv").open(encoding="utf-8-sig", newline="") as lines:
        told = list(csv.DictReader(lines))
    assert len(told) == len(rows)
    for a, b in zip(told, rows, strict=True):
        assert a["unit_key"] == str(b["unit_key"]) and a["list"] == b["list"]
        assert a["deciding"] == ";".join(b["deciding"])
        assert a["amount_lo"] == ("" if b["amount_lo"] is None else str(b["amount_lo"]))
        assert a["basis"] == str(b["basis"])


def test_totals_are_sums_over_the_rows(result: ScanResult) -> None:
    query = (
        "select benefit, county, case when list = 'review' then reason else list end as kind, count(*),"
        " coalesce(sum(presumed_lo), 0), coalesce(sum(presumed_hi), 0)"
        f" from '{result.results}' group by 1, 2, 3"
    )
    totals = result.totals
    seen = 0
    for benefit, county, kind, *numbers in duckdb.sql(query).fetchall():
        cells = totals.cells[totals.benefits.index(benefit), KINDS.index(kind), totals.counties.index(county)]
        assert cells.sum(axis=0)[:3].tolist() == [int(n) for n in numbers], (benefit, county, kind)
        seen += int(numbers[0])
    assert seen == result.rows
    assert totals.households.sum() == result.loaded.snapshot.counts["households"]


def test_small_cells_do_not_leave(result: ScanResult) -> None:
    written = json.loads((result.results.parent / TOTALS).read_text(encoding="utf-8"))
    jsonschema.validate(written, json.loads((ROOT / "docs/schemas/totals.schema.json").read_text()))
    counts = [c["count"] for c in written["cells"]]
    assert None in counts and all(n is None or n >= SMALL for n in counts)
    assert all(c["award"] is None and c["amount_lo"] is None for c in written["cells"] if c["count"] is None)
    assert written["snapshot_id"] == result.loaded.snapshot.id


def same(a: Totals, b: Totals) -> bool:
    return bool((a.cells == b.cells).all()) and a.deciding == b.deciding


def test_parts_and_threads_do_not_change_the_result(result: ScanResult, tmp_path: Path) -> None:
    other = scan(result.loaded, threads=1, out=tmp_path / "one")
    assert same(other.totals, result.totals)
    assert pq.read_table(other.results).equals(pq.read_table(result.results))


def test_progress_counts_everybody(loaded: Loaded) -> None:
    seen: list[tuple[int, int]] = []
    scan(loaded, progress=lambda done, all_: seen.append((done, all_)))
    everybody = loaded.snapshot.counts["persons"]
    assert len(seen) == 3 and seen[-1] == (everybody, everybody) and seen == sorted(seen)


def test_a_reform_is_scanned_with_its_own_values(town: Path, pack: Pack, result: ScanResult) -> None:
    changed = run_scan(town, pack, reform=parse_set("敬老年龄=60"), compiled=False)
    assert changed.loaded.pack.hash != pack.hash
    leads = changed.totals.count("lead", benefit="elder")
    assert leads > result.totals.count("lead", benefit="elder")


def test_results_that_are_there_are_not_touched(loaded: Loaded, tmp_path: Path) -> None:
    out = tmp_path / "r"
    out.mkdir()
    (out / "mine.txt").write_text("x")
    with pytest.raises(SnapshotError, match="exists already"):
        scan(loaded, out=out)
    assert [p.name for p in tmp_path.iterdir()] == ["r"]
    scan(loaded, out=out, overwrite=True)
    assert sorted(p.name for p in out.iterdir()) == ["report.html", RESULTS, TOTALS]


@pytest.mark.parametrize("full", ["write_csv", "write_report", "as_json"])
def test_a_failure_leaves_nothing_behind(
    loaded: Loaded, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, full: str
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(scanning, full, fail)
    with pytest.raises((SnapshotError, OSError), match=r"full|space"):
        scan(loaded, out=tmp_path / "r", csv=True)
    assert not list(tmp_path.iterdir())


def test_another_month_runs_the_rules_of_that_month(town: Path, pack: Pack) -> None:
    early = run_scan(town, pack, month=2020 * 12 + 5, compiled=False)
    assert "orphan" not in early.loaded.benefits  # begins in 2021
    assert early.as_json()["month"] == "2020-06"


def test_a_snapshot_of_one_small_part(pack: Pack, tmp_path: Path) -> None:
    write_town(tmp_path / "s", pack, 2025 * 12 + 5, parts=1, homes=1)
    result = run_scan(tmp_path / "s", pack, out=tmp_path / "r", compiled=False)
    assert result.results.exists() and result.rows >= 0


def test_reasons_are_counted_from_the_rows(result: ScanResult) -> None:
    """From the written rows: three bits a condition, 2 where it surely fails."""
    expected: dict[tuple[str, str, str], int] = {}
    rows = pq.read_table(
        result.results, columns=["benefit", "list", "reason", "presumed_conditions"]
    ).to_pylist()
    for row in rows:
        kind = "near" if row["list"] == "near" else row["reason"]
        if kind not in ("near", "no_longer_fits"):
            continue
        for i, c in enumerate(result.loaded.program.benefits[row["benefit"]].conditions):
            if row["presumed_conditions"] >> (3 * i) & 7 == 2:
                key = (row["benefit"], kind, c.id)
                expected[key] = expected.get(key, 0) + 1
    assert expected and result.totals.reasons == expected
    told = result.as_json()["reasons"]
    assert {(r["benefit"], r["kind"], r["condition"]) for r in told} == set(expected)
    assert all(r["count"] is None or r["count"] >= SMALL for r in told)
