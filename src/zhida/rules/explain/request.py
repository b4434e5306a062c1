"""A household as it is told to ``assess``: read whole, or refused whole with every problem named."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from zhida.codes.divisions import normalise
from zhida.codes.errors import CodeError
from zhida.codes.money import parse_yuan
from zhida.codes.months import day_number, format_month, parse_month
from zhida.rules.declarations import WITH, Field, Kind, Pack
from zhida.rules.explain.interpret import Elsewhere, Facts, Value
from zhida.rules.explain.ties import Ties, silent, together
from zhida.rules.formulas.ir import MAX_MEMBERS, NA, NA_BIT, NO, PERSON, YES
from zhida.rules.parameters import effective_month
from zhida.rules.problems import nearest
from zhida.rules.values import NONE, OPEN_HI, OPEN_LO, VALUE, point

TOP = ("month", "known_on", "division", "complete", "household", "members", "others", "households", "events")
"""``events`` are read by :mod:`zhida.rules.explain.events`; here a month is told as a whole."""
HOUSEHOLD_KEYS = ("division", "household", "members")
PERSON_KEYS = ("id", "registered_at", "lives_at", "links")
MOST_PEOPLE = 200


class RequestError(Exception):
    """Why a request can't be answered; ``problems`` holds one sentence each."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(problems))


@dataclass(frozen=True, slots=True)
class Request:
    """``ids`` by person: the members, then ``others``, then the people of ``households``."""

    month: int
    known_on: date | None
    division: str
    facts: Facts
    ids: tuple[str, ...]


def parse_request(pack: Pack, data: object) -> Request:
    """Raises :class:`RequestError` with every problem found."""
    return _Parser(pack).read(data)


def earliest_month(pack: Pack) -> int:
    """The first month of which the pack knows anything."""
    months = [effective_month(v) for p in pack.parameters.values() for v in p.values]
    months += [b.start for b in pack.benefits.values() if b.start is not None]
    return min(months, default=0)


@dataclass(frozen=True, slots=True)
class _Told:
    """A person as given, and the division its household lives in."""

    where: str
    division: str
    given: Mapping[str, Any]


class _Parser:
    def __init__(self, pack: Pack) -> None:
        self.pack = pack
        self.problems: list[str] = []
        self.complete: frozenset[str] = frozenset()
        self.month = 0
        self.fields: dict[str, Field] = {}
        for f in pack.fields.values():
            self.fields[f.id] = self.fields[f.name] = f
        self.made = {"registered_here": "registered_at", **{f"{WITH}{link}": "links" for link in pack.links}}

    def wrong(self, where: str, says: str) -> None:
        self.problems.append(f"{where}: {says}")

    def read(self, data: object) -> Request:
        if not isinstance(data, Mapping):
            raise RequestError(
                ["the file: a mapping with month, division, household and members is expected"]
            )
        for key in data:
            if key not in TOP:
                self._unknown_key(str(key), "", TOP)
        self.month = self._month(data.get("month"))
        known_on = self._date("known_on", data["known_on"]) if data.get("known_on") is not None else None
        division = self._division("division", data.get("division"))
        self.complete = self._complete(data.get("complete", []))
        own = self._people("members", data.get("members"))
        if not own and not self.problems:
            self.wrong("members", "the household has no members; list at least one person")
        group = self._group("household", data.get("household"))
        told = [_Told(f"members[{i}]", division, person) for i, person in enumerate(own)]
        for i, person in enumerate(self._people("others", data.get("others") or [])):
            told.append(_Told(f"others[{i}]", division, person))
        elsewhere = []
        for i, home in enumerate(self._people("households", data.get("households") or [])):
            more, found = self._elsewhere(f"households[{i}]", home, len(told), division)
            told += more
            elsewhere.append(found)
        ids = self._ids(told)
        persons, places, labels = [], [], []
        for name, one in zip(ids, told, strict=True):
            labels.append(f"{one.where.rsplit('[', 1)[0]}[{name}]")
            values, place = self._one(labels[-1], one)
            persons.append(values)
            places.append(place)
        links = [person.given.get("links") for person in told]
        homes = [range(len(own)), *(e.persons for e in elsewhere)]
        ties = Ties(self.pack, self.complete, silent(links, homes), ids, labels, self.wrong).read(links)
        if self.problems:
            raise RequestError(self.problems)
        for person, living in zip(persons, together(self.pack, ties[0], homes), strict=True):
            person.update(living)
        facts = Facts(tuple(persons), len(own), group, division, tuple(places), *ties, tuple(elsewhere))
        return Request(self.month, known_on, division, facts, tuple(ids))

    def _group(self, where: str, told: object) -> dict[str, Value]:
        if told is not None and not isinstance(told, Mapping):
            self.wrong(where, "a mapping of fields to values is expected")
        return self._values(where, told if isinstance(told, Mapping) else {}, "group", ())

    def _elsewhere(
        self, where: str, told: Mapping[str, Any], first: int, division: str
    ) -> tuple[list[_Told], Elsewhere]:
        """Another household, whole. It lives where the first one does if it says nothing."""
        for key in told:
            if key not in HOUSEHOLD_KEYS:
                self._unknown_key(str(key), where, HOUSEHOLD_KEYS)
        at = self._division(f"{where}.division", told["division"]) if "division" in told else division
        people = self._people(f"{where}.members", told.get("members"))
        if not people:
            self.wrong(f"{where}.members", "a household has at least one person")
        group = self._group(f"{where}.household", told.get("household"))
        persons = [_Told(f"{where}.members[{i}]", at, person) for i, person in enumerate(people)]
        return persons, Elsewhere(group, at, tuple(range(first, first + len(people))))

    def _one(self, where: str, told: _Told) -> tuple[dict[str, Value], str]:
        """What is known of a person, and where it is registered ('' outside, or not known)."""
        values = self._values(where, told.given, PERSON, PERSON_KEYS)
        place = self._place(where, told.given, told.division)
        if place is not None:
            values["registered_here"] = YES if place else NO
        if told.given.get("lives_at") is not None:
            self._division(f"{where}.lives_at", told.given["lives_at"])
        return values, place or ""

    # the frame ----------------------------------------------------------------------------------

    def _unknown_key(self, key: str, where: str, known: Sequence[str]) -> None:
        guess = nearest(key, known)
        self.wrong(
            f"{where}.{key}" if where else key,
            f"unknown; perhaps {guess}" if guess else "unknown; leave it out",
        )

    def _month(self, value: object) -> int:
        if value is None:
            self.wrong("month", "missing; write it as 2025-06")
            return 0
        try:
            month = parse_month(str(value))
        except CodeError as error:
            self.wrong("month", str(error))
            return 0
        first = earliest_month(self.pack)
        if month < first:
            said = format_month(month)
            self.wrong(
                "month",
                f"no rule of {self.pack.name} is known in {said}; the first is of {format_month(first)}",
            )
        return month

    def _date(self, where: str, value: object) -> date | None:
        if isinstance(value, date):
            return value
        text = str(value)
        try:
            if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
                raise ValueError
            return date.fromisoformat(text)
        except ValueError:
            self.wrong(where, f"«{text[:40]}» is no date; write it as 1980-05-01")
            return None

    def _division(self, where: str, value: object) -> str:
        if value is None:
            self.wrong(where, "missing; give a division code of 2 to 12 digits")
            return ""
        try:
            code, _ = normalise(str(value))
        except CodeError as error:
            self.wrong(where, str(error))
            return ""
        return code

    def _complete(self, value: object) -> frozenset[str]:
        if value == "all":
            return frozenset(self.pack.registers)
        if not isinstance(value, Sequence) or isinstance(value, str):
            self.wrong("complete", 'a list of registers or "all" is expected')
            return frozenset()
        by_name = {w: r.id for r in self.pack.registers.values() for w in (r.id, r.name)}
        found = set()
        for name in value:
            if str(name) in by_name:
                found.add(by_name[str(name)])
            else:
                guess = nearest(str(name), by_name)
                known = ", ".join(self.pack.registers)
                self.wrong(
                    "complete",
                    f"no register {name}; " + (f"perhaps {guess}" if guess else f"there are {known}"),
                )
        return frozenset(found)

    def _people(self, where: str, value: object) -> list[Mapping[str, Any]]:
        if value is None:
            self.wrong(where, "missing; list the people of the household")
            return []
        if not isinstance(value, list) or not all(isinstance(v, Mapping) for v in value):
            self.wrong(where, "a list of people, each a mapping, is expected")
            return []
        most = min(MAX_MEMBERS, MOST_PEOPLE)
        if len(value) > most:
            self.wrong(where, f"{len(value)} people; at most {most} can be assessed at once")
            return []
        return value

    def _ids(self, told: Sequence[_Told]) -> list[str]:
        ids: list[str] = []
        for i, person in enumerate(told):
            name = str(person.given.get("id") or "")
            if not name:
                self.wrong(f"{person.where}.id", "missing; give each person an id such as m1")
            elif name in ids:
                self.wrong(f"{person.where}.id", f"{name} stands twice; each person needs an id of their own")
            ids.append(name or str(i))
        return ids

    def _place(self, where: str, person: Mapping[str, Any], division: str) -> str | None:
        """Code of the place of registration, '' outside the territory, None where it is unknown."""
        if "registered_at" in person and person["registered_at"] is None:
            return None
        code = (
            self._division(f"{where}.registered_at", person["registered_at"])
            if "registered_at" in person
            else division
        )
        return code if code and self.pack.divisions.inside(code, self.pack.root) else ""

    # values -------------------------------------------------------------------------------------

    def _values(
        self, where: str, given: Mapping[str, Any], unit: str, also: Sequence[str]
    ) -> dict[str, Value]:
        said: dict[str, Value | None] = {}
        for key, value in given.items():
            name = str(key)
            if name in also:
                continue
            f = self.fields.get(name)
            belongs = f is not None and (f.unit == PERSON) == (unit == PERSON)
            if f is None or not belongs:
                if f is not None:
                    other = "a person" if f.unit == PERSON else "the household"
                    self.wrong(f"{where}.{name}", f"belongs to {other}, not here")
                else:
                    known = [w for w, g in self.fields.items() if (g.unit == PERSON) == (unit == PERSON)]
                    self._unknown_key(name, where, [*known, *also])
            elif f.id in self.made:
                self.wrong(f"{where}.{name}", f"follows from {self.made[f.id]}; give that instead")
            elif f.id in said:
                self.wrong(f"{where}.{name}", f"{f.name} stands twice, by id and by name; keep one")
            else:
                said[f.id] = self.value(f"{where}.{name}", f, value)
        found = {name: v for name, v in said.items() if v is not None}
        for f in self.pack.fields.values():
            if (f.unit == PERSON) != (unit == PERSON) or f.id in said:
                continue
            if f.register in self.complete and f.register and f.empty is not None:
                found[f.id] = stored(f, f.empty)
        return found

    def value(self, where: str, f: Field, value: object) -> Value | None:
        """None: unknown. A problem noted also gives None."""
        if value is None:
            return None
        if value == "not_applicable":
            if f.optional:
                return NA if f.kind is Kind.BOOL else NA_BIT if f.kind is Kind.ENUM else (0, 0, NONE)
            self.wrong(where, f"{f.name} applies to everybody; give a value, or null where it is not known")
            return None
        if f.kind is Kind.BOOL:
            words = {True: YES, False: NO, "是": YES, "否": NO}
            if isinstance(value, bool | str) and value in words:
                return words[value]
            self.wrong(where, f"«{value}» is no yes/no; write true or false")
            return None
        if f.kind is Kind.ENUM:
            enum = self.pack.enums[f.enum]
            index = enum.index(str(value))
            if index is None:
                self.wrong(
                    where, f"«{value}» is no {enum.name}; one of {' '.join(c.name for c in enum.choices)}"
                )
                return None
            return 1 << index
        if isinstance(value, Mapping):
            return self._interval(where, f, value)
        number = self._number(where, f, value)
        return None if number is None else point(number)

    def _interval(self, where: str, f: Field, value: Mapping[str, Any]) -> Value | None:
        if not value or set(value) - {"at_least", "at_most"}:
            self.wrong(where, "an interval has at_least, at_most or both")
            return None
        lo = self._number(where, f, value["at_least"]) if value.get("at_least") is not None else None
        hi = self._number(where, f, value["at_most"]) if value.get("at_most") is not None else None
        flags = VALUE | (OPEN_HI if value.get("at_most") is None else 0)
        flags |= OPEN_LO if value.get("at_least") is None and f.minimum < 0 else 0
        low, high = f.minimum if lo is None else lo, f.maximum if hi is None else hi
        if low > high:
            self.wrong(where, "at_least is more than at_most")
            return None
        return (low, high, flags)

    def _number(self, where: str, f: Field, value: object) -> int | None:
        if f.kind is Kind.DATE:
            day = self._date(where, value)
            if day is None:
                return None
            number = day_number(day)
        else:
            found = self._plain(where, f, value)
            if found is None:
                return None
            number = found
        if not f.minimum <= number <= f.maximum:
            self.wrong(
                where,
                f"{shown(f, number)} is outside {shown(f, f.minimum)} to {shown(f, f.maximum)}; check it",
            )
            return None
        return number

    def _plain(self, where: str, f: Field, value: object) -> int | None:
        if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
            self.wrong(where, f"«{value}» is no {'amount' if f.kind is Kind.MONEY else 'number'}")
            return None
        if isinstance(value, float):
            value = Decimal(repr(value))
        if f.kind is Kind.MONEY:
            try:
                return parse_yuan(value)
            except CodeError as error:
                self.wrong(where, str(error))
                return None
        places = f.places if f.kind is Kind.DECIMAL else 0
        try:
            scaled = Decimal(str(value)).scaleb(places)
            if scaled != scaled.to_integral_value() or abs(scaled) > 10**18:
                raise InvalidOperation
        except (InvalidOperation, OverflowError):
            at_most = f"with at most {places} decimals" if places else "that is whole"
            self.wrong(where, f"«{str(value)[:40]}» is no number {at_most}")
            return None
        return int(scaled)


def stored(f: Field, value: int) -> Value:
    """A storage integer as a value of the interpreter."""
    if f.kind is Kind.BOOL:
        return YES if value else NO
    return 1 << value if f.kind is Kind.ENUM else point(value)


def shown(f: Field, value: int) -> str:
    """A storage integer as a person writes it."""
    if f.kind is Kind.MONEY:
        return f"{value // 100 if value % 100 == 0 else value / 100:,} yuan"
    if f.kind is Kind.DATE:
        return date.fromordinal(value + date(1970, 1, 1).toordinal()).isoformat()
    return f"{Decimal(value).scaleb(-f.places)}"
