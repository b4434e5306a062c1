"""What a pack declares of a benefit beside its rule: what it gives in kind, how it is applied for, who is
in charge."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from zhida.rules.declarations import At, Citation


@dataclass(frozen=True, slots=True)
class Provision:
    """One thing that a benefit gives besides money, in the months [start, until)."""

    says: str
    start: int | None
    until: int | None
    citation: Citation
    at: At


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the procedure in the months [start, until). ``within``: its limit, in what ``counted``
    names (hours, days, workdays, months); None where no limit is known."""

    id: str
    says: str
    within: int | None
    counted: str
    start: int | None
    until: int | None
    citation: Citation
    at: At


@dataclass(frozen=True, slots=True)
class Owner:
    """Who is in charge in the months [start, until)."""

    department: str
    start: int | None
    citation: Citation
    until: int | None = None
