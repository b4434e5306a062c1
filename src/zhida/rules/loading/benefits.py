"""``benefits/<id>.yaml``: one benefit a file."""

from __future__ import annotations

import re

from zhida.rules.declarations import (
    Amount,
    Benefit,
    Condition,
    Direction,
    Exclusion,
    Formula,
    Rounding,
)
from zhida.rules.formation import PERSON, Formation
from zhida.rules.handling import Owner
from zhida.rules.history import PASTS
from zhida.rules.loading.context import CITATION, Context, read_list
from zhida.rules.loading.months import read_months
from zhida.rules.loading.procedure import check_kind, read_procedure, read_provisions
from zhida.rules.loading.yamlnodes import Map, Node
from zhida.rules.timing import Grace, Review

KINDS = ("standing", "event", "claim", "discretionary", "in_kind")
PERIODS = ("month", "year", "once")
_REQUIRED = ("id", "name", "unit", "kind", "award", "says", "conditions", "legal")
_OPTIONAL = ("automatic", "exists", "owners", "applies", "amount", "amounts", "excluded_by", "covers")
_OPTIONAL_REST = (
    *("ceiling", "provides", "procedure", "signal", "review", "documents", "history", "months", "reviews"),
)
_DATED = ("from", "until")
_MOST_MONTHS = 120
_STEPS = {"0.01": 1, "0.1": 10, "1": 100, "10": 1000}
_OWN_WORDS = ("applies", "signal", "exists", "unit")
_NEAR = re.compile(r"([0-9]{1,12})(?:\.([0-9]{1,2}))? ?(\D*)")


def read_benefit(node: Node, file_id: str, context: Context) -> Benefit | None:
    """``file_id``: the name of the file, which must be the benefit's id."""
    record = node.map(_REQUIRED, (*_OPTIONAL, *_OPTIONAL_REST))
    id, name = context.formula_id(record["id"]), context.name(record["name"])
    if id and id != file_id:
        record["id"].add("the id differs from the name of the file", f"the id {file_id} or a file {id}.yaml")
    exists = record.get("exists")
    start, until = context.months(exists.map((), _DATED)) if exists is not None else (None, None)
    covers = record.get("covers")
    named = context.reference(record["unit"], "unit", {**context.units, **context.formations})
    formation = context.formations.get(named)
    unit = formation.of if formation is not None else named
    if covers is not None and unit and not context.units[unit].members:
        covers.add("a benefit of persons covers the person", "no `covers`")
    applies, signal = record.get("applies"), record.get("signal")
    benefit = Benefit(
        id=id,
        name=name,
        unit=unit,
        kind=record["kind"].word(*KINDS),
        automatic=record.flag("automatic"),
        award=record["award"].boolean(),
        owners=tuple(read_list(record.get("owners"), lambda item: _owner(item, context))),
        start=start,
        until=until,
        applies=_named_condition(applies, "applies", context) if applies is not None else None,
        conditions=(*_stands(formation), *_conditions(record["conditions"], id, context)),
        amounts=_amounts(record, id, context),
        excluded_by=tuple(read_list(record.get("excluded_by"), lambda item: _exclusion(item, context))),
        covers=covers.formula() if covers is not None else _counted(formation),
        signal=_named_condition(signal, "signal", context) if signal is not None else None,
        reviews=_reviews(record, id, context),
        documents=record["documents"].texts() if "documents" in record else (),
        says=record["says"].text(),
        legal=tuple(context.citation(item.map((), CITATION)) for item in record["legal"].items()),
        at=node.at,
        provides=read_provisions(record.get("provides"), context),
        procedure=read_procedure(record.get("procedure"), id, context),
        history=_history(record),
        formed=formation.id if formation is not None else "",
        months=read_months(record.get("months"), context),
    )
    check_kind(benefit, record)
    return benefit if context.take("benefit", id, name, node.at) and id else None


def _history(record: Map) -> tuple[str, ...]:
    """Words of :data:`PASTS`, each once; only an award has a past. What is reviewed tells when it was."""
    node = record.get("history")
    words = [one.word(*PASTS) for one in node.items()] if node is not None else []
    reviewed = "review" in record or "reviews" in record
    if reviewed and record["award"].value == "true":
        words.append("review")
    if node is not None and words and not record["award"].boolean():
        node.add("a past without an award", "`award: true`, or no `history`")
    return tuple(dict.fromkeys(words))


def _counted(formation: Formation | None) -> Formula | None:
    """A benefit of those who count is for them."""
    if formation is None or formation.of == PERSON:
        return None
    return Formula(formation.counted, formation.at)


def _stands(formation: Formation | None) -> tuple[Condition, ...]:
    """A benefit of a unit of one is for whoever may form it."""
    if formation is None or formation.of != PERSON:
        return ()
    formula = Formula(formation.counted, formation.at)
    return (Condition("unit", formation.says, formula, None, formation.citation, formation.at),)


def _conditions(node: Node, benefit: str, context: Context) -> tuple[Condition, ...]:
    conditions = read_list(node, lambda item: _condition(item, context))
    if node.kind == "list" and not conditions:
        node.add("no condition", "at least one", text=benefit)
    by_id: dict[str, list[Formula]] = {}
    for condition in conditions:
        by_id.setdefault(condition.id, []).append(condition.formula)
    for id, formulas in by_id.items():
        if id:
            context.no_overlap(f"{benefit}.{id}", formulas)
    return tuple(conditions)


def _condition(item: Node, context: Context) -> Condition:
    record = item.map(("id", "says", "formula"), (*_DATED, "near", "grace", *CITATION))
    id = context.id(record["id"])
    if id in _OWN_WORDS:
        record["id"].add("an id with a meaning of its own", "another id")
    start, until = context.months(record)
    formula = record["formula"].formula(start, until)
    near = record.get("near")
    return Condition(
        id,
        record["says"].text(),
        formula,
        _near(near, formula, context) if near is not None else None,
        context.citation(record),
        item.at,
        _grace(record.get("grace"), context),
    )


def _grace(node: Node | None, context: Context) -> Grace | None:
    if node is None:
        return None
    record = node.map(("says", "formula"), CITATION)
    return Grace(record["formula"].formula(), record["says"].text(), context.citation(record))


def _named_condition(node: Node, id: str, context: Context) -> Condition:
    record = node.map(("says", "formula"), CITATION)
    formula = record["formula"].formula()
    return Condition(id, record["says"].text(), formula, None, context.citation(record), node.at)


def _near(node: Node, formula: Formula, context: Context) -> int:
    """``100元`` → fen; ``2岁`` or ``2`` → 2. A bare number beside amounts of money could be fen or yuan."""
    text = node.text("how far is near")
    match = _NEAR.fullmatch(text)
    if match is None or (match[2] and match[3] != "元"):
        if text:
            node.add("not a distance", "a number with its unit, like 100元 or 2岁")
        return 0
    if match[3] == "元":
        return int(match[1] + (match[2] or "").ljust(2, "0"))
    if not match[3] and any(word in context.money_words for word in re.findall(r"\w+", formula.text)):
        node.add(
            "a distance beside amounts of money without its unit", f"{text}元 (or the unit that is meant)"
        )
    return int(match[1])


def _amounts(record: Map, id: str, context: Context) -> tuple[Amount, ...]:
    given = [key for key in ("amount", "amounts", "ceiling") if key in record]
    if len(given) > 1:
        record[given[1]].add(" and ".join(given), "one of them", text=id)
    nodes = [] if not given else record[given[0]].items() if given[0] == "amounts" else [record[given[0]]]
    amounts = tuple(_amount(node, context, given[0] == "ceiling") for node in nodes)
    context.no_overlap(f"the amount of {id}", [amount.formula for amount in amounts])
    return amounts


def _amount(node: Node, context: Context, ceiling: bool) -> Amount:
    record = node.map(("formula", "period", "rounding"), (*_DATED, *CITATION))
    start, until = context.months(record)
    rounding = record["rounding"].map(("to", "direction"), CITATION)
    return Amount(
        record["formula"].formula(start, until),
        Rounding(
            _STEPS[rounding["to"].word(*_STEPS)],
            Direction(rounding["direction"].word(*Direction)),
            context.citation(rounding),
        ),
        record["period"].word(*PERIODS),
        context.citation(record),
        node.at,
        ceiling,
    )


def _exclusion(item: Node, context: Context) -> Exclusion:
    record = item.map(("benefit", "says"), CITATION)
    citation = context.citation(record)
    return Exclusion(record["benefit"].text("the id of a benefit"), record["says"].text(), citation, item.at)


def _owner(item: Node, context: Context) -> Owner:
    record = item.map(("department",), (*_DATED, *CITATION))
    start, until = context.months(record)
    return Owner(record["department"].text(), start, context.citation(record), until)


def _reviews(record: Map, id: str, context: Context) -> tuple[Review, ...]:
    if "review" in record and "reviews" in record:
        record["reviews"].add("review and reviews", "one of them", text=id)
    nodes = [record["review"]] if "review" in record else []
    nodes = nodes or (record["reviews"].items() if "reviews" in record else [])
    reviews = tuple(_review(node, context) for node in nodes)
    context.no_overlap(f"the review of {id}", [review.every for review in reviews])
    return reviews


def _review(node: Node, context: Context) -> Review:
    record = node.map(("every_months",), ("clear_change", "valid_months", "says", *_DATED, *CITATION))
    change = record["clear_change"].money() if "clear_change" in record else 0
    if change < 0:
        record["clear_change"].add("a negative change", "0 or more")
    start, until = context.months(record)
    valid = record["valid_months"].integer(1, _MOST_MONTHS) if "valid_months" in record else None
    every, says = record["every_months"].formula(start, until), record.text("says")
    if every.text.isdigit() and not 1 <= int(every.text) <= _MOST_MONTHS:
        record["every_months"].add("out of bounds", f"from 1 to {_MOST_MONTHS}", text=every.text)
    if not every.text.isdigit() and not says:
        record["every_months"].add("an interval that is not one number", "`says`: the interval in words")
    return Review(every, change, context.citation(record), valid, says)
