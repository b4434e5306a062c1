"""``build_files``: what the departments of a synthetic city would send, and the truth in another folder."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import yaml

from zhida.codes.months import format_month
from zhida.population.building import Building
from zhida.population.city.build import Job, Progress, Worker, apart_from
from zhida.population.city.figures import CityError, load_figures
from zhida.population.city.files import police, welfare
from zhida.population.city.files.contracts import Source, read_sources
from zhida.population.city.files.identity import load_names
from zhida.population.city.files.pieces import Key, PartPieces, blocks, write_csv, write_parquet
from zhida.population.city.files.scene import Scene, Setting
from zhida.population.city.files.sheets import Sheet
from zhida.population.city.kept import KEPT, PartTruth, keep_identities, keep_rows, write_manifest
from zhida.population.city.observe import register_states
from zhida.population.city.plan import make_plan
from zhida.population.city.pool import run
from zhida.population.errors import writing
from zhida.population.schema import contract_of
from zhida.population.writer import last_day_of, part_name
from zhida.rules.declarations import Pack

FORMATS = ("csv", "parquet")
PIECES = ".pieces"
SHEETS: dict[str, Callable[[Scene], Sheet]] = {
    "hukou": police.hukou,
    "residents": police.residents,
    "disability": welfare.disability,
}
"""How the rows of each source follow from the truth."""


@dataclass(frozen=True, slots=True)
class BuiltFiles:
    """What was written: place, files, rows by source, persons alive, seconds."""

    path: Path
    files: int
    rows: Mapping[str, int]
    persons: int
    seconds: float


def build_files(
    pack: Pack,
    out: Path | str,
    fraction: float = 1.0,
    seed: int = 1,
    month: int = 2025 * 12 + 5,
    *,
    truth: Path | str | None = None,
    form: str = "csv",
    progress: Progress | None = None,
    processes: int = 2,
) -> BuiltFiles:
    """Writes a delivery (docs/imports.md) at ``out`` and, where asked, the truth behind it at ``truth``.

    The same pack, fraction, seed and month give the same bytes, with any number of processes, and the
    same people as a direct build. Raises CityError and SnapshotError; then nothing is left.
    """
    started = time.monotonic()
    if form not in FORMATS:
        raise CityError(f"Files can't be written as {form!r}: choose one of {', '.join(FORMATS)}.")
    out, apart = Path(out), apart_from(out, truth)
    figures = load_figures(pack, date(month // 12, month % 12 + 1, 1))
    plan = make_plan(figures, fraction, seed, month)
    sources = read_sources(pack.path / "imports")
    with Building(out, "a delivery") as delivery, ExitStack() as stack:
        kept = None if apart is None else stack.enter_context(Building(apart, "a truth"))
        pieces = delivery.folder / PIECES
        with writing(pieces):
            pieces.mkdir()
        folder = None if kept is None else kept.folder
        job = Job(pack, plan, contract_of(pack), delivery.folder, folder)
        rows: dict[Key, int] = {}
        done = 0
        with closing(run(FilesWorker, job, len(plan.parts), processes)) as records:
            for index, found in records:
                for key, number in found.items():
                    rows[key] = rows.get(key, 0) + number
                done += sum(plan.chunks[c].persons for c in plan.parts[index])
                if progress is not None:
                    progress(done, plan.persons)
        folders = [pieces / part_name(i) for i in range(len(plan.parts))]
        listed = register_states(figures, pack, date(1970, 1, 1) + timedelta(days=last_day_of(month)))
        told: dict[str, dict[str, Any]] = {}
        for key in sorted(rows):
            source, county = sources[key[0]], figures.counties[key[1]]
            name = file_name(source, county.code, month, form)
            content = blocks(folders, key, "csv")
            if form == "csv":
                encoding = encoding_of(figures.get("files.encoding"), source)
                write_csv(delivery.folder / name, source, encoding, content)
            else:
                write_parquet(delivery.folder / name, source, content)
            told[name] = {"complete": is_complete(source, county.code, figures.territory, listed)}
            if kept is not None:
                keep_rows(kept.folder, name, blocks(folders, key, "keys"))
        with writing(delivery.folder):
            shutil.rmtree(pieces)
            (delivery.folder / "delivery.yaml").write_text(_delivery(month, told), encoding="utf-8")
        if kept is not None:
            write_manifest(kept.folder, pack, plan, files=True)
            kept.finish()
        delivery.finish()
    by_source = {s: sum(n for (name, _), n in rows.items() if name == s) for s in sources}
    return BuiltFiles(
        out, len(told), {s: n for s, n in by_source.items() if n}, plan.persons, time.monotonic() - started
    )


def file_name(source: Source, county: str, month: int, form: str) -> str:
    day = date(1970, 1, 1) + timedelta(days=last_day_of(month))
    return f"{source.name}_{county[:6]}_{day:%Y%m%d}.{form}"


def encoding_of(told: Mapping[str, Any], source: Source) -> str:
    return str(told.get(source.id, told["default"]))


def is_complete(source: Source, county: str, territory: str, registers: Mapping[str, Any]) -> bool:
    """Whether the source's first register holds everybody of the county; one that fills none always does."""
    if not source.registers:
        return True
    record = registers.get(source.registers[0])
    return record is not None and any(c in (county, territory.ljust(12, "0")) for c in record["complete"])


def _delivery(month: int, files: Mapping[str, Mapping[str, Any]]) -> str:
    head = {"month": format_month(month), "synthetic": True}
    listed = {"files": {name: dict(told) for name, told in sorted(files.items())}}
    return yaml.safe_dump(head, allow_unicode=True, sort_keys=False) + yaml.safe_dump(
        listed, allow_unicode=True, default_flow_style=None, width=200
    )


class FilesWorker:
    """Writes the pieces of a part: truth chunk by chunk, then sheet after sheet."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.worker = Worker(job)
        sources = read_sources(job.pack.path / "imports")
        self.setting = Setting(self.worker.model, sources, load_names(job.plan.figures))

    def warm(self) -> None:
        self.worker.warm()

    def part(self, index: int) -> dict[Key, int]:
        plan = self.job.plan
        folder = self.job.folder / PIECES / part_name(index)
        kept = None if self.job.truth is None else PartTruth(self.job.truth, index, self.worker.rules)
        with PartPieces(folder) as pieces:
            for number in plan.parts[index]:
                truth, awards = self.worker.truth(number)
                scene = Scene(self.setting, plan.chunks[number], truth, awards)
                for id, make in SHEETS.items():
                    if id in self.setting.sources:
                        _write(pieces, make(scene), truth.persons["person_key"])
                if kept is not None:
                    kept.add(truth, awards)
                    kept.put("identities", keep_identities(scene.persons, scene.identities))
        if kept is not None:
            kept.write()
        return pieces.rows


def _write(pieces: PartPieces, sheet: Sheet, keys: Any) -> None:
    columns = [sheet.text(c.id) for c in sheet.source.columns]
    table = pa.Table.from_arrays(columns, names=[c.id for c in sheet.source.columns])
    order = np.argsort(sheet.county, kind="stable")
    table, county, person = table.take(order), sheet.county[order], keys[sheet.person[order]]
    for one in np.unique(county):
        lo, hi = np.searchsorted(county, [one, one + 1])
        pieces.write((sheet.source.id, int(one)), table.slice(lo, hi - lo), person[lo:hi])


__all__ = ["KEPT", "BuiltFiles", "build_files"]
