"""The lists are what the definitions say, worked out again one unit at a time by the interpreter."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pyarrow.parquet as pq

from scan.asking import run_of
from zhida.rules.formulas.ir import PERSON, YES
from zhida.rules.program.outcome import row
from zhida.scan.find import Found
from zhida.scan.loaded import Loaded
from zhida.scan.scan import ScanResult
from zhida.scan.totals import KINDS

Key = tuple[str, int, int]


def listed(
    benefit: Any, cells: dict[str, int], review: tuple[int, int, int | None], last: int, month: int
) -> tuple[str, str]:
    """List and reason of one unit, in plain words of the design; ('', '') for none. ``last``: review."""
    answer, registers, signal = (cells["codes"] >> at & 7 for at in (0, 3, 6))
    near, held = cells["codes"] >> 9 & 1, cells["codes"] >> 10 & 7 == YES
    if benefit.kind != "standing":
        return "", ""
    if not held:
        if registers == YES and answer & YES:
            return "lead", ""
        if registers & YES and registers != YES and signal == YES:
            return "verify", ""
        return ("near", "") if near else ("", "")
    every, clear, valid = review
    over = valid is not None and month - last >= valid
    early = month - last < every and not over
    if not registers & YES:
        return ("waits", "no_longer_fits") if near and early else ("review", "no_longer_fits")
    if over:
        return "review", "validity_over"
    if benefit.amounts and not cells["presumed_lo"] <= cells["award"] <= cells["presumed_hi"]:
        difference = min(abs(cells["award"] - cells[f"presumed_{end}"]) for end in ("lo", "hi"))
        return ("waits" if early and difference < clear else "review"), "amount_differs"
    return "", ""


def worked_out(loaded: Loaded) -> tuple[dict[Key, tuple[str, str]], Counter[tuple[str, str]]]:
    """By benefit, part and unit row; and what waits or is held, counted."""
    lists: dict[Key, tuple[str, str]] = {}
    counted: Counter[tuple[str, str]] = Counter()
    for part in loaded.snapshot.parts():
        awards = part.awards
        for g in range(len(part.households["size"])):
            found = Found(part, g, None)
            run = run_of(loaded, found)
            for b in loaded.benefits:
                program = loaded.program.benefits[b]
                is_person = program.benefit.unit == PERSON
                for i in range(len(found.rows)) if is_person else range(1):
                    at = found.rows[i] if is_person else g
                    cells = row(run, program, i)
                    mine = awards["unit_row"] == at
                    if b in loaded.snapshot.contract.benefits:
                        mine = mine & (awards["benefit"] == loaded.snapshot.contract.benefits.index(b))
                    last = int(awards["last_review"][mine][0]) if cells["codes"] >> 10 & 7 == YES else 0
                    review: tuple[int, int, int | None] = (0, 0, None)
                    for rule in program.benefit.reviews:
                        review = (int(rule.every.text), rule.clear_change, rule.valid)
                    where, why = listed(program.benefit, cells, review, last, loaded.month)
                    if where == "waits":
                        counted[b, f"waits_{why}"] += 1
                    elif where:
                        lists[b, part.info.index, at] = (where, why)
                        counted[b, why or where] += 1
                    held = cells["codes"] >> 10 & 7 == YES
                    counted[b, "receives"] += held
                    open_ = program.benefit.kind != "standing" and not held
                    presumed, signal = cells["codes"] >> 3 & 7, cells["codes"] >> 6 & 7
                    speaks = YES in (presumed, signal)
                    counted[b, "possible"] += bool(open_ and presumed & YES and speaks)
    return lists, counted


def unit_keys(loaded: Loaded, lists: dict[Key, tuple[str, str]]) -> set[tuple[str, int, str, str]]:
    found = set()
    for (b, index, at), (where, why) in lists.items():
        part = loaded.snapshot.part(index)
        is_person = loaded.pack.benefits[b].unit == PERSON
        key = part.persons["person_key"][at] if is_person else part.households["household_key"][at]
        found.add((b, int(key), where, why))
    return found


def test_every_entry_is_where_it_belongs(result: ScanResult) -> None:
    want, counted = worked_out(result.loaded)
    rows = pq.read_table(result.results).to_pylist()
    have = {(r["benefit"], r["unit_key"], r["list"], r["reason"]) for r in rows}
    assert have == unit_keys(result.loaded, want)
    assert len(rows) == result.rows == len(want)
    for b in result.loaded.benefits:
        for kind in KINDS:
            assert result.totals.count(kind, benefit=b) == counted[b, kind], (b, kind)
    # the town holds something of everything, else this test shows little
    assert {where for where, _ in want.values()} == {"lead", "verify", "review", "near"}
    kinds = {kind for (_, kind), n in counted.items() if n}
    assert kinds == set(KINDS)


def test_a_lead_may_be_yes_and_nobody_on_it_receives(result: ScanResult) -> None:
    for r in pq.read_table(result.results).to_pylist():
        if r["list"] == "lead":
            assert r["registers_answer"] == "yes" and r["answer"] in ("yes", "undetermined")
        assert (r["award_amount"] is not None) == (r["list"] == "review")
        assert (r["list"] == "verify") or not r["deciding"]
        assert r["unit_key"] == r["person_key"] or r["unit"] != PERSON
