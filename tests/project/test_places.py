"""Nothing local stands in the code: all that is of one place is data of its pack."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest
import yaml

from project.repo import PACKS, SOURCE, files, name_of, text_of

INVENTED = {"taoyuan"}  # the teaching pack is nobody's place; code and help may name it
SUFFIXES = ("自治区", "自治县", "省", "市", "区", "县")
# What no file says and yet is the place's name: the romanised names of the model city.
ROMANISED = {"hangzhou"}
# Ids of benefits that are plain English words too, with what else they mean: forbidden as a text of their own
# (`"old_age"`), which would name the benefit, and free in other words.
GENERIC = {"old_age": "the ages above the census tables' last single year"}


def real_packs() -> list[Path]:
    return sorted(path.parent for path in PACKS.glob("*/pack.yaml") if path.parent.name not in INVENTED)


def place_words(pack: Path) -> set[str]:
    """Names of the province, its cities (also without 省 and 市) and counties, and the pack's own."""
    meta = yaml.safe_load(text_of(pack / "pack.yaml"))
    words = {str(meta["id"]), str(meta["name"])}
    path = pack / "divisions.csv"
    if path.exists():
        with path.open(encoding="utf-8", newline="") as lines:
            for row in csv.DictReader(lines):
                if row["level"] in ("1", "2", "3"):
                    words.add(row["name"])
                if row["level"] in ("1", "2"):
                    words.add(_stem(row["name"]))
    return {word for word in words if len(word) > 1}


def _stem(name: str) -> str:
    for suffix in SUFFIXES:
        if name.endswith(suffix) and len(name) > len(suffix) + 1:
            return name.removesuffix(suffix)
    return name


def place_codes(pack: Path) -> set[str]:
    """Six-digit codes of province, cities and counties, and the root's."""
    meta = yaml.safe_load(text_of(pack / "pack.yaml"))
    codes = {str(meta["root"])[:6]}
    path = pack / "divisions.csv"
    if path.exists():
        with path.open(encoding="utf-8", newline="") as lines:
            codes |= {row["code"][:6] for row in csv.DictReader(lines) if row["level"] in ("1", "2", "3")}
    return codes


def benefit_words(pack: Path) -> set[str]:
    words: set[str] = set()
    for path in sorted(pack.glob("benefits/*.yaml")):
        benefit = yaml.safe_load(text_of(path))
        words |= {str(benefit["id"]), str(benefit["name"])}
    return words


def find(text: str, words: set[str], codes: set[str]) -> list[str]:
    """The words and codes that a text holds, each with its line."""
    found = []
    latin = "|".join(sorted(re.escape(w) for w in words if w.isascii() and w not in GENERIC))
    generic = "|".join(sorted(re.escape(w) for w in words & GENERIC.keys())) or "(?!)"
    chinese = "|".join(sorted(re.escape(w) for w in words if not w.isascii()))
    number = "|".join(sorted(codes))
    pattern = re.compile(
        rf"(?<![A-Za-z0-9])(?:{latin})(?![A-Za-z0-9])"
        + (f"|{chinese}" if chinese else "")
        + rf"|(['\"])(?:{generic})\1"
        # A division code stands alone with 6, 9 or 12 digits; longer runs are other numbers.
        + rf"|(?<![\d.])(?:{number})(?:\d{{3}}){{0,2}}(?![\d.])",
        re.IGNORECASE,
    )
    for number_of_line, line in enumerate(text.splitlines(), start=1):
        found += [f"{number_of_line}: {hit.group()}" for hit in pattern.finditer(line)]
    return found


@pytest.fixture(scope="module")
def forbidden() -> tuple[set[str], set[str]]:
    packs = real_packs()
    assert packs, "no pack of a real place to take the forbidden words from"
    words, codes = set(ROMANISED), set()
    for pack in packs:
        words |= place_words(pack) | benefit_words(pack)
        codes |= place_codes(pack)
    return words, codes


def test_no_code_names_a_place_or_its_benefits(forbidden: tuple[set[str], set[str]]) -> None:
    words, codes = forbidden
    found = [
        f"{name_of(path)}:{hit}"
        for path in files()
        if SOURCE in path.parents and PACKS not in path.parents
        for hit in find(text_of(path), words, codes)
    ]
    assert not found, "local words in the code; they belong into the pack:\n" + "\n".join(found)


def test_each_generic_word_is_a_benefit(forbidden: tuple[set[str], set[str]]) -> None:
    assert GENERIC.keys() <= forbidden[0]


def test_the_forbidden_words_are_taken_from_the_packs(forbidden: tuple[set[str], set[str]]) -> None:
    words, codes = forbidden
    packs = {pack.name for pack in real_packs()}
    assert packs <= words
    assert all(re.fullmatch(r"\d{6}", code) for code in codes)


@pytest.mark.parametrize(
    ("text", "hits"),
    [
        ('root = "330100000000"', 1),
        ("code = 330106001", 1),
        ("if name == '某某市':", 1),
        ("def dibao_amount():", 1),
        ("the hangzhou pack", 1),
        ('if benefit == "old_age":', 1),
        ("figures.number('old_age.linear')", 0),
        ("old_age = 3", 0),
        ("x = 9330106", 0),
        ("x = 3301060", 0),
        ("money = 330106.5", 0),
        ("undibaoed", 0),
        ("some other town", 0),
    ],
)
def test_the_search_finds_what_it_should(text: str, hits: int) -> None:
    words = {"hangzhou", "某某市", "dibao", "old_age"}
    assert len(find(text, words, {"330100", "330106"})) == hits
