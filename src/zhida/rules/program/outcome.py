"""A benefit's outcome for one unit, in the same whole numbers as a row of the kernel."""

from __future__ import annotations

from zhida.rules.explain.interpret import Run
from zhida.rules.formulas.ir import NO, YES, Node
from zhida.rules.program.build import BenefitProgram

ROW = (
    "index",
    "codes",
    "amount_lo",
    "amount_hi",
    "presumed_lo",
    "presumed_hi",
    "conditions",
    "presumed_conditions",
    "basis",
    "award",
)
"""One row of the kernel. ``codes``: bits 0-2 the answer, 3-5 the answer as far as registers tell, 6-8
the signal of need, 9 a near miss, 10-12 awarded, 13-15 applies; each yes, no, not applicable.
Surely so: 16 inside the review interval, 17 no longer valid."""

PRIME = 0x100000001B3
OFFSET = 0xCBF29CE484222325
MASK = 2**64 - 1


def band(value: int) -> int:
    """Sign and number of binary digits of a margin in whole yuan (or a plain number)."""
    return value.bit_length() if value >= 0 else -((-value).bit_length())


def mixed(values: list[int]) -> int:
    """FNV-1a over 64-bit words, as a signed 64-bit number."""
    state = OFFSET
    for value in values:
        state = ((state ^ (value & MASK)) * PRIME) & MASK
    return state - 2**64 if state >= 2**63 else state


def bits_of(run: Run, node: Node, i: int) -> int:
    found = run.value(node, i)
    assert isinstance(found, int)
    return found


def ends(run: Run, node: Node, i: int) -> tuple[int, int]:
    found = run.value(node, i)
    assert isinstance(found, tuple)
    return found[0], found[1]


def conditions_word(run: Run, nodes: tuple[Node, ...], i: int) -> int:
    """Three bits a condition, the first lowest: 1 may hold, 2 may fail, 4 may not apply."""
    return sum(bits_of(run, n, i) << (3 * j) for j, n in enumerate(nodes))


def basis(run: Run, b: BenefitProgram, i: int) -> int:
    """What a list entry rests on: the conditions' answers and the sizes of their margins. A person
    who was dismissed from a list stays away while it is the same."""
    words = [conditions_word(run, b.presumed.conditions, i)]
    for node in b.bands:
        words += [band(end) for end in ends(run, node, i)]
    return mixed(words)


def row(run: Run, b: BenefitProgram, i: int) -> dict[str, int]:
    """The kernel's row for instance ``i`` (its ``index`` is ``i``)."""
    near = bits_of(run, b.near, i)
    codes = (
        bits_of(run, b.full.answer, i)
        | bits_of(run, b.presumed.answer, i) << 3
        | bits_of(run, b.signal, i) << 6
    )
    codes |= 512 if near & YES and not near & NO else 0
    codes |= (bits_of(run, b.awarded, i) if b.awarded is not None else NO) << 10
    codes |= bits_of(run, b.applies, i) << 13
    if b.review is not None:
        codes |= (65536 if bits_of(run, b.review.early, i) == YES else 0) | (
            131072 if bits_of(run, b.review.over, i) == YES else 0
        )
    found = {"index": i, "codes": codes}
    for name, outcome in (("amount", b.full), ("presumed", b.presumed)):
        paid = outcome.amount is not None and bits_of(run, outcome.answer, i) & YES
        lo, hi = ends(run, outcome.amount, i) if paid and outcome.amount is not None else (0, 0)
        found[f"{name}_lo"], found[f"{name}_hi"] = lo, hi
    found["conditions"] = conditions_word(run, b.full.conditions, i)
    found["presumed_conditions"] = conditions_word(run, b.presumed.conditions, i)
    found["basis"] = basis(run, b, i)
    found["award"] = ends(run, b.award_amount, i)[0] if b.award_amount is not None else 0
    return {name: found[name] for name in ROW}
