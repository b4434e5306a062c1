"""Servers of these tests' own: folders, processes that hold a database, and how to end them."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psycopg

from zhida.office.database.address import Address
from zhida.office.database.roles import ADMIN

SECONDS = 60.0
PROGRAM = """
import sys
from pathlib import Path
from zhida.office.database.hold import hold_embedded
held = hold_embedded(Path(sys.argv[1]), hasty=True)
print("held", flush=True)
sys.stdin.read()
held.close()
"""


class Holder:
    """A process of its own that holds the database of a folder until it is told to leave or killed."""

    def __init__(self, folder: Path, user: int | None = None, python: str = sys.executable) -> None:
        paths = os.pathsep.join(path for path in sys.path if path)
        self._process = subprocess.Popen(
            [python, "-P", "-c", PROGRAM, str(folder)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd="/",
            env=os.environ | {"PYTHONPATH": paths},
            user=user, group=user, extra_groups=None if user is None else [],
        )  # fmt: skip

    def ready(self) -> Holder:
        assert self._process.stdout is not None and self._process.stderr is not None
        line = self._process.stdout.readline()
        assert line == "held\n", self._process.stderr.read()
        return self

    def kill(self) -> None:
        self._process.send_signal(signal.SIGKILL)
        self._process.communicate(timeout=SECONDS)

    def leave(self) -> None:
        out, err = self._process.communicate("", timeout=SECONDS)
        assert self._process.returncode == 0, out + err

    def end(self) -> None:
        if self._process.poll() is None:
            self.kill()


def ask(folder: Path, sql: str, address: Address | None = None) -> list[tuple[object, ...]]:
    """A statement as the administrator of the server; its rows."""
    at = address or Address(str(folder / "run"), 5432, "postgres", True)
    with psycopg.connect(**at.parameters(ADMIN, "postgres"), autocommit=True) as connection:  # type: ignore[arg-type]
        cursor = connection.execute(sql)  # type: ignore[arg-type]
        return cursor.fetchall() if cursor.description else []


def postmaster(folder: Path) -> int:
    return int((folder / "data" / "postmaster.pid").read_text(encoding="utf-8").split("\n", 1)[0])


def keeper_of(folder: Path) -> int:
    """Process id of the live keeper: no file of ours tells it, the process list does."""
    import psutil

    for process in psutil.process_iter(["pid", "cmdline", "status"]):
        words = process.info["cmdline"] or []
        if "zhida.office.database.keeper" in words and str(folder) in words:
            return int(process.info["pid"])
    raise AssertionError(f"no keeper of {folder}")


def kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)


def soon(true: Callable[[], bool], within: float = SECONDS) -> float:
    """Waits for something; returns after how many seconds it was so."""
    start = time.monotonic()
    while not true():
        assert time.monotonic() - start < within, "it did not come true"
        time.sleep(0.02)
    return time.monotonic() - start


def stopped(folder: Path) -> bool:
    """Whether neither a server nor its socket is there."""
    return not any((folder / name).exists() for name in ("data/postmaster.pid", "run/.s.PGSQL.5432"))


def clear(folder: Path) -> None:
    """Ends what a failed test has left of the folder's server, then the folder."""
    for find in (keeper_of, postmaster):
        try:
            kill(find(folder))
        except (AssertionError, OSError, ValueError):
            continue
    shutil.rmtree(folder.parent, ignore_errors=True)
