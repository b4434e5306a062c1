"""The source text of each operation of the intermediate form; the twin of ``interpret``."""

from __future__ import annotations

from collections.abc import Callable

from zhida.rules.formulas.ir import NA_BIT, PERSON, SCALAR, Node
from zhida.rules.kernel.symbols import WHOLE, Symbols

REGISTERS_A_WORD = 62
DIRECTIONS = {"up": 0, "down": 1, "half_up": 2}


class Operations:
    def __init__(self, symbols: Symbols) -> None:
        self.e = symbols
        self.few = False
        """Whether a stage reads only few of its units: then fields are read where they lie."""
        self.whole = False
        """Whether rows of others are rows of the table."""

    def write(self, n: Node, i: str) -> None:
        """Lines that give the node its variables at row ``i``."""
        if n.op in ("const", "truth", "choice", "na"):
            return
        name = {"and": "both", "or": "either"}.get(n.op, n.op)
        getattr(self, f"_{name}")(n, i)

    # helpers ------------------------------------------------------------------------------------

    def number(self, n: Node, lo: str, hi: str, some: str = "", none: str = "") -> None:
        """Assign a number; where it may not apply, its ends are 0 when it has no value."""
        e = self.e
        if not n.na:
            e.put(f"x{n.id} = {lo}" if e.exact(n) else f"x{n.id}l = {lo}; x{n.id}h = {hi}")
            return
        e.put(f"x{n.id}v = {some or self.some_of(n)}; x{n.id}n = {none or self.none_of(n)}")
        if e.exact(n):
            e.put(f"x{n.id} = kept(x{n.id}v, {lo})")
        else:
            e.put(f"x{n.id}l = kept(x{n.id}v, {lo}); x{n.id}h = kept(x{n.id}v, {hi})")

    def ends(self, n: Node, pair: str) -> None:
        """Assign both ends of a number from a helper that gives a pair."""
        e = self.e
        e.put(f"x{n.id}l, x{n.id}h = {pair}")
        if n.na:
            e.put(f"x{n.id}v = {self.some_of(n)}; x{n.id}n = {self.none_of(n)}")
            e.put(f"x{n.id}l = kept(x{n.id}v, x{n.id}l); x{n.id}h = kept(x{n.id}v, x{n.id}h)")

    def truth(self, n: Node, yes: str, no: str, na: str = "") -> None:
        e = self.e
        if e.single(n):
            e.put(f"t{n.id} = {yes}")
            return
        e.put(f"t{n.id}y = {yes}")
        e.put(f"t{n.id}n = {no}")
        if n.na:
            e.put(f"t{n.id}a = {na}")

    def place(self, i: str) -> str:
        """Where row ``i`` looks parameters and registers up."""
        if i == "q":
            return "pl"
        whole = WHOLE if self.whole else ""
        return f"{self.e.arg(whole + ('place_group' if i == 'g' else 'place_person'))}[{i}]"

    def cell(self, column: str, i: str) -> str:
        """A field's column at row ``i``: of those cut out for the block, or of the whole table."""
        if self.few and i == "q" and column not in self.e.args:
            return f"np.int64({self.e.arg(WHOLE + column)}[ids[q]])"
        if self.whole and i != "q":
            return f"np.int64({self.e.arg(WHOLE + column)}[{i}])"
        return f"np.int64({self.e.arg(column)}[{i}])"

    def some_of(self, n: Node) -> str:
        return " & ".join(dict.fromkeys(self.e.some(a) for a in n.args if a.na)) or "True"

    def none_of(self, n: Node) -> str:
        return " | ".join(dict.fromkeys(self.e.none(a) for a in n.args if a.na)) or "False"

    # leaves -------------------------------------------------------------------------------------

    def _param(self, n: Node, i: str) -> None:
        e = self.e
        key = (str(n.data[0]), int(str(n.data[1])))
        slot = e.parameters.setdefault(key, len(e.parameters))
        place = self.place(i)
        if e.exact(n):
            e.put(f"x{n.id} = {e.arg('parameter_lo')}[{slot}, {place}]")
        else:
            e.put(f"x{n.id}l = {e.arg('parameter_lo')}[{slot}, {place}]")
            e.put(f"x{n.id}h = {e.arg('parameter_hi')}[{slot}, {place}]")

    def _person(self, n: Node, i: str) -> None:
        self.e.alias(n.args[0], n)

    def _input(self, n: Node, i: str) -> None:
        e = self.e
        name, presumed = str(n.data[0]), bool(n.data[1])
        f = e.program.pack.fields.get(name)
        form = e.columns.get(name, "absent")
        if form == "absent":
            self._absent(n, f.empty if presumed and f is not None else None)
            return
        assert f is not None
        value = self.cell("c_" + name, i)
        if form == "known":
            self._known(n, value)
            return
        state = self.cell("s_" + name, i)
        high = self.cell("h_" + name, i) if form == "intervals" and n.kind == "num" else value
        fill, empty = "0", f.empty if f.empty is not None else 0
        if presumed and f.empty is not None:
            fill = "2"
        elif f.empty is not None and f.register:
            word, bit = divmod(e.registers[f.register], REGISTERS_A_WORD)
            fill = f"(({e.arg('complete')}[{word}, {self.place(i)}] >> {bit}) & 1)"
        t = n.id
        if n.kind == "enum":
            e.put(
                f"e{t} = load_choice({state}, {value}, {fill}, {1 << empty}, {n.hi}, {NA_BIT if n.na else 0})"
            )
        elif n.kind == "bool":
            names = f"t{t}y, t{t}n, t{t}a" if n.na else f"t{t}y, t{t}n, _"
            if e.single(n):
                names = f"t{t}, _, _"
            e.put(f"{names} = load_truth({state}, {value}, {fill}, {empty == 1}, {n.na})")
        elif e.exact(n):
            names = f"x{t}, _, x{t}v, x{t}n" if n.na else f"x{t}, _, _, _"
            e.put(f"{names} = load_number({state}, {value}, {high}, {fill}, {empty}, {n.lo}, {n.hi}, {n.na})")
        else:
            names = f"x{t}l, x{t}h, x{t}v, x{t}n" if n.na else f"x{t}l, x{t}h, _, _"
            e.put(f"{names} = load_number({state}, {value}, {high}, {fill}, {empty}, {n.lo}, {n.hi}, {n.na})")

    def _known(self, n: Node, value: str) -> None:
        e, t = self.e, n.id
        if n.kind == "num":
            e.put(f"x{t} = {value}" if e.exact(n) else f"x{t}l = {value}; x{t}h = x{t}l")
            if n.na:
                e.put(f"x{t}v = True; x{t}n = False")
        elif n.kind == "enum":
            e.put(f"e{t} = np.int64(1) << {value}")
        elif e.single(n):
            e.put(f"t{t} = {value} == 1")
        else:
            e.put(f"t{t}y = {value} == 1; t{t}n = not t{t}y" + (f"; t{t}a = False" if n.na else ""))

    def _absent(self, n: Node, empty: int | None) -> None:
        """Unknown for everybody, or presumed to be empty."""
        e, t = self.e, n.id
        if empty is not None:
            self._known(n, f"np.int64({empty})")
        elif n.kind == "num":
            e.put(
                f"x{t}l = np.int64({n.lo}); x{t}h = np.int64({n.hi})"
                + (f"; x{t}v = True; x{t}n = True" if n.na else "")
            )
        elif n.kind == "enum":
            e.put(f"e{t} = np.int64({n.hi | (NA_BIT if n.na else 0)})")
        else:
            e.put(f"t{t}y = True; t{t}n = True" + (f"; t{t}a = True" if n.na else ""))

    # numbers ------------------------------------------------------------------------------------

    def _add(self, n: Node, i: str) -> None:
        e, (a, b) = self.e, n.args
        self.number(n, f"{e.lo(a)} + {e.lo(b)}", f"{e.hi(a)} + {e.hi(b)}")

    def _sub(self, n: Node, i: str) -> None:
        e, (a, b) = self.e, n.args
        self.number(n, f"{e.lo(a)} - {e.hi(b)}", f"{e.hi(a)} - {e.lo(b)}")

    def _mul(self, n: Node, i: str) -> None:
        e, (a, b) = self.e, n.args
        if e.exact(n):
            self.number(n, f"{e.lo(a)} * {e.lo(b)}", "")
        elif a.lo >= 0 and b.lo >= 0:
            self.number(n, f"{e.lo(a)} * {e.lo(b)}", f"{e.hi(a)} * {e.hi(b)}")
        elif b.op == "const" and b.lo >= 0:
            self.number(n, f"{e.lo(a)} * {e.lo(b)}", f"{e.hi(a)} * {e.lo(b)}")
        else:
            self.ends(n, f"product({e.lo(a)}, {e.hi(a)}, {e.lo(b)}, {e.hi(b)})")

    def _min(self, n: Node, i: str) -> None:
        e, (a, b) = self.e, n.args
        self.number(n, f"min({e.lo(a)}, {e.lo(b)})", f"min({e.hi(a)}, {e.hi(b)})")

    def _max(self, n: Node, i: str) -> None:
        e, (a, b) = self.e, n.args
        self.number(n, f"max({e.lo(a)}, {e.lo(b)})", f"max({e.hi(a)}, {e.hi(b)})")

    def _positive(self, n: Node, i: str) -> None:
        e, (a,) = self.e, n.args
        self.number(n, f"max({e.lo(a)}, 1)", f"max({e.hi(a)}, 1)")

    def _divide(self, n: Node, i: str) -> None:
        e, (a, b) = self.e, n.args
        step, direction = n.data[0], DIRECTIONS[str(n.data[1])]

        def one(num: str, den: str) -> str:
            den = f"max({den}, 1)" if b.na else den
            return f"rounded({num}, {den}, {step}, {direction})"

        if e.exact(n):
            self.number(n, one(e.lo(a), e.lo(b)), "")
        elif e.exact(b):
            self.number(n, one(e.lo(a), e.lo(b)), one(e.hi(a), e.lo(b)))
        else:
            dens = f"max({e.lo(b)}, 1), max({e.hi(b)}, 1)"
            self.ends(n, f"quotient({e.lo(a)}, {e.hi(a)}, {dens}, {step}, {direction})")

    def _age(self, n: Node, i: str) -> None:
        e, (a,) = self.e, n.args
        ages = f"{e.arg('ages')}, {e.arg('cutoffs')}[0]"
        self.number(n, f"age_of({ages}, {e.hi(a)})", f"age_of({ages}, {e.lo(a)})")

    def _months_since(self, n: Node, i: str) -> None:
        e, (a,) = self.e, n.args
        now = f"{e.arg('month')}[0]"
        self.number(n, f"{now} - month_of({e.hi(a)})", f"{now} - month_of({e.lo(a)})")

    # truths -------------------------------------------------------------------------------------

    def _compared(self, n: Node, yes: str, no: str) -> None:
        if not n.na:
            self.truth(n, yes, no)
            return
        some = self.some_of(n)
        self.truth(n, f"({some}) & {yes}", f"({some}) & {no}", self.none_of(n))

    def _less(self, n: Node, i: str) -> None:
        e, (a, b) = self.e, n.args
        self._compared(n, f"({e.lo(a)} < {e.hi(b)})", f"({e.hi(a)} >= {e.lo(b)})")

    def _less_equal(self, n: Node, i: str) -> None:
        e, (a, b) = self.e, n.args
        self._compared(n, f"({e.lo(a)} <= {e.hi(b)})", f"({e.hi(a)} > {e.lo(b)})")

    def _born_by(self, n: Node, i: str) -> None:
        e, (a,) = self.e, n.args
        day = f"{e.arg('cutoffs')}[{n.data[0]}]"
        self._compared(n, f"({e.lo(a)} <= {day})", f"({e.hi(a)} > {day})")

    def _equal(self, n: Node, i: str) -> None:
        e, (a, b) = self.e, n.args
        if e.single(n):
            e.put(f"t{n.id} = {e.lo(a)} == {e.lo(b)}")
            return
        meet = f"(({e.lo(a)} <= {e.hi(b)}) & ({e.lo(b)} <= {e.hi(a)}))"
        self._compared(
            n, meet, f"(({e.lo(a)} != {e.hi(a)}) | ({e.lo(b)} != {e.hi(b)}) | ({e.lo(a)} != {e.lo(b)}))"
        )

    def _among(self, n: Node, i: str) -> None:
        e, (a,) = self.e, n.args
        mask = int(str(n.data[0]))
        rest = ((1 << 62) - 1) & ~mask
        self.truth(
            n,
            f"({e.mask(a)} & {mask}) != 0",
            f"({e.mask(a)} & {rest}) != 0",
            f"({e.mask(a)} & {NA_BIT}) != 0",
        )

    def _same_choice(self, n: Node, i: str) -> None:
        e, (a, b) = self.e, n.args
        low = NA_BIT - 1
        x, y = f"({e.mask(a)} & {low})", f"({e.mask(b)} & {low})"
        both = f"({x} != 0) & ({y} != 0)"
        same = f"(({x} == {y}) & (({x} & ({x} - 1)) == 0))"
        self.truth(
            n,
            f"{both} & (({x} & {y}) != 0)",
            f"{both} & (not {same})",
            f"(({e.mask(a)} | {e.mask(b)}) & {NA_BIT}) != 0",
        )

    def _both(self, n: Node, i: str) -> None:
        e, (a, b) = self.e, n.args
        if not n.na:
            self.truth(n, f"{e.yes(a)} & {e.yes(b)}", f"{e.no(a)} | {e.no(b)}")
            return
        no = f"({e.no(a)} & ({e.yes(b)} | {e.no(b)})) | ({e.no(b)} & ({e.yes(a)} | {e.no(a)}))"
        self.truth(n, f"{e.yes(a)} & {e.yes(b)}", no, f"{e.na(a)} | {e.na(b)}")

    def _either(self, n: Node, i: str) -> None:
        e, (a, b) = self.e, n.args
        if not n.na:
            self.truth(n, f"{e.yes(a)} | {e.yes(b)}", f"{e.no(a)} & {e.no(b)}")
            return
        yes = f"({e.yes(a)} & ({e.yes(b)} | {e.no(b)})) | ({e.yes(b)} & ({e.yes(a)} | {e.no(a)}))"
        self.truth(n, yes, f"{e.no(a)} & {e.no(b)}", f"{e.na(a)} | {e.na(b)}")

    def _not(self, n: Node, i: str) -> None:
        e, (a,) = self.e, n.args
        self.truth(n, e.no(a), e.yes(a), e.na(a))

    def _may(self, n: Node, i: str) -> None:
        self.truth(n, self.e.yes(n.args[0]), "")

    def _must(self, n: Node, i: str) -> None:
        self.truth(n, self.only_yes(n.args[0]), "")

    def _perhaps(self, n: Node, i: str) -> None:
        self.truth(n, self.e.yes(n.args[0]), "True")

    def only_yes(self, n: Node) -> str:
        """Surely yes."""
        if self.e.single(n):
            return self.e.yes(n)
        found = f"{self.e.yes(n)} & (not {self.e.no(n)})"
        return f"{found} & (not {self.e.na(n)})" if n.na else found

    def _applicable(self, n: Node, i: str) -> None:
        e, (a,) = self.e, n.args
        if a.kind == "num":
            yes, no = e.some(a), e.none(a)
        elif a.kind == "bool":
            yes, no = f"({e.yes(a)} | {e.no(a)})", e.na(a)
        else:
            yes, no = f"({e.mask(a)} & {NA_BIT - 1}) != 0", f"({e.mask(a)} & {NA_BIT}) != 0"
        self.truth(n, yes, no, "False")

    # any kind -----------------------------------------------------------------------------------

    def _select(self, n: Node, i: str) -> None:
        e, (c, a, b) = self.e, n.args
        y, no, na = e.yes(c), e.no(c), e.na(c)
        if n.kind == "bool":

            def arm(f: Callable[[Node], str]) -> str:
                return f"({y} & {f(a)}) | ({no} & {f(b)})"

            self.truth(n, arm(e.yes), arm(e.no), f"{na} | {arm(e.na)}")
        elif n.kind == "enum":
            text = f"kept({y}, {e.mask(a)}) | kept({no}, {e.mask(b)})"
            e.put(f"e{n.id} = {text}" + (f" | kept({na}, {NA_BIT})" if c.na else ""))
        else:
            self._one_of(n, [(y, a), (no, b)], na)

    def _one_of(self, n: Node, arms: list[tuple[str, Node]], na: str) -> None:
        """The number is one of those whose condition holds."""
        e, t = self.e, n.id
        live = [(f"({c}) & {e.some(a)}" if a.na else f"({c})", a) for c, a in arms if a.op != "na"]
        if e.exact(n):
            e.put(f"x{t} = " + (" + ".join(f"kept({c}, {e.lo(a)})" for c, a in live) or "0"))
        elif len(live) == 2:
            (c, a), (d, b) = live
            e.put(f"x{t}l, x{t}h = hull({c}, {e.lo(a)}, {e.hi(a)}, {d}, {e.lo(b)}, {e.hi(b)})")
        else:
            e.put(f"u = False; x{t}l = 0; x{t}h = 0")
            for c, a in live:
                e.put(f"u, x{t}l, x{t}h = widened(u, x{t}l, x{t}h, {c}, {e.lo(a)}, {e.hi(a)})")
        if n.na:
            nothing = [na] + [f"(({c}) & {e.none(a)})" for c, a in arms if a.na]
            e.put(
                f"x{t}v = {' | '.join(f'({c})' for c, _ in live) or 'False'}; x{t}n = {' | '.join(nothing)}"
            )

    def _coalesce(self, n: Node, i: str) -> None:
        e, (a, b) = self.e, n.args
        if n.kind == "num":
            gone = e.none(a)
            some_b = f"{gone} & {e.some(b)}" if b.na else gone
            pair = f"hull({e.some(a)}, {e.lo(a)}, {e.hi(a)}, {some_b}, {e.lo(b)}, {e.hi(b)})"
            e.put(f"x{n.id}, _ = {pair}" if e.exact(n) else f"x{n.id}l, x{n.id}h = {pair}")
            if n.na:
                e.put(f"x{n.id}v = {e.some(a)} | ({some_b}); x{n.id}n = {gone} & {e.none(b)}")
        elif n.kind == "bool":
            self.truth(
                n,
                f"{e.yes(a)} | ({e.na(a)} & {e.yes(b)})",
                f"{e.no(a)} | ({e.na(a)} & {e.no(b)})",
                f"{e.na(a)} & {e.na(b)}",
            )
        else:
            gone = f"({e.mask(a)} & {NA_BIT}) != 0"
            e.put(f"e{n.id} = ({e.mask(a)} & {NA_BIT - 1}) | kept({gone}, {e.mask(b)})")

    def _pick(self, n: Node, i: str) -> None:
        e = self.e
        chosen = e.mask(n.args[0])
        arms = [(f"({chosen} & {1 << j}) != 0", option) for j, option in enumerate(n.args[1:])]
        self._one_of(n, arms, f"(({chosen} & {NA_BIT}) != 0)")

    # members ------------------------------------------------------------------------------------

    def members(self, loops: list[Node]) -> None:
        """One loop over the members of group ``q`` for all aggregates of a stage."""
        e = self.e
        self.before(loops)
        e.put("for m in range(first[q] - first_of, first[q] - first_of + size[q]):")
        e.indent += 1
        self.join(loops)
        e.indent -= 1
        self.after(loops)

    def before(self, loops: list[Node]) -> None:
        """Aggregates over nobody yet."""
        e = self.e
        for n in loops:
            how, default = n.data if n.op == "agg" else n.data[1:3]
            start = 0 if how == "sum" else default
            if n.kind == "bool":
                self.truth(n, str(how == "all"), str(how != "all"), "False")
                continue
            ends = [""] if e.exact(n) else ["l", "h"]
            e.put("; ".join(f"x{n.id}{end} = np.int64({start})" for end in ends))
            if n.na:
                e.put(f"x{n.id}v = True; x{n.id}n = False")

    def join(self, loops: list[Node]) -> None:
        """Aggregates with member ``m``, too."""
        read: set[int] = set()
        for n in loops:
            a = n.args[0]
            if a.id not in read:
                read.add(a.id)
                self._read_member(a)
            self.joined(n, a)

    def after(self, loops: list[Node]) -> None:
        """Numbers that have no value are 0."""
        e = self.e
        for n in loops:
            if n.kind == "num" and n.na:
                for end in [""] if e.exact(n) else ["l", "h"]:
                    e.put(f"x{n.id}{end} = kept(x{n.id}v, x{n.id}{end})")

    def _read_member(self, a: Node) -> None:
        e = self.e
        if a.op == "spread":
            e.alias(a.args[0], a)
        elif a.op in ("input", "param"):
            self.write(a, "m")
        elif a.op == "person":
            self._person(a, "m")
        elif a.unit == SCALAR:
            self.write(a, "m")
        else:
            assert a.unit == PERSON
            e.fetch(a, a, "m")

    def joined(self, n: Node, a: Node) -> None:
        """One more value joined in."""
        e = self.e
        how = n.data[0] if n.op == "agg" else n.data[1]
        if n.kind == "bool":
            if e.single(n):
                e.put(f"t{n.id} = t{n.id} {'|' if how == 'any' else '&'} {e.yes(a)}")
                return
            y, no = f"t{n.id}y", f"t{n.id}n"
            ay, an = e.yes(a), e.no(a)
            if how == "any":
                e.put(f"u = ({y} & ({ay} | {an})) | ({ay} & ({y} | {no}))" if a.na else f"u = {y} | {ay}")
                e.put(f"{no} = {no} & {an}; {y} = u")
            else:
                e.put(f"u = ({no} & ({ay} | {an})) | ({an} & ({y} | {no}))" if a.na else f"u = {no} | {an}")
                e.put(f"{y} = {y} & {ay}; {no} = u")
            if n.na:
                e.put(f"t{n.id}a = t{n.id}a | {e.na(a)}")
            return
        ends = [("", e.lo(a))] if e.exact(n) else [("l", e.lo(a)), ("h", e.hi(a))]
        for end, value in ends:
            name = f"x{n.id}{end}"
            e.put(f"{name} = {name} + {value}" if how == "sum" else f"{name} = {how}({name}, {value})")
        if n.na:
            e.put(f"x{n.id}v = x{n.id}v & {e.some(a)}; x{n.id}n = x{n.id}n | {e.none(a)}")
