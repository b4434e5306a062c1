"""What a worked case says of lists: whether something speaks for need, whether a miss is near, what the
review rules make of an award. No answer hangs on it; it orders what a scan puts before people."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from zhida.rules.declarations import Benefit
from zhida.rules.explain.interpret import Run
from zhida.rules.explain.reviewing import STATES, state_of
from zhida.rules.formulas.ir import YES
from zhida.rules.loading.yamlnodes import Map
from zhida.rules.program.outcome import bits_of
from zhida.rules.program.records import BenefitProgram

KEYS = ("speaks", "near", "review")


@dataclass(frozen=True, slots=True)
class Listed:
    """None and '': nothing is expected of that."""

    speaks: bool | None = None
    near: bool | None = None
    review: str = ""

    @property
    def asked(self) -> bool:
        return self != Listed()


def read_listed(record: Map, benefit: Benefit) -> Listed:
    """The keys of one expectation that are about lists."""
    speaks, near, review = (record.get(key) for key in KEYS)
    if speaks is not None and benefit.signal is None:
        speaks.add(f"{benefit.id} has no signal", "speaks only of a benefit with a signal")
    if near is not None and all(c.near is None for c in benefit.conditions):
        near.add(f"{benefit.id} has no near", "near only of a benefit with a condition that has one")
    if review is not None and not (benefit.reviews and benefit.award):
        review.add(f"{benefit.id} is not reviewed", "review only of a benefit that is awarded and reviewed")
    return Listed(
        None if speaks is None else speaks.word("yes", "no") == "yes",
        None if near is None else near.word("yes", "no") == "yes",
        "" if review is None else review.word(*STATES),
    )


def differences(wanted: Listed, run: Run, b: BenefitProgram, i: int) -> Iterator[str]:
    """What comes out otherwise, in words."""
    if wanted.speaks is not None and (bits_of(run, b.signal, i) == YES) != wanted.speaks:
        found = "nothing surely speaks for need" if wanted.speaks else "something surely speaks for need"
        yield f"{found}, expected otherwise"
    if wanted.near is not None and (bits_of(run, b.near, i) == YES) != wanted.near:
        yield f"it is {'not ' if wanted.near else ''}surely a near miss, expected otherwise"
    if wanted.review:
        received = b.review is not None and b.awarded is not None and run.value(b.awarded, i) == YES
        state = state_of(run, b, i) if received else "not received"
        if state != wanted.review:
            yield f"review is {state}, expected {wanted.review}"
