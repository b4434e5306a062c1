"""Which conditions fail most: of awards that no longer fit, and of those who miss by little."""

from __future__ import annotations

import numpy as np

from zhida.rules.formulas.ir import NO
from zhida.rules.program.build import BenefitProgram
from zhida.scan.lists import COLUMN, NEAR, NO_LONGER_FITS, REVIEW, Entries

Counts = dict[tuple[str, str, str], int]
"""By benefit, kind and id of a condition: entries in which it surely fails. One may fail several."""


def failing(program: BenefitProgram, entries: Entries) -> Counts:
    """Of one part."""
    found: Counts = {}
    review = (entries.lists == REVIEW) & (entries.reasons == NO_LONGER_FITS)
    for kind, chosen in (("no_longer_fits", review), ("near", entries.lists == NEAR)):
        words = entries.rows[COLUMN["presumed_conditions"]][chosen]
        for i, c in enumerate(program.conditions):
            n = int(np.count_nonzero(words >> (3 * i) & 7 == NO))
            if n:
                found[program.benefit.id, kind, c.id] = n
    return found
