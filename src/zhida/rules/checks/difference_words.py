"""Differences of two packs in words and as JSON: what changed, from when, where, for which benefits."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import fields, is_dataclass
from enum import StrEnum
from typing import Any

from zhida.codes.months import format_month
from zhida.rules.checks.differences import Detail, Differences, RecordChange, ValueChange
from zhida.rules.declarations import Citation, Field, Formula, Kind, Pack, Parameter, Rounding
from zhida.rules.handbook import say
from zhida.rules.reforms.overlay import ALWAYS

FORMAT = 1
KINDS = {
    "pack": "规则包", "source": "来源", "register": "登记", "enumeration": "选项表", "unit": "单位",
    "field": "字段", "parameter": "参数", "variable": "变量", "benefit": "待遇", "condition": "条件",
    "amount": "金额", "exclusion": "不能同时享受", "group": "就高", "choice": "本人选择",
    "worksheet": "收入核算表", "sharing": "资金分担", "setting": "标准的确定", "division": "区划",
}  # fmt: skip
CHANGES = {"added": "新增", "removed": "删去", "changed": "改动"}
PARTS = {
    "id": "编号", "name": "名称", "title": "名称", "says": "说明", "formula": "公式", "formulas": "公式",
    "applies": "适用范围", "citation": "依据", "minimum": "下限", "maximum": "上限", "kind": "类型",
    "unit": "对象", "empty": "查不到时", "register": "登记", "near": "接近线(以分或最小单位计)",
    "rounding": "取整", "period": "周期", "start": "起始",
    "until": "终止", "owners": "主管部门", "legal": "法规", "covers": "所指成员", "signal": "困难迹象",
    "review": "复核", "documents": "材料", "automatic": "免申即享", "award": "登记发放", "measure": "单位",
    "places": "小数位", "values": "记录的写法或依据", "verified_through": "核对到", "age": "计龄日的依据",
    "first_month": "首发月份的依据", "age_on": "计龄日", "root": "辖区", "issuer": "发布", "number": "文号",
    "where": "出处", "evidence": "证据等级", "choices": "选项", "presumed_if": "推定条件", "parent": "上级",
    "successor": "继任", "successors": "继任", "benefits": "待遇", "access": "取得方式", "department": "部门",
    "of": "所从出的单位", "members": "成员", "counted": "计入", "grounds": "理由", "otherwise": "其余",
    "formed": "单位",
}  # fmt: skip
BOUNDS = ("minimum", "maximum", "empty")
LONGEST = 160


def words(found: Differences) -> list[str]:
    """Lines: a head, then values by the month from which they hold, then records by kind."""
    lines = [f"{found.old.name}（{found.old.hash[:12]}）→ {found.new.name}（{found.new.hash[:12]}）"]
    if not found:
        return [*lines, "没有差别。"]
    if found.values:
        lines += ["", _sum(found)]
        heading = ""
        for change in sorted(found.values, key=lambda c: (c.first, c.parameter, c.places)):
            span = _span(change)
            if span != heading:
                heading = span
                lines.append(f"{span}：")
            lines.append("  " + value_words(found, change, len({c.parameter for c in found.values}) > 1))
    kinds = [kind for kind in KINDS if any(r.kind == kind for r in found.records)]
    for kind in kinds:
        mine = [r for r in found.records if r.kind == kind]
        lines += ["", f"{KINDS[kind]}："]
        for record in mine:
            lines += [f"  {line}" for line in record_words(found, record)]
    return lines


def _sum(found: Differences) -> str:
    parameters = {c.parameter for c in found.values}
    touched = {b for p in parameters for b in found.touched[p]}
    order = dict.fromkeys((*found.new.benefits, *found.old.benefits))
    names = _benefits(found, [b for b in order if b in touched])
    cells = sum(_cells(c) for c in found.values if c.before != c.after)
    return f"{len(parameters)} 个参数、{cells} 个参数值不同；涉及：{names}"


def _cells(change: ValueChange) -> int:
    """Places and choices whose value differs."""
    return len(change.places) * len(_choices(change))


def _choices(change: ValueChange) -> list[int]:
    before, after = change.before, change.after
    size = len(before or after or ())
    differ = [i for i in range(size) if before is None or after is None or before[i] != after[i]]
    return differ or list(range(size or 1))


def _span(change: ValueChange) -> str:
    """Months; a reform without a beginning holds from before anything is known."""
    first = None if change.first <= ALWAYS else change.first
    return say.span(first, change.until) or "所有月份"


def value_words(found: Differences, change: ValueChange, with_benefits: bool = True) -> str:
    """``救济标准 700 → 750 元/人·月，某县全境（2025年1月23日施行）；涉及：…``."""
    p = found.new.parameters[change.parameter]
    enum = found.new.enums.get(p.table)
    told = []
    for i in _choices(change):
        name = f"{enum.choices[i].name} " if enum is not None else ""
        old, new = (_value(p.kind, p.places, side, i) for side in (change.before, change.after))
        told.append(f"{name}{old} → {new}" if change.before != change.after else f"{name}{old} 不变")
    in_force = f"（{say.day(change.start)}施行）" if change.start is not None else ""
    measure = f" {p.measure}" if p.measure and change.before != change.after else ""
    places = _where(found, change.places)
    text = f"{p.name} {'，'.join(told)}{measure}，{places}{in_force}"
    return f"{text}；涉及：{_benefits(found, found.touched[p.id])}" if with_benefits else text


def _value(kind: Kind, places: int, values: Sequence[int] | None, i: int) -> str:
    return "不详" if values is None else say.number(kind, places, values[i])


def _where(found: Differences, places: Sequence[str]) -> str:
    names = []
    for code in places:
        division = found.new.divisions.get(code) or found.old.divisions.get(code)
        names.append(code if division is None else division.name + ("全境" if division.level < 3 else ""))
    return "、".join(names)


def _benefits(found: Differences, ids: Sequence[str]) -> str:
    names = [(found.new.benefits.get(b) or found.old.benefits[b]).name for b in ids]
    return "、".join(names) or "没有待遇"


def record_words(found: Differences, record: RecordChange) -> Iterator[str]:
    """A line for the record, and one for each part that changed."""
    name = record.name if record.kind != "amount" else ""
    owner = _benefits(found, [record.owner]) + " " if record.owner else ""
    if record.kind == "exclusion":
        name = f"{_benefits(found, [record.id])}：{record.name}"
    touched = found.touched.get(record.id, ()) if record.kind in ("parameter", "variable", "field") else ()
    tail = f"；涉及：{_benefits(found, touched)}" if touched else ""
    label = f"{name}（{record.id}）" if name and name != record.id else record.id
    yield f"{CHANGES[record.change]} {owner}{label}{tail}"
    for detail in record.details:
        yield f"  {detail_words(found, record, detail)}"


def detail_words(found: Differences, record: RecordChange, detail: Detail) -> str:
    part = PARTS.get(detail.what, detail.what)
    if detail.what in BOUNDS and record.kind in ("field", "parameter"):
        texts = [_bound(pack, record, value)
                 for pack, value in ((found.old, detail.before), (found.new, detail.after))]  # fmt: skip
        return f"{part}：{' → '.join(texts)}"
    if detail.what == "values":
        return f"{part}：{detail.before} 条记录换成 {detail.after} 条，各月各地的数值不变"
    return f"{part}：{_text(found.old, detail.before)} → {_text(found.new, detail.after)}"


def _bound(pack: Pack, record: RecordChange, value: int | None) -> str:
    """A stored number in its unit; what an enumeration's empty value is called."""
    one: Field | Parameter = (pack.fields if record.kind == "field" else pack.parameters)[record.id]
    if value is None:
        return "不明"
    if one.kind is Kind.ENUM and isinstance(one, Field):
        return pack.enums[one.enum].choices[value].name
    return say.number(one.kind, one.places, value)


def _text(pack: Pack, value: Any) -> str:
    text = _written(pack, value)
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def _written(pack: Pack, value: Any) -> str:
    if value is None or value == "" or value == ():
        return "无"
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, Citation):
        source = say.citation_source(pack, value.source, value.article)
        return " ".join(t for t in (source, f"[{value.evidence.value}]", value.note) if t)
    if isinstance(value, Formula):
        span = say.span(value.start, value.until)
        return f"{' '.join(value.text.split())}{f'（{span}）' if span else ''}"
    if isinstance(value, Rounding):
        return say.rounding(value)
    if isinstance(value, (tuple, list)):
        return "；".join(_written(pack, one) for one in value)
    if is_dataclass(value) and not isinstance(value, type):
        shown = [f.name for f in fields(value) if f.name not in ("at", "id")]
        told = [_written(pack, getattr(value, name)) for name in shown]
        return " ".join(t for t in told if t != "无")
    return value.value if isinstance(value, StrEnum) else str(value)


# --- as data


def as_json(found: Differences) -> dict[str, Any]:
    """As ``docs/schemas/rules-diff.schema.json`` describes it."""
    return {
        "format": FORMAT,
        "old": {"id": found.old.id, "hash": found.old.hash},
        "new": {"id": found.new.id, "hash": found.new.hash},
        "same": not found,
        "values": [_value_json(found, c) for c in found.values],
        "records": [_record_json(found, r) for r in found.records],
    }


def _value_json(found: Differences, c: ValueChange) -> dict[str, Any]:
    p = found.new.parameters[c.parameter]
    enum = found.new.enums.get(p.table)
    return {
        "parameter": p.id,
        "name": p.name,
        "measure": p.measure,
        "from": None if c.first <= ALWAYS else format_month(c.first),
        "until": None if c.until is None else format_month(c.until),
        "in_force": None if c.start is None else c.start.isoformat(),
        "places": [
            {"code": code, "name": say.places(found.new, [code])} for code in c.places
        ],
        "values": [
            {
                "choice": enum.choices[i].id if enum is not None else None,
                "before": None if c.before is None else _value(p.kind, p.places, c.before, i),
                "after": None if c.after is None else _value(p.kind, p.places, c.after, i),
            }
            for i in _choices(c)
        ],
        "benefits": list(found.touched[p.id]),
        "says": value_words(found, c),
    }  # fmt: skip


def _record_json(found: Differences, r: RecordChange) -> dict[str, Any]:
    owner = r.owner or (r.id if r.kind == "benefit" else "")
    return {
        "kind": r.kind,
        "id": r.id,
        "name": r.name,
        "change": r.change,
        "benefit": owner or None,
        "details": [
            {"what": d.what, "before": _written(found.old, d.before), "after": _written(found.new, d.after)}
            for d in r.details
        ],
        "benefits": list(found.touched.get(r.owner or r.id, ())),
        "says": "；".join(line.strip() for line in record_words(found, r)),
    }
