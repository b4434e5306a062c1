"""The tasks that a post may have, and which of them one user must not hold at the same time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.db.models import TextChoices


class Task(TextChoices):
    INTAKE = "intake", "受理"
    REVIEW = "review", "复核"
    DISBURSE = "disburse", "发放"
    ANALYSE = "analyse", "分析"
    INSPECT = "inspect", "检查"
    AUDIT = "audit", "审计"
    ADMINISTER = "administer", "管理"


REFUSED: dict[frozenset[Task], str] = {
    frozenset({Task.INTAKE, Task.REVIEW}): "受理的人不复核：一件事要经两双眼睛",
    frozenset({Task.INTAKE, Task.DISBURSE}): "受理的人不发放：谁提出，谁不付款",
    frozenset({Task.REVIEW, Task.DISBURSE}): "复核的人不发放：谁决定，谁不付款",
    frozenset({Task.AUDIT, Task.INTAKE}): "审计的人不办业务",
    frozenset({Task.AUDIT, Task.REVIEW}): "审计的人不办业务",
    frozenset({Task.AUDIT, Task.DISBURSE}): "审计的人不办业务",
    frozenset({Task.AUDIT, Task.ADMINISTER}): "审计的人不管人员",
    frozenset({Task.ADMINISTER, Task.INTAKE}): "管人员的不办业务：否则可以给自己派岗",
    frozenset({Task.ADMINISTER, Task.REVIEW}): "管人员的不办业务：否则可以给自己派岗",
    frozenset({Task.ADMINISTER, Task.DISBURSE}): "管人员的不办业务：否则可以给自己派岗",
}
"""Two tasks that nobody holds on the same day, wherever; with the reason."""


@dataclass(frozen=True)
class Tenure:
    """A task held from a day until the day before another; None: open."""

    task: Task
    start: date
    until: date | None

    def holds(self, on: date) -> bool:
        return self.start <= on and (self.until is None or on < self.until)

    def overlaps(self, other: Tenure) -> bool:
        return (other.until is None or self.start < other.until) and (
            self.until is None or other.start < self.until
        )


def conflict(new: Tenure, held: Iterable[Tenure]) -> tuple[Tenure, str] | None:
    """The first tenure that must not be held beside the new one, with the reason."""
    for one in held:
        reason = REFUSED.get(frozenset({new.task, one.task}))
        if reason is not None and new.overlaps(one):
            return one, reason
    return None
