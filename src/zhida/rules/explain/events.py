"""What a household file tells of dated events: application, decision, end, deaths, a move."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from zhida.codes.divisions import normalise
from zhida.codes.errors import CodeError
from zhida.codes.months import last_day, month_of
from zhida.rules.explain.request import RequestError
from zhida.rules.problems import nearest
from zhida.rules.program.build import Program

KEY = "events"
_KEYS = ("applied", "decided", "ended", "died", "moved")
_MOVED = ("on", "from")


@dataclass(frozen=True, slots=True)
class Events:
    """``died`` by person; ``moved_from``: the division where the household lived before."""

    applied: date | None = None
    decided: date | None = None
    ended: date | None = None
    died: Mapping[str, date] = field(default_factory=dict)
    moved_on: date | None = None
    moved_from: str = ""

    @property
    def any(self) -> bool:
        """Whether anything is told."""
        return self != Events()

    def told_in(
        self,
        program: Program,
        request: Mapping[str, Any],
        with_the_dead: bool = True,
        at_the_old_place: bool = False,
    ) -> dict[str, Any]:
        """The household as it was in the program's month: without who had died before it or was not yet
        born, and at the place where it lived. ``with_the_dead``: who died in the month still belongs to
        it; ``at_the_old_place``: in the month of a move."""
        month, end = program.month, last_day(program.month)
        gone = {p for p, day in self.died.items() if month_of(day) < month + (0 if with_the_dead else 1)}
        births = _births(program)
        gone |= {
            str(p.get("id"))
            for p in _members(request)
            if any(day > end for key in births & set(p) if (day := _day(p[key])) is not None)
        }
        members = [_without(p, gone) for p in _members(request) if str(p.get("id")) not in gone]
        told = dict(request) | {"members": members}
        if at_the_old_place or (self.moved_on is not None and month < month_of(self.moved_on)):
            told["division"] = self.moved_from
        return told


def births_in(program: Program, request: Mapping[str, Any]) -> list[date]:
    """Dates of birth that are told of the members."""
    births = _births(program)
    days = (_day(p[key]) for p in _members(request) for key in births & set(p))
    return [day for day in days if day is not None]


def read_events(data: object) -> tuple[dict[str, Any], Events]:
    """The request without its events, and the events. Raises RequestError with every problem."""
    if not isinstance(data, Mapping):
        raise RequestError(["the file: a mapping with month, division, household and members is expected"])
    rest = {str(k): v for k, v in data.items() if k != KEY}
    told = data.get(KEY)
    if told is None:
        return rest, Events()
    reader = _Reader([str(p.get("id")) for p in _members(data)])
    events = reader.read(told)
    if reader.problems:
        raise RequestError(reader.problems)
    return rest, events


class _Reader:
    def __init__(self, ids: Sequence[str]) -> None:
        self.ids = ids
        self.problems: list[str] = []

    def read(self, told: object) -> Events:
        given = self._mapping(KEY, told, _KEYS)
        died = self._mapping(f"{KEY}.died", given.get("died") or {}, self.ids)
        moved = self._mapping(f"{KEY}.moved", given.get("moved") or {}, _MOVED)
        days = {key: self._date(f"{KEY}.{key}", given.get(key)) for key in _KEYS[:3]}
        if moved and set(moved) != set(_MOVED):
            self.problems.append(f"{KEY}.moved: needs both `on` (a date) and `from` (a division code)")
        dead = {p: self._date(f"{KEY}.died.{p}", day) for p, day in died.items()}
        return Events(
            **days,
            died={p: day for p, day in dead.items() if day is not None},
            moved_on=self._date(f"{KEY}.moved.on", moved.get("on")),
            moved_from=self._division(moved.get("from")),
        )

    def _mapping(self, where: str, told: object, known: Sequence[str]) -> Mapping[str, Any]:
        if not isinstance(told, Mapping):
            self.problems.append(f"{where}: a mapping with {', '.join(known)} is expected")
            return {}
        for key in told:
            if str(key) not in known:
                guess = nearest(str(key), known)
                self.problems.append(
                    f"{where}.{key}: unknown; "
                    + (f"perhaps {guess}" if guess else f"there are {', '.join(known)}")
                )
        return {str(k): v for k, v in told.items()}

    def _date(self, where: str, value: object) -> date | None:
        found = None if value is None else _day(value)
        if value is not None and found is None:
            self.problems.append(f"{where}: «{str(value)[:40]}» is no date; write it as 2025-06-12")
        return found

    def _division(self, value: object) -> str:
        if value is None:
            return ""
        try:
            return normalise(str(value))[0]
        except CodeError as error:
            self.problems.append(f"{KEY}.moved.from: {error}")
            return ""


def _members(data: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    told = data.get("members")
    return [p for p in told if isinstance(p, Mapping)] if isinstance(told, list) else []


def _births(program: Program) -> set[str]:
    """Ids and names of the fields that ages are taken of."""
    nodes = (n for n in program.graph.nodes if n.op in ("age", "born_by") and n.args[0].op == "input")
    ids = {str(n.args[0].data[0]) for n in nodes}
    return ids | {program.pack.fields[id].name for id in ids}


def _day(value: object) -> date | None:
    if isinstance(value, date):
        return value
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", str(value)):
        return None
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        return None


def _without(person: Mapping[str, Any], gone: set[str]) -> dict[str, Any]:
    """A person whose links to those who are gone lead to nobody."""
    links = person.get("links")
    if not isinstance(links, Mapping):
        return dict(person)

    def left(target: object) -> object:
        if isinstance(target, list):
            return [t for t in target if str(t) not in gone] or "none"
        return "none" if str(target) in gone else target

    return dict(person) | {"links": {k: left(v) for k, v in links.items()}}
