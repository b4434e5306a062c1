"""One month's snapshot out of a register: who there is, what is true of them, part by part.

Joins that may be large run in DuckDB with bounded memory; what goes by person key is looked up in
arrays, since keys are dense; columns wait in mapped files until their part is written.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
from numpy.typing import NDArray

from zhida.codes.months import first_day, format_month
from zhida.population import schema
from zhida.population.city.pool import run
from zhida.population.duck import connect
from zhida.population.errors import SnapshotError, writing
from zhida.population.imports.contracts import Contracts
from zhida.population.register.awards import awards_of_part, find_awards
from zhida.population.register.clashes import find_clashes
from zhida.population.register.columns import Columns
from zhida.population.register.complete import complete_rows, covered_by, registers_of
from zhida.population.register.conflicts import FOLDER, Conflicts, write_conflicts
from zhida.population.register.fields import fill_fields
from zhida.population.register.landed import Landed
from zhida.population.register.links import find_link
from zhida.population.register.people import People, digits_of, find_people
from zhida.population.register.places import Places
from zhida.population.register.resolution import Resolution, load_resolution
from zhida.population.register.rows import Month, holding_of, in_force
from zhida.population.schema import OPEN_END, Contract, contract_of
from zhida.population.writer import Header, PartRecord, SnapshotWriter, write_part

Array = NDArray[Any]
Progress = Callable[[int, int], None]
WORK = ".assembling-"
STEPS = 6  # before the parts


@dataclass(frozen=True, slots=True)
class Assembled:
    """``conflicts``: by kind, how many people, and what each kind ``says``; ``outside``: by source, people
    who are not in the population."""

    path: Path
    snapshot_id: str
    persons: int
    households: int
    awards: int
    conflicts: Mapping[str, int]
    says: Mapping[str, str]
    conflicts_file: Path
    synthetic: bool
    outside: Mapping[str, int]


def assemble(
    register: Path,
    contracts: Contracts,
    out: Path,
    month: int,
    *,
    processes: int = 2,
    progress: Progress | None = None,
) -> Assembled:
    """Writes the snapshot of a month at ``out`` and its conflicts beside the landed rows.

    The same register gives the same ``snapshot_id``, with any number of processes. Raises PackError and
    SnapshotError; then nothing is left at ``out``.
    """
    rules = load_resolution(contracts)
    landed = Landed.open(register)
    work = _work_folder(out)
    try:
        with connect(work) as db:
            found = Month.of(db, landed, contracts.sources, month)
            return _Assembly(found, contracts, rules, out, work, processes, progress).run()
    except duckdb.Error as error:
        raise SnapshotError(
            f"The landed rows of {register} can't be read ({str(error).splitlines()[0]}): restore them "
            "from a copy."
        ) from error
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _work_folder(out: Path) -> Path:
    parent = out.absolute().parent
    with writing(parent):
        parent.mkdir(parents=True, exist_ok=True)
        return Path(tempfile.mkdtemp(prefix=WORK, dir=parent))


class _Assembly:
    def __init__(
        self, month: Month, contracts: Contracts, rules: Resolution, out: Path, work: Path, processes: int,
        progress: Progress | None,
    ) -> None:  # fmt: skip
        self.month, self.contracts, self.rules, self.out, self.work = month, contracts, rules, out, work
        self.processes = processes
        self.contract = contract_of(contracts.pack)
        self.places = Places(contracts.pack.divisions, rules.territory, first_day(month.month))
        self.conflicts = Conflicts()
        self.tell = progress or (lambda done, total: None)

    def run(self) -> Assembled:
        people, awards, outside = self.everybody()
        cuts = _cuts(people)
        with SnapshotWriter(self.out, self.contract, self.header()) as writer:
            job = _Job(self.work, writer.folder, self.contract, cuts, len(self.places.divisions),
                       people.count, self.month.month)  # fmt: skip
            with closing(run(_Parts, job, len(cuts), self.processes)) as records:
                for done, (index, record) in enumerate(records, start=1):
                    writer.adopt(index, record)
                    self.tell(STEPS + done, STEPS + len(cuts))
            identity = writer.finish()
        path = self.month.landed.folder / FOLDER / f"{format_month(self.month.month)}.parquet"
        table = self.conflicts.table(people.belongs, self.places.divisions)
        write_conflicts(path, table, {"snapshot_id": identity, "month": format_month(self.month.month)})
        return Assembled(
            path=self.out, snapshot_id=identity, persons=people.count, households=people.units,
            awards=len(awards["benefit"]), conflicts=self.conflicts.counts(), says=self.conflicts.says,
            conflicts_file=path, synthetic=self.month.landed.synthetic, outside=outside,
        )  # fmt: skip

    def everybody(self) -> tuple[People, dict[str, Array], dict[str, int]]:
        """All columns, in files of the work folder."""
        month, contracts, rules, conflicts = self.month, self.contracts, self.rules, self.conflicts
        digits = digits_of(month)
        resident_whole, _ = covered_by(month, self.places, [rules.resident.source])
        everybody = self.places.shortest(resident_whole) == [rules.territory]
        self.tell(1, 0)
        people = find_people(month, contracts, rules, self.places, conflicts, digits, everybody)
        if not people.count:
            raise SnapshotError(
                f"{month.landed.folder} holds nobody who is registered or lives in {rules.territory} in "
                f"{format_month(month.month)}. Import that month first."
            )
        self.tell(2, 0)
        rows = {"persons": people.count, "households": people.units}
        columns = Columns.new(self.work, self.contract, rows)
        outside = fill_fields(month, contracts, self.contract, rules, people, digits, columns, conflicts)
        self.tell(3, 0)
        self.registers = registers_of(month, contracts, self.places, rules.partial)
        targets = {}
        for link in self.contract.links:
            register = contracts.pack.links[link].register
            whole = complete_rows(self.registers, register, self.places) if register else None
            complete = None if whole is None else np.array([c in whole for c in self.places.divisions])
            found, targets[link] = find_link(month, contracts, rules, link, people, complete, conflicts)
            columns.write("persons", f"link_{link}", found)
        self.tell(4, 0)
        awards = find_awards(month, contracts, self.contract, rules, people, conflicts)
        find_clashes(month, contracts, rules, people, targets, conflicts)
        self._fixed(columns, people, awards)
        self.tell(STEPS, 0)
        return people, awards, outside

    def _fixed(self, columns: Columns, people: People, awards: dict[str, Array]) -> None:
        for name, values in (
            ("person_key", people.key.astype(np.int64)),
            ("household", people.household),
            ("relation", people.relation),
            ("member_from", people.member_from),
            ("registered", people.registered),
            ("lives", people.lives),
        ):
            columns.write("persons", name, values)
        columns.write("households", "division", people.division)
        columns.write("households", "first_person", people.first)
        columns.write("households", "size", people.size)
        for name, values in awards.items():
            columns.write("awards", name, values)

    def header(self) -> Header:
        return Header(
            pack=self.contracts.pack.id,
            month=self.month.month,
            extraction=datetime.now(UTC).replace(microsecond=0),
            synthetic=self.month.landed.synthetic,
            seed=0,
            fraction=1.0,
            divisions=self.places.divisions,
            registers=self.registers,
            lineage=lineage_of(self.month.landed, self.contracts, self.rules, self.month.month),
        )


def lineage_of(landed: Landed, contracts: Contracts, rules: Resolution, month: int) -> list[dict[str, Any]]:
    """What a month's snapshot is made of: rules of reading and resolving, and each file that counts."""
    told: dict[str, Any] = {
        "pack": contracts.pack.id, "contracts": contracts.hash, "resolution": rules.hash,
        "decisions": holding_of(landed),
    }  # fmt: skip
    files = [f for s in sorted(contracts.sources) for f in in_force(landed, s, month)]
    return [
        {"step": "register"} | told,
        *(
            {"step": "file", "source": f.source, "sha256": f.sha256, "division": f.division,
             "as_of": f.as_of.isoformat(), "complete": f.complete}
            for f in files
        ),
    ]  # fmt: skip


def state_of(landed: Landed, contracts: Contracts, rules: Resolution, month: int) -> str:
    """Twelve hexadecimal digits of what a month's snapshot and its scan follow from."""
    told = {"pack": contracts.pack.hash, "month": month, "keys": landed.keys}
    text = json.dumps([told, *lineage_of(landed, contracts, rules, month)], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _cuts(people: People) -> tuple[tuple[int, int, int, int], ...]:
    """(first household, end, first person, end) of each part."""
    edges = [*range(0, people.units, schema.HOUSEHOLDS_PER_PART), people.units]
    first = np.append(people.first, people.count)
    return tuple((a, b, int(first[a]), int(first[b])) for a, b in pairwise(edges))


@dataclass(frozen=True, slots=True)
class _Job:
    """What a process needs to write any part."""

    work: Path
    folder: Path
    contract: Contract
    cuts: tuple[tuple[int, int, int, int], ...]
    divisions: int
    persons: int
    month: int


class _Parts:
    """``part`` writes one part from the columns that wait in the work folder."""

    def __init__(self, job: _Job) -> None:
        self.job = job
        self.columns = Columns(job.work)
        everything = slice(None)
        self.awards = {name: self.columns.read("awards", name, everything) for name in schema.AWARD_COLUMNS}

    def warm(self) -> None:
        pass

    def part(self, index: int) -> PartRecord:
        job = self.job
        a, b, c, d = job.cuts[index]
        rows = {"households": slice(a, b), "persons": slice(c, d)}
        tables: dict[str, dict[str, Array]] = {
            "awards": awards_of_part(self.awards, job.contract, rows["households"], rows["persons"])
        }
        made: dict[str, Array] = {
            "household_key": np.arange(a + 1, b + 1, dtype=np.int64),
            "first_person": (self.columns.read("households", "first_person", rows["households"]) - c).astype(
                np.int32
            ),
            "household": (self.columns.read("persons", "household", rows["persons"]) - a).astype(np.int32),
            "member_until": np.full(d - c, OPEN_END, np.int32),
        }
        for table, which in rows.items():
            tables[table] = {
                name: made[name] if name in made else self.columns.read(table, name, which)
                for name in job.contract.columns(table)
            }
        return write_part(
            job.folder, index, job.contract, tables,
            divisions=job.divisions, persons_in_all=job.persons, month=job.month,
        )  # fmt: skip
