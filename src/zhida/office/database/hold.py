"""Holding a database: joins the server of a folder, starts it where none runs, and lets it go again.

The server runs as long as anybody holds it. However a holder ends, the kernel drops its lock.
"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Self

import psycopg

from zhida.office.database.address import NAME, Address, of_environment
from zhida.office.database.errors import DatabaseError
from zhida.office.database.keeper import ANOTHER
from zhida.office.database.locks import Lock
from zhida.office.database.place import SOCKET, Place
from zhida.office.database.roles import ADMIN

PATIENCE = 60.0
"""Seconds to wait without a sign of life; recovery of a large database gives one and may take longer."""


class Held:
    """A database in use by this process: ``address`` until ``close``."""

    def __init__(
        self,
        address: Address,
        place: Place | None = None,
        lock: Lock | None = None,
        keeper: subprocess.Popen[bytes] | None = None,
    ) -> None:
        self.address = address
        self._keeper = keeper  # only to be reaped
        self.place = place
        self._lock = lock

    def close(self) -> None:
        """Lets go; where nobody else holds the server, returns when it has stopped."""
        lock, self._lock = self._lock, None
        if lock is None or self.place is None:
            return
        last = lock.alone()
        lock.close()
        if not last:
            return
        keeper = Lock(self.place.keeper_lock)
        until = time.monotonic() + PATIENCE
        while not keeper.alone() and time.monotonic() < until and _has_no_holder(self.place):
            time.sleep(0.02)
        keeper.close()
        if self._keeper is not None:
            self._keeper.poll()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def hold(folder: Path | None = None, *, hasty: bool = False) -> Held:
    """The database of the environment, else the embedded one in ``folder`` (``default_folder()``).

    ``hasty`` gives up what keeps data through a crash of the machine: for tests. Raises DatabaseError.
    """
    given = of_environment()
    return Held(given) if given else hold_embedded(folder, hasty=hasty)


def hold_embedded(folder: Path | None = None, *, hasty: bool = False) -> Held:
    place = Place.at(folder)
    lock = Lock(place.holders_lock)
    address = Address(str(place.run), int(SOCKET.rpartition(".")[2]), NAME, True)
    try:
        keeper = _wait(place, lock, address, hasty)
    except BaseException:
        lock.close()
        raise
    return Held(address, place, lock, keeper)


def _wait(place: Place, lock: Lock, address: Address, hasty: bool) -> subprocess.Popen[bytes] | None:
    """Returns the keeper where it is our child."""
    keeper: subprocess.Popen[bytes] | None = None
    held = False
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        held = held or lock.share()  # refused while a keeper stops its server
        if held:
            state = _answer(place, address)
            if state == "ready" and _has_keeper(place):
                return keeper
            if state == "starting":
                until = time.monotonic() + PATIENCE
            if keeper is None or keeper.poll() is not None:
                _check(place, keeper)
                keeper = _launch(place, hasty)
        time.sleep(0.03)
    raise DatabaseError(
        f"The database in {place.folder} gave no sign for {PATIENCE:.0f} seconds: see {place.server_log}."
    )


def _answer(place: Place, address: Address) -> str:
    """What a real connection says: ``ready``, ``starting`` or ``silent``."""
    if not place.socket.exists():
        return "silent"
    try:
        with psycopg.connect(**address.parameters(ADMIN, "postgres"), connect_timeout=5) as connection:  # type: ignore[arg-type]
            found = connection.execute("SELECT current_setting('data_directory')").fetchone()
    except psycopg.OperationalError as error:
        return "starting" if "starting up" in str(error) or "recovery" in str(error) else "silent"
    return "ready" if found and Path(found[0]).resolve() == place.data.resolve() else "silent"


def _has_keeper(place: Place) -> bool:
    lock = Lock(place.keeper_lock)
    try:
        return not lock.alone()
    finally:
        lock.close()


def _has_no_holder(place: Place) -> bool:
    lock = Lock(place.holders_lock)
    try:
        # A keeper that stops its server has it alone, so a share that is refused is no holder.
        return lock.alone() or not lock.share()
    finally:
        lock.close()


def _check(place: Place, keeper: subprocess.Popen[bytes] | None) -> None:
    """A keeper that ended because the server can't run has said why."""
    if keeper is None or keeper.returncode in (0, ANOTHER) or keeper.returncode < 0:
        return
    lines = place.keeper_log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    raise DatabaseError(lines[-1] if lines else f"The database in {place.folder} does not start.")


def _launch(place: Place, hasty: bool) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-P", "-m", "zhida.office.database.keeper", str(place.folder)]
    with open(place.keeper_log, "wb") as log:
        return subprocess.Popen(
            [*command, *(["--hasty"] if hasty else [])],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd="/",
            start_new_session=True,
        )
