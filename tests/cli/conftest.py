"""A pack is read once in the whole suite: what is tested here comes after that."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import pytest

import zhida.rules.loading as loading

read_once = cache(loading.load_pack)


@pytest.fixture(scope="module", autouse=True)
def packs_read_once() -> Iterator[None]:
    """For the modules of this suite alone: others change packs and read them again."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loading, "load_pack", read_once)
        yield
