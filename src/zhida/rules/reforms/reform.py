"""A reform: a set of overrides over a pack, which gives another pack with another hash.

Overrides of parameters come as text (``标准=1400``, ``标准@9901=1400``, ``护理标准[半失能]=300``)
or from a YAML file; formulas only from a file. An override holds for its place and all below it, and
for its months; before and after them everything is as it was. Where no formula changes nothing has
to be compiled again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from zhida.codes.errors import CodeError
from zhida.codes.months import format_month
from zhida.rules.declarations import (
    At,
    Benefit,
    Citation,
    Evidence,
    Formula,
    Pack,
    Parameter,
    Variable,
)
from zhida.rules.loading.context import Context
from zhida.rules.loading.yamlnodes import MOST_BYTES, Node, read_yaml
from zhida.rules.problems import PackError, Problem, Problems, one_of, shown
from zhida.rules.reforms.overlay import Values, overlaid

COMMAND = "--set"
"""What stands for the file in problems of an override given on the command line."""
BY_USER = Citation("", "", Evidence.ASSUMED, "set by the user")
_PARTS = ("amount", "applies", "covers", "signal")
T = TypeVar("T", Parameter, Variable, Benefit)


@dataclass(frozen=True, slots=True)
class ParameterOverride:
    """``parameter``: id or name. ``choice``: of its table, '' for all. ``place``: a code, '' for the pack's
    root. Months [start, until), None: open. ``values``: the one text, or (choice, text) for a table."""

    parameter: str
    choice: str
    place: str
    start: int | None
    until: int | None
    values: str | tuple[tuple[str, str], ...]
    at: At


@dataclass(frozen=True, slots=True)
class FormulaOverride:
    """Another formula, for all months, of a variable (``benefit`` ''), a condition or a part of a benefit."""

    benefit: str
    target: str
    is_part: bool
    formula: Formula


@dataclass(frozen=True, slots=True)
class Reform:
    """Overrides in the order in which they are applied."""

    parameters: tuple[ParameterOverride, ...] = ()
    formulas: tuple[FormulaOverride, ...] = ()

    @property
    def changes_formulas(self) -> bool:
        """Whether the program must be built anew."""
        return bool(self.formulas)

    def and_then(self, other: Reform) -> Reform:
        """This reform, then the other over it."""
        return Reform(self.parameters + other.parameters, self.formulas + other.formulas)


# --- reading


def parse_set(text: str) -> Reform:
    """``name[choice]@place=value``; choice and place may be left out. Raises PackError."""
    problems = Problems()
    at = At(COMMAND, 1, 1)
    left, equals, value = text.partition("=")
    left, at_sign, place = left.partition("@")
    name, bracket, choice = left.strip().partition("[")
    if not equals or not name.strip() or not value.strip() or not text.isprintable():
        problems.add(at, "not an override", text, "name=value, name@place=value or name[choice]=value")
    elif bracket and not (choice.endswith("]") and choice[:-1].strip()):
        problems.add(at, "a choice that is not closed", text, "name[choice]=value")
    elif at_sign and not place.strip():
        problems.add(at, "no place after @", text, "a division code")
    problems.raise_if_any()
    choice = choice.removesuffix("]").strip()
    return Reform((ParameterOverride(name.strip(), choice, place.strip(), None, None, value.strip(), at),))


def load_reform(path: Path) -> Reform:
    """Reads a reform file. Raises PackError."""
    try:
        with Path(path).open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except (OSError, ValueError) as error:
        says = f"can't be read ({getattr(error, 'strerror', error)})"
        raise PackError([Problem(shown(str(path)), 0, 0, "", says, "a reform file")]) from None
    problems = Problems()
    node = read_yaml(data, Path(path).name, problems)
    reform = _read(node) if node is not None else Reform()
    problems.raise_if_any()
    return reform


def _read(node: Node) -> Reform:
    record = node.map((), ("parameters", "formulas", "says"))
    parameters, formulas = record.get("parameters"), record.get("formulas")
    overrides = [_parameter(item) for item in parameters.items()] if parameters is not None else []
    replaced = [_formula(item) for item in formulas.items()] if formulas is not None else []
    return Reform(tuple(overrides), tuple(one for one in replaced if one is not None))


def _parameter(item: Node) -> ParameterOverride:
    record = item.map(("id", "value"), ("choice", "place", "from", "until"))
    start, until = record.month("from"), record.month("until")
    if start is not None and until is not None and until <= start:
        record["until"].add("ends before it begins", f"a month after {format_month(start)}")
    value = record["value"]
    values: str | tuple[tuple[str, str], ...]
    values = tuple((k.value, v.text()) for k, v in value.pairs()) if value.kind == "map" else value.text()
    name = record["id"].text("the id or name of a parameter")
    place, choice = record.text("place"), record.text("choice")
    return ParameterOverride(name, choice, place, start, until, values, value.at)


def _formula(item: Node) -> FormulaOverride | None:
    record = item.map(("formula",), ("variable", "benefit", "condition", "part"))
    formula = record["formula"].formula()
    keys = {key for key in record if key != "formula"}
    if keys == {"variable"}:
        return FormulaOverride("", record.text("variable"), False, formula)
    if keys == {"benefit", "condition"}:
        return FormulaOverride(record.text("benefit"), record.text("condition"), False, formula)
    if keys == {"benefit", "part"}:
        return FormulaOverride(record.text("benefit"), record["part"].word(*_PARTS), True, formula)
    expected = "`variable: …`, or `benefit: …` with `condition: …` or `part: …`"
    item.add("unclear what the formula replaces", expected, text=formula.text)
    return None


# --- applying


def apply(pack: Pack, reform: Reform) -> Pack:
    """The pack with the overrides carried out in order. Raises PackError; ``pack`` itself is unchanged."""
    problems = Problems()
    done: list[object] = []
    for override in reform.parameters:
        changed = _override(pack, override, problems)
        if changed is not None:
            pack = replace(pack, parameters={**pack.parameters, changed.id: changed})
            what = [override.choice, override.place, override.start, override.until, override.values]
            done.append(["parameter", changed.id, *what])
    for one in reform.formulas:
        pack = _replace_formula(pack, one, problems)
        done.append(["formula", one.benefit, one.target, one.is_part, one.formula.text])
    problems.raise_if_any()
    if not done:
        return pack
    text = json.dumps([pack.hash, done], ensure_ascii=False, separators=(",", ":"))
    return replace(pack, hash=hashlib.sha256(text.encode()).hexdigest())


def _override(pack: Pack, override: ParameterOverride, problems: Problems) -> Parameter | None:
    parameter = _find(pack.parameters, override.parameter)
    if parameter is None:
        known = [p.name for p in pack.parameters.values()]
        text = override.parameter
        problems.add(override.at, "unknown parameter", text, one_of(text, known))
        return None
    before = len(problems)
    place = _place(pack, override, problems)
    values = _values(pack, parameter, override, problems)
    if len(problems) > before:
        return None
    changed = overlaid(pack, parameter, place, override.start, override.until, values, BY_USER, override.at)
    if changed is None:
        says = f"the rest of {parameter.name} is not known there, so one choice can't be set"
        problems.add(override.at, says, override.choice, "values for all choices, from a reform file")
    return changed


def _find(records: Mapping[str, T], text: str) -> T | None:
    found = records.get(text)
    return found if found is not None else next((r for r in records.values() if r.name == text), None)


def _place(pack: Pack, override: ParameterOverride, problems: Problems) -> str:
    """The place as the table writes it; '' with a problem where it is none of the pack's."""
    text = override.place or pack.root
    division = pack.divisions.get(text)
    try:
        if division is not None and pack.divisions.inside(division.code, pack.root):
            return division.code
    except CodeError:
        pass
    problems.add(
        override.at, f"no division of {pack.name}", text, "a code from divisions.csv, inside the root"
    )
    return ""


def _values(pack: Pack, parameter: Parameter, override: ParameterOverride, problems: Problems) -> Values:
    """The new value for each index of the parameter's table; None: unknown."""
    enumeration = pack.enums.get(parameter.table)
    if override.values == "unknown" and not override.choice:
        return None
    if enumeration is None:
        if override.choice or not isinstance(override.values, str):
            problems.add(override.at, f"{parameter.name} is no table", override.choice, "name=value")
            return None
        return {0: _number(parameter, override.values, override.at, problems)}
    if isinstance(override.values, str):
        texts: Iterable[tuple[str, str]] = [(override.choice, override.values)]
    elif override.choice:
        problems.add(override.at, "a choice and a map of choices", override.choice, "one of the two")
        return None
    else:
        texts = override.values
    found: dict[int, int] = {}
    for choice, text in texts:
        index = enumeration.index(choice)
        if index is None:
            names = [c.name for c in enumeration.choices]
            says = f"not a choice of the table {parameter.name}" if choice else f"{parameter.name} is a table"
            problems.add(
                override.at, says, choice or text, one_of(choice, names) if choice else "name[choice]=value"
            )
        else:
            found[index] = _number(parameter, text, override.at, problems)
    return found


def _number(parameter: Parameter, text: str, at: At, problems: Problems) -> int:
    before = len(problems)
    node = Node("text", at, problems, text)
    number = Context(problems).value(node, parameter.kind, "", parameter.places)
    if len(problems) == before and not parameter.minimum <= number <= parameter.maximum:
        # Its bounds prove that no sum overflows: a reform can't go beyond them.
        node.add(
            f"outside min and max of {parameter.name}", "a value within them, or wider bounds in the pack"
        )
    return number


# --- formulas


def _replace_formula(pack: Pack, one: FormulaOverride, problems: Problems) -> Pack:
    at = one.formula.at
    if not one.benefit:
        variable = _find(pack.variables, one.target)
        if variable is None:
            known = [v.name for v in pack.variables.values()]
            problems.add(at, "unknown variable", one.target, one_of(one.target, known))
            return pack
        changed = replace(variable, formulas=(one.formula,), citation=BY_USER)
        return replace(pack, variables={**pack.variables, variable.id: changed})
    benefit = _find(pack.benefits, one.benefit)
    if benefit is None:
        known = [b.name for b in pack.benefits.values()]
        problems.add(at, "unknown benefit", one.benefit, one_of(one.benefit, known))
        return pack
    new = _replace_part(benefit, one, problems) if one.is_part else _replace_condition(benefit, one, problems)
    return replace(pack, benefits={**pack.benefits, benefit.id: new})


def _replace_condition(benefit: Benefit, one: FormulaOverride, problems: Problems) -> Benefit:
    """One condition in place of all (dated) ones of that id."""
    meant = [c for c in benefit.conditions if c.id == one.target]
    if not meant:
        known = [c.id for c in benefit.conditions]
        problems.add(
            one.formula.at, f"unknown condition of {benefit.id}", one.target, one_of(one.target, known)
        )
        return benefit
    new = replace(meant[0], formula=one.formula, citation=BY_USER)
    kept = [new if c is meant[0] else c for c in benefit.conditions if c is meant[0] or c.id != one.target]
    return replace(benefit, conditions=tuple(kept))


def _replace_part(benefit: Benefit, one: FormulaOverride, problems: Problems) -> Benefit:
    formula = one.formula
    if one.target == "covers":
        return replace(benefit, covers=formula)
    if one.target == "amount" and benefit.amounts:
        amount = replace(benefit.amounts[-1], formula=formula, citation=BY_USER)
        return replace(benefit, amounts=(amount,))
    if one.target == "applies" and benefit.applies is not None:
        return replace(benefit, applies=replace(benefit.applies, formula=formula, citation=BY_USER))
    if one.target == "signal" and benefit.signal is not None:
        return replace(benefit, signal=replace(benefit.signal, formula=formula, citation=BY_USER))
    problems.add(formula.at, f"{benefit.id} has no such part to replace", one.target, "a part that it has")
    return benefit
