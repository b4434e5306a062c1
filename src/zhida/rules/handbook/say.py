"""Values, dates and places of a pack as Chinese text for readers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from zhida.codes.divisions import Division
from zhida.codes.money import format_yuan
from zhida.rules.declarations import Benefit, Direction, Evidence, Field, Kind, Pack, Rounding, Variable
from zhida.rules.matrix import Together

ANSWERS = {"yes": "符合", "no": "不符合", "undetermined": "待定", "not_applicable": "不适用"}
COUNTY = 3
KINDS = {
    "standing": "按期发放",
    "event": "一事一办",
    "claim": "凭据报销",
    "discretionary": "酌情救助",
    "in_kind": "实物和服务",
}
COUNTED = {"hours": "小时", "days": "日", "workdays": "个工作日", "months": "个月"}
TOGETHER = {
    Together.BOTH: "可以同时享受",
    Together.EXCLUDED: "不再享受",
    Together.HIGHER: "只发较高的一项",
    Together.DIFFERENCE: "补差额",
    Together.CHOICE: "由本人选一项",
    Together.APART: "条件不会同时符合",
    Together.UNKNOWN: "能否同时享受没有查到",
}
PERIODS = {"month": "每月", "year": "每年", "once": "一次"}
DIRECTIONS = {Direction.UP: "不足的进一", Direction.DOWN: "不足的舍去", Direction.HALF_UP: "四舍五入"}
STEPS = {1: "分", 10: "角", 100: "元", 1000: "十元"}
EVIDENCE = {
    Evidence.LAW: "法规原文",
    Evidence.GOV: "政府公开",
    Evidence.MEDIA: "媒体报道",
    Evidence.WEAK: "依据较弱",
    Evidence.OTHER_PLACE: "外地规定",
    Evidence.DERIVED: "推算",
    Evidence.PLAN: "规划数字",
    Evidence.ASSUMED: "假设",
}
KIND_WORDS = {
    Kind.BOOL: "是否",
    Kind.INT: "整数",
    Kind.MONEY: "金额",
    Kind.DECIMAL: "小数",
    Kind.DATE: "日期",
    Kind.ENUM: "选项",
}
SENSITIVITY = {"public": "公开", "internal": "内部", "personal": "个人信息", "sensitive": "敏感信息"}
ACCESS = {"register": "可直接比对", "authorisation": "经本人授权", "declaration": "家庭申报"}


def month(m: int) -> str:
    return f"{m // 12}年{m % 12 + 1}月"


def day(d: date) -> str:
    return f"{d.year}年{d.month}月{d.day}日"


def span(start: int | None, until: int | None) -> str:
    """Months [start, until) as 自…起, 至…止; '' where both ends are open."""
    parts = [f"{month(start)}起"] if start is not None else []
    if until is not None:
        parts.append(f"至{month(until - 1)}")
    return "，".join(parts)


def number(kind: Kind, places: int, value: int) -> str:
    """A stored number; money without the unit."""
    if kind is Kind.BOOL:
        return "是" if value else "否"
    if kind is Kind.DATE:
        return day(date.fromordinal(value + date(1970, 1, 1).toordinal()))
    if kind is Kind.MONEY:
        return format_yuan(value).removesuffix(".00")
    text = f"{Decimal(value).scaleb(-places):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def rounding(r: Rounding) -> str:
    step = STEPS.get(r.step, f"{r.step}分")
    return f"算到{step}，{DIRECTIONS[r.direction]}"


def places(pack: Pack, codes: Sequence[str]) -> str:
    names = []
    for code in codes:
        found = pack.divisions.get(code)
        names.append(found.name if found is not None else code)
    return "、".join(names)


def counties(pack: Pack, found: Sequence[Division]) -> str:
    """Names of counties; a place above all of whose counties are among them stands for these."""
    every = [d for d in pack.divisions if d.level == COUNTY and d.until is None]
    codes = {d.code for d in found}
    below: dict[str, set[str]] = {}
    for county in every:
        below.setdefault(county.parent, set()).add(county.code)
    whole = {parent for parent, all_ in below.items() if len(all_) > 1 and all_ <= codes}
    names = (pack.divisions[d.parent].name if d.parent in whole else d.name for d in found)
    return "、".join(dict.fromkeys(names))


def citation_source(pack: Pack, source: str, article: str) -> str:
    """《title》（number）article, or '' without a source."""
    found = pack.sources.get(source)
    if found is None:
        return ""
    bare = found.number.strip("（）()")
    return f"《{found.title}》" + (f"（{bare}）" if bare else "") + article


def kind_of(pack: Pack, record: Field | Variable) -> str:
    if record.kind is Kind.ENUM:
        return "、".join(c.name for c in pack.enums[record.enum].choices)
    return KIND_WORDS[record.kind]


def unit(pack: Pack, b: Benefit) -> str:
    return pack.formations[b.formed].name if b.formed else pack.units[b.unit].name
