"""Locks on files. The kernel lets go of them when a process ends in any way, so none is ever stale."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from zhida.office.database.errors import DatabaseError


class Lock:
    """One process's hand on a lock file. Programs that it starts don't inherit it; a fork of it does.

    A fork that lives on counts as the process itself: it uses what the lock stands for.
    """

    def __init__(self, path: Path) -> None:
        try:
            self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise DatabaseError(
                f"{path} cannot be opened ({error.strerror}): check the folder and its rights."
            ) from error

    def share(self) -> bool:
        """Takes it beside others; False where somebody has it alone."""
        return self._take(fcntl.LOCK_SH)

    def alone(self) -> bool:
        """Takes it alone; False where anybody else has it."""
        return self._take(fcntl.LOCK_EX)

    def let_go(self) -> None:
        fcntl.flock(self._file, fcntl.LOCK_UN)

    def close(self) -> None:
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def _take(self, kind: int) -> bool:
        try:
            fcntl.flock(self._file, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
