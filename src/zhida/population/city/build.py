"""``build``: from a pack's figures to a snapshot on disk, part by part, in one or two processes."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from zhida.codes.sealing import Keyring
from zhida.population.building import Building
from zhida.population.city.awards import Rules, award
from zhida.population.city.draw import Array
from zhida.population.city.figures import CityError, Figures, load_figures
from zhida.population.city.hardship import strike
from zhida.population.city.kept import PartTruth, write_manifest
from zhida.population.city.money import earn
from zhida.population.city.observe import observe, register_states
from zhida.population.city.people import describe
from zhida.population.city.places import settle
from zhida.population.city.plan import Plan, make_plan
from zhida.population.city.pool import run
from zhida.population.city.truth import Model, Truth
from zhida.population.schema import HOUSEHOLD_COLUMNS, PERSON_COLUMNS, TABLES, Contract, contract_of
from zhida.population.writer import Header, PartRecord, SnapshotWriter, last_day_of, write_part
from zhida.rules.declarations import Pack

if TYPE_CHECKING:
    from zhida.population.city.sealed import PartIdentities

Progress = Callable[[int, int], None]
"""Called after each part with (persons done, persons in all)."""


@dataclass(frozen=True, slots=True)
class Built:
    """What was built: place, id, persons, seconds."""

    path: Path
    snapshot_id: str
    persons: int
    seconds: float


def build(
    pack: Pack,
    out: Path | str,
    fraction: float = 1.0,
    seed: int = 1,
    month: int = 2025 * 12 + 5,
    *,
    truth: Path | str | None = None,
    identities: Path | str | None = None,
    ring: Keyring | None = None,
    progress: Progress | None = None,
    processes: int = 2,
) -> Built:
    """Builds a synthetic city of a pack at ``out`` as of a month (year * 12 + month - 1).

    ``truth``: a folder of its own for what is true of everybody; ``identities``: one for who they are, sealed
    with ``ring``. The same pack, fraction, seed and month
    give the same ``snapshot_id``, with any number of processes.
    Raises CityError and SnapshotError; then nothing is left at ``out``.
    """
    started = time.monotonic()
    first, last = date(month // 12, month % 12 + 1, 1), date(1970, 1, 1) + timedelta(days=last_day_of(month))
    figures = load_figures(pack, first)
    plan = make_plan(figures, fraction, seed, month)
    contract = contract_of(pack)
    header = Header(
        pack=pack.id,
        month=month,
        extraction=datetime.now(UTC).replace(microsecond=0),
        synthetic=True,
        seed=seed,
        fraction=fraction,
        divisions=figures.divisions,
        registers=register_states(figures, pack, last),
        lineage=[{"step": "synthetic city", "pack": pack.id, "pack_hash": pack.hash}],
        assumptions=figures.assumptions,
    )
    out, apart, who = Path(out), apart_from(out, truth), apart_from(out, identities)
    with SnapshotWriter(out, contract, header) as writer, ExitStack() as stack:
        kept = None if apart is None else stack.enter_context(Building(apart, "a truth"))
        sealed = None if who is None else stack.enter_context(Building(who, "an identity store"))
        store = None if sealed is None or ring is None else (sealed.folder, ring)
        job = Job(pack, plan, contract, writer.folder, None if kept is None else kept.folder, store)
        done = 0
        # Closed before the writer clears its folder: no process may still be writing into it then.
        with closing(run(Worker, job, len(plan.parts), processes)) as records:
            for index, record in records:
                writer.adopt(index, record)
                done += int(record.files["persons.arrow"]["rows"])
                if progress is not None:
                    progress(done, plan.persons)
        if kept is not None:
            write_manifest(kept.folder, pack, plan, files=False)
            kept.finish()
        if sealed is not None and store is not None:
            from zhida.population.city.sealed import finish_store

            finish_store(*store, range(len(plan.parts)))
            sealed.finish()
        identity = writer.finish()
    return Built(out, identity, plan.persons, time.monotonic() - started)


def apart_from(out: Path | str, truth: Path | str | None) -> Path | None:
    """A folder for the truth, or for who people are. Raises CityError where it would stand inside what is
    sent out."""
    if truth is None:
        return None
    if Path(out).absolute() in (Path(truth).absolute(), *Path(truth).absolute().parents):
        raise CityError(f"The folder {truth} would stand inside {out}. Name a folder beside it.")
    return Path(truth)


@dataclass(frozen=True)
class Job:
    """What a process needs to make any part. ``truth``: where the truth goes, if anywhere; ``store``: where
    the identity store goes, and the keys that seal it."""

    pack: Pack
    plan: Plan
    contract: Contract
    folder: Path
    truth: Path | None = None
    store: tuple[Path, Keyring] | None = None


class Worker:
    """Makes parts: truth chunk by chunk, then what registers show of it, then three files."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.model = Model(job.pack, job.plan, last_day_of(job.plan.month))
        self.rules = Rules(self.model)

    def warm(self) -> None:
        """Compiles the rules once, for all processes, into the cache."""
        self.truth(0)

    def truth(self, chunk_index: int) -> tuple[Truth, dict[str, Array]]:
        """The truth of a chunk and its awards."""
        chunk = self.job.plan.chunks[chunk_index]
        truth = settle(self.model, chunk)
        describe(self.model, chunk, truth)
        earn(self.model, chunk, truth)
        strike(self.model, chunk, truth)
        return truth, award(self.model, chunk, truth, self.rules)

    def sealed(self, index: int) -> PartIdentities | None:
        """What collects who the people of a part are; None where nobody asked."""
        if self.job.store is None:
            return None
        from zhida.population.city.sealed import PartIdentities

        return PartIdentities(*self.job.store, index, self.model)

    def part(self, index: int) -> PartRecord:
        """Writes part ``index`` into the job's folder."""
        plan, contract = self.job.plan, self.job.contract
        pieces: dict[str, list[dict[str, Array]]] = {t: [] for t in TABLES}
        kept = None if self.job.truth is None else PartTruth(self.job.truth, index, self.rules)
        sealed = self.sealed(index)
        households = persons = 0
        for number in plan.parts[index]:
            chunk = plan.chunks[number]
            truth, awards = self.truth(number)
            if kept is not None:
                kept.add(truth, awards)
            if sealed is not None:
                sealed.add(chunk, truth, awards)
            tables = observe(self.model, chunk, truth, contract)
            for name in HOUSEHOLD_COLUMNS:
                tables["households"][name] = truth.households[name]
            for name in PERSON_COLUMNS:
                tables["persons"][name] = truth.persons[name]
            for link in contract.links:
                column = f"link_{link}"
                values = truth.persons.get(column, np.full(truth.count, -2, dtype=np.int64))
                tables["persons"][column] = np.where(values >= 0, values + chunk.first_person, values)
            tables["households"]["first_person"] = (truth.households["first_person"] + persons).astype(
                np.int32
            )
            tables["persons"]["household"] = (truth.persons["household"] + households).astype(np.int32)
            by_table = np.array(
                [households if t == "households" else persons for t in contract.benefit_tables]
            )
            awards["unit_row"] = (awards["unit_row"] + by_table[awards["benefit"]]).astype(np.int32)
            for table, columns in (*tables.items(), ("awards", awards)):
                pieces[table].append(columns)
            households += truth.units
            persons += truth.count
        if kept is not None:
            kept.write()
        if sealed is not None:
            sealed.write()
        whole = {
            table: {name: np.concatenate([c[name] for c in columns]) for name in columns[0]}
            for table, columns in pieces.items()
        }
        order = np.lexsort((whole["awards"]["unit_row"], whole["awards"]["benefit"]))
        whole["awards"] = {name: values[order] for name, values in whole["awards"].items()}
        return write_part(
            self.job.folder, index, contract, whole,
            divisions=len(plan.figures.divisions), persons_in_all=plan.persons, month=plan.month,
        )  # fmt: skip


__all__ = ["Built", "Figures", "Progress", "build"]
