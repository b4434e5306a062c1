"""What a person decided about who is who: merges, splits and names that are one person's after all.

Landed rows and the store keep the keys that they were given; a decision only says how keys are read, so each
can be undone. ``decisions.json`` of the identity store holds all of them, undone ones too.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Any

from zhida.population.identity.store import IdentityError, write_record

FORMAT = 1
FILE = "decisions.json"
ERASED = "已删除"
"""Stands for the reason of a decision about somebody who was erased."""


class DecisionKind(StrEnum):
    """``merge``: two keys are one person. ``same``: rows of a source under another name are the person's own.
    ``split``: they are somebody else's, who gets a key."""

    MERGE = "merge"
    SAME = "same"
    SPLIT = "split"


@dataclass(frozen=True, slots=True)
class Decision:
    """``to``: of a merge the key that stays, of a split the new one, else 0. ``source``: of what is not a
    merge. ``undone_by`` is '' while it holds."""

    number: int
    kind: DecisionKind
    person_key: int
    to: int
    source: str
    by: str
    on: str
    reason: str
    undone_by: str = ""
    undone_on: str = ""

    @property
    def holds(self) -> bool:
        return not self.undone_by


@dataclass(frozen=True, slots=True)
class Decisions:
    """All decisions of a store, in the order in which they were made."""

    folder: Path
    made: tuple[Decision, ...] = field(default=())

    @classmethod
    def load(cls, identity: Path) -> Decisions:
        """None where there is no file. Raises IdentityError."""
        path = identity / FILE
        try:
            record = json.loads(path.read_bytes())
            if record["format"] != FORMAT:
                raise ValueError(f"format {record['format']!r}")
            made = tuple(Decision(**(d | {"kind": DecisionKind(d["kind"])})) for d in record["decisions"])
        except FileNotFoundError:
            return cls(identity)
        except (OSError, KeyError, TypeError, ValueError) as error:
            raise IdentityError(f"{path} can't be used ({error}): restore it from a copy.") from None
        return cls(identity, made)

    @property
    def holding(self) -> list[Decision]:
        return [d for d in self.made if d.holds]

    def merged(self) -> dict[int, int]:
        """Key → the key that it is read as, over any number of merges."""
        direct = {d.person_key: d.to for d in self.holding if d.kind is DecisionKind.MERGE}
        found = {}
        for key in direct:
            at = key
            while at in direct:
                at = direct[at]
            found[key] = at
        return found

    def merge(self, away: int, into: int, by: str, on: date, reason: str) -> Decisions:
        """Reads ``away`` as ``into``. Raises IdentityError."""
        merged = self.merged()
        if merged.get(away, away) == merged.get(into, into):
            raise IdentityError(f"{away} and {into} are one person already.")
        if away in merged:
            raise IdentityError(
                f"{away} is read as {merged[away]} already: name that one, or undo the merge first."
            )
        return self._add(DecisionKind.MERGE, away, into, "", by, on, reason)

    def same(self, person_key: int, source: str, by: str, on: date, reason: str) -> Decisions:
        """Rows of a source under another name are this person's. Raises IdentityError."""
        self._free(person_key, source)
        return self._add(DecisionKind.SAME, person_key, 0, source, by, on, reason)

    def split(self, person_key: int, source: str, to: int, by: str, on: date, reason: str) -> Decisions:
        """Rows of a source under another name are of ``to``. Raises IdentityError."""
        self._free(person_key, source)
        return self._add(DecisionKind.SPLIT, person_key, to, source, by, on, reason)

    def undo(self, number: int, by: str, on: date) -> Decisions:
        """The decision does not hold any more. Raises IdentityError."""
        found = next((d for d in self.made if d.number == number), None)
        if found is None or not found.holds:
            raise IdentityError(
                f"There is no decision {number} that holds: `zhida identity review` lists them."
            )
        undone = replace(found, undone_by=by, undone_on=on.isoformat())
        return self._written(tuple(undone if d is found else d for d in self.made))

    def forget(self, keys: set[int], by: str, on: date) -> Decisions:
        """Decisions about erased keys hold no more, and their reasons, which may say who somebody is, go."""
        if not any(d.person_key in keys or d.to in keys for d in self.made):
            return self
        made = []
        for d in self.made:
            if d.person_key in keys or d.to in keys:
                d = replace(d, reason=ERASED)
                if d.holds:
                    d = replace(d, undone_by=by, undone_on=on.isoformat())
            made.append(d)
        return self._written(tuple(made))

    def _free(self, person_key: int, source: str) -> None:
        for d in self.holding:
            if d.kind is not DecisionKind.MERGE and (d.person_key, d.source) == (person_key, source):
                raise IdentityError(
                    f"Decision {d.number} says already what rows of {source} under another name are: "
                    "undo it first."
                )

    def _add(
        self, kind: DecisionKind, key: int, to: int, source: str, by: str, on: date, reason: str
    ) -> Decisions:
        if not by.strip() or not reason.strip():
            raise IdentityError("A decision about who somebody is needs who made it and why.")
        one = Decision(len(self.made) + 1, kind, key, to, source, by, on.isoformat(), reason)
        return self._written((*self.made, one))

    def _written(self, made: tuple[Decision, ...]) -> Decisions:
        record = {"format": FORMAT, "decisions": [_json(d) for d in made]}
        write_record(self.folder / FILE, record)
        return Decisions(self.folder, made)


def _json(decision: Decision) -> Mapping[str, Any]:
    return asdict(decision) | {"kind": str(decision.kind)}
