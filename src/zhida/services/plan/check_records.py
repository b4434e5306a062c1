"""Findings as JSON: the form that ``docs/schemas/plan-check.schema.json`` describes."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

from zhida.services.plan.checks.finding import Finding
from zhida.services.plan.checks.quantity import Quantity
from zhida.services.plan.records import number


def findings(found: Sequence[Finding]) -> list[dict[str, Any]]:
    """Each place with its file, since a finding may lie between two documents."""
    return [
        {
            "kind": f.kind,
            "severity": f.severity.value,
            "says": f.says,
            "places": [{"file": p.source.name, "at": list(p.at)} for p in f.places],
            "arithmetic": f.arithmetic,
            "values": [_quantity(q) for q in f.values],
        }
        for f in found
    ]


def _quantity(q: Quantity) -> dict[str, Any]:
    """In base units; an end that is open is null."""
    return {
        "text": q.text,
        "value": _number(q.value),
        "low": None if q.range.low is None else _number(q.range.low),
        "high": None if q.range.high is None else _number(q.range.high),
        "measure": q.measure,
    }


def _number(value: Fraction) -> int | float:
    return number(Decimal(value.numerator) / Decimal(value.denominator))
