"""The synthetic city measured: built, scanned, reformed, explained; and the floor that a scan stands on."""

from __future__ import annotations

import io
import shutil
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from bench.engines import PACK
from bench.measure import PrivateMemory, timed
from zhida.rules.loading.pack import load_pack

Array = np.ndarray[Any, Any]
REFORM = "dibao_standard=1400"
"""Formulas stay as they are, so nothing is compiled again."""
COMPRESSION = "zstd"
TOGETHER = 8
"""Parts whose tables are held at once."""
HOUSEHOLD = {
    "month": "2025-06",
    "division": "330106",
    "complete": "all",
    "members": [
        {"id": "m1", "birth_date": "1980-05-01", "wage": 2000, "transfer_income": 0, "declared_income": 0},
        {"id": "m2", "birth_date": "1982-05-01", "disability_category": "physical", "disability_grade": 1},
        {"id": "m3", "birth_date": "2014-08-01", "student": True, "school_stage": "compulsory"},
    ],
}
"""For ``explain``: much is not declared, so deciding facts are looked for."""


def build_city(out: str, fraction: float, seed: int) -> Mapping[str, Any]:
    """Builds a city in two processes, over what lay there."""
    from zhida.population.city import build

    shutil.rmtree(out, ignore_errors=True)
    with PrivateMemory() as memory:
        built = build(load_pack(PACK), out, fraction, seed)
    size = sum(f.stat().st_size for f in Path(out).rglob("*") if f.is_file())
    return {"people": built.persons, "seconds": built.seconds, "private_memory": memory.peak, "bytes": size}


def scan_city(snapshot: str, out: str, runs: int) -> Mapping[str, Any]:
    """Start-up (pack, program, compiled kernel, places, parameters), then whole scans that write results."""
    from zhida.scan.loaded import Loaded
    from zhida.scan.scan import scan

    started = time.perf_counter()
    with PrivateMemory() as memory:
        loaded = Loaded.open(snapshot, load_pack(PACK))
        _first_part(loaded)
        start_up = time.perf_counter() - started
        scans = timed(lambda: scan(loaded, 2, out=Path(out), overwrite=True), runs)
    return {
        "people": loaded.snapshot.counts["persons"],
        "start_up": start_up,
        "scan": scans,
        "private_memory": memory.peak,
        "rows": pq.read_metadata(Path(out) / "results.parquet").num_rows,
    }


def _first_part(loaded: Any) -> None:
    """One part through the kernel as a scan runs it, so that all is compiled or fetched from the cache."""
    from zhida.rules.kernel.run import Keep

    table = loaded.table(loaded.snapshot.part(0))
    loaded.kernel.run(table, loaded.places.places, loaded.parameters, Keep.SPOKEN, threads=1)


def kernel_city(snapshot: str, runs: int) -> Mapping[str, Any]:
    """The rules alone over everybody as registers tell of them, as a scan asks: parts in two threads. Tables
    are made outside the clock, some at a time; seconds of all of them together."""
    from zhida.rules.kernel.run import Keep
    from zhida.scan.loaded import Loaded

    loaded = Loaded.open(snapshot, load_pack(PACK))
    _first_part(loaded)
    count = len(loaded.snapshot.infos)
    median = processor = 0.0
    rows = 0

    def run(table: Any) -> int:
        found = loaded.kernel.run(table, loaded.places.places, loaded.parameters, Keep.SPOKEN, threads=1)
        return sum(r.shape[1] for r in found.values())

    with ThreadPoolExecutor(2) as pool:
        for start in range(0, count, TOGETHER):
            some = range(start, min(start + TOGETHER, count))
            tables = [loaded.table(loaded.snapshot.part(i)) for i in some]
            rows += sum(pool.map(run, tables))
            told = timed(lambda tables=tables: list(pool.map(run, tables)), runs)  # type: ignore[misc]
            median += told["median"]
            processor += told["cpu_median"]
    people = loaded.snapshot.counts["persons"]
    return {"kernel": median, "cpu": processor, "people": people, "rows": rows, "reach": loaded.used.reach}


def floor_city(snapshot: str, results: str, out: str, runs: int) -> Mapping[str, Any]:
    """Maps every part, reads each byte of the columns that the rules read, writes the results of the scan
    again as they are (read before the clock starts), row group by row group. No rules."""
    from zhida.population.store import Snapshot
    from zhida.scan.loaded import Loaded

    loaded = Loaded.open(snapshot, load_pack(PACK))
    wanted = {a[2:] for a in loaded.kernel.arrays() if a[:2] in ("c_", "s_", "h_")}
    file = pq.ParquetFile(Path(results) / "results.parquet")
    groups = [file.read_row_group(i) for i in range(file.num_row_groups)]

    def work() -> None:
        opened = Snapshot.open(snapshot)
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(lambda i: _touch_part(opened, i, wanted), range(len(opened.infos))))
        with pq.ParquetWriter(out, file.schema_arrow, compression=COMPRESSION) as writer:
            for group in groups:
                writer.write_table(group)

    work()
    return {"read_and_write": timed(work, runs), "rows": file.metadata.num_rows}


def _touch_part(snapshot: Any, index: int, wanted: set[str]) -> None:
    part = snapshot.part(index)
    for table in (part.households, part.persons, part.awards):
        for name, column in table.items():
            field = name.split("__")[0]
            if (
                field in wanted
                or table is part.awards
                or name in ("size", "household", "division", "registered")
            ):
                touch(column)


def touch(column: Array) -> None:
    """Reads every byte, eight at a time."""
    raw = column.view(np.uint8)
    np.bitwise_or.reduce(raw[: len(raw) // 8 * 8].view(np.uint64))


def reform_city(snapshot: str, runs: int) -> Mapping[str, Any]:
    """Another value of one parameter, and what it changes over the whole population: overrides, look-up in
    all places, the rules, who gains and who loses, totals.

    With the simulator, which holds in memory whom any value near today's could concern; and the plain way,
    all rules over everybody. All is loaded and has run once; nothing is written.
    """
    from zhida.rules.reforms.reform import apply, parse_set
    from zhida.scan.loaded import Loaded
    from zhida.scan.simulate import Simulator

    pack = load_pack(PACK)
    loaded = Loaded.open(snapshot, pack)
    started = time.perf_counter()
    simulator = Simulator(loaded)
    held = time.perf_counter() - started
    reform = parse_set(REFORM)
    before, _ = _dibao(simulator.run(reform))
    work = timed(lambda: simulator.run(reform), runs)
    told = simulator.run(reform)
    tables = [loaded.table(part) for part in loaded.snapshot.parts()]

    def over_everybody() -> None:
        used = loaded.kernel.parameters(loaded.places.places, loaded.month, apply(pack, reform))
        for table in tables:
            for row in loaded.kernel.run(table, loaded.places.places, used, threads=2).values():
                yes = row[1] & 8 != 0
                int(yes.sum()), int(row[4][yes].sum())

    over_everybody()
    return {
        "reform": work,
        "plain": timed(over_everybody, runs),
        "held": held,
        "set": REFORM,
        "only_concerned": not told.everybody,
        "dibao_before": before,
        "dibao_after": _dibao(told)[1],
    }


def _dibao(found: Any) -> tuple[list[int], list[int]]:
    """Families that receive it and could, and fen a month at least, before and after."""
    sides = found.sides[:, found.benefits.index("dibao")].sum(axis=1)
    return tuple([int(s[0] + s[3]), int(s[1] + s[4])] for s in sides)  # type: ignore[return-value]


def explain(runs: int) -> Mapping[str, Any]:
    """One household of three: all answers with their reasons, as words; the pack loaded, asked before."""
    from zhida.cli.households import reasons
    from zhida.rules.explain.assess import assess

    pack = load_pack(PACK)

    def work() -> None:
        with redirect_stdout(io.StringIO()):
            reasons(assess(pack, HOUSEHOLD), pack)

    started = time.perf_counter()
    work()
    return {"first": time.perf_counter() - started, "warm": timed(work, runs)}
