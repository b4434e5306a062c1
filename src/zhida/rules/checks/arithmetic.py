"""Sums in worked cases, computed apart from the engine.

A case says what should come out as arithmetic on plain numbers (``1259 * 3 - 2000``). This reader
has its own tokens, its own grammar and exact fractions, and shares nothing with the formula language:
an error in one of them can't hide in the other.

    sum    = term { ("+" | "-") term }
    term   = factor { ("*" | "/") factor }
    factor = "-" factor | "(" sum ")" | number | function "(" sum { "," sum } ")"

Functions: ``ceil(x)``, ``floor(x)`` (to whole numbers), ``ceil(x, step)``, ``floor(x, step)``,
``min(a, b, …)``, ``max(a, b, …)``.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from fractions import Fraction

LONGEST = 500
DEEPEST = 50
_TOKEN = re.compile(r"\s*(?:(?P<number>[0-9]+(?:\.[0-9]+)?)|(?P<word>[a-z]+)|(?P<sign>[-+*/(),]))")


class SumError(ValueError):
    """A text that is no sum; says what stands where."""


def evaluate(text: str) -> Fraction:
    """The value of a sum. Raises :class:`SumError`."""
    if len(text) > LONGEST:
        raise SumError(f"a sum of {len(text)} characters; at most {LONGEST}")
    reader = _Sum(_tokens(text))
    value = reader.sum(0)
    if reader.next != "":
        raise SumError(f"«{reader.next}» after the end of the sum")
    return value


def _tokens(text: str) -> list[str]:
    text = text.strip()
    found: list[str] = []
    position = 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            rest = text[position:].strip()
            raise SumError(
                f"«{rest[:20]}» is no part of a sum; write numbers, + - * / ( ), ceil, floor, min, max"
            )
        word = match.group("word")
        if word is not None and word not in _FUNCTIONS:
            raise SumError(f"«{word}» is no function; there are {', '.join(_FUNCTIONS)}")
        found.append(match.group().strip())
        position = match.end()
    return found


class _Sum:
    """Recursive descent over the tokens."""

    def __init__(self, tokens: list[str]) -> None:
        self.tokens = tokens
        self.index = 0

    @property
    def next(self) -> str:
        return self.tokens[self.index] if self.index < len(self.tokens) else ""

    def take(self) -> str:
        token = self.next
        self.index += 1
        return token

    def expect(self, token: str) -> None:
        if self.take() != token:
            raise SumError(f"«{token}» is missing")

    def sum(self, depth: int) -> Fraction:
        if depth > DEEPEST:
            raise SumError(f"more than {DEEPEST} brackets within one another")
        value = self.term(depth)
        while self.next in ("+", "-"):
            value = value + self.term(depth) if self.take() == "+" else value - self.term(depth)
        return value

    def term(self, depth: int) -> Fraction:
        value = self.factor(depth)
        while self.next in ("*", "/"):
            if self.take() == "*":
                value *= self.factor(depth)
                continue
            divisor = self.factor(depth)
            if divisor == 0:
                raise SumError("a division by zero")
            value /= divisor
        return value

    def factor(self, depth: int) -> Fraction:
        token = self.take()
        if token == "-":
            if depth > DEEPEST:
                raise SumError(f"more than {DEEPEST} signs and brackets within one another")
            return -self.factor(depth + 1)
        if token == "(":
            value = self.sum(depth + 1)
            self.expect(")")
            return value
        if token in _FUNCTIONS:
            self.expect("(")
            given = [self.sum(depth + 1)]
            while self.next == ",":
                self.take()
                given.append(self.sum(depth + 1))
            self.expect(")")
            return _FUNCTIONS[token](given)
        if not token:
            raise SumError("the sum ends where a number should stand")
        if not token[0].isdigit():
            raise SumError(f"«{token}» stands where a number should")
        return Fraction(token)


def _stepped(name: str, given: list[Fraction], up: bool) -> Fraction:
    if len(given) > 2:
        raise SumError(f"{name} of {len(given)} numbers; write {name}(x) or {name}(x, step)")
    step = given[1] if len(given) == 2 else Fraction(1)
    if step <= 0:
        raise SumError(f"{name} with a step of 0 or less")
    steps = given[0] / step
    return (-(-steps // 1) if up else steps // 1) * step


_FUNCTIONS: dict[str, Callable[[list[Fraction]], Fraction]] = {
    "ceil": lambda given: _stepped("ceil", given, True),
    "floor": lambda given: _stepped("floor", given, False),
    "min": min,
    "max": max,
}
