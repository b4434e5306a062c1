"""What changed from one month to the next: who came, went, moved, married; news that a pack names."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from zhida.population.city import build as build_city
from zhida.population.errors import SnapshotError
from zhida.population.register.changes import counts, feed_of, write_changes
from zhida.population.register.resolution import load_resolution

from .staging import contracts, number, pack, staged
from .test_register import (
    AWAY,
    BOOKS,
    CHILD,
    CITY,
    HERE,
    HOMES,
    MAN,
    MONTH,
    NEWCOMER,
    OLD,
    THERE,
    WOMAN,
    City,
    build,
    hukou,
    marriage,
    police,
    resident,
    wage,
)  # fmt: skip

JULY = {"as_of": date(2025, 7, 31)}
BABY = number(8, "20250712")


def justice(released: date | None) -> list[dict[str, Any]]:
    row = {"id_number": OLD, "name": "王五", "kind": "prison", "from": date(2024, 1, 1), "released": released}
    return [row]


def certificate(expires: date) -> list[dict[str, Any]]:
    return [{"id_number": WOMAN, "name": "李四", "category": "visual", "grade": "2", "status": "valid",
             "expires": expires}]  # fmt: skip


def two_months(folder: Path) -> tuple[City, City, list[tuple[str, str, Any, Any, Any]]]:
    """June, July and the feed as (kind, whose number, before, after, on)."""
    june = build(
        folder,
        *police(folder),
        staged(folder / "s", "employment", [wage(MAN, "张三", 300_000)], division=CITY),
        staged(folder / "s", "pensions", [], division=CITY),
        staged(folder / "s", "justice", justice(None), division=CITY),
        staged(folder / "s", "disability", certificate(date(2025, 9, 15)), division=CITY),
        staged(folder / "s", "marriages", [marriage("married", date(2010, 1, 1))], division=CITY),
    )
    homes = [
        HOMES[0],
        resident(WOMAN, "李四", "新家", lives=THERE),
        resident(CHILD, "张小", "甲", "child"),
        resident(BABY, "张宝", "甲", "child"),
        HOMES[3],
    ]
    july = build(
        folder,
        *police(folder, [*BOOKS[:4], hukou(BABY, "张宝", "一", "child", father=MAN)], homes, **JULY),
        staged(folder / "s", "pensions", [], division=CITY, **JULY),
        staged(folder / "s", "employment", [wage(WOMAN, "李四", 250_000), wage(OLD, "王五", None)],
               division=CITY, **JULY),
        staged(folder / "s", "justice", justice(date(2025, 7, 9)), division=CITY, **JULY),
        staged(folder / "s", "disability", certificate(date(2025, 9, 15)), division=CITY, **JULY),
        staged(folder / "s", "marriages", [
            marriage("married", date(2010, 1, 1)), marriage("divorced", date(2025, 7, 1)),
        ], division=CITY, **JULY),
        staged(folder / "s", "funerals", [{"id_number": AWAY, "name": "赵六", "died": date(2025, 7, 20)}],
               division=CITY, **JULY),
        month=MONTH + 1,
    )  # fmt: skip
    rules = load_resolution(contracts())
    table, old, new = feed_of(folder / "register", contracts(), rules, june.done.path, july.done.path)
    write_changes(folder / "feed.parquet", table, old, new)
    names = {key: n for n, key in (june.keys | july.keys).items()} | {
        k: BABY for k in july.persons["person_key"].tolist() if k not in set(july.keys.values())
    }
    rows = [(r["kind"], names[r["person_key"]], r["before"], r["after"], r["on"]) for r in table.to_pylist()]
    assert sum(n for _, _, n in counts(table, rules)) == len(rows)
    return june, july, rows


def test_the_feed_tells_what_happened_and_nothing_else(tmp_path: Path) -> None:
    _, _, rows = two_months(tmp_path)
    here, there = int(HERE), int(THERE[:9] + "000")  # a village that the table lacks: its town
    assert sorted(rows, key=lambda r: (r[0], r[1])) == sorted(
        [
            ("born", BABY, None, None, date(2025, 7, 12)),
            ("certificate_expiring", WOMAN, None, None, date(2025, 9, 15)),
            ("died", AWAY, None, None, None),
            ("job", OLD, 0, 1, None),
            ("job", WOMAN, 0, 1, None),
            ("job_lost", MAN, 1, 0, None),
            ("left", NEWCOMER, None, None, None),
            ("moved", WOMAN, here, there, None),
            ("released", OLD, 1, 0, None),
            *(row for row in rows if row[0] in ("spouse_gone", "wage_changed")),
        ],
        key=lambda r: (r[0], r[1]),
    )
    assert {r[1] for r in rows if r[0] == "spouse_gone"} == {MAN, WOMAN}
    assert {(r[1], r[2], r[3]) for r in rows if r[0] == "wage_changed"} == {
        (MAN, 300_000, 0), (WOMAN, 0, 250_000),
    }  # fmt: skip


def test_what_is_not_known_in_one_month_has_not_changed(tmp_path: Path) -> None:
    june = build(tmp_path, *police(tmp_path))
    partial = staged(
        tmp_path / "s", "employment", [wage(MAN, "张三", 1)], division=CITY, complete=False, **JULY
    )
    july = build(tmp_path, *police(tmp_path, **JULY), partial, month=MONTH + 1)
    rules = load_resolution(contracts())
    table, _, _ = feed_of(tmp_path / "register", contracts(), rules, june.done.path, july.done.path)
    assert table.num_rows == 0 and counts(table, rules) == []


def test_months_in_the_wrong_order_and_other_snapshots_are_refused(tmp_path: Path) -> None:
    june = build(tmp_path, *police(tmp_path))
    rules = load_resolution(contracts())
    register = tmp_path / "register"
    with pytest.raises(SnapshotError, match="is not of a later month"):
        feed_of(register, contracts(), rules, june.done.path, june.done.path)
    build_city(pack(), tmp_path / "city", 0.001, 1, MONTH + 1, processes=1)
    with pytest.raises(SnapshotError, match="was not made from a register"):
        feed_of(register, contracts(), rules, june.done.path, tmp_path / "city")
    assert not list(register.glob(".changes-*"))
