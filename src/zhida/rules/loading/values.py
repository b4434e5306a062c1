"""``parameters/*.yaml``: dated and placed values."""

from __future__ import annotations

from datetime import date

from zhida.codes.divisions import DivisionTree, normalise
from zhida.codes.errors import CodeError
from zhida.codes.months import first_day
from zhida.rules.declarations import Kind, Parameter, ParameterValue
from zhida.rules.loading.context import CITATION, Context
from zhida.rules.loading.yamlnodes import Map, Node
from zhida.rules.parameters import effective_month, known_since

_REQUIRED = ("id", "name", "type", "values")
_OPTIONAL = ("measure", "min", "max", "places", "table", "says")
_DATES = ("until", "first_month", "announced", "known_from", "superseded_on")
_FAR = date.max


def read_parameter(item: Node, context: Context, divisions: DivisionTree | None) -> Parameter | None:
    record = item.map(_REQUIRED, _OPTIONAL)
    id, name = context.formula_id(record["id"]), context.name(record["name"])
    kind = context.kind(record["type"], but=(Kind.DATE, Kind.ENUM))
    places = context.places(record, kind)
    low, high = context.bounds(record, kind, "", places)
    table = context.reference(record["table"], "enumeration", context.enums) if "table" in record else ""
    shape = _Shape(context, kind, places, low, high, table, "table" in record)
    values = [shape.value(node, divisions) for node in record["values"].items()]
    parameter = Parameter(
        id=id,
        name=name,
        kind=kind,
        places=places,
        measure=record.text("measure"),
        minimum=low,
        maximum=high,
        table=table,
        values=tuple(values),
        says=record.text("says"),
        at=item.at,
    )
    _check_overlaps(parameter, context)
    return parameter if context.take("parameter", id, name, item.at) and id else None


class _Shape:
    """What every value of one parameter must look like."""

    def __init__(
        self, context: Context, kind: Kind, places: int, low: int, high: int, table: str, is_table: bool
    ) -> None:
        self.context = context
        self.kind = kind
        self.places = places
        self.low = low
        self.high = high
        self.table = table
        self.is_table = is_table

    def value(self, node: Node, divisions: DivisionTree | None) -> ParameterValue:
        record = node.map(("place", "from", "value"), (*_DATES, "ends_below", *CITATION))
        start, until = record["from"].date(), record.day("until")
        first_month = record.month("first_month")
        value = ParameterValue(
            places=self._places(record["place"], start, until, divisions),
            start=start,
            until=until,
            first_month=first_month,
            announced=record.day("announced"),
            known_from=record.day("known_from"),
            superseded_on=record.day("superseded_on"),
            values=self._values(record["value"]),
            ends_below=record.flag("ends_below"),
            citation=self.context.citation(record),
            at=node.at,
        )
        self._check_dates(record, value)
        return value

    def _places(
        self, node: Node, start: date, until: date | None, divisions: DivisionTree | None
    ) -> tuple[str, ...]:
        nodes = node.items() if node.kind == "list" else [node]
        codes: list[str] = []
        for one in nodes:
            text = one.text("a division code")
            if not text:
                continue
            try:
                code, _ = normalise(text)
            except CodeError:
                one.add("not a division code", "2, 4, 6, 9 or 12 digits, in quotes")
                continue
            if code in codes:
                one.add("a place twice", "each place once")
                continue
            codes.append(code)
            division = divisions.get(code) if divisions is not None else None
            if divisions is not None and division is None:
                one.add("unknown division", "a code that stands in divisions.csv")
            elif division is not None and (
                (division.until is not None and start >= division.until)
                or (division.start is not None and until is not None and until <= division.start)
            ):
                one.add("the division does not exist while the value is in force", "a code in force then")
        if not nodes:
            node.add("no place", "a division code")
        return tuple(codes)

    def _values(self, node: Node) -> tuple[int, ...] | None:
        if node.kind == "text" and node.style == "" and node.value == "unknown":
            return None
        if not self.is_table:
            return (self._one(node),)
        enumeration = self.context.enums.get(self.table)
        if enumeration is None:
            return None  # said already: the table names no enumeration
        found: dict[int, int] = {}
        if node.kind == "text":
            node.add("one value for a whole table", "a map from each choice to its value, or `unknown`")
            return None
        for key, value in node.pairs():
            index = enumeration.index(key.value)
            if index is None:
                self.context.choice(key, self.table)
            elif index in found:
                key.add("a choice twice", "each choice once, by id or by name")
            else:
                found[index] = self._one(value)
        missing = [c.name for i, c in enumerate(enumeration.choices) if i not in found]
        if missing:
            node.add("the table is not complete", f"values for {', '.join(missing)}")
        return tuple(found.get(i, self.low) for i in range(len(enumeration.choices)))

    def _one(self, node: Node) -> int:
        before = len(self.context.problems)
        number = self.context.value(node, self.kind, "", self.places)
        if (
            len(self.context.problems) == before
            and node.kind == "text"
            and not self.low <= number <= self.high
        ):
            node.add("outside min and max of the parameter", "a value within them")
        return number

    def _check_dates(self, record: Map, value: ParameterValue) -> None:
        if value.until is not None and value.until <= value.start:
            record["until"].add("ends before it begins", f"a day after {value.start}")
        # Before `from` the first month may well lie: in force in March, paid from January on.
        month = value.first_month
        if month is not None and value.until is not None and first_day(month) >= value.until:
            record["first_month"].add("the first month lies after `until`", "a month before it")
        known = value.known_from or value.announced
        if value.superseded_on is not None and known is not None and value.superseded_on <= known:
            record["superseded_on"].add("superseded before it was known", f"a day after {known}")


def _known(value: ParameterValue) -> tuple[date, date]:
    """The days on which the value counts as known: [from, until)."""
    return known_since(value), value.superseded_on or _FAR


def _check_overlaps(parameter: Parameter, context: Context) -> None:
    """At one place and one state of knowledge no two values may begin together or run into each other."""
    by_place: dict[str, list[ParameterValue]] = {}
    for value in parameter.values:
        for place in value.places:
            by_place.setdefault(place, []).append(value)
    for place, values in by_place.items():
        values.sort(key=lambda v: (v.start, v.at.file, v.at.line))
        for i, value in enumerate(values):
            for later in values[i + 1 :]:
                if value.until is not None and later.start >= value.until:
                    break
                (a, b), (c, d) = _known(value), _known(later)
                if not (a < d and c < b):
                    continue
                other = f"(the other: line {value.at.line})"
                # An open value runs until the next one.
                if value.until is not None or later.start == value.start:
                    says = f"two values of {parameter.id} at {place} on {later.start} {other}"
                    context.problems.add(later.at, says, str(later.start), "dates that don't overlap")
                elif effective_month(later) <= effective_month(value):
                    says = f"a later value of {parameter.id} at {place}, but paid no later than one before it"
                    context.problems.add(
                        later.at, f"{says} {other}", str(later.start), "first months in order"
                    )
