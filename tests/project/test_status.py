"""Each row of ``docs/status.md`` points to something that is there.

Kinds and their pointers: ``test`` a file or ``file::test``; ``page`` a file, with ``#heading`` if wanted;
``figure`` ``bench:name``, a name that the bench writes; ``command`` a command of ``make`` or ``zhida``.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from project.repo import ROOT, table, text_of

STATUS = ROOT / "docs" / "status.md"


def rows() -> list[tuple[str, str, str]]:
    """(claim, kind, pointer); several pointers of one row are separated by commas."""
    return [
        (claim, kind, pointer.strip("` "))
        for claim, kind, pointers in table(STATUS, 3)
        for pointer in pointers.split(",")
    ]


def problem(kind: str, pointer: str, root: Path = ROOT) -> str:
    """What is wrong with a pointer; '' if it points to something."""
    if kind == "test":
        return _test_problem(pointer, root)
    if kind == "page":
        return _page_problem(pointer, root)
    if kind == "figure":
        return _figure_problem(pointer, root)
    if kind == "command":
        return _command_problem(pointer, root)
    return f"kind is {kind!r}; use test, page, figure or command"


def _test_problem(pointer: str, root: Path) -> str:
    name, *parts = pointer.split("::")
    path = root / name
    if not name.startswith("tests/") or not path.exists():
        return f"there is no {name}"
    if path.is_dir():
        return "" if not parts and any(path.glob("test_*.py")) else f"{name} holds no such test"
    body: list[ast.stmt] = ast.parse(text_of(path)).body
    for part in parts:
        for node in body:
            if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name == part:
                body = node.body
                break
        else:
            return f"{name} has no {part}"
    return ""


def _page_problem(pointer: str, root: Path) -> str:
    name, _, anchor = pointer.partition("#")
    path = root / name
    if not path.is_file():
        return f"there is no {name}"
    headings = {
        re.sub(r"[^\w\- ]", "", line.lstrip("# ").lower()).strip().replace(" ", "-")
        for line in text_of(path).splitlines()
        if line.startswith("#")
    }
    return "" if not anchor or anchor in headings else f"{name} has no heading #{anchor}"


def _figure_problem(pointer: str, root: Path) -> str:
    scheme, _, name = pointer.partition(":")
    if scheme != "bench" or not name:
        return "write bench:name"
    word = re.compile(rf"(?<!\w){re.escape(name)}(?!\w)")
    if any(word.search(text_of(path)) for path in (root / "bench").glob("**/*.py")):
        return ""
    return f"nothing under bench/ writes {name}"


def _command_problem(pointer: str, root: Path) -> str:
    tool, *words = pointer.split()
    if tool == "make" and len(words) == 1:
        found = re.search(rf"^{re.escape(words[0])}:", text_of(root / "Makefile"), re.MULTILINE)
        return "" if found else f"make knows no {words[0]}"
    if tool == "zhida":
        return _zhida_problem(words)
    return "write `make target` or `zhida command`"


def _zhida_problem(words: list[str]) -> str:
    import click
    import typer.main

    from zhida.cli.main import app

    command: object = typer.main.get_command(app)
    for word in words:
        if word.startswith("-"):
            break
        command = getattr(command, "commands", {}).get(word)
        if command is None:
            return f"zhida knows no {' '.join(words)}"
    assert isinstance(command, click.Command) or hasattr(command, "name")
    return ""


def test_every_row_points_to_something() -> None:
    assert rows(), "docs/status.md has no rows"
    wrong = [f"{claim}: {problem(kind, at)}" for claim, kind, at in rows() if problem(kind, at)]
    assert not wrong, "docs/status.md points to nothing:\n" + "\n".join(wrong)


def test_the_threat_model_points_to_tests_that_are_there() -> None:
    pointers = re.findall(r"`(tests/[^`]+)`", text_of(ROOT / "docs" / "threat-model.md"))
    assert len(pointers) > 10
    assert not [problem("test", one) for one in pointers if problem("test", one)]


@pytest.mark.parametrize(
    ("kind", "pointer"),
    [
        ("test", "tests/a/test_none.py"),
        ("test", "tests/a/test_x.py::test_missing"),
        ("page", "docs/none.md"),
        ("page", "docs/x.md#not-there"),
        ("figure", "bench:speed"),
        ("figure", "results.json"),
        ("command", "make nothing"),
        ("command", "rm x"),
        ("hope", "tests/a/test_x.py"),
    ],
)
def test_a_pointer_to_nothing_is_found(kind: str, pointer: str, tmp_path: Path) -> None:
    _small_repo(tmp_path)
    assert problem(kind, pointer, tmp_path)


@pytest.mark.parametrize(
    ("kind", "pointer"),
    [
        ("test", "tests/a/test_x.py::test_it"),
        ("test", "tests/a"),
        ("page", "docs/x.md#two-words"),
        ("figure", "bench:ratio"),
        ("command", "make all"),
    ],
)
def test_a_pointer_to_something_is_accepted(kind: str, pointer: str, tmp_path: Path) -> None:
    _small_repo(tmp_path)
    assert problem(kind, pointer, tmp_path) == ""


def _small_repo(root: Path) -> None:
    for name, text in {
        "tests/a/test_x.py": "def test_it():\n    pass\n",
        "docs/x.md": "# Two words\n",
        "bench/run.py": "print('ratio')\n",
        "Makefile": "all:\n\ttrue\n",
    }.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
