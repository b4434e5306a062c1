"""Which column of a file is which of the contract: by its header, wherever it stands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from zhida.population.imports.contract import SourceContract, plain
from zhida.population.imports.errors import FileRefused
from zhida.rules.problems import nearest, shown

MEND = "退回编号"
"""Header of the column by which a mended row is known; written by the export of quarantine."""
WITHDRAW = "退回处理"
"""Header of the column that says what becomes of the row: empty, or `作废`."""
EXTRA = {MEND: "@mend", WITHDRAW: "@withdraw"}
"""Headers beside the contract's → the id of their cells."""


@dataclass(frozen=True, slots=True)
class Header:
    """``places``: column id → index in the file. ``ignored``: headers that the contract does not know."""

    places: dict[str, int]
    width: int
    ignored: tuple[str, ...]

    @property
    def mends(self) -> bool:
        return EXTRA[MEND] in self.places


def score(source: SourceContract, cells: Sequence[str]) -> int:
    """How many headers of the contract these cells hold."""
    known = {plain(h) for c in source.columns for h in c.headers}
    return len({plain(c) for c in cells} & known)


def read_header(source: SourceContract, cells: Sequence[str], below: Sequence[Sequence[str]] = ()) -> Header:
    """Raises FileRefused with everything that is wrong with the header. ``below``: rows under it, in which
    a second header is looked for."""
    known = {plain(h): c.id for c in source.columns for h in c.headers}
    known |= {plain(h): id for h, id in EXTRA.items()}
    places: dict[str, int] = {}
    problems: list[str] = []
    ignored: list[str] = []
    for index, cell in enumerate(cells):
        id = known.get(plain(cell))
        if id is None:
            if plain(cell):
                ignored.append(cell.strip())
        elif id in places:
            first, second = cells[places[id]].strip(), cell.strip()
            problems.append(
                f"Column {index + 1} («{shown(second)}») is the same as column {places[id] + 1} "
                f"(«{shown(first)}»): keep one of them."
            )
        else:
            places[id] = index
    missing = [c for c in source.columns if c.id not in places and c.required]
    if missing:
        own = score(source, cells)
        for row, other in enumerate(below, start=2):
            if score(source, other) > own:
                raise FileRefused(
                    f"The header stands in row {row}, under something else: remove the rows above it, so "
                    "that the first row is the header and each column has one."
                )
    for column in missing:
        guess = nearest(column.name, ignored)
        hint = f" or call «{shown(guess)}» so" if guess else ""
        problems.append(f"The column «{column.name}» is missing: add it{hint}.")
    if below and not problems and score(source, below[0]) > len(places) // 2:
        problems.append("A second header stands in row 2: remove it.")
    if problems:
        raise FileRefused(" ".join(problems))
    return Header(places, len(cells), tuple(ignored))
