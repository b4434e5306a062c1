"""Runs worked cases over mutants without doing anything twice.

A mutant of a parameter runs the program that is there over other numbers, from the nodes that hang on it.
A mutant of a formula is built onto a copy of the graph that is there, so that only what really changed has
new nodes and is computed again.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from zhida.rules.checks.cases import Case, Expect, supposed
from zhida.rules.checks.coverage import COUNTY, parameters_of
from zhida.rules.checks.mutants import LISTED, MONTH, Mutant
from zhida.rules.checks.quiet import Quiet
from zhida.rules.declarations import Pack, Parameter
from zhida.rules.explain.assess import answer_word
from zhida.rules.explain.interpret import Run, Value
from zhida.rules.explain.request import Request, RequestError, earliest_month, parse_request
from zhida.rules.formulas.ir import PERSON, YES, Node, RangeError, cone
from zhida.rules.formulas.language import Reader, Scope
from zhida.rules.formulas.reach import Reach
from zhida.rules.formulas.syntax import Located, parse
from zhida.rules.parameters import Lookup, Resolved, effective_month, end_month
from zhida.rules.program.build import Program, build_program, structure_months
from zhida.rules.program.builder import Builder
from zhida.rules.program.finishing import Broken
from zhida.rules.program.formed import grounds_of
from zhida.rules.values import NONE


@dataclass(frozen=True, slots=True)
class _Nodes:
    """What may be asked of one benefit."""

    answer: Node
    amount: Node | None
    conditions: Mapping[str, Node]
    covers: Node | None
    grounds: tuple[tuple[str, Node], ...] = ()

    def watched(self, e: Expect) -> tuple[Node | None, ...]:
        """Those that an expectation looks at, in a fixed order; None: there is none such."""
        found: list[Node | None] = [self.answer, *(self.conditions.get(id) for id in e.because)]
        if e.amount is not None or e.amount_range is not None:
            found.append(self.amount)
        if e.covers is not None:
            found.append(self.covers)
        if e.grounds:
            found += [node for _, node in self.grounds]
        return tuple(found)

    def observed(self, e: Expect, run: Run, i: int, ids: Sequence[str]) -> tuple[object, ...]:
        """What the expectation compares, as it comes out in this run."""
        found: list[object] = [_word(run, self.answer, i)]
        for id in e.because:
            node = self.conditions.get(id)
            found.append(None if node is None else _word(run, node, i))
        if e.amount is not None or e.amount_range is not None:
            amount = None if self.amount is None else run.value(self.amount, i)
            assert amount is None or isinstance(amount, tuple)
            if amount is not None and e.amount is None:
                amount = (amount[0], amount[1], amount[2] & ~NONE)
            found.append(amount)
        if e.covers is not None:
            everybody = range(run.facts.members)
            covers = self.covers
            found.append(everybody if covers is None else [_bits(run, covers, k) & YES for k in everybody])
        found += [self.decides(run, ids.index(who)) for who, _ in e.grounds]
        return tuple(found)

    def decides(self, run: Run, i: int) -> tuple[str, ...]:
        """The grounds that decide, or may decide, whether a person counts."""
        found = []
        for id, node in self.grounds:
            bits = _bits(run, node, i)
            found += [id] if bits & YES else []
            if bits == YES:
                break
        return tuple(found)


def _bits(run: Run, node: Node, i: int) -> int:
    bits = run.value(node, i)
    assert isinstance(bits, int)
    return bits


def _word(run: Run, node: Node, i: int) -> str:
    return answer_word(_bits(run, node, i))


@dataclass(slots=True)
class _Prepared:
    """A case with its answer as the pack is. ``watch``: expectation, index of the person, what came out."""

    index: int
    request: Request
    base: Program
    run: Run
    watch: list[tuple[Expect, int, tuple[object, ...]]]
    roots: tuple[Node, ...]
    uses: set[tuple[str, str]] = field(default_factory=set)
    """Parameter and place; without the parameters that the case supposes itself."""


class _Unusable(Exception):
    """A mutant whose formulas can't be read: no reader would have let it in."""


class Bench:
    """The cases of a pack, each with its answer as the pack is, ready to be held against mutants.

    Cases that fail as the pack is are left out.
    """

    def __init__(self, pack: Pack, cases: Sequence[Case]) -> None:
        self.pack = pack
        self.reach = Reach(pack)
        self.months = structure_months(pack)
        self.earliest = earliest_month(pack)
        self.before = Lookup(pack)
        self.used: dict[int, frozenset[str]] = {}
        self.programs: dict[int, Program] = {}
        self.resolved: dict[tuple[int, object], dict[tuple[str, str], Resolved]] = {}
        self.tainted: dict[tuple[int, tuple[int, ...], str], frozenset[int]] = {}
        self.kills: dict[tuple[str, int], int] = {}
        self.cases: list[_Prepared] = []
        self.quiet = Quiet(pack, self.program)
        for case in cases:
            self._prepare(case)
            self.quiet.add(case)

    # the pack as it is ----------------------------------------------------------------------------

    def program(self, month: int) -> Program:
        """The pack's program; months of one stretch share their nodes."""
        stretch = bisect_right(self.months, month)
        if stretch not in self.programs:
            self.programs[stretch] = build_program(self.pack, month)
        found = self.programs[stretch]
        return found if found.month == month else replace(found, month=month)

    def _prepare(self, case: Case) -> None:
        try:
            request = parse_request(self.pack, case.data)
        except RequestError:
            return
        program = self.program(request.month)
        shared = self.resolved.setdefault((request.month, request.known_on), {})
        own = self._supposed(case, request)
        shared = {**shared, **own} if own else shared
        run = Run(program, request.facts, request.known_on, resolved=shared)
        nodes = {b: _nodes_of(program, b) for b in {e.benefit for e in case.expects}}
        watch, roots = [], []
        for e in case.expects:
            i = request.ids.index(e.who) if e.who else 0
            if not _holds(nodes[e.benefit], e, run, i, request.ids):
                return
            watch.append((e, i, nodes[e.benefit].observed(e, run, i, request.ids)))
            roots += [n for n in nodes[e.benefit].watched(e) if n is not None]
        prepared = _Prepared(len(self.cases), request, program, run, watch, tuple(roots))
        for n in cone(roots):
            if n.op == "param":
                facts = request.facts
                places = set(facts.places) if n.unit == PERSON else {facts.group_place}
                prepared.uses |= {(str(n.data[0]), place) for place in places} - own.keys()
        self.cases.append(prepared)

    def _supposed(self, case: Case, request: Request) -> dict[tuple[str, str], Resolved]:
        """What the case supposes of parameters, at its places."""
        after = supposed(self.pack, case)
        lookup = Lookup(after, request.known_on)
        places = {*request.facts.places, request.facts.group_place}
        return {
            (id, place): lookup.resolve(id, request.month, place)
            for id, p in after.parameters.items()
            if p is not self.pack.parameters[id]
            for place in places
        }

    # one mutant -----------------------------------------------------------------------------------

    def fate(self, mutant: Mutant) -> str:
        """killed, lives, same or unusable."""
        changed = mutant.change(self.pack)
        if mutant.kind in (MONTH, LISTED):
            return self.quiet.fate(mutant, changed)
        if mutant.what == "parameter":
            return self._fate_of_parameter(mutant, changed)
        try:
            return self._fate_of_formula(mutant, changed)
        except _Unusable:
            return "unusable"

    def _ordered(self, mutant: Mutant, cases: Iterable[_Prepared]) -> list[_Prepared]:
        """Cases that noticed earlier mutants of the same record first."""
        return sorted(cases, key=lambda c: (-self.kills.get((mutant.record, c.index), 0), c.index))

    def _killed(self, mutant: Mutant, case: _Prepared) -> str:
        key = (mutant.record, case.index)
        self.kills[key] = self.kills.get(key, 0) + 1
        return "killed"

    def _fate_of_parameter(self, mutant: Mutant, changed: Pack) -> str:
        id = mutant.record
        after = Lookup(changed)
        if self._same_values(after, self.pack.parameters[id], changed.parameters[id]):
            return "same"
        for case in self._ordered(mutant, self.cases):
            places = [place for name, place in case.uses if name == id]
            new: dict[tuple[str, str], Resolved] = {}
            for place in places:
                lookup = after if case.request.known_on is None else Lookup(changed, case.request.known_on)
                found = lookup.resolve(id, case.request.month, place)
                if found.values != case.run.lookup(id, place).values:
                    new[(id, place)] = found
            if not new:
                continue
            tainted = self._tainted(case, id)
            cells = {k: v for k, v in case.run.cells.items() if k not in tainted}
            resolved = {**case.run.resolved, **new}
            run = Run(case.base, case.request.facts, case.request.known_on, cells=cells, resolved=resolved)
            if any(
                _nodes_of(case.base, e.benefit).observed(e, run, i, case.request.ids) != came_out
                for e, i, came_out in case.watch
            ):
                return self._killed(mutant, case)
        return "lives"

    def _same_values(self, after: Lookup, old: Parameter, new: Parameter) -> bool:
        """Whether two forms of a parameter say the same wherever an answer can hang on it.

        Looked at are the months round each boundary of both, at every place that either names and at
        all divisions down to the county.
        """
        values = [v for p in (old, new) for v in p.values]
        turns = {effective_month(v) for v in values}
        turns |= {m for v in values if (m := end_month(v.until)) is not None}
        months = {m + d for m in turns for d in (-1, 0)}
        tree = self.pack.divisions
        places = {place for v in values for place in v.places} | {d.code for d in tree if d.level <= COUNTY}
        return all(
            self.before.resolve(old.id, m, place).values == after.resolve(old.id, m, place).values
            for m in sorted(months)
            if m >= self.earliest and old.id in self.parameters_in(m)
            for place in sorted(places)
        )

    def parameters_in(self, month: int) -> frozenset[str]:
        """Parameters that some answer or amount hangs on that month."""
        stretch = bisect_right(self.months, month)
        if stretch not in self.used:
            self.used[stretch] = parameters_of(self.program(month))
        return self.used[stretch]

    def _tainted(self, case: _Prepared, parameter: str) -> frozenset[int]:
        """Nodes that hang on a parameter."""
        key = (id(case.base.graph), tuple(n.id for n in case.roots), parameter)
        if key not in self.tainted:
            found: set[int] = set()
            for n in cone(case.roots):
                if (n.op == "param" and n.data[0] == parameter) or any(a.id in found for a in n.args):
                    found.add(n.id)
            self.tainted[key] = frozenset(found)
        return self.tainted[key]

    def _fate_of_formula(self, mutant: Mutant, changed: Pack) -> str:
        seen_by = self.reach.seen_by(mutant.what, mutant.record)
        months = structure_months(changed)
        built: dict[tuple[int, int], dict[str, _Nodes]] = {}

        def nodes(month: int) -> dict[str, _Nodes]:
            key = (bisect_right(self.months, month), bisect_right(months, month))
            if key not in built:
                base = self.program(month)
                built[key] = _build(
                    changed, month, base, seen_by, self.reach.without(mutant.what, mutant.record)
                )
            return built[key]

        relevant = [c for c in self.cases if any(e.benefit in seen_by for e, _, _ in c.watch)]
        for case in self._ordered(mutant, relevant):
            new = nodes(case.request.month)
            run: Run | None = None
            for e, i, came_out in case.watch:
                if e.benefit not in seen_by or new[e.benefit].watched(e) == _nodes_of(
                    case.base, e.benefit
                ).watched(e):
                    continue
                if run is None:
                    program = replace(case.base, pack=changed)
                    cells, resolved = dict(case.run.cells), case.run.resolved
                    run = Run(
                        program, case.request.facts, case.request.known_on, cells=cells, resolved=resolved
                    )
                if new[e.benefit].observed(e, run, i, case.request.ids) != came_out:
                    return self._killed(mutant, case)
        return "same" if self._same_program(changed, seen_by, nodes) else "lives"

    def _same_program(
        self, changed: Pack, seen_by: frozenset[str], nodes: Callable[[int], dict[str, _Nodes]]
    ) -> bool:
        """Whether the mutant gives the very same nodes in every month."""
        return all(
            nodes(month)[b] == _nodes_of(self.program(month), b)
            for month in {*self.months, *structure_months(changed)}
            if month >= self.earliest
            for b in seen_by
        )


def _nodes_of(program: Program, benefit: str) -> _Nodes:
    b = program.benefits[benefit]
    grounds = tuple((g.id, node) for g, node in program.grounds.get(b.benefit.formed, ()))
    return _Nodes(b.full.answer, b.full.amount, {c.id: c.node for c in b.conditions}, b.covers, grounds)


def _build(
    pack: Pack, month: int, base: Program, benefits: Iterable[str], untouched: frozenset[str]
) -> dict[str, _Nodes]:
    """The changed pack's nodes of some benefits, on a copy of the graph that is there."""
    builder = Builder(pack, month, base.graph.copy())
    builder.variables.update({name: base.variables[name] for name in untouched if name in base.variables})
    found: dict[str, _Nodes] = {}
    try:
        for id in benefits:
            b = pack.benefits[id]
            answer, conditions = builder.final(b)
            covers = None
            if b.covers is not None:
                covers = Reader(builder.names, b.covers).boolean(parse(b.covers), Scope(PERSON))
            formed = pack.formations.get(b.formed)
            grounds = () if formed is None else tuple((g.id, n) for g, n in grounds_of(builder, formed))
            told = {c.id: c.node for c in conditions}
            found[id] = _Nodes(answer, builder.base(b).amount, told, covers, grounds)
    except (Broken, Located, RangeError):
        raise _Unusable from None
    return found


def _holds(nodes: _Nodes, e: Expect, run: Run, i: int, ids: Sequence[str]) -> bool:
    """Whether an expectation holds as the pack is, as far as it is watched here."""
    if _word(run, nodes.answer, i) != e.answer:
        return False
    if e.amount is not None:
        found: Value | None = None if nodes.amount is None else run.value(nodes.amount, i)
        if not isinstance(found, tuple) or found[0] != found[1] or found[0] != e.amount.value * 100:
            return False
    if any(nodes.decides(run, ids.index(who)) != (ground,) for who, ground in e.grounds):
        return False
    return all(id in nodes.conditions and _word(run, nodes.conditions[id], i) == e.answer for id in e.because)
