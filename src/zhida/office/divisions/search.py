"""Finding divisions as people type them: digits of a code, a part of the name, pinyin or its initials."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from datetime import date

from django.db.models import Case, IntegerField, Q, QuerySet, Value, When

from zhida.office.divisions.models import Division

MOST = 50
LONGEST = 40
"""Signs of a question; what is longer finds nothing."""


def find(
    text: str, on: date, *, ended: bool = True, within: tuple[str, str] | None = None
) -> QuerySet[Division]:
    """At most MOST divisions, the best match first; those in force on that day before the others.

    ``ended=False`` leaves those out; ``within`` keeps to a range of codes.
    """
    words = "".join(unicodedata.normalize("NFKC", text).split()).lower()
    if not words or len(words) > LONGEST or not words.isprintable():
        return Division.objects.none()
    matches, best = _digits(words) if words.isdecimal() and words.isascii() else _letters(words)
    today = Q(Q(start__isnull=True) | Q(start__lte=on), Q(until__isnull=True) | Q(until__gt=on))
    found = Division.objects.filter(matches).select_related("parent")
    if not ended:
        found = found.filter(today)
    if within is not None:
        found = found.filter(code__gte=within[0], code__lte=within[1])
    return found.annotate(past=_rank([today]), rank=_rank(best)).order_by("past", "rank", "level", "code")[
        :MOST
    ]


def _digits(words: str) -> tuple[Q, list[Q]]:
    if len(words) > 12:
        return Q(pk__in=()), []
    return Q(code__gte=words.ljust(12, "0"), code__lte=words.ljust(12, "9")), []


def _letters(words: str) -> tuple[Q, list[Q]]:
    best = [Q(name=words), Q(name__startswith=words), Q(name__contains=words)]
    if words.isascii():
        best += [Q(initials=words), Q(pinyin__startswith=words), Q(initials__startswith=words)]
    matches = Q()
    for one in best:
        matches |= one
    return matches, best


def _rank(best: Iterable[Q]) -> Case:
    """0 for what fits the first, 1 for the second, …, and one more for the rest."""
    conditions = list(best)
    whens = (When(one, then=Value(place)) for place, one in enumerate(conditions))
    return Case(*whens, default=Value(len(conditions)), output_field=IntegerField())
