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
from zhida.rules.checks.listed import KEYS, Listed, read_listed
from zhida.rules.declarations import At, Benefit, Pack
from zhida.rules.formulas.ir import PERSON
from zhida.rules.loading.files import PackFiles
from zhida.rules.loading.yamlnodes import Node
from zhida.rules.problems import PackError, Problems, one_of
from zhida.rules.reforms.reform import apply, parse_set

FOLDER = "cases"
SURVIVORS = "cases/survivors.yaml"
ANSWERS = ("yes", "no", "undetermined", "not_applicable")
_REQUEST = ("complete", "household", "members", "others", "households", "known_on", "events")
_SUPPOSE = "suppose"
_EXPECT = (
    "who",
    "amount",
    "amount_range",
    "because",
    "missing",
    "assumptions",
    "covers",
    "due",
    "grounds",
    *KEYS,
)
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
    of it, ``due`` both ends of what is due for the month by the household's events, ``grounds`` by member
    the ground that decides in ``formed``, the benefit's unit."""

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
    grounds: tuple[tuple[str, str], ...] = ()
    formed: str = ""


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
        grounds=_grounds(record.get("grounds"), pack, benefit, ids),
        formed=benefit.formed,
    )


def _grounds(
    node: Node | None, pack: Pack, benefit: Benefit, ids: Sequence[str]
) -> tuple[tuple[str, str], ...]:
    """``{member: ground}``, of a benefit for a unit formed by rule."""
    if node is None:
        return ()
    formation = pack.formations.get(benefit.formed)
    if formation is None:
        node.add(f"{benefit.id} is not for a unit formed by rule", "grounds only of such a benefit")
        return ()
    known = [*dict.fromkeys(g.id for g in formation.grounds), formation.otherwise.id]
    found = []
    for who in ids:
        given = node.map((), ids).get(who)
        if given is not None:
            text = given.text("the id of a ground")
            if text not in known:
                given.add(f"no ground of {formation.id}", one_of(text, known))
            found.append((who, text))
    return tuple(found)


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
