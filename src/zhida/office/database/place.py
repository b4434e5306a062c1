"""Where an embedded server lives and as whom it runs. No right of a folder that was there is ever changed."""

from __future__ import annotations

import hashlib
import os
import pwd
import shutil
import stat
import subprocess
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from zhida.office.database.errors import DatabaseError

SERVER_USER = "zhida"
"""As whom the server runs where we are root: PostgreSQL refuses to be root."""
SOCKET = ".s.PGSQL.5432"
LONGEST_SOCKET = 103
"""Bytes of a socket's path: 107 on Linux, 103 elsewhere."""


def default_folder() -> Path:
    """``ZHIDA_DATA``, else the system's place for such data, of root or of the user; then ``database``."""
    given = os.environ.get("ZHIDA_DATA")
    if given:
        return Path(given).expanduser() / "database"
    if os.geteuid() == 0:
        return Path("/var/lib/zhida/database")
    base = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(base) / "zhida" / "database"


@dataclass(frozen=True)
class Place:
    """The folder of one server: ``data``, ``run`` with its socket, two locks, two logs."""

    folder: Path

    @classmethod
    def at(cls, folder: Path | None) -> Place:
        """Makes the folder where it is not there. Raises DatabaseError where it can't be ours."""
        place = cls((folder or default_folder()).absolute())
        try:
            _make(place.folder)
            owner = place.folder.stat().st_uid
        except OSError as error:
            raise DatabaseError(
                f"{place.folder} cannot be made ({error.strerror}): choose another folder with ZHIDA_DATA."
            ) from error
        if owner != os.geteuid():
            raise DatabaseError(
                f"{place.folder} belongs to user {_name_of(owner)}, not to {_name_of(os.geteuid())}: "
                "start as its owner, or choose another folder with ZHIDA_DATA."
            )
        return place

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def holders_lock(self) -> Path:
        """Shared by every process that uses the server."""
        return self.folder / "holders.lock"

    @property
    def keeper_lock(self) -> Path:
        """Held alone by the one process that may start and stop the server."""
        return self.folder / "keeper.lock"

    @property
    def server_log(self) -> Path:
        return self.folder / "server.log"

    @property
    def keeper_log(self) -> Path:
        return self.folder / "keeper.log"

    @cached_property
    def run(self) -> Path:
        """Folder of the socket: inside, or where that path is too long one of this name under /tmp."""
        inside = self.folder / "run"
        if len(os.fsencode(inside / SOCKET)) <= LONGEST_SOCKET:
            return inside
        digest = hashlib.sha256(os.fsencode(self.folder)).hexdigest()[:16]
        return Path("/tmp") / f"zhida-{os.geteuid()}-{digest}"

    @property
    def socket(self) -> Path:
        return self.run / SOCKET

    # --- the server's user

    @cached_property
    def server_user(self) -> pwd.struct_passwd | None:
        """None: the server runs as ourselves. For root the system user, made where there is none."""
        if os.geteuid() != 0:
            return None
        try:
            return pwd.getpwnam(SERVER_USER)
        except KeyError:
            _make_user()
        return pwd.getpwnam(SERVER_USER)

    def as_server(self) -> dict[str, Any]:
        """Arguments of ``subprocess`` under which the server's own programs run."""
        found: dict[str, Any] = {
            "cwd": "/",
            "umask": 0o077,
            "env": {"LC_ALL": "C", "PATH": "/usr/bin:/bin"},  # nothing of the caller's PG* settings
            "start_new_session": True,  # Ctrl-C on our terminal is not for the server
        }
        if (user := self.server_user) is not None:
            found |= {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
        return found

    def own_folder(self, path: Path) -> None:
        """Makes a folder that only the server's user may enter. One that is there must be like that."""
        uid, gid = (user.pw_uid, user.pw_gid) if (user := self.server_user) else (os.geteuid(), -1)
        try:
            path.mkdir(mode=0o700)
            if gid >= 0:
                os.chown(path, uid, gid)
        except FileExistsError:
            there = path.lstat()
            if not stat.S_ISDIR(there.st_mode) or there.st_uid != uid or there.st_mode & 0o077:
                raise DatabaseError(
                    f"{path} is not a folder of user {_name_of(uid)} alone: move it away, then start again."
                ) from None

    def check_reach(self) -> None:
        """The server's user must get to the folder; where one above is closed to it, that is said."""
        if self.server_user is None:
            return
        command = ["/bin/sh", "-c", 'cd "$1"', "sh", str(self.folder)]
        done = subprocess.run(command, check=False, capture_output=True, **self.as_server())
        if done.returncode:
            raise DatabaseError(
                f"User {SERVER_USER}, as whom root runs the database, cannot reach {self.folder}: it or a "
                "folder above is closed to others; choose another with ZHIDA_DATA, such as /var/lib/zhida."
            )


def _make(folder: Path) -> None:
    """Makes a folder and those above it that are missing; others can pass root's, whatever its umask says."""
    if folder.is_dir():
        return
    if folder.parent != folder:
        _make(folder.parent)
    try:
        folder.mkdir()
    except FileExistsError:
        return
    if os.geteuid() == 0:
        folder.chmod(0o711)


def _make_user() -> None:
    program = shutil.which("useradd") or shutil.which("useradd", path="/usr/sbin:/sbin")
    advice = f"make a system user {SERVER_USER}, or start as a user who is not root."
    if program is None:
        raise DatabaseError(f"As root the database needs its own user, and there is no useradd: {advice}")
    done = subprocess.run(
        [program, "--system", "--user-group", "--no-create-home", "--home-dir", "/nonexistent",
         "--shell", "/usr/sbin/nologin", SERVER_USER],
        check=False, capture_output=True, text=True,
    )  # fmt: skip
    if done.returncode not in (0, 9):  # 9: somebody else has just made it
        raise DatabaseError(f"useradd made no user {SERVER_USER} ({done.stderr.strip()}): {advice}")


def _name_of(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
