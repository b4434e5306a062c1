"""Quality of what was imported for a month: timely (时效性), well-formed (规范性), consistent (对比性)?"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pyarrow.parquet as pq

from zhida.codes.divisions import DivisionTree
from zhida.codes.months import first_day, format_month, last_day, month_of
from zhida.population.errors import SnapshotError
from zhida.population.imports.contracts import Contracts
from zhida.population.imports.journal import Journal, Taken
from zhida.population.imports.mending import in_force, waiting_lines
from zhida.population.imports.reasons import ORDER, Reason, words
from zhida.population.imports.to_mend import column_name
from zhida.population.register.conflicts import FOLDER, KINDS
from zhida.population.register.resolution import load_resolution

ON_TIME, LATE, MISSING, ON_REQUEST = "on_time", "late", "missing", "on_request"
_MONTHS = {"month": 1, "quarter": 3, "year": 12}


@dataclass(frozen=True, slots=True)
class Timely:
    """One source in one county. ``as_of``: of its newest file, '' for none; ``state`` against ``every``."""

    source: str
    county: str
    as_of: str
    state: str


@dataclass(frozen=True, slots=True)
class Cause:
    """``column`` its id, '' for the row as a whole. A row may have several causes."""

    column: str
    name: str
    reason: Reason
    says: str
    rows: int


@dataclass(frozen=True, slots=True)
class Conform:
    """Files of one source and county that are as of the month.

    ``refused`` when they were first read, ``mended`` of these since then, ``waiting`` now; ``causes``
    as they were first read. ``county`` is a wider division where the file was of one.
    """

    source: str
    county: str
    read: int
    refused: int
    mended: int
    waiting: int
    causes: tuple[Cause, ...]


@dataclass(frozen=True, slots=True)
class Contradiction:
    """``kind`` of contradiction between source ``one`` and ``other`` ('' for the register), in ``field`` or
    '', and of how many people; ``counties`` by code, '' where nobody knows where they belong."""

    kind: str
    says: str
    one: str
    other: str
    field: str
    people: int
    counties: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class MonthLine:
    """A month in the course of time. ``contradictions`` is None where no snapshot was made."""

    month: str
    files: int
    read: int
    refused: int
    contradictions: int | None


@dataclass(frozen=True, slots=True)
class Quality:
    """``consistency`` is None where no snapshot of the month was made, so that nothing was compared."""

    month: str
    synthetic: bool
    counties: tuple[str, ...]
    timeliness: tuple[Timely, ...]
    conformity: tuple[Conform, ...]
    consistency: tuple[Contradiction, ...] | None
    course: tuple[MonthLine, ...]


def measure(register: Path, contracts: Contracts, month: int | None = None) -> Quality:
    """``month``: year * 12 + month - 1, the newest that files are as of unless told. Raises ImportsError,
    SnapshotError, PackError."""
    journal = Journal.load(register, contracts.pack.id)
    if not journal.files:
        raise SnapshotError(f"Nothing has been imported into {register}: import a delivery first.")
    months = sorted({_month(f) for f in journal.files})
    when = months[-1] if month is None else month
    tree = contracts.pack.divisions
    territory = load_resolution(contracts).territory
    counties = _counties(tree, territory, last_day(when))
    files = in_force(journal)
    return Quality(
        month=format_month(when),
        synthetic=any(f.synthetic for f in files),
        counties=counties,
        timeliness=tuple(_timeliness(files, contracts, counties, when)),
        conformity=tuple(_conformity(journal, contracts, when)),
        consistency=_consistency(register, contracts, when),
        course=tuple(_line(register, journal.files, m) for m in months if m <= when),
    )


def _month(file: Taken) -> int:
    return month_of(date.fromisoformat(file.as_of))


def _counties(tree: DivisionTree, territory: str, on: date) -> tuple[str, ...]:
    inside = (territory, *tree.descendants(territory, on))
    found = [c for c in inside if tree[c].level == 3 and not tree[c].overlay]
    return tuple(sorted(found)) or (territory,)


def county_of(tree: DivisionTree, division: str, on: date) -> str:
    """The county that holds a division; of what lies above counties, itself."""
    return tree.at_level(division, 3, on) or division


# --- timeliness


def _timeliness(
    files: Sequence[Taken], contracts: Contracts, counties: Sequence[str], month: int
) -> list[Timely]:
    tree, last = contracts.pack.divisions, last_day(month)
    newest: dict[tuple[str, str], str] = {}
    for file in files:
        if file.mends or date.fromisoformat(file.as_of) > last:
            continue
        held = {c for c in counties if file.division in tree.ancestors(c, last)}
        # A file of less than a county says nothing of the county's being there.
        for county in held:
            key = (file.source, county)
            newest[key] = max(newest.get(key, ""), file.as_of)
    found = []
    for source in contracts.sources.values():
        for county in counties:
            as_of = newest.get((source.id, county), "")
            found.append(Timely(source.id, county, as_of, _state(source.every, as_of, month)))
    return found


def _state(every: str, as_of: str, month: int) -> str:
    span = _MONTHS.get(every)
    if not as_of:
        return MISSING if span is not None else ON_REQUEST
    if span is None:
        return ON_TIME
    return ON_TIME if date.fromisoformat(as_of) >= first_day(month - span + 1) else LATE


# --- conformity


def _conformity(journal: Journal, contracts: Contracts, month: int) -> list[Conform]:
    tree = contracts.pack.divisions
    groups: dict[tuple[str, str], list[Taken]] = defaultdict(list)
    for file in in_force(journal):
        if _month(file) == month:
            on = date.fromisoformat(file.as_of)
            groups[file.source, county_of(tree, file.division, on)].append(file)
    found = []
    for (source, county), files in sorted(groups.items()):
        whole = [f for f in files if not f.mends]
        causes = Counter[tuple[str, Reason]]()
        for file in whole:
            for column, reason, rows in file.reasons:
                causes[column, Reason(reason)] += rows
        order = sorted(causes, key=lambda c: (-causes[c], ORDER[c[1]], c[0]))
        contract = contracts.sources.get(source)
        found.append(
            Conform(
                source=source,
                county=county,
                read=sum(f.read for f in whole),
                refused=sum(f.quarantined for f in whole),
                mended=sum(f.kept + f.repeats for f in files if f.mends),
                waiting=sum(len(waiting_lines(journal, f)) for f in files),
                causes=tuple(Cause(c, column_name(contract, c), r, words(r), causes[c, r]) for c, r in order),
            )
        )
    return found


# --- consistency


def _conflicts(register: Path, month: int) -> Path:
    return register / FOLDER / f"{format_month(month)}.parquet"


def _consistency(register: Path, contracts: Contracts, month: int) -> tuple[Contradiction, ...] | None:
    path = _conflicts(register, month)
    if not path.exists():
        return None
    says = dict(KINDS) | {c.id: c.says for c in load_resolution(contracts).clashes}
    tree, on = contracts.pack.divisions, last_day(month)
    groups: dict[tuple[str, ...], Counter[str]] = defaultdict(Counter)
    names = ["kind", "one", "other", "field", "division"]
    table = pq.read_table(path, columns=names).group_by(names).aggregate([([], "count_all")])
    for row in table.to_pylist():
        county = county_of(tree, row["division"], on) if row["division"] else ""
        groups[tuple(row[n] for n in names[:4])][county] += row["count_all"]
    found = [
        Contradiction(
            kind, says.get(kind, kind), one, other, field, sum(by.values()), dict(sorted(by.items()))
        )
        for (kind, one, other, field), by in groups.items()
    ]
    return tuple(sorted(found, key=lambda c: (-c.people, c.kind, c.one, c.other, c.field)))


def _line(register: Path, files: Sequence[Taken], month: int) -> MonthLine:
    mine = [f for f in files if _month(f) == month and not f.mends]
    path = _conflicts(register, month)
    rows = pq.read_metadata(path).num_rows if path.exists() else None
    return MonthLine(
        format_month(month), len(mine), sum(f.read for f in mine), sum(f.quarantined for f in mine), rows
    )
