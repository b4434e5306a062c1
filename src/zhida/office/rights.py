"""What a migration says of a table besides its columns: which roles may use it, and the guard of its rows.

A table that no migration gives a right on is closed to every role that answers requests.
"""

from __future__ import annotations

import re
from typing import Any

from django.db.migrations import RunSQL

from zhida.office.database.roles import REPORTS, WEB, WORKER

LOW, HIGH, GRANTED = "zhida.low", "zhida.high", "zhida.granted"
"""Settings of one transaction: the ends of the range of codes; the persons granted besides, as ``{1,2}``."""

# In a SELECT of its own a setting is read once a statement, not once a row (decision 0014 has the figures).
IN_RANGE = (
    f"{{division}} >= (SELECT current_setting('{LOW}', true)) "
    f"AND {{division}} <= (SELECT current_setting('{HIGH}', true))"
)
# Once set in a session the setting is '' afterwards, never NULL again: '' must mean nobody.
IS_GRANTED = f"{{person}} = ANY ((SELECT nullif(current_setting('{GRANTED}', true), '')::bigint[])::bigint[])"
Sql = str | tuple[str, dict[str, Any] | list[Any] | tuple[Any, ...] | None]
_NAME = re.compile(r"[a-z][a-z0-9_]*")


def rights(table: str, web: str = "", worker: str = "", reports: str = "") -> RunSQL:
    """Gives each role what is named (``SELECT, INSERT``) on a table, and the sequence of its ``id``."""
    there: list[Sql] = []
    for role, what in ((WEB, web), (WORKER, worker), (REPORTS, reports)):
        if what:
            there.append(f"GRANT {what} ON {_checked(table)} TO {role}")
        if "INSERT" in what:
            there.append(
                f"DO $$ BEGIN IF pg_get_serial_sequence('{table}', 'id') IS NOT NULL THEN EXECUTE "
                f"'GRANT USAGE ON SEQUENCE ' || pg_get_serial_sequence('{table}', 'id') || ' TO {role}'; "
                "END IF; EXCEPTION WHEN undefined_column THEN NULL; END $$"
            )
    back: list[Sql] = [f"REVOKE ALL ON {table} FROM {role}" for role in (WEB, WORKER, REPORTS)]
    return RunSQL(there, back)


def guard(table: str, person: str, division: str = "division") -> RunSQL:
    """Forces row-level security: rows in the range of the scope may be read and written, rows of granted
    persons be read. Without a scope there are no rows, for the owner of the table neither."""
    readers = ", ".join((WEB, WORKER, REPORTS))
    near = IN_RANGE.format(division=_checked(division))
    far = IS_GRANTED.format(person=_checked(person))
    there: list[Sql] = [
        f"ALTER TABLE {_checked(table)} ENABLE ROW LEVEL SECURITY",
        f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY",
        f"CREATE POLICY sees ON {table} FOR SELECT TO {readers} USING (({near}) OR {far})",
        f"CREATE POLICY adds ON {table} FOR INSERT TO {readers} WITH CHECK ({near})",
        f"CREATE POLICY changes ON {table} FOR UPDATE TO {readers} USING ({near}) WITH CHECK ({near})",
        f"CREATE POLICY removes ON {table} FOR DELETE TO {readers} USING ({near})",
    ]
    back: list[Sql] = [f"DROP POLICY {name} ON {table}" for name in ("sees", "adds", "changes", "removes")]
    return RunSQL(
        there, [*back, f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY, DISABLE ROW LEVEL SECURITY"]
    )


def _checked(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise ValueError(f"{name!r} is no name of a table or column of ours")
    return name
