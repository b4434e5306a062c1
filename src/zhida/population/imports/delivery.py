"""A delivery: which files of a folder are which source's, for which place and day."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from zhida.codes.divisions import normalise
from zhida.codes.errors import CodeError
from zhida.population.imports.contract import SourceContract
from zhida.population.imports.contracts import Contracts
from zhida.population.imports.errors import ImportsError
from zhida.population.imports.table import SUFFIXES
from zhida.rules.declarations import At
from zhida.rules.loading.yamlnodes import MOST_BYTES, Map, Node, read_yaml
from zhida.rules.problems import Problems, nearest, one_of, shown

TOLD = "delivery.yaml"
MENDED = "_退回"
MOST_FILES = 20_000
_NAME = re.compile(r"([^_]+)_([0-9]{2,12})_([0-9]{8})(?:_退回.*)?", re.DOTALL)
_FORM = "<source>_<division>_<YYYYMMDD>.csv"


@dataclass(frozen=True, slots=True)
class Found:
    """A file as its name and ``delivery.yaml`` tell it. ``name`` is relative to the folder, with ``/``.

    With ``problems`` (whole sentences) it can't be taken in, and ``source`` may be None.
    """

    name: str
    path: Path
    source: SourceContract | None
    division: str
    as_of: date | None
    complete: bool
    month: int | None
    synthetic: bool
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Delivery:
    """``files`` in order of name. ``unknown``: names that no source's file has; they are left alone."""

    folder: Path
    files: tuple[Found, ...]
    unknown: tuple[tuple[str, str], ...]


@dataclass
class _Told:
    """What one ``delivery.yaml`` says."""

    month: int | None
    synthetic: bool
    files: Mapping[str, Map]


_NOTHING = _Told(None, False, {})


def read_delivery(folder: Path, contracts: Contracts, today: date) -> Delivery:
    """Looks at names only. Raises PackError for a ``delivery.yaml`` that can't be read, ImportsError."""
    if not folder.is_dir():
        raise ImportsError(f"{folder} is no folder: name the one that holds what departments sent.")
    problems = Problems()
    told: dict[Path, _Told] = {}
    files: list[Found] = []
    unknown: list[tuple[str, str]] = []
    for path in _walk(folder):
        name = path.relative_to(folder).as_posix()
        if path.name == TOLD:
            told[path.parent] = _read_told(path, name, problems)
    for path in _walk(folder):
        name = path.relative_to(folder).as_posix()
        if path.name == TOLD or path.name.startswith((".", "~$")):
            continue
        said = next((told[p] for p in path.parents if p in told), _NOTHING)
        line = said.files.get(path.name)
        found = _found(path, name, said, line, contracts, today)
        if isinstance(found, str):
            unknown.append((name, found))
        else:
            files.append(found)
    _check_told(folder, told, problems)
    problems.raise_if_any()
    files.sort(key=lambda f: f.name)
    return Delivery(folder, tuple(_twice(files)), tuple(sorted(unknown)))


def _walk(folder: Path) -> list[Path]:
    """Plain files, no links: one leads out of the delivery."""
    found: list[Path] = []
    waiting = [folder]
    while waiting:
        for path in sorted(waiting.pop().iterdir()):
            if path.is_symlink():
                continue
            if path.is_dir():
                waiting.append(path)
            elif path.is_file():
                found.append(path)
            if len(found) > MOST_FILES:
                raise ImportsError(f"{folder} holds more than {MOST_FILES} files: name a delivery's folder.")
    return found


def _read_told(path: Path, name: str, problems: Problems) -> _Told:
    with path.open("rb") as file:
        node = read_yaml(file.read(MOST_BYTES + 1), name, problems)
    if node is None:
        return _NOTHING
    record = node.map((), ("month", "synthetic", "files"))
    lines: dict[str, Map] = {}
    for key, value in record["files"].pairs() if "files" in record else ():
        lines[key.value] = value.map((), ("complete", "source", "division", "as_of"))
    return _Told(record.month("month"), record.flag("synthetic"), lines)


def _check_told(folder: Path, told: Mapping[Path, _Told], problems: Problems) -> None:
    for place, said in told.items():
        there = {p.name for p in place.rglob("*")} if said.files else set()
        for name, line in said.files.items():
            if name not in there:
                file = (place / TOLD).relative_to(folder).as_posix()
                at = At(file, line.at.line, line.at.column)
                problems.add(at, "a file that is not there", name, one_of(name, there))


def _found(
    path: Path, name: str, said: _Told, line: Map | None, contracts: Contracts, today: date
) -> Found | str:
    """The file, or why it is none of a delivery's."""
    match = _NAME.fullmatch(path.stem)
    if path.suffix.lower() not in SUFFIXES:
        return f"is not {', '.join(SUFFIXES)}"
    if match is None and (line is None or "source" not in line):
        return f"is not named like {_FORM}"
    problems: list[str] = []
    source = _source(line, match, contracts, problems)
    as_of = _as_of(line, match, today, problems)
    division = _division(line, match, as_of, contracts, problems)
    return Found(
        name=name,
        path=path,
        source=source,
        division=division,
        as_of=as_of,
        complete=line.flag("complete") if line is not None else False,
        month=said.month,
        synthetic=said.synthetic,
        problems=tuple(problems),
    )


def _node(line: Map | None, key: str) -> Node | None:
    return line.get(key) if line is not None else None


def _source(
    line: Map | None, match: re.Match[str] | None, contracts: Contracts, problems: list[str]
) -> SourceContract | None:
    node = _node(line, "source")
    name = node.text() if node is not None else match[1] if match is not None else ""
    found = contracts.sources.get(name) or contracts.named(name)
    if found is None:
        guess = nearest(name, [s.name for s in contracts.sources.values()])
        hint = f"Is it «{guess}»? " if guess else ""
        problems.append(
            f"No source of the pack is called «{shown(name)}». {hint}Rename the file, or say `source:` in "
            f"{TOLD}."
        )
    return found


def _as_of(line: Map | None, match: re.Match[str] | None, today: date, problems: list[str]) -> date | None:
    node = _node(line, "as_of")
    if node is not None:
        found = node.date()
    elif match is None:
        problems.append(f"The day of the file is not known: say `as_of:` in {TOLD}.")
        return None
    else:
        try:
            found = date(int(match[3][:4]), int(match[3][4:6]), int(match[3][6:]))
        except ValueError:
            problems.append(f"{match[3]} is no day of the calendar: correct the name of the file.")
            return None
    if not found.year >= 1980 or found > today:
        problems.append(f"{found} lies in the future or too far back: correct the day in the file's name.")
        return None
    return found


def _division(
    line: Map | None, match: re.Match[str] | None, on: date | None, contracts: Contracts, problems: list[str]
) -> str:
    node = _node(line, "division")
    text = node.text() if node is not None else match[2] if match is not None else ""
    try:
        code = normalise(text)[0]
    except CodeError:
        problems.append(f"«{shown(text)}» is no division code: correct the name of the file.")
        return ""
    tree = contracts.pack.divisions
    division = tree.get(code)
    if division is None:
        problems.append(f"There is no division {text} in the pack: correct the name of the file.")
        return ""
    if on is not None and not division.in_force(on):
        now = "、".join(f"{c[:6]} {tree[c].name}" for c in tree.current(code, on))
        hint = f", which is {now} on that day" if now else ""
        problems.append(f"{text} {division.name} is not in force on {on}{hint}: correct the file's name.")
    return code


def _twice(files: list[Found]) -> list[Found]:
    """Two files of one source, place and day: nobody can tell which holds."""
    by_thing: dict[tuple[str, str, date], list[str]] = {}
    for file in files:
        if file.source is not None and file.as_of is not None and MENDED not in file.path.stem:
            by_thing.setdefault((file.source.id, file.division, file.as_of), []).append(file.name)
    marked = []
    for file in files:
        names: list[str] = []
        if file.source is not None and file.as_of is not None:
            names = by_thing.get((file.source.id, file.division, file.as_of), [])
        if file.name in names and len(names) > 1:
            others = ", ".join(n for n in names if n != file.name)
            says = f"Another file is for the same source, place and day ({others}): keep one of them."
            file = replace(file, problems=(*file.problems, says))
        marked.append(file)
    return marked
