"""``zhida identity``: names that do not fit a number, merges and splits, and taking them back."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from zhida.cli import choose
from zhida.cli.keys import KeysOption
from zhida.cli.output import emit, lines, table

if TYPE_CHECKING:
    from zhida.population.identity.decisions import Decisions

app = typer.Typer(help="Who is who in a register.", no_args_is_help=True)

RegisterArgument = Annotated[Path, typer.Argument(metavar="REGISTER", help="The register's folder.")]
PersonOption = Annotated[int, typer.Option("--person", metavar="KEY", min=1, help="A person's key.")]
IntoOption = Annotated[int, typer.Option("--into", metavar="KEY", min=1, help="The key that stays.")]
SourceOption = Annotated[str, typer.Option("--source", help="The source whose rows bear the other name.")]
NumberOption = Annotated[int, typer.Option("--number", min=1, help="The decision's number.")]
ByOption = Annotated[str, typer.Option("--by", metavar="WHO", help="Who decides.")]
ReasonOption = Annotated[str, typer.Option("--reason", metavar="WHY", help="Why, in words.")]
WORDS = {"merge": "合并", "same": "同一人", "split": "另一人"}


@app.callback()
def group() -> None:
    """Who is who in a register: what a person has to look at, and what was decided."""


@app.command("review")
def review(register: RegisterArgument, keys: KeysOption = None, json: choose.JsonOption = False) -> None:
    """List names that clearly differ under one ID, masked, and all decisions made so far."""
    from zhida.codes.sealing import Keyring
    from zhida.population.identity.decisions import Decisions
    from zhida.population.register.deciding import pending
    from zhida.population.register.landed import IDENTITY

    ring = Keyring.load(keys, apart_from=register)
    found = pending(register, ring)
    told = [
        {"person_key": p.person_key, "source": p.source, "own_name": p.own, "other_name": p.name}
        for p in found
    ]
    _tell(Decisions.load(register / IDENTITY), json, told)


@app.command("merge")
def merge(
    register: RegisterArgument,
    person: PersonOption,
    into: IntoOption,
    by: ByOption,
    reason: ReasonOption,
    json: choose.JsonOption = False,
) -> None:
    """Read two keys as one person from now on; nothing is rewritten, so it can be undone."""
    _tell(_known(register, person, into).merge(person, into, by, date.today(), reason), json)


@app.command("same")
def same(
    register: RegisterArgument,
    person: PersonOption,
    source: SourceOption,
    by: ByOption,
    reason: ReasonOption,
    json: choose.JsonOption = False,
) -> None:
    """Say that a source's rows under another name are this person's own."""
    _tell(_known(register, person).same(person, source, by, date.today(), reason), json)


@app.command("split")
def split(
    register: RegisterArgument,
    person: PersonOption,
    source: SourceOption,
    by: ByOption,
    reason: ReasonOption,
    json: choose.JsonOption = False,
) -> None:
    """Say that a source's rows under another name are somebody else's, who gets a key."""
    from zhida.population.register.deciding import split_off

    _known(register, person)
    split_off(register, person, source, by, date.today(), reason)
    _tell(_known(register), json)


@app.command("undo")
def undo(
    register: RegisterArgument, number: NumberOption, by: ByOption, json: choose.JsonOption = False
) -> None:
    """Take a decision back: keys are read as they were before it."""
    _tell(_known(register).undo(number, by, date.today()), json)


def _known(register: Path, *persons: int) -> Decisions:
    """The register's decisions. Raises IdentityError where a key was never given."""
    from zhida.population.identity.decisions import Decisions
    from zhida.population.identity.store import IdentityError, IdentityStore
    from zhida.population.register.landed import IDENTITY

    store = IdentityStore.open(register / IDENTITY)
    for person in persons:
        if person >= store.next_key:
            raise IdentityError(f"Nobody in {register} has the key {person}.")
    return Decisions.load(register / IDENTITY)


def _tell(decisions: Decisions, json: bool, pending: list[dict[str, Any]] | None = None) -> None:
    if json:
        made = [
            {
                "number": d.number, "kind": str(d.kind), "person_key": d.person_key, "to": d.to or None,
                "source": d.source or None, "by": d.by, "on": d.on, "reason": d.reason, "holds": d.holds,
            }
            for d in decisions.made
        ]  # fmt: skip
        emit({"open": pending, "decisions": made})
        return
    if pending:
        rows = [(str(p["person_key"]), p["source"], p["own_name"], p["other_name"]) for p in pending]
        table(("人员代码", "来源", "本人姓名", "来源所写"), rows)
    elif pending is not None:
        lines(["没有待核的姓名。"])
    if decisions.made:
        decided = [
            (str(d.number), WORDS[str(d.kind)], str(d.person_key), str(d.to or ""), d.source, d.by, d.on,
             d.reason if d.holds else f"{d.reason}（{d.undone_on} 由{d.undone_by}撤销）")
            for d in decisions.made
        ]  # fmt: skip
        table(("号", "决定", "人员代码", "归到", "来源", "谁", "日期", "理由"), decided)
