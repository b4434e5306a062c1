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
"""How fields begin that no pack has: unknown for everybody."""

CHEAP = 100
"""A condition without a near miss is tested if it adds at most so many values; and ties are followed if what
is asked of others adds no more (else that is unknown)."""


def sieve_plan(program: Program, benefits: tuple[str, ...], spoken: bool = False) -> Plan:
    """Stages whose output is, for each group, whether any benefit may write a row in it; with ``spoken``
    one for whom the answer is yes for sure, or something surely speaks."""
    output = _Sieve(program, benefits, spoken).output()
    if output.op in LOCAL:  # nothing tells households apart: all are run
        return Plan(program, (), [], {}, group_of(program))
    return plan_of(program, output)


class _Sieve:
    """What is decided for a group as a whole may be taken as decided while it is decided: a group passes
    where any benefit gives anybody in it a row. So awards are tested as if there were none: where there is
    one, the group passes for that one. In the same way no benefit is held by rule, as long as an open answer
    lets a group through.

    (Benefits hang on each other without cycles. Take a group that no test lets through: the first benefit in
    that order is surely not held, since its test says so, hence the second is tested as it is, and so on.)

    Where only those pass who are spoken for, others may hold a benefit or not: it is open for those who pass
    the test for an open answer, and surely no for the rest.
    """

    def __init__(self, program: Program, benefits: tuple[str, ...], spoken: bool) -> None:
        self.g: Graph = program.graph
        self.group = group_of(program)
        self.spoken = spoken
        self.chosen = {name: program.benefits[name] for name in benefits}
        self.answers = {
            b.presumed.answer.id: b
            for b in program.benefits.values()
            if b.exists and b.presumed.answer.unit != SCALAR
        }
        awards = [b.awarded for b in self.chosen.values() if b.awarded is not None and not b.awarded.na]
        self.none_awarded = {n.id: self.g.truth(False) for n in awards}
        self.entitled: dict[str, Node] = {}
        self.paid: set[int] = set()

    def output(self) -> Node:
        g = self.g
        any_person, result = g.truth(False), g.truth(False)
        # conditions that are tested whatever they cost come first, so that others may share what they compute
        order = sorted(self.chosen.values(), key=lambda b: all(c.near is None for c in b.conditions))
        for b in order:
            self._entitled(b)
        for b in order:
            wanted = self._entitled(b)
            if self.spoken:
                wanted = g.both(wanted, self._spoken_for(b))
            if b.awarded is not None:
                wanted = g.either(wanted, g.modal("may", b.awarded))
            if b.benefit.unit == PERSON:
                any_person = g.either(any_person, wanted)
            else:
                result = g.either(result, wanted)
        return g.either(g.aggregate("any", self.group, any_person), result)

    def _entitled(self, b: BenefitProgram) -> Node:
        """Necessary for an answer that can be yes, or a near miss."""
        if b.benefit.id not in self.entitled:
            g = self.g
            result, _ = self._alone(b.presumed_applies, b)
            self._pay(result)
            for i, c in enumerate(b.conditions):
                if c.role == "rule":
                    needed, _ = self._alone(b.almost[i], b)
                    if self._worth(needed, c.near is not None):
                        result = g.both(result, needed)
            self.entitled[b.benefit.id] = g.modal("may", result)
        return self.entitled[b.benefit.id]

    def _spoken_for(self, b: BenefitProgram) -> Node:
        """Necessary for an answer that is yes for sure, something that surely speaks, or a near miss."""
        g = self.g
        sure, near = self._surely(b.presumed_applies, b), g.truth(False)
        self._pay(sure)
        for i, c in enumerate(b.conditions):
            if c.role != "rule":
                continue
            if c.near is not None:
                fails, _ = self._alone(g.negate(b.presumed.conditions[i]), b)
                near = g.either(near, g.modal("may", fails))
            needed = self._surely(b.presumed.conditions[i], b)
            if self._worth(needed, c.near is not None):
                sure = g.both(sure, needed)
        signal = self._surely(b.signal, b)
        return g.either(g.either(sure, near), signal if self._worth(signal) else g.truth(True))

    def _worth(self, node: Node, always: bool = False) -> bool:
        """Whether it is tested; what it computes is free for others then."""
        worth = always or self._price(node) <= CHEAP
        if worth:
            self._pay(node)
        return worth

    def _surely(self, node: Node, own: BenefitProgram) -> Node:
        """Yes at least where the node is yes and nothing else."""
        found, exact = self._alone(node, own)
        if exact:
            return self.g.modal("must", found)
        if node.op in ("and", "or"):
            join = self.g.both if node.op == "and" else self.g.either
            return join(*(self._surely(a, own) for a in node.args))
        return self.g.modal("may", found)

    def _alone(self, node: Node, own: BenefitProgram) -> tuple[Node, bool]:
        """All that the node may be in a group that no award and no test lets through, and whether it is
        exactly that. ``own``: whose node it is; a benefit of one condition is that condition."""
        g, done, exact = self.g, dict(self.none_awarded), True
        todo, seen = [node], set(done)
        while todo:
            n = todo.pop()
            if n.id in seen:
                continue
            seen.add(n.id)
            b = self._asked(n) if n is not own.presumed.answer else None
            if n.op in CROSSING:  # nothing is assumed of other groups
                followed = self._price(n) <= CHEAP
                done[n.id] = n if followed else self._unknown(n)
                exact &= followed
            elif b is not None:
                done[n.id] = self._held(b, n)
                exact &= done[n.id].op == "truth"
            else:
                todo.extend(n.args)
        return g.replace(node, lambda leaf: leaf, done), exact

    def _asked(self, n: Node) -> BenefitProgram | None:
        """The benefit of which a node says whether it is held by rule. One that always applies says so
        with its answer alone, which may be any plain condition."""
        if n.op == "coalesce" and n.args[1] is self.g.truth(False):
            return self.answers.get(n.args[0].id)
        return self.answers.get(n.id) if not n.na and self._price(n) > CHEAP else None

    def _held(self, b: BenefitProgram, n: Node) -> Node:
        """Whether it is."""
        if b.benefit.id not in self.chosen:
            return self._unknown(n)
        if not self.spoken:
            return self.g.truth(False)
        test = self._entitled(b)
        return self.g.modal("perhaps", test) if test.op != "truth" or not test.data[0] else self._unknown(n)

    def _unknown(self, n: Node) -> Node:
        """As wide as the node: the range is in the name, since fields of one name are one node."""
        name = f"{OPEN} {n.lo} {n.hi} {int(n.na)}"
        return self.g.input(name, n.kind, n.unit, n.lo, n.hi, n.na)

    def _price(self, node: Node) -> int:
        return sum(
            1 for n in cone((node,)) if n.op not in LOCAL and n.unit != SCALAR and n.id not in self.paid
        )

    def _pay(self, node: Node) -> None:
        self.paid |= {n.id for n in cone((node,))}
