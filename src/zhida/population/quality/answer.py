"""A quality report as it may leave: JSON, in which no small count of people stands nor can be reckoned."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from zhida.codes.small_cells import SMALL, protected, withheld
from zhida.population.imports.contracts import Contracts
from zhida.population.quality.measures import ON_REQUEST, Contradiction, Quality


def as_json(quality: Quality, contracts: Contracts) -> dict[str, Any]:
    """The form of docs/schemas/quality.schema.json. Rows of files are counted as they are: a refused row says
    nothing of a person; people whom sources contradict each other about are counted with small cells
    withheld (null)."""
    return {
        "month": quality.month,
        "pack": contracts.pack.id,
        "synthetic": quality.synthetic,
        "small": SMALL,
        "counties": [{"code": c, "name": contracts.pack.divisions[c].name} for c in quality.counties],
        "timeliness": _timeliness(quality, contracts),
        "conformity": _conformity(quality, contracts),
        "consistency": _consistency(quality.consistency, contracts),
        "course": [
            {
                "month": line.month,
                "files": line.files,
                "read": line.read,
                "refused": line.refused,
                "contradictions": _count(line.contradictions),
            }
            for line in quality.course
        ],
    }


def _count(count: int | None) -> int | None:
    return None if count is None or withheld(count) else count


def _timeliness(quality: Quality, contracts: Contracts) -> list[dict[str, Any]]:
    found = []
    for source in contracts.sources.values():
        mine = [t for t in quality.timeliness if t.source == source.id]
        due = [t for t in mine if t.state != ON_REQUEST]
        found.append(
            {
                "source": source.id,
                "name": source.name,
                "department": source.department,
                "every": source.every,
                "due": len(due),
                "on_time": sum(t.state == "on_time" for t in due),
                "late": sum(t.state == "late" for t in due),
                "missing": sum(t.state == "missing" for t in due),
                "places": [{"county": t.county, "as_of": t.as_of or None, "state": t.state} for t in mine],
            }
        )
    return found


def _conformity(quality: Quality, contracts: Contracts) -> list[dict[str, Any]]:
    tree = contracts.pack.divisions
    return [
        {
            "source": c.source,
            "name": contracts.sources[c.source].name if c.source in contracts.sources else c.source,
            "county": c.county,
            "county_name": tree[c.county].name,
            "read": c.read,
            "refused": c.refused,
            "mended": c.mended,
            "waiting": c.waiting,
            "causes": [
                {
                    "column": x.column or None,
                    "name": x.name,
                    "reason": x.reason.value,
                    "says": x.says,
                    "rows": x.rows,
                }
                for x in c.causes
            ],
        }
        for c in quality.conformity
    ]


def _consistency(found: Sequence[Contradiction] | None, contracts: Contracts) -> list[dict[str, Any]] | None:
    if found is None:
        return None
    hidden = protected([c.people for c in found])
    pack = contracts.pack
    names = {x.id: x.name for kind in (pack.fields, pack.links, pack.benefits) for x in kind.values()}
    told = []
    for one, gone in zip(found, hidden, strict=True):
        codes = list(one.counties)
        gone_there = [gone] * len(codes) if gone else protected([one.counties[c] for c in codes])
        told.append(
            {
                "kind": one.kind,
                "says": one.says,
                "one": one.one or None,
                "other": one.other or None,
                "field": one.field or None,
                "field_name": names.get(one.field, one.field) or None,
                "people": None if gone else one.people,
                "counties": [
                    {
                        "county": code or None,
                        "name": contracts.pack.divisions[code].name if code else None,
                        "people": None if away else one.counties[code],
                    }
                    for code, away in zip(codes, gone_there, strict=True)
                ],
            }
        )
    return told
