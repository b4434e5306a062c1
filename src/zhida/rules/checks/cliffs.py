"""Cliffs (陡坡效应) of a pack: where one yuan more income loses a household more than it gains.

Typical households are those of the worked cases. One income of one member is raised from nothing to beyond
every line that the pack holds income against; where what the household gets falls at once by more than the
income rose, the place is found to the yuan. Awards are left aside: what counts is what the rules give; so are
benefits of which the case leaves open whether they are granted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from zhida.codes.money import format_yuan
from zhida.codes.months import format_month
from zhida.rules.checks.cases import Case
from zhida.rules.checks.coverage import Said
from zhida.rules.declarations import At, Field, Pack
from zhida.rules.explain.assess import program_of
from zhida.rules.explain.interpret import Facts, Run, Value
from zhida.rules.explain.request import Request, RequestError, parse_request
from zhida.rules.explain.worksheet import make_sheet
from zhida.rules.formulas.ir import NO, PERSON, YES, cone
from zhida.rules.program.build import BenefitProgram, Program
from zhida.rules.values import point

YUAN = 100
STRIDE = 128
"""Yuan between two looks; between them it is halved where something changed."""
FURTHEST = 60_000
"""Yuan beyond which nobody is asked about."""
EACH = 2
"""Worked cases for each benefit that they grant."""
MONTHS = {"month": 12, "year": 1}

Paid = Mapping[tuple[str, int], int | None]
"""By benefit and unit what it pays in fen a year (a status 0); None: it surely is not granted. What is open
is left out."""


@dataclass(frozen=True, slots=True)
class Fall:
    """A benefit of one unit before and after, in fen a month (a twelfth of a year's, cut to the fen)."""

    benefit: str
    before: int
    after: int
    gone: bool


@dataclass(frozen=True, slots=True)
class Cliff:
    """``at``: yuan of the income from which one more costs ``loss`` fen a month in all."""

    case: str
    month: int
    division: str
    member: str
    field: str
    at: int
    loss: int
    falls: tuple[Fall, ...]


def pack_cliffs(pack: Pack, cases: Sequence[Case]) -> list[Cliff]:
    """All cliffs of the typical households, worst first. None where the pack has no work-sheet."""
    field = income_field(pack)
    if field is None:
        return []
    found = [cliff for case in typical(pack, cases) for cliff in case_cliffs(pack, case, field)]
    return sorted(found, key=lambda c: (-c.loss, c.case, c.at))


def income_field(pack: Pack) -> Field | None:
    """The first line of the work-sheet that a register holds and that counts always: the income to raise."""
    lines = pack.worksheet.lines if pack.worksheet is not None else ()
    for line in lines:
        if line.way == "registered" and not line.when and line.of in pack.fields:
            return pack.fields[line.of]
    return None


def typical(pack: Pack, cases: Sequence[Case]) -> list[Case]:
    """For each standing benefit the newest few cases that grant it, each once."""
    chosen: dict[str, Case] = {}
    for b in pack.benefits.values():
        granted = [c for c in cases if any(e.benefit == b.id and e.answer == "yes" for e in c.expects)]
        if b.kind == "standing":
            for case in sorted(granted, key=lambda c: -c.month)[:EACH]:
                chosen[case.id] = case
    return list(chosen.values())


def case_cliffs(pack: Pack, case: Case, field: Field) -> list[Cliff]:
    """Of one household; none where its case can't be read or a line is not known."""
    try:
        request = parse_request(pack, case.data)
    except RequestError:
        return []
    return list(request_cliffs(program_of(pack, request.month), request, field, case.id))


def request_cliffs(program: Program, request: Request, field: Field, name: str = "") -> Iterator[Cliff]:
    """Where the net income of the household falls as one member's field rises by a yuan."""
    home = _Home(program, request, field)
    top = home.top()
    if top is None:
        return
    last = 0
    while last < top:
        yield from home.between(last, min(last + STRIDE, top), name)
        last += STRIDE


class _Home:
    """A household whose one income is turned; what was reckoned is remembered."""

    def __init__(self, program: Program, request: Request, field: Field) -> None:
        self.program, self.request, self.field = program, request, field
        self.facts = without_awards(program.pack, request.facts)
        self.member = self._earner()
        self.benefits = hanging(program, field)
        self.known: dict[int, Paid] = {}

    def _earner(self) -> int:
        """Who has most of the income now; among equals the first."""

        def earned(i: int) -> int:
            value = self.facts.persons[i].get(self.field.id)
            return value[0] if isinstance(value, tuple) else 0

        return max(range(self.facts.members), key=lambda i: (earned(i), -i))

    def top(self) -> int | None:
        """Yuan beyond every line, for all heads together; None where a line is not known."""
        run = self._run(0)
        sheet = make_sheet(run, self.request.ids, self.request.division)
        if sheet is None or not sheet.against:
            return None
        lines = [a.amount.hi for a in sheet.against]
        if any(line is None for line in lines):
            return None
        heads = max(1, self.facts.members)
        highest = max(int(line) for line in lines if line is not None) * heads // YUAN
        return min(FURTHEST, self.field.maximum // YUAN, highest * 5 // 4 + 1000)

    def _run(self, yuan: int) -> Run:
        persons = list(self.facts.persons)
        persons[self.member] = {**persons[self.member], self.field.id: point(yuan * YUAN)}
        return Run(self.program, replace(self.facts, persons=tuple(persons)), self.request.known_on)

    def paid(self, yuan: int) -> Paid:
        if yuan not in self.known:
            self.known[yuan] = paid(self._run(yuan), self.benefits)
        return self.known[yuan]

    def between(self, low: int, high: int, name: str) -> Iterator[Cliff]:
        before, after = self.paid(low), self.paid(high)
        rise = (high - low) * YUAN * 12
        both = before.keys() & after.keys()  # what is open on either side is left aside
        loss = sum((before[k] or 0) - (after[k] or 0) for k in both)
        alike = before.keys() == after.keys() and all((before[k] is None) == (after[k] is None) for k in both)
        if alike and loss <= rise:
            return
        if high - low > 1:
            middle = (low + high) // 2
            yield from self.between(low, middle, name)
            yield from self.between(middle, high, name)
        elif loss > rise:
            yield Cliff(
                name,
                self.request.month,
                self.request.division,
                self.request.ids[self.member],
                self.field.id,
                low,
                loss // 12,
                falls(before, after),
            )


def without_awards(pack: Pack, facts: Facts) -> Facts:
    """The same people, none of whom receives anything yet."""
    empty: dict[bool, dict[str, Value]] = {True: {}, False: {}}
    for b in pack.benefits.values():
        if b.award:
            own = empty[b.unit == PERSON]
            own[f"awarded_{b.id}"], own[f"award_amount_{b.id}"] = NO, point(0)
    persons = tuple({**person, **empty[True]} for person in facts.persons)
    return replace(facts, persons=persons, group={**facts.group, **empty[False]})


def hanging(program: Program, field: Field) -> list[BenefitProgram]:
    """Standing benefits whose answer or amount hangs on a field."""
    found = []
    for b in program.benefits.values():
        if b.benefit.kind == "standing" and b.exists:
            roots = [n for n in (b.full.answer, b.full.amount) if n is not None]
            if any(n.op == "input" and n.data[0] == field.id for n in cone(roots)):
                found.append(b)
    return found


def paid(run: Run, benefits: Sequence[BenefitProgram]) -> Paid:
    """What some benefits surely give, or surely do not."""
    found: dict[tuple[str, int], int | None] = {}
    for b in benefits:
        period = MONTHS.get(b.benefit.amounts[0].period, 0) if b.benefit.amounts else 0
        for i in range(run.facts.members if b.benefit.unit == PERSON else 1):
            answer = run.value(b.full.answer, i)
            if answer == YES:
                amount = run.value(b.full.amount, i) if b.full.amount is not None else point(0)
                if isinstance(amount, tuple) and amount[0] == amount[1]:
                    found[b.benefit.id, i] = amount[0] * period
            elif isinstance(answer, int) and not answer & YES:
                found[b.benefit.id, i] = None
    return found


def falls(before: Paid, after: Paid) -> tuple[Fall, ...]:
    """What is lost: benefits that end or shrink by more than a yuan a month, the largest loss first."""
    found = []
    for key, was in before.items():
        now = after.get(key)
        if was is not None and key in after and (now is None or was - now > YUAN * 12):
            found.append(Fall(key[0], was // 12, (now or 0) // 12, now is None))
    return tuple(sorted(found, key=lambda f: (f.after - f.before, f.benefit)))


# --- as findings


def cliff_findings(pack: Pack, cases: Sequence[Case]) -> Iterator[Said]:
    """One finding for each set of benefits that fall together: the worst place, how many more there are."""
    if income_field(pack) is None:
        says = "cliffs were not looked for: no worksheet.yaml names a line of income that a register holds"
        yield "cliff", At("worksheet.yaml", 0, 0), says
    grouped: dict[tuple[str, ...], list[Cliff]] = {}
    for cliff in pack_cliffs(pack, cases):
        grouped.setdefault(tuple(sorted({f.benefit for f in cliff.falls})), []).append(cliff)
    for benefits, cliffs in grouped.items():
        worst = cliffs[0]
        more = f"; {len(cliffs) - 1} more places like it" if len(cliffs) > 1 else ""
        yield "cliff", pack.benefits[benefits[0]].at, f"cliff: {cliff_words(pack, worst)}{more}"


def cliff_words(pack: Pack, cliff: Cliff) -> str:
    """In one sentence where it is and what falls away."""
    place = pack.divisions.get(cliff.division)
    where = place.name if place is not None else cliff.division
    lost = "、".join(fall_words(pack, f) for f in cliff.falls)
    name = pack.fields[cliff.field].name
    which = f"case {cliff.case}, {format_month(cliff.month)}, {where}"
    return (
        f"where {name} of {cliff.member} passes {cliff.at:,} yuan ({which}), "
        f"one yuan more costs {format_yuan(cliff.loss)} a month: {lost}"
    )


def fall_words(pack: Pack, fall: Fall) -> str:
    name = pack.benefits[fall.benefit].name
    if fall.gone and not fall.before:
        return f"{name} ends"
    after = "ends" if fall.gone else format_yuan(fall.after)
    return f"{name} {format_yuan(fall.before)} → {after}"
