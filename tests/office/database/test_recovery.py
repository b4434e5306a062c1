"""After every kind of sudden end the next start recovers by itself, and what was committed is there."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from office.database.servers import Holder, ask, keeper_of, kill, postmaster, soon, stopped
from zhida.office.database.binaries import find
from zhida.office.database.cluster import is_server
from zhida.office.database.place import Place

Start = Callable[..., Holder]


def works(folder: Path, holder: Start) -> None:
    again = holder(folder).ready()
    assert ask(folder, "SELECT n FROM t") == [(7,)]
    again.leave()
    assert stopped(folder)


@pytest.mark.parametrize("order", ["keeper first", "server first"])
def test_kill_of_everything(database: Path, holder: Start, order: str) -> None:
    one = holder(database).ready()
    ask(database, "CREATE TABLE t AS SELECT 7 AS n")
    numbers = [keeper_of(database), postmaster(database)]
    for number in numbers if order == "keeper first" else reversed(numbers):
        kill(number)
    one.kill()
    assert (database / "data" / "postmaster.pid").exists()  # as a killed server leaves it
    works(database, holder)


def test_kill_of_the_server_alone_brings_it_back(database: Path, holder: Start) -> None:
    one = holder(database).ready()
    ask(database, "CREATE TABLE t AS SELECT 7 AS n")
    time.sleep(1.2)  # one that dies at once is not started again
    old = postmaster(database)
    kill(old)
    soon(lambda: answers(database))
    assert postmaster(database) != old
    assert ask(database, "SELECT n FROM t") == [(7,)]
    one.leave()
    assert stopped(database)


def test_a_server_that_dies_at_once_is_recovered_by_the_next(database: Path, holder: Start) -> None:
    one = holder(database).ready()
    ask(database, "CREATE TABLE t AS SELECT 7 AS n")
    kill(postmaster(database))
    holder(database).ready().leave()
    one.leave()
    works(database, holder)


def test_a_connection_that_works_on_does_not_keep_the_next_out(database: Path, holder: Start) -> None:
    """A server process in the midst of a query outlives its killed postmaster for a while."""
    import psycopg

    one = holder(database).ready()
    ask(database, "CREATE TABLE t AS SELECT 7 AS n")
    busy = psycopg.connect(host=str(database / "run"), user="postgres", dbname="postgres", autocommit=True)
    busy.pgconn.send_query(b"SELECT count(*) FROM generate_series(1, 20000000)")
    time.sleep(0.2)
    kill(keeper_of(database))
    kill(postmaster(database))
    one.kill()
    works(database, holder)
    assert "pre-existing shared memory block" in (database / "server.log").read_text(encoding="utf-8")
    busy.close()


@pytest.fixture
def stranger(database: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process of the server's own user that is no server."""
    as_server = {**Place.at(database).as_server(), "umask": -1}
    process = subprocess.Popen(["sleep", "60"], **as_server)
    yield process
    process.kill()
    process.wait()


def leave_stale(folder: Path, pid: int) -> None:
    place = Place.at(folder)
    owner = place.data.stat()
    file = place.data / "postmaster.pid"
    lines = (pid, place.data, 1700000000, 5432, place.run, "", "  1  1", "ready   ", "")
    file.write_text("\n".join(map(str, lines)), encoding="utf-8")
    os.chown(file, owner.st_uid, owner.st_gid)


def prepared(database: Path, holder: Start) -> None:
    one = holder(database).ready()
    ask(database, "CREATE TABLE t AS SELECT 7 AS n")
    one.leave()


def test_the_number_belongs_to_a_stranger_now(
    database: Path, holder: Start, stranger: subprocess.Popen[bytes]
) -> None:
    prepared(database, holder)
    leave_stale(database, stranger.pid)
    works(database, holder)
    assert stranger.poll() is None


def test_the_number_belongs_to_another_server(database: Path, folder: Path, holder: Start) -> None:
    other = folder.parent / "other"
    subprocess.run(["cp", "-a", str(database), str(other)], check=True)
    prepared(database, holder)
    beside = holder(other).ready()
    leave_stale(database, postmaster(other))
    works(database, holder)
    assert ask(other, "SELECT 1") == [(1,)]
    beside.leave()


def test_a_zombie_is_no_server(database: Path, holder: Start) -> None:
    prepared(database, holder)
    place = Place.at(database)
    program = find(place) / "postgres"
    zombie = subprocess.Popen(
        [program, "--version"], stdout=subprocess.DEVNULL, **{**place.as_server(), "cwd": place.data}
    )
    soon(lambda: state(zombie.pid) == "zombie")
    assert not is_server(zombie.pid, place.data)
    leave_stale(database, zombie.pid)
    works(database, holder)
    zombie.wait()


@pytest.mark.parametrize("text", ["", "nonsense\n", "99999999999999999999\n", "-1\n", "0\n"])
def test_a_pid_file_without_a_number(database: Path, holder: Start, text: str) -> None:
    prepared(database, holder)
    leave_stale(database, 1)
    (database / "data" / "postmaster.pid").write_text(text, encoding="utf-8")
    works(database, holder)


def test_a_making_that_was_cut_off_is_made_again(folder: Path, holder: Start) -> None:
    place = Place.at(folder)
    place.own_folder(folder / "data.new")
    (folder / "data.new" / "PG_VERSION").write_text("18\n", encoding="ascii")
    one = holder(folder).ready()
    ask(folder, "CREATE TABLE t AS SELECT 7 AS n")
    one.leave()
    works(folder, holder)


def answers(folder: Path) -> bool:
    import psycopg

    try:
        return ask(folder, "SELECT 1") == [(1,)]
    except psycopg.OperationalError:
        return False


def state(pid: int) -> str:
    import psutil

    return str(psutil.Process(pid).status())
