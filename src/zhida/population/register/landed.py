"""What has landed in a register: files of each delivery and the Parquet files that hold their rows.

``landed/index.json`` names all that counts; a file that it doesn't name is a leftover of a stopped import.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

from zhida.population.errors import SnapshotError
from zhida.population.identity.store import write_record

FORMAT = 1
FOLDER = "landed"
PEOPLE = "people"
REFUSED = "refused"
REVIEW = "review"
IDENTITY = "identity"
INDEX = "index.json"


@dataclass(frozen=True, slots=True)
class LandedFile:
    """A delivered file. ``batch`` and ``number`` say which rows are its own."""

    source: str
    sha256: str
    division: str
    as_of: date
    complete: bool
    batch: int
    number: int
    mends: bool = False

    def as_json(self) -> dict[str, Any]:
        return {
            "source": self.source,
            "sha256": self.sha256,
            "division": self.division,
            "as_of": self.as_of.isoformat(),
            "complete": self.complete,
            "batch": self.batch,
            "number": self.number,
            "mends": self.mends,
        }

    @staticmethod
    def from_json(record: Mapping[str, Any]) -> LandedFile:
        return LandedFile(
            source=str(record["source"]),
            sha256=str(record["sha256"]),
            division=str(record["division"]),
            as_of=date.fromisoformat(str(record["as_of"])),
            complete=bool(record["complete"]),
            batch=int(record["batch"]),
            number=int(record["number"]),
            mends=bool(record["mends"]),
        )


@dataclass(frozen=True, slots=True)
class Landed:
    """A register's landed rows. ``synthetic``: nobody in it is real; ``keys``: keys are below this."""

    folder: Path
    synthetic: bool
    keys: int = 1
    batches: int = 0
    files: tuple[LandedFile, ...] = field(default=())

    @classmethod
    def open(cls, folder: Path) -> Landed:
        """Raises SnapshotError where nothing has landed."""
        path = folder / FOLDER / INDEX
        try:
            record = json.loads(path.read_bytes())
            if record["format"] != FORMAT:
                raise ValueError(f"it has format {record['format']!r}, this program reads {FORMAT}")
            return cls(
                folder=folder,
                synthetic=bool(record["synthetic"]),
                keys=int(record["keys"]),
                batches=int(record["batches"]),
                files=tuple(LandedFile.from_json(f) for f in record["files"]),
            )
        except FileNotFoundError:
            raise SnapshotError(
                f"Nothing has been imported into {folder}: {path.name} is missing. Import a delivery first."
            ) from None
        except (OSError, KeyError, TypeError, ValueError) as error:
            raise SnapshotError(f"{path} can't be used ({error}): restore it from a copy.") from None

    @classmethod
    def open_or_new(cls, folder: Path, *, synthetic: bool) -> Landed:
        if not (folder / FOLDER / INDEX).exists():
            return cls(folder, synthetic)
        return cls.open(folder)

    def holds(self, source: str, sha256: str, division: str, as_of: str) -> bool:
        """Whether the file with this content has landed for this place and day (in ISO form)."""
        sought = (source, sha256, division, as_of)
        return any((f.source, f.sha256, f.division, f.as_of.isoformat()) == sought for f in self.files)

    def path(self, source: str, batch: int) -> Path:
        return self.folder / FOLDER / source / f"{batch:04d}.parquet"

    def people(self) -> list[Path]:
        """Files with what the digits of IDs say: person_key, birth, sex."""
        return [p for b in range(1, self.batches + 1) if (p := people_path(self.folder, b)).exists()]

    def added(self, files: Iterable[LandedFile], keys: int) -> Landed:
        """Takes in a batch whose files are written. Raises SnapshotError."""
        return replace(self, files=(*self.files, *files), batches=self.batches + 1).with_keys(keys)

    def with_keys(self, keys: int) -> Landed:
        """Writes the index; keys are below ``keys`` from here on. Raises SnapshotError."""
        new = replace(self, keys=keys)
        record = {
            "format": FORMAT,
            "synthetic": new.synthetic,
            "keys": new.keys,
            "batches": new.batches,
            "files": [f.as_json() for f in new.files],
        }
        write_record(self.folder / FOLDER / INDEX, record)
        return new


def people_path(folder: Path, batch: int) -> Path:
    return folder / FOLDER / PEOPLE / f"{batch:04d}.parquet"


def refused_path(folder: Path, batch: int) -> Path:
    """Whom refused rows name (person_key, file, line, column); no file where there are none."""
    return folder / FOLDER / REFUSED / f"{batch:04d}.parquet"


def review_path(folder: Path, batch: int) -> Path:
    return folder / REVIEW / f"{batch:04d}.parquet"
