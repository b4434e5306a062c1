"""The web server as a child: started, waited for, stopped; it ends with the process that started it."""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable

from zhida.office.database.errors import DatabaseError
from zhida.office.database.roles import WEB

READY_WITHIN = 60.0
STOP_WITHIN = 20.0
_PR_SET_PDEATHSIG = 1


class Server:
    """A running web server. ``address``: where a browser finds it."""

    def __init__(self, child: subprocess.Popen[bytes], address: str) -> None:
        self._child = child
        self.address = address

    @property
    def ended(self) -> bool:
        return self._child.poll() is not None

    def wait_until_ready(self) -> None:
        """Returns when it answers a page from the database. Raises DatabaseError where it doesn't."""
        until = time.monotonic() + READY_WITHIN
        while time.monotonic() < until and not self.ended:
            try:
                with urllib.request.urlopen(f"{self.address}accounts/sign-in/", timeout=10) as answer:
                    if answer.status == 200:
                        return
            except urllib.error.HTTPError as error:
                raise DatabaseError(f"The web answers with an error ({error.code}): see above.") from None
            except OSError:
                time.sleep(0.05)
        raise DatabaseError("The web server did not start: see above.")

    def stop(self) -> None:
        if not self.ended:
            self._child.terminate()
            try:
                self._child.wait(STOP_WITHIN)
            except subprocess.TimeoutExpired:
                self._child.kill()
        self._child.wait()


def start(host: str, port: int, workers: int) -> Server:
    """``port`` 0: any that is free. Raises DatabaseError where it is taken."""
    port = _free(host, port)
    command = [
        sys.executable, "-P", "-m", "granian", "--interface", "wsgi", "--host", host, "--port", str(port),
        "--workers", str(workers), "--no-ws", "--log-level", "warning", "--respawn-failed-workers",
        "--workers-kill-timeout", "10", "zhida.web.wsgi:application",
    ]  # fmt: skip
    child = subprocess.Popen(
        command,
        env=os.environ | {"ZHIDA_ROLE": WEB, "DJANGO_SETTINGS_MODULE": "zhida.web.settings"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        start_new_session=True,  # Ctrl-C is for us; we stop it
        preexec_fn=_end_with_parent(),
    )
    shown = f"[{host}]" if ":" in host else host
    return Server(child, f"http://{'127.0.0.1' if host in ('0.0.0.0', '::') else shown}:{port}/")


def _free(host: str, port: int) -> int:
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        with socket.socket(family, socket.SOCK_STREAM) as one:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            one.bind((host, port))
            return int(one.getsockname()[1])
    except OSError as error:
        raise DatabaseError(
            f"Port {port} of {host} cannot be used ({error.strerror}): choose another with --port."
        ) from None


def _end_with_parent() -> Callable[[], None] | None:
    """On Linux the kernel ends the server however we end; elsewhere a killed parent leaves it to its user."""
    if not sys.platform.startswith("linux"):
        return None
    library = ctypes.CDLL(None)
    return lambda: library.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
