"""The error of this floor: one clear sentence that says what is wrong and what to write instead."""

from __future__ import annotations


class CodeError(ValueError):
    """A text that is not the code, month, amount or date it should be."""


def shown(value: object, limit: int = 40) -> str:
    """``value`` as it may stand in a message: quoted, on one line, cut to ``limit`` characters."""
    try:
        text = repr(value)
    except ValueError:  # an integer too long to be written out
        text = f"a huge {type(value).__name__}"
    return text if len(text) <= limit else text[: limit - 1] + "…"
