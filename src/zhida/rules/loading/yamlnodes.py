"""YAML read safely, every value with its place.

What a pack needs of YAML is mappings, lists and scalars: tags, anchors, aliases, merge keys, duplicate
keys and further documents are refused, so nothing can be built, repeated or hidden.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import Any

import yaml

from zhida.rules.declarations import At
from zhida.rules.loading.nodes import Map, Node
from zhida.rules.problems import Problems

__all__ = ["Map", "Node", "decode", "read_yaml"]

MOST_BYTES = 2 * 1024 * 1024
MOST_DEPTH = 40
MOST_NODES = 100_000
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_LINE_END = re.compile(r"\r\n|\r|\n")
_BLOCK = ("|", ">")


def decode(data: bytes, file: str, problems: Problems, most: int = MOST_BYTES) -> str | None:
    """The text of a file of UTF-8 without hidden characters, or None with a problem noted."""
    if len(data) > most:
        problems.add(At(file, 0, 0), "the file is too long", f"{len(data)} bytes", f"at most {most}")
        return None
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        problems.add(At(file, line, 1), "not UTF-8", data[error.start : error.start + 1].hex(), "UTF-8")
        return None
    hidden = next((i for i, c in enumerate(text) if _is_hidden(c)), None)
    if hidden is not None:
        at = _position(text, hidden, file)
        code = f"U+{ord(text[hidden]):04X}"
        problems.add(at, "a control or invisible character", code, "visible text")
        return None
    return text


def _is_hidden(char: str) -> bool:
    """Control and format characters (also those that turn the direction of writing), line separators."""
    if char.isprintable() or char in "\n\r\t\u3000\u00a0":
        return False
    return unicodedata.category(char) in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")


def _position(text: str, index: int, file: str) -> At:
    lines = _LINE_END.split(text[:index])
    return At(file, len(lines), len(lines[-1]) + 1)


def read_yaml(data: bytes, file: str, problems: Problems) -> Node | None:
    """The one document of a YAML file, or None with problems noted (also for an empty file)."""
    text = decode(data, file, problems)
    if text is None:
        return None
    try:
        root = _Composer(text, file, problems).document()
    except _StopError:
        return None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        at = At(file, mark.line + 1, mark.column + 1) if mark else At(file, 1, 1)
        lines = _LINE_END.split(text)
        text_there = lines[at.line - 1].strip() if at.line <= len(lines) else ""
        problems.add(at, f"not YAML ({error.problem or error.context})", text_there, "a map, list or text")
        return None
    except yaml.YAMLError as error:
        problems.add(At(file, 1, 1), f"not YAML ({type(error).__name__})", "", "YAML")
        return None
    if root is None:
        problems.add(At(file, 1, 1), "the file is empty", "", "a map or a list")
    return root


class _StopError(Exception):
    """Reading of this file ends; the problem is noted."""


class _Composer:
    """Builds nodes from the parser's events, so that a hostile file is stopped before it is built."""

    def __init__(self, text: str, file: str, problems: Problems) -> None:
        self.text = text
        self.file = file
        self.problems = problems
        self.lines: list[str] | None = None
        self.count = 0
        self.events: Iterator[Any] = yaml.parse(text, Loader=_LOADER)

    def document(self) -> Node | None:
        root: Node | None = None
        for event in self.events:
            if isinstance(event, yaml.DocumentStartEvent):
                if root is not None:
                    self._stop(event, "a second document", "one document a file")
            elif isinstance(event, (yaml.ScalarEvent, yaml.CollectionStartEvent, yaml.AliasEvent)):
                root = self._node(event, 1)
        return None if root is None or root.is_null else root

    def _stop(self, event: Any, says: str, expected: str, text: str = "") -> None:
        self.problems.add(self._at(event), says, text, expected)
        raise _StopError

    def _at(self, event: Any) -> At:
        return At(self.file, event.start_mark.line + 1, event.start_mark.column + 1)

    def _node(self, event: Any, depth: int) -> Node:
        self.count += 1
        if self.count > MOST_NODES:
            self._stop(event, "too many values in one file", f"at most {MOST_NODES}")
        if depth > MOST_DEPTH:
            self._stop(event, "nested too deep", f"at most {MOST_DEPTH} levels")
        if isinstance(event, yaml.AliasEvent):
            self._stop(event, "an alias", "the value itself", f"*{event.anchor}")
        if event.anchor is not None:
            self._stop(event, "an anchor", "the value without it", f"&{event.anchor}")
        if event.tag is not None:
            self._stop(event, "a tag", "the value without it", str(event.tag))
        if isinstance(event, yaml.ScalarEvent):
            return self._scalar(event)
        if isinstance(event, yaml.MappingStartEvent):
            return self._mapping(event, depth)
        members: list[tuple[Node, Node]] = []
        key = Node("missing", self._at(event), self.problems)
        while not isinstance(following := next(self.events), yaml.SequenceEndEvent):
            members.append((key, self._node(following, depth + 1)))
        return Node("list", self._at(event), self.problems, children=members)

    def _mapping(self, event: Any, depth: int) -> Node:
        members: list[tuple[Node, Node]] = []
        seen: set[str] = set()
        while not isinstance(following := next(self.events), yaml.MappingEndEvent):
            key = self._node(following, depth + 1)
            if key.kind != "text":
                self._stop(following, "a key that is no text", "a word before the colon")
            if key.value == "<<" and key.style == "":
                self._stop(following, "a merge key", "the keys themselves", "<<")
            value = self._node(next(self.events), depth + 1)
            if key.value in seen:
                self.problems.add(key.at, "a key twice in one map", key.value, "each key once")
            else:
                members.append((key, value))
            seen.add(key.value)
        style = "{" if event.flow_style else ""
        return Node("map", self._at(event), self.problems, style=style, children=members)

    def _scalar(self, event: Any) -> Node:
        style = "" if event.style is None or event.style == ":" else str(event.style)
        at = self._at(event)
        if style in _BLOCK:
            at = self._first_text(event.start_mark.line)
        elif style:
            at = At(at.file, at.line, at.column + 1)
        value = str(event.value)
        if any(_is_hidden(c) for c in value):
            self.problems.add(at, "a control or invisible character", value, "visible text")
            value = "?"
        return Node("text", at, self.problems, value, style)

    def _first_text(self, header: int) -> At:
        """First character of a block scalar whose header stands on line ``header`` (from 0)."""
        if self.lines is None:
            self.lines = _LINE_END.split(self.text)
        for number in range(header + 1, len(self.lines)):
            line = self.lines[number]
            if line.strip():
                return At(self.file, number + 1, len(line) - len(line.lstrip()) + 1)
        return At(self.file, header + 1, 1)
