"""Roles and database of an installation: on an embedded server made by us, on another by its administrator.

The statements may be run again at any time: what is there is left, what is missing is added.
"""

from __future__ import annotations

import psycopg
from psycopg import sql

from zhida.office.database.address import Address
from zhida.office.database.errors import DatabaseError
from zhida.office.database.roles import ADMIN, ALL, BACKUP, OWNER, READERS

Statement = sql.SQL | sql.Composed


def prepare(address: Address) -> None:
    """Makes what is missing on an embedded server; on another one looks whether all is there.

    Raises DatabaseError, for a server of one's own with the statements that its administrator has to run.
    """
    if not address.embedded:
        _check(address)
        return
    with psycopg.connect(**address.parameters(ADMIN, "postgres"), autocommit=True) as connection:  # type: ignore[arg-type]
        for statement in role_statements():
            connection.execute(statement)
        found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (address.name,)).fetchone()
        if not found:
            connection.execute(_database(address.name))
    with psycopg.connect(**address.parameters(ADMIN), autocommit=True) as connection:  # type: ignore[arg-type]
        for statement in rights_statements(address.name):
            connection.execute(statement)


def role_statements() -> list[Statement]:
    """Roles of the whole server. None is a superuser; only the backup's passes the row-level guards."""
    make = sql.SQL(
        "DO $$ BEGIN IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = {name}) THEN CREATE ROLE {role}; "
        "END IF; END $$"
    )
    rights = sql.SQL("ALTER ROLE {role} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION {bypass}")
    found: list[Statement] = []
    for role in ALL:
        bypass = sql.SQL("BYPASSRLS" if role == BACKUP else "NOBYPASSRLS")
        found.append(make.format(name=sql.Literal(role), role=sql.Identifier(role)))
        found.append(rights.format(role=sql.Identifier(role), bypass=bypass))
    return found


def _database(name: str) -> sql.Composed:
    return sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE template0").format(
        sql.Identifier(name), sql.Identifier(OWNER)
    )


def rights_statements(name: str) -> list[Statement]:
    """Rights inside the database. Which tables a role may use is said by the migration that makes them."""
    roles = sql.SQL(", ").join(map(sql.Identifier, ALL))
    readers = sql.SQL(", ").join(map(sql.Identifier, READERS))
    owner, backup, database = sql.Identifier(OWNER), sql.Identifier(BACKUP), sql.Identifier(name)
    return [
        sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(database),
        sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(database, roles),
        sql.SQL("REVOKE ALL ON SCHEMA public FROM PUBLIC"),
        sql.SQL("ALTER SCHEMA public OWNER TO {}").format(owner),
        sql.SQL("GRANT USAGE ON SCHEMA public TO {}, {}").format(readers, backup),
        sql.SQL(
            "ALTER DEFAULT PRIVILEGES FOR ROLE {} IN SCHEMA public "
            "GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {}"
        ).format(owner, backup),
        sql.SQL(
            "ALTER DEFAULT PRIVILEGES FOR ROLE {} IN SCHEMA public GRANT USAGE ON SEQUENCES TO {}"
        ).format(owner, backup),
    ]


def statements(name: str) -> str:
    """What the administrator of a server of one's own runs, as one text."""
    parts = [*role_statements(), _database(name), *rights_statements(name)]
    lines = [part.as_string(None) + ";" for part in parts]
    lines.insert(len(role_statements()) + 1, f'\\connect "{name}"')
    return "\n".join(lines)


def _check(address: Address) -> None:
    try:
        with psycopg.connect(**address.parameters(OWNER), connect_timeout=10) as connection:  # type: ignore[arg-type]
            rows = connection.execute(
                "SELECT rolname, rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = ANY(%s)", (list(ALL),)
            ).fetchall()
    except psycopg.OperationalError as error:
        said = " ".join(str(error).split())
        raise DatabaseError(
            f"The database {address.name} on {address.host} cannot be reached as {OWNER}: {said}. Its roles "
            "are made with the statements that `zhida database roles` prints."
        ) from None
    there: dict[str, bool] = dict(rows)
    missing = [role for role in ALL if role not in there]
    mighty = [role for role in ALL if there.get(role) and role != BACKUP]
    if missing or mighty:
        wrong = (
            f"lacks the roles {', '.join(missing)}"
            if missing
            else f"lets {', '.join(mighty)} pass the guards"
        )
        raise DatabaseError(
            f"The server {address.host} {wrong}: run the statements that `zhida database roles` prints."
        )
