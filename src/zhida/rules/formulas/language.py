"""The formula language: a typed subset of Python expressions.

Text is parsed by the standard library and walked node by node; whatever is not listed here is
refused with its place. Nothing of a formula is ever executed as Python.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Protocol

from zhida.rules.declarations import At, Enumeration, Formula
from zhida.rules.formulas import terms
from zhida.rules.formulas.ir import PERSON, SCALAR, Graph, Node, RangeError, cone
from zhida.rules.formulas.literals import choice, coalesce, number, proved_positive
from zhida.rules.formulas.syntax import Located, parse
from zhida.rules.formulas.terms import FormulaError, Term, word

FUNCTIONS = frozenset(
    [
        "min",
        "max",
        "sum",
        "any",
        "all",
        "count",
        "age",
        "months_since",
        "applicable",
        "coalesce",
        "round_up",
        "round_down",
        "round_half_up",
    ]
)


class Names(Protocol):
    """What names mean; implemented by the builder of a program."""

    graph: Graph

    def value(self, name: str, unit: str) -> Term | None: ...
    def table(self, name: str, unit: str) -> tuple[Enumeration, tuple[Term, ...]] | None: ...
    def benefit(self, name: str, asked: str, unit: str) -> Term | None: ...
    def linked(self, link: str, name: str) -> Term | None: ...
    def is_link(self, name: str) -> bool: ...
    def members_of(self, word: str) -> str | None: ...
    def kin_of(self, word: str) -> str | None: ...
    def counted(self, word: str) -> Node | None: ...
    def enumeration(self, id: str) -> Enumeration: ...
    def suggest(self, name: str) -> str: ...


@dataclass(frozen=True, slots=True)
class Scope:
    """Where a name stands: the unit of the formula, the member variable (of a person's ``kin``, or of the
    group), and what guards prove."""

    unit: str
    member: str = ""
    positive: frozenset[int] = frozenset()
    kin: bool = False


class Reader:
    """Turns one formula into a term."""

    def __init__(self, names: Names, formula: Formula) -> None:
        self.names = names
        self.g = names.graph
        self.formula = formula
        self.wrapped = "\n" in formula.text

    def read(self, scope: Scope) -> Term:
        return self.term(parse(self.formula), scope)

    # positions ----------------------------------------------------------------------------------

    def at(self, node: ast.AST) -> At:
        line = getattr(node, "lineno", 1)
        lines = self.formula.text.split("\n")
        column_bytes = getattr(node, "col_offset", 0) - (1 if self.wrapped and line == 1 else 0)
        text = lines[line - 1] if line <= len(lines) else ""
        column = len(text.encode()[: max(0, column_bytes)].decode(errors="ignore"))
        base = self.formula.at
        return At(base.file, base.line + line - 1, base.column + column if line == 1 else column + 1)

    def source(self, node: ast.AST) -> str:
        return (
            ast.get_source_segment(self.formula.text, node) or ast.unparse(node)
            if not self.wrapped
            else ast.unparse(node)
        )

    @contextmanager
    def located(self, node: ast.AST) -> Iterator[None]:
        try:
            yield
        except RangeError as error:
            wrong = FormulaError(str(error), "narrower min and max of its fields and parameters")
            raise Located(self.at(node), self.source(node), wrong) from None
        except FormulaError as error:
            raise Located(self.at(node), self.source(node), error) from None

    # terms --------------------------------------------------------------------------------------

    def term(self, node: ast.expr, scope: Scope) -> Term:
        kinds: dict[type[ast.expr], Callable[..., Term]] = {
            ast.Constant: self._constant,
            ast.Name: self._name,
            ast.Attribute: self._attribute,
            ast.Subscript: self._subscript,
            ast.BinOp: self._arithmetic,
            ast.UnaryOp: self._unary,
            ast.Compare: self._compare,
            ast.BoolOp: self._boolean,
            ast.IfExp: self._choice,
            ast.Call: self._call,
        }
        read = kinds.get(type(node))
        with self.located(node):
            if read is None:
                raise FormulaError(
                    f"{type(node).__name__} is not part of the language",
                    "names, numbers, + - * /, comparisons, and/or/not",
                )
            return read(node, scope)

    def boolean(self, node: ast.expr, scope: Scope) -> Node:
        term = self.term(node, scope)
        with self.located(node):
            if term.dim != "bool":
                raise FormulaError(f"{word(term)} stands where a yes/no must", "a comparison")
        return term.num

    def _constant(self, node: ast.Constant, scope: Scope) -> Term:
        value = node.value
        if isinstance(value, bool):
            return Term("bool", self.g.truth(value))
        if isinstance(value, int | float):
            return number(self.g, self.source(node))
        if isinstance(value, str):
            raise FormulaError("a text stands alone", 'a text beside a choice: 类别 == "甲"')
        raise FormulaError(
            f"a {type(value).__name__} is not part of the language", "a number, a text or True / False"
        )

    def _name(self, node: ast.Name, scope: Scope) -> Term:
        if node.id == scope.member:
            raise FormulaError(f"{node.id} stands alone", f"a field of the member: {node.id}.年龄")
        unit = scope.unit
        found = self.names.value(node.id, unit)
        if found is None and self.names.value(node.id, PERSON) is not None:
            loop = f"a loop over members, as in sum(m.{node.id} for m in 成员)"
            raise FormulaError(f"{node.id} belongs to a person, not to a {unit}", loop)
        if found is None:
            raise FormulaError(f"nothing is called {node.id}", self.names.suggest(node.id))
        if scope.kin:
            _refuse_own(found, node.id, scope)
        return self._inside(found, scope)

    def _inside(self, term: Term, scope: Scope) -> Term:
        """A group's value named inside a loop over members is the same for each of them."""
        if not scope.member or term.num.unit in (SCALAR, PERSON):
            return term
        return Term(term.dim, self.g.spread(term.num), term.den and self.g.spread(term.den), term.enum)

    def _attribute(self, node: ast.Attribute, scope: Scope) -> Term:
        if not isinstance(node.value, ast.Name):
            raise FormulaError("a dot after something that is no name", "m.字段, 父.字段 or 福利.享有")
        base = node.value.id
        if base == scope.member and scope.member:
            found = self.names.value(node.attr, PERSON)
            if found is None:
                raise FormulaError(f"no person has {node.attr}", self.names.suggest(node.attr))
            whole = None if scope.kin else self.names.value(node.attr, scope.unit)
            if whole is not None and found.num.op == "spread" and found.num.args[0] is whole.num:
                raise FormulaError(f"{node.attr} belongs to the {scope.unit}, not to a member", node.attr)
            return found
        if self.names.is_link(base):
            if scope.member:
                own = f"a variable that follows {base}, named {scope.member}.…"
                raise FormulaError(f"the link {base} inside a loop", own)
            if scope.unit != PERSON:
                raise FormulaError(
                    f"the link {base} in a formula about {scope.unit}", "a formula about a person"
                )
            found = self.names.linked(base, node.attr)
            if found is None:
                raise FormulaError(f"no person has {node.attr}", self.names.suggest(node.attr))
            return found
        found = self.names.benefit(base, node.attr, scope.unit)
        if found is None:
            raise FormulaError(
                f"{base}.{node.attr} means nothing", "福利.享有, 福利.符合, 福利.金额, or a member's field"
            )
        if scope.kin:
            _refuse_own(found, f"{base}.{node.attr}", scope)
        return self._inside(found, scope)

    def _subscript(self, node: ast.Subscript, scope: Scope) -> Term:
        if not isinstance(node.value, ast.Name):
            raise FormulaError("[ ] after something that is no name", "表参数[类别]")
        unit = PERSON if scope.member else scope.unit
        found = self.names.table(node.value.id, scope.unit)
        if found is None:
            raise FormulaError(f"{node.value.id} is no table", self.names.suggest(node.value.id))
        enum, options = found
        if unit != scope.unit:
            options = tuple(self._inside(o, scope) for o in options)
        index = self._as_choice(node.slice, scope, enum)
        dens = {o.den for o in options}
        assert len(dens) == 1
        if index.num.op == "choice":
            mask = index.num.data[0]
            assert isinstance(mask, int)
            return options[mask.bit_length() - 1]
        if options[0].dim == "bool":
            one, zero = self.g.const(1), self.g.const(0)
            picked = self.g.pick(index.num, tuple(self.g.select(o.num, one, zero) for o in options))
            return Term("bool", self.g.equal(picked, one))
        return Term(options[0].dim, self.g.pick(index.num, tuple(o.num for o in options)), dens.pop())

    def _as_choice(self, node: ast.expr, scope: Scope, enum: Enumeration) -> Term:
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            with self.located(node):
                return choice(self.g, enum, node.value)
        if isinstance(node, ast.IfExp):
            with self.located(node):
                condition = self.boolean(node.test, scope)
                a = self._as_choice(node.body, self._guarded(scope, condition), enum)
                return terms.select(self.g, condition, a, self._as_choice(node.orelse, scope, enum))
        term = self.term(node, scope)
        with self.located(node):
            if term.dim != "enum" or term.enum != enum.id:
                raise FormulaError(f"{word(term)} stands where a choice must", f"a choice of {enum.name}")
        return term

    def _arithmetic(self, node: ast.BinOp, scope: Scope) -> Term:
        a, b = self.term(node.left, scope), self.term(node.right, scope)
        if isinstance(node.op, ast.Add):
            return terms.add(self.g, a, b)
        if isinstance(node.op, ast.Sub):
            return terms.subtract(self.g, a, b)
        if isinstance(node.op, ast.Mult):
            return terms.multiply(self.g, a, b)
        if isinstance(node.op, ast.Div):
            return terms.divide(self.g, a, b, scope.positive)
        raise FormulaError(f"{type(node.op).__name__} is not part of the language", "+ - * /")

    def _unary(self, node: ast.UnaryOp, scope: Scope) -> Term:
        if isinstance(node.op, ast.Not):
            return Term("bool", self.g.negate(self.boolean(node.operand, scope)))
        if isinstance(node.op, ast.USub):
            return terms.negative(self.g, self.term(node.operand, scope))
        raise FormulaError(f"{type(node.op).__name__} is not part of the language", "not or -")

    def _compare(self, node: ast.Compare, scope: Scope) -> Term:
        result: Node | None = None
        left = node.left
        for op, right in zip(node.ops, node.comparators, strict=True):
            step = self._compare_one(left, op, right, scope)
            result = step if result is None else self.g.both(result, step)
            left = right
        assert result is not None
        return Term("bool", result)

    def _compare_one(self, left: ast.expr, op: ast.cmpop, right: ast.expr, scope: Scope) -> Node:
        if isinstance(op, ast.In | ast.NotIn):
            among = self._among(left, right, scope)
            return among if isinstance(op, ast.In) else self.g.negate(among)
        symbol = SYMBOLS.get(type(op))
        if symbol is None:
            raise FormulaError(f"{type(op).__name__} is not part of the language", "== != < <= > >= in")
        for one, other in ((left, right), (right, left)):
            if isinstance(one, ast.Constant) and isinstance(one.value, str):
                term = self.term(other, scope)
                if term.dim != "enum":
                    raise FormulaError(f"{word(term)} compared with a text", "a choice beside a text")
                return terms.compare(
                    self.g, symbol, term, choice(self.g, self.names.enumeration(term.enum), one.value)
                )
        return terms.compare(self.g, symbol, self.term(left, scope), self.term(right, scope))

    def _among(self, left: ast.expr, right: ast.expr, scope: Scope) -> Node:
        if not isinstance(right, ast.Tuple | ast.List | ast.Set) or not right.elts:
            raise FormulaError("`in` needs its values written out", '类别 in ("甲", "乙")')
        term = self.term(left, scope)
        if term.dim == "enum":
            enum, mask = self.names.enumeration(term.enum), 0
            for element in right.elts:
                if not (isinstance(element, ast.Constant) and isinstance(element.value, str)):
                    raise FormulaError("`in` takes texts beside a choice", '类别 in ("甲", "乙")')
                with self.located(element):
                    value = choice(self.g, enum, element.value).num.data[0]
                assert isinstance(value, int)
                mask |= value
            return self.g.among(term.num, mask)
        result = self.g.truth(False)
        for element in right.elts:
            if not isinstance(element, ast.Constant):
                raise FormulaError("`in` takes constants only", "等级 in (1, 2)")
            result = self.g.either(result, terms.compare(self.g, "==", term, self.term(element, scope)))
        return result

    def _boolean(self, node: ast.BoolOp, scope: Scope) -> Term:
        join = self.g.both if isinstance(node.op, ast.And) else self.g.either
        result = self.boolean(node.values[0], scope)
        for value in node.values[1:]:
            result = join(result, self.boolean(value, scope))
        return Term("bool", result)

    def _choice(self, node: ast.IfExp, scope: Scope) -> Term:
        condition = self.boolean(node.test, scope)
        a = self.term(node.body, self._guarded(scope, condition))
        return terms.select(self.g, condition, a, self.term(node.orelse, scope))

    def _guarded(self, scope: Scope, condition: Node) -> Scope:
        return replace(scope, positive=scope.positive | proved_positive(condition))

    # calls --------------------------------------------------------------------------------------

    def _call(self, node: ast.Call, scope: Scope) -> Term:
        if not isinstance(node.func, ast.Name) or node.func.id not in FUNCTIONS:
            raise FormulaError("this function is not part of the language", ", ".join(sorted(FUNCTIONS)))
        name = node.func.id
        if node.args and isinstance(node.args[0], ast.GeneratorExp):
            return self._inside(self._over_members(name, node, node.args[0], scope), scope)
        if node.keywords:
            raise FormulaError(f"{name} takes no named argument here", f"{name}(…)")
        if name in ("min", "max"):
            if len(node.args) < 2:
                raise FormulaError(f"{name} of fewer than two", f"{name}(a, b)")
            parts = [self.term(a, scope) for a in node.args]
            result = parts[0]
            for part in parts[1:]:
                result = terms.extreme(self.g, name, result, part)
            return result
        counts = {"age": 1, "months_since": 1, "applicable": 1}
        if len(node.args) != counts.get(name, 2):
            raise FormulaError(f"{name} with {len(node.args)} arguments", str(counts.get(name, 2)))
        first = self.term(node.args[0], scope)
        if name in ("age", "months_since"):
            if first.dim != "date":
                raise FormulaError(f"{name} of {word(first)}", "a date")
            return Term("number", self.g.age(first.num) if name == "age" else self.g.months_since(first.num))
        if name == "applicable":
            return Term("bool", self.g.applicable(first.num))
        if name == "coalesce":
            return coalesce(self.g, first, self.term(node.args[1], scope))
        if name.startswith("round_"):
            return terms.rounded(self.g, first, self._step(node.args[1], first), name.removeprefix("round_"))
        raise FormulaError(f"{name} needs members", f"{name}(m.字段 for m in 成员)")

    def _step(self, node: ast.expr, of: Term) -> int:
        if (
            not isinstance(node, ast.Constant)
            or isinstance(node.value, bool)
            or not isinstance(node.value, int | float)
        ):
            raise FormulaError("the step of a rounding is not written out", "0.01, 0.1, 1, 10 …")
        value = number(self.g, self.source(node))
        below = value.den.lo if value.den is not None else 1
        step, rest = divmod(value.num.lo * (100 if of.dim == "money" else 1), below)
        if step < 1 or rest:
            raise FormulaError(
                "a step finer than can be paid", "0.01 or more for money, 1 or more for numbers"
            )
        return step

    def _over_members(self, name: str, node: ast.Call, loop: ast.GeneratorExp, scope: Scope) -> Term:
        g = self.g
        if (
            len(loop.generators) != 1
            or loop.generators[0].is_async
            or not isinstance(loop.generators[0].target, ast.Name)
        ):
            raise FormulaError("a loop that is not over members", f"{name}(m.字段 for m in 成员 if …)")
        part = loop.generators[0]
        target = loop.generators[0].target
        assert isinstance(target, ast.Name)
        word_of = part.iter.id if isinstance(part.iter, ast.Name) else ""
        unit, kin = self.names.members_of(word_of), self.names.kin_of(word_of)
        if kin is not None and (scope.unit != PERSON or scope.member):
            where = "inside a loop" if scope.member else f"in a formula about {scope.unit}"
            expected = f"a variable of the person that goes over {word_of}, named by itself"
            raise FormulaError(f"a loop over {word_of} {where}", expected)
        if kin is None and (unit is None or unit != scope.unit):
            raise FormulaError(
                f"a formula about {scope.unit} has no such members", "成员 in a formula about a group"
            )
        if len(node.args) > 1 or (node.keywords and name not in ("min", "max")):
            raise FormulaError(
                f"{name} over members takes nothing else", f"{name}(m.字段 for m in 成员 if …)"
            )
        inner = Scope(scope.unit, target.id, scope.positive, kin is not None)

        def over(how: str, value: Node, default: int = 0) -> Node:
            if kin is not None:
                return g.kin(kin, how, value, default)
            assert unit is not None
            return g.aggregate(how, unit, value, default)

        chosen = g.truth(True)
        for test in part.ifs:
            chosen = g.both(chosen, self.boolean(test, inner))
        counted = self.names.counted(word_of)
        if counted is not None:  # nobody else is looked at, not even by the `if`
            out = g.truth(False)
            chosen = g.select(counted, chosen, out) if chosen.na else g.both(counted, chosen)
        if name == "count":
            if not (isinstance(loop.elt, ast.Name) and loop.elt.id == target.id):
                raise FormulaError("count of something else than members", "count(m for m in 成员 if …)")
            one = g.select(chosen, g.const(1), g.const(0))
            return Term("number", over("sum", one))
        if name in ("any", "all"):
            held = self.boolean(loop.elt, inner)
            # Whom the `if` leaves out is not looked at, so what does not apply to them says nothing.
            held = g.select(chosen, held, g.truth(name == "all"))
            return Term("bool", over(name, held))
        value = self.term(loop.elt, inner)
        if not value.is_number:
            raise FormulaError(f"{name} over {word(value)}", "amounts or numbers")
        if value.den is not None and value.den.op != "const":
            raise FormulaError(f"{name} over a quotient", "whole values; round it first")
        if name == "sum":
            kept = g.select(chosen, value.num, g.const(0))
            return Term(value.dim, over("sum", kept), value.den)
        if name in ("min", "max"):
            default = next((k.value for k in node.keywords if k.arg == "default"), None)
            if default is None or len(node.keywords) != 1:
                raise FormulaError(f"{name} over members without a default", f"{name}((…), default=0)")
            if value.den is not None:
                raise FormulaError(f"{name} over numbers with decimals", "whole numbers or amounts")
            start = terms.alike(self.term(default, scope), value)[0]
            if start.num.op != "const" or start.den is not None or start.dim != value.dim:
                raise FormulaError("the default is no constant of the members' kind", "default=0")
            if start.num.lo > value.num.lo if name == "max" else start.num.lo < value.num.hi:
                side = f"at most {value.num.lo}" if name == "max" else f"at least {value.num.hi}"
                raise FormulaError("the default could win over a member", f"a default that is {side}")
            kept = g.select(chosen, value.num, start.num)
            return Term(value.dim, over(name, kept, start.num.lo))
        raise FormulaError(f"{name} does not go over members", "sum any all count min max")


def _refuse_own(term: Term, name: str, scope: Scope) -> None:
    """Inside a loop over kin a bare name would be the person's own; only parameters, at the kin's place."""
    for root in (term.num, term.den):
        if root is not None and any(n.op not in LEAVES and not n.args for n in cone((root,))):
            raise FormulaError(f"{name} inside a loop over kin is not the kin's", f"{scope.member}.{name}")


LEAVES = ("param", "const", "truth", "choice", "na")

SYMBOLS: dict[type[ast.cmpop], str] = {
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
}
