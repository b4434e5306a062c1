"""Which households are worth running the whole program for.

A row is written for whoever is entitled as far as registers tell, or nearly so, or receives. For each
benefit a few cheap conditions are necessary for that; whoever fails one surely, in every benefit, is
left out by a first quick pass. The sieve may let too many through, never too few.
"""

from __future__ import annotations

from zhida.rules.formulas.ir import PERSON, SCALAR, Graph, Node, cone
from zhida.rules.kernel.plan import CROSSING, LOCAL, Plan, group_of, plan_of
from zhida.rules.program.build import BenefitProgram, Program

OPEN = "?sieve"
"""A field that no pack has: unknown for everybody."""

CHEAP = 24
"""A condition without a near miss is tested if it adds at most so many values."""


def sieve_plan(program: Program, benefits: tuple[str, ...]) -> Plan:
    """Stages whose output is, for each group, whether any benefit may write a row in it."""
    output = _Sieve(program, benefits).output()
    if output.op in LOCAL:  # nothing tells households apart: all are run
        return Plan(program, (), [], {}, group_of(program))
    return plan_of(program, output)


class _Sieve:
    """What is decided for a group as a whole may be taken as decided while it is decided: a group passes
    where any benefit concerns anybody in it. So each benefit is tested as if none of the others were held,
    neither by rule nor by award: where one is, the group passes for that one.

    (Benefits hang on each other without cycles. Take a group that no test lets through: the first benefit in
    that order is surely not held, since its test says so, hence the second is tested as it is, and so on.)
    """

    def __init__(self, program: Program, benefits: tuple[str, ...]) -> None:
        self.g: Graph = program.graph
        self.group = group_of(program)
        self.chosen = [program.benefits[name] for name in benefits]
        no = self.g.truth(False)
        self.assumed: dict[int, Node] = {}
        for b in self.chosen:
            if b.awarded is not None and not b.awarded.na:
                self.assumed[b.awarded.id] = no
        self.answers = {b.presumed.answer.id: b for b in program.benefits.values() if b.exists}
        self.paid: set[int] = set()

    def output(self) -> Node:
        g = self.g
        any_person, result = g.truth(False), g.truth(False)
        # conditions that are tested whatever they cost come first, so that others may share what they compute
        for b in sorted(self.chosen, key=lambda b: all(c.near is None for c in b.conditions)):
            wanted = g.coalesce(self._entitled(b), g.truth(False))
            if b.awarded is not None:
                wanted = g.either(wanted, b.awarded)
            if b.benefit.unit == PERSON:
                any_person = g.either(any_person, wanted)
            else:
                result = g.either(result, wanted)
        return g.either(g.aggregate("any", self.group, any_person), result)

    def _entitled(self, b: BenefitProgram) -> Node:
        """Necessary for an answer that can be yes, or a near miss."""
        g = self.g
        result = self._alone(b.presumed_applies, b)
        self._pay(result)
        for i, c in enumerate(b.conditions):
            if c.role != "rule":
                continue
            needed = self._alone(b.almost[i], b)
            if c.near is not None or self._price(needed) <= CHEAP:
                self._pay(needed)
                result = g.both(result, needed)
        return result

    def _alone(self, node: Node, own: BenefitProgram) -> Node:
        """The node where no chosen benefit is held by anybody of the group; yes where that can't be said.
        ``own``: whose node it is; a benefit of one condition is that condition."""
        g, done = self.g, dict(self.assumed)
        names = {b.benefit.id for b in self.chosen}
        todo, seen = [node], set(done)
        while todo:
            n = todo.pop()
            if n.id in seen:
                continue
            seen.add(n.id)
            if n.op in CROSSING:  # nothing is assumed of other groups
                return g.truth(True)
            b = self.answers.get(n.args[0].id) if n.op == "coalesce" else None
            if b is not None and n.args[1] is g.truth(False):
                known = b.benefit.id in names
                done[n.id] = g.truth(False) if known else g.input(OPEN, "bool", n.unit, 0, 0, False)
            else:
                todo.extend(n.args)
        if node.id not in done and self._bare(node, done, own.presumed.answer):
            return g.truth(True)
        return g.replace(node, lambda leaf: leaf, done)

    def _bare(self, node: Node, done: dict[int, Node], own: Node) -> bool:
        """Whether it hangs on the answer of another benefit otherwise than as "held, or not"."""
        todo, seen = [node], set(done)
        while todo:
            n = todo.pop()
            if n.id in self.answers and n is not own:
                return True
            if n.id not in seen:
                seen.add(n.id)
                todo.extend(n.args)
        return False

    def _price(self, node: Node) -> int:
        return sum(
            1 for n in cone((node,)) if n.op not in LOCAL and n.unit != SCALAR and n.id not in self.paid
        )

    def _pay(self, node: Node) -> None:
        self.paid |= {n.id for n in cone((node,))}
