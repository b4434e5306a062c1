"""What commands print: JSON or tables on stdout, progress on stderr where that is a terminal."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console

Update = Callable[[int, int], None]
"""Takes (done, total)."""


def emit(data: Any) -> None:
    """One JSON document."""
    utf8 = "utf" in (sys.stdout.encoding or "").lower()
    print(json.dumps(data, ensure_ascii=not utf8, indent=2))


def console() -> Console:
    from rich.console import Console

    # A file or a pipe has no edge: 120 columns unless told otherwise.
    width = None if sys.stdout.isatty() or os.environ.get("COLUMNS") else 120
    return Console(highlight=False, markup=False, emoji=False, width=width)


def lines(texts: Iterable[str]) -> None:
    """Lines without a screen's wrapping; what a file brings along must not steer the terminal."""
    for text in texts:
        print(visible(text))


def visible(text: str) -> str:
    """One line whose control characters are written out."""
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


def table(
    headings: Sequence[str], rows: Iterable[Sequence[str]], right: Sequence[int] = (), title: str = ""
) -> None:
    """``right``: columns of numbers, set to the right."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    found = Table(box=box.SIMPLE_HEAD, title=title or None, title_justify="left", pad_edge=False)
    for i, heading in enumerate(headings):
        found.add_column(heading, justify="right" if i in right else "left", overflow="fold")
    for row in rows:
        found.add_row(*(Text(visible(cell)) for cell in row))
    console().print(found)


@contextmanager
def progress(says: str) -> Iterator[Update]:
    """A bar on stderr; where that is no terminal the updates go nowhere."""
    if not sys.stderr.isatty():
        yield lambda done, total: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(says, total=None)

        def update(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total)

        yield update
