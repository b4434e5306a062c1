"""The marked examples of the docs are executed.

A fenced block is an example if the line before it is a mark:

``<!-- test -->``
    a ``python`` block: all of a page run in one namespace, in order;
    a ``console`` block: each ``$ command`` runs in bash, and what it prints must be the lines below it
    (``...`` stands for anything; no lines: not compared)
``<!-- test: exit 2 -->``
    the same, and the commands end with that exit code
``<!-- test: file a/b.yaml -->``
    the block is written to that file; a later mark of the same name replaces it
``<!-- test: add a/b.yaml -->``
    the block is put at the file's end

All blocks of a page share one empty folder and run in it, with the ``zhida`` and ``python`` of the tests.
"""

from __future__ import annotations

import doctest
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from project.repo import ROOT, markdown, name_of, text_of

MARK = re.compile(
    r"^<!-- test(?:: (?P<what>exit|file|add) (?P<arg>[\w./-]+))? -->\n"
    r"(?P<fence>`{3,})(?P<language>\w*)\n(?P<body>.*?)^(?P=fence)$",
    re.MULTILINE | re.DOTALL,
)
SECONDS = 120  # for one command


@dataclass(frozen=True)
class Example:
    """A marked block: where its first line stands, its language and text, what the mark says."""

    line: int
    language: str
    body: str
    what: str
    arg: str


def examples(text: str) -> list[Example]:
    return [
        Example(
            line=text.count("\n", 0, hit.start("body")) + 1,
            language=hit["language"],
            body=hit["body"],
            what=hit["what"] or "",
            arg=hit["arg"] or "",
        )
        for hit in MARK.finditer(text)
    ]


def commands(body: str) -> list[tuple[str, str]]:
    """(command, expected output) of a console block; a command ends in ``\\`` where it goes on below."""
    found: list[tuple[str, str]] = []
    going_on = False
    for line in body.splitlines():
        if line.startswith("$ "):
            found.append((line[2:], ""))
        elif going_on:
            found[-1] = (found[-1][0] + "\n" + line.removeprefix("> "), "")
        else:
            assert found, f"output before any command: {line!r}"
            found[-1] = (found[-1][0], found[-1][1] + line + "\n")
        going_on = line.endswith("\\") and found[-1][1] == ""
    return found


def same(expected: str, printed: str) -> bool:
    """Equal but for blanks at the ends of lines and where ``...`` stands."""

    def clean(text: str) -> str:
        return "\n".join(line.rstrip() for line in text.strip().splitlines()) + "\n"

    return doctest.OutputChecker().check_output(clean(expected), clean(printed), doctest.ELLIPSIS)


def run(example: Example, folder: Path, namespace: dict[str, object], where: str) -> None:
    if example.what in ("file", "add"):
        path = folder / example.arg
        assert path.resolve().is_relative_to(folder.resolve()), f"{where}: {example.arg} leaves the folder"
        path.parent.mkdir(parents=True, exist_ok=True)
        before = path.read_text(encoding="utf-8") if example.what == "add" else ""
        path.write_text(before + example.body, encoding="utf-8")
    elif example.language == "python":
        padded = "\n" * (example.line - 1) + example.body
        exec(compile(padded, where.split(":")[0], "exec"), namespace)
    elif example.language == "console":
        wanted = int(example.arg) if example.what == "exit" else 0
        for command, expected in commands(example.body):
            code, printed = shell(command, folder)
            assert code == wanted, f"{where}: `{command}` ended with {code}, not {wanted}:\n{printed}"
            assert not expected or same(expected, printed), (
                f"{where}: `{command}` printed\n{printed}\nnot\n{expected}"
            )
    else:
        pytest.fail(
            f"{where}: a marked block must be python, console, or say `file`; not {example.language!r}"
        )


def shell(command: str, folder: Path) -> tuple[int, str]:
    """Exit code of a command and all that it printed, as on a terminal of 100 columns without colour."""
    environment = os.environ | {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT / "src"),
        "COLUMNS": "100",
        "NO_COLOR": "1",
        "TERM": "dumb",
        "PYTHONUTF8": "1",
    }
    done = subprocess.run(
        ["bash", "-c", command],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        timeout=SECONDS,
        check=False,
    )
    return done.returncode, done.stdout


def run_all(text: str, folder: Path, namespace: dict[str, object], page: str = "sample") -> None:
    for example in examples(text):
        run(example, folder, namespace, f"{page}:{example.line}")


PAGES = [name_of(path) for path in markdown() if examples(text_of(path))]


def test_the_docs_hold_examples() -> None:
    assert PAGES


@pytest.mark.parametrize("page", PAGES)
def test_the_examples_of_a_page_work(page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    namespace: dict[str, object] = {"__name__": "example"}
    run_all(text_of(ROOT / page), tmp_path, namespace, page)


@pytest.mark.parametrize("page", [name_of(path) for path in markdown()])
def test_no_mark_is_lost(page: str) -> None:
    """A mark that no block follows, or that is written otherwise, would silently test nothing."""
    text = text_of(ROOT / page)
    outside = re.sub(r"^(`{3,}).*?^\1$", "", text, flags=re.MULTILINE | re.DOTALL)
    assert len(re.findall(r"^\s*<!--\s*test", outside, re.MULTILINE)) == len(examples(text))


SAMPLE = """\
<!-- test: file a/x.txt -->
```text
one
```
<!-- test -->
```python
assert open("a/x.txt").read() == "one\\n"
n = 41
```
<!-- test -->
```console
$ cat a/x.txt
one
$ echo first; \\
  echo second
fi...
second
```
<!-- test: exit 3 -->
```console
$ exit 3
```
<!-- test -->
```python
assert n + 1 == 42
```
"""


def test_a_page_of_all_kinds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    namespace: dict[str, object] = {}
    assert len(examples(SAMPLE)) == 5
    run_all(SAMPLE, tmp_path, namespace)


@pytest.mark.parametrize(
    ("old", "new"),
    [("fi...", "third"), ("exit 3 -->", "exit 2 -->"), ("n + 1 == 42", "n == 42"), ("$ cat a", "$ cat b")],
)
def test_a_wrong_example_fails(old: str, new: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    namespace: dict[str, object] = {}
    assert old in SAMPLE
    with pytest.raises(AssertionError):
        run_all(SAMPLE.replace(old, new), tmp_path, namespace)
