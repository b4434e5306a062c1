"""An import: file after file of a plan, by several processes, each journalled when it is done."""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from multiprocessing.connection import wait as wait_for
from pathlib import Path
from typing import Any

from zhida.codes.months import format_month
from zhida.codes.sealing import Keyring
from zhida.population.imports.contracts import Contracts
from zhida.population.imports.errors import FileRefused, ImportsError
from zhida.population.imports.journal import Journal, Taken, locked
from zhida.population.imports.mending import clear_up, sweep
from zhida.population.imports.plan import Plan, PlannedFile, Update
from zhida.population.imports.taking import Counts, take_file

_SPAWN = multiprocessing.get_context("spawn")
_LOOK = 0.5
"""Seconds after which the bar moves on while files are read."""


@dataclass(frozen=True, slots=True)
class Done:
    """``refused``: (name, sentence) of files that turned out not to be readable while they were read."""

    taken: tuple[Taken, ...]
    refused: tuple[tuple[str, str], ...]


def run(
    plan: Plan,
    contracts: Contracts,
    keys: Keyring,
    processes: int = 2,
    progress: Update = lambda done, total: None,
) -> Done:
    """Takes in what the plan says. Stopped at any moment and run again it goes on where it was.

    Raises ImportsError, SnapshotError (a full disk); files taken in before that stay so.
    """
    taken: list[Taken] = []
    refused: list[tuple[str, str]] = []
    files = plan.to_take
    total = sum(f.bytes for f in files)
    with locked(plan.register):
        journal = Journal.load(plan.register, contracts.pack.id)
        clear_up(journal)
        sweep(journal)
        known = {f.id for f in journal.files}  # another import may have ended since the plan was made
        files = tuple(f for f in files if f.id not in known)
        read = _Read(total, progress)
        for file, counts in _each(files, _Job(plan.register, contracts, keys), processes, read):
            if isinstance(counts, str):
                refused.append((file.found.name, counts))
            else:
                record = _record(file, counts, contracts)
                journal.add(record)
                taken.append(record)
                if record.mends or record.supersedes:
                    clear_up(journal)
            read.ended(file)
    return Done(tuple(taken), tuple(refused))


def _record(file: PlannedFile, counts: Counts, contracts: Contracts) -> Taken:
    found = file.found
    assert found.as_of is not None
    return Taken(
        file=found.name,
        sha256=file.sha256,
        bytes=file.bytes,
        source=file.source.id,
        division=found.division,
        as_of=found.as_of.isoformat(),
        month=format_month(found.month) if found.month is not None else "",
        complete=found.complete,
        synthetic=found.synthetic,
        form=counts.form,
        read=counts.read,
        kept=counts.kept,
        repeats=counts.repeats,
        quarantined=counts.quarantined,
        withdrawn=counts.withdrawn,
        blank=counts.blank,
        supersedes=file.supersedes,
        mends=counts.mends,
        contracts=contracts.hash,
        taken=datetime.now(UTC).isoformat(timespec="seconds"),
        reasons=counts.reasons,
        id=file.id,
    )


class _Read:
    """Bytes that were read so far, here and in other processes. A file that is read twice counts once."""

    def __init__(self, total: int, progress: Update) -> None:
        self.total = total
        self.by_others: Any = _SPAWN.Value("q", 0)
        self._progress = progress
        self._done = self._here = 0

    def more(self, count: int) -> None:
        self._here += count
        self.look()

    def look(self) -> None:
        read = max(self._done, self._here + self.by_others.value)
        self._progress(min(read, self.total), self.total)

    def ended(self, file: PlannedFile) -> None:
        self._done += file.bytes
        self.look()


@dataclass(frozen=True, slots=True)
class _Job:
    register: Path
    contracts: Contracts
    keys: Keyring

    def take(self, file: PlannedFile, more: Callable[[int], None]) -> Counts | str:
        """Counts, or the sentence with which the file is refused."""
        assert file.found.as_of is not None
        try:
            return take_file(
                file.found.path, file.id, file.source, file.found.as_of, self.contracts.pack,
                self.register, self.keys, more,
            )  # fmt: skip
        except FileRefused as error:
            return str(error)


Result = tuple[PlannedFile, Counts | str]


def _each(files: tuple[PlannedFile, ...], job: _Job, processes: int, read: _Read) -> Iterator[Result]:
    """Files in the order in which they are done: the largest first, so that the processes end together.

    Those that mend come last and one after the other: a row is mended once.
    """
    whole = sorted((f for f in files if not f.mends), key=lambda f: -f.bytes)
    mending = [f for f in files if f.mends]
    if processes > 1 and len(whole) > 1:
        with _pool(job, min(processes, len(whole)), read) as submit:
            waiting = {submit(f): f for f in whole}
            while waiting:
                finished, _ = wait(waiting, timeout=_LOOK, return_when=FIRST_COMPLETED)
                read.look()
                for future in finished:
                    yield waiting.pop(future), future.result()
        whole = []
    for file in (*whole, *mending):
        yield file, job.take(file, read.more)


@contextmanager
def _pool(job: _Job, processes: int, read: _Read) -> Iterator[Callable[[PlannedFile], Future[Counts | str]]]:
    pool = ProcessPoolExecutor(
        processes, mp_context=_SPAWN, initializer=_start, initargs=(job, read.by_others)
    )
    try:
        yield lambda file: pool.submit(_take, file)
    except BrokenProcessPool as error:
        raise ImportsError(
            "A process of the import was ended from outside (out of memory?); files that were done stay "
            "taken in. Free memory or use one process, then run the import again."
        ) from error
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


_job: _Job | None = None
_counter: Any = None


def _start(job: _Job, counter: Any) -> None:
    global _job, _counter
    _job, _counter = job, counter
    parent = multiprocessing.parent_process()
    if parent is not None:  # a killed import must not go on in its children
        watch = threading.Thread(target=lambda: (wait_for([parent.sentinel]), os._exit(1)), daemon=True)
        watch.start()


def _take(file: PlannedFile) -> Counts | str:
    assert _job is not None
    return _job.take(file, _count)


def _count(more: int) -> None:
    with _counter.get_lock():
        _counter.value += more
