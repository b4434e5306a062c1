"""The one error of this package."""

from __future__ import annotations


class DatabaseError(Exception):
    """What is wrong with the database's place, start or address, and what to do: one sentence."""
