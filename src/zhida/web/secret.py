"""The secret that signs sessions and forms: beside the keys of sealing, never in the folder of data."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from zhida.codes import keyfile
from zhida.office.database.errors import DatabaseError


def path() -> Path:
    """``web-secret`` in the folder of the key file (``ZHIDA_KEYS``)."""
    return keyfile.default_path().with_name("web-secret")


def secret_key() -> str:
    """Made at its first use. A new one ends all sessions. Raises DatabaseError where it can't be kept."""
    file = path()
    try:
        if file.exists():
            return _read(file)
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        beside = file.with_name(f".{file.name}-{secrets.token_hex(8)}")
        with open(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as out:
            out.write(secrets.token_urlsafe(48))
        try:
            os.link(beside, file)  # of two processes at the first start one wins
        except FileExistsError:
            pass
        finally:
            beside.unlink()
        return _read(file)
    except OSError as error:
        raise DatabaseError(
            f"The web's secret can't be kept in {file} ({error.strerror}): choose another with ZHIDA_KEYS."
        ) from error


def _read(file: Path) -> str:
    if file.stat().st_mode & 0o077:
        raise DatabaseError(f"{file} may be read by others: take these rights away (chmod 600).")
    return file.read_text(encoding="ascii")
