"""Runs worked cases and says what came out otherwise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from zhida.rules.checks.cases import GROUP, Case, Expect, Sum, load_cases, supposed
from zhida.rules.checks.listed import differences
from zhida.rules.declarations import At, Pack
from zhida.rules.explain.assess import assess, program_of
from zhida.rules.explain.events import KEY
from zhida.rules.explain.interpret import Run
from zhida.rules.explain.request import RequestError, parse_request
from zhida.rules.problems import nearest, one_of


@dataclass(frozen=True, slots=True)
class Failure:
    """One thing that came out otherwise than the case says."""

    case: str
    benefit: str
    at: At
    says: str

    def __str__(self) -> str:
        return f"{self.at.file}:{self.at.line}:{self.at.column}: case {self.case}: {self.says}"


def run_case(pack: Pack, case: Case) -> list[Failure]:
    """What comes out otherwise than the case says."""
    used = supposed(pack, case)
    try:
        answer = assess(pack, case.data, used, {e.benefit for e in case.expects})
    except RequestError as error:
        return [Failure(case.id, "", case.at, f"can't be read: {problem}") for problem in error.problems]
    return check(case, answer) + _silent(case, used)


def _silent(case: Case, pack: Pack) -> list[Failure]:
    """What lists would show otherwise; no answer tells it."""
    wanted = [e for e in case.expects if e.listed.asked]
    if not wanted:
        return []
    request = parse_request(pack, {k: v for k, v in case.data.items() if k != KEY})
    program = program_of(pack, request.month)
    run = Run(program, request.facts, request.known_on)
    found = []
    for e in wanted:
        at = request.ids.index(e.who) if e.who != GROUP else 0
        name = e.benefit + (f" of {e.who}" if e.who else "")
        found += [
            Failure(case.id, e.benefit, e.at, f"{name}: {says}")
            for says in differences(e.listed, run, program.benefits[e.benefit], at)
        ]
    return found


def run_all(pack: Pack, cases: Sequence[Case] | None = None) -> list[Failure]:
    """All cases of a pack; PackError where the cases or the pack's formulas can't be read."""
    return [f for case in (load_cases(pack) if cases is None else cases) for f in run_case(pack, case)]


def check(case: Case, answer: Mapping[str, Any]) -> list[Failure]:
    """Compares a case with the document that ``assess`` gave."""
    found: list[Failure] = []
    for expect in case.expects:
        result = next(
            r
            for r in answer["results"]
            if r["benefit"] == expect.benefit and (expect.who == GROUP or r["unit_id"] == expect.who)
        )
        name = expect.benefit + (f" of {expect.who}" if expect.who else "")
        found += [
            Failure(case.id, expect.benefit, expect.at, f"{name}: {text}")
            for text in [*_differences(expect, result), *_otherwise(expect, answer["units"])]
        ]
    return found


def _otherwise(expect: Expect, units: Sequence[Mapping[str, Any]]) -> list[str]:
    """Members who count or do not on another ground than expected."""
    members = [m for u in units if u["unit"] == expect.formed for m in u["members"]]
    told = {m["id"]: [g["id"] for g in m["grounds"]] for m in members}
    return [
        f"{who} is decided by {', '.join(told[who]) or 'no ground'}, expected {ground}"
        for who, ground in expect.grounds
        if told[who] != [ground]
    ]


def _differences(expect: Expect, result: Mapping[str, Any]) -> list[str]:
    found: list[str] = []
    if result["answer"] != expect.answer:
        return [f"answer is {result['answer']}, expected {expect.answer}{_reasons(result)}"]
    if expect.amount is not None and exact(result["amount"]) != expect.amount.value:
        shown = "not exact" if result["amount"] is None else result["amount"]
        found.append(f"amount is {shown}, expected {_written(expect.amount)}")
    if expect.amount_range is not None:
        ends = result["amount_range"] or [None, None]
        wanted = tuple(None if s is None else s.value for s in expect.amount_range)
        if result["amount_range"] is None or (exact(ends[0]), exact(ends[1])) != wanted:
            texts = ", ".join("null" if s is None else _written(s) for s in expect.amount_range)
            found.append(f"amount_range is {result['amount_range']}, expected [{texts}]")
    if expect.due is not None:
        ends = (result["due"] or {}).get("amount_range", [None, None])
        if (exact(ends[0]), exact(ends[1])) != tuple(s.value for s in expect.due):
            texts = " to ".join(_written(s) for s in expect.due)
            found.append(f"due is {ends[0]} to {ends[1]}, expected {texts}")
    conditions = {c["id"]: c["answer"] for c in result["conditions"]}
    for id in expect.because:
        if id not in conditions:
            found.append(f"has no condition {id}; {one_of(id, conditions)}")
        elif conditions[id] != expect.answer:
            found.append(f"condition {id} is {conditions[id]}, expected {expect.answer}{_reasons(result)}")
    named = {m[key] for m in result["missing"] for key in ("field", "parameter", "name") if key in m}
    found += [_absent("missing does not name", word, named) for word in expect.missing if word not in named]
    assumed = {text for a in result["assumptions"] for text in (a["id"], f"{a['what']}:{a['id']}")}
    found += [_absent("does not assume", word, assumed) for word in expect.assumptions if word not in assumed]
    if expect.covers is not None and set(result["who"]) != set(expect.covers):
        found.append(
            f"covers {', '.join(result['who']) or 'nobody'}, expected {', '.join(expect.covers) or 'nobody'}"
        )
    return found


def _absent(what: str, word: str, there: set[str]) -> str:
    guess = nearest(word, there)
    return f"{what} {word}; " + (
        f"perhaps {guess}" if guess else f"there are {', '.join(sorted(there)) or 'none'}"
    )


def _reasons(result: Mapping[str, Any]) -> str:
    parts = [f"{c['id']} {c['answer']}" for c in result["conditions"] if c["answer"] != "yes"]
    parts += ["missing " + str(m["name"]) for m in result["missing"]]
    return f" ({'; '.join(parts)})" if parts else ""


def exact(yuan: Any) -> Fraction | None:
    """A number of an answer's JSON as the decimal that it shows."""
    return None if yuan is None else Fraction(str(yuan))


def _written(sum: Sum) -> str:
    number = f"{float(sum.value):.2f}".removesuffix(".00")
    return sum.text if sum.text == number else f"{sum.text} = {number}"
