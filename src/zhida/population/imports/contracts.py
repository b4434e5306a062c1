"""``imports/<id>.yaml`` of a pack: read, and held against the pack whose fields it fills."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from zhida.population.imports.contract import (
    DAYS,
    NUMBERS,
    Column,
    SourceContract,
    Type,
    Where,
    plain,
)
from zhida.population.imports.derivations import read_derived
from zhida.rules.declarations import At, Pack
from zhida.rules.loading.context import Context, read_list
from zhida.rules.loading.files import PackFiles
from zhida.rules.loading.yamlnodes import Map, Node
from zhida.rules.problems import Problems, one_of

FOLDER = "imports"
EVERY = ("month", "quarter", "year", "on_request")
SENSITIVITY = ("public", "internal", "personal", "sensitive")
LINE = "line"
_REQUIRED = (
    *("id", "name", "department", "registers", "every", "sensitivity", "purpose"),
    *("person", "key", "columns", "fields"),
)
_OPTIONAL = ("authorised_by", "place", "birth", "sex")
_COLUMN = ("also", "required", "codes", "places", "min", "max", "future", "says")
_SEXES = {"male", "female"}


@dataclass(frozen=True, slots=True)
class Contracts:
    """The sources of a pack by id. ``hash``: sha256 over the files that declare them."""

    pack: Pack
    sources: Mapping[str, SourceContract]
    hash: str

    def named(self, name: str) -> SourceContract | None:
        """The source of this name (the beginning of a file's name), or None."""
        wanted = plain(name)
        return next((s for s in self.sources.values() if plain(s.name) == wanted), None)


def load_contracts(pack: Pack) -> Contracts:
    """The contracts of a pack, none where it has no ``imports``. Raises PackError with every problem."""
    problems = Problems()
    files = PackFiles(pack.path, problems)
    context = Context(problems)
    found: dict[str, SourceContract] = {}
    names: dict[str, str] = {}
    filled: dict[str, At] = {}
    for file in files.names_in(FOLDER):
        node = files.yaml(file)
        source = _read(node, Path(file).stem, context, pack) if node is not None else None
        if source is None or not source.id:
            continue
        found[source.id] = source
        other = names.setdefault(plain(source.name), source.id)
        if other != source.id:
            problems.add(source.at, f"the name of a source twice (the other: {other})", source.name)
        for one in source.fields:
            there = filled.setdefault(one.field, one.at)
            if there is not one.at:
                says = f"a field that two sources fill (the other: {there.file}:{there.line})"
                problems.add(one.at, says, one.field, "each field from one source")
    problems.raise_if_any()
    return Contracts(pack, found, files.hash())


def _read(node: Node, file_id: str, context: Context, pack: Pack) -> SourceContract:
    record = node.map(_REQUIRED, _OPTIONAL)
    id = context.id(record["id"])
    if id and id != file_id:
        record["id"].add("the id differs from the name of the file", f"the id {file_id} or a file {id}.yaml")
    name = context.label(record["name"])
    if name and any(c in name for c in "_/. "):
        record["name"].add("a name that can't begin the name of a file", "no _, /, . and no blank in it")
    columns = context.unique("column", read_list(record["columns"], lambda item: _column(item, context)))
    _check_headers(columns.values(), context)
    registers = tuple(
        context.reference(one, "register", pack.registers) for one in record["registers"].items()
    )
    source = SourceContract(
        id=id,
        name=name,
        department=record["department"].text(),
        registers=registers,
        every=record["every"].word(*EVERY),
        sensitivity=record["sensitivity"].word(*SENSITIVITY),
        purpose=record["purpose"].text(),
        authorised_by=_named(record, "authorised_by", columns, context, Type.TEXT, must=True),
        person=_named(record, "person", columns, context, Type.RESIDENT_ID, must=True),
        key=_key(record["key"], columns),
        place=_named(record, "place", columns, context, Type.DIVISION),
        birth=_named(record, "birth", columns, context, Type.DATE),
        sex=_named(record, "sex", columns, context, Type.CODE),
        columns=tuple(columns.values()),
        fields=tuple(read_list(record["fields"], lambda item: read_derived(item, columns, pack))),
        at=node.at,
    )
    _check_sex(source, columns, record)
    _check_authorisation(source, pack, record)
    for one in source.fields:
        field = pack.fields.get(one.field)
        if field is not None and field.register and field.register not in registers:
            says = f"the field is held by the register {field.register}, which this source is not"
            context.problems.add(one.at, says, one.field, f"{field.register} under `registers`")
    return source


def _column(item: Node, context: Context) -> Column:
    record = item.map(("id", "name", "type"), _COLUMN)
    id = context.id(record["id"])
    if id == LINE:
        record["id"].add("an id that staging uses itself", "another id")
    kind = Type(record["type"].word(*(t.value for t in Type)))
    codes = _codes(record, kind)
    places = 2 if kind is Type.MONEY else 0
    node = record.get("places")
    if kind is Type.DECIMAL:
        places = record["places"].integer(1, 4) if node is not None else 0
        if node is None:
            item.add("a decimal without places", "`places: 1` to `places: 4`", text=id)
    elif node is not None:
        node.add(f"a {kind} has no places", "no such key")
    low, high = (_bound(record.get(key), kind, places) for key in ("min", "max"))
    if low is not None and high is not None and low > high:
        record["max"].add("max is below min", "at least min")
    future = record.get("future")
    if future is not None and kind not in DAYS:
        future.add(f"a {kind} is no day", "no such key")
    return Column(
        id=id,
        name=record["name"].text("the column's header"),
        also=record["also"].texts() if "also" in record else (),
        type=kind,
        required=record.flag("required"),
        codes=codes,
        places=places,
        minimum=low,
        maximum=high,
        future=record.flag("future"),
        says=record.text("says"),
        at=item.at,
    )


def _codes(record: Map, kind: Type) -> dict[str, str]:
    node = record.get("codes")
    if node is None:
        if kind is Type.CODE and not record.silent:
            record.node.add("a code without codes", "`codes: {written: meaning, …}`", text=record.text("id"))
        return {}
    if kind is not Type.CODE:
        node.add(f"a {kind} has no codes", "no such key")
    found: dict[str, str] = {}
    for key, value in node.pairs():
        written = plain(key.value)
        if written in found:
            key.add("a code twice", "each code once, blanks and full-width forms apart")
        found[written] = value.text("what the code means")
    if not found:
        node.add("no code", "at least one")
    return found


def _bound(node: Node | None, kind: Type, places: int) -> int | None:
    from zhida.codes.months import day_number

    if node is None:
        return None
    if kind is Type.DATE:
        return day_number(node.date())
    if kind is Type.MONTH:
        return node.month()
    if kind not in NUMBERS:
        node.add(f"a {kind} has no bounds", "no such key")
        return None
    return node.decimal(places) if places else node.integer()


def _check_headers(columns: Iterable[Column], context: Context) -> None:
    taken: dict[str, Column] = {}
    for column in columns:
        for header in column.headers:
            other = taken.setdefault(plain(header), column)
            if other is not column:
                says = f"the header of a column twice (the other: {other.id})"
                context.problems.add(column.at, says, header, "headers of its own")


def _named(
    record: Map, key: str, columns: Mapping[str, Column], context: Context, kind: Type, *, must: bool = False
) -> str:
    """A column that another key names: of this type, and with ``must`` never empty."""
    node = record.get(key)
    if node is None:
        return ""
    id = context.reference(node, "column", columns)
    if id and columns[id].type is not kind:
        node.add(f"a column of the type {columns[id].type}", f"one of the type {kind}", text=id)
    elif id and must and not columns[id].required:
        node.add("a column that may be empty", "`required: true` in it", text=id)
    return id


def _key(node: Node, columns: Mapping[str, Column]) -> tuple[str, ...]:
    found: list[str] = []
    for item in node.items():
        id = item.text("the id of a column")
        if id and id not in columns:
            item.add("unknown column", one_of(id, columns))
        elif id in found:
            item.add("a column twice", "each column once")
        elif id and not columns[id].required:
            item.add("a key that may be empty", "`required: true` in its column", text=id)
        elif id:
            found.append(id)
    if node.kind == "list" and not node.items():
        node.add("no key", "at least one column", text="key")
    return tuple(found)


def _check_sex(source: SourceContract, columns: Mapping[str, Column], record: Map) -> None:
    if source.sex and columns[source.sex].codes and set(columns[source.sex].codes.values()) - _SEXES:
        record["sex"].add("codes that mean neither male nor female", "male and female", text=source.sex)


def _check_authorisation(source: SourceContract, pack: Pack, record: Map) -> None:
    """What a register gives only with the family's signature can't come without its number."""
    bound = [r for r in source.registers if r in pack.registers and pack.registers[r].access != "register"]
    if bound and not source.authorised_by:
        says = f"the register {bound[0]} may be read only with the family's authorisation"
        record.node.add(says, "`authorised_by: …`", text=source.id)


__all__ = ["Contracts", "Where", "load_contracts"]
