"""The monthly scan: rules over everybody in a snapshot, part by part, into lists and totals."""

from __future__ import annotations

import json
import os
import shutil
import time
import uuid
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from zhida.population.errors import SnapshotError, writing
from zhida.population.store import Snapshot
from zhida.rules.declarations import Pack
from zhida.rules.formulas.ir import YES
from zhida.rules.reforms.reform import Reform
from zhida.scan.deciding import Finder
from zhida.scan.lists import COLUMN, VERIFY, Entries, bits, classify, last_reviews
from zhida.scan.loaded import Loaded
from zhida.scan.report import write_report
from zhida.scan.result import CSV, RESULTS, TOTALS, ScanResult
from zhida.scan.results import Labels, Writer, part_table, write_csv
from zhida.scan.totals import Totals, as_json, of_part
from zhida.scan.where import Homes, Where

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
) -> ScanResult:
    """Scans a snapshot. ``out``: the folder to write; it appears only when whole, and one that exists is
    refused unless ``overwrite``. ``report``: with the HTML page. Raises SnapshotError, PackError."""
    loaded = Loaded.open(snapshot, pack, month, reform, compiled=compiled)
    return scan(loaded, threads, progress, out, csv, report, overwrite)


def scan(
    loaded: Loaded,
    threads: int = 2,
    progress: Progress | None = None,
    out: Path | None = None,
    csv: bool = False,
    report: bool = True,
    overwrite: bool = False,
) -> ScanResult:
    """Like :func:`run_scan` with what is loaded already. Memory does not grow with the population."""
    began = time.perf_counter()
    if out is None:
        totals, rows = _stream(loaded, threads, progress, None)
        return ScanResult(loaded, totals, rows, None, time.perf_counter() - began)
    if out.exists() and not overwrite:
        raise SnapshotError(f"{out} exists already. Name another folder for the results, or overwrite it.")
    building = out.parent / f".{out.name}.building-{uuid.uuid4().hex[:12]}"
    try:
        with writing(building):
            building.mkdir(parents=True)
        writer = Writer(building / RESULTS, Labels.of(loaded, Where.of(loaded)))
        try:
            totals, rows = _stream(loaded, threads, progress, writer)
        finally:
            writer.close()
        with writing(building / TOTALS):
            text = json.dumps(as_json(loaded, totals, rows), ensure_ascii=False, indent=1)
            (building / TOTALS).write_text(text + "\n", encoding="utf-8")
        if csv:
            write_csv(building / RESULTS, building / CSV)
        if report:
            write_report(ScanResult(loaded, totals, rows, building, 0.0))
        with writing(out):
            _put_in_place(building, out)
    finally:
        shutil.rmtree(building, ignore_errors=True)
    return ScanResult(loaded, totals, rows, out, time.perf_counter() - began)


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
    """Parts are computed side by side, at most one more than there are threads, and written in order."""
    where = Where.of(loaded)
    worker = Worker(loaded, where, Finder(loaded), writer is not None, _inner(loaded, threads))
    totals = Totals.empty(loaded.benefits, where.counties)
    infos = loaded.snapshot.infos
    everybody, done, rows = loaded.snapshot.counts["persons"], 0, 0
    waiting: deque[tuple[int, Future[PartDone]]] = deque()
    with ThreadPoolExecutor(max(1, threads)) as pool:
        try:
            for info in infos:
                waiting.append((info.rows("persons"), pool.submit(worker.part, info.index)))
                while len(waiting) > threads + 1 or (waiting and info.index == len(infos) - 1):
                    people, future = waiting.popleft()
                    one = future.result()
                    totals.add(one.totals)
                    rows += one.rows
                    if writer is not None:
                        writer.write(one.table)
                    done += people
                    if progress is not None:
                        progress(done, everybody)
        finally:
            for _, future in waiting:
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


@dataclass(frozen=True, slots=True)
class Worker:
    """All that is needed to do one part. Used by several threads."""

    loaded: Loaded
    where: Where
    finder: Finder
    tables: bool
    threads: int

    def part(self, index: int) -> PartDone:
        loaded = self.loaded
        part = loaded.snapshot.part(index)
        table = loaded.table(part)
        rows = loaded.kernel.run(table, loaded.places.places, loaded.parameters, threads=self.threads)
        entries: dict[str, Entries] = {}
        for b in loaded.benefits:
            program = loaded.program.benefits[b]
            held = rows[b][0][bits(rows[b][COLUMN["codes"]], 10) & YES != 0]
            reviewed = last_reviews(loaded.snapshot, part, b, held) if len(held) else np.zeros(0, np.int32)
            entries[b] = classify(program, rows[b], reviewed, loaded.month)
        asked = {b: e.rows[0, e.lists == VERIFY] for b, e in entries.items()}
        decided = self.finder.decide(table, asked)
        found = {b: (e, decided.get(b)) for b, e in entries.items()}
        totals = of_part(loaded, self.where, part, Homes.of(part), found)
        made = part_table(Labels.of(loaded, self.where), part, found) if self.tables else None
        return PartDone(totals, made, sum(e.rows.shape[1] for e in entries.values()))


__all__ = ["CSV", "RESULTS", "TOTALS", "ScanResult", "run_scan", "scan"]
