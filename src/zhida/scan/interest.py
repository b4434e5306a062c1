"""Whom other parameters could concern: rules are run once with every parameter as a range.

Intervals are sound: a household without a row under ranges has none under any values inside them. So a
reform whose values lie inside is run over the rest alone, a part of the population that stays in memory.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zhida.population.store import Part
from zhida.rules.declarations import Kind
from zhida.rules.formulas.ir import NO, PERSON, YES
from zhida.rules.kernel.run import Keep, Kernel, Parameters, Table
from zhida.rules.program.build import Outcome
from zhida.scan.facts import values_to_try
from zhida.scan.lists import COLUMN, bits
from zhida.scan.loaded import Loaded, leaves, unsettled
from zhida.scan.trial import HIGH, LOW, Trial, TrialPlaces, Value, pick, picked, read_by, same_form, used_by
from zhida.scan.where import Homes, Where

Array = NDArray[Any]
ALL = np.uint64(2**64 - 1)


@dataclass(frozen=True, slots=True)
class Concerned:
    """Households of one part in a table of their own. ``groups`` and ``persons``: their rows in the part,
    ascending; ``benefits``: per household a bit for each benefit (in the order of ``Loaded.benefits``) that
    may concern it."""

    table: Table
    groups: Array
    persons: Array
    benefits: Array
    household_county: Array
    person_county: Array


@dataclass(frozen=True, slots=True)
class Holdings:
    """Units (rows of the part, ascending) that receive a benefit and still fit, or would as far as
    registers tell (``leads``), with their counties and both ends of the amount."""

    units: Array
    county: Array
    leads: Array
    lo: Array
    hi: Array


def ranges(loaded: Loaded) -> Parameters:
    """Every parameter a quarter up and down, within its bounds; truths both ways."""
    base = loaded.parameters
    lo, hi = base.lo.copy(), base.hi.copy()
    for (name, _), slot in loaded.kernel.source.parameters.items():
        p = loaded.pack.parameters[name]
        if p.kind is Kind.BOOL:
            lo[slot], hi[slot] = 0, 1
            continue
        for end, factor, direction in ((lo, 3, -1), (hi, 5, 1)):
            widened = (end[slot] * factor) // 4 + (1 if direction > 0 else 0)
            end[slot] = np.clip(widened, p.minimum, p.maximum)
        lo[slot], hi[slot] = np.minimum(lo[slot], base.lo[slot]), np.maximum(hi[slot], base.hi[slot])
    return replace(base, lo=lo, hi=hi)


@dataclass(frozen=True, slots=True)
class Reach:
    """Every parameter as a range, and how to tell for whom a field that is presumed for some is not:
    by field a small kernel whose answer is no for these (None: for nobody that is known)."""

    wide: Parameters
    presumed: Mapping[str, Kernel | None]

    @classmethod
    def of(cls, loaded: Loaded, *, compiled: bool = True) -> Reach:
        nodes = loaded.program.graph.nodes
        some = {str(n.data[0]) for n in nodes if n.op == "input" and n.data[1]}
        facts = [f for f in unsettled(loaded.program, loaded.kernel.form) if f in some]
        return cls(ranges(loaded), {f: _presumed_for(loaded, f, compiled) for f in facts})


def _presumed_for(loaded: Loaded, field: str, compiled: bool) -> Kernel | None:
    """A kernel with one output: whether the field is presumed. It is the choice between the two."""
    program = loaded.program
    choice = next(
        (n for n in program.graph.nodes if n.op == "select" and n.args[1].data == (field, True)), None
    )
    unit = loaded.pack.fields[field].unit
    like = next((b for b in program.benefits.values() if b.exists and b.benefit.unit == unit), None)
    if choice is None or like is None or choice.args[0].unit != unit:
        return None
    if leaves([choice.args[0]], "param"):  # other parameters could make another choice
        return None
    yes, no = program.graph.truth(True), program.graph.truth(False)
    outcome = Outcome(choice.args[0], None, ())
    asked = replace(
        like, applies=yes, conditions=(), full=outcome, presumed=outcome, presumed_applies=yes, almost=(),
        near=no, signal=no, bands=(), covers=None, awarded=None, award_amount=None,
    )  # fmt: skip
    name = like.benefit.id
    return Kernel(replace(program, benefits={name: asked}), loaded.kernel.form, compiled=compiled)


def of_part(loaded: Loaded, where: Where, part: Part, reach: Reach | None) -> Concerned:
    """``reach``: only households with whom its parameters may do something; None: everybody."""
    table = loaded.table(part)
    homes = Homes.of(part)
    if reach is None:
        groups, people = np.arange(table.groups), np.arange(table.own_persons)
        masks = np.full(len(groups), ALL, np.uint64)
    else:
        masks = concerned(loaded, table, reach)
        groups = np.flatnonzero(masks)
        few, people = picked(loaded, used_by(loaded.kernel, table), groups)
        table, people = same_form(few, table), people[: few.own_persons]
    return Concerned(
        table,
        groups,
        people,
        masks[groups],
        where.county_of[homes.divisions(False, groups)],
        where.county_of[homes.divisions(True, people)],
    )


def narrowed(loaded: Loaded, part: Concerned, benefits: Collection[str]) -> Concerned:
    """Only the households that some benefits may concern."""
    wanted = np.uint64(sum(1 << i for i, b in enumerate(loaded.benefits) if b in benefits))
    keep = np.flatnonzero(part.benefits & wanted)
    if len(keep) == len(part.groups):
        return part
    few, persons = picked(loaded, part.table, keep)
    persons = persons[: few.own_persons]
    return Concerned(
        same_form(few, part.table),
        part.groups[keep],
        part.persons[persons],
        part.benefits[keep],
        part.household_county[keep],
        part.person_county[persons],
    )


def concerned(loaded: Loaded, table: Table, reach: Reach) -> Array:
    """By household a bit for each benefit that somebody in it receives and may fit, or could be a lead for.

    Who could be a lead is yes whatever its unknown facts are; so who is surely not with one value of
    them, all at one end, is none under any parameters.
    """
    rows = loaded.kernel.run(table, loaded.places.places, reach.wide, threads=1)
    masks = np.zeros(table.groups, np.uint64)
    leads: dict[str, Array] = {}

    def mark(benefit: str, units: Array) -> None:
        masks[_homes(loaded, table, benefit, units)] |= np.uint64(1 << loaded.benefits.index(benefit))

    for b, found in rows.items():
        if loaded.pack.benefits[b].kind == "standing":
            codes = found[COLUMN["codes"]]
            fits, held = bits(codes, 3) & YES != 0, bits(codes, 10) & YES != 0
            mark(b, found[0][fits & held])
            leads[b] = found[0][fits & ~held]
    places = TrialPlaces(loaded.places.places, reach.wide, len(loaded.places.places.codes), {}, {})
    for end in (HIGH, LOW):
        homes = [_homes(loaded, table, b, units) for b, units in leads.items()]
        groups = np.unique(np.concatenate(homes)) if homes else np.zeros(0, np.int64)
        if len(groups):
            leads = _still(loaded, _trial(loaded, places, table, groups), leads, reach, end)
    for b, units in leads.items():
        mark(b, units)
    return masks


def _trial(loaded: Loaded, places: TrialPlaces, table: Table, groups: Array) -> Trial:
    some = pick(loaded, read_by(loaded.kernel), table, groups)
    return Trial(loaded, loaded.kernel, places, [some])


def _still(
    loaded: Loaded, trial: Trial, leads: Mapping[str, Array], reach: Reach, end: str
) -> dict[str, Array]:
    """Who can still be yes where what is unknown is given, all at one end.

    A field that is presumed for some is given only to those for whom it surely is not: else what is
    given would take the presumption's place.
    """
    copies = trial.copies(np.arange(trial.count))
    for fact in unsettled(loaded.program, loaded.kernel.form):
        only = None
        if fact in reach.presumed:
            kernel = reach.presumed[fact]
            if kernel is None:
                continue
            table = same_form(trial.table, trial.like)
            places = loaded.places.places
            values = kernel.parameters(places, loaded.month)
            (asked,) = kernel.run(table, places, values, keep=Keep.ALL, threads=1).values()
            cells = len(table.group_of) if loaded.pack.fields[fact].unit == PERSON else len(table.size)
            only = np.zeros(cells, bool)  # of visitors nothing is told
            only[asked[0]] = bits(asked[COLUMN["codes"]], 3) == NO
        tried = values_to_try(loaded.program, fact)
        choices = loaded.pack.fields[fact].kind in (Kind.BOOL, Kind.ENUM)
        given: Value = tried[0 if end == LOW else -1] if choices else end
        copies.force(fact, given, slice(0, trial.count), only)
    found = {}
    rows = copies.run()
    for b, units in leads.items():
        fits = rows[b][0][bits(rows[b][COLUMN["codes"]], 3) & YES != 0]
        (own,) = trial.persons if loaded.pack.benefits[b].unit == PERSON else trial.groups
        found[b] = np.intersect1d(units, own[fits], assume_unique=True)
    return found


def _homes(loaded: Loaded, table: Table, benefit: str, units: Array) -> Array:
    found: Array = table.group_of[units] if loaded.pack.benefits[benefit].unit == PERSON else units
    return found


def holdings(loaded: Loaded, kernel: Kernel, parameters: Parameters, part: Concerned) -> dict[str, Holdings]:
    """By benefit, for the benefits of ``kernel`` that monthly lists hold."""
    found = kernel.run(part.table, loaded.places.places, parameters, threads=1)
    return {
        b: held(rows, part, loaded.pack.benefits[b].unit == PERSON)
        for b, rows in found.items()
        if loaded.pack.benefits[b].kind == "standing"
    }


def held(rows: Array, part: Concerned, is_person: bool) -> Holdings:
    codes = rows[COLUMN["codes"]]
    presumed = bits(codes, 3)
    awarded = bits(codes, 10) == YES
    lead = (bits(codes, 10) == NO) & (presumed == YES)
    keep = (awarded & (presumed & YES != 0)) | lead
    at = rows[0][keep]
    return Holdings(
        (part.persons if is_person else part.groups)[at],
        (part.person_county if is_person else part.household_county)[at],
        lead[keep],
        rows[COLUMN["presumed_lo"]][keep],
        rows[COLUMN["presumed_hi"]][keep],
    )
