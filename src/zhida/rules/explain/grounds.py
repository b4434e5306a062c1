"""What an answer rests on: parameters with date and source, assumptions, and values nobody knows."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any
from weakref import WeakKeyDictionary

from zhida.codes.months import format_month
from zhida.rules.declarations import Citation, Formula, Pack, Parameter, ParameterValue
from zhida.rules.explain.interpret import Run, Value
from zhida.rules.formulas.ir import NO, PERSON, YES, Graph, Node, cone
from zhida.rules.parameters import Resolved, is_stale
from zhida.rules.program.build import BenefitProgram, Program
from zhida.rules.values import VALUE, month_index, settled

_WORD = re.compile(r"\w+")

_below = lru_cache(maxsize=1024)(cone)
"""Kept, since the same is asked of one household after the other."""


def yuan(fen: int) -> int | float:
    """Fen as yuan, a number with at most two decimals."""
    return fen // 100 if fen % 100 == 0 else round(fen / 100, 2)


def used(run: Run, roots: Iterable[Node], i: int) -> list[tuple[Parameter, Resolved, int]]:
    """Parameters under some nodes, each with what was found for this unit, and its table index."""
    found: dict[tuple[str, int, str], tuple[Parameter, Resolved, int]] = {}
    for n in _below(tuple(roots)):
        if n.op != "param":
            continue
        name, index = str(n.data[0]), int(str(n.data[1]))
        places = [run.facts.group_place] if n.unit != PERSON else _places(run, n, roots, i)
        for place in places:
            found[(name, index, place)] = (run.program.pack.parameters[name], run.lookup(name, place), index)
    return list(found.values())


def _places(run: Run, n: Node, roots: Iterable[Node], i: int) -> list[str]:
    if all(r.unit == PERSON for r in roots):
        return [run.facts.places[i]]
    return list(dict.fromkeys(run.facts.places[: run.facts.members]))


def parameters(run: Run, node: Node, i: int) -> list[dict[str, Any]]:
    """The parameters that a condition looks at itself (not those below the values it names)."""
    direct = [node] if node.op == "param" else []
    todo = list(node.args)
    for _ in range(12):
        later: list[Node] = []
        for n in todo:
            if n.op == "param":
                direct.append(n)
            elif n.op in (
                "mul",
                "add",
                "sub",
                "min",
                "max",
                "pick",
                "spread",
                "equal",
                "not",
                "and",
                "or",
                "positive",
            ):
                later += n.args
        todo = later
        if not todo:
            break
    return _all_described(run, direct, i)


def amount_parameters(run: Run, b: BenefitProgram, i: int) -> list[dict[str, Any]]:
    """The parameters that the amount is reckoned with, of the branches that may be taken."""
    direct: list[Node] = []
    todo = [b.full.amount] if b.full.amount is not None else []
    seen: set[int] = set()
    while todo:
        n = todo.pop(0)
        if n.id in seen:
            continue
        seen.add(n.id)
        if n.op == "param":
            direct.append(n)
        elif n.op in ("select", "pick"):
            bits = run.value(n.args[0], i)
            assert isinstance(bits, int)
            sides = (YES, NO) if n.op == "select" else [1 << at for at in range(len(n.args) - 1)]
            todo += [arg for bit, arg in zip(sides, n.args[1:], strict=True) if bits & bit]
        elif n.op in ("mul", "add", "sub", "min", "max", "divide", "spread", "positive", "coalesce"):
            todo += n.args
    return _all_described(run, direct, i)


def _all_described(run: Run, nodes: Iterable[Node], i: int) -> list[dict[str, Any]]:
    names: dict[str, dict[str, Any]] = {}
    for p, resolved, index in used(run, nodes, i):
        if resolved.values is not None and resolved.value is not None:
            names[f"{p.id}/{index}"] = described(p, resolved.value, resolved, index)
        else:
            names[f"{p.id}/{index}"] = {"id": p.id, "name": p.name, "value": None, "why": resolved.why}
    return list(names.values())


def described(p: Parameter, value: ParameterValue, resolved: Resolved, index: int) -> dict[str, Any]:
    """A parameter's value with its dates and source."""
    assert resolved.values is not None
    number: Any = resolved.values[index]
    if p.kind == "money":
        number = yuan(number)
    elif p.kind == "decimal":
        number = round(number / 10**p.places, p.places)
    elif p.kind == "bool":
        number = bool(number)
    return {
        "id": p.id,
        "name": p.name,
        "value": number,
        "measure": p.measure,
        "place": resolved.place,
        "from": value.start.isoformat(),
        "source": value.citation.source,
        "evidence": str(value.citation.evidence),
        "note": value.citation.note,
    }


def assumptions(run: Run, b: BenefitProgram, i: int, word: str) -> list[dict[str, str]]:
    """What the answer rests on that no fact supports, each once."""
    if not b.exists:
        return []
    pack, benefit = run.program.pack, b.benefit
    found: dict[str, dict[str, str]] = {}

    def note(what: str, id: str, citation: Citation, says: str = "") -> None:
        if not citation.evidence.is_fact:
            found.setdefault(
                f"{what}:{id}",
                {
                    "what": what,
                    "id": id,
                    "evidence": str(citation.evidence),
                    "says": citation.note or says,
                    "source": citation.source,
                },
            )

    roots = _roots(run, b, i, word)
    if benefit.applies is not None:
        note("applies", benefit.id, benefit.applies.citation, benefit.applies.says)
    if word != "not_applicable":
        for c in b.conditions:
            if c.node in roots:
                note("condition", c.id, c.citation, c.says)
        if b.full.amount is not None and b.full.amount in roots:
            for a in benefit.amounts:
                note("amount", benefit.id, a.citation)
                note("rounding", benefit.id, a.rounding.citation, f"{a.rounding.direction} {a.rounding.step}")
    nodes = _below(tuple(roots))
    inside = {n.id for n in nodes}
    # an age that is only compared is not worked out, but rests on the same variable
    inside |= {run.program.graph.age(n.args[0]).id for n in nodes if n.op == "born_by"}
    named = _named(run.program, b)
    compared = {n.args[0].id for n in nodes if n.op == "born_by"}  # ages that are compared, not worked out
    for name, term in run.program.variables.items():
        aged = term.num.op == "age" and term.num.args[0].id in compared
        # Equal formulas share a node: what nobody names is not what the answer rests on.
        if (term.num.id in inside or aged) and term.num.args and name in named:
            variable = pack.variables[name]
            note("variable", name, variable.citation, variable.says)
    for p, resolved, _ in used(run, roots, i):
        if resolved.value is not None:
            note("parameter", p.id, resolved.value.citation, p.says)
        if resolved.ambiguous:
            note("first_month", p.id, pack.first_month_citation)
    if any(n.op in ("age", "born_by") and _birthday_now(run, n) for n in nodes):
        note("age_on", pack.id, pack.age_citation)
    if is_stale(pack, run.program.month):
        through = pack.verified_through.isoformat()
        found["stale"] = {
            "what": "stale",
            "id": pack.id,
            "evidence": "ASSUMED",
            "says": f"规则只核对到{through}",
            "source": "",
        }
    return list(found.values())


def _roots(run: Run, b: BenefitProgram, i: int, word: str) -> list[Node]:
    """A no rests on what fails; a not-applicable on its guard; the rest on everything."""
    if word == "not_applicable":
        return [b.applies]
    if word == "no":
        return [b.applies, *(c.node for c in b.conditions if run.value(c.node, i) == NO)]
    return [
        b.applies,
        *(c.node for c in b.conditions),
        *([b.full.amount] if b.full.amount is not None else []),
    ]


_known_names: WeakKeyDictionary[Graph, dict[str, set[str]]] = WeakKeyDictionary()


def _named(program: Program, b: BenefitProgram) -> set[str]:
    """Variables that the formulas of a benefit name, also through other variables and benefits."""
    known = _known_names.setdefault(program.graph, {})
    if b.benefit.id not in known:
        known[b.benefit.id] = _names(program.pack, b)
    return known[b.benefit.id]


def _names(pack: Pack, b: BenefitProgram) -> set[str]:
    by_word = {w: v.id for v in pack.variables.values() for w in (v.id, v.name)}
    by_word |= {w: o.id for o in pack.benefits.values() for w in (o.id, o.name)}
    together = [set(g.benefits) for g in pack.groups] + [set(c.benefits) for c in pack.choices]
    found: set[str] = set()
    todo = [b.benefit.id]
    while todo:
        name = todo.pop()
        if name in found:
            continue
        found.add(name)
        todo += [by_word[w] for f in _formulas(pack, name) for w in _WORD.findall(f.text) if w in by_word]
        if name in pack.benefits:
            todo += [other.benefit for other in pack.benefits[name].excluded_by]
            todo += [other for group in together if name in group for other in group]
    return found & set(pack.variables)


def _formulas(pack: Pack, name: str) -> list[Formula]:
    if name in pack.variables:
        variable = pack.variables[name]
        return [*variable.formulas, *([variable.applies] if variable.applies else [])]
    benefit = pack.benefits[name]
    guard = [benefit.applies.formula] if benefit.applies else []
    graces = [c.grace.formula for c in benefit.conditions if c.grace is not None]
    return [*guard, *graces, *(c.formula for c in benefit.conditions), *(a.formula for a in benefit.amounts)]


def _birthday_now(run: Run, n: Node) -> bool:
    """Whether somebody's birthday falls in the month, so that the day of reckoning matters."""
    for value in run.cells.get(n.args[0].id, []):
        known = isinstance(value, tuple) and value[2] & VALUE and value[0] == value[1]
        if known and (month_index(value[0]) - run.program.month) % 12 == 0:  # type: ignore[index]
            return True
    return False


def _exact(value: Value) -> bool:
    return isinstance(value, tuple) and value[0] == value[1] and value[2] == VALUE


def _unsettled(run: Run, roots: Iterable[Node]) -> list[Node]:
    """Nodes that leave a root open: what is settled passes on nothing of what it is made of."""
    found: dict[int, Node] = {}
    todo = list(roots)
    while todo:
        n = todo.pop()
        if n.id in found or all(settled(value) for value in run.cells[n.id]):
            continue
        found[n.id] = n
        todo += n.args
    return list(found.values())


def gaps(run: Run, b: BenefitProgram, i: int) -> list[dict[str, Any]]:
    """Parameters that the answer or its amount hangs on and that nobody knows for this month and place."""
    roots = [n for n in (b.applies, *(c.node for c in b.conditions)) if run.value(n, i) not in (YES, NO)]
    if b.full.amount is not None and not _exact(run.value(b.full.amount, i)):
        roots.append(b.full.amount)
    found: dict[str, dict[str, Any]] = {}
    for p, resolved, _ in used(run, [n for n in _unsettled(run, roots) if n.op == "param"], i):
        if resolved.values is None:
            found[p.id] = {
                "parameter": p.id,
                "name": p.name,
                "month": format_month(run.program.month),
                "why": resolved.why,
            }
    return list(found.values())
