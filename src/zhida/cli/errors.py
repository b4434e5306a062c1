"""From an error to one clear sentence on stderr and an exit code; a traceback is left to real bugs."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Callable

import typer

from zhida.cli.output import visible

BAD_INPUT = 2
INTERRUPTED = 130
LONGEST = 400
USAGE: type[Exception] = next(c for c in typer.BadParameter.__mro__ if c.__name__ == "ClickException")
"""What typer raises for a wrong command line, wherever this version of it keeps the class."""


class InputError(Exception):
    """Bad input that this floor found itself: one sentence for each problem."""

    def __init__(self, *problems: str) -> None:
        self.problems = problems
        super().__init__("\n".join(problems))


def guarded(run: Callable[[], object]) -> int:
    """Runs a command line; returns its exit code, after a sentence a problem for known errors."""
    try:
        code = run()
        sys.stdout.flush()
    except KeyboardInterrupt:
        code = INTERRUPTED
    except (BrokenPipeError, SystemExit):
        # Whoever read our output has gone (`| head`): nothing is wrong, and nobody listens. Typer makes
        # a SystemExit of it and of nothing else: a command's own exit code is returned.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return 0
    except Exception as error:
        told = sentences(error)
        if told is None:
            raise
        for line in told:
            say(line)
        return BAD_INPUT
    if code == INTERRUPTED:
        say("Stopped; nothing half-written was kept.")
    return code if isinstance(code, int) else 0


def say(text: str) -> None:
    """One line of bearable length to stderr, also where the terminal can't show every character."""
    text = visible(text)
    text = text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
    encoding = getattr(sys.stderr, "encoding", None) or "utf-8"
    sys.stderr.write(text.encode(encoding, "backslashreplace").decode(encoding) + "\n")


def sentences(error: Exception) -> list[str] | None:
    """What to tell the user, a sentence for each problem; None for an error that is a bug of ours."""
    if isinstance(error, USAGE):
        return [_usage(error)]
    if isinstance(error, InputError):
        return list(error.problems)
    from zhida.codes.errors import CodeError
    from zhida.office.database.errors import DatabaseError
    from zhida.population.errors import SnapshotError
    from zhida.population.imports.errors import ImportsError
    from zhida.rules.explain.request import RequestError
    from zhida.rules.problems import PackError
    from zhida.services.plan.errors import PlanError

    if isinstance(error, RequestError):
        return list(error.problems)
    if isinstance(error, PackError):
        return str(error).splitlines()
    if isinstance(error, (SnapshotError, ImportsError, CodeError, PlanError, DatabaseError)):
        return [str(error)]
    if isinstance(error, MemoryError):
        return ["The memory is full; nothing was kept. Take a smaller --fraction or free memory."]
    return [_system(error)] if isinstance(error, OSError) else None


def _usage(error: Exception) -> str:
    message = str(getattr(error, "format_message", error.__str__)())
    context = getattr(error, "ctx", None)
    if type(error).__name__ == "NoArgsIsHelpError":
        message = "No command was given."
    path = getattr(context, "command_path", "") or "zhida"
    return f"{path}: {' '.join(message.split()).rstrip('.')}. See `{path} --help`."


def _system(error: OSError) -> str:
    where = str(error.filename) if error.filename is not None else "a file"
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return f"The disk is full: {where} could not be written; free some space or choose another folder."
    advice = "Check the path and its rights."
    return f"{where}: {error.strerror or error}. {advice}"
