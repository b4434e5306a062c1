"""A snapshot as it would be without some registers: their cells and ties unknown, nothing complete."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from zhida.population.schema import UNKNOWN_LINK, State, high_column, is_made, state_column
from zhida.population.store import Columns, Part, Snapshot
from zhida.rules.declarations import Pack


@dataclass(frozen=True, slots=True)
class Withheld(Snapshot):
    """``hidden``: fields and columns of links that nobody delivered."""

    hidden: frozenset[str] = frozenset()

    def part(self, index: int) -> Part:
        # the two-argument form: a dataclass with slots is another class than the one being defined
        part = Snapshot.part(self, index)
        return replace(part, households=self._without(part.households), persons=self._without(part.persons))

    def _without(self, columns: Columns) -> Columns:
        found = dict(columns)
        for name in self.hidden & set(columns):
            n = len(columns[name])
            if name.startswith("link_"):
                found[name] = np.full(n, UNKNOWN_LINK, columns[name].dtype)
                continue
            found[name] = np.zeros(n, columns[name].dtype)
            found[state_column(name)] = np.full(n, State.UNKNOWN, np.uint8)
            if high_column(name) in columns:
                found[high_column(name)] = np.zeros(n, columns[name].dtype)
        return found


def withheld(snapshot: Snapshot, pack: Pack, registers: Collection[str]) -> Withheld:
    """The snapshot as if these registers had not been delivered. Awards stay: without them nobody would be
    known to receive anything."""
    hidden = {f.id for f in pack.fields.values() if f.register in registers and not is_made(f.id)}
    links = {f"link_{link.id}" for link in pack.links.values() if link.register in registers}
    manifest = dict(snapshot.manifest)
    manifest["registers"] = {k: v for k, v in manifest["registers"].items() if k not in registers}
    manifest["fields"] = {k: _unknown(v) if k in hidden else v for k, v in manifest["fields"].items()}
    own = {f.name: getattr(snapshot, f.name) for f in fields(Snapshot)}
    return Withheld(**(own | {"manifest": manifest}), hidden=frozenset(hidden | links))


def _unknown(record: Any) -> Any:
    """No cell is known; one that was ever an interval stays one, so that the same kernel serves."""
    states = dict(record["states"])
    states["unknown"] += states.pop("known")
    return dict(record) | {"states": states | {"known": 0}}


def registers_told(snapshot: Snapshot, pack: Pack) -> list[str]:
    """Registers that the snapshot has something of and that could be missing, in the pack's order."""
    there = {f.id for f in snapshot.contract.fields}
    held = {f.register for f in pack.fields.values() if f.id in there}
    held |= {link.register for link in pack.links.values()}
    awards = {f.register for f in pack.fields.values() if is_made(f.id)}
    listed = snapshot.manifest["registers"]
    return [r for r in pack.registers if r in held and r in listed and r not in awards]
