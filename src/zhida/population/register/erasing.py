"""One person leaves a register for good (docs/register.md, retention and erasure).

The record of it comes first, the identity store's own record late: stopped anywhere and run again it goes on,
since everything else asks only which keys the person had.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from zhida.codes.sealing import Keyring
from zhida.population.errors import SnapshotError
from zhida.population.identity.decisions import DecisionKind, Decisions
from zhida.population.identity.landing import landed_columns
from zhida.population.identity.store import IdentityError, IdentityStore
from zhida.population.imports.contract import Type
from zhida.population.imports.contracts import Contracts
from zhida.population.imports.journal import STAGING, locked
from zhida.population.register.conflicts import FOLDER as CONFLICTS
from zhida.population.register.erasures import Erasure, Erasures
from zhida.population.register.forgetting import Person, forget
from zhida.population.register.land import WORK
from zhida.population.register.landed import FOLDER, IDENTITY, PEOPLE, REFUSED, REVIEW, Landed
from zhida.population.register.resolution import load_resolution
from zhida.population.rewriting import rewrite

Mask = NDArray[np.bool_]
Keys = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class _Whose:
    """``gone``: keys of the person; ``splits``: (key, source) whose doubtful rows are somebody else's, with
    the key that they were given; ``theirs``: those of which that somebody is the person."""

    gone: tuple[int, ...]
    splits: dict[tuple[int, str], int]
    theirs: frozenset[tuple[int, str]]

    def keys(self, table: pa.Table, column: str = "person_key") -> Mask:
        return np.isin(_keys(table, column), self.gone)

    def of(self, source: str, which: Iterable[tuple[int, str]]) -> list[int]:
        return [key for key, said in which if said == source]


def erase(
    register: Path, contracts: Contracts, ring: Keyring, person_key: int, *, by: str, on: date, reason: str
) -> Erasure:
    """Removes a person from every file of the register. Snapshots and results made before lie elsewhere.

    Raises IdentityError, ImportsError, SealError, SnapshotError.
    """
    if not by.strip() or not reason.strip():
        raise IdentityError("An erasure needs who ordered it and why.")
    Landed.open(register)  # a folder that is no register is not made one by the lock
    with locked(register):
        landed, store = Landed.open(register), IdentityStore.open(register / IDENTITY)
        _ready(register, contracts, landed)
        decisions, erasures = Decisions.load(register / IDENTITY), Erasures.load(register)
        begun = erasures.of(person_key)
        if begun is not None and begun.done:
            raise IdentityError(f"{person_key} was erased on {begun.on}.")
        if not 0 < person_key < store.next_key:
            raise IdentityError(f"Nobody in {register} has the key {person_key}.")
        keys = begun.keys if begun else _read_as_one(decisions, person_key)
        person = Person.of([value for key in keys for value in store.card(ring, key)])
        if person.speaks(reason) or person.speaks(by):
            raise IdentityError("The reason names the person, and it is kept: say it without who it is.")
        if begun is None:
            stand_in = max(store.next_key, landed.keys)
            store = replace(store, next_key=stand_in + 1)
            store.write()
            landed = landed.with_keys(stand_in + 1)
            begun = Erasure(len(erasures.made) + 1, keys, stand_in, on.isoformat(), by, reason)
            erasures = erasures.put(begun)
        whose = _whose(decisions, keys)
        quarantined = forget(register, contracts, ring, person)
        reviewed = _review(register, whose)
        for path in sorted((register / CONFLICTS).glob("*.parquet")):
            _drop(path, whose.keys)
        rows = references = 0
        pairs = {r.source for r in load_resolution(contracts).links if r.pair}
        for source in contracts.sources:
            ids = [c.id for c in landed_columns(contracts.sources[source]) if c.type is Type.RESIDENT_ID]
            for path in sorted((register / FOLDER / source).glob("*.parquet")):
                left, named = _landed(path, source, ids, whose, begun.stand_in, source in pairs)
                rows, references = rows + left, references + named
        for kept in (PEOPLE, REFUSED):
            for path in sorted((register / FOLDER / kept).glob("*.parquet")):
                _drop(path, whose.keys)
        sealed = store.without(lambda table: _sealed(table, whose), f"e{begun.number}")
        decisions.forget(set(keys), by, on)
        done = replace(
            begun, done=True, identity=sealed, landed=rows, references=references, quarantine=quarantined,
            review=reviewed,
        )  # fmt: skip
        erasures.put(done)
        return done


def _ready(register: Path, contracts: Contracts, landed: Landed) -> None:
    """Nothing waits in plain form, and every landed file can be read. Raises SnapshotError."""
    if any((register / STAGING).rglob("*.parquet")):
        raise SnapshotError(
            f"{register}: rows that were taken in have not landed. Run `zhida import` again first."
        )
    unknown = sorted({f.source for f in landed.files} - set(contracts.sources))
    if unknown:
        raise SnapshotError(
            f"{register} holds rows of {', '.join(unknown)}, which the pack does not have: name the pack "
            "that they were imported by with --pack."
        )
    for left in register.glob(f"{WORK}*"):  # plain values of an import that was killed
        shutil.rmtree(left, ignore_errors=True)


def _read_as_one(decisions: Decisions, person_key: int) -> tuple[int, ...]:
    merged = decisions.merged()
    root = merged.get(person_key, person_key)
    return tuple(sorted({person_key, root, *(k for k, to in merged.items() if to == root)}))


def _whose(decisions: Decisions, keys: tuple[int, ...]) -> _Whose:
    splits = {(d.person_key, d.source): d.to for d in decisions.holding if d.kind is DecisionKind.SPLIT}
    return _Whose(keys, splits, frozenset(at for at, to in splits.items() if to in keys))


def _keys(table: pa.Table, column: str) -> Keys:
    cells: Any = table.column(column)
    found: Keys = cells.fill_null(0).to_numpy()
    return found


def _drop(path: Path, which: Callable[[pa.Table], Mask], **how: Any) -> int:
    if not which(pq.read_table(path)).any():
        return 0
    return rewrite(path, lambda table: table.filter(pa.array(~which(table))), **how)


def _at(table: pa.Table, pairs: Iterable[tuple[int, str]]) -> Mask:
    """Rows of these pairs of person and source."""
    keys, sources = _keys(table, "person_key"), table.column("source").to_pylist()
    wanted = set(pairs)
    near = np.isin(keys, [key for key, _ in wanted])
    for row in np.flatnonzero(near):
        near[row] = (int(keys[row]), sources[row]) in wanted
    return near


def _review(register: Path, whose: _Whose) -> int:
    left = 0
    for path in sorted((register / REVIEW).glob("*.parquet")):
        left += _drop(path, lambda table: whose.keys(table) | _at(table, whose.theirs))
        if pq.read_metadata(path).num_rows == 0:
            path.unlink()
    return left


def _sealed(table: pa.Table, whose: _Whose) -> Mask:
    """Values of the person; also what a source told under somebody else's number and was split off as theirs:
    which of its values were whose is not known."""
    return whose.keys(table) | _at(table, whose.theirs)


def _landed(
    path: Path, source: str, ids: list[str], whose: _Whose, stand_in: int, pair: bool
) -> tuple[int, int]:
    """(rows that left, references that now say nobody who is known). ``pair``: a row of the source is of two
    people alike, so it stays for the other one: that they are married must not turn into a no."""
    split = whose.of(source, whose.splits)
    theirs = whose.of(source, whose.theirs)
    concerned = np.array([*whose.gone, *theirs])
    seen = pq.read_table(path, columns=["person_key", *ids])
    if not any(np.isin(_keys(seen, c), concerned).any() for c in ("person_key", *ids)):
        return 0, 0
    references = sum(int(whose.keys(seen, c).sum()) for c in ids)

    def change(table: pa.Table) -> pa.Table:
        keys = _keys(table, "person_key").copy()
        other = table.column("doubtful").to_numpy(zero_copy_only=False) & np.isin(keys, split)
        gone = np.where(other, np.isin(keys, theirs), np.isin(keys, whose.gone))
        moved = other & ~gone & np.isin(keys, whose.gone)
        for row in np.flatnonzero(moved):  # what was split off stays under its own key from now on
            keys[row] = whose.splits[int(keys[row]), source]
        doubtful = table.column("doubtful").to_numpy(zero_copy_only=False) & ~moved
        if pair:
            known = [~np.isin(_keys(table, id), [0, *whose.gone]) for id in ids]
            shared = gone & np.logical_or.reduce(known)
            keys[shared] = stand_in
            gone &= ~shared
        columns: dict[str, Any] = {"person_key": keys, "doubtful": doubtful}
        for id in ids:
            values = _keys(table, id)
            columns[id] = np.where(np.isin(values, whose.gone), stand_in, values)
        for name, values in columns.items():
            at = table.schema.get_field_index(name)
            empty = None if name not in ids else np.asarray(table.column(name).is_null())
            field = table.schema.field(at)
            table = table.set_column(at, field, pa.array(values, field.type, mask=empty))
        return table.filter(pa.array(~gone))

    return rewrite(path, change), references
