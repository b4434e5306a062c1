"""Cuts a program into stages: straight loops over one unit, of bounded size.

A stage comes after all it needs. Only what another stage needs is stored in scratch arrays of a
block; leaves are read again wherever they are needed. What serves one benefit alone is computed in
that benefit's own stage, and only for those to whom it applies.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from zhida.rules.formulas.ir import PERSON, SCALAR, Node, cone
from zhida.rules.program.build import Program

MOST_VALUES = 40
"""In a stage; a longer loop is slow to compile, and needs more registers than there are to vectorise."""

LOCAL = frozenset(["const", "truth", "choice", "na", "input", "param", "person", "spread"])
"""Operations that are done again in every stage that needs them."""


@dataclass(frozen=True, slots=True)
class Form:
    """What a snapshot proves about its columns, and so what code is made for it.

    ``columns``: by field, ``known`` (a value for everybody), ``states`` or ``intervals``; a field
    left out is unknown for everybody. ``parameters_known``: no value is missing anywhere.
    """

    columns: tuple[tuple[str, str], ...]
    parameters_known: bool = False

    def of(self, field_id: str) -> str:
        return dict(self.columns).get(field_id, "absent")


@dataclass(slots=True)
class Stage:
    """``nodes`` to compute in order. ``benefit``: whose rows are written; its nodes are then those that
    nothing else needs. ``phase``: below 0 where it comes first for a whole table, see :func:`plan_of`.
    ``asked``: whether others hang on what it computes, so that visitors need it too."""

    unit: str
    level: int
    nodes: list[Node] = field(default_factory=list)
    benefit: str = ""
    phase: int = 0
    asked: bool = False


@dataclass(slots=True)
class Plan:
    """``benefits`` write rows; ``output`` is a node of the group that is left in scratch. ``wide``: those of
    the ``stored`` that are kept for everybody in a table instead of for a block."""

    program: Program
    benefits: tuple[str, ...]
    stages: list[Stage]
    stored: dict[int, Node]
    group: str
    output: Node | None = None
    wide: frozenset[int] = frozenset()


CROSSING = ("gather", "kin")
"""Operations that look at people of other households, in a stage of their own after all that those need."""


def is_local(node: Node) -> bool:
    return node.op in LOCAL or node.unit == SCALAR


def goes_on(node: Node, unit: str) -> bool:
    """Whether a loop over ``unit`` that wants the node reads its arguments instead. A spread value comes
    from scratch in a loop over persons; in one over groups, which adds it up, it is the group's own."""
    return is_local(node) and (node.op != "spread" or unit != PERSON)


def levels_of(nodes: Iterable[Node]) -> dict[int, int]:
    """Even levels are loops over persons, odd ones over groups; leaves are 0 or 1."""
    level: dict[int, int] = {}
    for n in nodes:
        if n.unit == SCALAR:
            level[n.id] = -1
            continue
        own = 0 if n.unit == PERSON else 1
        for a in n.args:
            at = level[a.id]
            crosses = a.unit not in (SCALAR, n.unit)
            barrier = n.op in CROSSING and a.unit == PERSON and not is_local(a)
            own = max(own, at + 1 if crosses else at + 2 if barrier else at)
        level[n.id] = own
    return level


def make_plan(program: Program, benefits: Iterable[str] | None = None) -> Plan:
    """The stages for some benefits (all that exist in the month, if not told)."""
    chosen = tuple(
        b for b in program.benefits if program.benefits[b].exists and (benefits is None or b in set(benefits))
    )
    outputs = {b: program.outputs(b) for b in chosen}
    nodes = cone(n for found in outputs.values() for n in found)
    level = levels_of(nodes)
    owner = _owners(program, chosen, outputs, nodes, level)
    group = group_of(program)
    if {n.unit for n in nodes} - {PERSON, SCALAR, group}:
        raise NotImplementedError("more than one kind of group is not in the kernel yet")
    stages: list[Stage] = []
    asked = {n.id for n in cone(n.args[0] for n in nodes if n.op in CROSSING)}
    for at in sorted({level[n.id] for n in nodes if n.unit != SCALAR} | {0}):
        unit = PERSON if at % 2 == 0 else group
        here = [n for n in nodes if level[n.id] == at and n.unit != SCALAR and not is_local(n)]
        shared = [n for n in here if owner[n.id] == ""]
        for of_others in (True, False):
            some = [n for n in shared if (n.id in asked) == of_others]
            stages += [replace(s, asked=of_others) for s in _shared(unit, at, some)]
        for b in chosen:
            if max(level[n.id] for n in outputs[b]) == at or (
                at == 0 and all(level[n.id] < 0 for n in outputs[b])
            ):
                mine = [n for n in here if owner[n.id] == b]
                stages.append(Stage(program.benefits[b].benefit.unit, at, mine, b))
    # a benefit's outputs may lie on a lower level than its own unit's first loop
    done = {s.benefit for s in stages}
    assert all(b in done for b in chosen)
    plan = Plan(program, chosen, stages, {}, group)
    plan.stored = _stored(plan)
    return plan


def group_of(program: Program) -> str:
    """The unit with members."""
    return next((u.id for u in program.pack.units.values() if u.members), "household")


def plan_of(program: Program, output: Node) -> Plan:
    """The stages that compute one node of the group, left in scratch, for households alone, without those
    that their people are tied to. So what is looked at in others is computed before, for everybody in the
    table: each time that ties are followed is a phase."""
    nodes = cone((output,))
    level, phase = levels_of(nodes), _phases_of(nodes)
    group = group_of(program)
    stages: list[Stage] = []
    for when in sorted({phase[n.id] for n in nodes}):
        mine = [n for n in nodes if phase[n.id] == when and n.unit != SCALAR and not is_local(n)]
        for at in sorted({level[n.id] for n in mine}):
            here = [n for n in mine if level[n.id] == at]
            stages += _shared(PERSON if at % 2 == 0 else group, at, here, when)
    plan = Plan(program, (), stages, {}, group, output)
    plan.stored = _stored(plan) | {output.id: output}
    plan.wide = _wide(plan)
    return plan


def _phases_of(nodes: list[Node]) -> dict[int, int]:
    """The latest phase in which a node can be computed: 0, or one before those who follow ties to it."""
    phase = {n.id: 0 for n in nodes}
    for n in reversed(nodes):
        before = n.op in CROSSING and not is_local(n.args[0])
        before = before or (n.op in CROSSING and n.args[0].op == "spread" and not is_local(n.args[0].args[0]))
        for a in n.args:
            phase[a.id] = min(phase[a.id], phase[n.id] - before)
    return phase


def _wide(plan: Plan) -> frozenset[int]:
    """Stored nodes that another phase reads, or whoever follows a tie."""
    home = {n.id: stage.phase for stage in plan.stages for n in stage.nodes}
    found = set()
    for stage in plan.stages:
        for n in needed_by(plan, stage):
            source = n.args[0] if n.op == "spread" else n
            if source.id in plan.stored and home[source.id] != stage.phase:
                found.add(source.id)
    return frozenset(found)


def _owners(
    program: Program,
    chosen: tuple[str, ...],
    outputs: dict[str, list[Node]],
    nodes: list[Node],
    level: dict[int, int],
) -> dict[int, str]:
    """The benefit that alone needs a node on its own level; '' for shared ones."""
    top = {b: max(level[n.id] for n in outputs[b]) for b in chosen}
    wanted: dict[int, set[str]] = {n.id: set() for n in nodes}
    for b in chosen:
        for n in outputs[b]:
            wanted[n.id].add(b)
        wanted[program.benefits[b].applies.id].add("")
        awarded = program.benefits[b].awarded
        if awarded is not None:
            wanted[awarded.id].add("")
    owner: dict[int, str] = {}
    for n in reversed(nodes):
        who = wanted[n.id]
        one = next(iter(who)) if len(who) == 1 else ""
        unit = program.benefits[one].benefit.unit if one else ""
        own = bool(one) and level[n.id] == top[one] and n.unit == unit and n.op not in CROSSING
        owner[n.id] = one if own else ""
        for a in n.args:
            wanted[a.id].add(owner[n.id])
    return owner


def _shared(unit: str, level: int, nodes: list[Node], phase: int = 0) -> list[Stage]:
    """What looks at others or is added up over members comes first, in stages of its own: a loop without
    a loop inside vectorises."""
    across = [n for n in nodes if n.op in CROSSING]
    sums = [n for n in nodes if n.op == "agg"]
    rest = [n for n in nodes if n.op not in ("agg", *CROSSING)]
    return [
        Stage(unit, level, some[i : i + MOST_VALUES], phase=phase)
        for some in (across, sums, rest)
        for i in range(0, len(some), MOST_VALUES)
    ]


def needed_by(plan: Plan, stage: Stage) -> list[Node]:
    """Nodes that a stage reads or computes, arguments first, with the leaves it reads again."""
    roots = list(stage.nodes)
    if stage.benefit:
        roots += plan.program.outputs(stage.benefit)
    computed = {n.id for n in stage.nodes}
    found: dict[int, Node] = {}
    todo = list(roots)
    while todo:
        n = todo.pop()
        if n.id in found:
            continue
        found[n.id] = n
        if n.id in computed or goes_on(n, stage.unit):
            todo.extend(n.args)
    return [found[i] for i in sorted(found)]


def _stored(plan: Plan) -> dict[int, Node]:
    """Nodes computed in one stage and read in another."""
    home: dict[int, int] = {}
    for i, stage in enumerate(plan.stages):
        for n in stage.nodes:
            home[n.id] = i
    stored: dict[int, Node] = {}
    for i, stage in enumerate(plan.stages):
        for n in needed_by(plan, stage):
            sources = [n] if n.op != "spread" else [n.args[0]]
            if n.op in ("agg", *CROSSING) and home.get(n.id) == i:
                sources.append(n.args[0])
            for source in sources:
                if (not is_local(source) and home.get(source.id) != i) or (
                    n.op in ("spread", "agg", *CROSSING) and source is not n and not is_local(source)
                ):
                    stored[source.id] = source
    return stored
