"""One data folder of PostgreSQL: making it, starting and stopping its server, telling a live one from a dead.

Only the keeper calls this, while it holds its lock: nobody else starts a server on the folder.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import time
from pathlib import Path

import psutil

from zhida.office.database.binaries import Binaries
from zhida.office.database.errors import DatabaseError
from zhida.office.database.place import Place
from zhida.office.database.roles import ADMIN, ALL

ATTEMPTS_FOR = 20.0
"""Seconds for which a start is tried again: what a killed server leaves behind needs a moment to go."""
STOP_WITHIN = 30.0
LOG_LIMIT = 10_000_000
# What goes wrong with a statement is logged without the statement and its values: they may be somebody's.
QUIET = ("log_statement=none", "log_min_error_statement=panic", "log_error_verbosity=terse")
# A server for tests may lose its data with the machine.
HASTY = ("fsync=off", "full_page_writes=off")


class Server:
    """A running postmaster: our child, or one that a keeper before us left."""

    def __init__(self, pid: int, data: Path, child: subprocess.Popen[bytes] | None = None) -> None:
        self.pid = pid
        self._data = data
        self._child = child
        self.since = time.monotonic()

    def alive(self) -> bool:
        if self._child is not None:
            return self._child.poll() is None  # reaps it, too
        return is_server(self.pid, self._data)

    def stop(self) -> None:
        """Ends it without waiting for clients; harder where it doesn't end in time."""
        for how, within in ((signal.SIGINT, STOP_WITHIN), (signal.SIGQUIT, 10.0), (signal.SIGKILL, 10.0)):
            if not self.alive():
                return
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, how)
            until = time.monotonic() + within
            while self.alive() and time.monotonic() < until:
                time.sleep(0.02)


class Cluster:
    def __init__(self, place: Place, binaries: Binaries, hasty: bool) -> None:
        self.place = place
        self._programs = binaries
        self._hasty = hasty

    def prepare(self) -> None:
        """Makes the data folder where there is none, whole or not at all, and writes who may connect."""
        data = self.place.data
        self.place.check_reach()
        if not data.exists():
            self._make()
        if not (data / "PG_VERSION").is_file():
            raise DatabaseError(f"{data} holds no database: move it away, or choose another with ZHIDA_DATA.")
        major = int((data / "PG_VERSION").read_text(encoding="ascii"))
        if major != self._programs.major:
            raise DatabaseError(
                f"{data} was made by PostgreSQL {major} and the programs are of {self._programs.major}: "
                "restore a backup into a new folder, or use the programs of that version (ZHIDA_POSTGRES)."
            )
        self.place.own_folder(self.place.run)
        self._write_access()

    def running(self) -> Server | None:
        """The live server of this folder that an earlier keeper left. A stale pid file is taken away."""
        file = self.place.data / "postmaster.pid"
        try:
            pid = int(file.read_text(encoding="utf-8").split("\n", 1)[0])
        except FileNotFoundError:
            return None
        except ValueError:
            pid = 0
        if is_server(pid, self.place.data):
            return Server(pid, self.place.data)
        # PostgreSQL takes a zombie and a stranger under the old number for a server. It still looks at its
        # shared memory, so processes of a killed server keep a second one out.
        file.unlink(missing_ok=True)
        return None

    def start(self) -> Server:
        """Returns when the server takes connections. Raises DatabaseError with the log's last words."""
        until = time.monotonic() + ATTEMPTS_FOR
        while True:
            found = self.running() or self._launch()
            while found.alive():
                if self._ready(found.pid):
                    return found
                time.sleep(0.02)
            if time.monotonic() > until:
                raise DatabaseError(
                    f"The database in {self.place.folder} does not start: {self._last_words()} "
                    f"See {self.place.server_log}."
                )
            time.sleep(0.3)

    # --- inside

    def _make(self) -> None:
        building = self.place.folder / "data.new"
        shutil.rmtree(building, ignore_errors=True)  # left by a start that was killed; the lock is ours
        self.place.own_folder(building)
        locale = (
            ("--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C")
            if self._programs.major >= 17
            else ("--locale=C.UTF-8",)
        )
        command = [self._programs / "initdb", "-D", str(building), "-U", ADMIN, "--encoding=UTF8", *locale]
        command += ["--auth-local=peer", "--auth-host=reject", "--data-checksums"]
        command += ["--no-sync"] if self._hasty else []
        try:
            done = subprocess.run(
                command, check=False, capture_output=True, text=True, **self.place.as_server()
            )
        except OSError as error:
            raise DatabaseError(f"{command[0]} cannot be run ({error.strerror}).") from error
        if done.returncode:
            shutil.rmtree(building, ignore_errors=True)
            said = " ".join((done.stderr.strip().splitlines() or ["no word"])[-1].split())
            raise DatabaseError(f"No database could be made in {self.place.folder}: {said}")
        building.rename(self.place.data)

    def _write_access(self) -> None:
        """Only who starts it may connect, as any role: the socket tells the server which user that is."""
        ours = pwd.getpwuid(os.geteuid()).pw_name
        names = "\n".join(f'zhida "{ours}" {role}' for role in (ADMIN, *ALL))
        self._write("pg_hba.conf", "local all all peer map=zhida\n")
        self._write("pg_ident.conf", names + "\n")

    def _write(self, name: str, text: str) -> None:
        path = self.place.data / name
        owner = self.place.data.stat()
        new = path.with_suffix(".new")
        new.unlink(missing_ok=True)
        with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.write(text)
            os.fchown(file.fileno(), owner.st_uid, owner.st_gid)
        new.rename(path)

    def _launch(self) -> Server:
        settings = [
            "listen_addresses=",
            f"unix_socket_directories={self.place.run}",
            "cluster_name=zhida",
            "timezone=UTC",
            "log_timezone=UTC",
            "max_connections=100",
            *QUIET,
            *(HASTY if self._hasty else ()),
        ]
        command = [self._programs / "postgres", "-D", str(self.place.data)]
        for setting in settings:
            command += ["-c", setting]
        log = self.place.server_log
        if log.exists() and log.stat().st_size > LOG_LIMIT:
            log.replace(log.with_suffix(".log.1"))
        with open(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "ab") as out:
            child = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, **self.place.as_server()
            )
        return Server(child.pid, self.place.data, child)

    def _ready(self, pid: int) -> bool:
        """The last line of the pid file says it, as for PostgreSQL's own pg_ctl."""
        try:
            lines = (self.place.data / "postmaster.pid").read_text(encoding="utf-8").splitlines()
        except OSError:
            return False
        return len(lines) >= 8 and lines[0].strip() == str(pid) and lines[7].strip() == "ready"

    def _last_words(self) -> str:
        try:
            lines = self.place.server_log.read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError:
            lines = []
        loud = [line for line in lines if "FATAL" in line or "PANIC" in line] or lines or ["it said nothing."]
        return loud[-1]


def is_server(pid: int, data: Path) -> bool:
    """Whether this number is a live PostgreSQL on that folder: no zombie, no stranger, no other folder."""
    try:
        process = psutil.Process(pid)
        if process.status() == psutil.STATUS_ZOMBIE or process.name() != "postgres":
            return False
        return Path(process.cwd()).resolve() == data.resolve()
    except (psutil.Error, OSError, ValueError, OverflowError):
        return False  # gone, or another user's: the server of this folder is ours
