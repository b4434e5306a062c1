"""The one error of this floor, and how a full disk becomes one."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class SnapshotError(Exception):
    """What is wrong with a snapshot, where, and what to do about it: one sentence."""


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turns an error of the file system into a SnapshotError that names the file."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT) or "No space left" in str(error):
            raise SnapshotError(
                f"The disk is full: {path} could not be written; nothing was kept. Free some space or "
                "choose another folder, then build again."
            ) from error
        reason = error.strerror or str(error)
        raise SnapshotError(
            f"{path} could not be written ({reason}); nothing was kept. Check the folder and its rights."
        ) from error
