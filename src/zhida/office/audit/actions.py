"""The actions that are recorded, each with its label; an entry of any other is refused."""

from __future__ import annotations

ACTIONS: dict[str, str] = {
    "post.found": "任命首任管理员",
    "post.appoint": "任命岗位",
    "post.end": "终止岗位",
    "post.stand_in": "安排代理",
    "user.add": "新建用户",
    "user.reset": "重置密码和两步验证",
    "user.switch": "停用或启用用户",
    "seat.take": "切换岗位",
    "audit.look": "查看审计记录",
}
