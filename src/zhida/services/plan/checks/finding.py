"""A finding: what does not fit, where it stands, and the sum that shows it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from pathlib import PurePath

from zhida.services.plan.checks.quantity import Quantity
from zhida.services.plan.model import Plan, Span


class Severity(Enum):
    """``note``: to be known, nothing wrong; the other two make ``plan check`` exit with 1."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Source:
    """A plan that is checked: ``name`` is the file as the user wrote it."""

    name: str
    plan: Plan

    @property
    def label(self) -> str:
        """For remarks: the file without its folders."""
        return PurePath(self.name).name


@dataclass(frozen=True, slots=True)
class Place:
    """A passage of one of the plans."""

    source: Source
    at: Span

    @property
    def text(self) -> str:
        return self.source.plan.text[self.at[0] : self.at[1]]


@dataclass(frozen=True, slots=True)
class Finding:
    """``says`` is a colleague's remark in Chinese; ``arithmetic`` the sum, '' where there is none.

    ``places`` stand in the order in which ``says`` speaks of them.
    """

    kind: str
    severity: Severity
    says: str
    places: tuple[Place, ...]
    arithmetic: str = ""
    values: tuple[Quantity, ...] = ()
