"""What the readers of all kinds of file share: names, citations, dates, storage of values."""

from __future__ import annotations

import keyword
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from zhida.codes.months import day_number, format_month
from zhida.rules.declarations import (
    At,
    Citation,
    Enumeration,
    Evidence,
    Formula,
    Kin,
    Kind,
    Link,
    Register,
    Source,
    Unit,
)
from zhida.rules.formation import Formation
from zhida.rules.formulas.language import FUNCTIONS
from zhida.rules.loading.yamlnodes import Map, Node
from zhida.rules.problems import Problems, one_of

LONGEST_NAME = 64
CITATION = ("source", "article", "evidence", "note")
_ID = re.compile(r"[a-z][a-z0-9_]*")
_STRENGTH = {evidence: i for i, evidence in enumerate(Evidence)}
_WITHOUT_SOURCE = (Evidence.ASSUMED, Evidence.DERIVED)
_NUMBERS = (Kind.INT, Kind.MONEY, Kind.DECIMAL, Kind.DATE)
_MOST = 10**15
"""No amount, count or decimal of a pack is beyond this, so that sums of them fit int64."""


class _Named(Protocol):
    @property
    def id(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def at(self) -> At: ...


T = TypeVar("T", bound=_Named)
R = TypeVar("R")


@dataclass
class Context:
    """State of one load. Readers add to it in the order of their dependence."""

    problems: Problems
    sources: dict[str, Source] = field(default_factory=dict)
    units: dict[str, Unit] = field(default_factory=dict)
    links: dict[str, Link] = field(default_factory=dict)
    kin: dict[str, Kin] = field(default_factory=dict)
    formations: dict[str, Formation] = field(default_factory=dict)
    registers: dict[str, Register] = field(default_factory=dict)
    enums: dict[str, Enumeration] = field(default_factory=dict)
    money_words: set[str] = field(default_factory=set)
    _taken: dict[str, tuple[str, At]] = field(default_factory=dict)

    # --- ids and names

    def id(self, node: Node) -> str:
        """A lower-case id; '' where it is none."""
        text = node.text("an id of a-z, 0-9 and _")
        if text and (not _ID.fullmatch(text) or len(text) > LONGEST_NAME):
            node.add("not an id", f"a-z, 0-9 and _, first a letter, at most {LONGEST_NAME}")
            return ""
        return text

    def formula_id(self, node: Node) -> str:
        """An id that may also stand in a formula."""
        text = self.id(node)
        return text if self._usable(node, text) else ""

    def name(self, node: Node) -> str:
        """The regulation's word as it may stand in a formula; '' where it can't."""
        text = node.text("a name")
        if not text:
            return ""
        plain = unicodedata.normalize("NFKC", text[:LONGEST_NAME])
        if len(text) > LONGEST_NAME or not text.isidentifier() or text.startswith("_"):
            node.add(
                "not a name for formulas", f"letters, digits and _, first a letter, at most {LONGEST_NAME}"
            )
            return ""
        if plain != text:
            node.add("a name that Unicode (NFKC) writes otherwise", f"«{plain}»")
            return ""
        return text if self._usable(node, text) else ""

    def _usable(self, node: Node, text: str) -> bool:
        if keyword.iskeyword(text) or text in FUNCTIONS:
            node.add("a word of the formula language", "another word")
            return False
        return bool(text)

    def label(self, node: Node) -> str:
        """A name that only people read, or that stands in quotes in formulas."""
        text = node.text("a name")
        plain = unicodedata.normalize("NFKC", text[: 2 * LONGEST_NAME])
        if text and (plain != text or any(c in "\"'[]{}\\\n" for c in text) or len(text) > 2 * LONGEST_NAME):
            node.add("not a plain name", "text without quotes and brackets, in its plain Unicode form (NFKC)")
        return text

    def take(self, what: str, id: str, name: str, at: At) -> bool:
        """Claim id and name over everything that formulas may name; False where one was taken."""
        free = True
        for text in dict.fromkeys((id, name)):
            if not text:
                continue
            owner = self._taken.get(text)
            if owner is None:
                self._taken[text] = (what, at)
            else:
                other, there = owner
                says = f"the name of this {what} is taken by a {other} ({there.file}:{there.line})"
                self.problems.add(at, says, text, "a name of its own")
                free = False
        return free

    def unique(self, what: str, records: Iterable[T]) -> dict[str, T]:
        """Records by id; a second one of the same id or name is a problem."""
        found: dict[str, T] = {}
        names: set[str] = set()
        for record in records:
            if not record.id:
                continue
            if record.id in found:
                self.problems.add(record.at, f"a {what} twice", record.id, "each id once")
                continue
            if record.name and record.name in names:
                self.problems.add(record.at, f"the name of a {what} twice", record.name, "each name once")
            names.add(record.name)
            found[record.id] = record
        return found

    # --- references

    def reference(self, node: Node, what: str, known: Mapping[str, object] | Sequence[str]) -> str:
        """The id of something declared; '' with a problem where nothing is called so."""
        text = node.text(f"the id of a {what}")
        if text and text not in known:
            node.add(f"unknown {what}", one_of(text, known))
            return ""
        return text

    # --- citations

    def citation(self, record: Map) -> Citation:
        """The citation keys of a record; see docs/pack-format.md for the rule."""
        source_node, evidence_node = record.get("source"), record.get("evidence")
        article, note = record.text("article"), record.text("note")
        given = self.evidence(evidence_node) if evidence_node is not None else None
        if source_node is None:
            if record.silent:
                return Citation("", "", Evidence.ASSUMED)
            return Citation("", article, self._unsourced(record, given, note), note)
        source = self.sources.get(self.reference(source_node, "source", self.sources))
        if source is None:
            return Citation("", article, Evidence.ASSUMED, note)
        if given is not None and evidence_node is not None and _STRENGTH[given] < _STRENGTH[source.evidence]:
            evidence_node.add(
                f"stronger evidence than its source ({source.evidence})", f"{source.evidence} or weaker"
            )
        return Citation(source.id, article, given or source.evidence, note)

    def _unsourced(self, record: Map, given: Evidence | None, note: str) -> Evidence:
        if given is None:
            expected = "`source: …`, or `evidence: ASSUMED` with a `note: …` that says why"
            record.node.problems.add(record.at, "no source", expected=expected)
        elif given not in _WITHOUT_SOURCE:
            record["evidence"].add(
                "evidence of this kind needs a source", "`source: …`, or ASSUMED or DERIVED"
            )
        elif not note.strip():
            record.node.problems.add(record.at, "an assumption without a reason", expected="`note: …`")
        return given or Evidence.ASSUMED

    def evidence(self, node: Node) -> Evidence:
        text = node.text("a word of evidence")
        if text in set(Evidence):
            return Evidence(text)
        if text:
            node.add("unknown word of evidence", f"one of {', '.join(Evidence)}")
        return Evidence.ASSUMED

    # --- dates

    def months(self, record: Map) -> tuple[int | None, int | None]:
        """``from`` and ``until`` as months; empty intervals are a problem."""
        start, until = record.month("from"), record.month("until")
        if start is not None and until is not None and until <= start:
            record["until"].add("ends before it begins", f"a month after {format_month(start)}")
        return start, until

    def no_overlap(self, what: str, formulas: Iterable[Formula]) -> None:
        """Formulas of one thing: no month may have two."""
        far = 10**6
        before: Formula | None = None
        for formula in sorted(
            formulas, key=lambda f: (-far if f.start is None else f.start, f.at.file, f.at.line)
        ):
            if before is not None and (
                before.until is None or formula.start is None or formula.start < before.until
            ):
                where = f"line {before.at.line}" if before.at.file == formula.at.file else before.at.file
                self.problems.add(
                    formula.at,
                    f"two formulas of {what} in the same month (the other: {where})",
                    formula.text,
                    "from / until that don't overlap",
                )
            before = formula

    # --- storage

    def kind(self, node: Node, *, but: Sequence[Kind] = ()) -> Kind:
        return Kind(node.word(*(kind.value for kind in Kind if kind not in but)))

    def value(self, node: Node, kind: Kind, enum: str, places: int) -> int:
        """A value as a storage integer; 0 with a problem where it is none."""
        if kind is Kind.BOOL:
            return int(node.boolean())
        if kind is Kind.MONEY:
            return node.money()
        if kind is Kind.DECIMAL:
            return node.decimal(places)
        if kind is Kind.DATE:
            return day_number(node.date())
        if kind is Kind.INT:
            return node.integer()
        return self.choice(node, enum)

    def choice(self, node: Node, enum: str) -> int:
        text = node.text("a choice")
        enumeration = self.enums.get(enum)
        if enumeration is None or not text:
            return 0
        index = enumeration.index(text)
        if index is None:
            names = [c.name for c in enumeration.choices]
            node.add(f"not a choice of {enum}", one_of(text, [*names, *(c.id for c in enumeration.choices)]))
        return index or 0

    def bounds(self, record: Map, kind: Kind, enum: str, places: int) -> tuple[int, int]:
        """``min`` and ``max``: required for numbers and dates, given by the type elsewhere."""
        if kind not in _NUMBERS:
            for key in ("min", "max"):
                if key in record:
                    record[key].add(f"a {kind} has no {key}", "no such key")
            choices = self.enums[enum].choices if enum in self.enums else ()
            return 0, 1 if kind is Kind.BOOL else max(0, len(choices) - 1)
        for key in ("min", "max"):
            if key not in record and not record.silent:
                record.node.add(f"a {kind} without {key}", f"`{key}: …`", text=record.text("id"))
        if "min" not in record or "max" not in record:
            return 0, _MOST
        low, high = (self.value(record[key], kind, enum, places) for key in ("min", "max"))
        for key, bound in (("min", low), ("max", high)):
            if abs(bound) > _MOST:
                record[key].add("too large", "at most ten billions of yuan")
        if low > high:
            record["max"].add("max is below min", f"at least {record['min'].value}")
        return low, high

    def places(self, record: Map, kind: Kind) -> int:
        """``places`` of a decimal (required), 0 elsewhere."""
        node = record.get("places")
        if kind is Kind.DECIMAL:
            if node is None:
                if not record.silent:
                    record.node.add(
                        "a decimal without places", "`places: 1` to `places: 4`", text=record.text("id")
                    )
                return 4
            return min(4, max(1, node.integer(1, 4)))
        if node is not None:
            node.add(f"a {kind} has no places", "no such key")
        return 0

    def enum(self, record: Map, kind: Kind) -> str:
        """``enum`` of an enumeration (required), '' elsewhere."""
        node = record.get("enum")
        if kind is Kind.ENUM:
            if node is None:
                if not record.silent:
                    record.node.add("an enum without enum", "`enum: …`", text=record.text("id"))
                return ""
            return self.reference(node, "enumeration", self.enums)
        if node is not None:
            node.add(f"a {kind} has no enumeration", "no such key")
        return ""


def read_list(node: Node | None, read: Callable[[Node], R]) -> list[R]:
    """What ``read`` makes of each item of a list; none where the key is absent."""
    return [] if node is None else [read(item) for item in node.items()]
