"""The scope of one transaction: a range of division codes, and the few persons granted besides.

Set with ``SET LOCAL``'s function form, so it ends with the transaction and no later user of the connection
finds it. Where no scope is set, every personal table shows nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date

from django.db import DEFAULT_DB_ALIAS, connections, transaction

from zhida.office.divisions.scope import Range
from zhida.office.rights import GRANTED, HIGH, LOW

MOST_GRANTED = 5_000
"""Granted persons of one scope; decision 0014 has what they cost. With more the scope is refused, not cut."""

_ENTER = "SELECT set_config(%s, %s, true), set_config(%s, %s, true), set_config(%s, '', true)"
# A grant of somebody who is in the range anyway adds nothing. One more than the most is enough to know.
_GRANTS = """
    SELECT set_config(%s, coalesce(array_agg(person_id)::text, ''), true), count(*)
    FROM (SELECT DISTINCT person_id FROM guards_grant
          WHERE division_id >= %s AND division_id <= %s AND start <= %s AND (until IS NULL OR until > %s)
            AND NOT (responsible >= %s AND responsible <= %s)
          LIMIT %s) AS few
"""


class ScopeError(Exception):
    """A scope that can't be entered; nothing can be seen then."""


def enter(codes: Range, on: date, using: str = DEFAULT_DB_ALIAS) -> None:
    """Sets the scope of the transaction that is open. Raises ScopeError outside of one."""
    connection = connections[using]
    if not connection.in_atomic_block:
        raise ScopeError("A scope needs an open transaction: outside of one it would be gone at once.")
    low, high = codes
    with connection.cursor() as cursor:
        cursor.execute(_ENTER, (LOW, low, HIGH, high, GRANTED))
        cursor.execute(_GRANTS, (GRANTED, low, high, on, on, low, high, MOST_GRANTED + 1))
        found = cursor.fetchone()
        if found is not None and found[1] > MOST_GRANTED:
            cursor.execute(_ENTER, (LOW, "", HIGH, "", GRANTED))
            raise ScopeError(
                f"More than {MOST_GRANTED} persons are granted to {low}–{high}: end some grants."
            )


def leave(using: str = DEFAULT_DB_ALIAS) -> None:
    """Nobody asks: every personal table shows nothing for the rest of the transaction."""
    with connections[using].cursor() as cursor:
        cursor.execute(_ENTER, (LOW, "", HIGH, "", GRANTED))


@contextmanager
def acting(codes: Range, on: date, using: str = DEFAULT_DB_ALIAS) -> Iterator[None]:
    """A transaction with a scope, for what no request opens. Refused inside another: its scope would stay."""
    if connections[using].in_atomic_block:
        raise ScopeError("A transaction is open already: its scope would be another one afterwards.")
    with transaction.atomic(using):
        enter(codes, on, using)
        yield
