"""Permissions over users and posts, and over what everybody may see."""

from __future__ import annotations

from zhida.office.accounts.permitting import permission
from zhida.office.accounts.seats import Seat
from zhida.office.accounts.tasks import Task


@permission("查看行政区划", *Task)
def may_see_divisions(seat: Seat) -> bool:
    """查找行政区划，含已撤销的及其承接者。"""
    return True


@permission("查看权限表", *Task)
def may_see_permissions(seat: Seat) -> bool:
    """查看本页：什么任务可以做什么。"""
    return True


@permission("查看岗位", Task.ADMINISTER, Task.AUDIT, Task.INSPECT)
def may_see_posts(seat: Seat) -> bool:
    """查看本岗位范围内谁在何时担任什么岗位。"""
    return True


@permission("管理用户", Task.ADMINISTER, second_factor=True)
def may_keep_users(seat: Seat) -> bool:
    """新建用户，重置密码和两步验证，停用；只限现任岗位都在本岗位范围内的用户，不能是自己。"""
    return True


@permission("任免岗位", Task.ADMINISTER, second_factor=True)
def may_appoint(seat: Seat) -> bool:
    """在本岗位范围内任命、终止岗位，安排代理；不能任免自己。"""
    return True
