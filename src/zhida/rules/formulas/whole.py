"""Whole numbers: exact division with rounding, and how to speak of large ones."""

from __future__ import annotations


def size(value: int) -> str:
    """A large whole number in short; any length will do."""
    return f"10^{len(str(value)) - 1}"


def divide_exact(num: int, den: int, step: int, direction: str) -> int:
    """``num / den`` to a multiple of ``step``: up (to plus infinity), down, or half up."""
    d = den * step
    if direction == "up":
        return -((-num) // d) * step
    if direction == "down":
        return num // d * step
    return (2 * num + d) // (2 * d) * step
