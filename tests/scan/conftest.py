"""Random snapshots of the teaching pack, scanned once for many tests; the kernel is not compiled."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from scan.town import write_town
from zhida.population.store import Snapshot
from zhida.rules.declarations import Pack
from zhida.rules.loading import find_pack, load_pack
from zhida.scan.loaded import Loaded
from zhida.scan.scan import ScanResult, scan

MONTH = 2025 * 12 + 5


@pytest.fixture(scope="session")
def pack(tmp_path_factory: pytest.TempPathFactory) -> Pack:
    """The teaching pack, with reviews of every benefit that is awarded; of one, validity ends."""
    folder = tmp_path_factory.mktemp("pack") / "taoyuan"
    shutil.copytree(find_pack("taoyuan"), folder)
    for file in (folder / "benefits").iterdir():
        text = re.sub(r"^review: .*\n", "", file.read_text(encoding="utf-8"), flags=re.M)
        if re.search(r"^award: true", text, re.M):
            valid = ", valid_months: 20" if file.stem == "wubao" else ""
            more = f"\nreview: {{every_months: 24, clear_change: 300{valid}, source: T1, article: 第九条}}\n"
            file.write_text(text + more, encoding="utf-8")
    return load_pack(folder)


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
