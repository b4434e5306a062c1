"""Worked cases of a pack: a household, a month, and what must come out.

A case is run through :func:`zhida.rules.explain.assess.assess`, the very function that answers people.
What it expects is compared with the answer; each difference is a :class:`Failure`. Sums are computed by
:mod:`zhida.rules.checks.arithmetic`, which knows nothing of the engine.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from zhida.codes.months import format_month
from zhida.rules.checks.arithmetic import SumError, evaluate
from zhida.rules.checks.listed import KEYS, Listed, differences, read_listed
from zhida.rules.declarations import At, Benefit, Pack
from zhida.rules.explain.assess import assess, program_of
from zhida.rules.explain.events import KEY
from zhida.rules.explain.interpret import Run
from zhida.rules.explain.request import RequestError, parse_request
from zhida.rules.formulas.ir import PERSON
from zhida.rules.loading.files import PackFiles
from zhida.rules.loading.yamlnodes import Node
from zhida.rules.problems import PackError, Problems, nearest, one_of
from zhida.rules.reforms.reform import apply, parse_set

FOLDER = "cases"
SURVIVORS = "cases/survivors.yaml"
ANSWERS = ("yes", "no", "undetermined", "not_applicable")
_REQUEST = ("complete", "household", "members", "others", "households", "known_on", "events")
_SUPPOSE = "suppose"
_EXPECT = ("who", "amount", "amount_range", "because", "missing", "assumptions", "covers", "due", *KEYS)
_OPEN = ("no", "undetermined")
GROUP = ""
"""In ``Expect.who``: the household as a whole."""


@dataclass(frozen=True, slots=True)
class Sum:
    """Text of a sum as the case writes it, and its value in yuan."""

    text: str
    value: Fraction


@dataclass(frozen=True, slots=True)
class Expect:
    """What one benefit must say. None: nothing is expected of that. ``because`` are ids of conditions
    that must have the expected answer, ``covers`` ids of members, ``listed`` what lists show
    of it, ``due`` both ends of what is due for the month by the household's events."""

    benefit: str
    who: str
    answer: str
    amount: Sum | None
    amount_range: tuple[Sum | None, Sum | None] | None
    because: tuple[str, ...]
    missing: tuple[str, ...]
    assumptions: tuple[str, ...]
    covers: tuple[str, ...] | None
    at: At
    listed: Listed
    due: tuple[Sum, Sum] | None = None


@dataclass(frozen=True, slots=True)
class Case:
    """``data`` is a request as :func:`zhida.rules.explain.request.parse_request` takes it. ``suppose``:
    values of parameters that the pack does not know (``name=value``), as if it did."""

    id: str
    says: str
    month: int
    data: Mapping[str, Any]
    expects: tuple[Expect, ...]
    at: At
    suppose: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Failure:
    """One thing that came out otherwise than the case says."""

    case: str
    benefit: str
    at: At
    says: str

    def __str__(self) -> str:
        return f"{self.at.file}:{self.at.line}:{self.at.column}: case {self.case}: {self.says}"


# --- reading


def load_cases(pack: Pack) -> tuple[Case, ...]:
    """All cases under ``cases/``, in order of file and place; PackError with every problem."""
    problems = Problems()
    files = PackFiles(pack.path, problems)
    found: dict[str, Case] = {}
    for name in files.names_in(FOLDER):
        node = files.yaml(name) if name != SURVIVORS else None
        for item in node.items() if node is not None else []:
            case = _case(pack, item)
            if case.id in found:
                item.add(f"a case called like the one at {_place(found[case.id].at)}", "another id", case.id)
            found[case.id] = case
    problems.raise_if_any()
    return tuple(found.values())


def _place(at: At) -> str:
    return f"{at.file}:{at.line}"


def _case(pack: Pack, item: Node) -> Case:
    record = item.map(("id", "says", "month", "division", "members", "expect"), (*_REQUEST, _SUPPOSE))
    month = record["month"].month()
    data: dict[str, Any] = {
        "month": format_month(month),
        "division": record["division"].text("a division code"),
    }
    for key in _REQUEST:
        node = record.get(key)
        if node is not None:
            data[key] = plain(node)
    people = data.get("members")
    ids = [str(p.get("id")) for p in people if isinstance(p, Mapping)] if isinstance(people, list) else []
    expects = tuple(e for e in (_expect(pack, n, ids) for n in record["expect"].items()) if e is not None)
    if not expects and record["expect"].kind == "list":
        record["expect"].add("a case that expects nothing", "a list of {benefit: …, answer: …}")
    suppose = _suppositions(pack, record.get(_SUPPOSE))
    return Case(record["id"].text("an id"), record.text("says"), month, data, expects, item.at, suppose)


def _suppositions(pack: Pack, node: Node | None) -> tuple[str, ...]:
    """Overrides of parameters as ``zhida simulate --set`` takes them; each is tried at once."""
    for one in node.items() if node is not None else []:
        text = one.text("name=value")
        try:
            if text:
                apply(pack, parse_set(text))
        except PackError as error:
            first = error.problems[0]
            one.add(first.says, first.expected)
    return node.texts() if node is not None else ()


_reformed: dict[tuple[str, ...], tuple[Pack, Pack]] = {}


def supposed(pack: Pack, case: Case) -> Pack:
    """The pack as the case supposes it to be; the same one for the same suppositions."""
    if not case.suppose:
        return pack
    key = (pack.hash, *case.suppose)
    base, found = _reformed.get(key, (None, pack))
    if base is not pack:
        found = pack
        for text in case.suppose:
            found = apply(found, parse_set(text))
        _reformed[key] = (pack, found)
    return found


def plain(node: Node) -> Any:
    """A node as data: maps, lists, texts; ``true``, ``false`` and ``null`` where they are not quoted.

    Numbers stay text, so that they are read as the decimals they are.
    """
    if node.kind == "map":
        return {key.value: plain(value) for key, value in node.pairs()}
    if node.kind == "list":
        return [plain(value) for value in node.items()]
    if node.is_null:
        return None
    if node.style == "" and node.value in ("true", "false"):
        return node.value == "true"
    return node.value


def _expect(pack: Pack, item: Node, ids: Sequence[str]) -> Expect | None:
    record = item.map(("benefit", "answer"), _EXPECT)
    word = record["benefit"].text("a benefit")
    benefit = pack.benefits.get(word) or next((b for b in pack.benefits.values() if b.name == word), None)
    if benefit is None:
        if word:
            record["benefit"].add("unknown benefit", one_of(word, pack.benefits))
        return None
    answer = record["answer"].word(*ANSWERS)
    who = _who(record.get("who"), item, benefit, ids)
    amount = record.get("amount")
    if amount is not None and answer != "yes":
        amount.add(f"an amount beside the answer {answer}", "amount_range, or the answer yes")
    ends = record.get("amount_range")
    if ends is not None and answer in ("no", "not_applicable"):
        ends.add(f"an amount_range beside the answer {answer}", "the answer yes or undetermined")
    because = record.get("because")
    if because is not None and answer not in _OPEN:
        because.add(
            f"a reason beside the answer {answer}", "because only where the answer is no or undetermined"
        )
    missing = record.get("missing")
    if missing is not None and answer != "undetermined":
        missing.add(f"something missing beside the answer {answer}", "missing only where it is undetermined")
    covers = record.get("covers")
    members = None if covers is None else tuple(_member(node, ids) for node in covers.items())
    return Expect(
        benefit=benefit.id,
        who=who,
        answer=answer,
        amount=None if amount is None else _sum(amount),
        amount_range=None if ends is None else _range(ends),
        because=_words(because),
        missing=_words(missing),
        assumptions=_words(record.get("assumptions")),
        covers=members,
        at=item.at,
        listed=read_listed(record, benefit),
        due=_due(record.get("due")),
    )


def _who(node: Node | None, item: Node, benefit: Benefit, ids: Sequence[str]) -> str:
    if benefit.unit != PERSON:
        if node is not None and node.text() != "household":
            node.add(f"{benefit.id} is about the household", "household, or nothing")
        return GROUP
    if node is not None:
        return _member(node, ids)
    if len(ids) != 1:
        item.add(
            f"{benefit.id} is about a person and there are {len(ids)}", f"who: one of {', '.join(ids)}", ""
        )
    return ids[0] if ids else GROUP


def _member(node: Node, ids: Sequence[str]) -> str:
    text = node.text("the id of a member")
    if text and text not in ids:
        node.add("nobody in the household has this id", one_of(text, ids))
    return text


def _words(node: Node | None) -> tuple[str, ...]:
    """One word or a list of them."""
    if node is None:
        return ()
    return node.texts() if node.kind == "list" else (node.text(),)


def _sum(node: Node) -> Sum:
    text = node.text("a sum")
    try:
        value = evaluate(text) if text else Fraction(0)
    except SumError as error:
        node.add(str(error), "a sum of plain numbers")
        value = Fraction(0)
    if (value * 100).denominator != 1:
        node.add("a sum finer than a fen", "ceil(…, 0.01), or as the amount is rounded")
    return Sum(text, value)


def _range(node: Node) -> tuple[Sum | None, Sum | None]:
    ends = node.items()
    if node.kind == "list" and len(ends) != 2:
        node.add(f"{len(ends)} ends", "[low, high], null where it is open")
    low, high = (None if e.is_null else _sum(e) for e in ends) if len(ends) == 2 else (None, None)
    return low, high


def _due(node: Node | None) -> tuple[Sum, Sum] | None:
    """One sum, or both ends."""
    if node is None:
        return None
    low, high = _range(node) if node.kind == "list" else (_sum(node),) * 2
    if low is None or high is None:
        node.add("an open end", "two sums")
        return None
    return low, high


# --- running


def run_case(pack: Pack, case: Case) -> list[Failure]:
    """What comes out otherwise than the case says."""
    used = supposed(pack, case)
    try:
        answer = assess(pack, case.data, used, {e.benefit for e in case.expects})
    except RequestError as error:
        return [Failure(case.id, "", case.at, f"can't be read: {problem}") for problem in error.problems]
    return check(case, answer) + _silent(case, used)


def _silent(case: Case, pack: Pack) -> list[Failure]:
    """What lists would show otherwise; no answer tells it."""
    wanted = [e for e in case.expects if e.listed.asked]
    if not wanted:
        return []
    request = parse_request(pack, {k: v for k, v in case.data.items() if k != KEY})
    program = program_of(pack, request.month)
    run = Run(program, request.facts, request.known_on)
    found = []
    for e in wanted:
        at = request.ids.index(e.who) if e.who != GROUP else 0
        name = e.benefit + (f" of {e.who}" if e.who else "")
        found += [
            Failure(case.id, e.benefit, e.at, f"{name}: {says}")
            for says in differences(e.listed, run, program.benefits[e.benefit], at)
        ]
    return found


def run_all(pack: Pack, cases: Sequence[Case] | None = None) -> list[Failure]:
    """All cases of a pack; PackError where the cases or the pack's formulas can't be read."""
    return [f for case in (load_cases(pack) if cases is None else cases) for f in run_case(pack, case)]


def check(case: Case, answer: Mapping[str, Any]) -> list[Failure]:
    """Compares a case with the document that ``assess`` gave."""
    found: list[Failure] = []
    for expect in case.expects:
        result = next(
            r
            for r in answer["results"]
            if r["benefit"] == expect.benefit and (expect.who == GROUP or r["unit_id"] == expect.who)
        )
        name = expect.benefit + (f" of {expect.who}" if expect.who else "")
        found += [
            Failure(case.id, expect.benefit, expect.at, f"{name}: {text}")
            for text in _differences(expect, result)
        ]
    return found


def _differences(expect: Expect, result: Mapping[str, Any]) -> list[str]:
    found: list[str] = []
    if result["answer"] != expect.answer:
        return [f"answer is {result['answer']}, expected {expect.answer}{_reasons(result)}"]
    if expect.amount is not None and exact(result["amount"]) != expect.amount.value:
        shown = "not exact" if result["amount"] is None else result["amount"]
        found.append(f"amount is {shown}, expected {_written(expect.amount)}")
    if expect.amount_range is not None:
        ends = result["amount_range"] or [None, None]
        wanted = tuple(None if s is None else s.value for s in expect.amount_range)
        if result["amount_range"] is None or (exact(ends[0]), exact(ends[1])) != wanted:
            texts = ", ".join("null" if s is None else _written(s) for s in expect.amount_range)
            found.append(f"amount_range is {result['amount_range']}, expected [{texts}]")
    if expect.due is not None:
        ends = (result["due"] or {}).get("amount_range", [None, None])
        if (exact(ends[0]), exact(ends[1])) != tuple(s.value for s in expect.due):
            texts = " to ".join(_written(s) for s in expect.due)
            found.append(f"due is {ends[0]} to {ends[1]}, expected {texts}")
    conditions = {c["id"]: c["answer"] for c in result["conditions"]}
    for id in expect.because:
        if id not in conditions:
            found.append(f"has no condition {id}; {one_of(id, conditions)}")
        elif conditions[id] != expect.answer:
            found.append(f"condition {id} is {conditions[id]}, expected {expect.answer}{_reasons(result)}")
    named = {m[key] for m in result["missing"] for key in ("field", "parameter", "name") if key in m}
    found += [_absent("missing does not name", word, named) for word in expect.missing if word not in named]
    assumed = {text for a in result["assumptions"] for text in (a["id"], f"{a['what']}:{a['id']}")}
    found += [_absent("does not assume", word, assumed) for word in expect.assumptions if word not in assumed]
    if expect.covers is not None and set(result["who"]) != set(expect.covers):
        found.append(
            f"covers {', '.join(result['who']) or 'nobody'}, expected {', '.join(expect.covers) or 'nobody'}"
        )
    return found


def _absent(what: str, word: str, there: set[str]) -> str:
    guess = nearest(word, there)
    return f"{what} {word}; " + (
        f"perhaps {guess}" if guess else f"there are {', '.join(sorted(there)) or 'none'}"
    )


def _reasons(result: Mapping[str, Any]) -> str:
    parts = [f"{c['id']} {c['answer']}" for c in result["conditions"] if c["answer"] != "yes"]
    parts += ["missing " + str(m["name"]) for m in result["missing"]]
    return f" ({'; '.join(parts)})" if parts else ""


def exact(yuan: Any) -> Fraction | None:
    """A number of an answer's JSON as the decimal that it shows."""
    return None if yuan is None else Fraction(str(yuan))


def _written(sum: Sum) -> str:
    number = f"{float(sum.value):.2f}".removesuffix(".00")
    return sum.text if sum.text == number else f"{sum.text} = {number}"
