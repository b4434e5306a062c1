"""``zhida up`` as a user has it: from an empty folder to a page in the browser, and back to nothing."""

from __future__ import annotations

import http.cookiejar
import json
import os
import re
import select
import signal
import subprocess
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from cli.command import command, environment, fits
from office.database.servers import clear, soon, stopped

SECONDS = 90


@pytest.fixture
def home() -> Iterator[Path]:
    base = Path(tempfile.mkdtemp(prefix="zhida-test-"))
    base.chmod(0o755)
    yield base
    clear(base / "data" / "database")
    subprocess.run(["rm", "-rf", str(base)], check=True)


def settings(home: Path) -> dict[str, str]:
    return environment() | {"ZHIDA_DATA": str(home / "data"), "ZHIDA_KEYS": str(home / "keys" / "keys.json")}


class Running:
    """``zhida up --json`` on a free port, until it is stopped."""

    def __init__(self, home: Path) -> None:
        words = command("up", "--pack", "taoyuan", "--port", "0", "--json", "--workers", "1")
        self.process = subprocess.Popen(
            words,
            env=settings(home),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
        )
        assert self.process.stdout is not None and self.process.stderr is not None
        out, until = b"", time.monotonic() + SECONDS
        while not out.rstrip().endswith(b"}"):
            assert time.monotonic() < until, out
            ready, _, _ = select.select([self.process.stdout], [], [], 1)
            if ready:
                piece = os.read(self.process.stdout.fileno(), 4096)
                assert piece, self.process.stderr.read().decode()
                out += piece
        self.said: dict[str, Any] = json.loads(out)
        self.below = [self.process, *psutil.Process(self.process.pid).children(recursive=True)]

    def end(self, how: int) -> int:
        self.process.send_signal(how)
        return self.process.wait(SECONDS)


class Browser:
    def __init__(self, address: str) -> None:
        self._address = address
        jar = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        self._opener = urllib.request.build_opener(jar)

    def get(self, path: str, form: dict[str, str] | None = None) -> tuple[int, str]:
        data = urllib.parse.urlencode(form).encode() if form is not None else None
        try:
            with self._opener.open(self._address + path, data, timeout=30) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def send(self, path: str, form: dict[str, str]) -> tuple[int, str]:
        """A form of that page, with its token."""
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', self.get(path)[1])
        assert token is not None
        return self.get(path, form | {"csrfmiddlewaretoken": token[1]})


def staff(
    home: Path, *more: str, username: str = "chief", password: str = "四月-青石板路-58"
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command("staff", "first", username, "--name", "某人", *more), env=settings(home), text=True,
        input=password + "\n", capture_output=True, timeout=SECONDS, check=False,
    )  # fmt: skip


def zhida_here(home: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(*words), env=settings(home), text=True, capture_output=True, timeout=SECONDS, check=False
    )


def test_from_nothing_to_a_page_and_back(home: Path) -> None:
    running = Running(home)
    fits("up", running.said)
    assert (running.said["added"], running.said["administrator"]) == (7, False)
    assert not list((home / "data").rglob("*secret*"))  # what signs sessions lies apart from the data

    assert "there is no 123456" in staff(home, "--division", "123456").stderr
    weak = staff(home, "--division", "9999", password="short")
    assert (weak.returncode, weak.stderr) == (2, "密码太短：至少 10 位。\n")
    done = staff(home, "--division", "9999", "--json")
    assert done.returncode == 0, done.stderr
    fits("staff-first", json.loads(done.stdout))
    assert staff(home, "--division", "9999").stderr == "已有这个用户名。\n"
    assert "已有首任管理员" in staff(home, "--division", "9999", username="second").stderr

    done = zhida_here(home, "audit", "verify", "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    fits("audit-verify", found)
    assert (found["entries"], found["findings"]) == (1, [])
    other = found | {"heads": {"999901000000": {"day": "2020-01-01", "number": 1, "hash": "0" * 64}}}
    (home / "kept.json").write_text(json.dumps(other), encoding="utf-8")
    done = zhida_here(home, "audit", "verify", "--against", str(home / "kept.json"))
    assert done.returncode == 1
    assert "2020-01-01 999901000000 第 1 条缺失" in done.stdout

    browser = Browser(running.said["address"])
    assert browser.get("static/ui/style.css")[0] == 200
    form = {"username": "chief", "password": "四月-青石板路-58"}
    status, page = browser.send("accounts/sign-in/", form)
    assert (status, "请先改成只有您知道的密码" in page) == (200, True)
    new = "五月-石板桥头-59"
    words = {"old_password": form["password"], "new_password1": new, "new_password2": new}
    browser.send("accounts/password/", words)
    status, page = browser.get("divisions/?q=xkz")
    assert (status, "溪口镇" in page) == (200, True)
    assert browser.get("nothing/here/")[0] == 404

    assert running.end(signal.SIGINT) == 0
    assert stopped(home / "data" / "database")
    assert not [one for one in running.below if psutil.pid_exists(one.pid)]

    again = Running(home)
    assert (again.said["added"], again.said["same"], again.said["administrator"]) == (0, 7, True)
    assert again.end(signal.SIGTERM) == 0


def test_killed_outright_nothing_is_left_running(home: Path) -> None:
    running = Running(home)
    running.end(signal.SIGKILL)
    assert soon(lambda: stopped(home / "data" / "database")) < 60
    soon(lambda: not [one for one in running.below[1:] if alive(one)])


def alive(process: psutil.Process) -> bool:
    return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)


def test_a_port_that_is_taken_is_said_and_nothing_stays(home: Path) -> None:
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        done = subprocess.run(
            command("up", "--pack", "taoyuan", "--port", port), env=settings(home), text=True,
            capture_output=True, timeout=SECONDS, check=False,
        )  # fmt: skip
    assert done.returncode == 2
    assert (
        done.stderr
        == f"Port {port} of 127.0.0.1 cannot be used (Address already in use): choose another with --port.\n"
    )
    assert stopped(home / "data" / "database")
