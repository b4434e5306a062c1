"""What no file of the project may hold, and how long a file may be."""

from __future__ import annotations

import re

import pytest

from project.repo import ROOT, SOURCE, files, name_of, text_of

LONGEST = 400
# Files under src that may be longer, with the reason.
LONG = {
    "src/zhida/rules/formulas/language.py": "one visitor: each kind of expression that formulas may hold",
    "src/zhida/rules/kernel/operations.py": "one short method for each operation of the intermediate form",
}

# Put together from parts, so that this file does not find itself.
MACHINE_PATH = re.compile(
    r"(?<![\w.:/-])/(?:"
    + "|".join(["work", "root", "home/" + r"\w+", "Users/" + r"\w+", "opt/" + "pypi"])
    + ")/"
)
REGISTRY = re.compile(
    "|".join(
        [
            "py" + r"pi\.(?:org|tuna|doubanio|douban)",
            "python" + r"hosted\.org",
            "mirrors?" + r"\.\w+\.(?:com|cn|edu)",
            "index-" + "url",
        ]
    )
)


def hits(pattern: re.Pattern[str]) -> list[str]:
    return [
        f"{name_of(path)}:{number}: {hit.group()}"
        for path in files()
        for number, line in enumerate(text_of(path).splitlines(), start=1)
        if (hit := pattern.search(line))
    ]


def test_no_file_names_a_path_of_one_machine() -> None:
    assert not hits(MACHINE_PATH)


def test_no_file_names_a_package_registry() -> None:
    assert not hits(REGISTRY)


@pytest.mark.parametrize(
    ("pattern", "text", "found"),
    [
        (MACHINE_PATH, "open('/ro" + "ot/x')", True),
        (MACHINE_PATH, "cd /ho" + "me/anna/zhida", True),
        (MACHINE_PATH, "docs/home/x", False),
        (MACHINE_PATH, "https://example.org/work/", False),
        (REGISTRY, "--index" + "-url=x", True),
        (REGISTRY, "https://py" + "pi.org/simple", True),
        (REGISTRY, "https://github.com/x/y", False),
    ],
)
def test_the_patterns_find_what_they_should(pattern: re.Pattern[str], text: str, found: bool) -> None:
    assert bool(pattern.search(text)) is found


def test_only_tests_read_the_folder_of_facts() -> None:
    """What is given beside the checkout is for tests to compare with; the product has it in its packs."""
    outside = re.compile(r"\.\./" + "shared|/" + "shared/facts")
    found = [hit for hit in hits(outside) if not hit.startswith("tests/")]
    assert not found


def test_files_fit_the_head() -> None:
    lengths = {
        name_of(path): text_of(path).count("\n")
        for path in files()
        if path.suffix == ".py" and SOURCE in path.parents
    }
    long = {name: lines for name, lines in lengths.items() if lines > LONGEST}
    assert long.keys() <= LONG.keys(), f"over {LONGEST} lines: {long}"
    assert LONG.keys() <= lengths.keys(), "a file that may be long is no longer there"


def test_no_code_stands_in_a_pack() -> None:
    code = [
        name_of(path)
        for path in files()
        if SOURCE / "packs" in path.parents and path.suffix in (".py", ".so")
    ]
    assert not code


def test_shell_and_continuous_integration_can_be_run() -> None:
    for name in (".ci/run", "tools/setup.sh"):
        path = ROOT / name
        assert path.stat().st_mode & 0o111, f"{name} is not executable"
        assert text_of(path).startswith("#!")
