"""Commitments: measured aims that are promised or reported in running text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from zhida.services.plan.clauses import Named, Piece, carried, clause, conjunction, named, without_conjunction
from zhida.services.plan.flow import Flow
from zhida.services.plan.measured import measured
from zhida.services.plan.model import Commitment, Comparison, Unread
from zhida.services.plan.quantities import Quantity, quantities
from zhida.services.plan.roles import Roles
from zhida.services.plan.words import AT_LEAST, CHANGES, DISTANT, EACH, MADE
from zhida.services.plan.years import Stated, stated, year_for

AT_DISTANCE: dict[str, Comparison] = {
    "不低于": "≥", "不少于": "≥", "不得低于": "≥", "不得少于": "≥", "至少": "≥", "至少为": "≥",
    "不高于": "≤", "不超过": "≤", "不得超过": "≤", "高于": ">", "超过": ">", "低于": "<",
}  # fmt: skip
PER = re.compile("每(?:[人户]每?)?(?P<a>月|年)$|每(?P<b>月|年)每[人户]$|(?P<c>月)均$")
YEARLY = re.compile("每年|年均")


@dataclass(slots=True)
class _Found:
    """A quantity with its words, as places in the sentence."""

    quantity: Quantity
    named: Named
    comparison: Comparison
    subject: str
    start: int
    end: int
    by: int | None


def commitments(
    sentences: Sequence[Flow], roles: Roles, whole_text: str
) -> tuple[list[Commitment], list[Unread]]:
    """The commitments of all sentences, and figures at the edge of the text that may be cut."""
    done: list[Commitment] = []
    unread: list[Unread] = []
    for sentence in sentences:
        for one in _in_sentence(sentence.text):
            at = sentence.span(one.start, one.end)
            number = sentence.span(one.quantity.start, one.quantity.end)
            if number[0] == 0 or _at_the_end(whole_text, number[1]):
                unread.append(Unread(number, "文本在此处中断，数字可能不完整"))
            else:
                done.append(_commitment(sentence, one, roles, at))
    return done, unread


def _at_the_end(text: str, end: int) -> bool:
    return not text[end:].strip(" ") and not text[end:].endswith("\n")


def _commitment(sentence: Flow, one: _Found, roles: Roles, at: Piece) -> Commitment:
    text = sentence.text
    verb = one.named.verb
    role = roles.of(at[0], text, one.by, text[: one.quantity.end])
    return Commitment(
        subject=one.subject,
        verb=text[slice(*verb)] if verb else "",
        value=replace(one.quantity.figure, comparison=one.comparison),
        unit=one.quantity.unit,
        by=one.by,
        role=role,
        at=at,
    )


def _in_sentence(text: str) -> list[_Found]:
    found = measured(text, quantities(text))
    years = stated(text)
    done: list[_Found] = []
    for i, one in enumerate(found):
        following = found[i + 1] if i + 1 < len(found) else None
        done.append(_found(text, one, done, following, years))
    return done


def _found(
    text: str, one: Quantity, done: list[_Found], following: Quantity | None, years: list[Stated]
) -> _Found:
    piece = clause(text, one.start, one.end)
    last = done[-1] if done and done[-1].quantity.end > piece[0] else None
    after_end = piece[1]
    if following is not None and following.start < piece[1]:
        after_end = without_conjunction(text, one.end, _own_end(text, one.end, following.start))
    words = _named(text, one, piece, last, after_end)
    comparison = one.figure.comparison
    before = text[piece[0] : one.start]
    distant = DISTANT.search(before)
    if distant and comparison == "=":
        comparison = AT_DISTANCE[distant[1]]
        subject = words.subject
        if subject and subject[1] > piece[0] + distant.start():
            words = Named((subject[0], piece[0] + distant.start()), None)
    elif comparison == "=" and AT_LEAST.search(before):
        comparison = "≥"
    elif last is not None and comparison == "=" and _only_and(text, last, one):
        comparison = last.comparison
    one = _per(text, one, piece)
    if last is not None and one.unit and last.quantity.unit == f"{one.unit}/月" and words.verb:
        one = replace(one, unit=last.quantity.unit)
    places = [one.start, one.end, *(words.subject or ()), *(words.verb or ())]
    each = EACH.search(text, piece[0] if last is None else last.quantity.end, min(places))
    if each:
        places.append(each.start())
    by = year_for(text, years, one.start, one.end)
    counted = _subject(text, words, piece, done)
    return _Found(one, words, comparison, counted, min(places), max(places), by)


def _own_end(text: str, start: int, end: int) -> int:
    """Up to where the words between two quantities belong to the first: before the other's verb."""
    at = text.rfind("、", start, end)
    theirs = text[at + 1 : end] if at >= 0 else ""
    return at if theirs and (EACH.match(theirs) or MADE.match(theirs)) else end


def _only_and(text: str, last: _Found, one: Quantity) -> bool:
    return conjunction(text[last.quantity.end : one.start]) == text[last.quantity.end : one.start]


def _named(text: str, one: Quantity, piece: Piece, last: _Found | None, after_end: int) -> Named:
    """Subject and verb, where ``last`` stands before the quantity in the same clause."""
    after = (one.end, after_end)
    if last is None:
        return named(text, (piece[0], one.start), after)
    between = text[last.quantity.end : one.start]
    word = conjunction(between)
    if word == between or not between:  # 30%、50%; 20户30人
        return last.named
    if word is not None:  # 20家、照料中心30家
        return named(text, (last.quantity.end + len(word), one.start), after)
    change = CHANGES.match(between.lstrip("的"))
    if change:  # 从20家增加到50家
        start = last.quantity.end + len(between) - len(between.lstrip("的"))
        return Named(last.named.subject, (start, start + change.end()))
    cut = without_conjunction(text, last.quantity.end, one.start)
    if cut < one.start:  # 100名骨干和200名能手
        return Named(after if after[1] > after[0] else None, None)
    return named(text, (last.quantity.end, one.start), after)


def _subject(text: str, words: Named, piece: Piece, done: list[_Found]) -> str:
    """The subject's words; a clause that has none goes on with that of the clause before it."""
    if words.subject:
        subject = text[slice(*words.subject)].replace(" ", "")
        return _share(subject, text, words, done)
    before = done[-1] if done else None
    if before is not None and before.quantity.end + 1 == piece[0]:
        return before.subject
    return carried(text, piece[0])


def _share(subject: str, text: str, words: Named, done: list[_Found]) -> str:
    """A、B分别达到x和y: the member of the list that the figure belongs to."""
    if words.subject is None or not text.startswith("分别", words.subject[1]):
        return subject
    members = re.split("、|和|与|及|以及", subject)
    i = sum(f.named.subject == words.subject for f in done)
    return members[i] if len(members) > 1 and i < len(members) else subject


def _per(text: str, one: Quantity, piece: Piece) -> Quantity:
    """每人每月 before the number, and 每年 at the head of what is done, belong to the unit."""
    unit = one.unit or ""
    if "/" in unit or unit.endswith(("%", "‰", "倍")):
        return one
    hit = PER.search(text[piece[0] : one.start])
    if hit:
        return replace(one, unit=f"{unit}/{hit['a'] or hit['b'] or hit['c']}")
    return replace(one, unit=f"{unit}/年") if _yearly(text, one, piece) else one


def _yearly(text: str, one: Quantity, piece: Piece) -> bool:
    """每年 in the clause, or in one before it with which only verbs of making go on."""
    start, end = piece[0], one.start
    if not YEARLY.search(text, 0, end):
        return False
    while not YEARLY.search(text[start:end]):
        if start < 2 or text[start - 1] not in "，；、" or not MADE.match(text, start):
            return False
        start, end = clause(text, start - 1, start - 1)
    return True
