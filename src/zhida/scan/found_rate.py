"""How well the lists find people, where the truth is known: precision and recall by benefit.

A lead is right if its unit is truly entitled and doesn't receive; so is an entry to verify. A review is
right if the unit receives and, with everything known, should be looked at again by the same review rules.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from zhida.codes.months import format_month
from zhida.codes.sealing import Keyring
from zhida.population.city.kept import KEPT, kept_manifest, read_kept
from zhida.population.errors import SnapshotError
from zhida.population.identity.store import IdentityStore
from zhida.population.store import Snapshot
from zhida.rules.declarations import Benefit, Pack
from zhida.rules.timing import review_in
from zhida.scan.loaded import Loaded
from zhida.scan.scan import scan
from zhida.scan.whose import Whose, whose
from zhida.scan.withheld import registers_told, withheld

Array = NDArray[Any]
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Counts:
    """Units of a benefit, or of all together. ``missed``: entitled and not receiving; ``due``: receiving, and
    to be looked at again. ``…_right``: those of the list that belong there."""

    missed: int = 0
    lead: int = 0
    lead_right: int = 0
    verify: int = 0
    verify_right: int = 0
    due: int = 0
    review: int = 0
    review_right: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(*(getattr(self, n) + getattr(other, n) for n in self.__slots__))

    def rates(self) -> dict[str, float | None]:
        """Shares of 1; None where there is nothing to divide by."""

        def share(part: int, whole: int) -> float | None:
            return part / whole if whole else None

        return {
            "lead_precision": share(self.lead_right, self.lead),
            "lead_recall": share(self.lead_right, self.missed),
            "verify_precision": share(self.verify_right, self.verify),
            "recall_with_verify": share(self.lead_right + self.verify_right, self.missed),
            "review_precision": share(self.review_right, self.review),
            "review_recall": share(self.review_right, self.due),
        }

    def as_json(self) -> dict[str, Any]:
        told = {n: getattr(self, n) for n in self.__slots__}
        return told | {k: None if v is None else round(v, 4) for k, v in self.rates().items()}


@dataclass(frozen=True, slots=True)
class Truth:
    """Of one benefit, ascending keys of units: who misses out, and whose award is to be looked at."""

    missed: Array
    due: Array


def read_truth(folder: Path, snapshot: Snapshot, pack: Pack, imported: bool = False) -> dict[str, Truth]:
    """The truth behind a direct build, by standing benefit. Raises SnapshotError where it is another's."""
    told = kept_manifest(folder)
    if told["files"] and not imported:
        raise SnapshotError(
            f"{folder} is the truth of files. Keys of a snapshot that is imported from them are others: "
            "name its identity store, or compare with the truth of a direct build."
        )
    same = ("pack", "month") if imported else ("pack", "seed", "fraction", "month")
    own = {k: snapshot.manifest[k] for k in same}
    if {k: told[k] for k in own} != own:
        raise SnapshotError(
            f"{folder / KEPT} is of another city than {snapshot.path}: pack, seed, fraction or month differ. "
            "Name the truth that was written with it."
        )
    table = read_kept(folder, "entitled")
    names = table["benefit"].cast(pa.string()).to_numpy(zero_copy_only=False)
    columns = {n: table[n].to_numpy() for n in table.column_names if n not in ("benefit",)}
    found = {}
    for benefit in pack.benefits.values():
        if benefit.kind == "standing" and benefit.id in snapshot.contract.benefits:
            mine = names == benefit.id
            found[benefit.id] = _of(benefit, {k: v[mine] for k, v in columns.items()}, snapshot.month)
    return found


def _of(benefit: Benefit, rows: Mapping[str, Array], month: int) -> Truth:
    entitled, receives, keys = rows["entitled"], rows["receives"], rows["unit_key"]
    beyond = np.abs(rows["amount"] - rows["award"])
    gone, differs = receives & ~entitled, receives & entitled & (beyond > 0)
    early, over = np.zeros(len(keys), bool), receives & rows["over"]
    review = review_in(benefit, month)
    if review is not None:
        slight = (gone & rows["near"]) | (differs & (beyond < review.clear_change))
        early = slight & rows["early"] & ~over
    return Truth(np.unique(keys[entitled & ~receives]), np.unique(keys[(gone | differs | over) & ~early]))


def compare(results: Path, truth: Mapping[str, Truth], who: Whose | None = None) -> dict[str, Counts]:
    """The entries of a scan (``results.parquet``) held against the truth, by benefit. ``who``: whom keys
    stand for where they are not those of the truth. An entry that repeats a right one is not right."""
    columns = ["benefit", "list", "unit_key", *(("unit", "person_key") if who is not None else ())]
    table = pq.read_table(results, columns=columns)
    benefit, listed = (table[n].cast(pa.string()).to_numpy(zero_copy_only=False) for n in ("benefit", "list"))
    keys = table["unit_key"].to_numpy()
    if who is not None:
        unit = table["unit"].cast(pa.string()).to_numpy(zero_copy_only=False)
        keys = who.units(unit, table["person_key"].to_numpy())
    found = {}
    for name, true in truth.items():
        mine = benefit == name
        counts = {"missed": len(true.missed), "due": len(true.due)}
        for word, right in (("lead", true.missed), ("verify", true.missed), ("review", true.due)):
            units = keys[mine & (listed == word)]
            counts |= {word: len(units), f"{word}_right": int(np.isin(np.unique(units), right).sum())}
        found[name] = Counts(**counts)
    return found


@dataclass(frozen=True, slots=True)
class FoundRate:
    """``without``: for each register, what the lists find where it is missing."""

    pack: Pack
    snapshot: Snapshot
    benefits: Mapping[str, Counts]
    without: Mapping[str, Counts]

    @property
    def total(self) -> Counts:
        return sum(self.benefits.values(), Counts())

    def as_json(self) -> dict[str, Any]:
        return {
            "snapshot_id": self.snapshot.id,
            "pack": self.pack.id,
            "month": format_month(self.snapshot.month),
            "persons": self.snapshot.counts["persons"],
            "synthetic": True,
            "total": self.total.as_json(),
            "benefits": [
                {"benefit": b, "name": self.pack.benefits[b].name} | c.as_json()
                for b, c in self.benefits.items()
            ],
            "without": [
                {"register": r, "name": self.pack.registers[r].name} | c.as_json()
                for r, c in self.without.items()
            ],
        }


def found_rate(
    snapshot: Path,
    pack: Pack,
    truth: Path,
    *,
    results: Path | None = None,
    identities: tuple[IdentityStore, Keyring] | None = None,
    each: bool = False,
    threads: int = 2,
    progress: Progress | None = None,
    compiled: bool = True,
) -> FoundRate:
    """Holds the lists of a synthetic city against its truth. ``results``: of a scan that is done already.
    ``identities``: of a snapshot that is imported from files, whose truth is that of the files.
    ``each``: also with each register missing in turn. Raises SnapshotError, PackError."""
    opened = Snapshot.open(snapshot, pack)
    true = read_truth(truth, opened, pack, imported=identities is not None)
    who = None if identities is None else whose(*identities, truth)
    missing = registers_told(opened, pack) if each else []
    steps = len(missing) + (results is None)
    with tempfile.TemporaryDirectory(prefix="zhida-found-") as place:

        def run(seen: Snapshot, step: int) -> dict[str, Counts]:
            out = Path(place) / str(step)
            scan(Loaded.open(seen, pack, compiled=compiled), threads, out=out, report=False)
            if progress is not None:
                progress(step, steps)
            return compare(out / "results.parquet", true, who)

        benefits = compare(results, true, who) if results is not None else run(opened, 1)
        first = steps - len(missing) + 1
        without = {
            r: sum(run(withheld(opened, pack, [r]), first + i).values(), Counts())
            for i, r in enumerate(missing)
        }
    return FoundRate(pack, opened, benefits, without)
