"""On whose state a condition hangs: the people whom it looks at through links and kin."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from zhida.rules.explain.interpret import OPEN, SOMEBODY, Run
from zhida.rules.formulas.ir import NO, PERSON, YES, Node
from zhida.rules.program.build import ConditionProgram

WORDS = {YES: "yes", NO: "no"}


def hangs_on(run: Run, c: ConditionProgram, i: int, ids: Sequence[str]) -> list[dict[str, Any]]:
    """One entry a person, relation and thing that is asked of them: ``who`` (None: somebody not told of),
    ``through`` the link or kin, ``asks`` the name of what is asked, its ``answer``.

    Only yes/no questions, asked of the person ``i`` that the condition is about, and only in branches that
    may be taken.
    """
    names = _names(run)
    found: list[dict[str, Any]] = []
    for n in _looked_at(run, c.node, i):
        asked = _asked(n.args[0], names)
        for who in _people(run, n, i):
            for a in asked or [n.args[0]]:
                bits = 0 if who == SOMEBODY else run.value(a, who)
                assert isinstance(bits, int)
                one = {
                    "who": None if who == SOMEBODY else ids[who],
                    "through": _word(run, n),
                    "asks": names.get(a.id, ""),
                    "answer": WORDS.get(bits, "undetermined"),
                }
                if one not in found:
                    found.append(one)
    return found


def _names(run: Run) -> dict[int, str]:
    """Of variables and fields, by their nodes."""
    if not run.named:
        pack = run.program.pack
        run.named |= {term.num.id: pack.variables[v].name for v, term in run.program.variables.items()}
        for n in run.program.graph.nodes:
            if n.op == "input" and n.data[0] in pack.fields:
                run.named[n.id] = pack.fields[str(n.data[0])].name
    return run.named


def _looked_at(run: Run, root: Node, i: int) -> list[Node]:
    """Nodes that cross to other people, asked a yes/no of, in branches that may be taken."""
    found: dict[int, Node] = {}
    seen: set[int] = set()
    todo = [root]
    while todo:
        n = todo.pop()
        if n.id in seen or n.unit != PERSON:
            continue
        seen.add(n.id)
        if n.op in ("kin", "gather"):
            if n.args[0].kind == "bool":
                found[n.id] = n
        elif n.op == "select":
            bits = run.value(n.args[0], i)
            assert isinstance(bits, int)
            todo.append(n.args[0])
            todo += [arm for bit, arm in ((YES, n.args[1]), (NO, n.args[2])) if bits & bit]
        else:
            todo += n.args
    return [found[k] for k in sorted(found)]


def _asked(a: Node, names: Collection[int]) -> list[Node]:
    """The named yes/no questions that are joined in one that is asked of each."""
    if a.id in names:
        return [a]
    return [x for arg in a.args for x in _asked(arg, names)] if a.op in ("and", "or", "not") else []


def _people(run: Run, n: Node, i: int) -> list[int]:
    facts = run.facts
    if n.op == "gather":
        target = facts.links[i].get(str(n.data[0]), SOMEBODY) if i < len(facts.links) else SOMEBODY
        return [target] if target >= 0 or target == SOMEBODY else []
    kin = facts.kin[i].get(str(n.data[0]), OPEN) if i < len(facts.kin) else OPEN
    return list(kin.persons) + ([] if kin.closed else [SOMEBODY])


def _word(run: Run, n: Node) -> str:
    pack, name = run.program.pack, str(n.data[0])
    return pack.links[name].name if n.op == "gather" else pack.kin[name].name
