"""A pack with contracts, read once, and keys of its own for each test."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from zhida.codes.sealing import Keyring
from zhida.population.imports.contract import SourceContract
from zhida.population.imports.contracts import Contracts, load_contracts
from zhida.rules.loading import find_pack, load_pack


@cache
def read_once() -> Contracts:
    return load_contracts(load_pack(find_pack("zhejiang")))


@pytest.fixture
def contracts() -> Contracts:
    return read_once()


@pytest.fixture
def hukou() -> SourceContract:
    return read_once().sources["hukou"]


@pytest.fixture
def keys(tmp_path: Path) -> Keyring:
    return Keyring.create(tmp_path / "keys.json")
