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
from zhida.population.imports.journal import Journal
from zhida.population.imports.table import open_table
from zhida.population.imports.taking import sha256_of


@dataclass(frozen=True, slots=True)
class PlannedFile:
    """A file of a delivery. With ``problems`` it is left out; with ``taken`` (the time) it is in already.

    ``absent``: names of columns that it need not have and has not; ``ignored``: headers that no
    column of the contract has. ``rows``: where the file says so itself. ``supersedes``: the sha256 of
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
    before = journal.by_sha().get(sha256)
    earlier = journal.latest(found.source.id, found.division, found.as_of.isoformat())
    return PlannedFile(
        found,
        size,
        sha256,
        table.form,
        table.rows,
        tuple(c.name for c in found.source.columns if c.id not in there),
        table.header.ignored,
        table.header.mends,
        supersedes=earlier.sha256 if earlier is not None and not before and not table.header.mends else "",
        taken=before.taken if before is not None else "",
    )


def _equal(files: Sequence[PlannedFile]) -> list[PlannedFile]:
    """The same bytes under two names are one file: only the first can be taken in."""
    first: dict[str, str] = {}
    marked = []
    for file in files:
        if file.sha256 and not file.problems:
            other = first.setdefault(file.sha256, file.found.name)
            if other != file.found.name:
                file = replace(file, problems=(f"It is the same as {other}, byte for byte: remove it.",))
        marked.append(file)
    return marked
