"""What changed from one month's snapshot to the next: a feed of rows by person key (docs/register.md).

Built into every feed: born, arrived, died, left, moved, registered elsewhere, married, spouse gone. What else
is news (a job, a release, a certificate) is data of the pack, ``changes`` and ``expiring`` of
``resolution.yaml``. A field that is not known in one of the two months has not changed.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from zhida.codes.months import day_number, last_day
from zhida.population.duck import connect, quoted
from zhida.population.errors import SnapshotError, writing
from zhida.population.imports.contracts import Contracts
from zhida.population.register.landed import Landed
from zhida.population.register.people import dead_keys
from zhida.population.register.resolution import Change, Resolution
from zhida.population.register.rows import Month
from zhida.population.schema import State, state_column
from zhida.population.store import Snapshot
from zhida.population.tables import map_places
from zhida.rules.declarations import Pack

Array = NDArray[Any]
NONE = np.iinfo(np.int64).min
SAYS: Mapping[str, str] = {
    "born": "出生",
    "arrived": "迁入或新登记",
    "died": "死亡",
    "left": "不在人口里了",
    "moved": "搬家",
    "registered_elsewhere": "户籍迁移",
    "married": "结婚",
    "spouse_gone": "丧偶或离婚",
}


@dataclass(frozen=True)
class Side:
    """One snapshot, its people in the order of their keys."""

    snapshot: Snapshot
    pack: Pack

    def column(self, name: str) -> Array:
        return np.concatenate([p.persons[name] for p in self.snapshot.parts()])[self.order]

    @cached_property
    def _keys(self) -> Array:
        return np.concatenate([p.persons["person_key"] for p in self.snapshot.parts()])

    @cached_property
    def order(self) -> Array:
        return np.argsort(self._keys, kind="stable")

    @cached_property
    def key(self) -> Array:
        return self._keys[self.order]

    @cached_property
    def home(self) -> Array:
        """Division row of each person's household."""
        rows = [p.households["division"][p.persons["household"]] for p in self.snapshot.parts()]
        return np.concatenate(rows)[self.order]

    def linked(self, link: str) -> Array:
        """Key of whom each person is linked to; -1 nobody, -2 not known."""
        target = self.column(f"link_{link}")
        return np.where(target >= 0, self._keys[np.maximum(target, 0)], target)

    def codes(self, rows: Array) -> Array:
        """Division rows as numbers of twelve digits, what is below 0 as it is."""
        codes = np.array([int(c) for c in self.snapshot.divisions], dtype=np.int64)
        return np.where(rows >= 0, codes[np.maximum(rows, 0)], rows)

    def told(self, field: str) -> tuple[Array, Array]:
        """(whether it is known, value): what a register says, or what absence from a complete one means."""
        declared = self.pack.fields[field]
        state, value = self.column(state_column(field)), self.column(field).astype(np.int64)
        known = state == State.KNOWN
        if declared.empty is not None:
            places = map_places(self.snapshot, self.pack)
            register = list(self.pack.registers).index(declared.register)
            complete = places.places.complete[register][places.rows(self.column("registered"))] == 1
            empty = (state == State.ABSENT) & complete
            value = np.where(empty, declared.empty, value)
            known |= empty
        return known, value


@dataclass
class _Feed:
    rows: list[tuple[str, str, Array, Array, Array, Array]]

    def add(
        self, kind: str, key: Array, before: Any = None, after: Any = None, on: Any = None, field: str = ""
    ) -> None:
        n = len(key)
        if n:
            before, after, on = (
                np.full(n, NONE, np.int64) if v is None else np.asarray(v, np.int64)
                for v in (before, after, on)
            )
            self.rows.append((kind, field, key, before, after, on))


def find_changes(
    old: Snapshot, new: Snapshot, month: Month, contracts: Contracts, rules: Resolution
) -> pa.Table:
    """The feed. ``month``: the register's rows of the newer month. Raises SnapshotError."""
    for one in (old, new):
        lineage = one.manifest["lineage"]
        if not lineage or lineage[0].get("step") != "register":
            raise SnapshotError(
                f"{one.path} was not made from a register: its person keys mean nothing beside another's. "
                "Make it with `zhida snapshot`."
            )
    if new.month <= old.month:
        raise SnapshotError(f"{new.path} is not of a later month than {old.path}: name the older one first.")
    a, b = Side(old, contracts.pack), Side(new, contracts.pack)
    feed = _Feed([])
    there = np.isin(b.key, a.key, assume_unique=True)
    stays = np.isin(a.key, b.key, assume_unique=True)
    _came_and_went(feed, a, b, ~stays, ~there, dead_keys(month, contracts, rules), rules)
    ia, ib = np.flatnonzero(stays), np.flatnonzero(there)  # the same people in the same order
    key = b.key[ib]
    for kind, column in (("moved", "lives"), ("registered_elsewhere", "registered")):
        before, after = a.codes(a.column(column)[ia]), b.codes(b.column(column)[ib])
        at = (before != after) & (before != -2) & (after != -2)
        feed.add(kind, key[at], before[at], after[at])
    if "spouse" in new.contract.links:
        before, after = a.linked("spouse")[ia], b.linked("spouse")[ib]
        wed = (after >= 0) & (before != after) & (before != -2)
        feed.add("married", key[wed], after=after[wed])
        alone = (before >= 0) & (after == -1)
        feed.add("spouse_gone", key[alone], before=before[alone])
    fields = {f.id: f for f in new.contract.fields}
    for change in rules.changes:
        if change.field in fields and fields[change.field].table == "persons":
            (was, before), (known, after) = a.told(change.field), b.told(change.field)
            _changed(feed, change, key, (was[ia], before[ia]), (known[ib], after[ib]))
    _expiring(feed, b, month, contracts, rules)
    return _table(feed)


def _came_and_went(
    feed: _Feed, a: Side, b: Side, gone: Array, fresh: Array, dead: Array, rules: Resolution
) -> None:
    keys = a.key[gone]
    died = dead[np.minimum(keys, len(dead) - 1)] & (keys < len(dead))
    feed.add("died", keys[died])
    feed.add("left", keys[~died])
    birth = rules.digits.get("birth", "")
    born = np.zeros(len(b.key), bool)
    on = np.full(len(b.key), NONE, np.int64)
    if birth in {f.id for f in b.snapshot.contract.fields}:
        known, day = b.told(birth)
        on = np.where(known, day, NONE)
        born = known & (day > day_number(last_day(a.snapshot.month)))
    feed.add("born", b.key[fresh & born], on=on[fresh & born])
    feed.add("arrived", b.key[fresh & ~born])


def _changed(
    feed: _Feed, change: Change, key: Array, old: tuple[Array, Array], new: tuple[Array, Array]
) -> None:
    (known_before, before), (known_after, after) = old, new
    at = known_before & known_after & (before != after)
    if change.before is not None:
        at &= before == change.before
    if change.after is not None:
        at &= after == change.after
    feed.add(change.id, key[at], before[at], after[at], field=change.field)


def _expiring(feed: _Feed, b: Side, month: Month, contracts: Contracts, rules: Resolution) -> None:
    """Days that lie within some months after the newer snapshot's."""
    for one in rules.expiring:
        if not month.has(one.source):
            continue
        until = last_day(month.month + one.months)
        found = month.db.execute(
            f"SELECT person_key, date_diff('day', DATE '1970-01-01', min({quoted(one.column)})) AS day "
            f"FROM {month.rows(contracts.sources[one.source])} WHERE NOT doubtful "
            f"AND {quoted(one.column)} > DATE '{month.last_day}' AND {quoted(one.column)} <= DATE '{until}' "
            "GROUP BY person_key"
        ).fetchnumpy()
        keys = np.asarray(found["person_key"])
        here = np.isin(keys, b.key)
        feed.add(one.id, keys[here], on=np.asarray(found["day"])[here])


def _table(feed: _Feed) -> pa.Table:
    """Sorted by kind and person; before, after and on null where they say nothing."""

    def whole(at: int) -> Array:
        return np.concatenate([r[at] for r in feed.rows]) if feed.rows else np.zeros(0, np.int64)

    sizes = [len(r[2]) for r in feed.rows]

    def words(at: int) -> Any:
        told = np.array([str(r[at]) for r in feed.rows], dtype=object)
        return pa.array(np.repeat(told, sizes), pa.string())

    def numbers(at: int) -> Any:
        values = whole(at)
        return pa.array(np.where(values == NONE, 0, values), pa.int64(), mask=values == NONE)

    days: Any = numbers(5).cast(pa.int32()).cast(pa.date32())
    table = pa.table(
        {
            "person_key": pa.array(whole(2), pa.int64()),
            "kind": words(0),
            "field": words(1),
            "before": numbers(3),
            "after": numbers(4),
            "on": days,
        }
    )
    order: list[Any] = [("kind", "ascending"), ("field", "ascending"), ("person_key", "ascending")]
    return table.sort_by(order)


def write_changes(path: Path, table: pa.Table, old: Snapshot, new: Snapshot) -> None:
    """One Parquet file; its own notes name both snapshots. Never over a file that is there."""
    if path.exists():
        raise SnapshotError(f"{path} exists already: choose another file or remove it.")
    told = {b"before": old.id.encode(), b"after": new.id.encode()}
    partial = path.with_name(f".{path.name}.partial")
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(table.replace_schema_metadata(told), partial)
        partial.replace(path)


def counts(table: pa.Table, rules: Resolution) -> list[tuple[str, str, int]]:
    """(kind, what it says, how many people) of a feed, by kind."""
    says = dict(SAYS) | {c.id: c.says for c in rules.changes} | {e.id: e.says for e in rules.expiring}
    kinds, sizes = np.unique(np.array(table.column("kind").to_pylist(), dtype=str), return_counts=True)
    return [(str(k), says[str(k)], int(n)) for k, n in zip(kinds, sizes, strict=True)]


def feed_of(
    register: Path, contracts: Contracts, rules: Resolution, old: Path, new: Path
) -> tuple[pa.Table, Snapshot, Snapshot]:
    """Opens both snapshots and finds what changed. Raises SnapshotError."""
    before, after = Snapshot.open(old, contracts.pack), Snapshot.open(new, contracts.pack)
    work = Path(tempfile.mkdtemp(prefix=".changes-", dir=register))
    try:
        with connect(work) as db:
            month = Month.of(db, Landed.open(register), contracts.sources, after.month)
            return find_changes(before, after, month, contracts, rules), before, after
    finally:
        shutil.rmtree(work, ignore_errors=True)
