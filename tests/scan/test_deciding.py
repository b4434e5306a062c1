"""A fact that is said to decide does, and no cheaper one does: tried again by the interpreter."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from scan.asking import instance_of, run_of
from scan.town import write_town
from zhida.rules.declarations import Field, Kind, Pack
from zhida.rules.explain.interpret import Facts, Run, Value
from zhida.rules.formulas.ir import NO, PERSON, YES
from zhida.rules.loading import find_pack, load_pack
from zhida.rules.values import point
from zhida.scan.deciding import Finder
from zhida.scan.facts import different_choices
from zhida.scan.find import Found, find_household, find_person
from zhida.scan.lists import COLUMN, bits
from zhida.scan.loaded import Loaded, by_cost, restricted, unsettled
from zhida.scan.scan import ScanResult


def values(pack: Pack, field: Field, known: Value | None) -> Iterator[Value]:
    if isinstance(known, tuple):
        yield from (point(known[0]), point(known[1]))
    elif field.kind is Kind.BOOL:
        yield from (YES, NO)
    elif field.kind is Kind.ENUM:
        yield from (1 << i for i in range(len(pack.enums[field.enum].choices)))
    else:
        ends = {field.minimum, field.maximum} | ({field.empty} if field.empty is not None else set())
        yield from (point(end) for end in ends)


def settled(answer: int) -> bool:
    return answer & YES == 0 or answer == YES


def is_open(known: Value | None) -> bool:
    return known is None or (isinstance(known, tuple) and known[0] != known[1])


def decides(run: Run, pack: Pack, benefit: str, instance: int, name: str) -> bool:
    """Whether some value of the field, of all who lack it, settles what registers tell."""
    field, facts = pack.fields[name], run.facts
    cells = [p.get(name) for p in facts.persons] if field.unit == PERSON else [facts.group.get(name)]
    if not any(is_open(c) for c in cells):
        return False
    ends = [list(values(pack, field, c)) for c in cells]
    for i in range(max(len(e) for e in ends)):
        given = [e[min(i, len(e) - 1)] if is_open(c) else c for c, e in zip(cells, ends, strict=True)]
        if field.unit == PERSON:
            persons = tuple(
                {**p, name: v} for p, v in zip(facts.persons, given, strict=True) if v is not None
            )
            told: Facts = replace(facts, persons=persons)
        else:
            told = replace(facts, group={**facts.group, name: given[0]})  # type: ignore[dict-item]
        answer = Run(run.program, told).value(run.program.benefits[benefit].presumed.answer, instance)
        assert isinstance(answer, int)
        if settled(answer):
            return True
    return False


def found_of(loaded: Loaded, row: dict[str, object]) -> Found:
    key = int(str(row["unit_key"]))
    return (
        find_person(loaded.snapshot, key) if row["unit"] == PERSON else find_household(loaded.snapshot, key)
    )


def test_the_cheapest_fact_that_decides_alone_is_named(result: ScanResult) -> None:
    loaded = result.loaded
    pack = loaded.pack
    rows = [r for r in pq.read_table(result.results).to_pylist() if r["list"] == "verify"]
    assert len(rows) > 50
    alone = 0
    for r in rows[:: max(1, len(rows) // 150)]:
        found = found_of(loaded, r)
        run, instance = run_of(loaded, found), instance_of(loaded, found, r["benefit"])
        order = unsettled(loaded.program, loaded.kernel.form, r["benefit"])
        deciding = [f for f in order if decides(run, pack, r["benefit"], instance, f)]
        if r["deciding_alone"]:
            alone += 1
            assert r["deciding"] == deciding[:1], r
        else:
            assert not deciding, r
            assert len(r["deciding"]) != 1
    assert alone > 20


def test_several_facts_together_decide(result: ScanResult) -> None:
    several = [
        r
        for r in pq.read_table(result.results).to_pylist()
        if r["list"] == "verify" and not r["deciding_alone"] and r["deciding"]
    ]
    loaded = result.loaded
    for r in several[:20]:
        found = found_of(loaded, r)
        run, instance = run_of(loaded, found), instance_of(loaded, found, r["benefit"])
        answers = []
        for pick in (0, -1):
            persons, group = [dict(p) for p in run.facts.persons], dict(run.facts.group)
            for name in r["deciding"]:
                field = loaded.pack.fields[name]
                for cells in persons if field.unit == PERSON else [group]:
                    if is_open(cells.get(name)):
                        cells[name] = list(values(loaded.pack, field, cells.get(name)))[pick]
            told = replace(run.facts, persons=tuple(persons), group=group)
            answers.append(Run(loaded.program, told).value(
                loaded.program.benefits[r["benefit"]].presumed.answer, instance
            ))  # fmt: skip
        assert any(isinstance(a, int) and settled(a) for a in answers), r


def test_choices_that_no_rule_tells_apart_are_tried_once(loaded: Loaded) -> None:
    for field in loaded.pack.fields.values():
        if field.kind is Kind.ENUM:
            count = len(loaded.pack.enums[field.enum].choices)
            found = different_choices(loaded.program, field.id, count)
            assert found == sorted(set(found)) and set(found) <= set(range(count)) and found[0] == 0


@pytest.mark.parametrize("benefit", ["relief", "orphan"])
def test_facts_come_cheapest_first(loaded: Loaded, benefit: str) -> None:
    facts = unsettled(loaded.program, loaded.kernel.form, benefit)
    assert facts == by_cost(loaded.pack, set(facts))
    costs = [loaded.pack.fields[f].cost for f in facts]
    assert costs == sorted(costs) and facts


def test_a_parameter_without_a_value_is_named(town: Path, pack: Pack) -> None:
    """In 2022 the standard of relief is a gap: where it alone keeps the answer open, it is missing."""
    gap = Loaded.open(town, pack, month=2022 * 12 + 5, compiled=False)
    finder = Finder(gap)
    assert "relief_standard" in finder.gaps["relief"]
    finder.fields["relief"] = ()
    part = gap.snapshot.part(0)
    table = gap.table(part)
    rows = gap.kernel.run(table, gap.places.places, gap.parameters, threads=1)["relief"]
    open_ = rows[0][(rows[1] >> 3 & 7) == YES | NO]
    decided = finder.decide(table, {"relief": open_})["relief"]
    sets = [decided.sets[i] for i in decided.index]
    assert len(sets) == len(open_) > 10
    named = [s for s, alone in zip(sets, decided.alone, strict=True) if alone]
    assert named and all(s == ("relief_standard",) for s in named)


def test_letting_go_at_once_is_letting_go_one_by_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the rules of a real place, some of whose fields are presumed only of some people."""
    real = load_pack(find_pack("zhejiang"))
    write_town(tmp_path / "s", real, 2025 * 12 + 5, seed=5, parts=1, homes=40, missing=0.35)
    loaded = Loaded.open(tmp_path / "s", real, compiled=False)
    at_once, sizes = Finder._let_go, []

    def both(finder: Finder, trial: Any, one: Any, rows: Any, facts: Any, known: Any, end: str) -> None:
        slowly = known.copy()
        finder._one_by_one(trial, one, rows, facts, slowly, end, range(len(facts) - 1, -1, -1))
        at_once(finder, trial, one, rows, facts, known, end)
        assert np.array_equal(known, slowly)
        sizes.extend(known.sum(axis=0).tolist())

    monkeypatch.setattr(Finder, "_let_go", both)
    monkeypatch.setattr(Finder, "_alone", lambda *_: None)  # else too few are left
    finder = Finder(loaded)
    assert finder.presumed & {*finder.fields["dibao"]}
    table = loaded.table(loaded.snapshot.part(0))
    benefits = ("dibao", "tekun", "disability_living", "unsupported_child")
    kernel = restricted(loaded.kernel, benefits)
    rows = kernel.run(table, loaded.places.places, loaded.parameters, threads=1)
    finder.decide(table, {b: r[0][bits(r[COLUMN["codes"]], 3) == YES | NO] for b, r in rows.items()})
    assert len(sizes) > 20 and max(sizes) > 1
