"""A pack is read once in the whole suite: what is tested here comes after that."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import pytest

import zhida.rules.loading as loading


@pytest.fixture(scope="session", autouse=True)
def packs_read_once() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loading, "load_pack", cache(loading.load_pack))
        yield
