"""What the names in a formula mean: fields, parameters, variables, benefits, links."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zhida.rules.declarations import Benefit, Enumeration, Field, Kind, Parameter, Variable
from zhida.rules.formulas.ir import PERSON, SCALAR, Node
from zhida.rules.formulas.terms import FormulaError, Term
from zhida.rules.problems import one_of

if TYPE_CHECKING:
    from zhida.rules.program.builder import Builder

DIMS = {Kind.BOOL: "bool", Kind.INT: "number", Kind.MONEY: "money", Kind.DECIMAL: "number", Kind.DATE: "date"}


class PackNames:
    """Implements :class:`zhida.rules.formulas.language.Names` for one builder."""

    def __init__(self, builder: Builder) -> None:
        self.builder = builder
        self.graph = builder.g
        pack = builder.pack
        self.known: dict[str, Field | Parameter | Variable] = {}
        for things in (pack.fields, pack.parameters, pack.variables):
            for thing in things.values():
                self.known[thing.id] = thing
                self.known[thing.name] = thing
        self.benefits: dict[str, Benefit] = {}
        for b in pack.benefits.values():
            self.benefits[b.id] = self.benefits[b.name] = b
        self.links = {w: link.id for link in pack.links.values() for w in (link.id, link.name)}
        self.kin = {w: kin.id for kin in pack.kin.values() for w in (kin.id, kin.name)}
        self.members = {u.members: u.id for u in pack.units.values() if u.members}
        self.formed = {f.members: f for f in pack.formations.values() if f.members}

    def value(self, name: str, unit: str) -> Term | None:
        thing = self.known.get(name)
        if isinstance(thing, Field):
            return self._crossing(self.field(thing), unit)
        if isinstance(thing, Parameter):
            if thing.table:
                raise FormulaError(f"{thing.name} is a table", f"{thing.name}[类别]")
            return self.parameter(thing, 0, unit)
        if isinstance(thing, Variable):
            return self._crossing(self.builder.variable(thing), unit)
        return None

    def _crossing(self, term: Term, unit: str) -> Term | None:
        """A person may use its group's value; a group may not use a member's without a loop."""
        own = term.num.unit
        if own in (SCALAR, unit) and (term.den is None or term.den.unit in (SCALAR, unit)):
            return term
        if unit == PERSON:
            g = self.graph
            return Term(term.dim, g.spread(term.num), term.den and g.spread(term.den), term.enum)
        return None

    def field(self, f: Field) -> Term:
        g = self.graph
        if f.kind is Kind.BOOL:
            return Term("bool", g.input(f.id, "bool", f.unit, 0, 0, f.optional))
        if f.kind is Kind.ENUM:
            top = (1 << len(self.builder.pack.enums[f.enum].choices)) - 1
            return Term("enum", g.input(f.id, "enum", f.unit, 0, top, f.optional), None, f.enum)
        num = g.input(f.id, "num", f.unit, f.minimum, f.maximum, f.optional)
        den = g.const(10**f.places) if f.kind is Kind.DECIMAL else None
        return Term(DIMS[f.kind], num, den)

    def parameter(self, p: Parameter, index: int, unit: str) -> Term:
        g = self.graph
        num: Node = g.param(p.id, index, unit, p.minimum, p.maximum)
        if p.kind is Kind.BOOL:
            return Term("bool", g.equal(num, g.const(1)))
        return Term(DIMS[p.kind], num, g.const(10**p.places) if p.kind is Kind.DECIMAL else None)

    def table(self, name: str, unit: str) -> tuple[Enumeration, tuple[Term, ...]] | None:
        thing = self.known.get(name)
        if not isinstance(thing, Parameter) or not thing.table:
            return None
        enum = self.builder.pack.enums[thing.table]
        return enum, tuple(self.parameter(thing, i, unit) for i in range(len(enum.choices)))

    def benefit(self, name: str, asked: str, unit: str) -> Term | None:
        b = self.benefits.get(name)
        if b is None or asked not in ("享有", "符合", "金额", "held", "entitled", "amount"):
            return None
        g = self.graph
        answer, _ = self.builder.final(b)
        theirs = unit == PERSON and b.unit != PERSON and b.formed != ""
        if asked in ("享有", "held", "符合", "entitled"):
            is_held = asked in ("享有", "held")
            truth = self.builder.held(b) if is_held else g.coalesce(answer, g.truth(False))
            return (
                Term("bool", self.builder.theirs(b, truth))
                if theirs
                else self._crossing(Term("bool", truth), unit)
            )
        amount = self.builder.base(b).amount
        if amount is None:
            raise FormulaError(f"{b.name} pays nothing", f"{b.name}.享有")
        paid = g.coalesce(g.select(answer, amount, g.const(0)), g.const(0))
        if theirs:
            return Term("money", g.select(self.builder.theirs(b, g.truth(True)), g.spread(paid), g.const(0)))
        return self._crossing(Term("money", paid), unit)

    def linked(self, link: str, name: str) -> Term | None:
        """The value of the person whom the link points at; not applicable where there is nobody."""
        term = self.value(name, PERSON)
        if term is None:
            return None
        g, link_id = self.graph, self.links[link]
        none = g.not_applicable(term.num.kind)
        den = term.den if term.den is None or term.den.op == "const" else g.gather(link_id, term.den, none)
        if den is not None and den.op != "const":
            raise FormulaError(f"{link}.{name} is a quotient", "a whole value; round it first")
        return Term(term.dim, g.gather(link_id, term.num, none), den, term.enum)

    def is_link(self, name: str) -> bool:
        return name in self.links

    def members_of(self, word: str) -> str | None:
        formation = self.formed.get(word)
        return formation.of if formation is not None else self.members.get(word)

    def counted(self, word: str) -> Node | None:
        """Whether a member is one of those whom the word means; None where it means them all."""
        formation = self.formed.get(word)
        if formation is None:
            return None
        return self.builder.variable(self.builder.pack.variables[formation.counted]).num

    def kin_of(self, word: str) -> str | None:
        return self.kin.get(word)

    def enumeration(self, id: str) -> Enumeration:
        return self.builder.pack.enums[id]

    def suggest(self, name: str) -> str:
        return one_of(name, [w for w in self.known if not w.isascii()] or list(self.known), most=5)
