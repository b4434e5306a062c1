"""Roles and database: made on an embedded server, printed for the administrator of another."""

from __future__ import annotations

import subprocess
from pathlib import Path

import psycopg
import pytest

from cli.command import fits, zhida
from office.database.servers import ask
from zhida.office.database.address import Address
from zhida.office.database.binaries import find
from zhida.office.database.errors import DatabaseError
from zhida.office.database.hold import hold_embedded
from zhida.office.database.place import Place
from zhida.office.database.roles import ALL, BACKUP, OWNER, WEB
from zhida.office.database.setup import prepare


def mighty(folder: Path) -> dict[object, object]:
    sql = "SELECT rolname, rolsuper OR rolbypassrls FROM pg_roles WHERE rolname LIKE 'zhida%'"
    return dict(ask(folder, sql))  # type: ignore[arg-type]


def test_roles_are_made_once_and_none_but_the_backup_passes_the_guards(database: Path) -> None:
    with hold_embedded(database, hasty=True) as held:
        prepare(held.address)
        prepare(held.address)
        assert mighty(database) == {role: role == BACKUP for role in ALL}
        ask(database, f"ALTER ROLE {WEB} BYPASSRLS SUPERUSER")
        prepare(held.address)  # takes back what somebody gave
        assert not mighty(database)[WEB]
        with psycopg.connect(**held.address.parameters(WEB)) as connection, pytest.raises(psycopg.Error):  # type: ignore[arg-type]
            connection.execute("CREATE TABLE t (n int)")
        with psycopg.connect(**held.address.parameters(OWNER)) as connection:  # type: ignore[arg-type]
            connection.execute("CREATE TABLE t (n int)")


def test_a_server_of_ones_own_is_checked_and_its_statements_are_those_that_are_printed(
    database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with hold_embedded(database, hasty=True) as held:
        own = Address(held.address.host, 5432, "city", embedded=False)
        with pytest.raises(DatabaseError, match="cannot be reached as zhida_owner"):
            prepare(own)
        monkeypatch.setenv("ZHIDA_DATABASE_URL", "postgresql://db.example/city")
        psql = find(Place.at(database)) / "psql"
        command = [psql, "-h", own.host, "-U", "postgres", "-v", "ON_ERROR_STOP=1", "postgres"]
        env = {"ZHIDA_DATABASE_URL": "postgresql://db.example/city"}
        text = zhida("database", "roles", env=env).out
        done = subprocess.run(command, input=text, text=True, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr
        prepare(own)
        ask(database, f"ALTER ROLE {WEB} BYPASSRLS")
        with pytest.raises(DatabaseError, match="lets zhida_web pass the guards"):
            prepare(own)


def test_the_json_is_as_documented() -> None:
    found = zhida("database", "roles", "--json")
    fits("database-roles", found.json)
    assert "\n".join(found.json["statements"]) + "\n" == zhida("database", "roles").out
