"""For which divisions a register, as it stands in a month, holds everybody: only there absence means no."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from zhida.codes.months import first_day
from zhida.population.imports.contracts import Contracts
from zhida.population.register.places import Places
from zhida.population.register.rows import Month


def covered_by(month: Month, places: Places, sources: Iterable[str]) -> tuple[frozenset[str], date | None]:
    """Divisions that each of these sources was delivered for completely, not before the month; the day as of
    which the oldest of those files was true, or else the newest file of any."""
    whole: frozenset[str] | None = None
    days: list[date] = []
    every: list[date] = []
    for source in sources:
        files = month.files.get(source, [])
        timely = [f for f in files if f.complete and not f.mends and f.as_of >= first_day(month.month)]
        covered = places.covered(f.division for f in timely)
        whole = covered if whole is None else whole & covered
        days += [f.as_of for f in timely]
        every += [f.as_of for f in files]
    if whole:
        return whole, min(days)
    return frozenset(), max(every, default=None)


def registers_of(
    month: Month, contracts: Contracts, places: Places, partial: Iterable[str]
) -> dict[str, dict[str, Any]]:
    """The manifest's ``registers``: those that some delivered source fills. A register that several sources
    fill is complete where all of them are, one of ``partial`` nowhere. ``unread``: by source and division,
    rows that wait to be mended and of which nobody can tell whose they are."""
    found: dict[str, dict[str, Any]] = {}
    for register in contracts.pack.registers.values():
        sources = [s.id for s in contracts.sources.values() if register.id in s.registers]
        if register.access != "register" or not any(month.has(s) for s in sources):
            continue
        covered, day = covered_by(month, places, sources)
        assert day is not None
        if register.id in set(partial):
            covered = frozenset()
        found[register.id] = {"as_of": day.isoformat(), "complete": places.shortest(covered)}
        unread = {
            s: dict(sorted(month.refused.unread[s].items())) for s in sources if s in month.refused.unread
        }
        if unread:
            found[register.id]["unread"] = unread
    return found


def complete_rows(
    registers: Mapping[str, Mapping[str, Any]], register: str, places: Places
) -> frozenset[str]:
    """Divisions for which a register is complete, as the manifest says it."""
    record = registers.get(register)
    return places.covered(record["complete"]) if record is not None else frozenset()
