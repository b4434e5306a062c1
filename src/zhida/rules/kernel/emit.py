"""Writes the source of a kernel: one plain function per stage, looped over a block.

Variables: ``x7`` a number known exactly, ``x7l`` and ``x7h`` its ends otherwise, ``x7v`` and ``x7n``
"may have a value" and "may be not applicable" where it may not apply; ``t7`` a truth known exactly,
else ``t7y``, ``t7n``, ``t7a``; ``e7`` a mask of choices. Scratch: ``SP`` int64 and ``FP`` uint8 by
person of the block, ``SG`` and ``FG`` by group.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from zhida.rules.ir import NA_BIT, PERSON, SCALAR, Node
from zhida.rules.kernel.plan import Form, Plan, Stage, is_local, needed_by
from zhida.rules.program import Program

DIRECTIONS = {"up": 0, "down": 1, "half_up": 2}


@dataclass(slots=True)
class Slots:
    """Where stored nodes lie in the scratch arrays."""

    number: dict[int, int] = field(default_factory=dict)
    flags: dict[int, int] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=lambda: {"SP": 0, "FP": 0, "SG": 0, "FG": 0})


class Emitter:
    """Source of the stages of one plan in one form."""

    def __init__(self, plan: Plan, form: Form) -> None:
        self.plan = plan
        self.program: Program = plan.program
        self.columns = dict(form.columns)
        self.form = form
        self._exact: dict[int, bool] = {}
        self.registers = {r: i for i, r in enumerate(self.program.pack.registers)}
        self.parameters: dict[tuple[str, int], int] = {}
        self.slots = Slots()
        for node in plan.stored.values():
            self._place(node)
        self.lines: list[str] = []
        self.indent = 0
        self.args: list[str] = []

    def _place(self, n: Node) -> None:
        s, f = ("SP", "FP") if n.unit == PERSON else ("SG", "FG")
        counts = self.slots.counts
        if n.kind != "bool":
            self.slots.number[n.id] = counts[s]
            counts[s] += 1 if n.kind == "enum" or self.exact(n) else 2
        if n.kind == "bool" or (n.kind == "num" and n.na):
            self.slots.flags[n.id] = counts[f]
            counts[f] += 1

    def exact(self, n: Node) -> bool:
        """Is the value always one point (or surely not applicable)?"""
        if n.id not in self._exact:
            self._exact[n.id] = self._is_exact(n)
        return self._exact[n.id]

    def _is_exact(self, n: Node) -> bool:
        if n.op == "input":
            column = self.columns.get(str(n.data[0]), "absent")
            if column == "absent":
                return bool(n.data[1])
            return column == "known" or (bool(n.data[1]) and column == "states")
        if n.op == "param":
            return self.form.parameters_known
        return all(self.exact(a) for a in n.args)

    # names --------------------------------------------------------------------------------------

    def lo(self, n: Node) -> str:
        if n.op in ("const", "na"):
            return str(n.lo)
        return f"x{n.id}" if self.exact(n) else f"x{n.id}l"

    def hi(self, n: Node) -> str:
        if n.op in ("const", "na"):
            return str(n.lo)
        return f"x{n.id}" if self.exact(n) else f"x{n.id}h"

    def some(self, n: Node) -> str:
        if n.op == "na":
            return "False"
        return f"x{n.id}v" if n.na else "True"

    def none(self, n: Node) -> str:
        if n.op == "na":
            return "True"
        return f"x{n.id}n" if n.na else "False"

    def yes(self, n: Node) -> str:
        if n.op == "truth":
            return str(bool(n.data[0]))
        if n.op == "na":
            return "False"
        return f"t{n.id}" if self.single(n) else f"t{n.id}y"

    def no(self, n: Node) -> str:
        if n.op == "truth":
            return str(not n.data[0])
        if n.op == "na":
            return "False"
        return f"(not t{n.id})" if self.single(n) else f"t{n.id}n"

    def na(self, n: Node) -> str:
        if n.op == "na":
            return "True"
        return f"t{n.id}a" if n.na else "False"

    def mask(self, n: Node) -> str:
        if n.op == "choice":
            return str(n.data[0])
        return str(NA_BIT) if n.op == "na" else f"e{n.id}"

    def single(self, n: Node) -> bool:
        return self.exact(n) and not n.na

    # writing ------------------------------------------------------------------------------------

    def put(self, line: str) -> None:
        self.lines.append("    " * self.indent + line)

    def arg(self, name: str) -> str:
        if name not in self.args:
            self.args.append(name)
        return name

    def stage(self, index: int, stage: Stage) -> tuple[str, list[str]]:
        """Source of the stage's function and the names of the arrays it takes after the fixed ones."""
        self.lines, self.args, self.indent = [], [], 2
        from zhida.rules.kernel.operations import Operations

        ops = Operations(self)
        computed = {n.id for n in stage.nodes} | {n.id for n in stage.then}
        reads = needed_by(self.plan, stage)
        if stage.unit == PERSON and any(n.op == "spread" for n in reads):
            self.put(f"group_i = {self.arg('group_of')}[i]; g = group_i - g0")
        if any(n.op in ("param", "input") for n in reads):
            self.put(f"pl = {self.arg('place_person' if stage.unit == PERSON else 'place_group')}[i]")
        later = self._only_then(stage, reads, computed)
        for n in reads:
            if n.id not in computed and n.id not in later and n.unit in (SCALAR, stage.unit):
                self._read(ops, n, stage, "i")
        if stage.benefit:
            self._benefit(ops, stage, [n for n in reads if n.id in later])
        else:
            self._compute(ops, stage, stage.nodes)
        for n in stage.nodes:
            if n.id in self.plan.stored and not stage.benefit:
                self._store(n, stage)
        body = "\n".join(self.lines)
        extra = ", R, keep" if stage.benefit else ""
        name = f"stage_{index}"
        tail = "    return k\n" if stage.benefit else ""
        head = f"@njit(cache=True, nogil=True, error_model='numpy')\ndef {name}(lo, hi, p0, g0, SP, FP, SG, FG{extra}, {', '.join(self.args)}):\n"
        head = head.replace(", )", ")")
        start = "    k = 0\n" if stage.benefit else ""
        return f"{head}{start}    for i in range(lo, hi):\n{body}\n{tail}", list(self.args)

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
                if is_local(n) and n.op != "spread":
                    todo.extend(n.args)
        return {n.id for n in reads if n.id not in keep and n.id not in computed}

    def _read(self, ops: object, n: Node, stage: Stage, i: str) -> None:
        """A node of another stage from scratch, or a leaf again."""
        from zhida.rules.kernel.operations import Operations

        assert isinstance(ops, Operations)
        if n.op == "spread":
            self.load(n.args[0], n, "g")
        elif is_local(n):
            ops.write(n, i)
        else:
            self.load(n, n, f"{i} - {'p0' if n.unit == PERSON else 'g0'}")

    def load(self, source: Node, target: Node, at: str) -> None:
        if is_local(source):
            from zhida.rules.kernel.operations import Operations

            Operations(self).write(source, "group_i" if source.unit not in (SCALAR, PERSON) else "i")
            self._alias(source, target)
            return
        s, f = ("SP", "FP") if source.unit == PERSON else ("SG", "FG")
        slot = self.slots.number.get(source.id)
        flag = self.slots.flags.get(source.id)
        t = target.id
        if source.kind == "num":
            if self.exact(source):
                self.put(f"x{t} = {s}[{slot}, {at}]")
            else:
                assert slot is not None
                self.put(f"x{t}l = {s}[{slot}, {at}]; x{t}h = {s}[{slot + 1}, {at}]")
            if source.na:
                self.put(f"f = {f}[{flag}, {at}]; x{t}v = (f & 1) != 0; x{t}n = (f & 2) != 0")
        elif source.kind == "enum":
            self.put(f"e{t} = {s}[{slot}, {at}]")
        else:
            self.put(f"f = {f}[{flag}, {at}]")
            if self.single(source):
                self.put(f"t{t} = (f & 1) != 0")
            else:
                self.put(f"t{t}y = (f & 1) != 0; t{t}n = (f & 2) != 0")
                if source.na:
                    self.put(f"t{t}a = (f & 4) != 0")

    def _alias(self, source: Node, target: Node) -> None:
        t = target.id
        if target.kind == "num":
            if self.exact(target):
                self.put(f"x{t} = {self.lo(source)}")
            else:
                self.put(f"x{t}l = {self.lo(source)}; x{t}h = {self.hi(source)}")
            if target.na:
                self.put(f"x{t}v = {self.some(source)}; x{t}n = {self.none(source)}")
        elif target.kind == "enum":
            self.put(f"e{t} = {self.mask(source)}")
        elif self.single(target):
            self.put(f"t{t} = {self.yes(source)}")
        else:
            self.put(f"t{t}y = {self.yes(source)}; t{t}n = {self.no(source)}")
            if target.na:
                self.put(f"t{t}a = {self.na(source)}")

    def _store(self, n: Node, stage: Stage) -> None:
        s, f, at = ("SP", "FP", "i - p0") if n.unit == PERSON else ("SG", "FG", "i - g0")
        slot, flag = self.slots.number.get(n.id), self.slots.flags.get(n.id)
        if n.kind == "num":
            assert slot is not None
            self.put(f"{s}[{slot}, {at}] = {self.lo(n)}")
            if not self.exact(n):
                self.put(f"{s}[{slot + 1}, {at}] = {self.hi(n)}")
            if n.na:
                self.put(f"{f}[{flag}, {at}] = bits_of({self.some(n)}, {self.none(n)}, False)")
        elif n.kind == "enum":
            self.put(f"{s}[{slot}, {at}] = {self.mask(n)}")
        else:
            self.put(f"{f}[{flag}, {at}] = {self.bits(n)}")

    def bits(self, n: Node, shift: int = 0) -> str:
        if n.op in ("truth", "na"):
            return str((4 if n.op == "na" else 1 if n.data[0] else 2) << shift)
        if self.single(n):
            return f"(bits_of(t{n.id}, not t{n.id}, False) << {shift})"
        return f"(bits_of({self.yes(n)}, {self.no(n)}, {self.na(n)}) << {shift})"

    def _compute(self, ops: object, stage: Stage, nodes: list[Node]) -> None:
        from zhida.rules.kernel.operations import Operations

        assert isinstance(ops, Operations)
        loops = [n for n in nodes if n.op == "agg"]
        if loops:
            ops.members(loops)
        for n in nodes:
            if n.op != "agg":
                ops.write(n, "i")

    def _benefit(self, ops: object, stage: Stage, later: list[Node]) -> None:
        b = self.program.benefits[stage.benefit]
        guard = f"keep | {self.yes(b.applies)} | {self.na(b.applies)}"
        if b.awarded is not None:
            guard += f" | {self.yes(b.awarded)}"
        self.put(f"if {guard}:")
        self.indent += 1
        # only what the answer needs is read first; the rest once a row is due
        answer_cone = self._reach(stage.nodes, [b.full.answer, b.presumed.answer, b.near])
        for n in later:
            if n.id in answer_cone and n.unit in (SCALAR, stage.unit):
                self._read(ops, n, stage, "i")
        self._compute(ops, stage, stage.nodes)
        wanted = f"keep | {self.yes(b.presumed.answer)} | {self.yes(b.near)}"
        if b.awarded is not None:
            wanted += f" | {self.yes(b.awarded)}"
        self.put(f"if {wanted}:")
        self.indent += 1
        for n in later:
            if n.id not in answer_cone and n.unit in (SCALAR, stage.unit):
                self._read(ops, n, stage, "i")
        self._compute(ops, stage, stage.then)
        self._row(stage)
        self.indent -= 2

    def _reach(self, nodes: list[Node], roots: list[Node]) -> set[int]:
        inner = {n.id for n in nodes}
        found: set[int] = set()
        todo = list(roots) + list(nodes)
        while todo:
            n = todo.pop()
            if n.id in found:
                continue
            found.add(n.id)
            if n.id in inner or (is_local(n) and n.op != "spread"):
                todo.extend(n.args)
        return found

    def _row(self, stage: Stage) -> None:
        b = self.program.benefits[stage.benefit]
        codes = [self.bits(b.full.answer), self.bits(b.presumed.answer, 3), self.bits(b.signal, 6)]
        codes.append(f"kept({self.yes(b.near)} & (not {self.no(b.near)}), 512)")
        codes.append(self.bits(b.awarded, 10) if b.awarded is not None else str(2 << 10))
        codes.append(self.bits(b.applies, 13))
        full, presumed = b.full.amount, b.presumed.amount
        self.put(f"codes = {' | '.join(codes)}")
        ends = []
        for amount, answer in ((full, b.full.answer), (presumed, b.presumed.answer)):
            lo, hi = ("0", "0") if amount is None else (self.lo(amount), self.hi(amount))
            ends.append(f"kept({self.yes(answer)}, {lo}), kept({self.yes(answer)}, {hi})")
        for name, outcome in (("known", b.full), ("seen", b.presumed)):
            bits = [self.bits(c, 3 * j) for j, c in enumerate(outcome.conditions)]
            self.put(f"{name} = {' | '.join(bits) or '0'}")
        self.put("s = mix(start(), seen)")
        for n in b.bands:
            self.put(f"s = mix(mix(s, band({self.lo(n)})), band({self.hi(n)}))")
        award = self.lo(b.award_amount) if b.award_amount is not None else "0"
        self.put(f"put_row(R, k, i, codes, {', '.join(ends)}, known, seen, signed(s), {award})")
        self.put("k += 1")


@dataclass(frozen=True, slots=True)
class Source:
    """A kernel's text; for each stage the arrays it wants; where parameters lie in their array."""

    text: str
    stages: tuple[tuple[Stage, tuple[str, ...]], ...]
    parameters: dict[tuple[str, int], int]
    counts: dict[str, int]


HEAD = '''"""Generated by zhida.rules.kernel; rebuilt whenever the rules change."""
import numpy as np
from numba import njit
from zhida.rules.kernel.support import (
    age_of, band, bits_of, hull, kept, load_choice, load_number, load_truth, mix, month_of, product,
    put_row, quotient, rounded, signed, start, widened,
)

'''


def emit(plan: Plan, form: Form) -> Source:
    emitter = Emitter(plan, form)
    parts, stages = [HEAD], []
    for i, stage in enumerate(plan.stages):
        text, args = emitter.stage(i, stage)
        parts.append(text)
        stages.append((stage, tuple(args)))
    return Source("\n".join(parts), tuple(stages), dict(emitter.parameters), dict(emitter.slots.counts))
