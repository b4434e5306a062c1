"""Mutants that no answer shows: rules of months, of which only what is due tells, and what orders lists."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from zhida.rules.checks.cases import Case, Expect
from zhida.rules.checks.judging import run_case
from zhida.rules.checks.listed import differences
from zhida.rules.checks.mutants import MONTH, Mutant
from zhida.rules.declarations import Benefit, Pack
from zhida.rules.explain.due import Looked, look
from zhida.rules.explain.events import read_events
from zhida.rules.explain.interpret import Run
from zhida.rules.explain.request import Request, parse_request
from zhida.rules.formulas.ir import RangeError
from zhida.rules.formulas.syntax import Located
from zhida.rules.program.builder import Builder
from zhida.rules.program.finishing import Broken, Finisher
from zhida.rules.program.records import BenefitProgram, Program


@dataclass(slots=True)
class Quiet:
    """Cases that say what is due or listed and come out so. ``program``: the pack's, of a month."""

    pack: Pack
    program: Callable[[int], Program]
    due: list[tuple[Looked, Sequence[Expect]]] = field(default_factory=list)
    listed: list[tuple[Request, Sequence[Expect], Run]] = field(default_factory=list)

    def add(self, case: Case) -> None:
        due = [e for e in case.expects if e.due is not None]
        listed = [e for e in case.expects if e.listed.asked]
        if case.suppose or not (due or listed) or run_case(self.pack, case):
            return
        told, events = read_events(case.data)
        if due:
            only = {e.benefit for e in due}
            self.due.append((look(self.pack, told, events, case.month, only=only), due))
        if listed:
            request = parse_request(self.pack, told)
            run = Run(self.program(request.month), request.facts, request.known_on)
            self.listed.append((request, listed, run))

    def fate(self, mutant: Mutant, changed: Pack) -> str:
        """killed, lives or unusable; of a mutant of kind MONTH or LISTED."""
        b = changed.benefits[mutant.record]
        try:
            noticed = self._due_differs(b) if mutant.kind == MONTH else self._listed_differs(changed, b)
        except (Broken, Located, RangeError):
            return "unusable"
        return "killed" if noticed else "lives"

    def _due_differs(self, changed: Benefit) -> bool:
        for looked, expects in self.due:
            units = {e.who or changed.unit: e.due for e in expects if e.benefit == changed.id}
            for unit_id, wanted in units.items():
                ends = looked.due(changed, unit_id).ends
                if wanted is not None and any(
                    end != sum.value * 100 for end, sum in zip(ends, wanted, strict=True)
                ):
                    return True
        return False

    def _listed_differs(self, changed: Pack, b: Benefit) -> bool:
        built: dict[int, BenefitProgram] = {}
        for request, expects, base in self.listed:
            mine = [e for e in expects if e.benefit == b.id]
            if not mine:
                continue
            month = request.month
            if month not in built:
                built[month] = self._built(changed, b, month)
            program = self.program(month)
            run = Run(program, request.facts, request.known_on, dict(base.cells), dict(base.resolved))
            for e in mine:
                i = request.ids.index(e.who) if e.who else 0
                if any(differences(e.listed, run, built[month], i)):
                    return True
        return False

    def _built(self, changed: Pack, b: Benefit, month: int) -> BenefitProgram:
        """The changed benefit on a copy of the graph that is there."""
        base = self.program(month)
        builder = Builder(changed, month, base.graph.copy())
        builder.variables.update(base.variables)
        return Finisher(builder, {}).finish(b)
