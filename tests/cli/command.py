"""Running ``zhida``: in this process for what it says, as a process of its own for how it ends."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jsonschema
from typer.testing import CliRunner

from zhida.cli.main import app

ROOT = Path(__file__).resolve().parents[2]
SCHEMAS = ROOT / "docs" / "schemas"
EXAMPLES = ROOT / "docs" / "examples"
SECONDS = 120


@dataclass(frozen=True)
class Done:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


def zhida(*arguments: str, stdin: str | bytes | None = None, env: dict[str, str] | None = None) -> Done:
    """In this process: quick, errors of ours come through."""
    clean = {"ZHIDA_PACK": "", "COLUMNS": "200", "NO_COLOR": "1", **(env or {})}
    found = CliRunner().invoke(app, list(arguments), input=stdin, env=clean)
    if found.exception is not None and not isinstance(found.exception, SystemExit):
        raise found.exception
    return Done(found.exit_code, found.stdout, found.stderr)


def process(
    *arguments: str, stdin: str = "", largest_file: int | None = None, cwd: Path | None = None
) -> Done:
    """In a process of its own. ``largest_file``: bytes after which the disk counts as full."""

    def limit() -> None:
        if largest_file is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (largest_file, largest_file))

    done = subprocess.run(
        command(*arguments), input=stdin, capture_output=True, text=True, encoding="utf-8", timeout=SECONDS,
        check=False, env=environment(), preexec_fn=limit, cwd=cwd,
    )  # fmt: skip
    return Done(done.returncode, done.stdout, done.stderr)


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-c", "from zhida.cli.main import app; app()", *arguments]


def environment() -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith("ZHIDA_")}
    return kept | {"PYTHONPATH": str(ROOT / "src"), "NO_COLOR": "1", "PYTHONUTF8": "1", "TERM": "dumb"}


def fits(schema: str, data: Any) -> None:
    """Fails where the data is not as ``docs/schemas`` says."""
    text = json.loads((SCHEMAS / f"{schema}.schema.json").read_text(encoding="utf-8"))
    problems = jsonschema.Draft202012Validator(text).iter_errors(data)
    found = [f"{'/'.join(map(str, p.absolute_path))}: {p.message[:300]}" for p in problems]
    assert not found, f"{schema}: " + "; ".join(found[:5])


def one_sentence_each(done: Done, *words: str) -> None:
    """Bad input: exit 2, nothing on stdout, one line a problem without a traceback, with these words."""
    assert done.code == 2, done
    assert done.out == ""
    assert "Traceback" not in done.err
    lines = done.err.splitlines()
    assert 1 <= len(lines) <= 5, done.err
    for word in words:
        assert word in done.err, f"{word!r} is not in {done.err!r}"


def results(answer: dict[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
    """Results of an answer by benefit and unit."""
    return {(r["benefit"], r["unit_id"]): r for r in answer["results"]}
