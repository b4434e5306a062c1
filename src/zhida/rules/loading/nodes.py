"""Values of a YAML file with their places; reading a type notes a problem instead of raising.

Scalars stay text until a reader asks for a type; a wrong one is noted as a problem and a harmless
stand-in returned, so that reading goes on and all problems are found at once.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date

from zhida.codes.errors import CodeError
from zhida.codes.months import parse_day, parse_month
from zhida.rules.declarations import At, Formula
from zhida.rules.problems import Problems, nearest, one_of

LONGEST_FORMULA = 2_000
FIRST_YEAR, LAST_YEAR = 1800, 2199
NO_DATE = date(1970, 1, 1)
_WHOLE = re.compile(r"-?(0|[1-9][0-9]{0,14})")
_DECIMAL = re.compile(r"(-?)(0|[1-9][0-9]{0,12})(?:\.([0-9]{1,4}))?")


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
        at = self.at
        if self.style in ("'", '"'):
            at = At(at.file, at.line, at.column + len(text) - len(text.lstrip()))
        elif self.style == "|":
            text = self._as_written(text.lstrip("\r\n"))
        return Formula(text.strip(), at, start, until)

    def _as_written(self, text: str) -> str:
        """A block's lines with the indent that YAML took away: a column in them is one of the file."""
        taken = self.at.column - 1 - (len(text) - len(text.lstrip()))
        return re.sub(r"\n(?=[^\n])", "\n" + " " * taken, text)


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
