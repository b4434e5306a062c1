"""What the review rules say of somebody who receives a benefit already, as the list of reviews has it."""

from __future__ import annotations

from typing import Any

from zhida.rules.explain.grounds import yuan
from zhida.rules.explain.interpret import Run
from zhida.rules.formulas.ir import YES
from zhida.rules.program.outcome import bits_of, ends
from zhida.rules.program.records import BenefitProgram

STATES = ("keeps", "waits", "amount_differs", "no_longer_fits", "validity_over")
SAYS = {
    "keeps": "已在享受，没有看到变化",
    "waits": "已在享受，复核期内没有明显变化，不变更",
    "amount_differs": "已在享受，金额与规则算出的不同，须复核",
    "no_longer_fits": "已在享受，看来不再符合，须复核",
    "validity_over": "认定的有效期已满，须重新申请",
}


def review_of(run: Run, b: BenefitProgram, i: int) -> dict[str, Any] | None:
    """None where nothing is received for sure, or nothing is reviewed. ``every_months`` is null where it is
    not known."""
    if b.review is None or b.awarded is None or run.value(b.awarded, i) != YES:
        return None
    rule = b.review.rule
    every, since = ends(run, b.review.every, i), ends(run, b.review.since, i)
    return {
        "state": state_of(run, b, i),
        "every_months": every[0] if every[0] == every[1] else None,
        "since_months": since[0] if since[0] == since[1] else None,
        "valid_months": rule.valid,
        "clear_change": yuan(rule.clear_change),
        "source": rule.citation.source,
        "article": rule.citation.article,
        "evidence": str(rule.citation.evidence),
    }


def state_of(run: Run, b: BenefitProgram, i: int) -> str:
    """One of :data:`STATES`; of somebody who receives a benefit that is reviewed. As in a scan, what nobody
    has declared counts as empty."""
    assert b.review is not None and b.award_amount is not None
    fits = bits_of(run, b.presumed.answer, i) & YES != 0
    award, beyond = ends(run, b.award_amount, i)[0], 0
    if b.presumed.amount is not None and fits:
        lo, hi = ends(run, b.presumed.amount, i)
        beyond = max(lo - award, award - hi, 0)
    early = bits_of(run, b.review.early, i) == YES
    if fits and bits_of(run, b.review.over, i) == YES:
        return "validity_over"
    if not fits:
        waits = early and bits_of(run, b.near, i) == YES and bits_of(run, b.review.over, i) != YES
        return "waits" if waits else "no_longer_fits"
    if not beyond:
        return "keeps"
    return "waits" if early and beyond < b.review.rule.clear_change else "amount_differs"


def in_words(review: dict[str, Any]) -> str:
    """One line: the state, then the interval and when it was last looked at."""
    details = []
    if review["every_months"] is not None:
        details.append(f"每 {review['every_months']} 个月复核一次")
    if review["since_months"] is not None:
        details.append(f"距上次 {review['since_months']} 个月")
    if review["valid_months"] is not None:
        details.append(f"认定有效 {review['valid_months']} 个月")
    if review["state"] == "waits":
        details.append(f"金额相差不到 {review['clear_change']:.2f} 元、或只差一点的，不算明显")
    return SAYS[review["state"]] + (f"（{'；'.join(details)}）" if details else "")
