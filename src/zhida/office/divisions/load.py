"""Takes a pack's table of divisions into the database: added and changed in one transaction, none removed."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import DEFAULT_DB_ALIAS, transaction
from pypinyin import Style, lazy_pinyin

from zhida.codes.divisions import Division as Row
from zhida.codes.divisions import DivisionTree
from zhida.office.divisions.models import Division, Succession
from zhida.office.divisions.scope import outside, range_of

FIELDS = ("name", "parent", "level", "start", "until", "overlay", "pinyin", "initials", "low", "high")
BATCH = 2000


class LoadError(Exception):
    """A table that does not fit what is in the database: which divisions, and what to do."""


@dataclass(frozen=True)
class Loaded:
    """How many divisions were added, changed, and were the same already."""

    added: int
    changed: int
    same: int


def load(tree: DivisionTree, using: str = DEFAULT_DB_ALIAS) -> Loaded:
    """Makes the database say what the table says; the connection is the owner's. Raises LoadError; then
    nothing has changed."""
    rows = {row.code: _record(row) for row in tree}
    strays = {row.name: far for row in tree if (far := outside(tree, row))}
    if strays:
        name, codes = next(iter(strays.items()))
        raise LoadError(
            f"{codes[0]} lies in {name} by its parent and outside by its digits: who works for {name} would "
            "not see it; give it a code inside, or another parent."
        )
    with transaction.atomic(using):
        there = {one.code: one for one in Division.objects.using(using).select_for_update()}
        gone = sorted(there.keys() - rows.keys())
        if gone:
            raise LoadError(
                f"{len(gone)} divisions of the database are not in the table, the first is {gone[0]} "
                f"({there[gone[0]].name}): a division is never taken out, write the day on which it ended."
            )
        new = [one for code, one in rows.items() if code not in there]
        changed = [one for code, one in rows.items() if code in there and _differ(one, there[code])]
        # Parents stand before their children in no table for certain: keys are checked at the end.
        Division.objects.using(using).bulk_create(new, BATCH)
        Division.objects.using(using).bulk_update(changed, FIELDS, BATCH)
        _succeed(tree, using)
    return Loaded(len(new), len(changed), len(rows) - len(new) - len(changed))


def spell(name: str) -> tuple[str, str]:
    """Pinyin of a name without tones and without blanks, and its initials; other signs are left out."""
    syllables = lazy_pinyin(name, style=Style.NORMAL, errors="ignore")
    letters = [s for s in ("".join(c for c in one if c.isascii()).lower() for one in syllables) if s]
    return "".join(letters), "".join(one[0] for one in letters)


def _record(row: Row) -> Division:
    low, high = range_of(row.code)
    pinyin, initials = spell(row.name)
    return Division(
        code=row.code,
        name=row.name,
        parent_id=row.parent or None,
        level=row.level,
        start=row.start,
        until=row.until,
        overlay=row.overlay,
        pinyin=pinyin,
        initials=initials,
        low=low,
        high=high,
    )


def _differ(one: Division, other: Division) -> bool:
    names = ("parent_id" if name == "parent" else name for name in FIELDS)
    return any(getattr(one, name) != getattr(other, name) for name in names)


def _succeed(tree: DivisionTree, using: str) -> None:
    manager = Succession.objects.using(using)
    wanted = {(row.code, successor) for row in tree for successor in row.successors}
    there = set(manager.values_list("division_id", "successor_id"))
    for division, successor in there - wanted:
        manager.filter(division_id=division, successor_id=successor).delete()
    manager.bulk_create([Succession(division_id=d, successor_id=s) for d, s in sorted(wanted - there)], BATCH)
