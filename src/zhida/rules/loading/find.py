"""Where a pack lies: a folder, or one that comes with the package."""

from __future__ import annotations

from pathlib import Path

from zhida.rules.declarations import At
from zhida.rules.problems import PackError, Problem, one_of, shown

BUNDLED = Path(__file__).resolve().parents[2] / "packs"


def bundled_packs() -> tuple[str, ...]:
    """Ids of the packs that come with the package."""
    if not BUNDLED.is_dir():
        return ()
    return tuple(sorted(p.name for p in BUNDLED.iterdir() if (p / "pack.yaml").is_file()))


def find_pack(name_or_path: str | Path) -> Path:
    """The folder of a pack, given its id (bundled) or its path. Raises PackError."""
    text = str(name_or_path)
    known = bundled_packs()
    if text in known:
        return BUNDLED / text
    path = Path(text)
    try:
        if (path / "pack.yaml").is_file():
            return path
        what = "a folder without pack.yaml" if path.is_dir() else "no such pack or folder"
    except (OSError, ValueError):
        what = "no such pack or folder"
    at = At(shown(text), 0, 0)
    expected = f"a folder with a pack.yaml, or {one_of(text, known)}"
    raise PackError([Problem(at.file, 0, 0, "", what, expected)])
