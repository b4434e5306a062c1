"""``tests/conftest.py`` itself: budgets warn, skips are listed and fail in CI, seeds are fixed."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from project.repo import ROOT


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    """A folder ``tests`` of its own with the project's conftest and one suite ``tests/small``."""
    tests = tmp_path / "tests"
    (tests / "small").mkdir(parents=True)
    shutil.copy(ROOT / "tests" / "conftest.py", tests)
    (tmp_path / "pytest.ini").write_text("[pytest]\ntestpaths = tests\n", encoding="utf-8")
    return tests


def run(tests: Path, ci: str = "") -> subprocess.CompletedProcess[str]:
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("PYTEST", "HYPOTHESIS"))}
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"],
        cwd=tests.parent,
        env=environment | {"CI": ci},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def write(tests: Path, text: str) -> None:
    (tests / "small" / "test_it.py").write_text(text, encoding="utf-8")


SKIP = "import pytest\n\ndef test_a():\n    pass\n\ndef test_b():\n    pytest.skip('no moon')\n"
MODULE_SKIP = "import pytest\npytest.skip('no sun', allow_module_level=True)\n"


def test_time_is_printed_beside_the_budget(suite: Path) -> None:
    write(suite, "def test_a():\n    pass\n")
    done = run(suite, ci="true")
    assert done.returncode == 0, done.stdout
    assert re.search(r"^small {12}1 tests {6}\d\.\d s / 60 s$", done.stdout, re.MULTILINE)
    assert "WARNING" not in done.stdout


def test_over_budget_warns_and_passes(suite: Path) -> None:
    conftest = suite / "conftest.py"
    text = conftest.read_text(encoding="utf-8")
    assert "DEFAULT_BUDGET = 60" in text
    conftest.write_text(text.replace("DEFAULT_BUDGET = 60", "DEFAULT_BUDGET = 0"), encoding="utf-8")
    write(suite, "import time\n\ndef test_a():\n    time.sleep(0.06)\n")
    done = run(suite, ci="true")
    assert done.returncode == 0, done.stdout
    assert "WARNING: over budget" in done.stdout


@pytest.mark.parametrize(("text", "reason"), [(SKIP, "no moon"), (MODULE_SKIP, "no sun")])
@pytest.mark.parametrize("ci", ["", "true"])
def test_a_skip_is_listed_and_fails_only_in_ci(suite: Path, text: str, reason: str, ci: str) -> None:
    write(suite, text)
    # Beside a skipped module something must pass, or pytest itself says that nothing ran.
    (suite / "small" / "test_other.py").write_text("def test_c():\n    pass\n", encoding="utf-8")
    done = run(suite, ci)
    assert f"NOT ALLOWED  tests/small/test_it.py{'::test_b' if text == SKIP else ''}: {reason}" in done.stdout
    assert done.returncode == (1 if ci else 0)


def test_an_allowed_skip_passes_in_ci(suite: Path) -> None:
    write(suite, SKIP)
    (suite / "allowed_skips.txt").write_text(
        "tests/small/test_it.py::* | the moon is far\n", encoding="utf-8"
    )
    done = run(suite, ci="true")
    assert done.returncode == 0, done.stdout
    assert "allowed  tests/small/test_it.py::test_b: no moon" in done.stdout


def test_an_allowance_needs_a_reason(suite: Path) -> None:
    write(suite, SKIP)
    (suite / "allowed_skips.txt").write_text("tests/small/test_it.py::*\n", encoding="utf-8")
    done = run(suite)
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert "allowed_skips.txt:1: write «pattern of test ids | reason»" in done.stdout + done.stderr


def test_random_numbers_are_the_same_in_every_test(suite: Path) -> None:
    write(
        suite,
        "import random\nimport numpy as np\nseen = []\n"
        "def test_a():\n    seen.append((random.random(), np.random.rand()))\n"
        "def test_b():\n    test_a()\n    assert seen[0] == seen[1]\n",
    )
    assert run(suite).returncode == 0


def test_hypothesis_tries_the_same_examples_each_run(suite: Path) -> None:
    write(
        suite,
        "from hypothesis import given, strategies as st\nseen = []\n"
        "@given(st.integers())\ndef test_a(n):\n    seen.append(n)\n"
        "def test_b():\n    open('seen.txt', 'a').write(repr(seen) + '\\n')\n",
    )
    assert run(suite).returncode == 0
    assert run(suite).returncode == 0
    first, second = (suite.parent / "seen.txt").read_text(encoding="utf-8").splitlines()
    assert first == second
    assert len(first) > 100
