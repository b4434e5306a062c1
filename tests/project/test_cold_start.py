"""``zhida --help`` answers at once: it loads none of the heavy libraries."""

from __future__ import annotations

import subprocess
import sys

from project.repo import ROOT

HEAVY = ("numba", "llvmlite", "pyarrow", "numpy", "chinese_calendar", "yaml", "duckdb")
PROGRAM = f"""
import sys
sys.argv = ["zhida", "--help"]
from zhida.cli.main import app
try:
    app()
except SystemExit as end:
    assert not end.code, end.code
print("LOADED", [name for name in {HEAVY!r} if name in sys.modules])
"""


def test_help_loads_nothing_heavy() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], cwd=ROOT, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.rstrip().endswith("LOADED []"), done.stdout[-300:]
    assert "Usage" in done.stdout
