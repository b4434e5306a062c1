"""Where a server may live and as whom it runs; no right of a folder that was there changes."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from office.database.servers import Holder, ask, clear, postmaster, stopped
from zhida.office.database import binaries
from zhida.office.database.errors import DatabaseError
from zhida.office.database.hold import hold_embedded
from zhida.office.database.place import LONGEST_SOCKET, Place, default_folder

Start = Callable[..., Holder]
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="what root does only root can try")


def rights(path: Path) -> dict[Path, tuple[int, int, int]]:
    """Mode and owner of a folder and of all above it."""
    return {p: (p.stat().st_mode, p.stat().st_uid, p.stat().st_gid) for p in (path, *path.parents)}


def test_no_right_above_changes(folder: Path) -> None:
    before = rights(folder.parent)
    hold_embedded(folder, hasty=True).close()
    assert rights(folder.parent) == before


def test_the_server_runs_as_nobody_of_might(database: Path) -> None:
    with hold_embedded(database, hasty=True):
        user = psutil.Process(postmaster(database)).username()
        expected = "zhida" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name
        assert user == expected
        data = (database / "data").stat()
        assert data.st_mode & 0o777 == 0o700
        assert pwd.getpwuid(data.st_uid).pw_name == expected


@as_root
def test_a_closed_folder_above_is_said_and_left_closed(folder: Path) -> None:
    folder.parent.chmod(0o700)
    before = rights(folder.parent)
    with pytest.raises(DatabaseError, match="closed to others; choose another with ZHIDA_DATA"):
        hold_embedded(folder, hasty=True)
    assert rights(folder.parent) == before
    assert not (folder / "data").exists()


@as_root
def test_programs_that_the_server_cannot_reach_are_copied(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = Path(tempfile.mkdtemp(prefix="zhida-test-closed-"))  # 0700, as a home folder is
    try:
        package = binaries._of_the_wheel().parents[1]
        for part in (package.name, f"{package.name}.libs"):
            shutil.copytree(package.with_name(part), closed / part, symlinks=True)
        monkeypatch.setattr(binaries, "_of_the_wheel", lambda: closed / package.name / "pginstall" / "bin")
        monkeypatch.delenv("ZHIDA_POSTGRES", raising=False)
        before = rights(closed)
        place = Place.at(folder)
        found = binaries.find(place)
        assert folder in found.folder.parents
        assert binaries.find(place) == found
        assert len(list(folder.glob("*programs-*"))) == 1
        assert rights(closed) == before
        # They make a database and serve it, as the closed ones would.
        monkeypatch.setenv("ZHIDA_POSTGRES", str(found.folder))
        with hold_embedded(folder, hasty=True):
            assert folder in Path(psutil.Process(postmaster(folder)).exe()).parents
            assert ask(folder, "SELECT 1") == [(1,)]
    finally:
        shutil.rmtree(closed)


@as_root
def test_an_ordinary_user_needs_no_root(folder: Path, holder: Start) -> None:
    user = pwd.getpwnam("nobody")
    python = python_for(user.pw_uid)
    home = folder.parent / "home"
    home.mkdir()
    os.chown(home, user.pw_uid, user.pw_gid)
    one = holder(home / "database", user=user.pw_uid, python=python)
    try:
        one.ready()
        assert psutil.Process(postmaster(home / "database")).username() == "nobody"
        with pytest.raises(DatabaseError, match="belongs to user nobody, not to root"):
            hold_embedded(home / "database")
        one.leave()
        assert stopped(home / "database")
    finally:
        clear(home / "database")


def python_for(uid: int) -> str:
    """A Python of this version that the user can run: root's own may lie in a closed home folder."""
    ours = f"{sys.version_info[0]}.{sys.version_info[1]}"
    program = "import sys; print(f'{sys.version_info[0]}.{sys.version_info[1]}')"
    for python in (sys.executable, f"/usr/bin/python{ours}", f"/usr/local/bin/python{ours}"):
        try:
            done = subprocess.run([python, "-c", program], user=uid, capture_output=True, text=True, cwd="/")
        except OSError:
            continue
        if done.stdout.strip() == ours:
            return python
    pytest.skip(f"no Python {ours} that an ordinary user can run")


@as_root
def test_another_user_does_not_get_in(database: Path) -> None:
    """The socket lies in a folder of the server alone, and the server asks who is at its other end."""
    psql = binaries.find(Place.at(database)) / "psql"
    with hold_embedded(database, hasty=True) as held:
        command = [psql, "-h", held.address.host, "-U", "postgres", "-c", "SELECT 1", "postgres"]
        nobody = pwd.getpwnam("nobody").pw_uid
        done = subprocess.run(command, user=nobody, capture_output=True, text=True, check=False, cwd="/")
        assert "Permission denied" in done.stderr
        done = subprocess.run(
            command, user=Place.at(database).server_user.pw_uid, capture_output=True, text=True, cwd="/"
        )
        assert "Peer authentication failed" in done.stderr  # not even the server's own user
        assert subprocess.run(command, check=False, capture_output=True).returncode == 0


def test_a_long_path_has_its_socket_elsewhere(folder: Path) -> None:
    long = folder.parent / ("deep" * 20) / "database"
    place = Place.at(long)
    assert len(str(long / "run" / ".s.PGSQL.5432")) > LONGEST_SOCKET >= len(str(place.socket))
    try:
        with hold_embedded(long, hasty=True) as held:
            assert ask(long, "SELECT 1", held.address) == [(1,)]
            assert Path(held.address.host).stat().st_mode & 0o777 == 0o700
        assert not place.socket.exists()
    finally:
        shutil.rmtree(place.run, ignore_errors=True)


def test_a_socket_folder_that_somebody_laid_out_is_refused(folder: Path) -> None:
    long = folder.parent / ("deep" * 20) / "database"
    place = Place.at(long)
    place.run.symlink_to(folder.parent)
    try:
        with pytest.raises(DatabaseError, match="is not a folder of user"):
            hold_embedded(long, hasty=True)
    finally:
        place.run.unlink()


def test_data_of_another_version_are_refused(database: Path) -> None:
    (database / "data" / "PG_VERSION").write_text("14\n", encoding="ascii")
    with pytest.raises(DatabaseError, match=r"made by PostgreSQL 14 and the programs are of \d\d"):
        hold_embedded(database, hasty=True)


def test_a_folder_of_other_things_is_left_alone(folder: Path) -> None:
    (folder / "data").mkdir(parents=True)
    (folder / "data" / "letter.txt").write_text("dear", encoding="utf-8")
    folder.chmod(0o755)
    with pytest.raises(DatabaseError, match="holds no database: move it away"):
        hold_embedded(folder, hasty=True)
    assert [p.name for p in (folder / "data").iterdir()] == ["letter.txt"]


def test_a_server_that_does_not_start_says_why(database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = database / "data" / "postgresql.auto.conf"
    config.write_text("max_connections = 'many'\n", encoding="utf-8")
    monkeypatch.setattr("zhida.office.database.cluster.ATTEMPTS_FOR", 0.1)
    from zhida.office.database.cluster import Cluster

    place = Place.at(database)
    cluster = Cluster(place, binaries.find(place), hasty=True)
    cluster.prepare()
    config.write_text("work_mem = 'much'\n", encoding="utf-8")
    with pytest.raises(DatabaseError, match=r"does not start: .*FATAL.*See .*server\.log"):
        cluster.start()


@pytest.fixture
def no_settings(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in ("ZHIDA_DATA", "XDG_DATA_HOME", "ZHIDA_POSTGRES"):
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


def test_the_default_folder(no_settings: pytest.MonkeyPatch, tmp_path: Path) -> None:
    if os.geteuid() == 0:
        assert default_folder() == Path("/var/lib/zhida/database")
    no_settings.setattr(os, "geteuid", lambda: 1000)
    no_settings.setenv("HOME", str(tmp_path))
    assert default_folder() == tmp_path / ".local" / "share" / "zhida" / "database"
    no_settings.setenv("XDG_DATA_HOME", str(tmp_path / "x"))
    assert default_folder() == tmp_path / "x" / "zhida" / "database"
    no_settings.setenv("ZHIDA_DATA", str(tmp_path / "y"))
    assert default_folder() == tmp_path / "y" / "database"


def test_a_wrong_folder_of_programs_is_said(no_settings: pytest.MonkeyPatch, folder: Path) -> None:
    no_settings.setenv("ZHIDA_POSTGRES", str(folder.parent))
    with pytest.raises(DatabaseError, match="holds no program postgres; name its folder bin"):
        binaries.find(Place.at(folder))
