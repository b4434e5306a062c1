"""One plan in four formats reads the same from each, but for where things stand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from services.plan.office import as_docx, as_pdf
from services.plan.written import HERE, write, written
from zhida.services.plan.check import check_plans
from zhida.services.plan.checks.finding import Severity
from zhida.services.plan.read import read_file
from zhida.services.plan.records import record

NAME = "yunting"
PLANTED = yaml.safe_load((HERE / "planted.yaml").read_text(encoding="utf-8"))


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


def the_same_is_found(path: Path, page: Path) -> None:
    def told(file: Path) -> list[tuple[str, str, str]]:
        return [(f.kind, f.says, f.arithmetic) for f in check_plans([(file.name, read_file(file))])]

    assert len(told(page)) >= 6
    assert told(path) == told(page)


def with_errors(folder: Path) -> Path:
    edits = [(old, new) for e in PLANTED[2]["errors"] for old, new in e.get("edits", ())]
    assert PLANTED[2]["plan"] == NAME
    return write(folder, NAME, "html", written(NAME, edits))


def test_from_html(as_text: Any, tmp_path: Path) -> None:
    same(write(tmp_path, NAME, "html"), as_text)


def test_from_docx(as_text: Any, tmp_path: Path) -> None:
    same(as_docx(write(tmp_path, NAME, "html")), as_text)
    page = with_errors(tmp_path)
    the_same_is_found(as_docx(page), page)


def test_from_pdf(as_text: Any, tmp_path: Path) -> None:
    same(as_pdf(write(tmp_path, NAME, "html")), as_text)
    page = with_errors(tmp_path)
    the_same_is_found(as_pdf(page), page)
