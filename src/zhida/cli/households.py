"""``zhida assess`` and ``zhida explain``: one household, its answers and the reasons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from zhida.cli import choose
from zhida.cli.errors import InputError
from zhida.cli.output import emit, lines, table

if TYPE_CHECKING:
    from zhida.rules.declarations import Pack

FileArgument = Annotated[str, typer.Argument(metavar="FILE", help="A household, JSON or YAML; - for stdin.")]
TargetArgument = Annotated[
    str, typer.Argument(metavar="TARGET", help="A household file (- for stdin), or a snapshot's folder.")
]
BenefitOption = Annotated[
    str, typer.Option("--benefit", metavar="ID", help="Only this benefit; exit 1 unless some answer is yes.")
]
OnlyOption = Annotated[str, typer.Option("--benefit", metavar="ID", help="Only this benefit.")]
KnownOption = Annotated[
    str | None,
    typer.Option("--known-on", metavar="DATE", help="By what was known on this day, instead of now."),
]
AllOption = Annotated[
    bool, typer.Option("--all", help="A line for each answer, also where it only depends on what may happen.")
]
SheetOption = Annotated[
    bool, typer.Option("--worksheet", help="The income work-sheet (收入核算表) instead of answers.")
]
PageOption = Annotated[
    Path | None,
    typer.Option("--page", metavar="FILE", help="Write the work-sheet as one HTML page that prints on A4."),
]
PersonOption = Annotated[
    int | None, typer.Option("--person", metavar="KEY", help="Of a snapshot: the person with this key.")
]
HouseholdOption = Annotated[
    int | None, typer.Option("--household", metavar="KEY", help="Of a snapshot: the household with this key.")
]


def assess(
    file: FileArgument,
    benefit: BenefitOption = "",
    known_on: KnownOption = None,
    all_: AllOption = False,
    worksheet: SheetOption = False,
    page: PageOption = None,
    pack: choose.PackOption = "",
    set_: choose.SetOption = None,
    reform: choose.ReformOption = None,
    json: choose.JsonOption = False,
) -> None:
    """What a household is entitled to: one answer for each benefit and person or family."""
    used = choose.load(pack)
    _no_known_on(known_on, worksheet or page is not None, "a work-sheet")
    if worksheet or page is not None:
        from zhida.cli import worksheets

        made = worksheets.of_file(file, used, choose.read_reform(set_, reform))
        worksheets.show(made, page, json)
        return
    answer = _answer(file, used, set_, reform, known_on)
    if benefit:
        answer = _only(answer, benefit_id(used, benefit))
    if json:
        emit(answer)
    else:
        _summary(answer, used, all_ or bool(benefit))
    if benefit and not any(r["answer"] == "yes" for r in answer["results"]):
        raise typer.Exit(1)


def explain(
    target: TargetArgument,
    person: PersonOption = None,
    household: HouseholdOption = None,
    benefit: OnlyOption = "",
    known_on: KnownOption = None,
    worksheet: SheetOption = False,
    page: PageOption = None,
    pack: choose.PackOption = "",
    set_: choose.SetOption = None,
    reform: choose.ReformOption = None,
    json: choose.JsonOption = False,
) -> None:
    """Why: the reasons of each answer in plain words, the weightiest first."""
    folder = target != "-" and Path(target).is_dir()
    if not folder and (person is not None or household is not None):
        raise InputError(f"{target}: --person and --household look into a snapshot's folder; name one.")
    if folder and (person is None) == (household is None):
        raise InputError("explain: name one person (--person KEY) or one household (--household KEY).")
    _no_known_on(known_on, worksheet or page is not None, "a work-sheet")
    _no_known_on(known_on, folder, "a snapshot's household")
    if worksheet or page is not None:
        from zhida.cli import worksheets

        overrides = choose.read_reform(set_, reform)
        if folder:
            used = choose.load_for(Path(target), pack)
            made = worksheets.of_snapshot(Path(target), used, person, household, overrides)
        else:
            made = worksheets.of_file(target, choose.load(pack), overrides)
        worksheets.show(made, page, json)
        return
    if folder:
        _explain_found(Path(target), person, household, benefit, pack, set_, reform, json)
        return
    used = choose.load(pack)
    answer = _answer(target, used, set_, reform, known_on)
    if benefit:
        answer = _only(answer, benefit_id(used, benefit))
    emit(answer) if json else reasons(answer, used)


def _explain_found(
    folder: Path,
    person: int | None,
    household: int | None,
    benefit: str,
    pack: str,
    sets: list[str] | None,
    reform: Path | None,
    json: bool,
) -> None:
    """In words as far as registers tell; as JSON with everything open that nobody has declared."""
    from zhida.cli import found

    used = choose.load_for(folder, pack)
    only = benefit_id(used, benefit) if benefit else ""
    one = found.look_up(folder, used, person, household, choose.read_reform(sets, reform))
    answer = one.answer() if json else one.presumed()
    if only:
        answer = _only(answer, only)
    emit(answer) if json else reasons(answer, used, one.ask())


def _no_known_on(known_on: str | None, other: bool, what: str) -> None:
    if known_on is not None and other:
        raise InputError(f"--known-on: {what} is told as known now; leave one of them out.")


def known_day(text: str, option: str) -> date:
    """A day as an option gives it. Raises InputError."""
    try:
        if len(text) != len("2025-01-23"):
            raise ValueError
        return date.fromisoformat(text)
    except ValueError:
        raise InputError(f"{option}: {text[:40]!r} is no day; write it as 2025-01-23.") from None


def _answer(
    file: str, pack: Pack, sets: list[str] | None, reform: Path | None, known_on: str | None
) -> dict[str, Any]:
    """``known_on`` stands before what the file says."""
    from zhida.cli.requests import read_request
    from zhida.rules.explain.assess import assess as assess_request
    from zhida.rules.reforms.reform import apply

    overrides = choose.read_reform(sets, reform)
    request = read_request(file)
    if known_on is not None and isinstance(request, dict):
        request["known_on"] = known_day(known_on, "--known-on")
    return assess_request(pack, request, apply(pack, overrides) if overrides else None)


def benefit_id(pack: Pack, text: str) -> str:
    """Id of the benefit with this id or name. Raises InputError."""
    from zhida.rules.problems import one_of

    for b in pack.benefits.values():
        if text in (b.id, b.name):
            return b.id
    known = one_of(text, [w for b in pack.benefits.values() for w in (b.id, b.name)])
    raise InputError(f"--benefit: {pack.name} has no benefit {text[:40]!r}; {known}.")


def _only(answer: dict[str, Any], benefit: str) -> dict[str, Any]:
    return answer | {"results": [r for r in answer["results"] if r["benefit"] == benefit]}


def _summary(answer: Mapping[str, Any], pack: Pack, whole: bool) -> None:
    """A table of what applies, then what does not in one line a benefit.

    Unless ``whole``, the table leaves out what does not come from month to month and is not sure: help on
    an event, a claim or at discretion stays open while nothing has happened. It is named, a line a kind.
    """
    from zhida.rules.explain import words

    lines([_heading(answer, pack)])
    order = words.ORDER.index
    results = sorted(answer["results"], key=lambda r: order(r["answer"]))
    told = [r for r in results if r["answer"] != "not_applicable"]
    full = [
        r for r in told if whole or r["answer"] == "yes" or pack.benefits[r["benefit"]].kind == "standing"
    ]
    rows = [
        (r["name"], words.whom(r), words.ANSWERS[r["answer"]], words.paid(r), words.main_reason(r))
        for r in full
    ]
    if rows:
        table(("待遇", "对象", "结论", "金额", "首要原因"), rows)
    shown = {id(r) for r in full}
    _fold([r for r in told if id(r) not in shown], pack)
    outside = words.not_applicable(answer)
    if outside:
        lines(["不适用：" + "；".join(outside)])
    assumed = {(a["what"], a["id"]) for r in answer["results"] for a in r["assumptions"]}
    if assumed:
        lines([f"以上结论依赖 {len(assumed)} 项假定；理由见 zhida explain，全部内容见 --json。"])


def _fold(results: Sequence[Mapping[str, Any]], pack: Pack) -> None:
    """Names by kind and answer, each with its people unless it is one for all."""
    from zhida.rules.explain import words
    from zhida.rules.handbook.say import KINDS

    names: dict[tuple[str, str], dict[str, list[str]]] = {}
    for r in results:
        key = pack.benefits[r["benefit"]].kind, r["answer"]
        names.setdefault(key, {}).setdefault(r["name"], []).append(words.whom(r))
    for (kind, answer), found in sorted(
        names.items(), key=lambda one: (list(KINDS).index(one[0][0]), one[0])
    ):
        listed = "、".join(f"{name}（{'、'.join(who)}）" for name, who in found.items())
        lines([f"{KINDS[kind]}，{words.ANSWERS[answer]}：{listed}"])
    if names:
        lines(["逐项的原因和金额见 --all。"])


def reasons(answer: Mapping[str, Any], pack: Pack, ask: Mapping[str, list[str]] | None = None) -> None:
    """Headlines with their reasons, as lines. ``ask``: see :func:`zhida.rules.explain.words.told`."""
    from zhida.rules.explain import membership, words

    lines([_heading(answer, pack), *membership.lines(answer, pack)])
    for one in words.told(answer, pack, ask):
        lines(["", one.headline, *(f"  · {reason}" for reason in one.reasons)])
    outside = words.not_applicable(answer)
    if outside:
        lines(["", "不适用：" + "；".join(outside)])


def _heading(answer: Mapping[str, Any], pack: Pack) -> str:
    known = f"，只按 {answer['known_on']} 已知的数值" if answer["known_on"] else ""
    return heading(answer["month"], answer, pack, known)


def heading(month: str, answer: Mapping[str, Any], pack: Pack, known: str) -> str:
    """Month, place, pack, what is known, and up to when it was checked."""
    place = pack.divisions.get(answer["division"])
    name = place.name if place is not None else answer["division"]
    stale = f"，规则只核对到 {pack.verified_through.isoformat()}" if answer["pack"]["stale"] else ""
    return f"{month}，{name}，按{pack.name}的规则{known}{stale}"
