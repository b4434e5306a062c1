"""What holds for every test: fixed seeds, a time budget per suite, and no silent skip.

A suite is the first folder under ``tests``. Its time is printed beside its budget; a suite over
budget is a line of warning, never a failed test, because the machine may be busy. A skipped test is
listed with its reason; where ``CI=true`` it fails the run unless ``allowed_skips.txt`` names it.
"""

from __future__ import annotations

import os
import random
from collections import defaultdict
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path

import hypothesis
import numpy as np
import pytest

SEED = 20250601
HERE = Path(__file__).resolve().parent
ALLOWED_SKIPS = HERE / "allowed_skips.txt"

# Seconds on two ordinary cores. A suite that is not here has DEFAULT_BUDGET.
BUDGETS = {
    "codes": 10,
    "rules": 180,
    "packs": 90,
    "population": 120,
    "scan": 180,
    "office": 240,
    "services": 180,
    "web": 120,
    "cli": 180,
    "project": 60,
}
DEFAULT_BUDGET = 60

# The same examples every time: a failure that is seen once is seen by everybody.
# HYPOTHESIS_PROFILE=explore looks for new ones.
hypothesis.settings.register_profile("fixed", derandomize=True, deadline=None, database=None, print_blob=True)
hypothesis.settings.register_profile("explore", derandomize=False, deadline=None, max_examples=1000)
hypothesis.settings.register_profile("soak", derandomize=False, deadline=None, max_examples=3000)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "fixed"))


@dataclass
class Record:
    """What one run has seen so far."""

    seconds: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    tests: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    skipped: dict[str, str] = field(default_factory=dict)


def suite_of(nodeid: str) -> str:
    """First folder under ``tests`` of a test's id; '(top)' for a file that lies in ``tests`` itself."""
    parts = nodeid.split("::")[0].split("/")
    if "tests" in parts:
        parts = parts[parts.index("tests") + 1 :]
    return parts[0] if len(parts) > 1 else "(top)"


def read_allowed(path: Path) -> dict[str, str]:
    """Pattern of test ids → reason, from lines ``pattern | reason``; a line without a reason is refused."""
    allowed: dict[str, str] = {}
    if not path.exists():
        return allowed
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        pattern, bar, reason = line.partition("|")
        if not bar or not pattern.strip() or not reason.strip():
            raise pytest.UsageError(
                f"{path.name}:{number}: write «pattern of test ids | reason», got {line!r}"
            )
        allowed[pattern.strip()] = reason.strip()
    return allowed


def is_allowed(nodeid: str, allowed: dict[str, str]) -> bool:
    return any(fnmatchcase(nodeid, pattern) for pattern in allowed)


def in_ci() -> bool:
    return os.environ.get("CI", "").lower() in ("1", "true", "yes")


@pytest.fixture(autouse=True)
def _fixed_seeds() -> None:
    """Every test starts from the same state of the two global generators."""
    random.seed(SEED)
    np.random.seed(SEED)


class Budgets:
    """Collects times and skips of one run and prints them at its end."""

    def __init__(self, allowed: dict[str, str]) -> None:
        self.record = Record()
        self.allowed = allowed

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        suite = suite_of(report.nodeid)
        self.record.seconds[suite] += report.duration
        if report.when == "call" or (report.when == "setup" and not report.passed):
            self.record.tests[suite] += 1
        if report.skipped and not hasattr(report, "wasxfail"):
            self.record.skipped[report.nodeid] = _reason(report)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.skipped:
            self.record.skipped[report.nodeid] = _reason(report)

    def forbidden_skips(self) -> list[str]:
        return [nodeid for nodeid in self.record.skipped if not is_allowed(nodeid, self.allowed)]

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        if in_ci() and self.forbidden_skips() and exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        write = terminalreporter.write_line
        if self.record.seconds:
            terminalreporter.section("time per suite: used / budget")
        for suite, used in sorted(self.record.seconds.items()):
            budget = BUDGETS.get(suite, DEFAULT_BUDGET)
            line = f"{suite:<12} {self.record.tests[suite]:5d} tests {used:8.1f} s / {budget} s"
            if used > budget:
                write(line + "   WARNING: over budget", yellow=True)
            else:
                write(line)
        if self.record.skipped:
            terminalreporter.section("skipped")
        for nodeid, reason in sorted(self.record.skipped.items()):
            known = is_allowed(nodeid, self.allowed)
            write(f"{'allowed' if known else 'NOT ALLOWED'}  {nodeid}: {reason}", yellow=not known)
        if in_ci() and self.forbidden_skips():
            write(f"CI: a skip that tests/{ALLOWED_SKIPS.name} does not name fails the run.", red=True)


def _reason(report: pytest.TestReport | pytest.CollectReport) -> str:
    where = report.longrepr
    text = where[2] if isinstance(where, tuple) else str(where)
    return text.removeprefix("Skipped: ")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--soak", action="store_true", help="the long form of tests marked soak (make soak)")


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("--soak"):
        hypothesis.settings.load_profile("soak")
    budgets = Budgets(read_allowed(ALLOWED_SKIPS))
    config.pluginmanager.register(budgets, "zhida-budgets")
