"""Reading a plan: from its text to what it says."""

from __future__ import annotations

from pathlib import Path

from zhida.services.plan.model import Plan
from zhida.services.plan.text import text_of


def read_file(path: Path) -> Plan:
    """The plan in a file.

    Raises:
        PlanError: the file can't be read.
    """
    return read_text(text_of(path))


def read_text(text: str) -> Plan:
    """The plan in a text. What can't be made out is listed under ``unread``; no text is refused."""
    return Plan(
        title=None,
        area=None,
        period=None,
        base_year=None,
        sections=(),
        indicators=(),
        commitments=(),
        projects=(),
        terms=(),
        unread=(),
        text=text,
    )
