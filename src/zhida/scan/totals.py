"""Counts and sums of a scan by benefit, county and age, and their JSON with small cells withheld."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zhida.codes.months import format_month
from zhida.codes.small_cells import SMALL as SMALL
from zhida.codes.small_cells import protected as protected
from zhida.codes.small_cells import withheld as withheld
from zhida.population.store import Part
from zhida.rules.formulas.ir import PERSON
from zhida.rules.parameters import is_stale
from zhida.scan.deciding import Decided
from zhida.scan.lists import COLUMN, NO_LONGER_FITS, REASONS, REVIEW, Entries
from zhida.scan.loaded import Loaded, asks
from zhida.scan.reasons import failing
from zhida.scan.where import BANDS, Homes, Where

Array = NDArray[Any]

FORMAT = 1
KINDS = (
    "lead",
    "verify",
    "no_longer_fits",
    "amount_differs",
    "validity_over",
    "near",
    "receives",
    "waits_no_longer_fits",
    "waits_amount_differs",
    "possible",
)
"""The four lists, with the three reasons for a review apart; who receives; reviews that wait; and, for
benefits that no monthly list holds, whom they may fit."""
REVIEWS = ("no_longer_fits", "amount_differs", "validity_over")
WAITING = ("waits_no_longer_fits", "waits_amount_differs")
MEASURES = ("count", "amount_lo", "amount_hi", "award")


@dataclass(slots=True)
class Totals:
    """``cells[benefit, kind, county, band, measure]`` int64; sums are fen a period of the benefit's amount,
    as far as registers tell. ``deciding[benefit, facts, alone]``: rows to verify.
    ``reasons[benefit, kind, condition]``: entries in which the condition surely fails.
    ``households`` and ``registered``: units by county."""

    benefits: tuple[str, ...]
    counties: tuple[str, ...]
    cells: Array
    households: Array
    registered: Array
    deciding: dict[tuple[str, tuple[str, ...], bool], int] = field(default_factory=dict)
    reasons: dict[tuple[str, str, str], int] = field(default_factory=dict)

    @classmethod
    def empty(cls, benefits: tuple[str, ...], counties: tuple[str, ...]) -> Totals:
        shape = (len(benefits), len(KINDS), len(counties), len(BANDS), len(MEASURES))
        people = np.zeros(len(counties), np.int64)
        return cls(benefits, counties, np.zeros(shape, np.int64), people, people.copy())

    def add(self, other: Totals) -> None:
        """Takes in another part's."""
        self.cells += other.cells
        self.households += other.households
        self.registered += other.registered
        for key, n in other.deciding.items():
            self.deciding[key] = self.deciding.get(key, 0) + n
        for why, n in other.reasons.items():
            self.reasons[why] = self.reasons.get(why, 0) + n

    def sums(self, *kinds: str, benefit: str | None = None, by: str = "") -> Array:
        """Measures summed over everything else than ``by`` (benefit, county, band or '': one row)."""
        cells = self.cells if benefit is None else self.cells[[self.benefits.index(benefit)]]
        chosen = cells[:, [KINDS.index(k) for k in kinds]].sum(axis=1)
        axes = {"benefit": 0, "county": 1, "band": 2}
        found: Array = chosen.sum(axis=tuple(a for name, a in axes.items() if name != by))
        return found

    def count(self, *kinds: str, benefit: str | None = None) -> int:
        return int(self.sums(*kinds, benefit=benefit)[0])


def of_part(
    loaded: Loaded,
    where: Where,
    part: Part,
    homes: Homes,
    found: Mapping[str, tuple[Entries, Decided | None]],
) -> Totals:
    """Totals of one part."""
    totals = Totals.empty(loaded.benefits, where.counties)
    n = len(where.counties)
    totals.households += np.bincount(where.county_of[part.households["division"]], minlength=n)
    registered = np.bincount(part.persons["registered"] + 2, minlength=len(where.county_of) + 2)[2:]
    np.add.at(totals.registered, where.county_of, registered)
    for b, (entries, decided) in found.items():
        unit_is_person = loaded.pack.benefits[b].unit == PERSON
        cells = totals.cells[totals.benefits.index(b)]

        def put(kind: str, rows: Array, cells: Array = cells, unit_is_person: bool = unit_is_person) -> None:
            if rows.shape[1]:
                units = rows[COLUMN["index"]]
                county = where.county_of[homes.divisions(unit_is_person, units)]
                band = where.bands(part, homes.persons(unit_is_person, units))
                _put(cells[KINDS.index(kind)], county, band, rows)

        review = entries.lists == REVIEW
        for i, kind in enumerate(("lead", "verify")):
            put(kind, entries.rows[:, entries.lists == i])
        for kind in REVIEWS:
            put(kind, entries.rows[:, review & (entries.reasons == REASONS.index(kind))])
        put("near", entries.rows[:, entries.lists == REVIEW + 1])
        put("receives", entries.held)
        waits = entries.suppressed_reasons == NO_LONGER_FITS
        put("waits_no_longer_fits", entries.suppressed[:, waits])
        put("waits_amount_differs", entries.suppressed[:, ~waits])
        put("possible", entries.possible)
        totals.reasons |= failing(loaded.program.benefits[b], entries)
        if decided is not None:
            for i, facts in enumerate(decided.sets):
                for alone in (False, True):
                    rows = int(((decided.index == i) & (decided.alone == alone)).sum())
                    if rows:
                        totals.deciding[b, facts, alone] = rows
    return totals


def _put(cells: Array, county: Array, band: Array, rows: Array) -> None:
    at = county.astype(np.int64) * len(BANDS) + band
    flat = cells.reshape(-1, len(MEASURES))
    flat[:, 0] += np.bincount(at, minlength=len(flat))
    for m, name in enumerate(("presumed_lo", "presumed_hi", "award"), start=1):
        np.add.at(flat[:, m], at, rows[COLUMN[name]])


def as_json(loaded: Loaded, totals: Totals, rows: int) -> dict[str, Any]:
    """What leaves: every cell that is not empty, without numbers where one could tell of somebody."""
    snapshot, pack = loaded.snapshot, loaded.pack
    manifest = snapshot.manifest
    return {
        "format": FORMAT,
        "snapshot_id": snapshot.id,
        "synthetic": bool(manifest["synthetic"]),
        "pack": pack.id,
        "pack_hash": pack.hash,
        "month": format_month(loaded.month),
        "verified_through": pack.verified_through.isoformat(),
        "stale": is_stale(pack, loaded.month),
        "counts": dict(manifest["counts"]),
        "rows": rows,
        "small": SMALL,
        "registers": {k: dict(v) for k, v in manifest["registers"].items()},
        "benefits": [of_benefit(loaded, b) for b in totals.benefits],
        "counties": [
            {
                "code": code,
                "name": pack.divisions[code].name if code else "",
                "households": int(h),
                "registered": int(r),
            }
            for code, h, r in zip(totals.counties, totals.households, totals.registered, strict=True)
            if h or r
        ],
        "ages": list(BANDS),
        "cells": _cells(totals),
        "deciding": _deciding(totals),
        "reasons": _reasons(totals),
        "assumptions": [dict(a) for a in manifest.get("assumptions", ())],
    }


def by_line(record: Mapping[str, Any]) -> str:
    """JSON with one line for each field, and for each item of a list of records: to be read by people and
    compared line by line, without the time that indenting takes."""
    encode = json.JSONEncoder(ensure_ascii=False).encode
    lines = []
    for name, value in record.items():
        if isinstance(value, list) and value and isinstance(value[0], dict):
            text = "[\n  " + ",\n  ".join(map(encode, value)) + "\n ]"
        else:
            text = encode(value)
        lines.append(f" {encode(name)}: {text}")
    return "{\n" + ",\n".join(lines) + "\n}\n"


def _cells(totals: Totals) -> list[dict[str, Any]]:
    """The sum of each kind of each benefit is known elsewhere, and is taken for known here."""
    found = []
    for b, benefit in enumerate(totals.benefits):
        for k, kind in enumerate(KINDS):
            there = np.nonzero(totals.cells[b, k, :, :, 0])
            numbers: list[list[int]] = totals.cells[b, k][there].tolist()
            at = zip(there[0].tolist(), there[1].tolist(), strict=True)
            hidden = protected([n[0] for n in numbers])
            for (c, a), cell, is_hidden in zip(at, numbers, hidden, strict=True):
                shown = [None] * len(MEASURES) if is_hidden else cell
                place = {"benefit": benefit, "kind": kind, "county": totals.counties[c], "age": BANDS[a]}
                found.append(place | dict(zip(MEASURES, shown, strict=True)))
    return found


def _deciding(totals: Totals) -> list[dict[str, Any]]:
    found = []
    for benefit in totals.benefits:
        mine = [(n, facts, alone) for (b, facts, alone), n in totals.deciding.items() if b == benefit]
        mine.sort(key=lambda one: (-one[0], one[1:]))
        for (n, facts, alone), is_hidden in zip(mine, protected([n for n, *_ in mine]), strict=True):
            count = None if is_hidden else n
            found.append({"benefit": benefit, "facts": list(facts), "alone": alone, "count": count})
    return found


def _reasons(totals: Totals) -> list[dict[str, Any]]:
    found = []
    for benefit, kind in dict.fromkeys((b, k) for b, k, _ in sorted(totals.reasons)):
        mine = [(n, c) for (b, k, c), n in totals.reasons.items() if (b, k) == (benefit, kind)]
        mine.sort(key=lambda one: (-one[0], one[1]))
        for (n, condition), is_hidden in zip(mine, protected([n for n, _ in mine]), strict=True):
            count = None if is_hidden else n
            found.append({"benefit": benefit, "kind": kind, "condition": condition, "count": count})
    return found


def of_benefit(loaded: Loaded, benefit: str) -> dict[str, Any]:
    """What the totals say of a benefit besides numbers."""
    b = loaded.pack.benefits[benefit]
    program = loaded.program.benefits[benefit]
    return {
        "id": b.id,
        "name": b.name,
        "unit": b.unit,
        "kind": b.kind,
        "automatic": b.automatic,
        "period": b.amounts[0].period if program.full.amount is not None and b.amounts else None,
        "ask": loaded.once(asks)[benefit],
    }
