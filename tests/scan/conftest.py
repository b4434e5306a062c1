"""Random snapshots of the teaching pack, scanned once for many tests; the kernel is not compiled."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from scan.town import write_town
from zhida.population.store import Snapshot
from zhida.rules.declarations import Pack
from zhida.rules.loading import find_pack, load_pack
from zhida.rules.timing import Review
from zhida.scan.loaded import Loaded
from zhida.scan.scan import ScanResult, scan

MONTH = 2025 * 12 + 5


@pytest.fixture(scope="session")
def pack() -> Pack:
    """The teaching pack, with reviews of every benefit that is awarded."""
    pack = load_pack(find_pack("taoyuan"))
    review = Review(24, 300_00, pack.age_citation)
    benefits = {b.id: replace(b, review=review if b.award else None) for b in pack.benefits.values()}
    return replace(pack, benefits=benefits)


@pytest.fixture(scope="session")
def town(pack: Pack, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("town") / "s"
    write_town(path, pack, MONTH, seed=3, parts=3, homes=120, missing=0.25)
    return path


@pytest.fixture(scope="session")
def loaded(pack: Pack, town: Path) -> Loaded:
    return Loaded.open(Snapshot.open(town, pack), pack, compiled=False)


@pytest.fixture(scope="session")
def result(loaded: Loaded, tmp_path_factory: pytest.TempPathFactory) -> ScanResult:
    return scan(loaded, out=tmp_path_factory.mktemp("out") / "r", csv=True)
