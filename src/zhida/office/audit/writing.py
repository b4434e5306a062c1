"""Writing entries: one, or many in one statement. The transaction needs the scope of the seat."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING

from django.db import DEFAULT_DB_ALIAS, connections

from zhida.office.audit.actions import ACTIONS

if TYPE_CHECKING:
    from zhida.office.accounts.seats import Seat

Detail = int | bool | date | str | None
_WORD = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.:-]{0,63}")
_INSERT = """
    INSERT INTO audit_entry (division, actor_id, post_id, stand_in, action, subject, subject_id, detail)
    SELECT %s, %s, %s, %s, %s, %s, one, %s::jsonb FROM unnest(%s::bigint[]) AS one
"""


def record(
    seat: Seat, action: str, subject: str = "", subject_id: int | None = None, /, **detail: Detail
) -> None:
    """One entry by a seat. ``detail``: numbers, dates, codes; never a name or free text (ValueError)."""
    record_many(seat, action, subject, [subject_id], **detail)


def record_many(
    seat: Seat, action: str, subject: str, subject_ids: Sequence[int | None], /, **detail: Detail
) -> None:
    """One entry for each subject, in one statement, in their order."""
    lent = seat.stand_in is not None
    write(seat.division.code, seat.user.pk, seat.post.pk, lent, action, subject, subject_ids, **detail)


def write(
    division: str, actor: int | None, post: int | None, stand_in: bool, action: str, subject: str,
    subject_ids: Sequence[int | None], using: str = DEFAULT_DB_ALIAS, /, **detail: Detail,
) -> None:  # fmt: skip
    """Entries of a division; number, time and hashes are given by the database."""
    if action not in ACTIONS:
        raise ValueError(f"{action!r} is no action: name it in audit.actions")
    text = json.dumps({key: _plain(key, value) for key, value in detail.items()}, allow_nan=False)
    with connections[using].cursor() as cursor:
        cursor.execute(_INSERT, (division, actor, post, stand_in, action, subject, text, list(subject_ids)))


def _plain(key: str, value: Detail) -> int | bool | str | None:
    if value is None or isinstance(value, int):
        return value
    text = value.isoformat() if isinstance(value, date) else value
    if not _WORD.fullmatch(text):
        raise ValueError(
            f"audit detail {key}: only numbers, dates and codes, no text that could name somebody"
        )
    return text
