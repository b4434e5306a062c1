"""Writes the source of a kernel: one plain function per stage, looped over a block."""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Mapping
from dataclasses import dataclass

from zhida.rules.formulas.ir import PERSON, SCALAR, Node
from zhida.rules.kernel import plain, support
from zhida.rules.kernel.crossing import Crossings, Within
from zhida.rules.kernel.operations import Operations
from zhida.rules.kernel.plan import CROSSING, Form, Plan, Stage, goes_on, is_local, needed_by
from zhida.rules.kernel.symbols import DUE, SCRATCH, Symbols


class Writer:
    """Source of the stages of one plan in one form."""

    def __init__(self, plan: Plan, form: Form, prefix: str, parameters: dict[tuple[str, int], int]) -> None:
        self.plan = plan
        self.program = plan.program
        self.prefix = prefix
        self.e = Symbols(plan, form, parameters)
        self.ops = Operations(self.e)
        self.crossings = Crossings(self.ops)
        self.within = Within(self.ops)

    def stage(self, index: int, stage: Stage) -> tuple[str, list[str]]:
        """Source of the stage's function and the names of the arrays it takes after the fixed ones."""
        self.e.lines, self.e.args = [], []
        self.ops.few = False
        computed = {n.id for n in stage.nodes}
        reads = needed_by(self.plan, stage)
        if stage.nodes and stage.nodes[0].op in CROSSING:
            self.e.loop("for q in range(n):")
            self.ops.whole = self.plan.output is not None
            (self.within if self.ops.whole else self.crossings).write(stage.nodes)
            self.ops.whole = False
            self._store(stage)
        elif stage.nodes and all(n.op == "agg" for n in stage.nodes) and not stage.benefit:
            self._sums(stage.nodes, [n for n in reads if n.id not in computed and n.unit != PERSON])
        elif stage.benefit:
            self._benefit(stage, reads, computed)
        else:
            self.e.loop("for q in range(n):")
            self._values(stage, reads, computed)
            self._store(stage)
        body = "\n".join(self.e.lines)
        extra = ", R, keep" if stage.benefit else ""
        name = f"{self.prefix}_{index}"
        fixed = f"n, ids, home, home_of, first, first_of, size{extra}"
        head = f"{DECORATOR}\ndef {name}({', '.join([fixed, *self.e.args])}):\n"
        start, tail = ("    k = 0\n", "    return k\n") if stage.benefit else ("", "")
        return f"{head}{start}{body}\n{tail}", list(self.e.args)

    def _store(self, stage: Stage) -> None:
        for n in stage.nodes:
            if n.id in self.plan.stored:
                self.e.store(n)

    def _values(self, stage: Stage, wanted: list[Node], computed: set[int]) -> None:
        """Gives these nodes their variables for unit ``q``: read, or computed here."""
        if stage.unit == PERSON and any(n.op == "spread" for n in wanted):
            self.e.put("g = home[q] - home_of")
        self._place(stage.unit, wanted)
        for n in wanted:
            if n.id not in computed and n.unit in (SCALAR, stage.unit):
                self._read(n)
        self._compute([n for n in wanted if n.id in computed])

    def _place(self, unit: str, reads: list[Node]) -> None:
        if any(n.op in ("param", "input") for n in reads):
            self.e.put(f"pl = {self.e.arg('place_person' if unit == PERSON else 'place_group')}[q]")

    def _sums(self, loops: list[Node], reads: list[Node]) -> None:
        """Aggregates in scratch: one loop over all persons, which no short loop over members interrupts."""
        e = self.e
        e.loop("for q in range(n):")
        self.ops.before(loops)
        for n in loops:
            e.store(n)
        e.loop("for m in range(len(home)):")
        e.put("q = home[m] - home_of")
        self._place("", reads)
        for n in reads:
            self._read(n)
        for n in loops:
            e.fetch(n, n, "q")
        self.ops.join(loops)
        for n in loops:
            e.store(n)
        bare = [n for n in loops if n.kind == "num" and n.na]
        if bare:
            e.loop("for q in range(n):")
            for n in bare:
                e.fetch(n, n, "q")
            self.ops.after(bare)
            for n in bare:
                e.store(n)

    def _read(self, n: Node) -> None:
        """A node of another stage from scratch, or a leaf again."""
        if n.op == "spread":
            source = n.args[0]
            if is_local(source):
                self.ops.write(source, "g" if source.unit not in (SCALAR, PERSON) else "q")
                self.e.alias(source, n)
            else:
                self.e.fetch(source, n, "g")
        elif is_local(n):
            self.ops.write(n, "q")
        else:
            self.e.fetch(n, n, "q")

    def _compute(self, nodes: list[Node]) -> None:
        loops = [n for n in nodes if n.op == "agg"]
        if loops:
            self.ops.members(loops)
        for n in nodes:
            if n.op != "agg":
                self.ops.write(n, "q")

    def _benefit(self, stage: Stage, reads: list[Node], computed: set[int]) -> None:
        """Whose row is due is told for all in a loop that vectorises; the rest is for the few. ``keep``: see
        :class:`zhida.rules.kernel.run.Keep`."""
        b = self.program.benefits[stage.benefit]
        guard = f"{self.e.yes(b.applies)} | {self.e.na(b.applies)}"
        answer = b.presumed.answer
        speaks = f"({self.ops.only_yes(answer)}) | ({self.ops.only_yes(b.signal)}) | (keep == 1)"
        wanted = f"({self.e.yes(answer)} & ({speaks})) | {self.e.yes(b.near)}"
        roots = [b.applies, answer, b.near, b.signal]
        if b.awarded is not None:
            guard += f" | {self.e.yes(b.awarded)}"
            wanted += f" | {self.e.yes(b.awarded)}"
            roots.append(b.awarded)
        asked = self._reach(stage, roots, computed)
        due = self.e.arg(DUE)
        self.e.loop("for q in range(n):")
        self._values(stage, [n for n in reads if n.id in asked], computed)
        self.e.put(f"{due}[q] = (keep == 2) | (({guard}) & ({wanted}))")
        self.e.loop("for q in range(n):")
        self.e.put(f"if {due}[q]:")
        self.e.indent += 1
        self.ops.few = True
        self._values(stage, reads, computed)
        self._row(stage)

    def _reach(self, stage: Stage, roots: list[Node], computed: set[int]) -> set[int]:
        """What the roots need of all that the stage reads or computes."""
        found: set[int] = set()
        todo = list(roots)
        while todo:
            n = todo.pop()
            if n.id not in found:
                found.add(n.id)
                if n.id in computed or goes_on(n, stage.unit):
                    todo.extend(n.args)
        return found

    def _row(self, stage: Stage) -> None:
        b = self.program.benefits[stage.benefit]
        codes = [self.e.bits(b.full.answer), self.e.bits(b.presumed.answer, 3), self.e.bits(b.signal, 6)]
        codes.append(f"kept({self.e.yes(b.near)} & (not {self.e.no(b.near)}), 512)")
        codes.append(self.e.bits(b.awarded, 10) if b.awarded is not None else str(2 << 10))
        codes.append(self.e.bits(b.applies, 13))
        if b.review is not None:
            codes.append(f"kept({self.ops.only_yes(b.review.early)}, 65536)")
            codes.append(f"kept({self.ops.only_yes(b.review.over)}, 131072)")
        full, presumed = b.full.amount, b.presumed.amount
        self.e.put(f"codes = {' | '.join(codes)}")
        ends = []
        for amount, answer in ((full, b.full.answer), (presumed, b.presumed.answer)):
            lo, hi = ("0", "0") if amount is None else (self.e.lo(amount), self.e.hi(amount))
            ends.append(f"kept({self.e.yes(answer)}, {lo}), kept({self.e.yes(answer)}, {hi})")
        for name, outcome in (("known", b.full), ("seen", b.presumed)):
            bits = [self.e.bits(c, 3 * j) for j, c in enumerate(outcome.conditions)]
            self.e.put(f"{name} = {' | '.join(bits) or '0'}")
        self.e.put("s = mix(start(), seen)")
        for n in b.bands:
            self.e.put(f"low = high = band({self.e.lo(n)})")
            if not self.e.exact(n):
                self.e.put(f"high = band({self.e.hi(n)})")
            self.e.put("s = mix(mix(s, low), high)")
        award = self.e.lo(b.award_amount) if b.award_amount is not None else "0"
        self.e.put(f"put_row(R, k, ids[q], codes, {', '.join(ends)}, known, seen, signed(s), {award})")
        self.e.put("k += 1")


Stages = tuple[tuple[Stage, tuple[str, ...]], ...]
"""Each stage and the arrays that it takes by name."""


@dataclass(frozen=True, slots=True)
class SieveSource:
    """Stages that tell which households the others are worth running for, in flag ``flag`` of a group's
    scratch; named by ``prefix`` and number."""

    prefix: str
    stages: Stages
    flag: int


@dataclass(frozen=True, slots=True)
class Source:
    """A kernel's text. ``sieves`` by the name that they were asked by. ``parameters``: where each lies;
    ``counts``: scratch rows."""

    text: str
    stages: Stages
    parameters: dict[tuple[str, int], int]
    counts: dict[str, int]
    sieves: dict[str, SieveSource]


DECORATOR = "@stage"

HEAD = '''"""Generated by zhida.rules.kernel; rebuilt whenever the rules change. Helpers: {helpers}"""
import numpy as np
from zhida.rules.kernel.support import (
    age_of, band, bits_of, hull, kept, load_choice, load_number, load_truth, mix, month_of, product,
    put_row, quotient, rounded, signed, stage, start, widened,
)

'''


def _helpers() -> str:
    """The helpers' version: what is compiled of them is kept under the text that calls them."""
    return hashlib.sha256("".join(inspect.getsource(m) for m in (plain, support)).encode()).hexdigest()[:12]


def emit(plan: Plan, sieves: Mapping[str, Plan], form: Form) -> Source:
    """Source of all plans; a sieve has one stored output, see ``sieve_plan``. What is never called is never
    compiled."""
    parameters: dict[tuple[str, int], int] = {}
    parts, counts = [HEAD.format(helpers=_helpers())], dict.fromkeys(SCRATCH, 0)
    told: dict[str, tuple[Stages, Writer]] = {}
    for prefix, which in {"stage": plan, **{f"sieve_{name}": s for name, s in sieves.items()}}.items():
        writer = Writer(which, form, prefix, parameters)
        stages = []
        for i, stage in enumerate(which.stages):
            text, args = writer.stage(i, stage)
            parts.append(text)
            stages.append((stage, tuple(args)))
        told[prefix] = tuple(stages), writer
        counts = {k: max(v, writer.e.slots.counts[k]) for k, v in counts.items()}
    found = {}
    for name, sieve in sieves.items():
        if sieve.output is not None:
            of, writer = told[f"sieve_{name}"]
            found[name] = SieveSource(f"sieve_{name}", of, writer.e.slots.flags[sieve.output.id])
    return Source("\n".join(parts), told["stage"][0], parameters, counts, found)
