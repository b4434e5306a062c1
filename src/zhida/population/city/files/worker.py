"""One process of a build of files: the pieces of a part, sheet after sheet, with their defects."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from zhida.population.city.build import Job, Worker
from zhida.population.city.draw import Array
from zhida.population.city.files import means, police, welfare
from zhida.population.city.files.defects import Defect, spoil
from zhida.population.city.files.identity import load_names
from zhida.population.city.files.pieces import Key, PartPieces
from zhida.population.city.files.scene import Scene, Setting, read_sources
from zhida.population.city.files.sheets import Sheet
from zhida.population.city.kept import PartTruth
from zhida.population.writer import part_name

PIECES = ".pieces"
SHEETS: dict[str, Callable[[Scene], Sheet]] = {
    "hukou": police.hukou,
    "residents": police.residents,
    "marriages": police.marriages,
    "funerals": police.funerals,
    "disability": welfare.disability,
    "institutions": welfare.institutions,
    "justice": welfare.justice,
    "medical_conditions": welfare.medical_conditions,
    "medical_bills": welfare.medical_bills,
    "students": welfare.students,
    "child_welfare": welfare.child_welfare,
    "supporters": welfare.supporters,
    "work_injury": welfare.work_injury,
    "awards": welfare.awards,
    "employment": means.employment,
    "housing_fund": means.housing_fund,
    "pensions": means.pensions,
    "tax": means.tax,
    "real_estate": means.real_estate,
    "market": means.market,
    "vehicles": means.vehicles,
    "bank": means.bank,
}
"""How the rows of each source follow from the truth."""


@dataclass(frozen=True)
class FilesJob(Job):
    """``defects``: whether the rows have flaws."""

    defects: bool = True


class FilesWorker:
    """Writes the pieces of a part: truth chunk by chunk, then sheet after sheet."""

    def __init__(self, job: FilesJob) -> None:
        self.job = job
        self.worker = Worker(job)
        names, sources = load_names(job.plan.figures), read_sources(job.pack)
        self.setting = Setting(self.worker.model, sources, names, job.defects)

    def warm(self) -> None:
        self.worker.warm()

    def part(self, index: int) -> tuple[dict[Key, int], pa.Table]:
        """Rows by source and county, and the defects with rows counted in the part's pieces."""
        plan = self.job.plan
        folder = self.job.folder / PIECES / part_name(index)
        kept = None if self.job.truth is None else PartTruth(self.job.truth, index, self.worker.rules)
        flaws = []
        with PartPieces(folder) as pieces:
            for number in plan.parts[index]:
                truth, awards = self.worker.truth(number)
                scene = Scene(self.setting, plan.chunks[number], truth, awards)
                for id, make in SHEETS.items():
                    if id in self.setting.sources:
                        sheet, found = omit(scene, make(scene)), list[Defect]()
                        if self.job.defects:
                            sheet, found = spoil(scene, sheet)
                        flaws.append(_write(pieces, sheet, found, scene.keys))
                if kept is not None:
                    kept.add(truth, awards)
                    kept.put("identities", identities_of(scene))
        if kept is not None:
            kept.write()
        return pieces.rows, pa.concat_tables(flaws)


def identities_of(scene: Scene) -> pa.Table:
    """Numbers and names of everybody of the city; the dead with the day, second registrations so called."""
    keys, identities, extras = scene.keys, scene.identities, scene.extras
    at = np.arange(len(keys))
    second = scene.first_dead + len(extras.dead)
    died = np.zeros(len(keys), np.int32)
    died[scene.first_dead : second] = extras.died
    table = pa.table(
        {
            "person_key": pa.array(keys),
            "id_number": identities.number,
            "name": identities.name,
            "died": pa.array(died, pa.date32(), mask=died == 0),
            "second": pa.array(at >= second),
        }
    )
    return table.filter(pa.array(keys != -1))


def omit(scene: Scene, sheet: Sheet) -> Sheet:
    """Without the records that the register misses in some counties."""
    registers = sheet.source.registers
    flaws = scene.model.figures.get("registers.state").get(registers[0]) if registers else None
    missing = {str(k): float(v) for k, v in ((flaws or {}).get("incomplete") or {}).items()}
    if not missing:
        return sheet
    shares = np.array([missing.get(c.code[:6], 0.0) for c in scene.model.figures.counties])
    kept = scene.rng("omitted").random(len(sheet.person)) >= shares[sheet.county]
    return sheet.take(np.flatnonzero(kept))


def _write(pieces: PartPieces, sheet: Sheet, defects: list[Defect], keys: Array) -> pa.Table:
    """Writes the rows county by county; gives the defects with the rows that they have come to."""
    columns = [sheet.text(c.id) for c in sheet.source.columns]
    table = pa.Table.from_arrays(columns, names=[c.id for c in sheet.source.columns])
    order = np.argsort(sheet.county, kind="stable")
    county, person = sheet.county[order], keys[sheet.person[order]]
    table, row = table.take(order), np.empty(len(order), np.int64)
    for one in np.unique(county):
        key, (lo, hi) = (sheet.source.id, int(one)), np.searchsorted(county, [one, one + 1])
        row[order[lo:hi]] = pieces.rows.get(key, 0) + np.arange(hi - lo)
        pieces.write(key, table.slice(lo, hi - lo), person[lo:hi])
    at = np.array([d.row for d in defects], np.int64)
    return pa.table(
        {
            "source": pa.array([sheet.source.id] * len(at), pa.string()),
            "county": pa.array(sheet.county[at].astype(np.int64)),
            "row": pa.array(row[at]),
            "kind": pa.array([d.kind for d in defects], pa.string()),
            "column": pa.array([d.column for d in defects], pa.string()),
            "true": pa.array([d.true for d in defects], pa.string()),
            "person_key": pa.array(keys[sheet.person[at]]),
        }
    )
