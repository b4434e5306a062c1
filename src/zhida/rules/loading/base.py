"""``pack.yaml`` and ``sources.yaml``: identity, units, links, registers, enumerations, sources."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from zhida.codes.divisions import DivisionTree
from zhida.rules.declarations import At, Choice, Citation, Enumeration, Kin, Link, Register, Source, Unit
from zhida.rules.loading.context import CITATION, Context, read_list
from zhida.rules.loading.yamlnodes import Node
from zhida.rules.problems import one_of

PERSON = "person"
_SOURCE_ID = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,63}")
_MOST_CHOICES = 60
"""An unknown choice is a set of choices in 62 bits."""


@dataclass(frozen=True, slots=True)
class Identity:
    """What ``pack.yaml`` says of the pack itself."""

    id: str
    name: str
    root: str
    age_on: str
    age_citation: Citation
    first_month_citation: Citation
    verified_through: date
    at: At


def read_sources(node: Node | None, context: Context) -> None:
    def one(item: Node) -> Source:
        record = item.map(("id", "title", "evidence"), ("issuer", "number", "where"))
        id = record["id"].text()
        if id and not _SOURCE_ID.fullmatch(id):
            record["id"].add("not the id of a source", "letters, digits, _ . and -, first a letter")
            id = ""  # nothing else may name it, nor show it
        return Source(
            id,
            record["title"].text(),
            record.text("issuer"),
            record.text("number"),
            record.text("where"),
            context.evidence(record["evidence"]),
            item.at,
        )

    sources = read_list(node, one)
    found: dict[str, Source] = {}
    for source in sources:
        if source.id in found:
            context.problems.add(source.at, "a source twice", source.id, "each id once")
        elif source.id:
            found[source.id] = source
    context.sources.update(found)


def read_identity(node: Node, context: Context) -> Identity:
    """Reads ``pack.yaml`` into the context. Sources must have been read."""
    record = node.map(
        ("id", "name", "root", "verified_through", "age_on", "first_month", "units", "registers"),
        ("links", "kin", "enums"),
    )
    age = record["age_on"].map(("day",), CITATION)
    first_month = record["first_month"].map((), CITATION)
    identity = Identity(
        context.id(record["id"]),
        context.label(record["name"]),
        record["root"].text("a division code of 12 digits"),
        age["day"].word("last", "first"),
        context.citation(age),
        context.citation(first_month),
        record["verified_through"].date(),
        node.at,
    )
    _read_units(record["units"], context)
    registers = read_list(record["registers"], lambda item: _register(item, context))
    context.registers.update(context.unique("register", registers))
    for link in read_list(record.get("links"), lambda item: _link(item, context)):
        if context.take("link", link.id, link.name, link.at):
            context.links[link.id] = link
    for kin in read_list(record.get("kin"), lambda item: _kin(item, context)):
        if context.take("kin", kin.id, kin.name, kin.at):
            context.kin[kin.id] = kin
    enums = read_list(record.get("enums"), lambda item: _enumeration(item, context))
    context.enums.update(context.unique("enumeration", enums))
    return identity


def _read_units(node: Node, context: Context) -> None:
    for item in node.items():
        record = item.map(("id", "name"), ("members",))
        id = context.formula_id(record["id"])
        members = record.get("members")
        word = context.name(members) if members is not None else ""
        unit = Unit(id, context.name(record["name"]), word, item.at)
        if members is None and id and id != PERSON:
            item.add("a unit without members", f"`members: …`; only {PERSON} has none", text=id)
        if members is not None and id == PERSON:
            members.add(f"{PERSON} has no members", "no such key")
        taken = context.take("unit", unit.id, unit.name, unit.at)
        if word:
            taken = context.take("word for members", word, word, unit.at) and taken
        if taken and id:
            context.units[id] = unit
    if node.kind == "list" and PERSON not in context.units:
        node.add("no unit for persons", f"a unit with the id {PERSON}", text="units")


def _link(item: Node, context: Context) -> Link:
    record = item.map(("id", "name"), ("register",))
    register = _known_register(record.get("register"), context)
    return Link(context.formula_id(record["id"]), context.name(record["name"]), register, item.at)


def _kin(item: Node, context: Context) -> Kin:
    record = item.map(("id", "name"), ("follows", "followed_by", "register"))
    follows, followed_by = (_links(record.get(key), context) for key in ("follows", "followed_by"))
    given = [record.get(key) for key in ("follows", "followed_by")]
    if not any(node is not None and (node.kind != "list" or node.items()) for node in given):
        item.add("kin over no links", "`follows: […]`, `followed_by: […]` or both")
    register = _known_register(record.get("register"), context)
    return Kin(
        context.formula_id(record["id"]),
        context.name(record["name"]),
        follows,
        followed_by,
        register,
        item.at,
    )


def _links(node: Node | None, context: Context) -> tuple[str, ...]:
    found: list[str] = []
    for item in node.items() if node is not None else []:
        name = item.text()
        if name not in context.links:
            item.add("unknown link", one_of(name, context.links), text=name)
        elif name in found:
            item.add("a link twice", "each link once", text=name)
        else:
            found.append(name)
    return tuple(found)


def _known_register(node: Node | None, context: Context) -> str:
    name = node.text() if node is not None else ""
    if node is not None and name not in context.registers:
        node.add("unknown register", one_of(name, context.registers), text=name)
        return ""
    return name


def _register(item: Node, context: Context) -> Register:
    record = item.map(("id", "name", "department", "access"))
    return Register(
        context.id(record["id"]),
        context.label(record["name"]),
        record["department"].text(),
        record["access"].word("register", "authorisation", "declaration"),
        item.at,
    )


def _enumeration(item: Node, context: Context) -> Enumeration:
    record = item.map(("id", "name", "choices"))
    choices: list[Choice] = []
    seen: set[str] = set()
    for node in record["choices"].items():
        one = node.map(("id", "name"))
        choice = Choice(context.id(one["id"]), context.label(one["name"]))
        for text in dict.fromkeys((choice.id, choice.name)):
            if text and text in seen:
                node.add("a choice twice", "ids and names of their own", text=text)
            seen.add(text)
        choices.append(choice)
    if record["choices"].kind == "list" and not 1 <= len(choices) <= _MOST_CHOICES:
        record["choices"].add("too few or too many choices", f"1 to {_MOST_CHOICES} choices")
    return Enumeration(context.id(record["id"]), context.label(record["name"]), tuple(choices), item.at)


def check_root(identity: Identity, divisions: DivisionTree | None, context: Context) -> None:
    root = identity.root
    if not root or divisions is None:
        return
    if len(root) != 12 or divisions.get(root) is None:
        says = "the root is not in divisions.csv"
        context.problems.add(identity.at, says, root, "a code of 12 digits that stands in divisions.csv")
