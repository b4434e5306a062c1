"""The error of this room: one clear sentence that says which file, what is wrong and what to do."""

from __future__ import annotations


class PlanError(Exception):
    """A file that can't be read as a plan."""
