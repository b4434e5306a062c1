"""YAML read safely, every value with its place.

What a pack needs of YAML is mappings, lists and scalars: tags, anchors, aliases, merge keys, duplicate
keys and further documents are refused, so nothing can be built, repeated or hidden. Scalars stay text
until a reader asks for a type; a wrong one is noted as a problem and a harmless stand-in returned, so
that reading goes on and all problems are found at once.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

import yaml

from zhida.codes.errors import CodeError
from zhida.codes.months import parse_day, parse_month
from zhida.rules.declarations import At, Formula
from zhida.rules.problems import Problems, nearest, one_of

MOST_BYTES = 2 * 1024 * 1024
MOST_DEPTH = 40
MOST_NODES = 100_000
LONGEST_FORMULA = 2_000
FIRST_YEAR, LAST_YEAR = 1800, 2199
NO_DATE = date(1970, 1, 1)
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_WHOLE = re.compile(r"-?(0|[1-9][0-9]{0,14})")
_DECIMAL = re.compile(r"(-?)(0|[1-9][0-9]{0,12})(?:\.([0-9]{1,4}))?")
_LINE_END = re.compile(r"\r\n|\r|\n")
_BLOCK = ("|", ">")


class Node:
    """A scalar (``text``), list, map, or a value that is missing (already reported)."""

    __slots__ = ("at", "children", "kind", "problems", "style", "value")

    def __init__(
        self,
        kind: str,
        at: At,
        problems: Problems,
        value: str = "",
        style: str = "",
        children: Sequence[tuple[Node, Node]] = (),
    ) -> None:
        self.kind = kind
        self.at = at
        self.problems = problems
        self.value = value
        self.style = style
        self.children = children

    # --- what it is

    @property
    def is_null(self) -> bool:
        return self.kind == "text" and self.style == "" and self.value in ("", "~", "null")

    def add(self, says: str, expected: str = "", text: str | None = None) -> None:
        """Note a problem here. A missing value was reported where it is missing."""
        if self.kind != "missing":
            self.problems.add(self.at, says, self._shown() if text is None else text, expected)

    def _shown(self) -> str:
        return {"map": "{…}", "list": "[…]"}.get(self.kind, self.value)

    # --- structure

    def map(self, required: Sequence[str] = (), optional: Sequence[str] = ()) -> Map:
        """The map with exactly these keys; missing and unknown ones are noted."""
        found: dict[str, Node] = {}
        if self.kind != "map":
            keys = ", ".join([*required, *optional])
            self.add(f"{self._what()} where a map should be", f"a map with {keys}")
            return Map(self, found, silent=True)
        known = [*required, *optional]
        present = {key.value for key, _ in self.children}
        missing = [key for key in known if key not in present]
        for key, value in self.children:
            if key.value in known:
                found[key.value] = value
            else:
                # What follows a comma in {a: x, y} is a key of its own.
                comma = value.is_null and self.style == "{"
                expected = "quotes round a text that holds a comma" if comma else ""
                self.problems.unknown(key.at, "key", key.value, missing, expected)
        for name in required:
            if name not in found:
                self.add("missing key", f"`{name}: …`", text=name)
        return Map(self, found)

    def pairs(self) -> Sequence[tuple[Node, Node]]:
        """Keys and values of a map with free keys."""
        if self.kind != "map":
            self.add(f"{self._what()} where a map should be", "a map")
            return ()
        return self.children

    def items(self) -> list[Node]:
        """The members of a list."""
        if self.kind != "list":
            self.add(f"{self._what()} where a list should be", "a list, each item after a `-`")
            return []
        return [value for _, value in self.children]

    def _what(self) -> str:
        if self.is_null:
            return "nothing stands"
        return {"map": "a map stands", "list": "a list stands"}.get(self.kind, "a text stands")

    # --- scalars: each notes a problem and gives a stand-in where it does not fit

    def _scalar(self, wanted: str) -> str | None:
        if self.kind == "text" and not self.is_null:
            return self.value
        self.add(f"{self._what()} where {wanted} should be", wanted)
        return None

    def text(self, wanted: str = "a text") -> str:
        """Any text but nothing; line ends at its end are cut."""
        value = self._scalar(wanted)
        if value is None:
            return ""
        if not value.strip():
            self.add("an empty text", wanted)
        return value.rstrip("\r\n")

    def texts(self) -> tuple[str, ...]:
        """A list of texts."""
        return tuple(node.text() for node in self.items())

    def word(self, *known: str) -> str:
        """One of the known words; where it is none, the most similar, so that less seems wrong after it."""
        value = self._scalar(f"one of {', '.join(known)}")
        if value is not None and value not in known:
            self.add("unknown word", one_of(value, known))
        return value if value in known else nearest(value or "", known) or known[0]

    def boolean(self) -> bool:
        """``true`` or ``false``, not quoted."""
        value = self._scalar("true or false")
        if value is not None and (value not in ("true", "false") or self.style):
            self.add("neither true nor false", "true or false")
        return value == "true"

    def integer(self, least: int | None = None, most: int | None = None) -> int:
        """A whole number of at most 15 digits, within the bounds."""
        value = self._scalar("a whole number")
        if value is None:
            return least or 0
        if not _WHOLE.fullmatch(value):
            self.add("not a whole number", "digits, at most 15 of them")
            return least or 0
        return self._bounded(int(value), least, most)

    def _bounded(self, number: int, least: int | None, most: int | None) -> int:
        if (least is not None and number < least) or (most is not None and number > most):
            low = "" if least is None else f" from {least}"
            self.add("out of bounds", f"a whole number{low}" + ("" if most is None else f" to {most}"))
        return number

    def decimal(self, places: int, wanted: str = "") -> int:
        """An exact number of at most ``places`` decimals, as an integer of 1 / 10**places."""
        wanted = wanted or f"a number with at most {places} decimals"
        value = self._scalar(wanted)
        if value is None:
            return 0
        match = _DECIMAL.fullmatch(value)
        if match is None or len(match[3] or "") > places:
            self.add("not such a number", wanted)
            return 0
        number = int(match[2] + (match[3] or "").ljust(places, "0"))
        return -number if match[1] else number

    def money(self) -> int:
        """Yuan with at most two decimals → fen."""
        return self.decimal(2, "yuan with at most two decimals, like 1301 or 1301.50")

    def date(self) -> date:
        value = self._scalar("a date like 2025-01-23")
        if value is None:
            return NO_DATE
        try:
            day = parse_day(value)
        except CodeError:
            self.add("not a date", "a day of the calendar like 2025-01-23")
            return NO_DATE
        if not FIRST_YEAR <= day.year <= LAST_YEAR:
            self.add("a year that can't be meant", f"a year from {FIRST_YEAR} to {LAST_YEAR}")
            return NO_DATE
        return day

    def month(self) -> int:
        """``2025-06`` → 2025 * 12 + 5."""
        value = self._scalar("a month like 2025-06")
        if value is None:
            return FIRST_YEAR * 12
        try:
            month = parse_month(value)
        except CodeError:
            self.add("not a month", "year and month like 2025-06")
            return FIRST_YEAR * 12
        if not FIRST_YEAR <= month // 12 <= LAST_YEAR:
            self.add("a year that can't be meant", f"a year from {FIRST_YEAR} to {LAST_YEAR}")
        return month

    def formula(self, start: int | None = None, until: int | None = None) -> Formula:
        """The text of a formula; ``at`` is the place of its first character."""
        value = self._scalar("a formula")
        if value is not None and not value.strip():
            self.add("an empty formula", "an expression")
        if value is not None and len(value) > LONGEST_FORMULA:
            self.add(
                "a formula too long", f"at most {LONGEST_FORMULA} characters: name its parts as variables"
            )
            value = "0"
        text = value or "0"
        lead = len(text) - len(text.lstrip()) if self.style in ("'", '"') else 0
        at = At(self.at.file, self.at.line, self.at.column + lead) if lead else self.at
        return Formula(text.strip(), at, start, until)


class Map:
    """A map whose keys were checked. A missing required key gives a stand-in that reads as nothing."""

    __slots__ = ("_found", "node", "silent")

    def __init__(self, node: Node, found: dict[str, Node], silent: bool = False) -> None:
        self.node = node
        self._found = found
        self.silent = silent

    @property
    def at(self) -> At:
        return self.node.at

    def __getitem__(self, key: str) -> Node:
        found = self._found.get(key)
        return found if found is not None else Node("missing", self.node.at, self.node.problems)

    def get(self, key: str) -> Node | None:
        return self._found.get(key)

    def __contains__(self, key: object) -> bool:
        return key in self._found

    def __iter__(self) -> Iterator[str]:
        return iter(self._found)

    def text(self, key: str) -> str:
        """An optional text, '' where the key is absent or the text empty."""
        node = self._found.get(key)
        quoted_empty = node is not None and node.kind == "text" and node.style != "" and not node.value
        return "" if node is None or quoted_empty else node.text()

    def month(self, key: str) -> int | None:
        node = self._found.get(key)
        return node.month() if node is not None else None

    def day(self, key: str) -> date | None:
        node = self._found.get(key)
        return node.date() if node is not None else None

    def flag(self, key: str, default: bool = False) -> bool:
        node = self._found.get(key)
        return node.boolean() if node is not None else default


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
