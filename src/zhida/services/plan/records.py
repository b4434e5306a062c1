"""A plan as JSON: the form that ``docs/schemas/plan-read.schema.json`` describes."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from zhida.services.plan.model import Commitment, Figure, Indicator, Plan, Project, Value


def record(plan: Plan) -> dict[str, Any]:
    """The whole plan."""
    return {
        "title": plan.title,
        "area": plan.area,
        "period": list(plan.period) if plan.period else None,
        "base_year": plan.base_year,
        "sections": [
            {"number": s.number, "title": s.title, "level": s.level, "at": list(s.at)} for s in plan.sections
        ],
        "indicators": [_indicator(i) for i in plan.indicators],
        "commitments": [_commitment(c) for c in plan.commitments],
        "projects": [_project(p) for p in plan.projects],
        "terms": [{"term": t.term, "meaning_at": list(t.meaning_at)} for t in plan.terms],
        "unread": [{"at": list(u.at), "why": u.why} for u in plan.unread],
    }


def figure(found: Figure | Value) -> dict[str, Any]:
    """A number with its bounds; whole numbers as integers, others as the nearest double."""
    return {
        "raw": found.raw,
        "low": number(found.low),
        "high": number(found.high),
        "comparison": found.comparison,
    }


def number(value: Decimal) -> int | float:
    """An exact decimal as a JSON number."""
    return int(value) if value == value.to_integral_value() else float(value)


def _indicator(i: Indicator) -> dict[str, Any]:
    return {
        "group": i.group,
        "number": i.number,
        "name": i.name,
        "unit": i.unit,
        "kind": i.kind,
        "parent": i.parent,
        "values": [{"year": v.year, "role": v.role, "value": figure(v), "at": list(v.at)} for v in i.values],
        "at": list(i.at),
    }


def _commitment(c: Commitment) -> dict[str, Any]:
    return {
        "subject": c.subject,
        "verb": c.verb,
        "comparison": c.comparison,
        "value": figure(c.value),
        "unit": c.unit,
        "by": c.by,
        "role": c.role,
        "at": list(c.at),
    }


def _project(p: Project) -> dict[str, Any]:
    return {
        "name": p.name,
        "count": figure(p.count) if p.count else None,
        "amount": figure(p.amount) if p.amount else None,
        "unit": p.unit,
        "at": list(p.at),
    }
