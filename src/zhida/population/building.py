"""A folder that appears whole or not at all: work under a temporary name, one rename at the end.

While the work goes on it holds a lock on its temporary folder. The kernel lets go of it when the
process ends in any way, so a leftover of a killed build is a folder of that name without a lock;
the next build into the same place removes it.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import uuid
from pathlib import Path
from types import TracebackType
from typing import Self

from zhida.population.errors import SnapshotError, writing

BUILDING = ".building-"
LOCK = ".lock"


class Building:
    """Context that owns the temporary ``folder``. Leaving it without ``finish`` removes everything."""

    def __init__(self, path: Path, what: str) -> None:
        self.path, self.what = path.absolute(), what
        self.folder = self.path.parent / f".{self.path.name}{BUILDING}{uuid.uuid4().hex[:12]}"
        self._lock = -1

    def __enter__(self) -> Self:
        if os.path.lexists(self.path):
            raise SnapshotError(
                f"{self.path} exists already: {self.what} is never written over. "
                "Choose another folder or remove it."
            )
        with writing(self.folder):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            remove_leftovers(self.path)
            self.folder.mkdir()
            self._lock = os.open(self.folder / LOCK, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1

    def finish(self) -> None:
        """Renames the folder into place."""
        with writing(self.path):
            (self.folder / LOCK).unlink()
            sync_folder(self.folder)
            os.rename(self.folder, self.path)
            sync_folder(self.path.parent)


def sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def remove_leftovers(path: Path) -> list[Path]:
    """Removes what killed builds of the same folder left beside it; a build at work is left alone."""
    removed = []
    for folder in sorted(path.parent.glob(f".{_glob_escape(path.name)}{BUILDING}*")):
        if folder.is_symlink() or not folder.is_dir() or _locked(folder / LOCK):
            continue
        shutil.rmtree(folder, ignore_errors=True)
        removed.append(folder)
    return removed


def _glob_escape(name: str) -> str:
    return "".join(f"[{c}]" if c in "*?[" else c for c in name)


def _locked(lock: Path) -> bool:
    try:
        handle = os.open(lock, os.O_RDWR)
    except OSError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(handle)
    return False
