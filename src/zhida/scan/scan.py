"""The monthly scan: rules over everybody in a snapshot, part by part, into lists and totals."""

from __future__ import annotations

import os
import shutil
import time
import uuid
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from zhida.population.errors import SnapshotError, writing
from zhida.population.store import Part, Snapshot
from zhida.rules.declarations import Pack
from zhida.rules.kernel.run import Keep
from zhida.rules.reforms.reform import Reform
from zhida.scan.deciding import Decided, Finder
from zhida.scan.lists import VERIFY, Entries, classify
from zhida.scan.loaded import Loaded
from zhida.scan.outlines import Outlines
from zhida.scan.report import write_report
from zhida.scan.result import CSV, RESULTS, TOTALS, ScanResult
from zhida.scan.results import Labels, Writer, part_table, write_csv
from zhida.scan.totals import Totals, as_json, by_line, of_part
from zhida.scan.trial import Picked
from zhida.scan.where import Homes, Where

TOGETHER = 8
"""At most so many parts are done at once by one thread."""

Array = NDArray[Any]
Progress = Callable[[int, int], None]
"""Called with the persons done and the persons in all."""


def run_scan(
    snapshot: Snapshot | Path | str,
    pack: Pack,
    month: int | None = None,
    reform: Reform | None = None,
    threads: int = 2,
    progress: Progress | None = None,
    *,
    out: Path | None = None,
    csv: bool = False,
    report: bool = True,
    overwrite: bool = False,
    compiled: bool = True,
    map_: Path | None = None,
) -> ScanResult:
    """Scans a snapshot. ``out``: the folder to write; it appears only when whole, and one that exists is
    refused unless ``overwrite``. ``report``: with the HTML page; ``map_``: its outlines of
    counties, as GeoJSON. Raises SnapshotError, PackError."""
    loaded = Loaded.open(snapshot, pack, month, reform, compiled=compiled)
    return scan(loaded, threads, progress, out, csv, report, overwrite, map_)


def scan(
    loaded: Loaded,
    threads: int = 2,
    progress: Progress | None = None,
    out: Path | None = None,
    csv: bool = False,
    report: bool = True,
    overwrite: bool = False,
    map_: Path | None = None,
) -> ScanResult:
    """Like :func:`run_scan` with what is loaded already. Memory does not grow with the population."""
    began = time.perf_counter()
    if out is None:
        totals, rows = _stream(loaded, threads, progress, None)
        return ScanResult(loaded, totals, rows, None, time.perf_counter() - began)
    if out.exists() and not overwrite:
        raise SnapshotError(f"{out} exists already. Name another folder for the results, or overwrite it.")
    outlines = None if map_ is None else Outlines.read(map_, county_names(loaded))
    building = out.parent / f".{out.name}.building-{uuid.uuid4().hex[:12]}"
    try:
        with writing(building):
            building.mkdir(parents=True)
        writer = Writer(building / RESULTS, Labels.of(loaded, loaded.once(Where.of)))
        try:
            totals, rows = _stream(loaded, threads, progress, writer)
        finally:
            writer.close()
        with writing(building / TOTALS):
            (building / TOTALS).write_text(by_line(as_json(loaded, totals, rows)), encoding="utf-8")
        if csv:
            write_csv(building / RESULTS, building / CSV)
        if report:
            write_report(ScanResult(loaded, totals, rows, building, 0.0), outlines=outlines)
        with writing(out):
            _put_in_place(building, out)
    finally:
        shutil.rmtree(building, ignore_errors=True)
    return ScanResult(loaded, totals, rows, out, time.perf_counter() - began)


def county_names(loaded: Loaded) -> dict[str, str]:
    """Of all counties of the snapshot, by code."""
    codes = loaded.once(Where.of).counties
    return {code: loaded.pack.divisions[code].name for code in codes if code}


def _put_in_place(building: Path, out: Path) -> None:
    if out.exists():
        old = out.parent / f"{building.name}-old"
        os.rename(out, old)
        os.rename(building, out)
        shutil.rmtree(old, ignore_errors=True)
    else:
        os.rename(building, out)


def _stream(
    loaded: Loaded, threads: int, progress: Progress | None, writer: Writer | None
) -> tuple[Totals, int]:
    """Parts are computed side by side, a few at once, and written in order."""
    where = loaded.once(Where.of)
    labels = None if writer is None else writer.labels
    worker = Worker(loaded, where, loaded.once(Finder), labels, _inner(loaded, threads))
    totals = Totals.empty(loaded.benefits, where.counties)
    infos = loaded.snapshot.infos
    everybody, done, rows = loaded.snapshot.counts["persons"], 0, 0
    waiting: deque[Future[list[PartDone]]] = deque()
    together = min(TOGETHER, -(-len(infos) // (2 * max(1, threads))))
    with ThreadPoolExecutor(max(1, threads)) as pool:
        try:
            for start in range(0, len(infos), together):
                waiting.append(pool.submit(worker.parts, range(len(infos))[start : start + together]))
                while len(waiting) > threads + 1 or (waiting and start + together >= len(infos)):
                    for one in waiting.popleft().result():
                        totals.add(one.totals)
                        rows += one.rows
                        if writer is not None:
                            writer.write(one.table)
                        done += one.people
                    if progress is not None:
                        progress(done, everybody)
        finally:
            for future in waiting:
                future.cancel()
    return totals, rows


def _inner(loaded: Loaded, threads: int) -> int:
    """Threads inside a part: one where there are enough parts for all."""
    return 1 if len(loaded.snapshot.infos) >= threads else threads


@dataclass(frozen=True, slots=True)
class PartDone:
    totals: Totals
    table: Any
    rows: int
    people: int


@dataclass(frozen=True, slots=True)
class Listed:
    """A part whose rules have run: who is on which list. ``asked``: rows of units whose deciding facts are
    looked for, and ``picked`` their households."""

    part: Part
    entries: dict[str, Entries]
    asked: dict[str, Array]
    picked: Picked


@dataclass(frozen=True, slots=True)
class Worker:
    """All that is needed to do some parts. Used by several threads."""

    loaded: Loaded
    where: Where
    finder: Finder
    labels: Labels | None
    threads: int

    def parts(self, indexes: Sequence[int]) -> list[PartDone]:
        """Deciding facts are looked for in all of them at once."""
        listed = [self._listed(i) for i in indexes]
        decided = self.finder.decide_all([one.picked for one in listed], [one.asked for one in listed])
        return [self._done(one, facts) for one, facts in zip(listed, decided, strict=True)]

    def _listed(self, index: int) -> Listed:
        loaded = self.loaded
        part = loaded.snapshot.part(index)
        table = loaded.table(part)
        rows = loaded.kernel.run(
            table, loaded.places.places, loaded.parameters, Keep.SPOKEN, threads=self.threads
        )
        entries: dict[str, Entries] = {}
        for b in loaded.benefits:
            program = loaded.program.benefits[b]
            entries[b] = classify(program, rows[b])
        asked = {b: e.rows[0, e.lists == VERIFY] for b, e in entries.items()}
        return Listed(part, entries, asked, self.finder.pick(table, asked))

    def _done(self, one: Listed, decided: Mapping[str, Decided]) -> PartDone:
        found = {b: (e, decided.get(b)) for b, e in one.entries.items()}
        totals = of_part(self.loaded, self.where, one.part, Homes.of(one.part), found)
        made = part_table(self.labels, one.part, found) if self.labels is not None else None
        rows = sum(e.rows.shape[1] for e in one.entries.values())
        return PartDone(totals, made, rows, one.part.info.rows("persons"))


__all__ = ["CSV", "RESULTS", "TOTALS", "ScanResult", "run_scan", "scan"]
