"""Variables and scratch places of generated source.

Variables: ``x7`` a number known exactly, ``x7l`` and ``x7h`` its ends otherwise, ``x7v`` and ``x7n``
"may have a value" and "may be not applicable" where it may not apply; ``t7`` a truth known exactly,
else ``t7y``, ``t7n``, ``t7a``; ``e7`` a mask of choices. Scratch rows: ``SP3`` int64 and ``FP3`` uint8 by
person of the block, ``SG3`` and ``FG3`` by group; ``WSP3`` and so on are kept for the whole table and cut out
for the block like columns. Rows of the block: ``q`` the loop's own, ``g`` a person's group, ``m`` a member
of a group; of the table where a sieve follows ties.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from zhida.rules.formulas.ir import NA_BIT, PERSON, Node
from zhida.rules.kernel.plan import CROSSING, Form, Plan
from zhida.rules.program.build import Program

DUE = "due"
"""Scratch of one benefit: who gets a row."""

WHOLE = "whole_"
"""Before the name of a column: not cut out for the block."""

SCRATCH = ("SP", "FP", "SG", "FG", "WSP", "WFP", "WSG", "WFG")
"""Beginnings of the names of scratch rows."""


@dataclass(slots=True)
class Slots:
    """Where stored nodes lie in the scratch arrays."""

    number: dict[int, int] = field(default_factory=dict)
    flags: dict[int, int] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(SCRATCH, 0))


class Symbols:
    """Names, scratch places and lines of one plan in one form."""

    def __init__(self, plan: Plan, form: Form, parameters: dict[tuple[str, int], int]) -> None:
        self.plan = plan
        self.program: Program = plan.program
        self.columns = dict(form.columns)
        self.form = form
        self._exact: dict[int, bool] = {}
        self.registers = {r: i for i, r in enumerate(self.program.pack.registers)}
        self.parameters = parameters
        self.slots = Slots()
        for node in plan.stored.values():
            self._place(node)
        self.lines: list[str] = []
        self.indent = 0
        self.args: list[str] = []

    def scratch(self, n: Node) -> tuple[str, str]:
        """Beginnings of the names of its rows, of numbers and of flags."""
        wide, unit = "W" * (n.id in self.plan.wide), "P" if n.unit == PERSON else "G"
        return f"{wide}S{unit}", f"{wide}F{unit}"

    def _place(self, n: Node) -> None:
        s, f = self.scratch(n)
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
        if n.op in (*CROSSING, "perhaps"):  # who somebody is may be unknown
            return False
        if n.op in ("may", "must"):
            return True
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

    def loop(self, line: str) -> None:
        """Begins one of the stage's own loops."""
        self.indent = 1
        self.put(line)
        self.indent = 2

    def arg(self, name: str) -> str:
        if name not in self.args:
            self.args.append(name)
        return name

    def row(self, scratch: str, slot: int | None, further: int = 0) -> str:
        """One row of a scratch array: an argument of its own, so that loops over it vectorise."""
        assert slot is not None
        return self.arg(f"{scratch}{slot + further}")

    def fetch(self, source: Node, target: Node, at: str, whole: bool = False) -> None:
        """Variables of ``target`` from the scratch of ``source`` at row ``at``, of the table if ``whole``."""
        s, f = ((WHOLE if whole else "") + name for name in self.scratch(source))
        slot = self.slots.number.get(source.id)
        flag = self.slots.flags.get(source.id)
        t = target.id
        if source.kind == "num":
            if self.exact(source):
                self.put(f"x{t} = {self.row(s, slot)}[{at}]")
            else:
                self.put(f"x{t}l = {self.row(s, slot)}[{at}]; x{t}h = {self.row(s, slot, 1)}[{at}]")
            if source.na:
                self.put(f"f = {self.row(f, flag)}[{at}]; x{t}v = (f & 1) != 0; x{t}n = (f & 2) != 0")
        elif source.kind == "enum":
            self.put(f"e{t} = {self.row(s, slot)}[{at}]")
        else:
            self.put(f"f = {self.row(f, flag)}[{at}]")
            if self.single(source):
                self.put(f"t{t} = (f & 1) != 0")
            else:
                self.put(f"t{t}y = (f & 1) != 0; t{t}n = (f & 2) != 0")
                if source.na:
                    self.put(f"t{t}a = (f & 4) != 0")

    def alias(self, source: Node, target: Node) -> None:
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

    def store(self, n: Node) -> None:
        (s, f), at = self.scratch(n), "q"
        slot, flag = self.slots.number.get(n.id), self.slots.flags.get(n.id)
        if n.kind == "num":
            self.put(f"{self.row(s, slot)}[{at}] = {self.lo(n)}")
            if not self.exact(n):
                self.put(f"{self.row(s, slot, 1)}[{at}] = {self.hi(n)}")
            if n.na:
                self.put(f"{self.row(f, flag)}[{at}] = bits_of({self.some(n)}, {self.none(n)}, False)")
        elif n.kind == "enum":
            self.put(f"{self.row(s, slot)}[{at}] = {self.mask(n)}")
        else:
            self.put(f"{self.row(f, flag)}[{at}] = {f't{n.id}' if self.single(n) else self.bits(n)}")

    def bits(self, n: Node, shift: int = 0) -> str:
        if n.op in ("truth", "na"):
            return str((4 if n.op == "na" else 1 if n.data[0] else 2) << shift)
        if self.single(n):
            return f"(bits_of(t{n.id}, not t{n.id}, False) << {shift})"
        return f"(bits_of({self.yes(n)}, {self.no(n)}, {self.na(n)}) << {shift})"
