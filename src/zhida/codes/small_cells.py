"""Which counts of people may leave: small ones may not, nor the sums that would tell them."""

from __future__ import annotations

from collections.abc import Sequence

SMALL = 10
"""A count of people below this is withheld, unless it is 0."""


def withheld(count: int) -> bool:
    return 0 < count < SMALL


def protected(counts: Sequence[int], hidden: Sequence[bool] = ()) -> list[bool]:
    """Which of some counts with a known sum are withheld: the small ones (and ``hidden``), and where these
    would be told by the rest, because they are one alone or small together, the next smallest as well."""
    found = [withheld(n) for n in counts]
    if hidden:
        found = [h or told for h, told in zip(hidden, found, strict=True)]
    kept = [n for n, h in zip(counts, found, strict=True) if h]
    if len(kept) == 1 or withheld(sum(kept)):
        rest = [(n, i) for i, n in enumerate(counts) if n > 0 and not found[i]]
        if rest:
            found[min(rest)[1]] = True
    return found
