"""Writes the source of a kernel: one plain function per stage, looped over a block."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from zhida.rules.formulas.ir import PERSON, SCALAR, Node
from zhida.rules.kernel import plain, support
from zhida.rules.kernel.operations import Operations
from zhida.rules.kernel.plan import Form, Plan, Stage, goes_on, is_local, needed_by
from zhida.rules.kernel.symbols import Symbols


class Writer:
    """Source of the stages of one plan in one form."""

    def __init__(self, plan: Plan, form: Form, prefix: str, parameters: dict[tuple[str, int], int]) -> None:
        self.plan = plan
        self.program = plan.program
        self.prefix = prefix
        self.e = Symbols(plan, form, parameters)
        self.ops = Operations(self.e)

    def stage(self, index: int, stage: Stage) -> tuple[str, list[str]]:
        """Source of the stage's function and the names of the arrays it takes after the fixed ones."""
        self.e.lines, self.e.args = [], []
        self.ops.few = bool(stage.benefit)
        computed = {n.id for n in stage.nodes} | {n.id for n in stage.then}
        reads = needed_by(self.plan, stage)
        if stage.nodes and all(n.op == "agg" for n in stage.nodes) and not stage.benefit:
            self._sums(stage.nodes, [n for n in reads if n.id not in computed and n.unit != PERSON])
        else:
            self.e.loop("for q in range(n):")
            self._units(stage, reads, computed)
        body = "\n".join(self.e.lines)
        extra = ", R, keep" if stage.benefit else ""
        name = f"{self.prefix}_{index}"
        fixed = f"n, ids, home, home_of, first, first_of, size{extra}"
        head = f"{DECORATOR}\ndef {name}({', '.join([fixed, *self.e.args])}):\n"
        start, tail = ("    k = 0\n", "    return k\n") if stage.benefit else ("", "")
        return f"{head}{start}{body}\n{tail}", list(self.e.args)

    def _units(self, stage: Stage, reads: list[Node], computed: set[int]) -> None:
        """What is done for unit ``q``."""
        if stage.unit == PERSON and any(n.op == "spread" for n in reads):
            self.e.put("g = home[q] - home_of")
        self._place(stage.unit, reads)
        later = self._only_then(stage, reads, computed)
        for n in reads:
            if n.id not in computed and n.id not in later and n.unit in (SCALAR, stage.unit):
                self._read(n)
        if stage.benefit:
            self._benefit(stage, [n for n in reads if n.id in later])
            return
        self._compute(stage.nodes)
        for n in stage.nodes:
            if n.id in self.plan.stored:
                self.e.store(n)

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

    def _only_then(self, stage: Stage, reads: list[Node], computed: set[int]) -> set[int]:
        """Nodes read only once it is known that the benefit matters for this unit."""
        if not stage.benefit:
            return set()
        b = self.program.benefits[stage.benefit]
        early = [b.applies] + ([b.awarded] if b.awarded is not None else [])
        keep: set[int] = set()
        todo = list(early)
        while todo:
            n = todo.pop()
            if n.id not in keep:
                keep.add(n.id)
                if goes_on(n, stage.unit):
                    todo.extend(n.args)
        return {n.id for n in reads if n.id not in keep and n.id not in computed}

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

    def _benefit(self, stage: Stage, later: list[Node]) -> None:
        b = self.program.benefits[stage.benefit]
        guard = f"keep | {self.e.yes(b.applies)} | {self.e.na(b.applies)}"
        if b.awarded is not None:
            guard += f" | {self.e.yes(b.awarded)}"
        self.e.put(f"if {guard}:")
        self.e.indent += 1
        # only what the answer needs is read first; the rest once a row is due
        answer_cone = self._reach(stage, [b.full.answer, b.presumed.answer, b.near])
        for n in later:
            if n.id in answer_cone and n.unit in (SCALAR, stage.unit):
                self._read(n)
        self._compute(stage.nodes)
        wanted = f"keep | {self.e.yes(b.presumed.answer)} | {self.e.yes(b.near)}"
        if b.awarded is not None:
            wanted += f" | {self.e.yes(b.awarded)}"
        self.e.put(f"if {wanted}:")
        self.e.indent += 1
        for n in later:
            if n.id not in answer_cone and n.unit in (SCALAR, stage.unit):
                self._read(n)
        self._compute(stage.then)
        self._row(stage)
        self.e.indent -= 2

    def _reach(self, stage: Stage, roots: list[Node]) -> set[int]:
        inner = {n.id for n in stage.nodes}
        found: set[int] = set()
        todo = roots + stage.nodes
        while todo:
            n = todo.pop()
            if n.id in found:
                continue
            found.add(n.id)
            if n.id in inner or goes_on(n, stage.unit):
                todo.extend(n.args)
        return found

    def _row(self, stage: Stage) -> None:
        b = self.program.benefits[stage.benefit]
        codes = [self.e.bits(b.full.answer), self.e.bits(b.presumed.answer, 3), self.e.bits(b.signal, 6)]
        codes.append(f"kept({self.e.yes(b.near)} & (not {self.e.no(b.near)}), 512)")
        codes.append(self.e.bits(b.awarded, 10) if b.awarded is not None else str(2 << 10))
        codes.append(self.e.bits(b.applies, 13))
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
            self.e.put(f"s = mix(mix(s, band({self.e.lo(n)})), band({self.e.hi(n)}))")
        award = self.e.lo(b.award_amount) if b.award_amount is not None else "0"
        self.e.put(f"put_row(R, k, ids[q], codes, {', '.join(ends)}, known, seen, signed(s), {award})")
        self.e.put("k += 1")


Stages = tuple[tuple[Stage, tuple[str, ...]], ...]
"""Each stage and the arrays that it takes by name."""


@dataclass(frozen=True, slots=True)
class Source:
    """A kernel's text. ``sieve``: stages that tell which households the others are worth running for, in
    flag ``sieve_flag`` of a group's scratch. ``parameters``: where each lies; ``counts``: scratch rows."""

    text: str
    stages: Stages
    parameters: dict[tuple[str, int], int]
    counts: dict[str, int]
    sieve: Stages
    sieve_flag: int


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
    return hashlib.sha256(b"".join(Path(m.__file__).read_bytes() for m in (plain, support))).hexdigest()[:12]


def emit(plan: Plan, sieve: Plan, form: Form) -> Source:
    """Source of both plans; ``sieve`` has one stored output, see ``sieve_plan``."""
    parameters: dict[tuple[str, int], int] = {}
    parts, told, counts = [HEAD.format(helpers=_helpers())], [], {"SP": 0, "FP": 0, "SG": 0, "FG": 0}
    flag = -1
    for prefix, which in (("stage", plan), ("sieve", sieve)):
        writer = Writer(which, form, prefix, parameters)
        stages = []
        for i, stage in enumerate(which.stages):
            text, args = writer.stage(i, stage)
            parts.append(text)
            stages.append((stage, tuple(args)))
        told.append(tuple(stages))
        counts = {k: max(v, writer.e.slots.counts[k]) for k, v in counts.items()}
        if which is sieve and sieve.output is not None:
            flag = writer.e.slots.flags[sieve.output.id]
    return Source("\n".join(parts), told[0], parameters, counts, told[1], flag)
