"""Which months are paid, and what is owed since more is known."""

from __future__ import annotations

import re
import shutil
from dataclasses import replace
from datetime import date, timedelta
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zhida.codes.months import first_day, format_month
from zhida.rules.checks.coverage import month_findings
from zhida.rules.declarations import Pack
from zhida.rules.explain.arrears import arrears
from zhida.rules.explain.assess import assess
from zhida.rules.explain.due import Due, due
from zhida.rules.explain.events import Events, read_events
from zhida.rules.explain.request import RequestError
from zhida.rules.loading import find_pack, load_pack
from zhida.rules.program.build import build_program
from zhida.rules.timing import MONTHS, UNKNOWN, Event, monthly

MONTH = 2025 * 12 + 2
IN_MARCH = date(2025, 3, 10)


@cache
def taoyuan() -> Pack:
    return load_pack(find_pack("taoyuan"))


def person(id: str, **rest: object) -> dict[str, Any]:
    return {"id": id, "出生日期": "1985-05-01", "养老金": 0, "其他收入": 0, **rest}


def household(*members: dict[str, Any], **rest: object) -> dict[str, Any]:
    return {
        "division": "999901",
        "complete": "all",
        "household": {"承包地": 0},
        "members": list(members),
    } | rest


FAMILY = household(person("甲"), person("乙", 工资=200))
ALONE = 800.5
"""The relief of 甲 without anybody's wage, in yuan."""
OF_BOTH = 1431
"""800.50 * 2 - 200 * 0.85, up to the next tenth."""


def with_rule(event: Event, month: str, benefit: str = "relief") -> Pack:
    pack = taoyuan()
    b = pack.benefits[benefit]
    rules = tuple(replace(r, month=month) if r.event is event else r for r in b.months)
    return replace(pack, benefits={**pack.benefits, benefit: replace(b, months=rules)})


def of(
    pack: Pack, data: dict[str, Any], events: Events, benefit: str = "relief", unit: str = "household"
) -> Due:
    return due(pack, data, events, MONTH, only={benefit})[benefit, unit]


def ends(found: Due) -> list[float]:
    return [end / 100 for end in found.ends if end is not None]


@pytest.mark.parametrize(
    ("event", "events", "amounts"),
    [
        (
            Event.BEGIN,
            Events(decided=IN_MARCH),
            {"same": [OF_BOTH] * 2, "next": [0, 0], UNKNOWN: [0, OF_BOTH]},
        ),
        (Event.END, Events(ended=IN_MARCH), {"same": [OF_BOTH] * 2, "before": [0, 0], UNKNOWN: [0, OF_BOTH]}),
        (
            Event.DEATH,
            Events(died={"乙": IN_MARCH}),
            {"same": [OF_BOTH] * 2, "before": [ALONE] * 2, UNKNOWN: [ALONE, OF_BOTH]},
        ),
        (
            Event.MOVE,
            Events(moved_on=IN_MARCH, moved_from="320100000000"),
            {"new": [OF_BOTH] * 2, "old": [0, 0], UNKNOWN: [0, OF_BOTH]},
        ),
    ],
)
def test_the_rule_chooses_the_reading(event: Event, events: Events, amounts: dict[str, list[float]]) -> None:
    assert set(amounts) == set(MONTHS[event])
    for month, wanted in amounts.items():
        found = of(with_rule(event, month), FAMILY, events)
        assert ends(found) == wanted, month
        assert [r.event for r in found.because] == (
            [event] if month != "same" or event is Event.DEATH else []
        )[:1] or event in (Event.MOVE, Event.DEATH)


@pytest.mark.parametrize("born", [date(2007, 3, 1), date(2007, 3, 31)])
def test_a_birthday_inside_the_month(born: date) -> None:
    """Also on the first and on the last day: before it the month's age is that of the month before."""
    data = household(person("甲", 出生日期=born.isoformat(), 失去双亲=True, 抚养意愿="选孤童抚养"))
    grown = {"same": [0, 0], "next": [900, 900], UNKNOWN: [0, 900]}
    base = of(with_rule(Event.AGE, "next", "orphan"), data, Events(), "orphan", "甲")
    paid = ends(base)[0]
    for month, wanted in grown.items():
        found = of(with_rule(Event.AGE, month, "orphan"), data, Events(), "orphan", "甲")
        assert ends(found) == [w and paid for w in wanted]
    assert paid > 0


def test_before_and_after_the_month_it_is_paid_whole_or_not_at_all() -> None:
    pack = taoyuan()
    for shift, begun, ended in ((-31, OF_BOTH, 0), (31, 0, OF_BOTH)):
        day = IN_MARCH + timedelta(days=shift)
        assert ends(of(pack, FAMILY, Events(decided=day))) == [begun] * 2
        assert ends(of(pack, FAMILY, Events(ended=day))) == [ended] * 2
        alone = ALONE if shift < 0 else OF_BOTH
        assert ends(of(pack, FAMILY, Events(died={"乙": day}))) == [alone] * 2


words = st.sampled_from([dict(zip(Event, c, strict=True)) for c in product(*MONTHS.values())])
days = st.none() | st.dates(date(2025, 2, 1), date(2025, 4, 30))


@given(
    rules=words,
    decided=days,
    ended=days,
    died=days,
    moved=days,
    born=st.dates(date(1949, 1, 1), date(2012, 1, 1)),
)
def test_what_is_not_known_holds_all_that_it_may_be(
    rules: dict[Event, str],
    decided: date | None,
    ended: date | None,
    died: date | None,
    moved: date | None,
    born: date,
) -> None:
    """However the unknown rules turn out, what is then due lies between the ends told; and with none unknown
    it is one amount."""
    events = Events(
        decided=decided, applied=decided, ended=ended, died={} if died is None else {"乙": died},
        moved_on=moved, moved_from="" if moved is None else "320100000000",
    )  # fmt: skip
    data = household(person("甲", 出生日期=born.isoformat(), 残疾等级="一级"), person("乙", 工资=300.5))
    told = due(said(rules), data, events, MONTH)
    possible = [[w for w in MONTHS[e] if w != UNKNOWN] if m == UNKNOWN else [m] for e, m in rules.items()]
    for choice in product(*possible):
        for key, one in due(said(dict(zip(Event, choice, strict=True))), data, events, MONTH).items():
            low, high = told[key].ends
            assert one.ends[0] == one.ends[1]
            assert high is not None and low <= one.ends[0] <= high


def said(rules: dict[Event, str]) -> Pack:
    pack = taoyuan()
    benefits = {
        b.id: replace(b, months=tuple(replace(r, month=rules[r.event]) for r in b.months))
        for b in pack.benefits.values()
    }
    return replace(pack, benefits=benefits)


# --- arrears


@settings(max_examples=15)
@given(
    known=st.dates(date(2023, 1, 1), date(2024, 12, 31)),
    later=st.none() | st.dates(date(2025, 1, 1), date(2025, 6, 1)),
    wage=st.integers(0, 100000),
)
def test_arrears_are_the_difference_of_two_answers(known: date, later: date | None, wage: int) -> None:
    pack = taoyuan()
    data = household(person("甲", 工资=f"{wage / 100:.2f}"), person("乙", 残疾等级="一级"))
    first, last = 2023 * 12 + 9, 2023 * 12 + 14
    found = arrears(pack, data, first, last, known, later)
    sums = 0
    for month in range(first, last + 1):
        for sign, day in ((-1, known), (1, later)):
            told = data | {"month": format_month(month), "known_on": None if day is None else day.isoformat()}
            for r in assess(pack, told)["results"]:
                if monthly(pack.benefits[r["benefit"]]) and r["answer"] == "yes":
                    sums += sign * round(r["amount"] * 100)
    assert found["total"] is not None and round(found["total"] * 100) == sums
    for line in found["lines"]:
        assert (line["difference"] == 0) or line["changed"]


def test_what_is_unknown_both_times_cancels() -> None:
    """Nobody knows the wage; where no value changed there is no difference all the same."""
    data = household(person("甲", 工资=None))
    found = arrears(taoyuan(), data, 2024 * 12, 2024 * 12 + 5, date(2024, 12, 31), None, {"relief"})
    same = [line for line in found["lines"] if not line["changed"]]
    assert same and all(line["difference"] == 0 and line["due"]["amount"] is None for line in same)


def test_a_child_counts_from_the_month_of_birth() -> None:
    child = person("丙", 出生日期="2025-02-20")
    found = arrears(
        taoyuan(), household(person("甲"), child), 2025 * 12, MONTH, first_day(MONTH), None, {"relief"}
    )
    assert [line["due"]["amount"] for line in found["lines"]] == [ALONE, 2 * ALONE, 2 * ALONE]


# --- reading


@pytest.mark.parametrize(
    ("events", "says"),
    [
        ({"decided": "2025-06-31"}, "events.decided: «2025-06-31» is no date"),
        ({"deciced": "2025-06-01"}, "perhaps decided"),
        ({"died": {"丁": "2025-06-01"}}, "events.died.丁: unknown"),
        ({"moved": {"on": "2025-06-01"}}, "needs both"),
        ({"moved": {"on": "2025-06-01", "from": "33x"}}, "events.moved.from"),
        ([], "a mapping with applied"),
    ],
)
def test_events_that_cannot_be_read(events: object, says: str) -> None:
    with pytest.raises(RequestError) as error:
        read_events(FAMILY | {"events": events})
    assert says in str(error.value)


def test_a_pack_that_does_not_say_is_refused(tmp_path: Path) -> None:
    text = (taoyuan().path / "benefits/orphan.yaml").read_text(encoding="utf-8")
    shutil.copytree(taoyuan().path, tmp_path / "p")
    (tmp_path / "p/benefits/orphan.yaml").write_text(
        re.sub(r"  (age|move): .*\n", "", text), encoding="utf-8"
    )
    pack = load_pack(tmp_path / "p")
    found = [text for _, _, text in month_findings(pack, {MONTH: build_program(pack, MONTH)})]
    assert found == ["orphan does not say under `months`: age, move (`month: unknown` where no source does)"]
    assert not list(month_findings(taoyuan(), {MONTH: build_program(taoyuan(), MONTH)}))
