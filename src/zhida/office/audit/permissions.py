"""Who sees what was done."""

from __future__ import annotations

from zhida.office.accounts.permitting import permission
from zhida.office.accounts.seats import Seat
from zhida.office.accounts.tasks import Task


@permission("查看审计记录", Task.AUDIT, second_factor=True)
def may_see_audit(seat: Seat) -> bool:
    """查看本岗位范围内谁在何时以什么岗位做了什么；查看本身也记录。"""
    return True
