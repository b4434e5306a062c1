"""Whether two spellings may be the name of one person."""

from __future__ import annotations

import unicodedata


def plain_name(name: str) -> str:
    """A name as it is compared: full-width forms narrow, no blanks, no dots between parts, no case."""
    text = unicodedata.normalize("NFKC", name)
    return "".join(c for c in text if not c.isspace() and c not in "·•・.。-").casefold()


def clearly_differ(one: str, other: str) -> bool:
    """True where no slip of one character, no cut-off end and no other way of writing explains it.

    Of a name of two characters one must be the same, so 王芳 and 王方 are alike, 王芳 and 李明 are not.
    """
    a, b = plain_name(one), plain_name(other)
    if a == b:
        return False
    if not a or not b:
        return True
    short, long = sorted((a, b), key=len)
    if len(short) >= 2 and long.startswith(short):
        return False
    return not _one_slip(short, long)


def _one_slip(short: str, long: str) -> bool:
    """One character replaced, left out, or two neighbours changed over."""
    if len(long) - len(short) > 1:
        return False
    start = 0
    while start < len(short) and short[start] == long[start]:
        start += 1
    if len(short) == len(long):
        if short[start + 1 :] == long[start + 1 :]:
            return len(short) > 1
        pair = short[start : start + 2]
        return pair[::-1] == long[start : start + 2] and short[start + 2 :] == long[start + 2 :]
    return len(short) > 1 and short[start:] == long[start + 1 :]
