"""Errors of a pack, gathered so that an author sees all of them at once."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from zhida.rules.declarations import At

MOST = 200
"""Past this many problems the rest are only counted: a hostile file must not fill the memory."""
LONGEST_TEXT = 80


def shown(text: str) -> str:
    """The text as it may be printed: one line, no control characters, at most 80 characters."""
    cut = text[: LONGEST_TEXT + 1]
    cut = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in cut)
    return cut if len(cut) <= LONGEST_TEXT else cut[: LONGEST_TEXT - 1] + "…"


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that is spelt most like ``word``, or None."""
    found = difflib.get_close_matches(word[:LONGEST_TEXT], list(known), n=1, cutoff=0.6)
    return found[0] if found else None


def one_of(word: str, known: Iterable[str], most: int = 12) -> str:
    """What to expect instead of an unknown word: the nearest spelling, else the list (shortened)."""
    words = list(dict.fromkeys(known))
    guess = nearest(word, words)
    if guess is not None:
        return f"perhaps «{shown(guess)}»"
    if not words:
        return "none is declared"
    listed = ", ".join(shown(w) for w in words[:most])
    return f"one of {listed}" if len(words) <= most else f"one of {listed} … ({len(words)} in all)"


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing wrong at one place. Line and column count from 1; line 0: the file as a whole."""

    file: str
    line: int
    column: int
    text: str
    says: str
    expected: str = ""

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        text = f" «{self.text}»" if self.text else ""
        expected = f"; expected {self.expected}" if self.expected else ""
        return f"{where}: {self.says}{text}{expected}"


class PackError(Exception):
    """A pack (or a reform of one) that can't be used. ``problems`` are in order of file and place."""

    def __init__(self, problems: Iterable[Problem], more: int = 0) -> None:
        self.problems: tuple[Problem, ...] = tuple(sorted(set(problems)))
        self.more = more
        super().__init__(self.problems)

    def __str__(self) -> str:
        lines = [str(p) for p in self.problems]
        if self.more:
            lines.append(f"… and {self.more} more problems")
        return "\n".join(lines)


class Problems:
    """Collects problems; ``raise_if_any`` ends a phase of loading."""

    def __init__(self) -> None:
        self._found: list[Problem] = []
        self._more = 0

    def add(self, at: At, says: str, text: str = "", expected: str = "") -> None:
        """Note a problem: ``says`` is one clause, ``text`` what stands there, ``expected`` what should."""
        if len(self._found) < MOST:
            self._found.append(Problem(at.file, at.line, at.column, shown(text), says, expected))
        else:
            self._more += 1

    def unknown(self, at: At, what: str, text: str, known: Iterable[str], expected: str = "") -> None:
        """Note an unknown word; unless it is said what was expected, suggest the nearest known one."""
        if not expected and len(self._found) < MOST:
            expected = one_of(text, known)
        self.add(at, f"unknown {what}", text, expected)

    def __len__(self) -> int:
        return len(self._found) + self._more

    def __iter__(self) -> Iterator[Problem]:
        return iter(self._found)

    def raise_if_any(self) -> None:
        """Raise ``PackError`` with everything gathered so far."""
        if self._found:
            raise PackError(self._found, self._more)
