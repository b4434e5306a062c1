"""``worksheet.yaml``, ``sharing.yaml`` and ``setting.yaml``: what a pack may say beside its rules."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from zhida.codes.divisions import DivisionTree, normalise
from zhida.codes.errors import CodeError
from zhida.rules.declarations import Benefit, Direction, Field, Kind, Parameter, Rounding, Variable
from zhida.rules.formulas.ir import PERSON
from zhida.rules.loading.context import CITATION, Context, read_list
from zhida.rules.loading.files import PackFiles
from zhida.rules.loading.yamlnodes import Map, Node
from zhida.rules.problems import one_of
from zhida.rules.supplements import (
    NOTHING_SET,
    WAYS,
    WHOLE,
    Figure,
    Series,
    Setting,
    SettingPlace,
    SettingRule,
    Sharing,
    SheetLine,
    Worksheet,
)

_STEPS = {"0.01": 1, "0.1": 10, "1": 100, "10": 1000}
_DATED = ("from", "until")
Named = Field | Variable | Parameter


@dataclass(frozen=True, slots=True)
class Known:
    """What supplements may name, each by id."""

    context: Context
    fields: Mapping[str, Field]
    variables: Mapping[str, Variable]
    parameters: Mapping[str, Parameter]
    benefits: Mapping[str, Benefit]
    divisions: DivisionTree
    root: str

    def find(self, node: Node, what: str, fits: Iterable[Named]) -> str:
        """The id of a record, told by id or name, out of those that fit."""
        text = node.text(what)
        rest = list(fits)
        for one in rest:
            if text in (one.id, one.name):
                return one.id
        if text:
            node.add(f"no {what}", one_of(text, [one.name for one in rest]))
        return ""

    def place(self, node: Node | None) -> str:
        """A division inside the territory as the table writes it; the root where none is given."""
        if node is None:
            return self.root
        text = node.text("a division code")
        try:
            division = self.divisions.get(normalise(text)[0]) if text else None
        except CodeError:
            division = None
        if text and division is None:
            node.add("no division of the pack", "a code from divisions.csv")
        return division.code if division is not None else ""


def read_supplements(files: PackFiles, known: Known) -> tuple[Worksheet | None, tuple[Sharing, ...], Setting]:
    """Files that are missing give nothing."""

    def node(name: str) -> Node | None:
        return files.yaml(name) if files.has(name) else None

    sheet, sharing, setting = (node(f"{name}.yaml") for name in ("worksheet", "sharing", "setting"))
    return (
        _worksheet(sheet, known) if sheet is not None else None,
        tuple(read_list(sharing, lambda item: _sharing(item, known))),
        _setting(setting, known) if setting is not None else NOTHING_SET,
    )


# --- the work-sheet


def _worksheet(node: Node, known: Known) -> Worksheet:
    keys = ("name", "counted", "person", "total", "size", "per_head", "lines")
    record = node.map(keys, ("against", "line", *CITATION))
    variables = list(known.variables.values())
    own = [v for v in variables if v.unit == PERSON]
    shared = [v for v in variables if v.unit != PERSON]
    truths: list[Named] = [v for v in own if v.kind is Kind.BOOL]
    truths += [f for f in known.fields.values() if f.unit == PERSON and f.kind is Kind.BOOL]
    total = known.find(record["total"], "household's amount", (v for v in shared if v.kind is Kind.MONEY))
    unit = known.variables[total].unit if total else ""
    shared = [v for v in shared if v.unit == unit]
    limits: list[Named] = [v for v in shared if v.kind is Kind.MONEY]
    money = [p for p in known.parameters.values() if p.kind is Kind.MONEY and not p.table]
    line = record.get("line")
    return Worksheet(
        known.context.label(record["name"]),
        unit,
        known.find(record["counted"], "truth of a person", truths),
        known.find(record["person"], "amount of a person", (v for v in own if v.kind is Kind.MONEY)),
        total,
        known.find(record["size"], "household's number", (v for v in shared if v.kind is Kind.INT)),
        known.find(record["per_head"], "household's amount", (v for v in shared if v.kind is Kind.MONEY)),
        tuple(read_list(record.get("against"), lambda n: known.find(n, "amount", [*money, *limits]))),
        known.find(line, "parameter of money", money) if line is not None else "",
        tuple(read_list(record["lines"], lambda item: _line(item, known))),
        known.context.citation(record),
        node.at,
    )


def _line(item: Node, known: Known) -> SheetLine:
    record = item.map(("of",), ("way", "when", *CITATION))
    amounts: list[Named] = [
        one
        for records in (known.fields, known.variables)
        for one in records.values()
        if one.unit == PERSON and one.kind is Kind.MONEY
    ]
    of = known.find(record["of"], "amount of a person", amounts)
    truths: list[Named] = [p for p in known.parameters.values() if p.kind is Kind.BOOL and not p.table]
    for records in (known.fields, known.variables):
        truths += [one for one in records.values() if one.unit == PERSON and one.kind is Kind.BOOL]
    when = record.get("when")
    return SheetLine(
        of,
        _way(record, of, known),
        known.find(when, "truth of a person or parameter", truths) if when is not None else "",
        known.context.citation(record),
        item.at,
    )


def _way(record: Map, of: str, known: Known) -> str:
    """As stated; of a field else what its register tells."""
    given = record.get("way")
    if given is not None:
        return given.word(*WAYS)
    field = known.fields.get(of)
    if field is None:
        if of:
            record.node.add("a line of a variable without a way", f"`way:` one of {', '.join(WAYS)}", text=of)
        return "imputed"
    register = known.context.registers.get(field.register)
    if register is None:
        return "declared"
    ways = {"register": "registered", "authorisation": "authorised"}
    return ways.get(register.access, "declared")


# --- who bears the cost


def _sharing(item: Node, known: Known) -> Sharing:
    record = item.map(("benefit", "shares"), ("place", *_DATED, *CITATION))
    benefit = known.context.reference(record["benefit"], "benefit", known.benefits)
    start, until = known.context.months(record)
    shares = tuple((key.value, _percent(value)) for key, value in record["shares"].pairs())
    if shares and sum(part for _, part in shares) != WHOLE:
        record["shares"].add("shares that are not 100 percent together", "percents that add up to 100")
    citation = known.context.citation(record)
    if not citation.source and not record.silent:
        item.add("a sharing of cost without a source", "`source: …`; leave it out where none is known")
    return Sharing(benefit, known.place(record.get("place")), start, until, shares, citation, item.at)


def _percent(node: Node) -> int:
    value = node.decimal(2, "a percent with at most two decimals")
    if not 0 < value <= 100 * WHOLE:
        node.add("a percent that can't be meant", "more than 0")
    return value


# --- how a standard is set


def _setting(node: Node, known: Known) -> Setting:
    record = node.map(("series", "rules"))
    series = read_list(record.get("series"), lambda item: _series(item, known))
    by_id = known.context.unique("series", series)
    rules = read_list(record.get("rules"), lambda item: _rule(item, known, by_id))
    seen: set[str] = set()
    for rule in rules:
        if rule.id in seen:
            known.context.problems.add(rule.at, "a rule of setting twice", rule.id, "each id once")
        seen.add(rule.id)
    return Setting(tuple(series), tuple(rules))


def _series(item: Node, known: Known) -> Series:
    record = item.map(("id", "name", "measure", "figures"), ("place",))
    figures = read_list(record["figures"], lambda one: _figure(one, known))
    years = [f.year for f in figures]
    if len(set(years)) < len(years):
        record["figures"].add("a year twice", "each year once")
    return Series(
        known.context.id(record["id"]),
        known.context.label(record["name"]),
        record["measure"].text(),
        known.place(record.get("place")),
        tuple(sorted(figures, key=lambda f: f.year)),
        item.at,
    )


def _figure(item: Node, known: Known) -> Figure:
    record = item.map(("year", "value"), CITATION)
    year, value = record["year"].integer(1949, 2199), record["value"].money()
    return Figure(year, value, known.context.citation(record), item.at)


def _rule(item: Node, known: Known, series: Mapping[str, Series]) -> SettingRule:
    required = ("id", "parameter", "series", "percent", "rounding")
    record = item.map(required, ("place", "places", "says", *_DATED, *CITATION))
    money = [p for p in known.parameters.values() if p.kind is Kind.MONEY and not p.table]
    start, until = known.context.months(record)
    rounding = record["rounding"].map(("to", "direction"), CITATION)
    return SettingRule(
        known.context.id(record["id"]),
        known.find(record["parameter"], "parameter of money", money),
        known.context.reference(record["series"], "series", series),
        _percent(record["percent"]),
        known.place(record.get("place")),
        start,
        until,
        Rounding(
            _STEPS[rounding["to"].word(*_STEPS)],
            Direction(rounding["direction"].word(*Direction)),
            known.context.citation(rounding),
        ),
        tuple(read_list(record.get("places"), lambda one: _setting_place(one, known))),
        record.text("says"),
        known.context.citation(record),
        item.at,
    )


def _setting_place(item: Node, known: Known) -> SettingPlace:
    record = item.map(("place",), ("percent", "average", *_DATED, *CITATION))
    at = record["place"]
    places = tuple(known.place(n) for n in (at.items() if at.kind == "list" else [at]))
    percent, average = record.get("percent"), record.flag("average")
    if (percent is None) != average:
        item.add("unclear how the place follows", "`percent: …` or `average: true`, one of the two")
    share = _percent(percent) if percent is not None else WHOLE
    start, until = known.context.months(record)
    return SettingPlace(places, start, until, share, average, known.context.citation(record), item.at)
