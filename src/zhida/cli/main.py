"""The ``zhida`` command: its groups, and one place where errors become sentences and exit codes."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from functools import partial
from typing import Any

import typer
from typer.core import TyperGroup

from zhida.cli import (
    arrears,
    audit,
    city,
    database,
    demo,
    households,
    identities,
    importing,
    keys,
    listing,
    monthly,
    plan,
    quality,
    quarantining,
    registering,
    retaining,
    rules,
    scanning,
    simulating,
    staff,
    up,
)
from zhida.cli.errors import guarded


class Commands(TyperGroup):
    """Exit codes: 0 answered, 1 where a command says so, 2 bad use or bad input, 130 interrupted."""

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        windows_expand_args: bool = True,
        **extra: Any,
    ) -> Any:
        run = partial(super().main, args, prog_name, complete_var, False, windows_expand_args, **extra)
        if not standalone_mode:
            return run()
        for stream in (sys.stdout, sys.stderr):
            reconfigure = getattr(stream, "reconfigure", None)
            if reconfigure is not None:  # text that a terminal can't show must not end a command
                reconfigure(errors="backslashreplace")
        sys.exit(guarded(run))


app = typer.Typer(
    name="zhida",
    cls=Commands,
    help="政策找人: rules of social benefits as data, run over a whole population.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(city.app, name="city")
app.add_typer(rules.app, name="rules")
app.add_typer(plan.app, name="plan")
app.add_typer(keys.app, name="keys")
app.add_typer(identities.app, name="identity")
app.add_typer(retaining.app, name="register")
app.command("import")(importing.import_)
app.command("quarantine")(quarantining.quarantine)
app.command("quality")(quality.quality)
app.command("snapshot")(registering.snapshot)
app.command("changes")(registering.changes)
app.add_typer(database.app, name="database")
app.command("month")(monthly.month)
app.add_typer(staff.app, name="staff")
app.add_typer(audit.app, name="audit")
app.command("up")(up.up)
app.command("scan")(scanning.scan)
app.command("lists")(listing.lists)
app.command("assess")(households.assess)
app.command("explain")(households.explain)
app.command("arrears")(arrears.arrears)
app.command("simulate")(simulating.simulate)
app.command("demo")(demo.demo)
