"""How the fields of a pack follow from a source's rows: read, with every type held against the field's."""

from __future__ import annotations

from collections.abc import Mapping

from zhida.population.imports.contract import Column, Derived, Type, Where
from zhida.rules.declarations import Field, Kind, Pack
from zhida.rules.loading.yamlnodes import Map, Node
from zhida.rules.problems import one_of

HOW = ("take", "sum", "count", "any")
_EMPTY = "empty"
_SUMS = {Type.MONEY: Kind.MONEY, Type.INT: Kind.INT, Type.DECIMAL: Kind.DECIMAL}
_TAKES = {
    **_SUMS,
    Type.DATE: Kind.DATE,
    Type.YES_NO: Kind.BOOL,
    Type.CODE: Kind.ENUM,
}


def read_derived(item: Node, columns: Mapping[str, Column], pack: Pack) -> Derived:
    record = item.map(("field",), (*HOW, "high", "where"))
    name = record["field"].text("a field of the pack")
    field = pack.fields.get(name)
    if name and field is None:
        record["field"].add("unknown field", one_of(name, pack.fields))
    given = [how for how in HOW if how in record]
    if len(given) != 1 and not record.silent:
        item.add("how the field follows is not clear", f"one of {', '.join(HOW)}", text=name)
    how = given[0] if given else HOW[0]
    column, where = "", []
    if how == "any":
        where = read_where(record["any"], columns)
    elif how == "count":
        if not record["count"].boolean():
            record["count"].add("nothing else than true makes sense", "count: true")
    else:
        column = _column(record[how], columns)
    if "where" in record:
        if how == "any":
            record["where"].add("`any` narrows the rows itself", "no `where`")
        where = read_where(record["where"], columns)
    high = _column(record["high"], columns) if "high" in record else ""
    found = Derived(name, how, column, high, tuple(where), item.at)
    if field is not None and len(given) == 1:
        _check(found, field, columns, pack, record)
    return found


def _column(node: Node, columns: Mapping[str, Column]) -> str:
    id = node.text("the id of a column")
    if id and id not in columns:
        node.add("unknown column", one_of(id, columns))
        return ""
    return id


def read_where(node: Node, columns: Mapping[str, Column]) -> list[Where]:
    found: list[Where] = []
    for key, value in node.pairs():
        column = columns.get(key.value)
        if column is None:
            key.add("unknown column", one_of(key.value, columns))
        elif value.kind == "text":
            if value.text("a list of values, or `empty`") != _EMPTY:
                value.add("neither a list nor `empty`", "a list of values, or `empty`")
            if column.required:
                value.add("a column that is never empty", "a list of values", text=column.id)
            found.append(Where(column.id, None))
        else:
            found.append(Where(column.id, tuple(v for n in value.items() for v in _value(n, column))))
    return found


def _value(node: Node, column: Column) -> list[str | bool]:
    if column.type is Type.YES_NO:
        return [node.boolean()]
    text = node.text("a value")
    if column.type is not Type.CODE:
        node.add(f"a {column.type} has no list of values", "a column of codes or yes_no", text=column.id)
    elif text and text not in column.codes.values():
        node.add(f"nothing that a code of {column.id} means", one_of(text, column.codes.values()))
    return [text]


def _check(found: Derived, field: Field, columns: Mapping[str, Column], pack: Pack, record: Map) -> None:
    """The field's type, unit and interval against what the rows give."""
    node = record[found.how]
    if found.how in ("count", "any"):
        wanted = Kind.INT if found.how == "count" else Kind.BOOL
        if field.kind is not wanted:
            node.add(f"`{found.how}` gives a {wanted}, the field is a {field.kind}", "", text=field.id)
    elif found.column:
        _check_column(node, found, field, columns[found.column], pack)
    # What is one person's can be added up over a household, but not taken over.
    if field.unit != "person" and found.how in ("take", "any"):
        node.add(f"a field of a {field.unit} can't be a person's `{found.how}`", "`sum` or `count`")
    if found.high:
        if not field.interval:
            record["high"].add("the field is no interval", "no `high`", text=field.id)
        elif found.column and columns[found.high].type is not columns[found.column].type:
            record["high"].add("of another type than the lower end", f"a {columns[found.column].type}")


def _check_column(node: Node, found: Derived, field: Field, column: Column, pack: Pack) -> None:
    if column.type is Type.CODE and found.how == "take":
        return _check_codes(node, field, column, pack)
    kind = (_SUMS if found.how == "sum" else _TAKES).get(column.type)
    if kind is not field.kind:
        gives = f"`{found.how}` of a {column.type}"
        node.add(f"{gives} does not give a {field.kind}", "a column that fits the field", text=field.id)
    elif field.kind is Kind.DECIMAL and field.places != column.places:
        node.add(f"{column.places} places, the field has {field.places}", f"{field.places} places")


def _check_codes(node: Node, field: Field, column: Column, pack: Pack) -> None:
    meanings = dict.fromkeys(column.codes.values())
    if field.kind is Kind.INT:
        low, high = field.minimum, field.maximum
        wrong = [m for m in meanings if not m.isdecimal() or not low <= int(m) <= high]
        expected = f"whole numbers from {low} to {high}"
    elif field.kind is Kind.ENUM:
        choices = [c.id for c in pack.enums[field.enum].choices]
        wrong = [m for m in meanings if m not in choices]
        expected = one_of(wrong[0], choices) if wrong else ""
    else:
        node.add(f"a code does not give a {field.kind}", "a column that fits the field", text=field.id)
        return
    for meaning in wrong:
        node.add(f"a code of {column.id} means what the field {field.id} can't be", expected, text=meaning)
