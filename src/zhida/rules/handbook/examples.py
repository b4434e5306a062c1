"""Worked cases as examples: who the people are, what comes out, how it is reckoned."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from zhida.rules.checks.cases import Case, Expect
from zhida.rules.declarations import Benefit, Pack
from zhida.rules.handbook import html, say

MOST = {"yes": 3, "no": 3, "undetermined": 2, "not_applicable": 1}
_OWN = ("id", "registered_at", "lives_at", "links")


def examples(pack: Pack, b: Benefit, cases: Sequence[Case], used: Collection[str]) -> list[str]:
    """A few cases of each answer, different in their reasons; then how many more there are.

    ``used``: ids of the fields that the benefit hangs on; the others are not told.
    """
    mine = [(case, e) for case in cases for e in case.expects if e.benefit == b.id and not case.suppose]
    chosen: list[tuple[Case, Expect]] = []
    for answer, most in MOST.items():
        chosen += _different([pair for pair in mine if pair[1].answer == answer], most)
    found = [_example(_Teller(pack, used), b, case, e) for case, e in chosen]
    rest = len(mine) - len(chosen)
    if rest > 0:
        found.append(f'<p class="small">另有 {rest} 个验算，见规则包的 cases 文件夹。</p>')
    return found


def _different(pairs: list[tuple[Case, Expect]], most: int) -> list[tuple[Case, Expect]]:
    """Newest first; one for each reason before a second for any."""
    pairs = sorted(pairs, key=lambda p: -p[0].month)
    seen: set[tuple[str, ...]] = set()
    first: list[tuple[Case, Expect]] = []
    again: list[tuple[Case, Expect]] = []
    for case, e in pairs:
        key = e.because or (str(len(case.data.get("members", []))), e.amount.text if e.amount else "")
        (again if key in seen else first).append((case, e))
        seen.add(key)
    return [*first, *again][:most]


def _example(teller: _Teller, b: Benefit, case: Case, e: Expect) -> str:
    pack = teller.pack
    place = say.places(pack, [str(case.data["division"])])
    people = case.data.get("members", [])
    lines = [f"<li>{teller.person(p, len(people) > 1)}</li>" for p in people if isinstance(p, Mapping)]
    household = case.data.get("household") or {}
    facts = teller.facts(household)
    if facts:
        lines.append(f"<li>家庭：{facts}</li>")
    return (
        f'<div class="example {e.answer}"><h3>{html.text(case.says)}</h3>'
        f'<p class="small">{say.month(case.month)}，{html.text(place)}；{_completeness(pack, case)}</p>'
        f"<ul>{''.join(lines)}</ul>"
        f'<p><span class="result">{_result(b, e, len(people) > 1)}</span>{_reasons(pack, b, e)}</p></div>'
    )


def _completeness(pack: Pack, case: Case) -> str:
    complete = case.data.get("complete")
    if complete == "all":
        return "各登记齐全，查不到的即为没有"
    if not complete:
        return "没有可用的登记，未列的均为不明"
    names = [pack.registers[r].name if r in pack.registers else str(r) for r in complete]
    return f"齐全的登记：{html.text('、'.join(names))}"


@dataclass(frozen=True, slots=True)
class _Teller:
    """Tells the facts of a case as far as a benefit hangs on them."""

    pack: Pack
    used: Collection[str]

    def person(self, person: Mapping[str, Any], several: bool) -> str:
        facts = self.facts({k: v for k, v in person.items() if k not in _OWN})
        parts = [facts] if facts else []
        if "registered_at" in person:
            at = person["registered_at"]
            place = "" if at is None else html.text(say.places(self.pack, [str(at)]))
            parts.append(f"户籍在{place}" if place else "户籍地不明")
        return (f"{html.text(str(person.get('id')))}：" if several else "") + ("；".join(parts) or "别无登记")

    def facts(self, values: Mapping[str, Any]) -> str:
        """Facts by name; those that are zero, no or not known each together."""
        plain: list[str] = []
        together: dict[str, list[str]] = {"为零": [], "为否": [], "不明": []}
        by_name = {f.name: f for f in self.pack.fields.values()}
        for key, value in values.items():
            field = self.pack.fields.get(key) or by_name.get(key)
            if field is None or field.id not in self.used:
                continue
            if value is None:
                together["不明"].append(field.name)
            elif value is False:
                together["为否"].append(field.name)
            elif value == "0":
                together["为零"].append(field.name)
            else:
                plain.append(f"{field.name} {_value(value)}")
        for word, names in together.items():
            if names:
                plain.append(f"{'、'.join(names)}{'均' if len(names) > 1 else ''}{word}")
        return html.text("，".join(plain))


def _value(value: Any) -> str:
    if value is True:
        return "是"
    if isinstance(value, Mapping):
        ends = [f"{word} {value[k]}" for k, word in (("at_least", "至少"), ("at_most", "至多")) if k in value]
        return " ".join(ends)
    return "不适用" if value == "not_applicable" else str(value)


def _result(b: Benefit, e: Expect, several: bool) -> str:
    who = f"{html.text(e.who)} " if e.who and several else ""
    answer = say.ANSWERS[e.answer]
    if e.amount is not None:
        number = f"{float(e.amount.value):.2f}".removesuffix(".00")
        sum_ = html.text(e.amount.text)
        reckoned = number if e.amount.text == number else f"{sum_} = {number}"
        period = say.PERIODS[b.amounts[0].period] if b.amounts else ""
        return f"{who}{answer}，{period} {reckoned} 元"
    return f"{who}{answer}"


def _reasons(pack: Pack, b: Benefit, e: Expect) -> str:
    if not e.because and not e.missing:
        return ""
    says = {c.id: c.says for c in b.conditions}
    for x in b.excluded_by:
        says[f"excluded_by:{x.benefit}"] = x.says
    for group in pack.groups:
        says |= {f"excluded_by:{id}": group.name for id in group.benefits if id != b.id}
    for choice in pack.choices:
        says[f"choice:{choice.id}"] = choice.name
    word = "没有满足" if e.answer == "no" else "还不能断定"
    parts = [f"{word}：{html.text('；'.join(says.get(id, id) for id in e.because))}"] if e.because else []
    if e.missing:
        names = []
        for id in e.missing:
            known = pack.fields.get(id) or pack.parameters.get(id)
            names.append(known.name if known is not None else id)
        parts.append(f"缺：{html.text('、'.join(dict.fromkeys(names)))}")
    return "。" + "；".join(parts)
