"""The English and the Chinese README say the same: headings, commands, pictures, tables, links."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from project.repo import ROOT, text_of

ENGLISH, CHINESE = ROOT / "README.md", ROOT / "README.zh-CN.md"
FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)


def without_blocks(text: str) -> str:
    return FENCE.sub("", text)


def headings(text: str) -> list[int]:
    """Levels of the headings, in order."""
    return [len(mark) for mark in re.findall(r"^(#+) ", without_blocks(text), re.MULTILINE)]


def commands(text: str) -> list[str]:
    """Commands of the blocks, in order, without comments."""
    return [
        re.sub(r"\s+#.*", "", line).strip()
        for _, block in FENCE.findall(text)
        for line in block.splitlines()
        if line.strip() and not line.lstrip().startswith("#")
    ]


def pictures(text: str) -> list[str]:
    return re.findall(r"!\[[^\]]*\]\(([^)]+)\)", text)


def links(text: str) -> list[str]:
    """Pages linked to; each README links to its twin."""
    found = re.findall(r"(?<!!)\[[^\]]*\]\(([^)]+)\)", without_blocks(text))
    return sorted(link for link in found if not link.startswith("README"))


def table_rows(text: str) -> int:
    return len(re.findall(r"^\|", without_blocks(text), re.MULTILINE))


@pytest.mark.parametrize("part", [headings, commands, pictures, links, table_rows])
def test_both_languages_have_the_same(part: Callable[[str], object]) -> None:
    assert part(text_of(ENGLISH)) == part(text_of(CHINESE))


@pytest.mark.parametrize("path", [ENGLISH, CHINESE], ids=["english", "chinese"])
def test_what_it_links_to_is_there(path: object) -> None:
    text = text_of(ENGLISH if path == ENGLISH else CHINESE)
    targets = [link for link in links(text) + pictures(text) if "://" not in link]
    missing = [link for link in targets if not (ROOT / link.split("#")[0]).exists()]
    assert not missing


def test_the_two_commands_stand_in_the_readme() -> None:
    assert {"make demo", "make test"} <= set(commands(text_of(ENGLISH)))
