"""Which households are worth running the whole program for.

A row is written for whoever is entitled as far as registers tell, or nearly so, or receives. For each
benefit a few cheap conditions are necessary for that; whoever fails one surely, in every benefit, is
left out by a first quick pass. The sieve may let too many through, never too few.
"""

from __future__ import annotations

from zhida.rules.formulas.ir import PERSON, SCALAR, Graph, Node, cone
from zhida.rules.kernel.plan import LOCAL, Plan, group_of, plan_of
from zhida.rules.program.build import BenefitProgram, Program

CHEAP = 24
"""A condition without a near miss is tested if it adds at most so many values."""


def sieve_plan(program: Program, benefits: tuple[str, ...]) -> Plan:
    """Stages whose output is, for each group, whether any benefit may write a row in it."""
    output = _Sieve(program).output(benefits)
    if output.op in LOCAL:  # nothing tells households apart: all are run
        return Plan(program, (), [], {}, group_of(program))
    return plan_of(program, output)


class _Sieve:
    def __init__(self, program: Program) -> None:
        self.program = program
        self.g: Graph = program.graph
        self.of_answer = {b.presumed.answer.id: b for b in program.benefits.values() if b.exists}
        self.done: dict[str, Node] = {}
        self.paid: set[int] = set()

    def output(self, benefits: tuple[str, ...]) -> Node:
        g, group = self.g, group_of(self.program)
        any_person, result = g.truth(False), g.truth(False)
        chosen = [self.program.benefits[name] for name in benefits]
        # what others hang on is paid for first, so that they may use it
        chosen.sort(key=lambda b: all(c.near is None for c in b.conditions))
        for b in chosen:
            wanted = g.coalesce(self.entitled(b), g.truth(False))
            if b.awarded is not None:
                wanted = g.either(wanted, b.awarded)
            if b.benefit.unit == PERSON:
                any_person = g.either(any_person, wanted)
            else:
                result = g.either(result, wanted)
        result = g.either(g.aggregate("any", group, any_person), result)
        return result

    def entitled(self, b: BenefitProgram) -> Node:
        """Necessary for an answer that can be yes, or a near miss."""
        name = b.benefit.id
        if name not in self.done:
            self.done[name] = self.g.truth(True)  # while it is worked out: no help
            self.done[name] = self._entitled(b)
        return self.done[name]

    def _entitled(self, b: BenefitProgram) -> Node:
        g = self.g
        result = self._loosened(b.presumed_applies, b)
        self._pay(result)
        for i, c in enumerate(b.conditions):
            if c.role != "rule":
                continue
            needed = self._loosened(b.almost[i], b)
            if needed.op == "truth":
                continue
            if c.near is not None or self._price(needed) <= CHEAP:
                self._pay(needed)
                result = g.both(result, needed)
        return result

    def _loosened(self, node: Node, own: BenefitProgram) -> Node:
        """May be yes wherever ``node`` may be: another benefit's answer counts as open where that benefit's
        own sieve lets the unit through, and as no elsewhere. A benefit of one condition is that condition."""
        done: dict[int, Node] = {}
        seen: set[int] = set()
        todo = [node]
        while todo:
            n = todo.pop()
            if n.id in seen:
                continue
            seen.add(n.id)
            if n.id in self.of_answer and n is not own.presumed.answer:
                return self.g.truth(True)
            answered = self.of_answer.get(n.args[0].id) if n.op == "coalesce" else None
            if answered is not None and answered is not own and n.args[1] is self.g.truth(False):
                done[n.id] = self._stand_in(answered)
            else:
                todo.extend(n.args)
        return self.g.replace(node, lambda leaf: leaf, done)

    def _stand_in(self, b: BenefitProgram) -> Node:
        g = self.g
        through = g.coalesce(self.entitled(b), g.truth(False))
        anything = g.input("?sieve", "bool", b.benefit.unit, 0, 0, False)
        return g.select(through, anything, g.truth(False))

    def _price(self, node: Node) -> int:
        return sum(
            1 for n in cone((node,)) if n.op not in LOCAL and n.unit != SCALAR and n.id not in self.paid
        )

    def _pay(self, node: Node) -> None:
        self.paid |= {n.id for n in cone((node,))}
