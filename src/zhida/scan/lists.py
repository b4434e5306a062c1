"""From rows of the kernel to lists: whom to visit, whom to ask, whose award to look at again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zhida.rules.formulas.ir import NA, NO, YES
from zhida.rules.program.build import BenefitProgram
from zhida.rules.program.outcome import ROW

Array = NDArray[Any]

LISTS = ("lead", "verify", "review", "near")
LEAD, VERIFY, REVIEW, NEAR = range(4)
REASONS = ("", "no_longer_fits", "amount_differs", "validity_over")
NO_REASON, NO_LONGER_FITS, AMOUNT_DIFFERS, VALIDITY_OVER = range(4)
ANSWERS = tuple({YES: "yes", NO: "no", NA: "not_applicable"}.get(bits, "undetermined") for bits in range(8))
COLUMN = {name: i for i, name in enumerate(ROW)}


@dataclass(frozen=True, slots=True)
class Entries:
    """Rows of one benefit that stand on a list, in the order of their units.

    ``rows``: columns of the kernel (``ROW``). ``lists``, ``reasons``: indexes into LISTS, REASONS.
    ``held``: rows of all who receive it now. ``suppressed``: rows (and ``suppressed_reasons``) of those
    whose review waits. ``possible``: whoever a benefit that is not standing fits as far as
    registers tell, or may fit where something speaks for it; only counted.
    """

    rows: Array
    lists: Array
    reasons: Array
    held: Array
    suppressed: Array
    suppressed_reasons: Array
    possible: Array


def bits(codes: Array, at: int) -> Array:
    """One truth set out of the column ``codes``."""
    found: Array = codes >> at & 7
    return found


def classify(program: BenefitProgram, rows: Array) -> Entries:
    """``rows``: the kernel's, (len(ROW), n)."""
    benefit = program.benefit
    codes = rows[COLUMN["codes"]]
    full, presumed, signal = bits(codes, 0), bits(codes, 3), bits(codes, 6)
    near = codes >> 9 & 1 == 1
    held = bits(codes, 10) & YES != 0
    fits = presumed & YES != 0
    none = rows[:, :0]
    if benefit.kind != "standing":
        empty = np.zeros(0, np.int8)
        possible = ~held & fits & ((presumed == YES) | (signal == YES))
        return Entries(none, empty, empty, rows[:, held], none, empty, rows[:, possible])
    lists = np.full(rows.shape[1], -1, np.int8)
    lists[~held & near] = NEAR
    lists[~held & fits & (presumed != YES) & (signal == YES)] = VERIFY
    lists[~held & (presumed == YES) & (full & YES != 0)] = LEAD
    reasons = np.zeros(rows.shape[1], np.int8)
    waits = np.zeros(rows.shape[1], bool)
    _review(program, rows[:, held], near[held], fits[held], held, lists, reasons, waits)
    keep = lists >= 0
    return Entries(
        rows[:, keep], lists[keep], reasons[keep], rows[:, held], rows[:, waits], reasons[waits], none
    )


def _review(
    program: BenefitProgram,
    rows: Array,
    near: Array,
    fits: Array,
    held: Array,
    lists: Array,
    reasons: Array,
    waits: Array,
) -> None:
    """Marks who receives the benefit and should be looked at again, and whose review waits.

    Inside the review interval nothing changes without a clear change: neither a smaller difference of
    the amount, nor a condition that is missed by little. What has run out is looked at again in any case.
    """
    award = rows[COLUMN["award"]]
    beyond = np.maximum(rows[COLUMN["presumed_lo"]] - award, award - rows[COLUMN["presumed_hi"]])
    differs = fits & (beyond > 0) if program.presumed.amount is not None else np.zeros(len(fits), bool)
    gone = ~fits
    early, over = np.zeros(len(fits), bool), np.zeros(len(fits), bool)
    if program.review is not None:
        codes = rows[COLUMN["codes"]]
        over = codes >> 17 & 1 == 1
        slight = (gone & near) | (differs & (beyond < program.review.rule.clear_change))
        early = slight & (codes >> 16 & 1 == 1) & ~over
    at = np.flatnonzero(held)
    reasons[at[gone]] = NO_LONGER_FITS
    reasons[at[differs]] = AMOUNT_DIFFERS
    reasons[at[over & ~gone]] = VALIDITY_OVER
    lists[at[(gone | differs | over) & ~early]] = REVIEW
    waits[at[early]] = True
