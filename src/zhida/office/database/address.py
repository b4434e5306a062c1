"""Where a database is reached: an embedded one's socket, or what ``ZHIDA_DATABASE_URL`` says."""

from __future__ import annotations

import os
from dataclasses import dataclass
from urllib.parse import parse_qsl, unquote, urlsplit

from zhida.office.database.errors import DatabaseError

NAME = "zhida"
VARIABLE = "ZHIDA_DATABASE_URL"


@dataclass(frozen=True)
class Address:
    """``host`` is a name, or the folder of a socket. ``options`` go to libpq as they are (``sslmode`` …)."""

    host: str
    port: int
    name: str
    embedded: bool
    options: tuple[tuple[str, str], ...] = ()

    def parameters(self, role: str, name: str | None = None) -> dict[str, str | int]:
        """Arguments of ``psycopg.connect`` for a role. Its password, where one is asked for, is libpq's
        matter (``.pgpass``): it stands in no variable of ours."""
        base: dict[str, str | int] = {"host": self.host, "port": self.port, "dbname": name or self.name}
        return base | {"user": role} | dict(self.options)


def of_environment() -> Address | None:
    """The server that the environment names; None where there is to be an embedded one."""
    text = os.environ.get(VARIABLE)
    return parse(text) if text else None


def parse(text: str) -> Address:
    """``postgresql://host[:port]/database[?option=value]``. Raises DatabaseError, which shows no password."""
    advice = f"write {VARIABLE}=postgresql://host:5432/database."
    try:
        parts = urlsplit(text)
        port = parts.port or 5432
    except ValueError:
        raise DatabaseError(f"{VARIABLE} is no address: {advice}") from None
    if parts.scheme not in ("postgresql", "postgres"):
        raise DatabaseError(f"{VARIABLE} does not name a PostgreSQL server: {advice}")
    if parts.username is not None or parts.password is not None:
        raise DatabaseError(
            f"{VARIABLE} names a user: leave it out. Each part of Zhida comes as its own role, with the "
            "password that libpq finds in its .pgpass."
        )
    name = unquote(parts.path.removeprefix("/"))
    if not name or "/" in name or not parts.hostname:
        raise DatabaseError(f"{VARIABLE} lacks the host or the database: {advice}")
    return Address(unquote(parts.hostname), port, name, False, tuple(parse_qsl(parts.query)))
