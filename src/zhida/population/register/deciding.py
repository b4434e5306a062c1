"""Names under one ID that clearly differ, and what a person makes of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import pyarrow.parquet as pq

from zhida.codes.masking import mask_name
from zhida.codes.sealing import Keyring
from zhida.population.identity.decisions import DecisionKind, Decisions
from zhida.population.identity.store import IdentityError, IdentityStore
from zhida.population.register.landed import IDENTITY, REVIEW, Landed


@dataclass(frozen=True, slots=True)
class OpenPoint:
    """Rows of a source stand under this person's ID and another name; names masked."""

    person_key: int
    source: str
    own: str
    name: str


def pending(register: Path, ring: Keyring) -> list[OpenPoint]:
    """What nobody has decided yet, by person and source. Raises IdentityError, SealError."""
    identity = register / IDENTITY
    store = IdentityStore.open(identity)
    decided = {
        (d.person_key, d.source) for d in Decisions.load(identity).holding if d.kind is not DecisionKind.MERGE
    }
    found: dict[tuple[int, str], OpenPoint] = {}
    for path in sorted((register / REVIEW).glob("*.parquet")):
        for row in pq.read_table(path).to_pylist():
            at = (int(row["person_key"]), str(row["source"]))
            if at in decided or at in found:
                continue
            own = next(
                (v.value for v in store.card(ring, at[0]) if (v.table, v.kind) == ("names", "main")), ""
            )
            name = ring.open(row["sealed"], "names")
            found[at] = OpenPoint(*at, mask_name(own), mask_name(name))
    return [found[at] for at in sorted(found)]


def split_off(register: Path, person_key: int, source: str, by: str, on: date, reason: str) -> int:
    """The source's rows under another name become a person of their own, whose key is given back.

    The key counts as given before the decision is written. Raises IdentityError, SnapshotError.
    """
    identity = register / IDENTITY
    landed, store = Landed.open(register), IdentityStore.open(identity)
    if not 0 < person_key < store.next_key:
        raise IdentityError(f"Nobody in {register} has the key {person_key}.")
    new = max(store.next_key, landed.keys)
    replace(store, next_key=new + 1).write()
    landed.with_keys(new + 1)
    Decisions.load(identity).split(person_key, source, new, by, on, reason)
    return new
