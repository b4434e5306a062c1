"""``make bench``: one run, every figure with its target, ratios printed and written to bench/results.json.

    make bench                        all figures (about ten minutes on two cores, 5 GB of disk)
    make bench ARGS=--quick           small sizes, to see that it works; its figures say little
    make bench ARGS="--people 2000000 --skip-city"

Each measurement runs in a process of its own (bench/phases.py). What the figures mean: docs/bench.md.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from bench.figures import Figure, all_figures, table  # noqa: E402
from bench.measure import load, machine  # noqa: E402

RESULTS = ROOT / "bench" / "results.json"
FULL = 1.0
CITIES = (0.008, 0.08, FULL)
"""Shares of the full city that give about 0.1, 1 and 12.6 million residents."""


class Bench:
    """Runs phases one after the other and keeps what each said."""

    def __init__(self, work: Path, options: argparse.Namespace) -> None:
        self.work = work
        self.options = options
        self.found: dict[str, Any] = {"machine": machine(), "load_before": load()}

    def phase(
        self, name: str, key: str = "", cache: Path | None = None, **arguments: Any
    ) -> Mapping[str, Any]:
        """One phase in a new process; its answer is kept under ``key``. Ends the run where it fails."""
        key = key or name
        print(f"… {key}", flush=True)
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join((str(ROOT), str(ROOT / "src")))}
        if cache is not None:
            environment |= {"ZHIDA_CACHE": str(cache), "NUMBA_CACHE_DIR": str(cache / "numba")}
        command = [sys.executable, "-m", "bench.phases", name, *(f"{k}={v}" for k, v in arguments.items())]
        done = subprocess.run(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)
        if done.returncode:
            raise SystemExit(
                f"bench: phase {key} failed with exit code {done.returncode}; see the message above."
            )
        self.found[key] = json.loads(done.stdout.splitlines()[-1])
        return self.found[key]  # type: ignore[no-any-return]

    def comparison(self) -> None:
        """The same rules over the same people in both engines."""
        folder, runs, seed = self.work / "people", self.options.runs, self.options.seed
        few = self.work / "few"
        self.phase("prepare", folder=folder, count=self.options.people, seed=seed)
        self.phase("prepare_few", folder=few, seed=seed)
        cache = Path(tempfile.mkdtemp(dir=self.work, prefix="cache-"))
        self.phase("compiling", "compile_cold", cache, folder=few)
        self.phase("compiling", "compile_cached", cache, folder=few)
        self.phase("rows", folder=folder)
        for name in ("zhida", "openfisca"):
            self.phase(name, folder=folder, out=self.work / f"{name}.parquet", runs=runs)
        self.phase("same_results", left=self.work / "zhida.parquet", right=self.work / "openfisca.parquet")
        self.phase("unknowns", folder=folder, runs=runs, seed=seed)

    def city(self) -> None:
        """Cities of three sizes; all else on the largest."""
        options = self.options
        shares = CITIES[:1] if options.quick else CITIES
        for share in shares:
            name = f"city_{share}"
            folder, out = self.work / name, self.work / f"scan_{share}"
            self.phase("build_city", f"build_{share}", out=folder, fraction=share, seed=options.seed)
            self.phase("scan_city", f"scan_{share}", snapshot=folder, out=out, runs=3)
        arguments = {"snapshot": folder, "runs": 3}
        self.phase("kernel_city", f"kernel_{share}", **arguments)
        self.phase("floor_city", f"floor_{share}", results=out, out=self.work / "floor.parquet", **arguments)
        self.phase("reform_city", f"reform_{share}", **arguments)

    def run(self) -> None:
        self.comparison()
        if not self.options.skip_city:
            self.city()
        self.phase("explain", runs=20)
        self.found["load_after"] = load()


def main() -> int:
    options = _options()
    base = ROOT / "build"
    base.mkdir(exist_ok=True)
    home = options.work or base
    home.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix="bench-", dir=home))
    try:
        bench = Bench(work, options)
        bench.run()
    finally:
        if not options.keep:
            shutil.rmtree(work, ignore_errors=True)
    figures = all_figures(bench.found)
    print(table(bench.found, figures))
    RESULTS.write_text(
        json.dumps({"figures": [f.as_json() for f in figures], "measured": bench.found}, indent=1) + "\n"
    )
    print(f"written to {RESULTS.relative_to(ROOT)}" + (f"; files kept in {work}" if options.keep else ""))
    return _verdict(figures, options.strict)


def _verdict(figures: list[Figure], strict: bool) -> int:
    """1 where the two engines differ; with ``strict`` also where a target is missed."""
    wrong = any(f.name == "rows that differ" and not f.met for f in figures)
    return int(wrong or (strict and any(f.met is False for f in figures)))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--quick", action="store_true", help="100,000 people, the smallest city, few runs")
    size.add_argument("--full", action="store_true", help="everything; what happens without options, too")
    parser.add_argument("--people", type=int, default=0, help="people of the comparison [1,000,000]")
    parser.add_argument("--runs", type=int, default=0, help="runs of which the median counts [7; quick: 3]")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--skip-city", action="store_true", help="only the comparison with OpenFisca, and explain"
    )
    parser.add_argument("--strict", action="store_true", help="exit 1 where a target is missed")
    parser.add_argument("--work", type=Path, help="folder for what is built [build]")
    parser.add_argument("--keep", action="store_true", help="leave what was built")
    options = parser.parse_args()
    options.people = options.people or (100_000 if options.quick else 1_000_000)
    options.runs = options.runs or (3 if options.quick else 7)
    if options.people < 100 or options.runs < 1:
        parser.error("--people must be 100 or more, --runs 1 or more")
    return options


if __name__ == "__main__":
    sys.exit(main())
