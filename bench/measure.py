"""Clocks and memory: medians over runs, private memory of a process and its children, the machine."""

from __future__ import annotations

import gc
import os
import platform
import threading
import time
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from statistics import median
from typing import Any

LIBRARIES = ("numpy", "numba", "llvmlite", "pyarrow", "OpenFisca-Core")


def timed(work: Callable[[], Any], runs: int, before: Callable[[], Any] | None = None) -> dict[str, Any]:
    """Wall and processor seconds of ``work(before())``: the median of ``runs``, and each run.

    Garbage is collected before each run, outside the clock.
    """
    wall, processor = [], []
    for _ in range(runs):
        given = before() if before is not None else None
        gc.collect()
        cpu, start = time.process_time(), time.perf_counter()
        work() if before is None else work(given)  # type: ignore[call-arg]
        wall.append(time.perf_counter() - start)
        processor.append(time.process_time() - cpu)
    return {"median": median(wall), "runs": [round(x, 5) for x in wall], "cpu_median": median(processor)}


class PrivateMemory:
    """Highest private memory (pages of no file) seen while open, of this process and its children, in bytes.

    Sampled every 20 ms from ``RssAnon``; pages of mapped files are not counted, the machine may drop them.
    """

    def __init__(self) -> None:
        self.peak = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> PrivateMemory:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        while True:
            self.peak = max(self.peak, sum(_anonymous(pid) for pid in _family(os.getpid())))
            if self._stop.wait(0.02):
                return


def _anonymous(pid: int) -> int:
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    line = next((x for x in status.splitlines() if x.startswith("RssAnon:")), "RssAnon: 0")
    return int(line.split()[1]) * 1024


def _family(pid: int) -> list[int]:
    found = [pid]
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            children = task.read_text().split()
        except OSError:
            continue
        for child in children:
            found += _family(int(child))
    return found


def machine() -> dict[str, Any]:
    """What the figures depend on."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        model = next(x.split(":", 1)[1].strip() for x in lines if x.startswith("model name"))
        memory = int(Path("/proc/meminfo").read_text().split()[1]) // 1024
    except (OSError, StopIteration):
        model, memory = platform.processor(), 0
    return {
        "cpu": model,
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "memory_mib": memory,
        "system": f"{platform.system()} {platform.release().split('-')[0]}",
        "python": platform.python_version(),
        **{name: _version(name) for name in LIBRARIES},
    }


def load() -> float:
    """Processes that want a core, averaged over the last minute."""
    return os.getloadavg()[0]


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "missing"
