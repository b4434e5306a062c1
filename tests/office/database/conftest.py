"""Folders for servers. Pytest's own temporary folder is closed to the user as whom root runs PostgreSQL."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from office.database.servers import Holder, clear
from zhida.office.database.hold import hold_embedded


@pytest.fixture(scope="session")
def made() -> Iterator[Path]:
    """A data folder without a server, to copy from."""
    base = Path(tempfile.mkdtemp(prefix="zhida-test-"))
    base.chmod(0o755)
    hold_embedded(base / "database", hasty=True).close()
    yield base / "database"
    clear(base / "database")


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that is not there yet, in one that everybody may pass."""
    base = Path(tempfile.mkdtemp(prefix="zhida-test-"))
    base.chmod(0o755)
    yield base / "database"
    clear(base / "database")


@pytest.fixture
def database(made: Path, folder: Path) -> Path:
    """A folder with data and no server."""
    subprocess.run(["cp", "-a", str(made), str(folder)], check=True)
    return folder


@pytest.fixture
def holder() -> Iterator[Callable[..., Holder]]:
    """Starts holders and ends them after the test."""
    there: list[Holder] = []

    def start(*arguments: object, **more: object) -> Holder:
        there.append(Holder(*arguments, **more))  # type: ignore[arg-type]
        return there[-1]

    yield start
    for one in there:
        one.end()
