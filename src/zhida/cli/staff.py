"""``zhida staff``: the first administrator; everybody else is appointed by one, in the browser."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from zhida.cli import choose
from zhida.cli.errors import InputError
from zhida.cli.output import emit, lines

app = typer.Typer(help="People who work here.", no_args_is_help=True)


@app.callback()
def group() -> None:
    """People who work here: the first administrator, who appoints the others in the browser."""


@app.command("first")
def first(
    username: Annotated[str, typer.Argument(help="Name to sign in with: small letters, digits, . _ -")],
    name: Annotated[str, typer.Option(help="The person's name.")],
    division: Annotated[str, typer.Option(help="Code of the division to administer.")],
    json: choose.JsonOption = False,
) -> None:
    """Appoint the first administrator; the password comes from the terminal, or as a line of stdin."""
    password = _password()
    from zhida.office.database.hold import hold

    with hold():
        text = _appoint(username, name, division, password)
    if json:
        emit({"username": username, "post": text})
    else:
        lines([f"已任命：{name}，{text}。首次登录须改密码，并启用两步验证。"])


def _password() -> str:
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\n")
    return str(typer.prompt("密码", hide_input=True, confirmation_prompt=True))


def _appoint(username: str, name: str, division: str, password: str) -> str:
    import django

    os.environ["DJANGO_SETTINGS_MODULE"] = "zhida.web.settings"
    django.setup()
    from django.core.exceptions import ValidationError
    from django.db import DatabaseError, connection, transaction

    from zhida.codes.divisions import normalise
    from zhida.office.accounts.appointing import AppointmentError, found
    from zhida.office.accounts.models import User
    from zhida.office.accounts.sessions import today
    from zhida.office.divisions.models import Division
    from zhida.office.divisions.scope import range_of
    from zhida.office.guards.scope import enter

    try:
        with transaction.atomic():
            at = Division.objects.filter(pk=normalise(division)[0]).first()
            if at is None:
                raise InputError(f"--division: there is no {division}; `zhida up` takes in those of a pack.")
            enter(range_of(at.code), today())
            return str(found(User.objects.create_user(username, name, password), at, today()))
    except AppointmentError as error:
        raise InputError(str(error)) from None
    except ValidationError as error:
        raise InputError(*error.messages) from None
    except DatabaseError as error:
        said = str(error).splitlines()[0]
        raise InputError(f"The database has no such tables yet ({said}): run `zhida up` first.") from None
    finally:
        connection.close()
