"""The helpers of ``plain``, compiled; those on 64-bit hashes are written for unsigned arithmetic."""

from __future__ import annotations

import numba as nb
import numpy as np

from zhida.rules.kernel import plain

_compile = nb.njit(cache=True, nogil=True, error_model="numpy")

kept = _compile(plain.kept)
bits_of = _compile(plain.bits_of)
hull = _compile(plain.hull)
widened = _compile(plain.widened)
product = _compile(plain.product)
rounded = _compile(plain.rounded)
load_number = _compile(plain.load_number)
load_truth = _compile(plain.load_truth)
load_choice = _compile(plain.load_choice)
age_of = _compile(plain.age_of)
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
