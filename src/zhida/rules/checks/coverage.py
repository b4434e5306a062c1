"""What of a pack is used by rules, known in every month and place, and tried by cases."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations

from zhida.codes.divisions import Division
from zhida.codes.months import first_day, format_month, month_of
from zhida.rules.checks.cases import Case
from zhida.rules.declarations import WITH, At, Pack
from zhida.rules.formulas.ir import cone
from zhida.rules.formulas.reach import Reach
from zhida.rules.history import PREFIXES
from zhida.rules.matrix import Together
from zhida.rules.parameters import Lookup, effective_month
from zhida.rules.program.build import Program
from zhida.rules.timing import Event, monthly

COUNTY = 3
Gap = tuple[tuple[int, int, bool], list[Division]]
"""First and last month, whether the pack declares that it is not known; the counties."""
Said = tuple[str, At, str]
"""Sort of finding, place, text."""


def unused_findings(pack: Pack, reach: Reach) -> tuple[list[Said], list[Said]]:
    """Parameters and variables that no benefit hangs on; fields that none does."""
    used = {id for b in pack.benefits for id in reach.uses[b]}
    if pack.worksheet is not None:
        used |= {id for line in pack.worksheet.lines for id in reach.uses.get(line.of, ())}
    made = {f"{kind}{b}" for b in pack.benefits for kind in PREFIXES}
    things = [("parameter", p.id, p.name, p.at) for p in pack.parameters.values()]
    things += [("variable", v.id, v.name, v.at) for v in pack.variables.values()]
    inputs = [("field", f.id, f.name, f.at) for f in pack.fields.values() if f.id not in made]

    def unused(them: list[tuple[str, str, str, At]]) -> list[Said]:
        return [
            ("unused", at, f"{what} {id} ({name}) is used by no benefit")
            for what, id, name, at in them
            if id not in used and id != "registered_here" and not id.startswith(WITH)
        ]

    return unused(things), unused(inputs)


def month_findings(pack: Pack, programs: Mapping[int, Program]) -> Iterator[Said]:
    """What is paid by the month must say which months, or that it is not known; there is no rule that holds
    unsaid. Ages only where it hangs on one."""
    for b in pack.benefits.values():
        if not monthly(b):
            continue
        roots = [r for p in programs.values() for r in p.outputs(b.id)]
        aged = any(n.op in ("age", "born_by") for n in cone(roots))
        needed = [event for event in Event if aged or event is not Event.AGE]
        unsaid = ", ".join(event for event in needed if event not in {m.event for m in b.months})
        if unsaid:
            says = f"{b.id} does not say under `months`: {unsaid} (`month: unknown` where no source does)"
            yield "months", b.at, says


def parameters_of(program: Program) -> frozenset[str]:
    """Parameters that some answer or amount hangs on in a program's month."""
    outcomes = [b.full for b in program.benefits.values() if b.exists]
    roots = [n for o in outcomes for n in (o.answer, o.amount) if n is not None]
    return frozenset(str(n.data[0]) for n in cone(roots) if n.op == "param")


def gap_findings(pack: Pack, programs: Mapping[int, Program], first: int, last: int) -> Iterator[Said]:
    """Where a parameter that a rule of the month needs is not known, county by county.

    Asked are the counties of today, for all months: before its time a county is what its place was then.
    Places with the same gap are one finding.
    """
    starts = sorted(programs)
    needed = [parameters_of(programs[start]) for start in starts]
    lookup = Lookup(pack)
    counties = counties_on(pack, last)
    for p in pack.parameters.values():
        asked = [m for m in range(first, last + 1) if p.id in needed[max(0, bisect_right(starts, m) - 1)]]
        found = stretches(lookup, p.id, counties, asked)
        for (begin, end, declared), places in found:
            names = [d.name for d in places]
            where = "、".join(names) if len(names) <= 6 else f"{'、'.join(names[:5])}等{len(names)}处"
            span = format_month(begin) if begin == end else f"{format_month(begin)} to {format_month(end)}"
            how = "declared not known" if declared else "not known"
            yield "gap", p.at, f"parameter {p.id} ({p.name}) is {how} from {span}: {where}"


def stretches(
    lookup: Lookup, parameter: str, counties: Sequence[Division], asked: Sequence[int]
) -> list[Gap]:
    """Runs of the months asked for in which a parameter is not known, and the counties where it is so."""
    found: dict[tuple[int, int, bool], list[Division]] = {}
    for county in counties:
        for stretch in _stretches(lookup, parameter, county.code, asked):
            found.setdefault(stretch, []).append(county)
    return sorted(found.items(), key=lambda one: one[0])


def history_gaps(pack: Pack, ids: Sequence[str] | None = None) -> dict[str, list[Gap]]:
    """By parameter (of ``ids``, else of all) the gaps in its own history, from its first value to the day up
    to which the pack was checked."""
    last, lookup = month_of(pack.verified_through), Lookup(pack)
    counties = counties_on(pack, last)
    found = {}
    for id in pack.parameters if ids is None else ids:
        p = pack.parameters[id]
        first = min((effective_month(v) for v in p.values), default=last + 1)
        found[p.id] = stretches(lookup, p.id, counties, range(first, last + 1))
    return found


def counties_on(pack: Pack, month: int) -> list[Division]:
    return [d for d in pack.divisions if d.level == COUNTY and d.in_force(first_day(month))]


def _stretches(
    lookup: Lookup, parameter: str, place: str, months: Sequence[int]
) -> Iterator[tuple[int, int, bool]]:
    """First and last month of each run of months without a value, and whether the pack declares it."""
    begin = end = -2
    declared = False
    for month in months:
        got = lookup.resolve(parameter, month, place)
        if got.values is not None or not lookup.chains(place, month):
            # A county that does not exist yet and has no single predecessor: nobody can ask for it.
            continue
        if month != end + 1 or (got.value is not None) != declared:
            if begin >= 0:
                yield begin, end, declared
            begin, declared = month, got.value is not None
        end = month
    if begin >= 0:
        yield begin, end, declared


def trial_findings(pack: Pack, cases: Sequence[Case]) -> tuple[list[Said], list[Said]]:
    """Benefits without a case that says yes and one that says no; conditions that are never the reason."""
    answers: dict[str, set[str]] = {}
    reasons: set[tuple[str, str]] = set()
    for case in cases:
        for e in case.expects:
            answers.setdefault(e.benefit, set()).add(e.answer)
            reasons |= {(e.benefit, id) for id in e.because}
    sides: list[Said] = []
    never: list[Said] = []
    for b in pack.benefits.values():
        for side in ("yes", "no"):
            if side not in answers.get(b.id, set()):
                sides.append(("case", b.at, f"benefit {b.id} has no worked case with the answer {side}"))
        for c in {c.id: c for c in b.conditions}.values():
            if (b.id, c.id) not in reasons:
                never.append(
                    ("case", c.at, f"condition {b.id}.{c.id} is the reason (because) in no worked case")
                )
        for x in b.excluded_by:
            if (b.id, f"excluded_by:{x.benefit}") not in reasons:
                says = f"exclusion of {b.id} by {x.benefit} is the reason (because) in no worked case"
                never.append(("case", x.at, says))
    return sides, never


def stacking_findings(pack: Pack) -> tuple[list[Said], list[Said]]:
    """Pairs of benefits of which the matrix says nothing; how many it calls not known. Nothing where a
    pack has no matrix."""
    matrix = pack.stacking
    if matrix is None:
        return [], []
    whole = At("stacking.yaml", 0, 0)
    cells = {pair: matrix.cell(*pair) for pair in combinations(pack.benefits, 2)}
    none = [
        ("stacking", whole, f"the matrix has no cell for {a} and {b}")
        for (a, b), cell in cells.items()
        if cell is None
    ]
    unknown = sum(1 for cell in cells.values() if cell is not None and cell.rule is Together.UNKNOWN)
    says = f"of {len(cells)} pairs of benefits {unknown} are not known to go together or not"
    return none, [("stacking", whole, says)] if unknown else []
