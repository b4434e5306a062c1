"""One plan in four formats reads the same from each, but for where things stand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from services.plan.office import as_docx, as_pdf
from services.plan.written import write
from zhida.services.plan.check import check_plans
from zhida.services.plan.checks.finding import Severity
from zhida.services.plan.read import read_file
from zhida.services.plan.records import record

NAME = "yunting"


def without_places(data: Any) -> Any:
    if isinstance(data, dict):
        return {k: without_places(v) for k, v in data.items() if k not in ("at", "meaning_at")}
    return [without_places(v) for v in data] if isinstance(data, list) else data


def read(path: Path) -> Any:
    return without_places(record(read_file(path)))


@pytest.fixture(scope="module")
def as_text(tmp_path_factory: pytest.TempPathFactory) -> Any:
    found = read(write(tmp_path_factory.mktemp("text"), NAME, "tabs"))
    assert len(found["indicators"]) == 13
    assert found["unread"] == []
    return found


def same(path: Path, as_text: Any) -> None:
    found = read(path)
    for part, expected in as_text.items():
        assert found[part] == expected, part
    loud = [f for f in check_plans([(path.name, read_file(path))]) if f.severity is not Severity.NOTE]
    assert loud == []


def test_from_html(as_text: Any, tmp_path: Path) -> None:
    same(write(tmp_path, NAME, "html"), as_text)


def test_from_docx(as_text: Any, tmp_path: Path) -> None:
    same(as_docx(write(tmp_path, NAME, "html")), as_text)


def test_from_pdf(as_text: Any, tmp_path: Path) -> None:
    same(as_pdf(write(tmp_path, NAME, "html")), as_text)
