"""The clause around a quantity: where it begins and ends, what is counted, and by which verb."""

from __future__ import annotations

import re
from dataclasses import dataclass

from zhida.services.plan.words import (
    ADVERB,
    AMONG,
    AND,
    CARRIER,
    CARRIES,
    CHANGES,
    DONE_END,
    EACH_DOES,
    LEADING,
    MADE,
    MADE_END,
    OBJECT_END,
    PREDICATE,
    REACHED_END,
    SAID,
    TAIL,
    TRAILING,
)

STOPS = "，；：。！？"
OPEN, CLOSE = "（“‘《【", "）”’》】"
WIDEST = 400
"""Characters that a clause may reach to either side of its quantity."""
SHORT = 4
"""A word of so many characters before 全覆盖 says where, not what."""
WHOLE_VERB = re.compile("(?:实现|实施)(?!.*(?:实现|实施))")
REACH_VERB = re.compile("达到|达(?!标|成|州)")
JOINS = ("和", "及", "与", "、")
Piece = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Named:
    """What is counted and by which verb, as places in the sentence; None where the clause has none."""

    subject: Piece | None
    verb: Piece | None


def clause(text: str, start: int, end: int) -> Piece:
    """The clause that holds [start, end) of a sentence; quotes and brackets are not cut."""
    depth, a = 0, start
    while a > max(0, start - WIDEST):
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
    while b < min(len(text), end + WIDEST):
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
        hit = LEADING.match(text, a)
        if hit is None or not a < hit.end() <= b:
            break
        a = hit.end()
    adverb = ADVERB.match(text[a:b])
    return a + adverb.end() if adverb else a


def named(text: str, before: Piece, after: Piece) -> Named:
    """Subject and verb of a quantity from the words before and after it in its clause.

    Three forms: subject, verb, number (床位占比达到60%); verb, subject, number (建成食堂20家); verb,
    number, subject (培育100名骨干). A number at the head stands before its subject.
    """
    a, b = stripped(text, *before), before[1]
    trailing = TRAILING.search(text[a:b])
    b = a + trailing.start() if trailing else b
    b = b - 1 if text[a:b].endswith(("从", "由", "自")) and not MADE_END.search(text[a:b]) else b
    words = text[a:b]
    noun = _noun(text, *after)
    if not words or (words.endswith(JOINS) and PREDICATE.search(text, *after)):
        return _at_the_head(text, *after)
    first = MADE.match(words)
    reached, made = REACHED_END.search(words), MADE_END.search(words)
    each = EACH_DOES.match(words)
    if each and each.end() < len(words):
        return Named((a + each.end(), b), (a + each.start(1), a + each.end()))
    among = AMONG.search(words)
    if among:
        whose = (a, a + among.start()) if among.start() else None
        return Named(whose, (a + among.start(), a + among.start() + 1))
    if CARRIES.fullmatch(words) or (made and made.start() == 0):
        return Named(noun, (a, b))
    if made and noun is not None and not (reached and reached.end() - reached.start() > 1):
        return Named(noun, (a + made.start(), b))
    if reached and reached.start() == 0:
        return Named(noun, (a, b))
    if reached:
        verb = (a + reached.start(), b)
        return Named((a, _trimmed(text, a, verb[0])), verb)
    if first and first.end() < len(words) and words[first.end()] not in "、和及与的":
        return Named(noun or (a + first.end(), b), (a, a + first.end()))
    done = DONE_END.search(words)
    if done and done.start():
        return Named((a, a + done.start()), (a + done.start(), b))
    whole = "全覆盖" in text[before[1] : after[0]]
    inner = (WHOLE_VERB if whole else REACH_VERB).search(words)
    if inner and inner.start():
        verb = (a + inner.start(), a + inner.end())
        after_verb = whole and (b - verb[1] > SHORT or words.startswith("对") or words[0].isdigit())
        return Named((verb[1], b) if after_verb else (a, verb[0]), verb)
    return Named((a, _trimmed(text, a, b)), None)


def _trimmed(text: str, a: int, b: int) -> int:
    """The end of a subject without 均, 分别 and the like."""
    tail = TAIL.search(text[a:b])
    return a + tail.start() if tail and tail.start() else b


def _noun(text: str, a: int, b: int) -> Piece | None:
    """The noun phrase behind a quantity, up to the end of its clause or the next list member."""
    if a < b and text[a] == "的":
        a += 1
    if b <= a or text[a] in "、）（和及" or PREDICATE.match(text, a):
        return None
    if CHANGES.match(text, a):
        return None
    said = SAID.search(text, a, b)
    return a, said.start() if said and said.start() > a else b


def _at_the_head(text: str, a: int, b: int) -> Named:
    if a < b and text[a] == "的":
        a += 1
    if CHANGES.match(text, a):
        return Named(None, None)
    hit = PREDICATE.search(text, a, b)
    if hit and hit.start() > a:
        return Named((a, hit.start()), hit.span())
    if hit:
        return Named(None, (a, b))
    return Named((a, b) if b > a else None, None)


def carried(text: str, before: int) -> str:
    """What the clauses before ``before`` speak of: the object of the first that carries one on."""
    words = [w for w in re.split("[，；：]", text[:before]) if w]
    for one in (words[:1] + words[-1:]) if words else []:
        a = stripped(one, 0, len(one))
        head = CARRIER.match(one[a:])
        thing = OBJECT_END.sub("", one[a + head.end() :]) if head else ""
        if thing and not re.search(r"[。“]|\d", thing):
            return thing
    return ""


def conjunction(words: str) -> str | None:
    """The word with which a list goes on, at the head of ``words``."""
    return next((w for w in AND if words.startswith(w)), None)


def without_conjunction(text: str, a: int, b: int) -> int:
    """The end of a noun phrase without the word that leads on to the next member of its list."""
    for word in AND:
        if text[a:b].endswith(word):
            return b - len(word)
    return b
