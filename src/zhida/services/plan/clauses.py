"""The clause around a quantity: where it begins and ends, what is counted, and by which verb."""

from __future__ import annotations

import re
from dataclasses import dataclass

from zhida.services.plan.words import AND, LEADING, MADE, MADE_END, PREDICATE, REACHED_END

STOPS = "，；：。！？"
OPEN, CLOSE = "（“‘《【", "）”’》】"
Piece = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Named:
    """What is counted and by which verb, as places in the sentence; None where the clause has none."""

    subject: Piece | None
    verb: Piece | None


def clause(text: str, start: int, end: int) -> Piece:
    """The clause that holds [start, end) of a sentence; quotes and brackets are not cut."""
    depth, a = 0, start
    while a > 0:
        c = text[a - 1]
        if c in CLOSE:
            depth += 1
        elif c in OPEN:
            if depth == 0:
                break
            depth -= 1
        elif c in STOPS and depth == 0:
            break
        a -= 1
    depth, b = 0, end
    while b < len(text):
        c = text[b]
        if c in OPEN:
            depth += 1
        elif c in CLOSE:
            if depth == 0:
                break
            depth -= 1
        elif c in STOPS and depth == 0:
            break
        b += 1
    return a, b


def stripped(text: str, a: int, b: int) -> int:
    """Where the words at [a, b) begin without times and adverbs."""
    while a < b:
        hit = LEADING.match(text, a, b)
        if hit is None or hit.end() == a:
            break
        a = hit.end()
    return a


def named(text: str, before: Piece, after: Piece) -> Named:
    """Subject and verb of a quantity from the words before and after it in its clause.

    Three forms: subject, verb, number (床位占比达到60%); verb, subject, number (建成食堂20家); verb,
    number, subject (培育100名骨干). A number at the head stands before its subject.
    """
    a, b = stripped(text, *before), before[1]
    words = text[a:b]
    noun = _noun(text, *after)
    if not words:
        return _at_the_head(text, *after)
    reached, made = REACHED_END.search(words), MADE_END.search(words)
    if made and made.start() == 0:
        return Named(noun, (a, b))
    if made and noun is not None and not (reached and reached.end() - reached.start() > 1):
        return Named(noun, (a + made.start(), b))
    if reached and reached.start() > 0:
        verb = (a + reached.start(), b)
        return Named(_object(text, a, verb[0]), verb)
    first = MADE.match(words)
    if first and first.end() < len(words) and words[first.end()] not in "、和及与的":
        return Named((a + first.end(), b), (a, a + first.end()))
    inner = re.search("实现|达到|达", words)
    if inner and 0 < inner.start():
        return Named((a, a + inner.start()), (a + inner.start(), a + inner.end()))
    return Named((a, b), None)


def _object(text: str, a: int, b: int) -> Piece:
    """The subject before a verb of reaching: a leading verb of making belongs to its name (建有 …)."""
    return a, b


def _noun(text: str, a: int, b: int) -> Piece | None:
    """The noun phrase behind a quantity, up to the end of its clause or the next list member."""
    if a < b and text[a] == "的":
        a += 1
    if b <= a or text[a] in "、）（和及":
        return None
    return a, b


def _at_the_head(text: str, a: int, b: int) -> Named:
    if a < b and text[a] == "的":
        a += 1
    hit = PREDICATE.search(text, a, b)
    if hit and hit.start() > a:
        return Named((a, hit.start()), hit.span())
    return Named((a, b) if b > a else None, None)


def conjunction(words: str) -> str | None:
    """The word with which a list goes on, at the head of ``words``."""
    return next((w for w in AND if words.startswith(w)), None)


def without_conjunction(text: str, a: int, b: int) -> int:
    """The end of a noun phrase without the word that leads on to the next member of its list."""
    for word in AND:
        if text[a:b].endswith(word):
            return b - len(word)
    return b
