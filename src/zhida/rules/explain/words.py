"""An answer of :mod:`zhida.rules.explain.assess` in plain Chinese: few reasons, the weightiest first.

For each benefit and unit a headline and a handful of lines: what fails, what is open, what would change
the answer, what is missing, what is assumed. Everything else stays in the JSON.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_DOWN, ROUND_HALF_UP, ROUND_UP, Decimal
from typing import Any

from zhida.codes.money import format_yuan
from zhida.rules.declarations import Pack
from zhida.rules.explain.month_words import of_result
from zhida.rules.formulas.ir import PERSON
from zhida.rules.reforms.reform import BY_USER

ANSWERS = {"yes": "符合", "no": "不符合", "undetermined": "待定", "not_applicable": "不适用"}
PERIODS = {"month": "每月", "year": "每年", "once": "一次性"}
ORDER = ("yes", "undetermined", "no", "not_applicable")
ACCESS = {"register": "查{}", "authorisation": "经本人授权查{}", "declaration": "由家庭申报"}
EVIDENCE = {"WEAK": "依据较弱", "OTHER_PLACE": "外地的规定", "DERIVED": "推算", "PLAN": "见于规划"}
WEIGHTS = (
    "stale", "parameter", "condition", "applies", "amount", "variable", "age_on", "first_month", "rounding",
)  # fmt: skip
MOST_CONDITIONS = 3
MOST_MET = 2
MOST_MISSING = 3
MOST_ASSUMPTIONS = 3

Result = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Told:
    """One benefit of one unit: ``headline`` with answer and amount, ``reasons`` in order of weight."""

    benefit: str
    unit_id: str
    answer: str
    headline: str
    reasons: tuple[str, ...]


Ask = Mapping[str, Sequence[str]]
"""Names of fields, by benefit, that only the family's word or signature can settle."""


def told(answer: Mapping[str, Any], pack: Pack, ask: Ask | None = None) -> list[Told]:
    """All results but those that do not apply: what is granted first, then what is open, then what is not.

    ``ask``: the answer is only as far as registers tell, with these fields presumed empty.
    """
    alike: dict[tuple[str, str, str], list[Result]] = {}
    for r in answer["results"]:
        # Several people who fail the same condition are one line; whoever may be entitled has their own.
        key = main_reason(r) if r["answer"] == "no" else str(r["unit_id"])
        if r["answer"] != "not_applicable":
            alike.setdefault((r["benefit"], r["answer"], key), []).append(r)
    found = [_together(rs) if len(rs) > 1 else tell(rs[0], pack, ask) for rs in alike.values()]
    return sorted(found, key=lambda t: ORDER.index(t.answer))


def tell(result: Result, pack: Pack, ask: Ask | None = None) -> Told:
    """One result in words; ``ask`` as for :func:`told`."""
    reasons = _guard(result)
    if result["answer"] != "not_applicable":
        seen: set[str] = set()
        conditions = _conditions(result, pack, seen)
        fails = any(c["answer"] == "no" for c in result["conditions"])
        reasons = [*conditions, *reasons] if fails else [*reasons, *conditions]  # what settles it first
        reasons += [*_reckoning(result, pack, seen), *_change(result), *_missing(result, pack)]
        reasons += of_result(result)
    line = headline(result)
    if ask is not None:
        line = line.replace("：", "：就登记所见", 1)
        if ask.get(result["benefit"]) and result["answer"] in ("yes", "undetermined"):
            asked = _listed(ask[result["benefit"]], 6)
            reasons.append(f"未经申报或授权的按没有计，定论前须问明：{asked}")
    reasons += _assumptions(result)
    return Told(result["benefit"], result["unit_id"], result["answer"], line, tuple(reasons))


def _together(results: Sequence[Result]) -> Told:
    first = results[0]
    units = _listed([whom(r) for r in results], 6)
    line = f"{first['name']}（{units}）：{ANSWERS[first['answer']]}，{main_reason(first)}"
    return Told(first["benefit"], "", first["answer"], line, ())


def not_applicable(answer: Mapping[str, Any]) -> list[str]:
    """One line a benefit that concerns none or only some of the people asked about."""
    guards: dict[tuple[str, str], list[str]] = {}
    for r in answer["results"]:
        if r["answer"] == "not_applicable":
            guards.setdefault((r["name"], r["applies"]["says"]), []).append(whom(r))
    return [f"{name}（{_listed(units, 3)}）：{says}" for (name, says), units in guards.items()]


def headline(result: Result) -> str:
    """Name, unit, answer, amount: ``名称（全家）：符合，每月 1,777.00 元``."""
    text = f"{result['name']}（{whom(result)}）：{ANSWERS[result['answer']]}"
    amount = paid(result)
    if_so = "若符合" if result["answer"] == "undetermined" else ""
    return f"{text}，{if_so}{amount}" if amount else text


def whom(result: Result) -> str:
    """The unit: a person's id, or the whole household."""
    return str(result["unit_id"]) if result["unit"] == PERSON else "全家"


def paid(result: Result) -> str:
    """Amount or range with its period; '' where nothing is paid."""
    period = PERIODS.get(result["period"], "")
    if result["amount"] is not None:
        return f"{period} {_yuan(result['amount'])} 元"
    if result["amount_range"] is None:
        return ""
    low, high = result["amount_range"]
    if high is None:
        return f"{period}至少 {_yuan(low)} 元" if low else f"{period}金额待定"
    if low == high:
        return f"{period} {_yuan(high)} 元"
    least = f"{_yuan(low)} 至 " if low is not None else "至多 "
    return f"{period} {least}{_yuan(high)} 元"


# --- conditions


def main_reason(result: Result) -> str:
    """The first failing or open condition in a few words, for a line of a table; '' where all hold."""
    if result["answer"] == "not_applicable":
        return str(result["applies"]["says"])
    for wanted in ("no", "undetermined"):
        for c in result["conditions"]:
            if c["answer"] == wanted:
                return _mark(c) + _short([c])[0]
    return ""


def _mark(condition: Mapping[str, Any]) -> str:
    return {"no": "未满足：", "undetermined": "待查：", "yes": "满足："}.get(condition["answer"], "不适用：")


def _guard(result: Result) -> list[str]:
    guard = result["applies"]
    if guard["answer"] == "yes":
        return []
    word = "适用范围之外，须" if guard["answer"] == "no" else "待查（适用范围）"
    return [f"{word}：{guard['says']}"]


def _conditions(result: Result, pack: Pack, seen: set[str]) -> list[str]:
    """Failing first, then open; those that hold are told in full only where the answer is yes.

    ``seen`` takes in the parameters and sources that were told.
    """
    by_answer: dict[str, list[Mapping[str, Any]]] = {}
    for c in result["conditions"]:
        by_answer.setdefault(c["answer"], []).append(c)
    failing, met = by_answer.get("no", []), by_answer.get("yes", [])
    opened = [c for word, cs in by_answer.items() if word not in ("no", "yes") for c in cs]
    if result["answer"] == "no":
        opened = []  # a no stands whatever else may be found out
    first = failing + opened
    full = first[:MOST_CONDITIONS]
    if result["answer"] == "yes":
        own = sorted((c for c in met if c["value"] is not None), key=lambda c: _share(c) or Decimal(1))
        full = own[:MOST_MET]
    found = [_condition(c, pack, seen) for c in full]
    if len(first) > len(full):
        found.append(
            f"另有 {len(first) - len(full)} 项未满足或待查：" + _listed(_short(first[len(full) :]), 4, "；")
        )
    rest = [c for c in met if c not in full and not c["id"].startswith("excluded_by:")]
    if rest:
        word = "其余条件已满足" if found else "条件均满足"
        found.append(f"{word}：" + _listed(_short(rest), 4, "；"))
    return found


def _short(conditions: Sequence[Mapping[str, Any]]) -> list[str]:
    return [str(c["says"]).split(";")[0] for c in conditions]


def _condition(c: Mapping[str, Any], pack: Pack, seen: set[str]) -> str:
    """``seen``: what the lines before have told the date and source of."""
    settled = c["answer"] in ("no", "yes")
    details = []
    if c["value"] is not None:
        details.append(f"实际 {_shown(c['value'], c['kind'])}")
        if settled:
            details.append(f"界线 {_shown(c['threshold'], c['kind'])}")
    details += [_margin(c)] if _margin(c) else []
    details += _kin(c)
    details += [_parameter(p, pack, seen) for p in c["parameters"][:2]]
    title = pack.sources[c["source"]].title if c["source"] in pack.sources else ""
    if settled and title and c["source"] not in seen:
        seen.add(c["source"])
        details.append(f"依据《{title}》{c['article']}")
    text = _mark(c) + c["says"]
    return f"{text}（{'；'.join(details)}）" if details else text


def _kin(c: Mapping[str, Any]) -> list[str]:
    """The people whose state the condition hangs on."""
    said = [
        f"{k['through']} {k['who'] or '（没有查到是谁）'}：{k['asks']}{ANSWERED[k['answer']]}"
        for k in c["hangs_on"]
    ]
    return [_listed(said, MOST_KIN, "，")] if said else []


ANSWERED = {"yes": "——是", "no": "——否", "undetermined": "——待查"}
MOST_KIN = 4


def _parameter(p: Mapping[str, Any], pack: Pack, seen: set[str]) -> str:
    if p["value"] is None:
        return f"{p['name']}当月当地没有已知数值"
    value = f"{p['name']} {_plain(p['value'])} {p['measure']}".rstrip()
    if p["id"] in seen:
        return value
    seen.add(p["id"])
    if p["note"] == BY_USER.note:
        return f"{value}，本次设定"
    value += f"，{p['from']} 起"
    if p["source"] not in pack.sources:
        return f"{value}，假定"
    if p["source"] in seen:
        return value
    seen.add(p["source"])
    return f"{value}，《{pack.sources[p['source']].title}》"


def _reckoning(result: Result, pack: Pack, seen: set[str]) -> list[str]:
    """What the amount is reckoned with, as far as no condition has told it."""
    own = [p for p in result["amount_parameters"] if p["id"] not in seen and p["value"] is not None]
    return ["金额按" + "；".join(_parameter(p, pack, seen) for p in own[:2])] if own else []


def _margin(c: Mapping[str, Any]) -> str:
    """How far the value is from its threshold, where it is known."""
    if c["margin"] is None or isinstance(_ratio(c["margin"]), str) or c["answer"] not in ("yes", "no"):
        return ""
    return ("还差 " if c["answer"] == "no" else "余量 ") + _distance(c)


def _distance(c: Mapping[str, Any]) -> str:
    """To a whole fen: what is lacking never too little, what is to spare never too much."""
    by = _ratio(c["margin"])
    assert isinstance(by, Decimal)
    return _quantity(abs(by), c["kind"], ROUND_UP if by < 0 else ROUND_DOWN)


# --- what would change it


def _change(result: Result) -> list[str]:
    """For a no: what the failing conditions lack; for a yes: the comparison that is nearest to failing."""
    comparisons = [c for c in result["conditions"] if c["margin"] is not None]
    if result["answer"] == "no":
        failing = [c for c in result["conditions"] if c["answer"] == "no"]
        if len(failing) > 1:
            return [f"要改变结论，以上 {len(failing)} 项都须满足"]
        needed = _needed(failing[0]) if failing and failing[0] in comparisons else ""
        return [f"要改变结论：{needed}"] if needed else []
    if result["answer"] == "yes":
        shares = [(share, c) for c in comparisons if (share := _share(c)) is not None]
        if shares:
            nearest = min(shares, key=lambda pair: pair[0])[1]
            way = "增加" if nearest["symbol"].startswith("<") else "减少"
            by = _quantity(_low(nearest["margin"]) or Decimal(0), "money", ROUND_DOWN)
            return [f"会改变结论：「{_short([nearest])[0]}」的实际值{way}超过 {by}，就不再符合"]
    return []


def _needed(c: Mapping[str, Any]) -> str:
    if not isinstance(_ratio(c["margin"]), Decimal):
        return ""
    way = "减少" if c["symbol"].startswith("<") else "增加"
    return f"「{_short([c])[0]}」的实际值须{way} {_distance(c)}"


def _share(c: Mapping[str, Any]) -> Decimal | None:
    """The least margin over the threshold, of amounts of money; None where it is not known."""
    margin, threshold = _low(c["margin"]), _ratio(c["threshold"])
    if c["kind"] != "money" or margin is None or not isinstance(threshold, Decimal) or not threshold:
        return None
    return abs(margin / threshold)


def _low(value: Any) -> Decimal | None:
    """The low end, or the point itself."""
    point = _ratio(value)
    if isinstance(point, Decimal):
        return point
    top, den = (value["num"], value["den"]) if "num" in value else (value, 1)
    if isinstance(den, Mapping) or top["at_least"] is None:
        return None
    return Decimal(str(top["at_least"])) / Decimal(str(den))


# --- what is missing, what is assumed


def _missing(result: Result, pack: Pack) -> list[str]:
    """Facts that would decide, cheapest first, and parameters that nobody knows."""
    found = []
    alone = [m for m in result["missing"] if m.get("decides") == "alone"]
    together = [m for m in result["missing"] if m.get("decides") == "together"]
    if alone:
        found.append("查清其中一项就可能定论：" + _listed([_fact(m, pack) for m in alone], MOST_MISSING))
    if together:
        found.append("须一并查清：" + _listed([_fact(m, pack) for m in together], 2 * MOST_MISSING))
    gaps = [f"{m['name']}（{m['month']} 没有已知数值）" for m in result["missing"] if "parameter" in m]
    if gaps:
        found.append("规则缺少数值：" + _listed(gaps, MOST_MISSING))
    return found


def _fact(m: Mapping[str, Any], pack: Pack) -> str:
    register = pack.registers[m["register"]].name if m["register"] else ""
    who = "" if m["who"] == "household" else f"{m['who']} "
    return f"{who}{m['name']}（{ACCESS[m['access']].format(register)}）"


def _assumptions(result: Result) -> list[str]:
    """What the answer rests on that no fact supports: values first, rounding last."""
    says = []
    for a in sorted(result["assumptions"], key=_weight):
        text = f"{a['says']}（{EVIDENCE[a['evidence']]}）" if a["evidence"] in EVIDENCE else str(a["says"])
        text = "本次设定的数值" if a["says"] == BY_USER.note else text
        if a["says"] and text not in says:
            says.append(text)
    return [f"假定：{_listed(says, MOST_ASSUMPTIONS, '；')}"] if says else []


def _weight(assumption: Mapping[str, Any]) -> int:
    if assumption["says"] == BY_USER.note:
        return -1
    what = assumption["what"]
    return WEIGHTS.index(what) if what in WEIGHTS else 1


# --- numbers


def _listed(texts: Sequence[str], most: int, between: str = "、") -> str:
    shown = between.join(texts[:most])
    return shown if len(texts) <= most else f"{shown} 等 {len(texts)} 项"


def _ratio(value: Any) -> Decimal | str:
    """A point as an exact or long decimal; text where it is an interval."""
    if isinstance(value, Mapping):
        if "num" in value and not isinstance(value["num"], Mapping) and not isinstance(value["den"], Mapping):
            return Decimal(str(value["num"])) / Decimal(str(value["den"]))
        return "interval"
    return Decimal(str(value))


def _shown(value: Any, kind: str) -> str:
    point = _ratio(value)
    if isinstance(point, Decimal):
        return _quantity(point, kind)
    den = Decimal(1)
    if "num" in value:
        if isinstance(value["den"], Mapping):
            return "待定"
        value, den = value["num"], Decimal(str(value["den"]))
    low, high = (
        None if end is None else _quantity(Decimal(str(end)) / den, kind)
        for end in (value["at_least"], value["at_most"])
    )
    if low is None or high is None:
        return f"至少 {low}" if low else f"至多 {high}" if high else "待定"
    return f"{low} 至 {high}"


def _quantity(value: Decimal, kind: str, rounding: str = "") -> str:
    """To two decimals, for reading only; «约» where something was cut without a direction."""
    cut = value.quantize(Decimal("0.01"), rounding or ROUND_HALF_UP)
    about = "" if cut == value or rounding else "约 "
    return f"{about}{_yuan(cut)} 元" if kind == "money" else f"{about}{_plain(cut)}"


def _yuan(value: Any) -> str:
    return format_yuan(int((Decimal(str(value)) * 100).to_integral_value()))


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return "是" if value else "否"
    text = f"{Decimal(str(value)):,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
