"""What an import would do, before it does it: each file with what it is and what is wrong with it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from zhida.population.imports.contract import SourceContract
from zhida.population.imports.contracts import Contracts
from zhida.population.imports.delivery import Found, read_delivery
from zhida.population.imports.errors import FileRefused, ImportsError
from zhida.population.imports.journal import Journal, file_id
from zhida.population.imports.mending import in_force
from zhida.population.imports.table import open_table
from zhida.population.imports.taking import sha256_of


@dataclass(frozen=True, slots=True)
class PlannedFile:
    """A file of a delivery. With ``problems`` it is left out; with ``taken`` (the time) it is in already.

    ``absent``: names of columns that it need not have and has not; ``ignored``: headers that no
    column of the contract has. ``rows``: where the file says so itself. ``supersedes``: the id of
    the file of the same source, place and day that it comes in place of.
    """

    found: Found
    bytes: int
    sha256: str = ""
    form: str = ""
    rows: int | None = None
    absent: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()
    mends: bool = False
    supersedes: str = ""
    taken: str = ""
    problems: tuple[str, ...] = ()

    @property
    def to_take(self) -> bool:
        return not self.problems and not self.taken

    @property
    def id(self) -> str:
        """As in the journal; of a file without problems."""
        assert self.found.as_of is not None
        return file_id(self.sha256, self.source.id, self.found.division, self.found.as_of.isoformat())

    @property
    def source(self) -> SourceContract:
        """Of a file without problems."""
        assert self.found.source is not None
        return self.found.source


@dataclass(frozen=True, slots=True)
class Plan:
    """``unknown``: (name, why) of files that are no source's."""

    folder: Path
    register: Path
    files: tuple[PlannedFile, ...]
    unknown: tuple[tuple[str, str], ...]

    @property
    def to_take(self) -> tuple[PlannedFile, ...]:
        return tuple(f for f in self.files if f.to_take)


Update = Callable[[int, int], None]


def make_plan(
    folder: Path,
    register: Path,
    contracts: Contracts,
    today: date,
    progress: Update = lambda done, total: None,
) -> Plan:
    """Reads names, headers and checksums; writes nothing. Raises PackError, ImportsError."""
    if not contracts.sources:
        raise ImportsError(f"The pack {contracts.pack.id} has no imports: name another with --pack.")
    if register.resolve().is_relative_to(folder.resolve()):
        raise ImportsError(f"The register {register} lies in the delivery {folder}: put it elsewhere.")
    delivery = read_delivery(folder, contracts, today)
    journal = Journal.load(register, contracts.pack.id)
    total = sum(f.path.stat().st_size for f in delivery.files)
    done = 0

    def more(count: int) -> None:
        nonlocal done
        done += count
        progress(done, total)

    planned = [_look(file, journal, more) for file in delivery.files]
    return Plan(folder, register, tuple(_equal(planned)), delivery.unknown)


def _look(found: Found, journal: Journal, more: Callable[[int], None]) -> PlannedFile:
    size = found.path.stat().st_size
    if found.problems or found.source is None or found.as_of is None:
        more(size)
        return PlannedFile(found, size, problems=found.problems)
    try:
        table = open_table(found.path, found.source)
        sha256 = sha256_of(found.path, more)
    except FileRefused as error:
        more(size)
        return PlannedFile(found, size, problems=(str(error),))
    except OSError as error:
        return PlannedFile(found, size, problems=(f"It can't be read ({error.strerror}): check its rights.",))
    there = table.header.places
    place = (found.source.id, found.division, found.as_of.isoformat())
    before = journal.find(sha256, *place, table.header.mends)
    earlier = journal.latest(*place)
    elsewhere = "" if before or table.header.mends else _elsewhere(found, sha256, journal)
    return PlannedFile(
        found,
        size,
        sha256,
        table.form,
        table.rows,
        tuple(c.name for c in found.source.columns if c.id not in there),
        table.header.ignored,
        table.header.mends,
        supersedes=earlier.id if earlier is not None and not before and not table.header.mends else "",
        taken=before.taken if before is not None else "",
        problems=(elsewhere,) if elsewhere else (),
    )


_SAME = "It is the same as {}, byte for byte, under another name: keep the one that is right."


def _elsewhere(found: Found, sha256: str, journal: Journal) -> str:
    """Two places have no people in common: the same rows under both names are one's by mistake."""
    for file in in_force(journal):
        if file.sha256 == sha256 and file.read and file.division != found.division:
            return _SAME.format(file.file)
    return ""


def _equal(files: Sequence[PlannedFile]) -> list[PlannedFile]:
    """Rows that stand under two names, byte for byte: only the first can be taken in, unless
    both are one place's on two days. A heading alone says of each place that it has nobody."""
    first: dict[str, PlannedFile] = {}
    marked = []
    for file in files:
        if file.sha256 and not file.problems:
            other = first.setdefault(file.sha256, file)
            if other is not file and (file.mends or _place(other) != _place(file)) and _has_rows(file):
                file = replace(file, problems=(_SAME.format(other.found.name),))
        marked.append(file)
    return marked


def _place(file: PlannedFile) -> tuple[str, str]:
    return file.source.id, file.found.division


def _has_rows(file: PlannedFile) -> bool:
    try:
        batches = open_table(file.found.path, file.source).batches(lambda more: None)
        return any(batch.read for batch in batches)
    except FileRefused:
        return True  # what is wrong with it is said when it is taken in
