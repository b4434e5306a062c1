"""Units and measure words."""

from __future__ import annotations

import re

_MEASURES = """
个百分点 平方公里 平方千米 平方米 立方米 千瓦时 公里 千米 公顷 公斤 千克 千瓦 小时 分钟 人次 床位 课时 学时
人份 户次 件次 个次 场次 台次 车次 例次 对次 批次
元 人 名 个 家 张 处 所 座 条 项 件 单 户 支 场 次 期 批 门 套 部 间 辆 台 亩 吨 米 对 例 株 倍 番 种 类
岁 天 月 年 级 位 片 幢 栋 艘 只 幅 册 篇 份 枚 口 组 队 块 面 本 棵 根 段 款
盏 具 席 穴 卷 分 站 村 镇 县 区 市 街道 社区 园 点
"""
MEASURES = _MEASURES.split()
"""What is counted with, the longest first."""

COUNTERS = frozenset("个家名张处所座条项件户支场辆台套对例单人间栋幢块")
"""Measure words behind which a Chinese numeral counts things."""

MULTIPLIER = r"(?:[百千]?万亿?|[百千]?亿|[百千](?=[元人名个家张处所座条项件户份]))"
PLACE = r"(?:/|每)(?:人[·/]?)?(?:年|月|日|天|人|户|床|平方米|万人|千人|百人|次|家|个)"
UNIT = re.compile(
    rf"(?P<multiplier>{MULTIPLIER})?(?P<more>余|多)?(?P<unit>%|‰|‱|km2?|m2?|㎡|GB|TB|"
    + "|".join(sorted(MEASURES, key=len, reverse=True))
    + rf")?(?P<per>{PLACE}(?:[·/](?:年|月|日))?)?"
)
"""Behind a number: a multiplier, 余, a unit, and per what."""

BRACKETED = re.compile(r"[（(【\[]([^（()）【】\[\]]{1,12})[）)】\]]$")
_UNIT_TEXT = re.compile(
    rf"(?:单位[：:])?((?:{MULTIPLIER})?(?:%|‰|‱|km2?|m2?|㎡|"
    + "|".join(sorted(MEASURES, key=len, reverse=True))
    + rf")(?:{PLACE}|[/·]\S{{1,4}})*|[百千]?[万亿])$"
)


def unit_of(text: str) -> str | None:
    """The unit that a cell or bracket names, or None. Reads ``％``, ``单位：个``, ``元/人·月``."""
    hit = _UNIT_TEXT.match(text)
    return hit[1] if hit else None


def unit_in_name(name: str) -> tuple[str, str | None]:
    """A name without its unit in the last bracket, and the unit: ``床位数（张）`` → 床位数, 张."""
    hit = BRACKETED.search(name)
    unit = unit_of(hit[1]) if hit else None
    return (name[: hit.start()], unit) if hit and unit else (name, None)
