"""The files of a pack: plain files inside one folder, each read once, hashed together."""

from __future__ import annotations

import hashlib
import os
import stat
from pathlib import Path

from zhida.rules.declarations import At
from zhida.rules.loading.yamlnodes import MOST_BYTES, Node, read_yaml
from zhida.rules.problems import Problems, one_of

SUPPLEMENTS = ("worksheet.yaml", "sharing.yaml", "setting.yaml")
SINGLE = (
    "pack.yaml", "sources.yaml", "units.yaml", "groups.yaml", "stacking.yaml", "open.yaml", "divisions.csv",
    *SUPPLEMENTS,
)  # fmt: skip
FOLDERS = ("fields", "parameters", "variables", "benefits")
NOT_READ = ("cases", "city", "imports", "resolution.yaml")
MOST_FILES = 2_000
MOST_TABLE_BYTES = 16 * 1024 * 1024


class PackFiles:
    """Reads by relative name (with ``/``). What can't be read is a problem and gives None."""

    def __init__(self, root: Path, problems: Problems) -> None:
        self.root = root
        self.problems = problems
        self.read: dict[str, bytes] = {}
        self._names = self._list("")
        self._check_names()

    def has(self, name: str) -> bool:
        return name in self._names

    def hash(self) -> str:
        """sha256 over name, length and bytes of every file read, in order of name."""
        digest = hashlib.sha256()
        for name in sorted(self.read):
            data = self.read[name]
            digest.update(f"{name}\0{len(data)}\0".encode())
            digest.update(data)
        return digest.hexdigest()

    def names_in(self, folder: str) -> list[str]:
        """Relative names of the YAML files of a folder, sorted; anything else in it is a problem."""
        if folder not in self._names:
            return []
        names = []
        for name in self._list(folder):
            if name.startswith((".", "_")):
                continue
            if name.endswith(".yaml"):
                names.append(f"{folder}/{name}")
            else:
                self.problems.add(At(f"{folder}/{name}", 0, 0), "this is no file of a pack", name, "*.yaml")
        return names

    def yaml(self, name: str) -> Node | None:
        data = self.bytes(name, MOST_BYTES)
        return None if data is None else read_yaml(data, name, self.problems)

    def bytes(self, name: str, most: int) -> bytes | None:
        """The content of a plain file of at most ``most`` bytes, or None with a problem noted."""
        at = At(name, 0, 0)
        if len(self.read) >= MOST_FILES:
            self.problems.add(at, "too many files", expected=f"at most {MOST_FILES} files")
            return None
        try:
            # Neither a link nor a pipe may be opened: one leads out of the pack, the other never ends.
            flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
            path = self.root / name
            if not stat.S_ISREG(path.lstat().st_mode):
                self.problems.add(at, "not a plain file", name, "a file of text, no link, folder or pipe")
                return None
            with os.fdopen(os.open(path, flags), "rb") as file:
                data = file.read(most + 1)
        except (OSError, ValueError) as error:
            why = getattr(error, "strerror", error)
            self.problems.add(at, f"can't be read ({why})", name, "a file that can be read")
            return None
        if len(data) > most:
            self.problems.add(at, "the file is too long", name, f"at most {most} bytes")
            return None
        self.read[name] = data
        return data

    def _list(self, folder: str) -> list[str]:
        """Names in a folder of the pack, without links; sorted."""
        path = self.root / folder
        found = []
        try:
            if folder and not stat.S_ISDIR(path.lstat().st_mode):
                self.problems.add(At(folder, 0, 0), "not a folder", folder, "a folder, no link")
                return []
            for entry in os.scandir(path):
                name = f"{folder}/{entry.name}" if folder else entry.name
                if entry.is_symlink():
                    self.problems.add(
                        At(name, 0, 0), "a symbolic link", entry.name, "the file or folder itself"
                    )
                elif not entry.name.isprintable():
                    self.problems.add(
                        At(folder, 0, 0), "a file name that can't be shown", entry.name, "plain text"
                    )
                else:
                    found.append(entry.name)
                if len(found) > MOST_FILES:
                    self.problems.add(At(folder, 0, 0), "too many files", "", f"at most {MOST_FILES}")
                    break
        except (OSError, ValueError) as error:
            why = getattr(error, "strerror", error)
            self.problems.add(At(folder or ".", 0, 0), f"can't be listed ({why})", str(path), "a folder")
        return sorted(found)

    def _check_names(self) -> None:
        """A misspelt file or folder must not be passed over in silence."""
        known = (*SINGLE, *FOLDERS, *NOT_READ)
        for name in self._names:
            data = name.endswith((".yaml", ".yml", ".csv")) or (self.root / name).is_dir()
            if name not in known and not name.startswith((".", "_")) and data:
                missing = [k for k in known if k not in self._names]
                expected = one_of(name, missing)
                self.problems.add(At(name, 0, 0), "not a file or folder of a pack", name, expected)
