"""One pack from its folder: files in the order of their dependence, then the checks across files."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

from zhida.codes.divisions import DivisionError, DivisionTree
from zhida.rules.declarations import At, Benefit, Field, Kind, Pack, Parameter, Variable
from zhida.rules.loading.base import Identity, check_root, read_identity, read_sources
from zhida.rules.loading.benefits import read_benefit
from zhida.rules.loading.context import Context
from zhida.rules.loading.fields import made_fields, read_field
from zhida.rules.loading.files import MOST_TABLE_BYTES, PackFiles
from zhida.rules.loading.groups import read_groups
from zhida.rules.loading.open_points import read_open_points
from zhida.rules.loading.stacking import Links, read_stacking
from zhida.rules.loading.supplements import Known, read_supplements
from zhida.rules.loading.units import read_formations
from zhida.rules.loading.values import read_parameter
from zhida.rules.loading.variables import read_variable
from zhida.rules.loading.yamlnodes import Node, decode
from zhida.rules.problems import Problems, one_of

T = TypeVar("T", Field, Parameter, Variable)


def load_pack(path: Path) -> Pack:
    """The pack in this folder. Raises PackError with every problem found."""
    problems = Problems()
    files = PackFiles(Path(path), problems)
    for name in ("pack.yaml", "sources.yaml", "divisions.csv"):
        if not files.has(name):
            problems.add(At(name, 0, 0), "missing from the pack", str(path), f"a file {name}")
    context = Context(problems)
    divisions = _divisions(files, problems)
    if files.has("sources.yaml"):
        read_sources(files.yaml("sources.yaml"), context)
    node = files.yaml("pack.yaml") if files.has("pack.yaml") else None
    if node is None:
        # Without units, registers and enumerations every other file would seem wrong.
        problems.raise_if_any()
        raise AssertionError("a pack without pack.yaml is a problem")
    identity = read_identity(node, context)
    check_root(identity, divisions, context)
    return _rules(files, context, identity, divisions)


def _rules(files: PackFiles, context: Context, identity: Identity, divisions: DivisionTree | None) -> Pack:
    fields = _records(files, "fields", lambda item: read_field(item, context))
    parameters = _records(files, "parameters", lambda item: read_parameter(item, context, divisions))
    variables = _formed(files, context)
    variables.update(_records(files, "variables", lambda item: read_variable(item, context)))
    kinds: list[Field | Parameter | Variable] = [*fields.values(), *parameters.values(), *variables.values()]
    context.money_words.update(w for r in kinds if r.kind is Kind.MONEY for w in (r.id, r.name))
    benefits = _benefits(files, context)
    made = made_fields(benefits.values(), identity.at, context)
    fields.update(made)
    _check_exclusions(benefits, context)
    groups_node = files.yaml("groups.yaml") if files.has("groups.yaml") else None
    groups, choices = read_groups(groups_node, context, benefits, fields) if groups_node else ((), ())
    stacking_node = files.yaml("stacking.yaml") if files.has("stacking.yaml") else None
    open_node = files.yaml("open.yaml") if files.has("open.yaml") else None
    links = Links(benefits, variables, groups, choices)
    stacking = read_stacking(stacking_node, context, benefits, links) if stacking_node else None
    open_points = read_open_points(open_node, context, benefits) if open_node else ()
    extras = None
    if divisions is not None:
        known = Known(context, fields, variables, parameters, benefits, divisions, identity.root)
        extras = read_supplements(files, known)
    context.problems.raise_if_any()
    assert divisions is not None and extras is not None
    worksheet, sharing, setting = extras
    return Pack(
        id=identity.id,
        name=identity.name,
        path=files.root,
        root=identity.root,
        age_on=identity.age_on,
        age_citation=identity.age_citation,
        first_month_citation=identity.first_month_citation,
        verified_through=identity.verified_through,
        units=context.units,
        links=context.links,
        kin=context.kin,
        registers=context.registers,
        enums=context.enums,
        fields=fields,
        parameters=parameters,
        variables=variables,
        benefits=benefits,
        groups=groups,
        choices=choices,
        sources=context.sources,
        divisions=divisions,
        hash=files.hash(),
        files=tuple(sorted(files.read)),
        stacking=stacking,
        open_points=open_points,
        worksheet=worksheet,
        sharing=sharing,
        setting=setting,
        formations=context.formations,
    )


def _formed(files: PackFiles, context: Context) -> dict[str, Variable]:
    """The units formed by rule go into the context; returned are the variables that they come to."""
    node = files.yaml("units.yaml") if files.has("units.yaml") else None
    if node is None:
        return {}
    formations, variables = read_formations(node, context)
    context.formations.update(formations)
    return variables


def _divisions(files: PackFiles, problems: Problems) -> DivisionTree | None:
    name = "divisions.csv"
    data = files.bytes(name, MOST_TABLE_BYTES) if files.has(name) else None
    if data is None or decode(data, name, problems, MOST_TABLE_BYTES) is None:
        return None
    try:
        return DivisionTree.from_csv(files.root / name)
    except DivisionError as error:
        for line, text in error.problems:
            problems.add(At(name, line, 1), text)
        return None


def _records(files: PackFiles, folder: str, read: Callable[[Node], T | None]) -> dict[str, T]:
    found: dict[str, T] = {}
    for name in files.names_in(folder):
        node = files.yaml(name)
        for item in node.items() if node is not None else []:
            record = read(item)
            if record is not None:
                found[record.id] = record
    return found


def _benefits(files: PackFiles, context: Context) -> dict[str, Benefit]:
    found: dict[str, Benefit] = {}
    for name in files.names_in("benefits"):
        node = files.yaml(name)
        benefit = read_benefit(node, Path(name).stem, context) if node is not None else None
        if benefit is not None:
            found[benefit.id] = benefit
    return found


def _check_exclusions(benefits: Mapping[str, Benefit], context: Context) -> None:
    for benefit in benefits.values():
        seen: set[str] = set()
        for exclusion in benefit.excluded_by:
            other, at = exclusion.benefit, exclusion.at
            if other and other not in benefits:
                context.problems.add(at, "unknown benefit", other, one_of(other, benefits))
            elif other == benefit.id:
                context.problems.add(at, "a benefit that excludes itself", other, "another benefit")
            elif other in seen:
                context.problems.add(at, "a benefit excluded twice", other, "each benefit once")
            seen.add(other)
