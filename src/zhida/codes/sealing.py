"""Sealing what tells who somebody is: SM4-GCM for the value, HMAC-SM3 to find it again without opening it.

A sealed value is ``version (2 bytes, big-endian) + nonce (12) + ciphertext + tag (16)``. Version and the
name of the column are bound in, so that a name can't be passed off as an account. The look-up is the first 16
bytes of HMAC-SM3 over the column's name and the value, so equal values of two columns look different.

With random nonces one key should seal fewer than 2**32 values (NIST SP 800-38D 8.3): rotate each year.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import SM4
from cryptography.hazmat.primitives.ciphers.modes import GCM
from cryptography.hazmat.primitives.hashes import SM3
from cryptography.hazmat.primitives.hmac import HMAC

from zhida.codes import keyfile
from zhida.codes.errors import CodeError
from zhida.codes.keyfile import Keys

VERSION_BYTES = 2
NONCE = 12
TAG = 16
OVERHEAD = VERSION_BYTES + NONCE + TAG
LOOK_UP = 16
_BATCH = 4096


class SealError(CodeError):
    """A value can't be opened: which column, why, what to do. Never holds the value."""


@dataclass(frozen=True, slots=True)
class Keyring:
    """All versions of the keys; the last one seals. Made by ``load``, ``create`` or ``load_or_create``."""

    keys: Mapping[int, Keys]

    @classmethod
    def of(cls, keys: Iterable[Keys]) -> Keyring:
        return cls({k.version: k for k in keys})

    @classmethod
    def load(cls, path: Path | None = None, apart_from: Path | None = None) -> Keyring:
        """``path``: the key file, else where ``ZHIDA_KEYS`` says; ``apart_from``: the folder of data that it
        must not lie in. Raises ``keyfile.KeyFileError``."""
        path = path or keyfile.default_path()
        if apart_from is not None:
            keyfile.refuse_inside(path, apart_from)
        return cls.of(keyfile.read(path))

    @classmethod
    def create(cls, path: Path | None = None, made: date | None = None) -> Keyring:
        """Makes the key file. Raises ``keyfile.KeyFileError`` where there is one."""
        return cls.of(keyfile.create(path or keyfile.default_path(), made or date.today()))

    @classmethod
    def load_or_create(
        cls, path: Path | None = None, apart_from: Path | None = None
    ) -> tuple[Keyring, str | None]:
        """The keys, and on first use a sentence that must be shown: a lost key file loses the data."""
        path = path or keyfile.default_path()
        if path.exists():
            return cls.load(path, apart_from), None
        if apart_from is not None:
            keyfile.refuse_inside(path, apart_from)
        ring = cls.create(path)
        return ring, (
            f"New keys were made in {path}. Keep a copy in a safe place apart from the data: without them "
            "nothing that is sealed can be opened."
        )

    @property
    def version(self) -> int:
        """The version that seals."""
        return max(self.keys)

    def seal(self, value: str | bytes, column: str) -> bytes:
        return self.seal_all((value,), column)[0] or b""

    def open(self, sealed: bytes, column: str) -> str:
        """Raises SealError."""
        return self.open_bytes(sealed, column).decode()

    def open_bytes(self, sealed: bytes, column: str) -> bytes:
        """Raises SealError."""
        return _opener(self.keys, column)(sealed)

    def seal_all(self, values: Iterable[str | bytes | None], column: str) -> list[bytes | None]:
        """One sealed value for each; None stays None. About 4 µs a value."""
        cipher = SM4(self.keys[self.version].seal)
        head = self.version.to_bytes(VERSION_BYTES, "big")
        bound = _bound(head, column)
        sealed: list[bytes | None] = []
        append = sealed.append
        nonces, at = b"", 0
        for value in values:
            if value is None:
                append(None)
                continue
            if at == len(nonces):
                nonces, at = os.urandom(NONCE * _BATCH), 0
            nonce = nonces[at : at + NONCE]
            at += NONCE
            sealer = Cipher(cipher, GCM(nonce)).encryptor()
            sealer.authenticate_additional_data(bound)
            text = sealer.update(value.encode() if isinstance(value, str) else value)
            sealer.finalize()
            append(head + nonce + text + sealer.tag)
        return sealed

    def open_all(self, sealed: Iterable[bytes | None], column: str) -> list[str | None]:
        """Raises SealError at the first value that can't be opened."""
        opened = _opener(self.keys, column)
        return [None if value is None else opened(value).decode() for value in sealed]

    def reseal_all(self, sealed: Iterable[bytes | None], column: str) -> list[bytes | None]:
        """What older versions sealed, sealed by the newest; what it sealed itself stays as it is."""
        newest = self.version.to_bytes(VERSION_BYTES, "big")
        opened = _opener(self.keys, column)
        values = list(sealed)
        old = [i for i, v in enumerate(values) if v is not None and v[:VERSION_BYTES] != newest]
        fresh = self.seal_all((opened(values[i] or b"") for i in old), column)
        for i, value in zip(old, fresh, strict=True):
            values[i] = value
        return values

    def look_up(self, value: str, column: str, version: int | None = None) -> bytes:
        """16 bytes by which a value is found. ``version``: the keys that the stored ones were made with."""
        return self.look_up_all((value,), column, version)[0] or b""

    def look_up_all(
        self, values: Iterable[str | None], column: str, version: int | None = None
    ) -> list[bytes | None]:
        """About 1 µs a value; None stays None. Raises SealError for a version that is not there."""
        keyed = HMAC(_of(self.keys, version or self.version, column).look_up, SM3())
        keyed.update(column.encode() + b"\0")
        found: list[bytes | None] = []
        append = found.append
        for value in values:
            if value is None:
                append(None)
                continue
            one = keyed.copy()
            one.update(value.encode())
            append(one.finalize()[:LOOK_UP])
        return found


def _bound(head: bytes, column: str) -> bytes:
    return head + column.encode()


def _of(keys: Mapping[int, Keys], version: int, column: str) -> Keys:
    found = keys.get(version)
    if found is None:
        raise SealError(
            f"A value of {column} was sealed by version {version} of the keys, and the key file holds "
            f"{max(keys)}: bring back its newest copy."
        )
    return found


def _opener(keys: Mapping[int, Keys], column: str) -> Callable[[bytes], bytes]:
    """Opens values of one column; keeps what is the same for all of a version."""
    known: dict[bytes, tuple[SM4, bytes]] = {}

    def opened(sealed: bytes) -> bytes:
        if len(sealed) < OVERHEAD:
            raise SealError(
                f"A sealed value of {column} is cut short: restore the file that holds it from a copy."
            )
        head = sealed[:VERSION_BYTES]
        if head not in known:
            version = _of(keys, int.from_bytes(head, "big"), column)
            known[head] = SM4(version.seal), _bound(head, column)
        cipher, bound = known[head]
        nonce, end = sealed[VERSION_BYTES : VERSION_BYTES + NONCE], len(sealed) - TAG
        opener = Cipher(cipher, GCM(nonce, sealed[end:])).decryptor()
        opener.authenticate_additional_data(bound)
        try:
            return opener.update(sealed[VERSION_BYTES + NONCE : end]) + opener.finalize()
        except InvalidTag:
            raise SealError(
                f"A sealed value of {column} can't be opened: it was changed, belongs to another column, or "
                "was sealed with other keys. Name the right key file with ZHIDA_KEYS, or restore the data."
            ) from None

    return opened
