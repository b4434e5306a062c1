"""What a pack declares, as plain data: amounts in yuan, dates as text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from zhida.codes.months import format_month, from_day_number
from zhida.rules.checks.coverage import history_gaps
from zhida.rules.declarations import Benefit, Citation, Field, Formula, Kind, Pack, Parameter, Variable
from zhida.rules.explain.month_words import rule_json
from zhida.rules.formation import Formation, Ground

Record = Benefit | Parameter | Variable | Field | Formation


def find(pack: Pack, text: str) -> tuple[str, Record] | None:
    """Kind and record of an id or name; None where there is none."""
    kinds: list[tuple[str, Iterable[Record]]] = [
        ("benefit", pack.benefits.values()),
        ("parameter", pack.parameters.values()),
        ("variable", pack.variables.values()),
        ("field", pack.fields.values()),
        ("unit", pack.formations.values()),
    ]
    for kind, records in kinds:
        for record in records:
            if text in (record.id, record.name):
                return kind, record
    return None


def names(pack: Pack) -> list[str]:
    """Every id and name that ``find`` knows."""
    by_kind: list[Mapping[str, Record]]
    by_kind = [pack.benefits, pack.parameters, pack.variables, pack.fields, pack.formations]
    return [word for records in by_kind for r in records.values() for word in (r.id, r.name)]


def overview(pack: Pack) -> dict[str, Any]:
    root = pack.divisions.get(pack.root)
    return {
        "id": pack.id,
        "name": pack.name,
        "hash": pack.hash,
        "root": pack.root,
        "territory": root.name if root is not None else "",
        "verified_through": pack.verified_through.isoformat(),
        "benefits": [
            {"id": b.id, "name": b.name, "unit": b.unit, "kind": b.kind} for b in pack.benefits.values()
        ],
        "parameters": [{"id": p.id, "name": p.name} for p in pack.parameters.values()],
        "variables": [{"id": v.id, "name": v.name} for v in pack.variables.values()],
        "fields": len(pack.fields),
        "registers": [{"id": r.id, "name": r.name, "access": r.access} for r in pack.registers.values()],
    }


def value(pack: Pack, kind: Kind, places: int, enum: str, number: int | None) -> Any:
    """A storage integer as it is written in a pack."""
    if number is None:
        return None
    if kind is Kind.BOOL:
        return bool(number)
    if kind is Kind.DATE:
        return from_day_number(number).isoformat()
    if kind is Kind.ENUM:
        return pack.enums[enum].choices[number].name
    if kind is Kind.MONEY:
        return _number(Decimal(number) / 100)
    return _number(Decimal(number).scaleb(-places)) if kind is Kind.DECIMAL else number


def _number(exact: Decimal) -> int | float:
    return int(exact) if exact == exact.to_integral_value() else float(exact)


def field(pack: Pack, f: Field) -> dict[str, Any]:
    def shown(number: int | None) -> Any:
        return value(pack, f.kind, f.places, f.enum, number)

    bounded = f.kind not in (Kind.BOOL, Kind.ENUM)
    return {
        "id": f.id,
        "name": f.name,
        "unit": f.unit,
        "type": str(f.kind),
        "choices": [c.name for c in pack.enums[f.enum].choices] if f.enum else None,
        "places": f.places if f.kind is Kind.DECIMAL else None,
        "measure": f.measure,
        "min": shown(f.minimum) if bounded else None,
        "max": shown(f.maximum) if bounded else None,
        "empty": shown(f.empty),
        "register": f.register or None,
        "sensitivity": f.sensitivity,
        "cost": f.cost,
        "interval": f.interval,
        "optional": f.optional,
        "says": f.says,
    }


def citation(c: Citation) -> dict[str, str]:
    return {"source": c.source, "article": c.article, "evidence": str(c.evidence), "note": c.note}


def formula(f: Formula | None) -> dict[str, Any] | None:
    if f is None:
        return None
    return {"formula": f.text, "from": _month(f.start), "until": _month(f.until)}


def _month(month: int | None) -> str | None:
    return None if month is None else format_month(month)


def parameter(pack: Pack, p: Parameter) -> dict[str, Any]:
    def shown(numbers: tuple[int, ...] | None) -> Any:
        if numbers is None:
            return None
        found = [value(pack, p.kind, p.places, "", n) for n in numbers]
        if not p.table:
            return found[0]
        return {c.name: one for c, one in zip(pack.enums[p.table].choices, found, strict=True)}

    def day(when: Any) -> str | None:
        return None if when is None else when.isoformat()

    def places(codes: tuple[str, ...]) -> list[dict[str, str]]:
        known = [(code, pack.divisions.get(code)) for code in codes]
        return [{"code": code, "name": d.name if d is not None else ""} for code, d in known]

    values = [
        {
            "places": places(v.places),
            "value": shown(v.values),
            "from": day(v.start),
            "until": day(v.until),
            "first_month": _month(v.first_month),
            "announced": day(v.announced),
            "known_from": day(v.known_from),
            "superseded_on": day(v.superseded_on),
            "ends_below": v.ends_below,
            **citation(v.citation),
        }
        for v in sorted(p.values, key=lambda v: (v.places, v.start))
    ]
    base = {"id": p.id, "name": p.name, "type": str(p.kind), "measure": p.measure, "table": p.table or None}
    limits = {
        "min": value(pack, p.kind, p.places, "", p.minimum),
        "max": value(pack, p.kind, p.places, "", p.maximum),
    }
    gaps = [
        {
            "from": format_month(first),
            "until": format_month(last + 1),
            "declared": declared,
            "places": [{"code": d.code, "name": d.name} for d in counties],
        }
        for (first, last, declared), counties in history_gaps(pack, [p.id])[p.id]
    ]
    return base | limits | {"says": p.says, "values": values, "gaps": gaps}


def variable(v: Variable) -> dict[str, Any]:
    return {
        "id": v.id,
        "name": v.name,
        "unit": v.unit,
        "type": str(v.kind),
        "says": v.says,
        "applies": formula(v.applies),
        "formulas": [formula(f) for f in v.formulas],
        **citation(v.citation),
    }


def unit(pack: Pack, u: Formation) -> dict[str, Any]:
    """A unit formed by rule, its grounds in order, what holds otherwise last."""
    return {
        "id": u.id,
        "name": u.name,
        "of": u.of,
        "members": u.members,
        "counted": u.counted,
        "says": u.says,
        **citation(u.citation),
        "grounds": [_ground(g) for g in (*u.grounds, u.otherwise)],
        "benefits": [b.id for b in pack.benefits.values() if b.formed == u.id],
    }


def _ground(g: Ground) -> dict[str, Any]:
    dated = formula(g.formula) or {"formula": "", "from": None, "until": None}
    return {"id": g.id, "says": g.says, "counts": g.counts, **dated, **citation(g.citation)}


def benefit(b: Benefit) -> dict[str, Any]:
    applies = None
    if b.applies is not None:
        applies = {
            "says": b.applies.says,
            **(formula(b.applies.formula) or {}),
            **citation(b.applies.citation),
        }
    return {
        "id": b.id,
        "name": b.name,
        "unit": b.unit,
        "formed": b.formed,
        "kind": b.kind,
        "automatic": b.automatic,
        "award": b.award,
        "says": b.says,
        "exists": {"from": _month(b.start), "until": _month(b.until)},
        "owners": [
            {
                "department": o.department,
                "from": _month(o.start),
                "until": _month(o.until),
                **citation(o.citation),
            }
            for o in b.owners
        ],
        "legal": [citation(c) for c in b.legal],
        "applies": applies,
        "conditions": [
            {"id": c.id, "says": c.says, **(formula(c.formula) or {}), **citation(c.citation)}
            for c in b.conditions
        ],
        "amounts": [
            {
                **(formula(a.formula) or {}),
                "period": a.period,
                "ceiling": a.ceiling,
                "rounding": {
                    "to": _number(Decimal(a.rounding.step) / 100),
                    "direction": str(a.rounding.direction),
                },
                **citation(a.citation),
            }
            for a in b.amounts
        ],
        "excluded_by": [
            {"benefit": x.benefit, "says": x.says, **citation(x.citation)} for x in b.excluded_by
        ],
        "provides": [
            {"says": p.says, "from": _month(p.start), "until": _month(p.until), **citation(p.citation)}
            for p in b.provides
        ],
        "procedure": [
            {
                "id": s.id,
                "says": s.says,
                "within": s.within,
                "counted": s.counted or None,
                "from": _month(s.start),
                "until": _month(s.until),
                **citation(s.citation),
            }
            for s in b.procedure
        ],
        "documents": list(b.documents),
        "months": [rule_json(m) for m in b.months],
    }
