"""The income work-sheet (收入核算表) of one household: each line, how it was come by, and what it adds up to.

Which fields and variables are lines is data of the pack (``worksheet.yaml``). Amounts are exact; what is not
known is an interval and stays one in every sum.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from zhida.codes.months import format_month
from zhida.rules.declarations import Field, Pack, Parameter
from zhida.rules.explain.interpret import Run, Value
from zhida.rules.explain.membership import ground_json, grounds_of
from zhida.rules.formation import Ground
from zhida.rules.formulas.ir import NA, NO, YES
from zhida.rules.formulas.terms import Term
from zhida.rules.parameters import is_stale
from zhida.rules.supplements import SheetLine, Worksheet
from zhida.rules.values import NONE, OPEN_HI, OPEN_LO, VALUE

FORMAT = 1
COUNTED = {YES: "yes", NO: "no", NA: "no"}


@dataclass(frozen=True, slots=True)
class Span:
    """Both ends in fen, exactly; None: no known bound. ``applies`` False: there is no such amount at all."""

    lo: Fraction | None
    hi: Fraction | None
    applies: bool = True

    @property
    def known(self) -> bool:
        return self.lo is not None and self.lo == self.hi

    def plus(self, other: Span, sign: int = 1) -> Span:
        low, high = (other.lo, other.hi) if sign > 0 else (_minus(other.hi), _minus(other.lo))
        return Span(_sum(self.lo, low), _sum(self.hi, high))


ZERO = Span(Fraction(0), Fraction(0))


def _minus(x: Fraction | None) -> Fraction | None:
    return None if x is None else -x


def _sum(a: Fraction | None, b: Fraction | None) -> Fraction | None:
    return None if a is None or b is None else a + b


@dataclass(frozen=True, slots=True)
class Cell:
    """A line of one person. ``counted``: yes, no or undetermined: whether the line enters the sum."""

    line: SheetLine
    amount: Span
    counted: str


@dataclass(frozen=True, slots=True)
class Column:
    """One member. ``counted``: whether they belong to the household that is reckoned, ``grounds`` why (where
    told); ``sum``: by the lines; ``total``: by the rules, which the sum must meet where all is known."""

    id: str
    counted: str
    grounds: tuple[Ground, ...]
    cells: tuple[Cell, ...]
    sum: Span
    total: Span

    @property
    def agrees(self) -> bool | None:
        """Whether lines and rules say the same; None where not all is known."""
        return self.sum == self.total if self.sum.known and self.total.known else None


@dataclass(frozen=True, slots=True)
class Against:
    """What the income of one head is held against, and how it stands: below, equal, above or undetermined."""

    id: str
    name: str
    amount: Span
    stands: str
    source: str
    article: str


@dataclass(frozen=True, slots=True)
class Sheet:
    pack: Pack
    sheet: Worksheet
    month: int
    division: str
    columns: tuple[Column, ...]
    total: Span
    size: Span
    per_head: Span
    against: tuple[Against, ...]

    @property
    def stale(self) -> bool:
        """Whether the month lies after the day up to which somebody has checked the rules."""
        return is_stale(self.pack, self.month)


def make_sheet(run: Run, ids: Sequence[str], division: str) -> Sheet | None:
    """None where the pack has no work-sheet. ``ids``: of the members, in the order of the facts."""
    pack = run.program.pack
    sheet = pack.worksheet
    if sheet is None:
        return None
    columns = tuple(_column(run, sheet, i, ids[i]) for i in range(run.facts.members))
    total, size, per_head = (_named(run, id, 0) for id in (sheet.total, sheet.size, sheet.per_head))
    against = tuple(_against(run, id, per_head) for id in sheet.against)
    return Sheet(pack, sheet, run.program.month, division, columns, total, size, per_head, against)


def _column(run: Run, sheet: Worksheet, i: int, id: str) -> Column:
    cells = tuple(Cell(line, _named(run, line.of, i), _when(run, line.when, i)) for line in sheet.lines)
    total = ZERO
    for cell in cells:
        if cell.amount.applies and cell.counted != "no":
            sign = -1 if cell.line.way == "deducted" else 1
            part = cell.amount if cell.counted == "yes" else Span(_least(cell.amount), _most(cell.amount))
            total = total.plus(part, sign)
    formed = next((f.id for f in run.program.pack.formations.values() if f.counted == sheet.counted), "")
    grounds = tuple(grounds_of(run, formed, i))
    return Column(id, _truth(run, sheet.counted, i), grounds, cells, total, _named(run, sheet.person, i))


def _least(span: Span) -> Fraction | None:
    """Of an amount that may or may not enter."""
    return None if span.lo is None else min(span.lo, Fraction(0))


def _most(span: Span) -> Fraction | None:
    return None if span.hi is None else max(span.hi, Fraction(0))


def _when(run: Run, id: str, i: int) -> str:
    return _truth(run, id, i) if id else "yes"


def _truth(run: Run, id: str, i: int) -> str:
    """A parameter, field or variable that is true or not, of one person."""
    pack = run.program.pack
    if id in pack.parameters:
        found = run.lookup(id, run.facts.places[i]).values
        return "undetermined" if found is None else "yes" if found[0] else "no"
    own = run.facts.persons[i].get(id)
    bits = own if id in pack.fields else run.value(run.program.variables[id].num, i)
    return COUNTED.get(bits, "undetermined") if isinstance(bits, int) else "undetermined"


def _named(run: Run, id: str, i: int) -> Span:
    """A field, variable or parameter as an amount (or a number) of one unit."""
    pack = run.program.pack
    if id in pack.fields:
        field = pack.fields[id]
        value = run.facts.persons[i].get(id)
        return _unknown(field) if value is None else _span(value)
    if id in pack.parameters:
        found = run.lookup(id, run.facts.group_place).values
        return Span(None, None) if found is None else Span(Fraction(found[0]), Fraction(found[0]))
    return _of_term(run, run.program.variables[id], i)


def _unknown(field: Field) -> Span:
    return Span(Fraction(field.minimum) if field.minimum >= 0 else None, None)


def _span(value: Value) -> Span:
    assert isinstance(value, tuple)
    lo, hi, flags = value
    if not flags & VALUE:
        return Span(Fraction(0), Fraction(0), False)
    if flags & NONE:  # it may also not apply, and then it counts as nothing
        lo, hi = min(lo, 0), max(hi, 0)
    return Span(None if flags & OPEN_LO else Fraction(lo), None if flags & OPEN_HI else Fraction(hi))


def _of_term(run: Run, term: Term, i: int) -> Span:
    top = _span(run.value(term.num, i))
    if term.den is None or not top.applies:
        return top
    below = _span(run.value(term.den, i))
    if below.lo is None or below.hi is None or below.lo <= 0:
        return Span(None, None)
    ends = [t / b for t in (top.lo, top.hi) if t is not None for b in (below.lo, below.hi)]
    lo, hi = min(ends, default=None), max(ends, default=None)
    return Span(None if top.lo is None else lo, None if top.hi is None else hi)


def _against(run: Run, id: str, income: Span) -> Against:
    pack = run.program.pack
    record = pack.parameters.get(id) or pack.variables[id]
    amount = _named(run, id, 0)
    if isinstance(record, Parameter):
        value = run.lookup(id, run.facts.group_place).value
        source, article = (value.citation.source, value.citation.article) if value is not None else ("", "")
    else:
        source, article = record.citation.source, record.citation.article
    return Against(id, record.name, amount, _stands(income, amount), source, article)


def _stands(a: Span, b: Span) -> str:
    if not a.applies or not b.applies:
        return "undetermined"
    if a.known and a == b:
        return "equal"
    if a.hi is not None and b.lo is not None and a.hi < b.lo:
        return "below"
    if a.lo is not None and b.hi is not None and a.lo > b.hi:
        return "above"
    return "undetermined"


# --- as data


def as_json(sheet: Sheet) -> dict[str, Any]:
    """As ``docs/schemas/worksheet.schema.json`` describes it; yuan, exact as a ratio where it must be."""
    pack = sheet.pack
    verified = pack.verified_through
    return {
        "format": FORMAT,
        "name": sheet.sheet.name,
        "month": format_month(sheet.month),
        "division": sheet.division,
        "pack": {
            "id": pack.id,
            "hash": pack.hash,
            "verified_through": verified.isoformat(),
            "stale": sheet.stale,
        },
        "lines": [line_json(pack, line) for line in sheet.sheet.lines],
        "members": [
            {
                "id": c.id,
                "counted": c.counted,
                "grounds": [ground_json(g) for g in c.grounds],
                "lines": [
                    {"of": x.line.of, "amount": span_json(x.amount), "counted": x.counted} for x in c.cells
                ],
                "sum": span_json(c.sum),
                "total": span_json(c.total),
                "agrees": c.agrees,
            }
            for c in sheet.columns
        ],
        "total": span_json(sheet.total),
        "size": span_json(sheet.size, Fraction(1)),
        "per_head": span_json(sheet.per_head),
        "against": [
            {"id": a.id, "name": a.name, "amount": span_json(a.amount), "stands": a.stands}
            for a in sheet.against
        ],
    }


def line_json(pack: Pack, line: SheetLine) -> dict[str, Any]:
    record = pack.fields.get(line.of) or pack.variables[line.of]
    register = pack.registers.get(record.register) if isinstance(record, Field) else None
    return {
        "of": line.of,
        "name": record.name,
        "way": line.way,
        "register": register.id if register is not None else None,
        "when": line.when or None,
        "source": line.citation.source or None,
        "article": line.citation.article,
        "evidence": str(line.citation.evidence),
        "note": line.citation.note,
    }


def span_json(span: Span, unit: Fraction = Fraction(100)) -> Any:
    """A number, an interval, or null where there is no such amount. Not a whole fen: ``num`` over ``den``."""
    if not span.applies:
        return None
    if span.known:
        assert span.lo is not None
        return _number(span.lo / unit)
    return {
        "at_least": None if span.lo is None else _number(span.lo / unit),
        "at_most": None if span.hi is None else _number(span.hi / unit),
    }


def _number(x: Fraction) -> int | float | Mapping[str, int]:
    cents = x * 100
    if cents.denominator != 1:
        return {"num": x.numerator, "den": x.denominator}
    return int(x) if x.denominator == 1 else round(int(cents) / 100, 2)
