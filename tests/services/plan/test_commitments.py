"""How well commitments are read from the real plans, and that the labels and the scorer are sound."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from services.plan.scoring import (
    TRUTH,
    Label,
    Labels,
    Score,
    as_labels,
    compare,
    document,
    moved,
    overlap,
    read_labels,
    without_copies,
)
from zhida.services.plan.read import read_file
from zhida.services.plan.text import text_of

FILES = sorted((TRUTH / "commitments").glob("*.json"))
PAGE = Path(__file__).resolve().parents[3] / "docs" / "plan.md"
WANTED = 0.95
LABEL = Label((10, 20), "60", Decimal(60), Decimal(60), "=", "%", 2025, "promise")


def all_labels() -> list[Labels]:
    return [read_labels(path) for path in FILES]


def score_of(part: str) -> Score:
    """The score of all documents of a part; repeated stretches are not counted again."""
    total = Score()
    for truth in all_labels():
        if truth.part == part:
            reading = as_labels(read_file(document(truth.file, truth.sha256)).commitments)
            once = [label for label in truth.labels if not label.copy]
            total += compare(once, without_copies(reading, truth.copies)).score
    return total


def test_the_worked_part_is_read_well(capsys: pytest.CaptureFixture[str]) -> None:
    score = score_of("worked")
    with capsys.disabled():
        print(f"\ncommitments, worked part: {score}")
    assert score.precision >= WANTED
    assert score.recall >= WANTED


def test_the_held_out_part_is_read_as_the_page_says(capsys: pytest.CaptureFixture[str]) -> None:
    """No bound is asked of it: it tells what a plan is read like that nobody tuned the reader on."""
    score = score_of("held-out")
    with capsys.disabled():
        print(f"\ncommitments, held-out part: {score}")
    assert str(score) in PAGE.read_text(encoding="utf-8"), f"docs/plan.md says otherwise than: {score}"


def test_the_worked_part_is_read_as_the_page_says() -> None:
    score = score_of("worked")
    assert str(score) in PAGE.read_text(encoding="utf-8"), f"docs/plan.md says otherwise than: {score}"


@pytest.mark.parametrize("truth", all_labels(), ids=lambda truth: truth.name)
def test_labels_lie_in_the_text(truth: Labels) -> None:
    text = text_of(document(truth.file, truth.sha256))
    for label in truth.labels:
        passage = text[slice(*label.at)]
        assert label.raw in passage, label
        assert passage == passage.strip() and "\n" not in passage, label
        for words in filter(None, (label.subject, label.verb)):
            assert 0 <= words[0] < words[1] <= len(text), label


@pytest.mark.parametrize("truth", all_labels(), ids=lambda truth: truth.name)
def test_copies_say_what_the_first_says(truth: Labels) -> None:
    text = text_of(document(truth.file, truth.sha256))
    once = [label for label in truth.labels if not label.copy]
    for start, end in truth.copies:
        second = [label for label in truth.labels if label.copy and start <= label.at[0] < end]
        assert len(second) == len(once)
        for first, again in zip(once, second, strict=True):
            assert text[slice(*first.at)] == text[slice(*again.at)]
            assert first.facts == again.facts


def test_there_are_enough_labels_and_one_part_is_held_out() -> None:
    parts = Counter(truth.part for truth in all_labels() for label in truth.labels if not label.copy)
    assert sum(parts.values()) >= 200
    assert [truth.name for truth in all_labels() if truth.part == "held-out"] == ["district-plan"]
    assert parts["held-out"] >= 50


@pytest.mark.parametrize("truth", all_labels(), ids=lambda truth: truth.name)
def test_labels_are_well_formed(truth: Labels) -> None:
    assert truth.part in ("worked", "held-out")
    assert len({(label.at, label.raw, label.subject) for label in truth.labels}) == len(truth.labels)
    for label in truth.labels:
        assert 0 <= label.at[0] < label.at[1], label
        assert label.raw and label.low <= label.high, label
        assert label.comparison in ("=", "≥", "≤", ">", "<", "≈"), label
        assert label.role in ("promise", "claim"), label
        assert label.by is None or 1990 <= label.by <= 2060, label
        assert label.subject is None or label.subject[1] <= label.at[1], label
        assert label.verb is None or label.at[0] <= label.verb[0] < label.verb[1] <= label.at[1], label


def test_overlap_is_shared_length_over_whole_length() -> None:
    assert overlap((0, 10), (0, 10)) == 1
    assert overlap((0, 10), (5, 15)) == pytest.approx(1 / 3)
    assert overlap((0, 10), (10, 20)) == 0
    assert overlap((0, 10), (2, 4)) == pytest.approx(0.2)


@pytest.mark.parametrize(
    "other",
    [
        replace(LABEL, low=Decimal(61), high=Decimal(61)),
        replace(LABEL, high=Decimal(70)),
        replace(LABEL, comparison="≥"),
        replace(LABEL, unit="‰"),
        replace(LABEL, by=2022),
        replace(LABEL, by=None),
        replace(LABEL, role="claim"),
        replace(LABEL, at=(16, 30)),
    ],
)
def test_any_difference_of_facts_or_place_is_no_match(other: Label) -> None:
    result = compare([LABEL], [other])
    assert result.score == Score(1, 1, 0, 0)
    assert result.missed == (LABEL,) and result.surplus == (other,)


def test_a_span_that_overlaps_by_half_matches_but_not_strictly() -> None:
    assert compare([LABEL], [replace(LABEL, at=(10, 15))]).score == Score(1, 1, 1, 0)
    assert compare([LABEL], [replace(LABEL, at=(10, 14))]).score.matched == 0
    assert compare([LABEL], [LABEL]).score == Score(1, 1, 1, 1)


def test_each_label_and_each_reading_matches_once() -> None:
    near = replace(LABEL, at=(10, 19))
    result = compare([LABEL], [near, LABEL])
    assert result.score == Score(1, 2, 1, 1) and result.surplus == (near,)
    assert compare([LABEL, moved(LABEL, 1)], [LABEL]).score == Score(2, 1, 1, 1)


def test_ten_thousands_may_stand_in_the_unit_or_in_the_number() -> None:
    people = replace(LABEL, low=Decimal("1.5"), high=Decimal("1.5"), unit="万人")
    assert people.facts == replace(people, low=Decimal(15000), high=Decimal(15000), unit="人").facts
    assert people.facts != replace(people, unit="人").facts
    assert replace(LABEL, unit="亿元/年").facts[0] == 60 * 10**8
    assert replace(LABEL, unit="％").facts == LABEL.facts


def test_precision_and_recall() -> None:
    score = Score(4, 5, 3, 2) + Score(4, 3, 3, 1)
    assert score == Score(8, 8, 6, 3)
    assert score.precision == 0.75 and score.recall == 0.75
    assert Score().precision == 0 and Score().recall == 0
    assert Score(4, 5, 3, 2).precision == 0.6


def test_a_repeated_stretch_is_left_out() -> None:
    again = moved(LABEL, 100)
    assert without_copies([LABEL, again], [(100, 200)]) == [LABEL]
