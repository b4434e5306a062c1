"""What was taken into a register: one record a file, written whole or not at all, under one lock."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from zhida.population.imports.errors import ImportsError

JOURNAL = "imports.json"
LOCK = ".imports.lock"
STAGING = "staging"
QUARANTINE = "quarantine"
PARTIAL = ".partial"
FORMAT = 1


@dataclass(frozen=True, slots=True)
class Taken:
    """A file that was taken in. read = kept + repeats + quarantined + withdrawn.

    ``id`` tells it from every other file: two counties may send the same bytes (a heading alone), and one
    county the same on two days. ``division`` 12 digits, ``as_of`` and ``taken`` in ISO form, ``month`` like
    2025-06 or ''. ``supersedes``: id of an earlier file of the same source, place and day, '' for none.
    ``mends``: ids of the files whose rows it mends. ``contracts``: hash of the contracts that it was read by.
    ``reasons``: (column, reason, rows) of what was refused then, whatever has become of it.
    """

    file: str
    sha256: str
    bytes: int
    source: str
    division: str
    as_of: str
    month: str
    complete: bool
    synthetic: bool
    form: str
    read: int
    kept: int
    repeats: int
    quarantined: int
    withdrawn: int
    blank: int
    supersedes: str
    mends: tuple[str, ...]
    contracts: str
    taken: str
    reasons: tuple[tuple[str, str, int], ...] = ()
    id: str = ""


def file_id(sha256: str, source: str, division: str, as_of: str) -> str:
    """64 hexadecimal digits: what the file holds, of which source and place, as of which day."""
    return hashlib.sha256(f"{sha256} {source} {division} {as_of}".encode()).hexdigest()


@dataclass
class Journal:
    """All files of a register, in the order in which they were taken in."""

    register: Path
    pack: str
    files: list[Taken] = field(default_factory=list)

    @classmethod
    def load(cls, register: Path, pack: str = "") -> Journal:
        """An empty journal where there is none. Raises ImportsError."""
        path = register / JOURNAL
        try:
            data = json.loads(path.read_bytes())
            if data["format"] != FORMAT:
                raise ValueError(f"its format is {data['format']!r}, not {FORMAT}")
            files = [_taken(f) for f in data["files"]]
            found = cls(register, str(data["pack"]), files)
        except FileNotFoundError:
            return cls(register, pack)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ImportsError(f"{path} can't be read ({error}): bring it back from a copy.") from None
        if pack and found.pack != pack:
            raise ImportsError(
                f"{register} holds what was taken in for the pack {found.pack}, not {pack}: name another "
                "register with --into, or that pack with --pack."
            )
        return found

    def find(self, sha256: str, source: str, division: str, as_of: str, mends: bool) -> Taken | None:
        """The file with this content of this source, place and day. Where a mended file's name says it comes
        from does not tell two of them apart: its rows say what they stand for."""
        for file in self.files:
            if (file.sha256, file.source) == (sha256, source) and (
                mends or (file.division, file.as_of) == (division, as_of)
            ):
                return file
        return None

    def latest(self, source: str, division: str, as_of: str) -> Taken | None:
        """The last file of this source, place and day that is not a mended one."""
        same = (
            f for f in reversed(self.files) if (f.source, f.division, f.as_of) == (source, division, as_of)
        )
        return next((f for f in same if not f.mends), None)

    def add(self, taken: Taken) -> None:
        """Writes the journal with one more file: after this, and only after this, it is taken in."""
        files = [*self.files, taken]
        data = {"format": FORMAT, "pack": self.pack, "files": [asdict(f) for f in files]}
        write_whole(self.register / JOURNAL, json.dumps(data, ensure_ascii=False, indent=1).encode())
        self.files = files


def _taken(record: Mapping[str, Any]) -> Taken:
    reasons = tuple((str(c), str(r), int(n)) for c, r, n in record.get("reasons", ()))
    id = str(record.get("id") or record["sha256"])  # files taken in before they had one go by their content
    return Taken(**{**record, "mends": tuple(record["mends"]), "reasons": reasons, "id": id})


def write_whole(path: Path, data: bytes) -> None:
    """Writes a file that is there whole or not at all, also after a fall of the power."""
    partial = path.with_name(path.name + PARTIAL)
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    settle(partial, path)


def settle(partial: Path, path: Path) -> None:
    """A finished file gets its name for good."""
    with partial.open("rb") as file:
        os.fsync(file.fileno())
    os.replace(partial, path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def private_folder(path: Path) -> Path:
    """The folder, made with mode 0700 where it is not there."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


@contextmanager
def locked(register: Path) -> Iterator[None]:
    """One import at a time; the kernel lets go of the lock however the process ends. Leftovers of one that
    was killed are removed. Raises ImportsError."""
    private_folder(register)
    with open(register / LOCK, "a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise ImportsError(f"Another import into {register} is running: wait until it ends.") from None
        for folder in (STAGING, QUARANTINE):
            for leftover in (register / folder).rglob(f"*{PARTIAL}"):
                leftover.unlink(missing_ok=True)
        yield


def json_of(taken: Taken) -> dict[str, Any]:
    return asdict(taken)
