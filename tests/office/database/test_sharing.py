"""Several processes, one server: who starts it, who keeps it, who stops it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from office.database.servers import Holder, ask, keeper_of, kill, postmaster, soon, stopped

Start = Callable[..., Holder]


def test_kill_of_one_leaves_the_other_working(database: Path, holder: Start) -> None:
    one, other = holder(database).ready(), holder(database).ready()
    server = postmaster(database)
    ask(database, "CREATE TABLE t AS SELECT 7 AS n")
    one.kill()
    soon(lambda: ask(database, "SELECT n FROM t") == [(7,)])
    assert postmaster(database) == server
    other.leave()
    assert stopped(database)


def test_the_one_who_started_it_may_die_first(database: Path, holder: Start) -> None:
    first = holder(database).ready()
    second = holder(database).ready()
    first.kill()
    third = holder(database).ready()
    second.leave()
    assert ask(database, "SELECT 1") == [(1,)]
    third.leave()
    assert stopped(database)


def test_an_ownerless_server_is_stopped_within_a_minute(database: Path, holder: Start) -> None:
    holder(database).ready().kill()
    assert soon(lambda: stopped(database)) < 60
    soon(lambda: not keeper_is_there(database))


def test_many_at_once_start_one_server(folder: Path, holder: Start) -> None:
    many = [holder(folder) for _ in range(5)]
    for one in many:
        one.ready()
    assert len({postmaster(folder)}) == 1
    log = (folder / "server.log").read_text(encoding="utf-8")
    assert log.count("starting PostgreSQL") == 1
    for one in many:
        one.leave()
    assert stopped(folder)


def test_one_who_comes_while_it_stops_gets_a_server(database: Path, holder: Start) -> None:
    for _ in range(3):
        holder(database).ready().kill()
        again = holder(database).ready()
        assert ask(database, "SELECT 1") == [(1,)]
        again.leave()


def test_a_killed_keeper_is_replaced_and_nobody_notices(database: Path, holder: Start) -> None:
    one = holder(database).ready()
    server = postmaster(database)
    kill(keeper_of(database))
    assert ask(database, "SELECT 1") == [(1,)]
    other = holder(database).ready()
    assert postmaster(database) == server
    one.leave()
    other.kill()
    assert soon(lambda: stopped(database)) < 60


def keeper_is_there(folder: Path) -> bool:
    try:
        keeper_of(folder)
    except AssertionError:
        return False
    return True


@pytest.mark.parametrize("what", ["holder", "keeper"])
def test_nothing_listens_on_the_network(database: Path, holder: Start, what: str) -> None:
    import psutil

    one = holder(database).ready()
    number = postmaster(database) if what == "holder" else keeper_of(database)
    assert not [c for c in psutil.Process(number).net_connections(kind="inet") if c.status == "LISTEN"]
    one.leave()


def test_the_log_tells_no_values(database: Path, holder: Start) -> None:
    """What goes wrong is logged, whose data it was is not."""
    import psycopg

    one = holder(database).ready()
    ask(database, "CREATE TABLE secret (name text PRIMARY KEY)")
    ask(database, "INSERT INTO secret VALUES ('王秘密')")
    for statement in ("INSERT INTO secret VALUES ('王秘密')", "SELECT 1 / (length('王秘密') - 3)"):
        with pytest.raises(psycopg.Error):
            ask(database, statement)
    one.leave()
    log = (database / "server.log").read_text(encoding="utf-8")
    assert "duplicate key" in log and "division by zero" in log
    assert "王秘密" not in log
