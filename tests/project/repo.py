"""The repository as the tests of this suite see it: its root and the files that belong to it."""

from __future__ import annotations

import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "zhida"
PACKS = SOURCE / "packs"
# Folders that a working copy may hold and that are nobody's source; only for copies without git.
BUILT = {".git", ".venv", "build", "dist", "demo", "data", "__pycache__", "node_modules"}


@cache
def files() -> tuple[Path, ...]:
    """Every file of the project, without what git ignores; also where there is no git."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    if listed.returncode == 0 and (ROOT / ".git").exists():
        paths = [ROOT / name for name in listed.stdout.decode().split("\0") if name]
    else:
        paths = [
            path
            for path in ROOT.rglob("*")
            if not any(
                part in BUILT or part.endswith(("_cache", ".egg-info"))
                for part in path.relative_to(ROOT).parts
            )
        ]
    return tuple(sorted(path for path in paths if path.is_file()))


def text_of(path: Path) -> str:
    """Text of a file; '' for one that is not UTF-8 text (a picture)."""
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return ""


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def markdown() -> list[Path]:
    return [path for path in files() if path.suffix == ".md"]


def table(path: Path, columns: int) -> list[list[str]]:
    """Rows of the markdown tables in a file that have so many columns, without their head lines."""
    rows: list[list[str]] = []
    lines = text_of(path).splitlines()
    for i, line in enumerate(lines):
        if not line.startswith("|") or set(line) <= set("|-: "):
            continue
        below = lines[i + 1] if i + 1 < len(lines) else ""
        if below.startswith("|") and set(below) <= set("|-: "):
            continue
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if len(cells) == columns:
            rows.append(cells)
    return rows
