"""``build_files``: what the departments of a synthetic city would send, and the truth in another folder."""

from __future__ import annotations

import shutil
import time
from collections.abc import Container, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import yaml

from zhida.codes.months import format_month
from zhida.population.building import Building
from zhida.population.city.build import Progress, apart_from
from zhida.population.city.figures import CityError, Figures, load_figures
from zhida.population.city.files.pieces import Key, blocks, write_csv, write_parquet
from zhida.population.city.files.scene import read_sources
from zhida.population.city.files.worker import PIECES, SHEETS, FilesJob, FilesWorker
from zhida.population.city.kept import keep_rows, write_manifest
from zhida.population.city.observe import register_states
from zhida.population.city.plan import make_plan
from zhida.population.city.pool import run
from zhida.population.errors import writing
from zhida.population.imports.contract import SourceContract
from zhida.population.schema import contract_of
from zhida.population.writer import last_day_of, part_name
from zhida.rules.declarations import Pack

FORMATS = ("csv", "parquet")


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
    defects: bool = True,
    progress: Progress | None = None,
    processes: int = 2,
) -> BuiltFiles:
    """Writes a delivery (docs/imports.md) at ``out`` and, where asked, the truth behind it at ``truth``.

    ``defects``: with the flaws that such files have, each recorded in the truth. The same pack, fraction,
    seed and month give the same bytes, with any number of processes, and the
    same people as a direct build. Raises CityError and SnapshotError; then nothing is left.
    """
    started = time.monotonic()
    if form not in FORMATS:
        raise CityError(f"Files can't be written as {form!r}: choose one of {', '.join(FORMATS)}.")
    out, apart = Path(out), apart_from(out, truth)
    figures = load_figures(pack, date(month // 12, month % 12 + 1, 1))
    plan = make_plan(figures, fraction, seed, month)
    sources = read_sources(pack)
    with Building(out, "a delivery") as delivery, ExitStack() as stack:
        kept = None if apart is None else stack.enter_context(Building(apart, "a truth"))
        pieces = delivery.folder / PIECES
        with writing(pieces):
            pieces.mkdir()
        folder = None if kept is None else kept.folder
        job = FilesJob(pack, plan, contract_of(pack), delivery.folder, folder, defects=defects)
        missing = not_delivered(figures, sources) if defects else set()
        rows = {(s, c): 0 for s in SHEETS if s in sources for c in range(len(figures.counties))}
        flaws: list[Flaws] = []
        done = 0
        with closing(run(FilesWorker, job, len(plan.parts), processes)) as records:
            for index, (found, flawed) in records:
                for key, number in found.items():
                    rows[key] += number
                flaws.append((index, flawed, found))
                done += sum(plan.chunks[c].persons for c in plan.parts[index])
                if progress is not None:
                    progress(done, plan.persons)
        folders = [pieces / part_name(i) for i in range(len(plan.parts))]
        listed = register_states(figures, pack, date(1970, 1, 1) + timedelta(days=last_day_of(month)))
        told: dict[str, dict[str, Any]] = {}
        names = {k: file_name(sources[k[0]], figures.counties[k[1]].code, month, form) for k in sorted(rows)}
        for key, name in names.items():
            source, county = sources[key[0]], figures.counties[key[1]]
            if key in missing:
                del rows[key]
                continue
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
            keep_defects(kept.folder, names, sorted(flaws, key=lambda f: f[0]), missing)
            held = [names[key] for key in sorted(missing)]
            write_manifest(kept.folder, pack, plan, files=True, not_delivered=held)
            kept.finish()
        delivery.finish()
    by_source = {s: sum(n for (name, _), n in rows.items() if name == s) for s in sources}
    return BuiltFiles(
        out, len(told), {s: n for s, n in by_source.items() if n}, plan.persons, time.monotonic() - started
    )


def not_delivered(figures: Figures, sources: Mapping[str, SourceContract]) -> set[Key]:
    """Sources and counties that send nothing, as the figures say."""
    order = {c.code[:6]: i for i, c in enumerate(figures.counties)}
    listed: Mapping[str, Any] = figures.get("files.defects.not_delivered")
    return {(s, order[str(c)]) for s, codes in listed.items() if s in sources for c in codes}


def file_name(source: SourceContract, county: str, month: int, form: str) -> str:
    day = date(1970, 1, 1) + timedelta(days=last_day_of(month))
    return f"{source.name}_{county[:6]}_{day:%Y%m%d}.{form}"


def encoding_of(told: Mapping[str, Any], source: SourceContract) -> str:
    return str(told.get(source.id, told["default"]))


def is_complete(source: SourceContract, county: str, territory: str, registers: Mapping[str, Any]) -> bool:
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


Flaws = tuple[int, pa.Table, Mapping[Key, int]]
"""Of a part: its number, its defects as a worker tells them, its rows."""


def keep_defects(
    folder: Path, names: Mapping[Key, str], flaws: Sequence[Flaws], missing: Container[Key]
) -> None:
    """``defects.parquet``: file, line, kind, column and what is true, in the order of the files."""
    before = dict.fromkeys(names, 2)  # the heading is line 1
    tables = []
    for _, table, found in flaws:
        sources, counties = table["source"].to_pylist(), table["county"].to_numpy().tolist()
        keys: list[Key] = [(str(s), c) for s, c in zip(sources, counties, strict=True)]
        line = table["row"].to_numpy() + np.array([before[k] for k in keys], np.int64)
        columns = {"file": pa.array([names[k] for k in keys], pa.string()), "line": pa.array(line)}
        columns |= {n: table[n] for n in ("kind", "column", "true", "person_key")}
        sent = np.array([k not in missing for k in keys], bool)
        tables.append(pa.table(columns).filter(pa.array(sent)))
        for key, number in found.items():
            before[key] += number
    order: Any = [(n, "ascending") for n in ("file", "line", "column")]
    with writing(folder):
        pq.write_table(
            pa.concat_tables(tables).sort_by(order), folder / "defects.parquet", compression="zstd"
        )


__all__ = ["BuiltFiles", "build_files"]
