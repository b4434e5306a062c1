"""The source text of each operation of the intermediate form; the twin of ``interpret``."""

from __future__ import annotations

from zhida.rules.declarations import Kind
from zhida.rules.ir import NA_BIT, PERSON, SCALAR, Node
from zhida.rules.kernel.emit import DIRECTIONS, Emitter


class Operations:
    def __init__(self, emitter: Emitter) -> None:
        self.e = emitter

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
        if e.exact(n):
            e.put(f"x{n.id} = {lo}")
        else:
            e.put(f"x{n.id}l = {lo}")
            e.put(f"x{n.id}h = {hi}")
        if n.na:
            e.put(f"x{n.id}v = {some or ' and '.join(e.some(a) for a in n.args)}")
            e.put(f"x{n.id}n = {none or ' or '.join(e.none(a) for a in n.args)}")
            zero = f"x{n.id} = 0" if e.exact(n) else f"x{n.id}l = 0; x{n.id}h = 0"
            e.put(f"if not x{n.id}v: {zero}")

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
        if i == "i":
            return "pl"
        return f"{self.e.arg('place_group' if i == 'group_i' else 'place_person')}[{i}]"

    def some_of(self, n: Node) -> str:
        return " and ".join(self.e.some(a) for a in n.args)

    def none_of(self, n: Node) -> str:
        return " or ".join(self.e.none(a) for a in n.args)

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
        self.e._alias(n.args[0], n)

    def _input(self, n: Node, i: str) -> None:
        e = self.e
        name, presumed = str(n.data[0]), bool(n.data[1])
        f = e.program.pack.fields.get(name)
        form = e.columns.get(name, "absent")
        if form == "absent":
            self._absent(n, f.empty if presumed and f is not None else None)
            return
        assert f is not None
        column = f"{e.arg('c_' + name)}[{i}]"
        if form == "known":
            self._set(n, column, column)
            return
        state = f"{e.arg('s_' + name)}[{i}]"
        e.put(f"st = {state}")
        e.put("if st == 0:")
        self._branch(n, column, column)
        if form == "intervals" and n.kind == "num":
            e.put("elif st == 3:")
            self._branch(n, column, f"{e.arg('h_' + name)}[{i}]")
        if n.na:
            e.put("elif st == 4:")
            self._branch(n, "", "")
        if f.empty is not None and not presumed and f.register:
            place = self.place(i)
            e.put(f"elif st == 1 and {e.arg('complete')}[{e.registers[f.register]}, {place}]:")
            self._branch(n, str(f.empty), str(f.empty))
        e.put("else:")
        e.indent += 1
        self._absent(n, f.empty if presumed else None)
        e.indent -= 1

    def _branch(self, n: Node, lo: str, hi: str) -> None:
        self.e.indent += 1
        if lo:
            self._set(n, lo, hi)
        else:
            self._nothing(n)
        self.e.indent -= 1

    def _set(self, n: Node, lo: str, hi: str) -> None:
        e = self.e
        if n.kind == "num":
            ends = f"x{n.id} = np.int64({lo})" if e.exact(n) else f"x{n.id}l = np.int64({lo}); x{n.id}h = np.int64({hi})"
            e.put(ends + (f"; x{n.id}v = True; x{n.id}n = False" if n.na else ""))
        elif n.kind == "enum":
            e.put(f"e{n.id} = np.int64(1) << np.int64({lo})")
        elif e.single(n):
            e.put(f"t{n.id} = {lo} == 1")
        else:
            e.put(f"t{n.id}y = {lo} == 1; t{n.id}n = {lo} != 1" + (f"; t{n.id}a = False" if n.na else ""))

    def _nothing(self, n: Node) -> None:
        e = self.e
        if n.kind == "num":
            e.put((f"x{n.id} = np.int64(0)" if e.exact(n) else f"x{n.id}l = np.int64(0); x{n.id}h = np.int64(0)") + f"; x{n.id}v = False; x{n.id}n = True")
        elif n.kind == "enum":
            e.put(f"e{n.id} = np.int64({NA_BIT})")
        else:
            e.put(f"t{n.id}y = False; t{n.id}n = False; t{n.id}a = True")

    def _absent(self, n: Node, empty: int | None) -> None:
        """Unknown, or presumed to be empty."""
        e = self.e
        if empty is not None:
            self._set(n, str(empty), str(empty))
        elif n.kind == "num":
            e.put(f"x{n.id}l = np.int64({n.lo}); x{n.id}h = np.int64({n.hi})" + (f"; x{n.id}v = True; x{n.id}n = True" if n.na else ""))
        elif n.kind == "enum":
            e.put(f"e{n.id} = np.int64({n.hi | (NA_BIT if n.na else 0)})")
        else:
            e.put(f"t{n.id}y = True; t{n.id}n = True" + (f"; t{n.id}a = True" if n.na else ""))

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
            corners = ", ".join(f"{x} * {y}" for x in (e.lo(a), e.hi(a)) for y in (e.lo(b), e.hi(b)))
            self.number(n, f"min({corners})", f"max({corners})")

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
            corners = ", ".join(one(x, y) for x in (e.lo(a), e.hi(a)) for y in (e.lo(b), e.hi(b)))
            self.number(n, f"min({corners})", f"max({corners})")

    def _age(self, n: Node, i: str) -> None:
        e, (a,) = self.e, n.args
        cutoffs = e.arg("cutoffs")
        self.number(n, f"age_of({cutoffs}, {e.hi(a)})", f"age_of({cutoffs}, {e.lo(a)})")

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
        self.truth(n, f"({some}) and {yes}", f"({some}) and {no}", self.none_of(n))

    def _less(self, n: Node, i: str) -> None:
        e, (a, b) = self.e, n.args
        self._compared(n, f"({e.lo(a)} < {e.hi(b)})", f"({e.hi(a)} >= {e.lo(b)})")

    def _less_equal(self, n: Node, i: str) -> None:
        e, (a, b) = self.e, n.args
        self._compared(n, f"({e.lo(a)} <= {e.hi(b)})", f"({e.hi(a)} > {e.lo(b)})")

    def _equal(self, n: Node, i: str) -> None:
        e, (a, b) = self.e, n.args
        meet = f"({e.lo(a)} <= {e.hi(b)} and {e.lo(b)} <= {e.hi(a)})"
        self._compared(n, meet, f"(not ({e.lo(a)} == {e.hi(a)} and {e.lo(b)} == {e.hi(b)} and {e.lo(a)} == {e.lo(b)}))")

    def _among(self, n: Node, i: str) -> None:
        e, (a,) = self.e, n.args
        mask = int(str(n.data[0]))
        rest = ((1 << 62) - 1) & ~mask
        self.truth(n, f"({e.mask(a)} & {mask}) != 0", f"({e.mask(a)} & {rest}) != 0", f"({e.mask(a)} & {NA_BIT}) != 0")

    def _same_choice(self, n: Node, i: str) -> None:
        e, (a, b) = self.e, n.args
        low = NA_BIT - 1
        x, y = f"({e.mask(a)} & {low})", f"({e.mask(b)} & {low})"
        both = f"{x} != 0 and {y} != 0"
        same = f"({x} == {y} and ({x} & ({x} - 1)) == 0)"
        self.truth(n, f"{both} and ({x} & {y}) != 0", f"{both} and not {same}", f"(({e.mask(a)} | {e.mask(b)}) & {NA_BIT}) != 0")

    def _both(self, n: Node, i: str) -> None:
        e, (a, b) = self.e, n.args
        if not n.na:
            self.truth(n, f"{e.yes(a)} and {e.yes(b)}", f"{e.no(a)} or {e.no(b)}")
            return
        no = f"({e.no(a)} and ({e.yes(b)} or {e.no(b)})) or ({e.no(b)} and ({e.yes(a)} or {e.no(a)}))"
        self.truth(n, f"{e.yes(a)} and {e.yes(b)}", no, f"{e.na(a)} or {e.na(b)}")

    def _either(self, n: Node, i: str) -> None:
        e, (a, b) = self.e, n.args
        if not n.na:
            self.truth(n, f"{e.yes(a)} or {e.yes(b)}", f"{e.no(a)} and {e.no(b)}")
            return
        yes = f"({e.yes(a)} and ({e.yes(b)} or {e.no(b)})) or ({e.yes(b)} and ({e.yes(a)} or {e.no(a)}))"
        self.truth(n, yes, f"{e.no(a)} and {e.no(b)}", f"{e.na(a)} or {e.na(b)}")

    def _not(self, n: Node, i: str) -> None:
        e, (a,) = self.e, n.args
        self.truth(n, e.no(a), e.yes(a), e.na(a))

    def _applicable(self, n: Node, i: str) -> None:
        e, (a,) = self.e, n.args
        if a.kind == "num":
            yes, no = e.some(a), e.none(a)
        elif a.kind == "bool":
            yes, no = f"({e.yes(a)} or {e.no(a)})", e.na(a)
        else:
            yes, no = f"({e.mask(a)} & {NA_BIT - 1}) != 0", f"({e.mask(a)} & {NA_BIT}) != 0"
        self.truth(n, yes, no, "False")

    # any kind -----------------------------------------------------------------------------------

    def _select(self, n: Node, i: str) -> None:
        e, (c, a, b) = self.e, n.args
        y, no, na = e.yes(c), e.no(c), e.na(c)
        if n.kind == "bool":
            def arm(f: object) -> str:
                return f"({y} and {f(a)}) or ({no} and {f(b)})"  # type: ignore[operator]

            self.truth(n, arm(e.yes), arm(e.no), f"{na} or {arm(e.na)}")
        elif n.kind == "enum":
            text = f"({e.mask(a)} if {y} else 0) | ({e.mask(b)} if {no} else 0)"
            e.put(f"e{n.id} = np.int64({text}{f' | ({NA_BIT} if {na} else 0)' if c.na else ''})")
        else:
            self._hull(n, [(y, a), (no, b)], na)

    def _hull(self, n: Node, arms: list[tuple[str, Node]], na: str) -> None:
        """The number is one of those whose condition holds."""
        e = self.e
        live = [(f"({c}) and {e.some(a)}" if a.na else c, a) for c, a in arms if a.op != "na"]
        one = e.exact(n)
        zero = f"x{n.id} = np.int64(0)" if one else f"x{n.id}l = np.int64(0); x{n.id}h = np.int64(0)"
        if one or len(live) < 2:
            for j, (c, a) in enumerate(live):
                e.put(f"{'if' if j == 0 else 'elif'} {c}:")
                ends = f"x{n.id} = np.int64({e.lo(a)})" if one else f"x{n.id}l = np.int64({e.lo(a)}); x{n.id}h = np.int64({e.hi(a)})"
                e.put("    " + ends)
            e.put("else:" if live else "if True:")
            e.put("    " + zero)
        else:
            e.put(f"{zero}; u = False")
            for c, a in live:
                e.put(f"if {c}:")
                e.put("    if u:")
                e.put(f"        x{n.id}l = min(x{n.id}l, {e.lo(a)}); x{n.id}h = max(x{n.id}h, {e.hi(a)})")
                e.put("    else:")
                e.put(f"        x{n.id}l = np.int64({e.lo(a)}); x{n.id}h = np.int64({e.hi(a)}); u = True")
        if n.na:
            e.put(f"x{n.id}v = {' or '.join(f'({c})' for c, _ in live) or 'False'}")
            nothing = [na] + [f"(({c}) and {e.none(a)})" for c, a in arms if a.na]
            e.put(f"x{n.id}n = {' or '.join(nothing)}")

    def _coalesce(self, n: Node, i: str) -> None:
        e, (a, b) = self.e, n.args
        if n.kind == "num":
            self._hull_coalesce(n, a, b)
        elif n.kind == "bool":
            self.truth(
                n,
                f"{e.yes(a)} or ({e.na(a)} and {e.yes(b)})",
                f"{e.no(a)} or ({e.na(a)} and {e.no(b)})",
                f"{e.na(a)} and {e.na(b)}",
            )
        else:
            there = f"({e.mask(a)} & {NA_BIT - 1})"
            e.put(f"e{n.id} = np.int64({there} | ({e.mask(b)} if ({e.mask(a)} & {NA_BIT}) != 0 else 0))")

    def _hull_coalesce(self, n: Node, a: Node, b: Node) -> None:
        e = self.e
        some_a, none_a = e.some(a), e.none(a)
        one = e.exact(n)
        zero = f"x{n.id} = np.int64(0)" if one else f"x{n.id}l = np.int64(0); x{n.id}h = np.int64(0)"
        e.put(f"{zero}; u = False")
        for c, side in ((some_a, a), (f"{none_a} and {e.some(b)}", b)):
            e.put(f"if {c}:")
            if one:
                e.put(f"    x{n.id} = np.int64({e.lo(side)}); u = True")
                continue
            e.put("    if u:")
            e.put(f"        x{n.id}l = min(x{n.id}l, {e.lo(side)}); x{n.id}h = max(x{n.id}h, {e.hi(side)})")
            e.put("    else:")
            e.put(f"        x{n.id}l = np.int64({e.lo(side)}); x{n.id}h = np.int64({e.hi(side)}); u = True")
        if n.na:
            e.put(f"x{n.id}v = u")
            e.put(f"x{n.id}n = {none_a} and {e.none(b)}")

    def _pick(self, n: Node, i: str) -> None:
        e = self.e
        chosen = e.mask(n.args[0])
        arms = [(f"({chosen} & {1 << j}) != 0", option) for j, option in enumerate(n.args[1:])]
        self._hull(n, arms, f"({chosen} & {NA_BIT}) != 0")

    # members ------------------------------------------------------------------------------------

    def members(self, loops: list[Node]) -> None:
        """One loop over the members of group ``i`` for all aggregates of a stage."""
        e = self.e
        for n in loops:
            how, default = n.data
            start = 0 if how == "sum" else default
            if n.kind == "bool":
                self.truth(n, str(how == "all"), str(how != "all"), "False")
            else:
                e.put(f"x{n.id} = np.int64({start})" if e.exact(n) else f"x{n.id}l = np.int64({start}); x{n.id}h = np.int64({start})")
                if n.na:
                    e.put(f"x{n.id}v = True; x{n.id}n = False")
        first = e.arg("first_person")
        e.put(f"for j in range({first}[i], {first}[i] + {e.arg('size')}[i]):")
        e.indent += 1
        read: set[int] = set()
        for n in loops:
            a = n.args[0]
            if a.id not in read:
                read.add(a.id)
                self._read_member(a)
            self._join(n, a)
        e.indent -= 1
        for n in loops:
            if n.kind == "num" and n.na:
                zero = f"x{n.id} = 0" if e.exact(n) else f"x{n.id}l = 0; x{n.id}h = 0"
                e.put(f"if not x{n.id}v: {zero}")

    def _read_member(self, a: Node) -> None:
        e = self.e
        if a.op == "spread":
            e._alias(a.args[0], a)
        elif a.op in ("input", "param"):
            self.write(a, "j")
        elif a.op == "person":
            self._person(a, "j")
        elif a.unit == SCALAR:
            self.write(a, "j")
        else:
            assert a.unit == PERSON
            e.load(a, a, "j - p0")

    def _join(self, n: Node, a: Node) -> None:
        e = self.e
        how = n.data[0]
        if n.kind == "bool":
            if e.single(n):
                e.put(f"t{n.id} = t{n.id} {'or' if how == 'any' else 'and'} {e.yes(a)}")
                return
            y, no = f"t{n.id}y", f"t{n.id}n"
            if how == "any":
                if a.na:
                    e.put(f"u = ({y} and ({e.yes(a)} or {e.no(a)})) or ({e.yes(a)} and ({y} or {no}))")
                    e.put(f"{no} = {no} and {e.no(a)}; {y} = u")
                else:
                    e.put(f"{y} = {y} or {e.yes(a)}; {no} = {no} and {e.no(a)}")
            elif a.na:
                e.put(f"u = ({no} and ({e.yes(a)} or {e.no(a)})) or ({e.no(a)} and ({y} or {no}))")
                e.put(f"{y} = {y} and {e.yes(a)}; {no} = u")
            else:
                e.put(f"{y} = {y} and {e.yes(a)}; {no} = {no} or {e.no(a)}")
            if n.na:
                e.put(f"t{n.id}a = t{n.id}a or {e.na(a)}")
            return
        ends = [("", e.lo(a))] if e.exact(n) else [("l", e.lo(a)), ("h", e.hi(a))]
        for end, value in ends:
            name = f"x{n.id}{end}"
            e.put(f"{name} = {name} + {value}" if how == "sum" else f"{name} = {how}({name}, {value})")
        if n.na:
            e.put(f"x{n.id}v = x{n.id}v and {e.some(a)}; x{n.id}n = x{n.id}n or {e.none(a)}")
