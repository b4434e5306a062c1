"""A parameter with other values laid over some months of one place and of all places below it."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date

from zhida.codes.months import first_day
from zhida.rules.declarations import At, Citation, Pack, Parameter, ParameterValue
from zhida.rules.loading.nodes import FIRST_YEAR
from zhida.rules.parameters import Lookup, effective_month, end_month

ALWAYS = FIRST_YEAR * 12
Values = Mapping[int, int] | None
"""New values by index of the parameter's table (0 where it has none); None: not known."""


@dataclass(frozen=True, slots=True)
class _Piece:
    """One value at one place over months [first, until)."""

    first: int
    until: int | None
    value: ParameterValue


def overlaid(
    pack: Pack,
    parameter: Parameter,
    place: str,
    start: int | None,
    until: int | None,
    values: Values,
    citation: Citation,
    at: At,
) -> Parameter | None:
    """``parameter`` with ``values`` at ``place`` (12 digits) and below in months [start, until).

    ``values`` that leave out a choice of the table change only those given, wherever the rest is known;
    None where it is known nowhere. Outside the months, and at other places, look-up answers as before (as
    known now: what was superseded is dropped at the places concerned).
    """
    work = _Work(pack, parameter, place, ALWAYS if start is None else start, until)
    size = max(1, len(pack.enums[parameter.table].choices) if parameter.table else 1)
    kept = work.untouched()
    frozen = [_as_value(place, piece) for place in sorted(work.affected) for piece in work.outside(place)]
    new = _template(citation, at)
    laid = (
        work.whole(values, size, new) if values is None or len(values) == size else work.partly(values, new)
    )
    return replace(parameter, values=(*kept, *frozen, *laid)) if laid else None


def _template(citation: Citation, at: At) -> ParameterValue:
    """A value without place and months, known at all times."""
    always = first_day(ALWAYS)
    return ParameterValue((), always, None, None, None, date.min, None, None, False, citation, at)


def _as_value(place: str, piece: _Piece) -> ParameterValue:
    """The record that gives the piece at its place, and nothing outside its months."""
    value = piece.value
    if piece.first != effective_month(value) or not value.places:
        value = replace(value, start=first_day(piece.first), first_month=piece.first)
    end = value.until if piece.until == end_month(value.until) else None
    if end is None and piece.until is not None:
        end = first_day(piece.until)
    # What the act ended below was ended when the pieces there were cut.
    return replace(value, places=(place,), until=end, superseded_on=None, ends_below=False)


class _Work:
    """The parameter cut at every month in which anything about it changes."""

    def __init__(self, pack: Pack, parameter: Parameter, place: str, start: int, until: int | None) -> None:
        self.parameter = parameter
        self.place = place
        self.start = start
        self.until = until
        self.lookup = Lookup(pack)
        self.places = list(dict.fromkeys(p for value in parameter.values for p in value.places))
        self.cuts = self._cuts(pack)
        self.affected = self._affected()
        # An act at another place ends what began before it: what is laid begins anew with it.
        self.acts: dict[int, date] = {}
        for value in parameter.values:
            if value.ends_below and any(p not in self.affected for p in value.places):
                month = effective_month(value)
                self.acts[month] = max(value.start, self.acts.get(month, value.start))

    def _cuts(self, pack: Pack) -> list[int]:
        cuts = {self.start} if self.until is None else {self.start, self.until}
        for value in self.parameter.values:
            end = end_month(value.until)
            cuts.update((effective_month(value),) if end is None else (effective_month(value), end))
        for division in pack.divisions:
            for day in (division.start, division.until):
                month = end_month(day)
                if month is not None and month >= ALWAYS:
                    cuts.add(month)
        return sorted(cuts)

    def _segments(self) -> Iterable[tuple[int, int | None]]:
        return zip(self.cuts, [*self.cuts[1:], None], strict=True)

    def _in_window(self, month: int) -> bool:
        return self.start <= month and (self.until is None or month < self.until)

    def _affected(self) -> frozenset[str]:
        """The place, all with values that ever lie below it, and all that lie below those."""
        found = {self.place}
        ways = {
            p: {q for m in self.cuts for way in self.lookup.chains(p, m) for q in way} for p in self.places
        }
        while grown := {p for p in self.places if p not in found and ways[p] & found}:
            found |= grown
        return frozenset(found)

    def untouched(self) -> list[ParameterValue]:
        """The values at all other places."""
        kept = []
        for value in self.parameter.values:
            places = tuple(p for p in value.places if p not in self.affected)
            if places:
                kept.append(value if places == value.places else replace(value, places=places))
        return kept

    def _own(self, place: str, month: int) -> ParameterValue | None:
        """The value of its own by which the place is answered in that month, if any."""
        for way in self.lookup.chains(place, month):
            if way[0] == place:
                where, span = self.lookup.timeline(self.parameter).at(way, month)
                if span is not None and where == place:
                    return span.value
        return None

    def _below(self, place: str, month: int) -> bool:
        return any(self.place in way for way in self.lookup.chains(place, month))

    def outside(self, place: str) -> list[_Piece]:
        """What the place has of its own outside the window."""
        found = []
        for first, until in self._segments():
            value = self._own(place, first)
            if value is not None and not (self._in_window(first) and self._below(place, first)):
                found.append(_Piece(first, until, value))
        return _merged(found)

    def whole(self, values: Values, size: int, new: ParameterValue) -> list[ParameterValue]:
        """The same value over all of the window."""
        new = replace(new, values=None if values is None else tuple(values[i] for i in range(size)))
        pieces = [_Piece(f, u, new) for f, u in self._segments() if self._in_window(f)]
        return self._laid(self.place, pieces)

    def _laid(self, place: str, pieces: Iterable[_Piece]) -> list[ParameterValue]:
        found = []
        for piece in _merged(pieces, self.acts):
            value, act = _as_value(place, piece), self.acts.get(piece.first)
            found.append(value if act is None else replace(value, start=max(value.start, act)))
        return found

    def partly(self, values: Mapping[int, int], new: ParameterValue) -> list[ParameterValue]:
        """In the window, what is answered at the place and below, with some choices changed."""
        found = []
        for place in sorted(self.affected):
            pieces = []
            for first, until in self._segments():
                if not (self._in_window(first) and self._below(place, first)):
                    continue
                own = self._own(place, first)
                if own is None and place == self.place:
                    own = self.lookup.resolve(self.parameter.id, first, place).value
                if own is not None and own.values is not None:
                    changed = tuple(values.get(i, old) for i, old in enumerate(own.values))
                    pieces.append(_Piece(first, until, replace(new, values=changed)))
                elif own is not None:
                    pieces.append(_Piece(first, until, own))
            found += self._laid(place, pieces)
        known = any(value.values is not None for value in found)
        return found if known else []


def _merged(pieces: Iterable[_Piece], barriers: Container[int] = ()) -> list[_Piece]:
    """Neighbours with one value as one piece, where no barrier stands between them."""
    found: list[_Piece] = []
    for piece in pieces:
        last = found[-1] if found else None
        joined = last is not None and last.until == piece.first and last.value == piece.value
        if last is not None and joined and piece.first not in barriers:
            found[-1] = _Piece(last.first, piece.until, last.value)
        else:
            found.append(piece)
    return found
