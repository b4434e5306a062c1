"""``zhida register``: how long a register keeps what it was given, and how one person leaves it."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from typing import Annotated

import typer

from zhida.cli import choose
from zhida.cli.identities import PersonOption, RegisterArgument
from zhida.cli.keys import KeysOption
from zhida.cli.output import emit, lines

app = typer.Typer(help="Retention and erasure in a register.", no_args_is_help=True)

OrderedOption = Annotated[str, typer.Option("--by", metavar="WHO", help="Who ordered it.")]
WhyOption = Annotated[
    str, typer.Option("--reason", metavar="TEXT", help="Why, in words that do not say who it is.")
]


@app.callback()
def group() -> None:
    """Retention and erasure: what leaves a register for good."""


@app.command("erase")
def erase(
    register: RegisterArgument,
    person: PersonOption,
    by: OrderedOption,
    reason: WhyOption,
    keys: KeysOption = None,
    pack: choose.PackOption = "",
    json: choose.JsonOption = False,
) -> None:
    """Remove one person from every file of a register, for good; stopped anywhere, run it again."""
    from zhida.codes.sealing import Keyring
    from zhida.population.imports.contracts import load_contracts
    from zhida.population.register.erasing import erase as erase_person

    ring = Keyring.load(keys, apart_from=register)
    contracts = load_contracts(choose.load(pack))
    done = erase_person(register, contracts, ring, person, by=by, on=date.today(), reason=reason)
    if json:
        emit(asdict(done))
        return
    lines([
        f"第 {done.number} 次删除：人员代码 {'、'.join(map(str, done.keys))}，{done.on}",
        f"身份库 {done.identity} 项，入库数据 {done.landed} 行，待核姓名 {done.review} 项，退回数据 "
        f"{done.quarantine} 行；他人数据中 {done.references} 处改为“不详”",
        "此前的快照、名单、变动清单和备份在登记册之外，请另行删除后重新汇成。",
    ])  # fmt: skip
