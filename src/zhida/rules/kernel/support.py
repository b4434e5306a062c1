"""The helpers of ``plain``, compiled; those on 64-bit hashes are written for unsigned arithmetic."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba as nb
import numpy as np

from zhida.rules.kernel import plain

_compile = nb.njit(cache=True, nogil=True, error_model="numpy", forceinline=True)

kept = _compile(plain.kept)
bits_of = _compile(plain.bits_of)
hull = _compile(plain.hull)
widened = _compile(plain.widened)
product = _compile(plain.product)
rounded = _compile(plain.rounded)
load_number = _compile(plain.load_number)
load_truth = _compile(plain.load_truth)
load_choice = _compile(plain.load_choice)
month_of = _compile(plain.month_of)
band = _compile(plain.band)
put_row = _compile(plain.put_row)


@_compile
def quotient(a_lo, a_hi, b_lo, b_hi, step, direction):  # type: ignore[no-untyped-def]
    p, q = rounded(a_lo, b_lo, step, direction), rounded(a_lo, b_hi, step, direction)
    r, s = rounded(a_hi, b_lo, step, direction), rounded(a_hi, b_hi, step, direction)
    return min(min(p, q), min(r, s)), max(max(p, q), max(r, s))


@_compile
def start():  # type: ignore[no-untyped-def]
    return np.uint64(0xCBF29CE484222325)


@_compile
def mix(state, value):  # type: ignore[no-untyped-def]
    return (np.uint64(state) ^ np.uint64(value)) * np.uint64(0x100000001B3)


@_compile
def signed(state):  # type: ignore[no-untyped-def]
    return np.int64(np.uint64(state))


@_compile
def age_of(ages, reference, born):  # type: ignore[no-untyped-def]
    return np.int64(ages[min(max(reference - born, 0), len(ages) - 1)])


def stage(work: Callable[..., Any]) -> Any:
    """Compiles a stage. No two of its arrays overlap where one is written, and saying so lets loops
    vectorise; Numba has no option for that, so the flag is set on its way to the compiler."""
    made: Any = nb.njit(cache=True, nogil=True, error_model="numpy")(work)
    customize = made._compiler._customize_flags

    def customized(flags: Any) -> Any:
        flags = customize(flags)
        flags.noalias = True
        return flags

    made._compiler._customize_flags = customized
    return made
