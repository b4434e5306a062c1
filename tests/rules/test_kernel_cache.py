"""Compiling is what costs: a kernel that was compiled once is found again by the next process."""

from __future__ import annotations

import inspect
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from rules.tiny import fields, write
from zhida.rules.kernel.plan import Form
from zhida.rules.kernel.run import Kernel, cache_folder, load_module
from zhida.rules.loading import load_pack
from zhida.rules.program.build import build_program

ROOT = Path(__file__).parents[2]
BENEFIT = """\
id: help
name: 帮助
unit: person
kind: standing
award: false
says: 例
legal: [{source: L1}]
conditions: [{id: c, says: 例, formula: n > 1, source: L1}]
"""
PROGRAM = """\
import json, sys
from pathlib import Path
import numpy as np
from zhida.rules.loading import load_pack
from zhida.rules.program.build import build_program
from zhida.rules.kernel.plan import Form
from zhida.rules.kernel.run import Keep, Kernel, Places, Table

pack = load_pack(Path(sys.argv[1]))
kernel = Kernel(build_program(pack, 2024 * 12), Form((("n", "known"),)))
rows = np.arange(4, dtype=np.int32)
ones, zeros = np.ones(4, np.int32), np.zeros(4, np.int32)
table = Table(rows, ones, rows, zeros, zeros, {"c_n": np.arange(4)})
places = Places((pack.root,), np.zeros((2, 1), np.uint8))
found = kernel.run(table, places, kernel.parameters(places, 2024 * 12), Keep.ALL)["help"]
stats = [f.stats for f in kernel.functions]
print(json.dumps({
    "answers": [int(c) & 7 for c in found[1]],
    "hits": sum(sum(s.cache_hits.values()) for s in stats),
    "misses": sum(sum(s.cache_misses.values()) for s in stats),
    "file": kernel.module.__file__,
}))
"""


def ran(pack: Path, **environment: str) -> dict[str, object]:
    """The program in a process of its own; what it printed."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(pack)],
        env=os.environ | {"PYTHONPATH": str(ROOT / "src")} | environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert not done.stderr, done.stderr
    found = json.loads(done.stdout)
    assert isinstance(found, dict)
    return found


@pytest.fixture(scope="module")
def pack(tmp_path_factory: pytest.TempPathFactory) -> Path:
    files = {"fields/a.yaml": fields("n person int min: 0, max: 9"), "benefits/help.yaml": BENEFIT}
    return write(tmp_path_factory.mktemp("pack"), files)


def test_a_second_process_compiles_nothing(pack: Path, tmp_path: Path) -> None:
    first = ran(pack, ZHIDA_CACHE=str(tmp_path))
    assert first["answers"] == [2, 2, 1, 1]
    assert first["misses"]
    assert not first["hits"]
    assert Path(str(first["file"])).parent == tmp_path / "kernels"
    before = sorted(p.name for p in (tmp_path / "kernels").rglob("*"))
    second = ran(pack, ZHIDA_CACHE=str(tmp_path))
    assert second["answers"] == first["answers"]
    assert second["hits"] == first["misses"]
    assert not second["misses"]
    assert sorted(p.name for p in (tmp_path / "kernels").rglob("*")) == before


def test_where_the_cache_cannot_be_written_it_still_runs(pack: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    found = ran(pack, ZHIDA_CACHE=str(tmp_path / "file"))
    assert found["answers"] == [2, 2, 1, 1]
    assert found["misses"]
    assert (tmp_path / "file").read_text() == "in the way"


def test_a_doctored_source_in_the_cache_is_not_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file is named by its content; what differs from it is written anew."""
    monkeypatch.setenv("ZHIDA_CACHE", str(tmp_path))
    text = "VALUE = 41\n"
    module = load_module(text, compiled=False)
    assert module.VALUE == 41
    path = Path(str(module.__file__))
    path.write_text("VALUE = 0\n")
    sys.modules.pop(module.__name__)
    assert load_module(text, compiled=False).VALUE == 41
    assert path.read_text() == text


def test_other_helpers_make_another_source(pack: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is compiled holds the helpers' code, too: it may not outlive a change of them."""
    program = build_program(load_pack(pack), 2024 * 12)
    form = Form((("n", "known"),))
    before = Kernel(program, form, compiled=False).source.text
    assert Kernel(program, form, compiled=False).source.text == before
    source = inspect.getsource
    monkeypatch.setattr(inspect, "getsource", lambda module: source(module) + "# changed")
    assert Kernel(program, form, compiled=False).source.text != before


def test_the_folder_follows_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZHIDA_CACHE", str(tmp_path / "own"))
    assert cache_folder() == tmp_path / "own" / "kernels"
    monkeypatch.delenv("ZHIDA_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert cache_folder() == tmp_path / "xdg" / "zhida" / "kernels"
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert cache_folder() == Path.home() / ".cache" / "zhida" / "kernels"
