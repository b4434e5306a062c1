"""``zhida database``: what the administrator of a PostgreSQL of one's own has to run."""

from __future__ import annotations

import typer

from zhida.cli import choose
from zhida.cli.output import emit

app = typer.Typer(help="The database of the office.", no_args_is_help=True)


@app.callback()
def group() -> None:
    """The database of the office: embedded, or a server of one's own (ZHIDA_DATABASE_URL)."""


@app.command("roles")
def roles(json: choose.JsonOption = False) -> None:
    """Print the statements that make roles and database on a server of one's own."""
    from zhida.office.database.address import NAME, of_environment
    from zhida.office.database.setup import statements

    address = of_environment()
    name = address.name if address else NAME
    text = statements(name)
    if json:
        emit({"database": name, "statements": text.splitlines()})
    else:
        print(text)
