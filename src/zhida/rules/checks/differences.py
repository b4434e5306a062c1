"""What differs between two packs: values by month and place, and every other record part by part.

Values are compared as they are looked up, not as they are written: two ways of writing one history are no
difference. Everything else is compared by what the record says, wherever it stands in the files.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from datetime import date
from typing import Any

from zhida.codes.months import first_day
from zhida.rules.declarations import Amount, At, Benefit, Condition, Exclusion, Pack, Parameter
from zhida.rules.formulas.reach import Reach
from zhida.rules.parameters import Lookup, effective_month, end_month
from zhida.rules.reforms.reform import BY_USER

Values = tuple[int, ...] | None


@dataclass(frozen=True, slots=True)
class ValueChange:
    """In months [first, until) ``before`` became ``after`` at ``places`` and below, as far as no other change
    names a place there (also one whose value stays, where the place above it changes). None: not known.
    ``start``: the day on which the new value came into force."""

    parameter: str
    first: int
    until: int | None
    places: tuple[str, ...]
    before: Values
    after: Values
    start: date | None


@dataclass(frozen=True, slots=True)
class Detail:
    """``what``: the part of the record, as the pack's format calls it; None: there was or is none."""

    what: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class RecordChange:
    """``kind``: pack, source, register, enumeration, unit, field, parameter, variable, benefit, condition,
    amount, exclusion, group, choice, division. ``change``: added, removed or changed; ``details`` only where
    changed."""

    kind: str
    id: str
    name: str
    change: str
    details: tuple[Detail, ...] = ()
    owner: str = ""


@dataclass(frozen=True, slots=True)
class Differences:
    """``touched``: by id of a parameter, variable, field or benefit the benefits that hang on it."""

    old: Pack
    new: Pack
    values: tuple[ValueChange, ...]
    records: tuple[RecordChange, ...]
    touched: Mapping[str, tuple[str, ...]]

    def __bool__(self) -> bool:
        return bool(self.values or self.records)


def differences(old: Pack, new: Pack) -> Differences:
    """Everything that two packs say differently. Formulas need not be buildable."""
    values = tuple(change for p in old.parameters if p in new.parameters for change in _values(old, new, p))
    records = tuple(_records(old, new))
    named = {c.parameter for c in values} | {r.owner or r.id for r in records}
    return Differences(old, new, values, records, _touched(old, new, named))


def _touched(old: Pack, new: Pack, named: set[str]) -> dict[str, tuple[str, ...]]:
    """By the rules of either pack, in the new one's order."""
    reaches = [Reach(pack) for pack in (old, new)]
    order = [*new.benefits, *(b for b in old.benefits if b not in new.benefits)]
    found = {}
    for id in named:
        seen = {b for reach in reaches for b in reach.pack.benefits if id in reach.uses[b]}
        found[id] = tuple(b for b in order if b in seen)
    return found


# --- values


def _values(old: Pack, new: Pack, id: str) -> Iterator[ValueChange]:
    a, b = old.parameters[id], new.parameters[id]
    if _form(old, a) != _form(new, b):
        return  # numbers of two kinds can't be held against each other; the record says what differs
    if old.divisions is new.divisions and plain(a.values) == plain(b.values):
        return
    places = _places(old, new, a, b)
    looks = Lookup(old), Lookup(new)
    cuts = _cuts((old, a), (new, b))
    cells = {place: [_cell(looks, id, place, month) for month in cuts] for place in places}
    grouped: dict[tuple[Any, ...], list[str]] = {}
    for place in places:
        above = _above(new if new.divisions.get(place) is not None else old, place, cells)
        for piece in _pieces(cuts, cells[place], cells.get(above)):
            grouped.setdefault(piece, []).append(place)
    for (first, until, before, after, start), named in sorted(grouped.items(), key=lambda x: (x[0][0], x[1])):
        yield ValueChange(id, first, until, tuple(named), before, after, start)


def _form(pack: Pack, p: Parameter) -> tuple[Any, ...]:
    choices = tuple(c.id for c in pack.enums[p.table].choices) if p.table else ()
    return p.kind, p.places, choices


def _places(old: Pack, new: Pack, *parameters: Parameter) -> list[str]:
    named = {place for p in parameters for v in p.values for place in v.places}
    return sorted(named | {old.root, new.root})


def _cuts(*sides: tuple[Pack, Parameter]) -> list[int]:
    """Months in which either side may begin to answer otherwise."""
    cuts: set[int] = set()
    for pack, parameter in sides:
        for value in parameter.values:
            ends = (effective_month(value), end_month(value.until))
            cuts.update(month for month in ends if month is not None)
        least = min((effective_month(v) for v in parameter.values), default=0)
        for division in pack.divisions:
            for day in (division.start, division.until):
                month = end_month(day)
                if month is not None and month > least:
                    cuts.add(month)
    return sorted(cuts)


def _cell(
    looks: tuple[Lookup, Lookup], id: str, place: str, month: int
) -> tuple[Values, Values, date | None]:
    a, b = (look.resolve(id, month, place) for look in looks)
    stated = b.value is not None and b.value.citation is not BY_USER
    return a.values, b.values, b.value.start if stated and b.value is not None else None


def _pieces(cuts: Sequence[int], own: Sequence[Any], above: Sequence[Any] | None) -> list[tuple[Any, ...]]:
    """Runs of months in which a place differs, or stays where the place above it differs, in one way."""
    found: list[tuple[Any, ...]] = []
    for i, (first, until) in enumerate(zip(cuts, [*cuts[1:], None], strict=True)):
        before, after, start = own[i]
        same_above = above is None or above[i][0] == above[i][1]
        told = above is not None and above[i][:2] == own[i][:2]
        if told or (before == after and same_above):
            continue
        last = found[-1] if found else None
        if last is not None and last[1] == first and last[2:] == own[i]:
            found[-1] = (last[0], until, *last[2:])
        else:
            found.append((first, until, before, after, start))
    return found


def _above(pack: Pack, place: str, known: Mapping[str, Any]) -> str:
    """The nearest place above that is looked at too; '' where there is none."""
    division = pack.divisions.get(place)
    while division is not None and division.parent:
        if division.parent in known:
            return division.parent
        division = pack.divisions.get(division.parent)
    return ""


# --- records


def plain(record: Any) -> Any:
    """What a record says, without where it stands."""
    if isinstance(record, At):
        return None
    if is_dataclass(record):
        return tuple((f.name, plain(getattr(record, f.name))) for f in fields(record) if f.name != "at")
    if isinstance(record, Mapping):
        return {key: plain(value) for key, value in record.items()}
    return tuple(plain(one) for one in record) if isinstance(record, (tuple, list)) else record


def _records(old: Pack, new: Pack) -> Iterator[RecordChange]:
    head = [
        Detail(name, getattr(old, name), getattr(new, name))
        for name in ("name", "root", "age_on", "verified_through")
        if getattr(old, name) != getattr(new, name)
    ]
    head += [
        Detail(name, getattr(old, f"{name}_citation"), getattr(new, f"{name}_citation"))
        for name in ("age", "first_month")
        if plain(getattr(old, f"{name}_citation")) != plain(getattr(new, f"{name}_citation"))
    ]
    if head or old.id != new.id:
        head = head if old.id == new.id else [Detail("id", old.id, new.id), *head]
        yield RecordChange("pack", new.id, new.name, "changed", tuple(head))
    for kind, name in (("source", "sources"), ("register", "registers"), ("enumeration", "enums"),
                       ("unit", "units"), ("field", "fields")):  # fmt: skip
        yield from _compared(kind, getattr(old, name), getattr(new, name))
    yield from _compared("unit", old.formations, new.formations)
    yield from _compared("parameter", old.parameters, new.parameters, ("values",))
    yield from _cited_otherwise(old, new)
    yield from _compared("variable", old.variables, new.variables)
    yield from _compared("benefit", old.benefits, new.benefits, ("conditions", "amounts", "excluded_by"))
    for id, benefit in new.benefits.items():
        if id in old.benefits:
            yield from _parts(old.benefits[id], benefit)
    yield from _compared("group", {g.id: g for g in old.groups}, {g.id: g for g in new.groups})
    yield from _compared("choice", {c.id: c for c in old.choices}, {c.id: c for c in new.choices})
    yield from _supplements(old, new)
    if old.divisions is not new.divisions:
        yield from _compared(
            "division", {d.code: d for d in old.divisions}, {d.code: d for d in new.divisions}
        )


def _supplements(old: Pack, new: Pack) -> Iterator[RecordChange]:
    """The work-sheet, the sharing of cost, the setting of standards."""

    def sheets(pack: Pack) -> dict[str, Any]:
        return {} if pack.worksheet is None else {"worksheet": pack.worksheet}

    def shares(pack: Pack) -> dict[str, Any]:
        return {_dated(f"{s.benefit}@{s.place}", s.start): s for s in pack.sharing}

    yield from _compared("worksheet", sheets(old), sheets(new))
    yield from _compared("sharing", shares(old), shares(new))
    for name in ("series", "rules"):
        a, b = ({one.id: one for one in getattr(pack.setting, name)} for pack in (old, new))
        yield from _compared("setting", a, b)


def _compared(
    kind: str, old: Mapping[str, Any], new: Mapping[str, Any], apart: Sequence[str] = (), owner: str = ""
) -> Iterator[RecordChange]:
    """``apart``: parts that are compared elsewhere."""
    for id, record in new.items():
        if id not in old:
            yield RecordChange(kind, id, _name(record), "added", (), owner)
    for id, record in old.items():
        if id not in new:
            yield RecordChange(kind, id, _name(record), "removed", (), owner)
        elif details := _details(record, new[id], apart):
            yield RecordChange(kind, id, _name(new[id]), "changed", details, owner)


def _name(record: Any) -> str:
    for attribute in ("name", "title", "says"):
        if found := getattr(record, attribute, ""):
            return str(found)
    return ""


def _details(a: Any, b: Any, apart: Sequence[str]) -> tuple[Detail, ...]:
    found = []
    for f in fields(a):
        if f.name in ("at", *apart):
            continue
        before, after = getattr(a, f.name), getattr(b, f.name)
        if plain(before) != plain(after):
            found.append(Detail(f.name, before, after))
    return tuple(found)


def _cited_otherwise(old: Pack, new: Pack) -> Iterator[RecordChange]:
    """Values that are looked up alike and are written or cited otherwise."""
    for id, parameter in new.parameters.items():
        if id in old.parameters:
            before, after = ({plain(v): v for v in p.values} for p in (old.parameters[id], parameter))
            gone = [v for key, v in before.items() if key not in after]
            come = [v for key, v in after.items() if key not in before]
            if (gone or come) and not any(True for _ in _values(old, new, id)):
                details = (Detail("values", len(gone), len(come)),)
                yield RecordChange("parameter", id, parameter.name, "changed", details)


def _parts(a: Benefit, b: Benefit) -> Iterator[RecordChange]:
    def conditions(one: Benefit) -> dict[str, Condition]:
        return {_dated(c.id, c.formula.start): c for c in one.conditions}

    def amounts(one: Benefit) -> dict[str, Amount]:
        return {_dated("amount", x.formula.start): x for x in one.amounts}

    def exclusions(one: Benefit) -> dict[str, Exclusion]:
        return {x.benefit: x for x in one.excluded_by}

    yield from _compared("condition", conditions(a), conditions(b), ("id",), b.id)
    yield from _compared("amount", amounts(a), amounts(b), (), b.id)
    yield from _compared("exclusion", exclusions(a), exclusions(b), ("benefit",), b.id)


def _dated(id: str, start: int | None) -> str:
    return id if start is None else f"{id}@{first_day(start):%Y-%m}"


__all__ = ["Detail", "Differences", "RecordChange", "ValueChange", "differences", "plain"]
