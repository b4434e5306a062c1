"""The source text of what looks at people of other households: links followed, loops over kin.

These nodes stand in stages of their own, so that the values of another person, read at row ``m``, do not
take the names of the person's own.
"""

from __future__ import annotations

from collections.abc import Sequence

from zhida.rules.formulas.ir import NA_BIT, SCALAR, Node, Unknown, cone
from zhida.rules.kernel.operations import REGISTERS_A_WORD, Operations
from zhida.rules.kernel.plan import is_local
from zhida.rules.kernel.symbols import WHOLE
from zhida.rules.kernel.web import NOBODY, SOMEBODY


class Crossings:
    def __init__(self, operations: Operations) -> None:
        self.ops = operations
        self.e = operations.e

    def write(self, nodes: Sequence[Node]) -> None:
        """Lines that give the nodes their variables for person ``q``."""
        for link in dict.fromkeys(n.data[0] for n in nodes if n.op == "gather"):
            self._links(str(link), [n for n in nodes if n.op == "gather" and n.data[0] == link])
        for kin in dict.fromkeys(n.data[0] for n in nodes if n.op == "kin"):
            self._kin(str(kin), [n for n in nodes if n.op == "kin" and n.data[0] == kin])

    # links ----------------------------------------------------------------------------------------

    def _links(self, link: str, nodes: list[Node]) -> None:
        e = self.e
        e.put(f"m = {e.arg('link_' + link)}[q]")
        e.put("if m >= 0:")
        e.indent += 1
        self._read({n.args[0].id: n.args[0] for n in nodes})
        for n in nodes:
            e.alias(n.args[0], n)
        e.indent -= 1
        e.put(f"elif m == {NOBODY}:")
        e.indent += 1
        for n in nodes:
            assert n.args[1].unit == SCALAR
            self.ops.write(n.args[1], "q")
            e.alias(n.args[1], n)
        e.indent -= 1
        e.put("else:")
        e.indent += 1
        for n in nodes:
            self._anything(n, n.data[1])
        e.indent -= 1

    def _anything(self, n: Node, some: object) -> None:
        """Of whom nothing is known."""
        assert isinstance(some, Unknown)
        e, t = self.e, n.id
        if n.kind == "num":
            e.put(f"x{t}l = np.int64({some.lo}); x{t}h = np.int64({some.hi})")
            if n.na:
                e.put(f"x{t}v = True; x{t}n = {some.na}")
        elif n.kind == "enum":
            e.put(f"e{t} = np.int64({some.hi | (NA_BIT if some.na else 0)})")
        else:
            e.put(f"t{t}y = True; t{t}n = True" + (f"; t{t}a = {some.na}" if n.na else ""))

    # kin ------------------------------------------------------------------------------------------

    def _kin(self, kin: str, nodes: list[Node]) -> None:
        e = self.e
        self.ops.before(nodes)
        inside = e.indent
        self.each(kin)
        self._read({n.args[0].id: n.args[0] for n in nodes})
        for n in nodes:
            self.ops.joined(n, n.args[0])
        e.indent = inside
        e.put(f"if {self.more(kin)}:")
        e.indent += 1
        for n in nodes:
            self._one_more(n)
        e.indent -= 1
        self.ops.after(nodes)

    def each(self, kin: str) -> None:
        """The head of a loop in which each kin is ``m``."""
        first, size, rows = (self.e.arg(f"kin_{part}_{kin}") for part in ("first", "size", "rows"))
        self.e.put(f"for j in range({first}[q], {first}[q] + {size}[q]):")
        self.e.indent += 1
        self.e.put(f"m = {rows}[j]")

    def more(self, kin: str) -> str:
        """Whether there may be others."""
        return f"{self.e.arg('kin_open_' + kin)}[q]"

    def _one_more(self, n: Node) -> None:
        """There may be more: any number for a sum, else perhaps one of whom nothing is known."""
        e, some, t = self.e, n.data[3], n.id
        assert isinstance(some, Unknown)
        if n.data[1] == "sum":
            self._anything(n, Unknown.of(n))
        elif n.kind == "bool":
            end = "y" if n.data[1] == "any" else "n"
            either = f"({e.yes(n)} | {e.no(n)})"
            e.put(f"t{t}{end} = {either}" if n.na else f"t{t}{end} = True")
            if n.na:
                e.put(f"t{t}a = t{t}a | {some.na}")
        else:
            end, most = ("l", some.lo) if n.data[1] == "min" else ("h", some.hi)
            e.put(f"x{t}{end} = {n.data[1]}(x{t}{end}, {most})")
            if n.na:
                e.put(f"x{t}n = x{t}n | {some.na}")

    def _read(self, sources: dict[int, Node]) -> None:
        """Values of the other person."""
        for a in sources.values():
            if a.op == "spread":
                source = a.args[0]
                self.e.put(self.home_of_m())
                if is_local(source):
                    self.ops.write(source, "g")
                    self.e.alias(source, a)
                else:
                    self.e.fetch(source, a, "g", self.ops.whole)
            elif a.op == "person":
                for n in cone(a.args):  # the same for everybody, however it is made
                    self.ops.write(n, "m")
                self.e.alias(a.args[0], a)
            elif a.op in ("input", "param"):
                self.ops.write(a, "m")
            elif a.unit == SCALAR:
                for n in cone((a,)):
                    self.ops.write(n, "m")
            else:
                self.e.fetch(a, a, "m", self.ops.whole)

    def home_of_m(self) -> str:
        return "g = home[m] - home_of"


class Within(Crossings):
    """The same for households without visitors: others are looked up in the whole table, row ``m``."""

    def home_of_m(self) -> str:
        return f"g = {self.e.arg(WHOLE + 'group_of')}[m]"

    def each(self, kin: str) -> None:
        """First the person's own household, then those of others who point here, then whom the person points
        at; nobody twice, and not the person."""
        e, record = self.e, self.e.program.pack.kin[kin]
        back = {link: e.arg(f"{WHOLE}link_{link}") for link in record.followed_by}
        points = " | ".join(f"({array}[max(m, 0)] == r)" for array in back.values())
        e.put("r = first_of + q")
        ways: list[tuple[str, list[str]]] = []
        count = "0"
        if back:
            e.put("own = home[q] - home_of")
            ways.append(("size[own]", ["m = np.int64(first[own]) + j", f"there = {points}"]))
            count = "size[own]"
        for i, link in enumerate(back):
            at, who = e.arg(f"{WHOLE}back_first_{link}"), e.arg(f"{WHOLE}back_who_{link}")
            e.put(f"b{i} = {at}[r]; c{i} = {count}; d{i} = c{i} + {at}[r + 1] - b{i}")
            count = f"d{i}"
            before = [f"({a}[max(m, 0)] != r)" for a in list(back.values())[:i]]
            told = [f"m = np.int64({who}[b{i} + j - c{i}])", f"there = {' & '.join(before) or 'True'}"]
            ways.append((count, told))
        for i, link in enumerate(record.follows):
            before = [f"(m != {e.arg('link_' + other)}[q])" for other in record.follows[:i]]
            if points:
                before.append(f"(not ({points}))")
            told = [
                f"m = np.int64({e.arg('link_' + link)}[q])",
                f"there = {' & '.join(['(m >= 0)', *before])}",
            ]
            count = f"{count} + 1"
            ways.append((count, told))
        e.put(f"for j in range({count}):")
        e.indent += 1
        for i, (until, told) in enumerate(ways):
            if len(ways) > 1:
                e.put("else:" if i == len(ways) - 1 else f"{'elif' if i else 'if'} j < {until}:")
                e.indent += 1
            for line in told:
                e.put(line)
            e.indent -= len(ways) > 1
        e.put("if there & (m != r):")
        e.indent += 1

    def more(self, kin: str) -> str:
        e, record = self.e, self.e.program.pack.kin[kin]
        some = [f"({e.arg('link_' + link)}[q] == {SOMEBODY})" for link in record.follows]
        if record.followed_by and not record.register:
            some.append("True")
        elif record.followed_by:
            word, bit = divmod(e.registers[record.register], REGISTERS_A_WORD)
            place = f"{e.arg('place_person')}[q]"
            some.append(f"((({e.arg('complete')}[{word}, {place}] >> {bit}) & 1) == 0)")
        return f"({' | '.join(some)}) & ({e.arg('kin_closed_' + kin)}[q] == 0)"
