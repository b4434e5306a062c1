# ruff: noqa: E501 - lines of YAML are read better whole
"""Random packs: valid formulas of every kind over random fields, parameters and benefits.

Ranges are small, so that most packs are provably within int64; the few that are not are refused by the
engine with exactly that reason and drawn again.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from zhida.rules.declarations import Pack
from zhida.rules.loading import load_pack
from zhida.rules.problems import PackError
from zhida.rules.program.build import Program, build_program

MONTH = 2024 * 12 + 5
SURE = "source: L1"

PACK = """\
id: random
name: 随机县
root: "990000000000"
verified_through: 2025-12-31
age_on: {{day: {age_on}, source: L1}}
first_month: {{source: L1}}
units:
  - {{id: person, name: 个人}}
  - {{id: household, name: 家庭, members: 成员}}
registers:
  - {{id: one, name: 甲登记, department: 甲, access: register}}
  - {{id: two, name: 乙登记, department: 乙, access: authorisation}}
  - {{id: awards, name: 发放登记, department: 民政, access: register}}
enums:
  - {{id: level, name: 等级表, choices: [{{id: low, name: 低}}, {{id: mid, name: 中}}, {{id: top, name: 高}}]}}
  - {{id: wish, name: 意愿表, choices: [{{id: b0, name: 选零}}, {{id: b1, name: 选一}}, {{id: b2, name: 选二}}]}}
"""
# Kin by links that point back, with a register and without one (never closed); by links both ways; by own links.
TIES = """\
links:
  - {{id: father, name: 父, register: one}}
  - {{id: mother, name: 母}}
  - {{id: spouse, name: 配偶, register: two}}
kin:
  - {{id: children, name: 子女, followed_by: [father, mother], register: one}}
  - {{id: family, name: 亲属, follows: [spouse, {family}], followed_by: [spouse], register: two}}
  - {{id: wards, name: 受助人, followed_by: [mother]}}
  - {{id: parents, name: 父母, follows: [father, mother]}}
"""
LINKS = ("父", "母", "配偶", "father", "mother", "spouse")
KIN = ("子女", "亲属", "父母", "children", "family", "parents")
NO_REGISTER = ("受助人", "wards")
SOURCES = "- {id: L1, title: 随机办法, evidence: LAW}\n"
DIVISIONS = """\
code,name,parent,level,from,until,successor,overlay
990000000000,省,,1,,,,
990100000000,市,990000000000,2,,,,
990101000000,甲县,990100000000,3,,,,
990102000000,乙县,990100000000,3,,,,
"""
CHOICES = {"level": ("低", "中", "高"), "wish": ("选零", "选一", "选二")}
RANGES = {
    "money": ("0", "9.99"),
    "int": ("0", "6"),
    "decimal": ("0", "3"),
    "date": ("1990-01-01", "2024-12-31"),
}
DIMS = {"money": "money", "int": "number", "decimal": "number", "bool": "bool", "date": "date"}


@dataclass(frozen=True)
class Name:
    """Something that a formula may name. ``positive``: always above 0. ``plain``: surely no quotient."""

    word: str
    dim: str
    unit: str
    positive: bool = False
    plain: bool = True


@dataclass
class Scope:
    """Where an expression stands: the unit whose values are bare, and the loop variable, if any, of members
    or of ``kin``. ``plain``: no quotient may stand there."""

    unit: str
    loop: str = ""
    kin: bool = False
    plain: bool = False

    @property
    def ties(self) -> bool:
        """Whether links and kin may be named: in a person's formula, outside loops."""
        return self.unit == "person" and not self.loop


@dataclass
class Writer:
    """Writes random expressions over the names known so far."""

    rng: random.Random
    names: list[Name] = field(default_factory=list)
    tables: list[tuple[str, str, str]] = field(default_factory=list)
    benefits: list[tuple[str, str, bool]] = field(default_factory=list)
    tied: bool = False
    formed: bool = False
    kin_words: tuple[str, ...] = KIN

    def reach(self, scope: Scope) -> list[tuple[str, Name]]:
        """Text and name of everything that may be named there."""
        if scope.kin:  # a kin's household's values too; bare only parameters
            names = [n for n in self.names if n.plain or not scope.plain]
            found = [(f"{scope.loop}.{n.word}", n) for n in names if n.unit or self.rng.random() < 0.3]
            return found + [(n.word, n) for n in names if not n.unit]
        if scope.loop:
            found = [(f"{scope.loop}.{n.word}", n) for n in self.names if n.unit == "person"]
            return found + [(n.word, n) for n in self.names if n.unit in ("household", "")]
        if scope.unit == "person":
            return [(n.word, n) for n in self.names]
        return [(n.word, n) for n in self.names if n.unit in ("household", "")]

    def linked(self, dim: str) -> str:
        """A value of whomever a link points at; "" where nothing is of that kind."""
        found = [n.word for n in self.names if n.plain and n.dim == dim]
        # What was written last follows links itself, perhaps: so chains come about.
        word = self.rng.choice(found[-2:] if self.rng.random() < 0.5 else found) if found else ""
        return f"{self.rng.choice(LINKS)}.{word}" if word else ""

    def leaf(self, dim: str, scope: Scope) -> str:
        if self.tied and scope.ties and self.rng.random() < 0.12 and (text := self.linked(dim)):
            return text
        known = [text for text, n in self.reach(scope) if n.dim == dim]
        if known and self.rng.random() < 0.85:
            return self.rng.choice(known)
        if dim == "money":
            return self.rng.choice(known) if known else "0"
        if dim == "number":
            return self.rng.choice(["0", "1", "2", "3", "0.5", "1.25", "2.1"])
        if dim == "bool":
            return self.rng.choice(["True", "False"])
        if dim == "date":
            return self.rng.choice(known)
        return self.rng.choice(known)

    def write(self, dim: str, depth: int, scope: Scope) -> str:
        if depth <= 0:
            return self.leaf(dim, scope)
        kind = dim.split(":")[0]
        return str(getattr(self, kind)(depth, scope, *dim.split(":")[1:]))

    def common(self, dim: str, depth: int, scope: Scope) -> list[Callable[[], str]]:
        """What every kind of value can be made of."""
        d = depth - 1
        return [
            lambda: self.leaf(dim, scope),
            lambda: (
                f"({self.write(dim, d, scope)} if {self.bool(d, scope)} else {self.write(dim, d, scope)})"
            ),
            lambda: f"coalesce({self.write(dim, d, scope)}, {self.write(dim, d, scope)})",
        ]

    def members(self, dim: str, depth: int, scope: Scope) -> tuple[str, str]:
        """The element of a loop and its text ``for m in 成员 …``."""
        inner = Scope(scope.unit, "n" if scope.loop == "m" else "m")
        test = f" if {self.write('bool', depth - 1, inner)}" if self.rng.random() < 0.5 else ""
        word = self.rng.choice(["成员", "家人"]) if self.formed else "成员"
        loop = f"for {inner.loop} in {word}{test}"
        return (self.write(dim, depth - 1, inner) if dim else inner.loop), loop

    def grouped(self, how: str, dim: str, depth: int, scope: Scope) -> str:
        element, loop = self.members(dim, depth, scope)
        return f"{how}({element} {loop})"

    def kin(self, how: str, dim: str, depth: int, scope: Scope) -> str:
        """A loop over kin. A sum's element is whole: without quotients."""
        inner = Scope("person", "k", kin=True)
        test = f" if {self.write('bool', depth - 1, inner)}" if self.rng.random() < 0.5 else ""
        inner.plain = how == "sum"
        element = self.write(dim, depth - 1, inner) if dim else "k"
        if how == "sum":
            element = element.replace(" / ", " * ")
        return f"{how}({element} for k in {self.rng.choice(self.kin_words)}{test})"

    def extreme_kin(self, dim: str, scope: Scope) -> str:
        inner = Scope("person", "k", kin=True)
        test = f" if {self.leaf('bool', inner)}" if self.rng.random() < 0.5 else ""
        how, default = ("min", "9") if dim == "number" and self.rng.random() < 0.7 else ("max", "0")
        return f"{how}(({self.simple(dim, 'k')} for k in {self.rng.choice(self.kin_words)}{test}), default={default})"

    def below(self, scope: Scope) -> str:
        """A number that is above 0 as it stands."""
        sure = [text for text, n in self.reach(scope) if n.positive and n.dim == "number"]
        return self.rng.choice(
            [
                *sure,
                "2",
                "0.5",
                "7",
                f"max({self.leaf('number', scope)}, 1)",
                f"({self.leaf('number', scope)} + 1)",
            ]
        )

    def guarded(self, dim: str, depth: int, scope: Scope) -> str:
        """A quotient whose denominator a guard has above 0."""
        n = self.leaf("number", scope)
        above = self.rng.choice([f"{n} > 0", f"0 < {n}", f"{n} > 0 and {self.leaf('bool', scope)}"])
        return (
            f"({self.write(dim, depth - 1, scope)} / {n} if {above} else {self.write(dim, depth - 1, scope)})"
        )

    def quotient_of_members(self, depth: int, scope: Scope) -> str:
        """Something per head, times heads: what cancels."""
        element, loop = self.members("money", 1, scope)
        heads = "max(count(k for k in 成员), 1)"
        return f"({self.leaf('money', scope)} - sum({element} {loop}) / {heads}) * {heads}"

    def money(self, depth: int, scope: Scope) -> str:
        d = depth - 1
        r = self.rng
        ways = [
            *self.common("money", depth, scope),
            lambda: f"({self.write('money', d, scope)} {r.choice('+-')} {self.write('money', d, scope)})",
            lambda: f"({self.write('money', d, scope)} * {self.leaf('number', scope)})",
            lambda: f"({self.leaf('number', scope)} * {self.write('money', d, scope)})",
            lambda: f"({self.write('money', d, scope)} / {self.below(scope)})",
            lambda: f"(-{self.write('money', d, scope)})",
            lambda: (
                f"{r.choice(['min', 'max'])}({self.write('money', d, scope)}, {self.write('money', d, scope)})"
            ),
            lambda: f"{r.choice(['min', 'max'])}({self.write('money', d, scope)}, 0)",
            lambda: (
                f"round_{r.choice(['up', 'down', 'half_up'])}({self.write('money', d, scope)}, {r.choice(['0.01', '0.1', '1', '0.05'])})"
            ),
            lambda: self.guarded("money", depth, scope),
        ]
        tables = [(w, e) for w, e, dim in self.tables if dim == "money"]
        if tables:
            w, e = r.choice(tables)
            ways.append(lambda: f"{w}[{self.write('enum:' + e, d, scope)}]")
        if scope.unit == "household" and not scope.loop:
            ways += [
                lambda: self.grouped("sum", "money", depth, scope).replace(" / ", " * "),
                lambda: f"max(({self.simple('money')} for m in 成员), default=0)",
                lambda: self.quotient_of_members(depth, scope),
            ]
        if self.tied and scope.ties:
            ways += [
                lambda: self.kin("sum", "money", depth, scope),
                lambda: self.extreme_kin("money", scope),
            ]
        paying = [
            b
            for b, unit, pays in self.benefits
            if pays and unit in (scope.unit, "household") and self.sees(scope, unit)
        ]
        if paying:
            ways += [lambda: f"{r.choice(paying)}.{r.choice(['金额', 'amount'])}"] * 5
        return r.choice(ways)()

    def may_be_quotient(self, dim: str, text: str) -> bool:
        others = {n.word for n in self.names if not n.plain}
        return dim in ("money", "number") and (" / " in text or bool(others & set(re.findall(r"\w+", text))))

    def sees(self, scope: Scope, unit: str) -> bool:
        """A benefit of that unit may be asked about there (a member's only by a person's formula)."""
        return not scope.kin and (unit == "household" or (scope.unit == "person" and not scope.loop))

    def simple(self, dim: str, loop: str = "m") -> str:
        return self.rng.choice(
            [f"{loop}.{n.word}" for n in self.names if n.unit == "person" and n.dim == dim and n.positive]
        )

    def number(self, depth: int, scope: Scope) -> str:
        d = depth - 1
        r = self.rng
        ways = [
            *self.common("number", depth, scope),
            lambda: f"({self.write('number', d, scope)} {r.choice('+-*')} {self.leaf('number', scope)})",
            lambda: f"({self.write('number', d, scope)} / {self.below(scope)})",
            lambda: (
                f"{r.choice(['min', 'max'])}({self.write('number', d, scope)}, {self.write('number', d, scope)})"
            ),
            lambda: f"{r.choice(['age', 'months_since'])}({self.write('date', d, scope)})",
            lambda: f"({self.write('date', d, scope)} - {self.write('date', d, scope)})",
            lambda: (
                f"round_{r.choice(['up', 'down', 'half_up'])}({self.write('number', d, scope)}, {r.choice(['1', '2', '5'])})"
            ),
            lambda: self.guarded("number", depth, scope),
        ]
        if scope.unit == "household" and not scope.loop:
            ways += [
                lambda: self.grouped("count", "", depth, scope),
                lambda: self.grouped("sum", "number", 1, scope),
                lambda: f"min(({self.simple('number')} for m in 成员), default=9)",
            ]
        if self.tied and scope.ties:
            ways += [
                lambda: self.kin("count", "", depth, scope),
                lambda: self.kin("sum", "number", min(depth, 2), scope),
                lambda: self.extreme_kin("number", scope),
            ]
        return r.choice(ways)()

    def bool(self, depth: int, scope: Scope) -> str:
        if depth <= 0:
            return self.leaf("bool", scope)
        d = depth - 1
        r = self.rng
        op = r.choice(["<", "<=", ">", ">=", "==", "!="])
        enum = r.choice(list(CHOICES))
        some = '", "'.join(r.sample(CHOICES[enum], r.randint(1, 2)))

        def any_kind() -> str:
            return self.write(r.choice(["money", "number", "bool", "date", f"enum:{enum}"]), d, scope)

        ways = [
            *self.common("bool", depth, scope),
            lambda: f"({self.write('money', d, scope)} {op} {self.write('money', d, scope)})",
            lambda: f"({self.write('number', d, scope)} {op} {self.write('number', d, scope)})",
            lambda: f"({self.write('date', d, scope)} {op} {self.write('date', d, scope)})",
            lambda: (
                f"({self.leaf('number', scope)} <= {self.leaf('number', scope)} < {self.leaf('number', scope)})"
            ),
            lambda: f'({self.write("enum:" + enum, d, scope)} in ("{some}",))',
            lambda: f"({self.leaf('number', scope)} not in (1, 2.5))",
            lambda: (
                f"({self.write('enum:' + enum, d, scope)} {r.choice(['==', '!='])} {self.write('enum:' + enum, d, scope)})"
            ),
            lambda: f"({self.write('bool', d, scope)} {r.choice(['==', '!='])} {self.leaf('bool', scope)})",
            lambda: (
                f"({self.write('bool', d, scope)} {r.choice(['and', 'or'])} {self.write('bool', d, scope)})"
            ),
            lambda: f"(not {self.write('bool', d, scope)})",
            lambda: f"applicable({any_kind()})",
        ]
        tables = [(w, e) for w, e, dim in self.tables if dim == "bool"]
        if tables:
            w, e = r.choice(tables)
            ways.append(lambda: f"{w}[{self.leaf('enum:' + e, scope)}]")
        if scope.unit == "household" and not scope.loop:
            ways += [lambda: self.grouped(r.choice(["any", "all"]), "bool", depth, scope)] * 2
        if self.tied and scope.ties:
            ways += [lambda: self.kin(r.choice(["any", "all"]), "bool", depth, scope)] * 3
        asked = [
            b for b, unit, _ in self.benefits if unit in (scope.unit, "household") and self.sees(scope, unit)
        ]
        if asked:
            ways += [lambda: f"{r.choice(asked)}.{r.choice(['享有', '符合', 'held', 'entitled'])}"] * 16
        return r.choice(ways)()

    def date(self, depth: int, scope: Scope) -> str:
        d = depth - 1
        ways = [
            *self.common("date", depth, scope),
            lambda: (
                f"{self.rng.choice(['min', 'max'])}({self.write('date', d, scope)}, {self.write('date', d, scope)})"
            ),
        ]
        return self.rng.choice(ways)()

    def enum(self, depth: int, scope: Scope, enum: str) -> str:
        d = depth - 1
        dim = f"enum:{enum}"
        ways = [
            lambda: self.leaf(dim, scope),
            lambda: f"coalesce({self.leaf(dim, scope)}, {self.leaf(dim, scope)})",
            lambda: f"({self.leaf(dim, scope)} if {self.bool(d, scope)} else {self.leaf(dim, scope)})",
        ]
        return self.rng.choice(ways)()


def quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


@dataclass(frozen=True)
class Shape:
    """How large a pack is, and how wide its fields (``tiny``: so few values that all can be tried).
    ``ties``: how likely it has links and kin. ``settled``: every parameter has a value everywhere, and no kin
    is asked of which no register tells."""

    variables: int = 6
    benefits: int = 4
    depth: int = 3
    tiny: bool = False
    ties: float = 0.6
    settled: bool = False


def texts(seed: int, shape: Shape) -> dict[str, str]:
    """The files of one random pack."""
    rng = random.Random(seed)
    words = KIN if shape.settled else (*KIN, *NO_REGISTER)
    w = Writer(rng, tied=rng.random() < shape.ties, kin_words=words)
    ties = TIES.format(family=rng.choice(["father", "mother"])) if w.tied else ""
    fields = _fields(w, shape)
    parameters = _parameters(w, shape)
    units = _units(w) if w.rng.random() < 0.6 else ""
    variables = _variables(w, shape)
    benefits, pays = _benefits(w, shape)
    groups = _groups(rng, pays) if shape.benefits > 1 else ""
    files = {
        "pack.yaml": PACK.format(age_on=rng.choice(["last", "first"])) + ties,
        "sources.yaml": SOURCES,
        "divisions.csv": DIVISIONS,
        "fields/a.yaml": fields,
        "parameters/a.yaml": parameters,
        "variables/a.yaml": variables,
        **benefits,
    }
    if units:
        files["units.yaml"] = units
    if groups:
        files["groups.yaml"] = groups
    return files


def _fields(w: Writer, shape: Shape) -> str:
    rng, lines = w.rng, []
    wanted = [
        (f"{kind}_{unit[0]}{i}", kind, unit)
        for unit in ("person", "household")
        for kind in ("money", "int", "decimal", "bool", "date", "enum")
        for i in range(2 if kind == "enum" or (unit == "person" and kind in ("money", "bool")) else 1)
    ]
    for word, kind, unit in wanted:
        enum = ("level", "wish")[int(word[-1])] if kind == "enum" else ""
        optional = rng.random() < 0.25 and not word.endswith("0")
        optional = optional or (rng.random() < 0.15 and unit == "household")
        line = f"- {{id: {word}, name: {word}名, unit: {unit}, type: {kind}, sensitivity: internal, cost: {rng.randint(1, 9)}"
        if kind == "enum":
            line += f", enum: {enum}"
        elif kind != "bool":
            low, high = RANGES[kind]
            if shape.tiny:
                high = {"money": "0.01", "int": "1", "decimal": "0.1", "date": "1990-01-02"}[kind]
                if kind == "date":
                    low, high = "2006-06-30", "2006-07-01"
            if kind == "int" and unit == "household":
                low, high = "1", ("2" if shape.tiny else "6")
            line += f", min: {low}, max: {high}" + (", places: 1" if kind == "decimal" else "")
        if rng.random() < 0.7:
            line += f", register: {rng.choice(['one', 'two'])}"
        if rng.random() < 0.6 and kind != "date":
            empty = {"bool": "false", "enum": CHOICES.get(enum, ("",))[0]}.get(
                kind, "1" if kind == "int" else "0"
            )
            line += f", empty: {empty}"
        line += ", optional: true}" if optional else "}"
        lines.append(line)
        dim = f"enum:{enum}" if kind == "enum" else DIMS[kind]
        # "positive" is also how the aggregates find a person's plain field.
        plain = unit == "person" and kind in ("money", "int") and not optional
        above = unit == "household" and kind == "int" and not optional
        w.names.append(Name(rng.choice([word, word + "名"]), dim, unit, positive=plain or above))
    return "\n".join(lines) + "\n"


def _parameters(w: Writer, shape: Shape) -> str:
    rng, lines = w.rng, []
    for i, kind in enumerate(["money", "money", "int", "decimal", "bool", "money", "bool"]):
        word = f"p{i}"
        table = rng.choice(list(CHOICES)) if i >= 5 else ""
        line = f"- {{id: {word}, name: {word}名, type: {kind}"
        values = {
            "money": ["0.01", "0.02", "1.50", "9.99"],
            "int": ["1", "2", "5"],
            "decimal": ["0.5", "1.2", "3"],
        }
        if shape.tiny:
            values = {"money": ["0.01", "0.02"], "int": ["1", "2"], "decimal": ["0.1", "0.2"]}
        if kind == "bool":
            options = ["true", "false"]
        else:
            options = values[kind]
            line += f", min: {options[0]}, max: {options[-1]}" + (", places: 1" if kind == "decimal" else "")
        if table:
            line += f", table: {table}"

        def value(table: str = table, options: list[str] = options) -> str:
            if not table:
                return rng.choice(options)
            return "{" + ", ".join(f"{c}: {rng.choice(options)}" for c in CHOICES[table]) + "}"

        entries = []
        if shape.settled:
            entries.append(f'{{place: "99", from: 2020-01-01, value: {value()}, {SURE}}}')
        elif rng.random() < 0.85:
            until = ", until: 2024-01-01" if rng.random() < 0.1 else ""
            entries.append(f'{{place: "9901", from: 2020-01-01{until}, value: {value()}, {SURE}}}')
        if rng.random() < 0.6:
            entries.append(f'{{place: "990101", from: 2021-01-01, value: {value()}, {SURE}}}')
        if not shape.settled and (rng.random() < 0.3 or not entries):
            entries.append(f'{{place: "990102", from: 2021-01-01, value: unknown, {SURE}}}')
        lines.append(line + f", values: [{', '.join(entries)}]}}")
        if table:
            w.tables.append((word, table, "money" if kind == "money" else "bool"))
        else:
            w.names.append(Name(word, DIMS[kind], "", positive=kind in ("int", "decimal")))
    return "\n".join(lines) + "\n"


def _units(w: Writer) -> str:
    """Who counts in a household, and who may stand alone: each by some grounds, some of other months."""
    rng, lines = w.rng, []
    for id, of, members in (("home", "household", "家人"), ("alone", "person", "")):
        lines += [f"- id: {id}", f"  name: {id}名", f"  of: {of}"]
        lines += [f"  members: {members}"] if members else []
        lines += [f"  counted: {{id: in_{id}, name: 算{id}, says: 随机, {SURE}}}", "  grounds:"]
        for i in range(rng.randint(1, 4)):
            text = f"coalesce({w.bool(2, Scope('person'))}, {rng.choice(['True', 'False'])})"
            dates = rng.choice(
                ["", "", "", ", until: 2024-03", ", from: 2024-03", ", from: 2024-06, until: 2024-07"]
            )
            counts = str(rng.random() < 0.5).lower()
            lines.append(
                f"    - {{id: g{i}, counts: {counts}, says: 随机, formula: {quoted(text)}, {SURE}{dates}}}"
            )
        lines.append(f"  otherwise: {{counts: {str(rng.random() < 0.5).lower()}, says: 随机, {SURE}}}")
    w.names += [Name("in_home", "bool", "person"), Name("算alone", "bool", "person")]
    w.formed = True
    return "\n".join(lines) + "\n"


def _variables(w: Writer, shape: Shape) -> str:
    rng, lines = w.rng, []
    for i in range(shape.variables):
        kind = rng.choice(["money", "money", "decimal", "bool", "bool", "date", "enum"])
        unit = rng.choice(["person", "household"])
        enum = rng.choice(list(CHOICES)) if kind == "enum" else ""
        dim = f"enum:{enum}" if enum else DIMS[kind]
        scope, word = Scope(unit), f"v{i}"
        text = w.write(dim, shape.depth, scope)
        plain = not w.may_be_quotient(dim, text)
        if not plain and rng.random() < 0.6:
            text, plain = f"round_half_up({text}, {'0.01' if dim == 'money' else '1'})", True
        if enum and rng.random() < 0.5:
            text = f'"{CHOICES[enum][0]}" if {w.bool(2, scope)} else {text}'
        lines += [f"- id: {word}", f"  name: {word}名", f"  unit: {unit}", f"  type: {kind}", f"  {SURE}"]
        if enum:
            lines.append(f"  enum: {enum}")
        if rng.random() < 0.25:
            lines.append(f"  applies: {quoted(w.bool(2, scope))}")
        if rng.random() < 0.15:
            other = w.write(dim, 1, scope)
            plain = plain and not w.may_be_quotient(dim, other)
            lines.append(
                f"  formulas: [{{until: 2024-03, formula: {quoted(other)}}}, {{from: 2024-03, formula: {quoted(text)}}}]"
            )
        else:
            lines.append(f"  formula: {quoted(text)}")
        w.names.append(Name(word, dim, unit, plain=plain))
    return "\n".join(lines) + "\n"


def _benefits(w: Writer, shape: Shape) -> tuple[dict[str, str], list[tuple[str, str, bool]]]:
    rng = w.rng
    files: dict[str, str] = {}
    pays: list[tuple[str, str, bool]] = []
    for i in range(shape.benefits):
        unit = rng.choice(["person", "household"]) if i > 1 else "person"
        scope, word = Scope(unit), f"b{i}"
        formed = {"person": "alone", "household": "home"}[unit] if w.formed and rng.random() < 0.4 else unit
        award = rng.random() < 0.5
        lines = [
            f"id: {word}",
            f"name: 待遇{i}",
            f"unit: {formed}",
            "kind: standing",
            f"award: {str(award).lower()}",
        ]
        lines += ["says: 随机", "legal: [{source: L1}]"]
        if award:
            lines.append(_review(random.Random(f"{w.names[-1].word} {i}"), w, scope))
        if rng.random() < 0.6:
            lines.append(f"applies: {{says: 随机, formula: {quoted(w.bool(2, scope))}, {SURE}}}")
        lines.append("conditions:")
        for j in range(rng.randint(1, 3)):
            near = ""
            text = w.bool(shape.depth, scope)
            if rng.random() < 0.4:
                op = rng.choice(["<", "<=", ">", ">="])
                dim, near = rng.choice([("money", ", near: 3元"), ("number", ", near: 2个")])
                text = f"{w.write(dim, 2, scope)} {op} {w.write(dim, 1, scope)}"
            grace = _grace(random.Random(f"{text} {i} {j}"), w, scope)
            lines.append(f"  - {{id: c{j}, says: 随机, formula: {quoted(text)}, {SURE}{near}{grace}}}")
        paid = rng.random() < 0.8 or i < 2
        if paid:
            to, way = rng.choice(["0.01", "0.1", "1"]), rng.choice(["up", "down", "half_up"])
            amount = w.write("money", shape.depth, scope)
            lines.append(
                f"amount: {{formula: {quoted(amount)}, period: month, rounding: {{to: {to}, direction: {way}, {SURE}}}, {SURE}}}"
            )
        if w.benefits and rng.random() < 0.4:
            other = rng.choice(w.benefits)[0]
            lines.append(f"excluded_by: [{{benefit: {other}, says: 随机, {SURE}}}]")
        if rng.random() < 0.3:
            lines.append(f"signal: {{says: 随机, formula: {quoted(w.bool(1, scope))}, {SURE}}}")
        files[f"benefits/{word}.yaml"] = "\n".join(lines) + "\n"
        pays.append((word, unit, paid))
        # b0 and b1 may stand in a group or a choice, where nothing before the group may ask for them.
        if i > 1:
            w.benefits.append((word, unit, paid))
    return files, pays


def _review(rng: random.Random, w: Writer, scope: Scope) -> str:
    """An interval that hangs on some truth; drawn apart from the rest."""
    truths = [text for text, n in w.reach(scope) if n.dim == "bool"]
    every = f"{rng.randint(1, 60)} if {rng.choice(truths)} else {rng.randint(1, 60)}" if truths else "12"
    valid = f", valid_months: {rng.randint(1, 60)}" if rng.random() < 0.5 else ""
    return f"review: {{every_months: {quoted(every)}, says: 随机{valid}, clear_change: 1, {SURE}}}"


def _grace(rng: random.Random, w: Writer, scope: Scope) -> str:
    """What may stand in for a condition; drawn apart from the rest, here and there."""
    truths = [text for text, n in w.reach(scope) if n.dim == "bool"]
    if not truths or rng.random() < 0.8:
        return ""
    return f", grace: {{says: 随机, formula: {quoted(rng.choice(truths))}, {SURE}}}"


def _groups(rng: random.Random, pays: list[tuple[str, str, bool]]) -> str:
    text = ""
    if rng.random() < 0.5:
        text += f"higher: [{{id: g, name: 就高, benefits: [b0, b1], {SURE}}}]\n"
    if rng.random() < 0.3:
        text += f"choices: [{{id: c, name: 选择, benefits: [b0, b1], field: enum_p1, {SURE}}}]\n"
    return text


def random_pack(seed: int, folder: Path, shape: Shape = Shape()) -> tuple[Pack, Program]:
    """A pack that loads and builds; drawn again where a range can't be proved."""
    for attempt in range(40):
        files = texts(seed * 1000 + attempt, shape)
        place = folder / f"{seed}_{attempt}"
        for name, text in files.items():
            path = place / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        try:
            pack = load_pack(place)
            return pack, build_program(pack, MONTH)
        except PackError as error:
            wrong = [p for p in error.problems if not allowed(p.says)]
            assert not wrong, (place, [str(p) for p in wrong])
    raise AssertionError(f"seed {seed}: no pack within int64 in 40 attempts")


def allowed(says: str) -> bool:
    """Reasons for which a randomly written pack may be refused."""
    return any(
        word in says
        for word in (
            "beyond what int64 holds",
            "the denominator may be 0",
            "over a quotient",
            "over numbers with decimals",
            "the default could win",
            "near without a single comparison",
        )
    )
