"""``erased.json``: who was erased from a register, by number and day, and on whose word; no personal data."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from zhida.population.errors import SnapshotError
from zhida.population.identity.store import write_record

FORMAT = 1
FILE = "erased.json"


@dataclass(frozen=True, slots=True)
class Erasure:
    """``keys``: all that were read as the one person; ``stand_in``: the key that stands in rows of others
    for somebody of whom nothing is known; ``on`` in ISO form. Counts are of rows, 0 until it is ``done``."""

    number: int
    keys: tuple[int, ...]
    stand_in: int
    on: str
    by: str
    reason: str
    done: bool = False
    identity: int = 0
    landed: int = 0
    references: int = 0
    quarantine: int = 0
    review: int = 0


@dataclass(frozen=True, slots=True)
class Erasures:
    register: Path
    made: tuple[Erasure, ...] = field(default=())

    @classmethod
    def load(cls, register: Path) -> Erasures:
        """None where there is no file. Raises SnapshotError."""
        path = register / FILE
        try:
            record = json.loads(path.read_bytes())
            if record["format"] != FORMAT:
                raise ValueError(f"format {record['format']!r}")
            made = tuple(Erasure(**(e | {"keys": tuple(e["keys"])})) for e in record["erasures"])
        except FileNotFoundError:
            return cls(register)
        except (OSError, KeyError, TypeError, ValueError) as error:
            raise SnapshotError(f"{path} can't be used ({error}): restore it from a copy.") from None
        return cls(register, made)

    def of(self, person_key: int) -> Erasure | None:
        return next((e for e in self.made if person_key in e.keys), None)

    def put(self, erasure: Erasure) -> Erasures:
        """Adds it, or replaces the one of its number. Raises SnapshotError."""
        kept = [e for e in self.made if e.number != erasure.number]
        new = replace(self, made=tuple(sorted([*kept, erasure], key=lambda e: e.number)))
        write_record(self.register / FILE, {"format": FORMAT, "erasures": [asdict(e) for e in new.made]})
        return new
