"""What a file of each source looks like: the pack's contracts (docs/imports.md), as a writer needs them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from zhida.population.city.figures import CityError


@dataclass(frozen=True, slots=True)
class Column:
    """``words``: what is written for each meaning of a code, the first that the contract names."""

    id: str
    name: str
    type: str
    required: bool
    words: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Source:
    """A source of files. ``person`` is the column that says whom a row is about."""

    id: str
    name: str
    registers: tuple[str, ...]
    person: str
    columns: tuple[Column, ...]

    def column(self, id: str) -> Column:
        return next(c for c in self.columns if c.id == id)


def read_sources(folder: Path) -> dict[str, Source]:
    """The contracts of a pack's folder ``imports/``, by id. Raises CityError."""
    found = {}
    for file in sorted(folder.glob("*.yaml")):
        try:
            source = _source(yaml.load(file.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader))
        except (OSError, UnicodeDecodeError, yaml.YAMLError, KeyError, TypeError, AttributeError) as error:
            raise CityError(f"{file} can't be used as a contract ({error}). Correct it.") from None
        found[source.id] = source
    if not found:
        raise CityError(f"{folder} holds no contract, so that there are no files to write. Add some.")
    return found


def _source(tree: Mapping[str, Any]) -> Source:
    columns = []
    for c in tree["columns"]:
        words: dict[str, str] = {}
        for text, meaning in (c.get("codes") or {}).items():
            words.setdefault(str(meaning), str(text))
        columns.append(Column(c["id"], c["name"], c["type"], bool(c.get("required")), words))
    registers = tuple(str(r) for r in tree.get("registers") or ())
    return Source(tree["id"], tree["name"], registers, tree["person"], tuple(columns))
