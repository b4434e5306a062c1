"""The file that holds the keys of sealing: where it lies, how it is read, made and added to.

JSON, mode 0600, in a folder apart from all data: ``{"format": 1, "keys": [{"version", "made", "seal",
"look_up"}]}``, keys in hexadecimal. A key is never taken out by this program: what it sealed would be lost.
"""

from __future__ import annotations

import json
import os
import secrets
import stat
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from zhida.codes.errors import CodeError

FORMAT = 1
MOST_VERSIONS = 0xFFFF
SEAL_BYTES = 16  # SM4
LOOK_UP_BYTES = 32  # HMAC-SM3


class KeyFileError(CodeError):
    """The keys can't be used: which file, why, what to do."""


@dataclass(frozen=True, slots=True, repr=False)
class Keys:
    """One version: the key that seals, the key that looks up, the day they were made."""

    version: int
    made: date
    seal: bytes
    look_up: bytes

    def __repr__(self) -> str:  # must not show the keys in a traceback or a log
        return f"Keys(version={self.version}, made={self.made.isoformat()})"


def default_path() -> Path:
    """``ZHIDA_KEYS``, else ``zhida/keys.json`` in the user's folder of settings."""
    told = os.environ.get("ZHIDA_KEYS")
    if told:
        return Path(told).expanduser()
    base = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    return Path(base) / "zhida" / "keys.json"


def refuse_inside(path: Path, folder: Path) -> None:
    """Raises where the key file lies in a folder of data: who copies the data would have the keys too."""
    if path.resolve().is_relative_to(folder.resolve()):
        raise KeyFileError(
            f"The key file {path} lies inside the data folder {folder}: whoever copies the data would have "
            "the keys. Move it elsewhere and say where with ZHIDA_KEYS."
        )


def read(path: Path) -> tuple[Keys, ...]:
    """All versions, ascending. Raises KeyFileError."""
    try:
        with open(path, "rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            text = file.read(1 << 24)
    except FileNotFoundError:
        raise KeyFileError(
            f"There is no key file at {path}: bring it back from its copy, name it with ZHIDA_KEYS, or make "
            "new keys with `zhida keys new`."
        ) from None
    except OSError as error:
        raise KeyFileError(
            f"The key file {path} can't be read ({error.strerror}): check its rights."
        ) from None
    if stat.S_IMODE(mode) & 0o077:
        raise KeyFileError(
            f"The key file {path} may be read by others (mode {stat.S_IMODE(mode):04o}): "
            f"run `chmod 600` on it, and make new keys if somebody may have read it."
        )
    try:
        record = json.loads(text)
        if record["format"] != FORMAT:
            raise ValueError(f"format {record['format']!r}")
        keys = tuple(_keys(entry) for entry in record["keys"])
    except (KeyError, TypeError, ValueError) as error:
        if isinstance(error, KeyFileError):
            raise
        raise KeyFileError(f"{path} is no key file of this program: bring it back from its copy.") from None
    versions = [k.version for k in keys]
    if not versions or versions != list(range(1, len(versions) + 1)):
        raise KeyFileError(f"{path} lacks some versions of the keys: bring it back from its copy.")
    return keys


def _keys(entry: dict[str, object]) -> Keys:
    keys = Keys(
        version=int(str(entry["version"])),
        made=date.fromisoformat(str(entry["made"])),
        seal=bytes.fromhex(str(entry["seal"])),
        look_up=bytes.fromhex(str(entry["look_up"])),
    )
    if len(keys.seal) != SEAL_BYTES or len(keys.look_up) != LOOK_UP_BYTES:
        raise ValueError("length of a key")
    return keys


def fresh(version: int, made: date) -> Keys:
    return Keys(version, made, secrets.token_bytes(SEAL_BYTES), secrets.token_bytes(LOOK_UP_BYTES))


def create(path: Path, made: date) -> tuple[Keys, ...]:
    """Makes a file with one version. Raises KeyFileError where there is one."""
    keys = (fresh(1, made),)
    folder = path.parent
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        beside = _written(path, keys)
        try:
            os.link(beside, path)  # unlike a rename, it never takes the place of a file that is there
        finally:
            beside.unlink()
        _sync(folder)
    except FileExistsError:
        raise KeyFileError(
            f"{path} is there already and was left as it is: `zhida keys rotate` adds a version to it."
        ) from None
    except OSError as error:
        raise KeyFileError(f"{path} could not be written ({error.strerror}): check the folder.") from None
    return keys


def add(path: Path, made: date) -> tuple[Keys, ...]:
    """Adds a version; those before it stay, for what they sealed. Raises KeyFileError."""
    keys = read(path)
    if len(keys) >= MOST_VERSIONS:
        raise KeyFileError(f"{path} holds {len(keys)} versions of the keys, which is all it can hold.")
    keys = (*keys, fresh(len(keys) + 1, made))
    try:
        os.replace(_written(path, keys), path)
        _sync(path.parent)
    except OSError as error:
        raise KeyFileError(f"{path} could not be written ({error.strerror}): nothing was changed.") from None
    return keys


def _written(path: Path, keys: tuple[Keys, ...]) -> Path:
    """The keys in a whole file beside ``path``."""
    record = {
        "format": FORMAT,
        "keys": [
            {
                "version": k.version,
                "made": k.made.isoformat(),
                "seal": k.seal.hex(),
                "look_up": k.look_up.hex(),
            }
            for k in keys
        ],
    }
    beside = path.with_name(f".{path.name}.{secrets.token_hex(6)}")
    handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with open(handle, "w", encoding="ascii") as file:
            json.dump(record, file, indent=1)
            file.write("\n")
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        beside.unlink(missing_ok=True)
        raise
    return beside


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
