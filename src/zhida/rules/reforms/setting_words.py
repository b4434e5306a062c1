"""A proposed standard in words and as JSON: rule, figure, proposal, the real one and how far it departs."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from zhida.codes.money import format_yuan
from zhida.codes.months import format_month
from zhida.rules.declarations import Citation, Pack
from zhida.rules.handbook import say
from zhida.rules.reforms.setting import Implied, Proposal, Real, Year, series_of
from zhida.rules.supplements import SettingRule

FORMAT = 1
MOST_PLACES = 6


def rule_words(pack: Pack, rule: SettingRule) -> list[str]:
    """The rule itself, with its source and what is assumed of it."""
    p = pack.parameters[rule.parameter]
    series = series_of(pack, rule)
    span = say.span(rule.start, rule.until)
    found = [
        f"{p.name}（{p.measure}）：上一年{series.name}的 {percent(rule.percent)}，除以十二，"
        f"{say.rounding(rule.rounding)}；{span or '时间不限'}；{cited(pack, rule.citation)}"
    ]
    found += [f"  {rule.says}"] if rule.says else []
    for c in (rule.citation, rule.rounding.citation):
        found += [f"  {c.note}"] if c.note else []
    for one in rule.places:
        how = "不低于各县(市、区)的平均" if one.average else f"按它的 {percent(one.percent)}"
        when = say.span(one.start, one.until)
        where = say.places(pack, one.places)
        note = f"；{one.citation.note}" if one.citation.note else ""
        found.append(f"  {where}：{how}{f'，{when}' if when else ''}；{cited(pack, one.citation)}{note}")
    return found


def cited(pack: Pack, c: Citation) -> str:
    source = say.citation_source(pack, c.source, c.article)
    doubt = "" if c.evidence.is_fact else f"［{say.EVIDENCE[c.evidence]}］"
    return (source + doubt) or say.EVIDENCE[c.evidence]


def percent(hundredths: int) -> str:
    return f"{Fraction(hundredths, 100).__float__():g}%"


def year_words(pack: Pack, found: Year, figure: int | None) -> list[str]:
    """One year: figure, proposals beside the real values, and what the real values say of the figure."""
    series = series_of(pack, found.rule)
    lines = [f"{found.year}年{'' if found.in_force else '（规则包说的这一定法当年不适用，只供比较）'}"]
    if figure is not None:
        lines.append(f"  {found.year - 1}年{series.name} {format_yuan(figure)} {series.measure}（本次给定）")
    elif found.figure is not None:
        value, source = format_yuan(found.figure.value), cited(pack, found.figure.citation)
        lines.append(f"  {found.year - 1}年{series.name} {value} {series.measure}，{source}")
    else:
        lines.append(f"  {found.year - 1}年{series.name}没有查到，提不出标准")
    for p in found.proposals:
        lines += [f"  {line}" for line in proposal_words(pack, found, p)]
    lines += [f"  {line}" for line in implied_words(pack, found)]
    return lines


def places_words(pack: Pack, places: Sequence[str]) -> str:
    if len(places) > MOST_PLACES:
        return f"{say.places(pack, places[:MOST_PLACES])}等 {len(places)} 处"
    return say.places(pack, places)


def proposal_words(pack: Pack, found: Year, p: Proposal) -> list[str]:
    where = places_words(pack, p.places)
    how = {"percent": f"（按 {percent(p.percent)}）", "average": "（平均）"}.get(p.how, "")
    proposed = "—"
    if p.value is not None and p.exact is not None:
        proposed = f"{_exact(p.exact)} → {format_yuan(p.value)}"
    lines = [f"{where}{how}：提出 {proposed}"]
    for r in p.real:
        if r.value is None:
            lines.append(f"  {_months(r)}：实际不详")
            continue
        source = f"，{cited(pack, r.citation)}" if r.citation is not None else ""
        outside = "" if _ruled(found.rule, r) else "（不在这一定法的时间内）"
        lines.append(f"  {_months(r)}：实际 {format_yuan(r.value)}{_departs(r)}{outside}{source}")
    return lines


def _ruled(rule: SettingRule, r: Real) -> bool:
    """Whether the rule holds in some of the months."""
    return (rule.start is None or rule.start < r.until) and (rule.until is None or r.first < rule.until)


def _exact(x: Fraction) -> str:
    yuan = x / 100
    return f"{float(yuan):,.4f}".rstrip("0").rstrip(".")


def _months(r: Real | Implied) -> str:
    return format_month(r.first) + ("" if r.until == r.first + 1 else f" 至 {format_month(r.until - 1)}")


def _departs(r: Real) -> str:
    if r.departs is None:
        return ""
    if r.departs == 0:
        return "，与提出的相同"
    return f"，{'高' if r.departs > 0 else '低'} {format_yuan(abs(r.departs))}"


def implied_words(pack: Pack, found: Year) -> list[str]:
    """What figure would have given the real values."""
    lines = []
    for i in found.implied:
        name = pack.parameters[i.parameter].name
        told = f"{i.low:,} 至 {i.high:,} 元/年" if i.low <= i.high else "没有整元的数"
        lines.append(f"{_months(i)} 的{name} {format_yuan(i.value)} 反推上一年的数：{told}（推算）")
    if found.one_base is not None:
        names = "、".join(dict.fromkeys(pack.parameters[i.parameter].name for i in found.implied))
        says = "能出自同一个数" if found.one_base else "不能出自同一个数，标准另有定法"
        lines.append(f"{names}{says}（推算）")
    return lines


# --- as data


def as_json(pack: Pack, rules: Sequence[tuple[SettingRule, Sequence[Year]]]) -> dict[str, Any]:
    """As ``docs/schemas/rules-propose.schema.json`` describes it; amounts in yuan as text."""
    return {
        "format": FORMAT,
        "pack": {"id": pack.id, "hash": pack.hash, "verified_through": pack.verified_through.isoformat()},
        "rules": [
            {
                "id": rule.id,
                "parameter": rule.parameter,
                "name": pack.parameters[rule.parameter].name,
                "series": rule.series,
                "percent": float(Fraction(rule.percent, 100)),
                "from": None if rule.start is None else format_month(rule.start),
                "until": None if rule.until is None else format_month(rule.until),
                "source": rule.citation.source or None,
                "evidence": str(rule.citation.evidence),
                "years": [_year_json(pack, y) for y in years],
            }
            for rule, years in rules
        ],
    }


def _year_json(pack: Pack, y: Year) -> dict[str, Any]:
    return {
        "year": y.year,
        "in_force": y.in_force,
        "figure": None if y.figure is None else yuan(y.figure.value),
        "figure_source": None if y.figure is None else y.figure.citation.source or None,
        "given": y.given,
        "proposals": [
            {
                "places": [{"code": code, "name": say.places(pack, [code])} for code in p.places],
                "how": p.how,
                "percent": float(Fraction(p.percent, 100)),
                "value": None if p.value is None else yuan(p.value),
                "real": [_real_json(r) for r in p.real],
            }
            for p in y.proposals
        ],
        "implied": [
            {
                "parameter": i.parameter,
                "value": yuan(i.value),
                "from": format_month(i.first),
                "until": format_month(i.until),
                "at_least": i.low,
                "at_most": i.high,
            }
            for i in y.implied
        ],
        "one_base": y.one_base,
    }


def _real_json(r: Real) -> dict[str, Any]:
    return {
        "from": format_month(r.first),
        "until": format_month(r.until),
        "value": None if r.value is None else yuan(r.value),
        "departs": None if r.departs is None else yuan(r.departs),
        "source": r.citation.source or None if r.citation is not None else None,
    }


def yuan(fen: int) -> str:
    """Without thousands' marks, as it is written in a pack."""
    return format_yuan(fen).replace(",", "").removesuffix(".00")
