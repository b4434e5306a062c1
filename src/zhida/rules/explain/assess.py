"""What a household is entitled to, and why: the answer of ``zhida assess``.

One result for each benefit and unit instance, in the order of the pack. Amounts are yuan as exact
numbers with at most two decimals; every condition carries its value, its margin and the parameters
it was held against.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date
from typing import Any

from zhida.codes.months import format_month, last_day
from zhida.rules.declarations import Pack
from zhida.rules.explain import grounds, kinship, membership
from zhida.rules.explain.deciding import KIN_COST, Deciding, Fact, deciding_facts
from zhida.rules.explain.events import read_events
from zhida.rules.explain.grounds import yuan
from zhida.rules.explain.interpret import Facts, Run, Value
from zhida.rules.explain.month_words import rule_json
from zhida.rules.explain.request import Request, RequestError, parse_request
from zhida.rules.explain.reviewing import review_of
from zhida.rules.formulas.ir import NA, NO, PERSON, YES
from zhida.rules.formulas.terms import Term
from zhida.rules.parameters import is_stale
from zhida.rules.program.build import BenefitProgram, ConditionProgram, Program, build_program, margin
from zhida.rules.values import NONE, OPEN_HI, OPEN_LO, VALUE, Num

MOST_PROGRAMS = 64
_programs: dict[tuple[str, int], Program] = {}
WORDS = {YES: "yes", NO: "no", NA: "not_applicable"}


def assess(
    pack: Pack, data: object, reform: Pack | None = None, only: Collection[str] | None = None
) -> dict[str, Any]:
    """Answer a request as :func:`parse_request` takes it; ``reform`` is the pack with overrides, ``only``:
    results of these benefits alone.

    Raises :class:`RequestError` for a request that can't be read.
    """
    # Due amounts are worked out of whole answers.
    from zhida.rules.explain.due import due

    used = reform or pack
    told, events = read_events(data)
    request = parse_request(used, told)
    program = program_of(used, request.month)
    if events.any:
        request = parse_request(used, events.told_in(program, told))
    _refuse_unborn(program, request)
    found = answer(program, request.facts, request.ids, request.division, request.known_on, only)
    if events.any:
        dues = due(used, told, events, request.month, request.known_on, only)
        for r in found["results"]:
            one = dues.get((r["benefit"], r["unit_id"]))
            r["due"] = None if one is None else one.to_json()
    return found


def program_of(pack: Pack, month: int) -> Program:
    """As :func:`build_program`, remembering the last few dozen: building one costs as much as ten answers."""
    key = (pack.hash, month)
    found = _programs.get(key)
    if found is None or found.pack is not pack:
        found = build_program(pack, month)
        _programs.pop(key, None)
        while len(_programs) >= MOST_PROGRAMS:
            # Another thread may take out the same one.
            _programs.pop(next(iter(_programs), key), None)
        _programs[key] = found
    return found


def _refuse_unborn(program: Program, request: Request) -> None:
    end = (last_day(request.month) - date(1970, 1, 1)).days
    dates = {str(n.args[0].data[0]) for n in program.graph.nodes if n.op == "age" and n.args[0].op == "input"}
    problems = []
    for who, person in zip(request.ids, request.facts.persons, strict=True):
        for name in sorted(dates & set(person)):
            value = person[name]
            if isinstance(value, tuple) and value[2] & VALUE and value[0] > end:
                word = program.pack.fields[name].name
                month = format_month(request.month)
                problems.append(
                    f"members[{who}].{word}: lies after {month}, the month asked about; check the date"
                )
    if problems:
        raise RequestError(problems)


def answer(
    program: Program,
    facts: Facts,
    ids: Sequence[str],
    division: str,
    known_on: date | None = None,
    only: Collection[str] | None = None,
) -> dict[str, Any]:
    """All results of one household, or those of some benefits."""
    run = Run(program, facts, known_on)
    results = []
    for b in program.benefits.values():
        if only is not None and b.benefit.id not in only:
            continue
        instances = range(facts.members) if b.benefit.unit == PERSON else range(1)
        results += [_result(run, b, i, ids) for i in instances]
    return {
        "month": format_month(program.month),
        "division": division,
        "known_on": None if known_on is None else known_on.isoformat(),
        "pack": {
            "id": program.pack.id,
            "hash": program.pack.hash,
            "verified_through": program.pack.verified_through.isoformat(),
            "stale": is_stale(program.pack, program.month),
        },
        "units": membership.units(run, ids),
        "results": results,
    }


def answer_word(bits: int) -> str:
    """One word for a truth set: what can't be yes is no, unless it surely does not apply."""
    if bits in WORDS:
        return WORDS[bits]
    return "undetermined" if bits & YES else "no"


def _result(run: Run, b: BenefitProgram, i: int, ids: Sequence[str]) -> dict[str, Any]:
    bits = run.value(b.full.answer, i)
    assert isinstance(bits, int)
    word = answer_word(bits)
    person = b.benefit.unit == PERSON
    conditions = [] if not b.exists else [_condition(run, b, c, i, ids) for c in b.conditions]
    deciding = deciding_facts(run, b.full.answer, i) if word == "undetermined" else Deciding((), ())
    amount, amount_range = _amount(run, b, i, word)
    return {
        "benefit": b.benefit.id,
        "name": b.benefit.name,
        "unit": b.benefit.unit,
        "unit_id": ids[i] if person else b.benefit.unit,
        "who": [ids[i]] if person else _covered(run, b, ids),
        "answer": word,
        "amount": amount,
        "amount_range": amount_range,
        "amount_parameters": [] if amount_range is None else grounds.amount_parameters(run, b, i),
        "period": b.benefit.amounts[0].period if b.benefit.amounts else None,
        "applies": _guard(run, b, i),
        "conditions": conditions,
        "missing": _missing(run, b, i, ids, deciding) if word in ("yes", "undetermined") else [],
        "assumptions": grounds.assumptions(run, b, i, word),
        "months": [rule_json(r) for r in b.benefit.months] if word in ("yes", "undetermined") else [],
        "due": None,
        "review": review_of(run, b, i),
    }


def _guard(run: Run, b: BenefitProgram, i: int) -> dict[str, Any]:
    """Why the benefit applies or does not."""
    if not b.exists:
        return {"answer": "no", "says": f"{b.benefit.name}在{format_month(run.program.month)}不存在"}
    bits = run.value(b.applies, i)
    assert isinstance(bits, int)
    says = b.benefit.applies.says if b.benefit.applies is not None else "适用于所有人"
    return {"answer": "no" if bits == NA else answer_word(bits), "says": says}


def _covered(run: Run, b: BenefitProgram, ids: Sequence[str]) -> list[str]:
    members = range(run.facts.members)
    if b.covers is None:
        return [ids[i] for i in members]
    return [ids[i] for i in members if int(run.value(b.covers, i)) & YES]  # type: ignore[arg-type]


def _amount(run: Run, b: BenefitProgram, i: int, word: str) -> tuple[Any, Any]:
    if b.full.amount is None or word not in ("yes", "undetermined"):
        return None, None
    found = run.value(b.full.amount, i)
    assert isinstance(found, tuple)
    if not found[2] & VALUE:
        return None, None
    lo = None if found[2] & OPEN_LO else yuan(found[0])
    hi = None if found[2] & OPEN_HI else yuan(found[1])
    exact = word == "yes" and found[0] == found[1] and not found[2] & NONE
    return (yuan(found[0]) if exact else None), [lo, hi]


def _condition(
    run: Run, b: BenefitProgram, c: ConditionProgram, i: int, ids: Sequence[str]
) -> dict[str, Any]:
    bits = run.value(c.node, i)
    assert isinstance(bits, int)
    found: dict[str, Any] = {
        "id": c.id,
        "answer": answer_word(bits),
        "says": c.says + _why_held(run, c, i),
        "value": None,
        "symbol": None,
        "threshold": None,
        "margin": None,
        "kind": None,
        "article": c.citation.article,
        "source": c.citation.source,
        "evidence": str(c.citation.evidence),
    }
    spared = c.bare is not None and run.value(c.bare, i) == NO and bits == YES
    if spared:
        found["says"] += f"（{c.grace}）"
    if c.left is not None and c.right is not None:
        found["value"] = shown(run, c.left, i)
        found["symbol"], found["kind"] = c.symbol, c.left.dim
        found["threshold"] = shown(run, c.right, i)
        m = margin(run.program.graph, c)
        found["margin"] = shown(run, m, i) if m is not None and not spared else None
    found["parameters"] = grounds.parameters(run, c.node, i)
    found["hangs_on"] = kinship.hangs_on(run, c, i, ids) if b.benefit.unit == PERSON else []
    return found


def _why_held(run: Run, c: ConditionProgram, i: int) -> str:
    """For a displacing benefit: whether it counts as held by award or by rule."""
    if c.role not in ("excluded_by", "higher"):
        return ""
    other = run.program.benefits[c.other]
    where = i if other.benefit.unit == PERSON else 0
    bits = run.value(c.node, i)
    if bits == YES:
        return ""
    if other.awarded is not None and run.value(other.awarded, where) == YES:
        return f"（{other.benefit.name}：已在享受）"
    return f"（{other.benefit.name}：按规则{'符合' if bits == NO else '可能符合'}）"


def shown(run: Run, term: Term, i: int) -> Any:
    """A term's value for JSON: a number, an interval, or ``{"num", "den"}``; None: not applicable."""
    num = _shown(run.value(term.num, i), term.dim)
    if term.den is None or num is None:
        return num
    den = run.value(term.den, i)
    if term.den.op == "const":
        top = run.value(term.num, i)
        assert isinstance(top, tuple)
        if top[0] == top[1] and top[0] * 100 % term.den.lo == 0 and term.dim == "number":
            return round(top[0] / term.den.lo, 6)
    return {"num": num, "den": _shown(den, "number")}


def _shown(value: Value, dim: str) -> Any:
    if not isinstance(value, tuple):
        return None
    if not value[2] & VALUE:
        return None
    scale = yuan if dim == "money" else int
    if value[0] == value[1]:
        return scale(value[0])
    return _interval(value, scale)


def _interval(value: Num, scale: Any) -> dict[str, Any]:
    return {
        "at_least": None if value[2] & OPEN_LO else scale(value[0]),
        "at_most": None if value[2] & OPEN_HI else scale(value[1]),
    }


def _missing(
    run: Run, b: BenefitProgram, i: int, ids: Sequence[str], deciding: Deciding
) -> list[dict[str, Any]]:
    found = [_fact(run, f, ids, "alone") for f in deciding.alone]
    found += [_fact(run, f, ids, "together") for f in deciding.together]
    return found + grounds.gaps(run, b, i)


def _fact(run: Run, fact: Fact, ids: Sequence[str], decides: str) -> dict[str, Any]:
    pack = run.program.pack
    f = pack.kin[fact.field] if fact.kin else pack.fields[fact.field]
    register = pack.registers.get(f.register)
    return {
        "field": f.id,
        "name": f.name,
        "who": ids[fact.instance] if fact.person else "household",
        "register": register.id if register else None,
        "access": register.access if register else "declaration",
        "cost": KIN_COST if fact.kin else pack.fields[fact.field].cost,
        "decides": decides,
    }
