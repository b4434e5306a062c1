"""The actions that are recorded, each with its label; an entry of any other is refused."""

from __future__ import annotations

ACTIONS: dict[str, str] = {
    "post.found": "任命首任管理员",
    "post.appoint": "任命岗位",
    "post.end": "终止岗位",
    "post.stand_in": "安排代理",
    "seat.take": "切换岗位",
    "audit.look": "查看审计记录",
}
