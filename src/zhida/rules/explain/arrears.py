"""Arrears: what a household is due by what is known on one day, against what it was paid by what had been
known on an earlier one. Each difference names the values that made it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from zhida.codes.months import format_month
from zhida.rules.declarations import Pack, Parameter
from zhida.rules.explain.assess import program_of
from zhida.rules.explain.due import NONE, NOTHING, Due, Key, due
from zhida.rules.explain.events import Events, read_events
from zhida.rules.explain.grounds import described, yuan
from zhida.rules.explain.request import RequestError, parse_request
from zhida.rules.formulas.ir import cone
from zhida.rules.parameters import Lookup, Resolved, is_stale
from zhida.rules.timing import UNKNOWN

MOST_MONTHS = 240


def _less(amount: int | None, other: int | None) -> int | None:
    """``amount`` less ``other``; None where one of them has no known end."""
    return None if amount is None or other is None else amount - other


@dataclass(frozen=True, slots=True)
class Line:
    """One benefit of one unit in one month. ``changed``: parameters that say something else by the later
    knowledge; without any the difference is nothing, whatever is unknown. A month that can be read in
    several ways is read in the same one both times."""

    month: int
    before: Due
    after: Due
    changed: tuple[Mapping[str, Any], ...]

    @property
    def ends(self) -> tuple[int | None, int | None]:
        """Lowest and highest difference in fen; below 0 too much was paid. None: no end is known."""
        if not self.changed or self.after.paid == NONE:
            return 0, 0
        before, after = self.before.ways, self.after.ways
        lows = [_less(after[r][0], before[r][1]) for r in after]
        highs = [_less(after[r][1], before[r][0]) for r in after]
        if self.after.paid == UNKNOWN:
            lows, highs = [*lows, 0], [*highs, 0]
        return (
            None if None in lows else min(low for low in lows if low is not None),
            None if None in highs else max(high for high in highs if high is not None),
        )

    def to_json(self) -> dict[str, Any]:
        low, high = self.ends
        ends = [None if end is None else yuan(end) for end in (low, high)]
        result = self.after.result
        return {
            "month": format_month(self.month),
            "benefit": self.after.benefit,
            "name": result["name"],
            "unit": result["unit"],
            "unit_id": self.after.unit_id,
            "paid": {"answer": self.before.result["answer"], **self.before.to_json()},
            "due": {"answer": result["answer"], **self.after.to_json()},
            "difference": ends[0] if low == high else None,
            "difference_range": ends,
            "changed": list(self.changed),
        }


def arrears(
    pack: Pack,
    data: object,
    first: int,
    last: int,
    known_on: date,
    known_by: date | None = None,
    only: Collection[str] | None = None,
) -> dict[str, Any]:
    """Every benefit that is paid by the month, from month ``first`` to ``last``, both included, that is due
    something by one of the two states of knowledge. ``known_by``: the later one; None: all that is known
    now. Raises RequestError."""
    if not 0 <= last - first < MOST_MONTHS:
        raise RequestError([f"months: the last must not lie before the first, and at most {MOST_MONTHS}"])
    told, events = read_events(data)
    told.setdefault("month", format_month(last))
    lines: list[Line] = []
    for month in range(first, last + 1):
        before = due(pack, told, events, month, known_on, only)
        after = due(pack, told, events, month, known_by, only)
        lookups = Lookup(pack, known_on), Lookup(pack, known_by)
        for key, later in after.items():
            earlier = before[key]
            changed = _changed(pack, told, events, month, key, (earlier, later), lookups)
            lines.append(Line(month, earlier, later, tuple(changed)))
    lines = [line for line in lines if (line.before.ends, line.after.ends) != (NOTHING, NOTHING)]
    return {
        "from": format_month(first),
        "to": format_month(last),
        "known_on": known_on.isoformat(),
        "known_by": None if known_by is None else known_by.isoformat(),
        "division": str(told.get("division")),
        "pack": {
            "id": pack.id,
            "hash": pack.hash,
            "verified_through": pack.verified_through.isoformat(),
            "stale": is_stale(pack, last),
        },
        "lines": [line.to_json() for line in lines],
        **_total(lines),
    }


def _total(lines: Sequence[Line]) -> dict[str, Any]:
    """The sum of all differences, in yuan."""
    sums: list[int | None] = []
    for end in (0, 1):
        values = [line.ends[end] for line in lines]
        sums.append(None if None in values else sum(v for v in values if v is not None))
    ends = [None if s is None else yuan(s) for s in sums]
    return {"total": ends[0] if sums[0] == sums[1] else None, "total_range": ends}


def _changed(
    pack: Pack,
    told: Mapping[str, Any],
    events: Events,
    month: int,
    key: Key,
    dues: tuple[Due, Due],
    lookups: tuple[Lookup, Lookup],
) -> list[Mapping[str, Any]]:
    """Parameters that the benefit hangs on and that the two states of knowledge tell apart, at the places of
    the household; those that answer or amount name come alone."""
    program = program_of(pack, month)
    b = program.benefits[key[0]]
    roots = [b.full.answer, *b.full.conditions, b.applies]
    roots += [b.full.amount] if b.full.amount is not None else []
    named = {(str(n.data[0]), int(str(n.data[1]))) for n in cone(roots) if n.op == "param"}
    found: dict[tuple[str, int], Mapping[str, Any]] = {}
    for place in _places(pack, told, events):
        for id, index in sorted(named):
            old, new = (lookup.resolve(id, month, place) for lookup in lookups)
            if _value(old, index) != _value(new, index):
                found.setdefault((id, index), _told(pack, pack.parameters[id], index, old, new))
    shown = {p["id"] for d in dues for p in d.result["amount_parameters"]}
    values = {(p["id"], p["value"]) for d in dues for p in d.result["amount_parameters"]}
    own = [f for f in found.values() if f["id"] in shown and _told_there(f, values)]
    return own or list(found.values())


def _told_there(found: Mapping[str, Any], values: set[tuple[str, Any]]) -> bool:
    return any((found["id"], found[side]) in values for side in ("before", "after"))


def _places(pack: Pack, told: Mapping[str, Any], events: Events) -> list[str]:
    """Where the household and its people are, or were before a move."""
    request = parse_request(pack, told)
    places = [request.division, *request.facts.places, events.moved_from]
    return [p for p in dict.fromkeys(places) if p]


def _value(found: Resolved, index: int) -> int | None:
    return None if found.values is None else found.values[index]


def _told(pack: Pack, p: Parameter, index: int, old: Resolved, new: Resolved) -> dict[str, Any]:
    """Both values, and where the later one comes from."""
    sides = [
        None if r.values is None or r.value is None else described(p, r.value, r, index) for r in (old, new)
    ]
    before, after = sides
    value = new.value
    choice = pack.enums[p.table].choices[index].name if p.table else None

    def day(when: date | None) -> str | None:
        return None if when is None else when.isoformat()

    return {
        "id": p.id,
        "name": p.name,
        "choice": choice,
        "before": None if before is None else before["value"],
        "after": None if after is None else after["value"],
        "measure": p.measure,
        "place": new.place,
        "from": None if value is None else value.start.isoformat(),
        "announced": None if value is None else day(value.announced),
        "known_from": None if value is None else day(value.known_from),
        "source": "" if value is None else value.citation.source,
        "article": "" if value is None else value.citation.article,
        "evidence": None if value is None else str(value.citation.evidence),
        "note": "" if value is None else value.citation.note,
    }
