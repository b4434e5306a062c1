"""``fields/*.yaml``, and the fields that the engine makes."""

from __future__ import annotations

from collections.abc import Iterable

from zhida.rules.declarations import WITH, At, Benefit, Field, Kind
from zhida.rules.history import PASTS
from zhida.rules.history import PREFIXES as OF_AWARDS
from zhida.rules.loading.base import PERSON
from zhida.rules.loading.context import Context
from zhida.rules.loading.yamlnodes import Node

AWARDS = "awards"
MOST_AWARD = 100_000_000
"""One million yuan a month, in fen: what an unknown award may be."""
RESERVED = frozenset(
    {
        *("household_key", "division", "first_person", "size", "person_key", "household", "relation"),
        *("member_from", "member_until", "registered", "lives"),
        *("registered_at", "lives_at", "links", "id", "who", "month"),
    }
)
"""Columns of a snapshot and keys of a household file: a field of that id could not be told from them."""
PREFIXES = ("link_", "registered_here", WITH, *OF_AWARDS)
_SENSITIVITY = ("public", "internal", "personal", "sensitive")
_REQUIRED = ("id", "name", "unit", "type", "sensitivity", "cost")
_OPTIONAL = (
    *("enum", "places", "measure", "min", "max", "empty", "register", "interval", "optional", "says"),
    "presumed_if",
)


def read_field(item: Node, context: Context) -> Field | None:
    record = item.map(_REQUIRED, _OPTIONAL)
    id = context.formula_id(record["id"])
    if id in RESERVED or id.startswith(PREFIXES) or "__" in id:
        record["id"].add("an id that the engine uses itself", "another id, without `__`")
        id = ""
    name = context.name(record["name"])
    kind = context.kind(record["type"])
    enum = context.enum(record, kind)
    places = context.places(record, kind)
    low, high = context.bounds(record, kind, enum, places)
    register = (
        context.reference(record["register"], "register", context.registers) if "register" in record else ""
    )
    empty = None
    if "empty" in record:
        empty = context.value(record["empty"], kind, enum, places)
        if not low <= empty <= high:
            record["empty"].add("the empty value is outside min and max", "a value within them")
        # Without a register (the family declares it) it is only what a list presumes until they have.
    if record.flag("interval") and kind in (Kind.BOOL, Kind.ENUM):
        record["interval"].add(f"a {kind} can't be an interval", "no `interval`")
    presumed = record.get("presumed_if")
    if presumed is not None and empty is None:
        presumed.add("nothing is presumed of a field without an empty value", "`empty` as well")
    field = Field(
        id=id,
        name=name,
        presumed_if=presumed.formula() if presumed is not None else None,
        unit=context.reference(record["unit"], "unit", context.units),
        kind=kind,
        enum=enum,
        places=places,
        measure=record.text("measure"),
        minimum=low,
        maximum=high,
        empty=empty,
        register=register,
        sensitivity=record["sensitivity"].word(*_SENSITIVITY),
        cost=record["cost"].integer(1, 9),
        interval=record.flag("interval"),
        optional=record.flag("optional"),
        says=record.text("says"),
        at=item.at,
    )
    return field if context.take("field", id, name, item.at) and id else None


def made_fields(benefits: Iterable[Benefit], identity_at: At, context: Context) -> dict[str, Field]:
    """What no pack declares: the place of registration lies inside, with whom somebody is known to live, and
    what the awards register holds."""
    made = [
        # No register of its own: it follows from the division of registration, unknown where that is.
        _made(
            "registered_here",
            "本地户籍",
            PERSON,
            Kind.BOOL,
            1,
            None,
            "",
            "户籍地在本规则包的地域之内",
            identity_at,
        )
    ]
    for link in context.links.values():
        says = f"登记里与{link.name}在同一户; 没有、不知是谁或在别处的为否"
        made.append(
            _made(f"{WITH}{link.id}", f"与{link.name}同住", PERSON, Kind.BOOL, 1, None, "", says, link.at)
        )
    for benefit in benefits:
        if not benefit.award:
            continue
        if AWARDS not in context.registers:
            says = "a benefit with `award: true`, but the pack has no register for awards"
            context.problems.add(benefit.at, says, benefit.id, f"a register with the id {AWARDS}")
        unit, name, at = benefit.unit, benefit.name, benefit.at
        held, paid = f"awarded_{benefit.id}", f"award_amount_{benefit.id}"
        made.append(_made(held, f"已享{name}", unit, Kind.BOOL, 1, 0, AWARDS, f"正在享受{name}", at))
        made.append(
            _made(
                paid, f"{name}现发金额", unit, Kind.MONEY, MOST_AWARD, 0, AWARDS, f"{name}每月发放的金额", at
            )
        )
        for past in (PASTS[word] for word in benefit.history):
            id, says = past.prefix + benefit.id, f"{name}{past.says}"
            made.append(_made(id, name + past.suffix, unit, Kind.INT, past.most, 0, AWARDS, says, at))
    return {field.id: field for field in made if context.take("field", field.id, field.name, field.at)}


def _made(
    id: str, name: str, unit: str, kind: Kind, high: int, empty: int | None, register: str, says: str, at: At
) -> Field:
    return Field(
        id=id,
        name=name,
        unit=unit,
        kind=kind,
        enum="",
        places=0,
        measure="元/月" if kind is Kind.MONEY else "",
        minimum=0,
        maximum=high,
        empty=empty,
        register=register,
        sensitivity="personal",
        cost=1,
        interval=False,
        optional=False,
        says=says,
        at=at,
    )
