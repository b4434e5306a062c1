"""Who is whose kin, as a request tells it: links from person to person, and kin of any number."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from zhida.rules.declarations import WITH, Kin, Pack
from zhida.rules.explain.interpret import NOBODY, SOMEBODY, Relatives, Value
from zhida.rules.formulas.ir import MAX_KIN, NO, YES
from zhida.rules.problems import nearest

Links = tuple[Mapping[str, int], ...]


def silent(links: Sequence[object], homes: Sequence[Sequence[int]]) -> list[bool]:
    """By person, whether others may be tied to them though no link tells so: people told apart from their
    household, and a household of several of whom no tie is told at all."""
    found = [True] * len(links)
    for home in homes:
        silent = len(home) > 1 and all(links[i] is None for i in home)
        for i in home:
            found[i] = silent
    return found


def together(pack: Pack, links: Links, homes: Sequence[Collection[int]]) -> Iterator[dict[str, Value]]:
    """By person, for each link whether it is known to lead to somebody of the same household."""
    home = {i: people for people in homes for i in people}
    for i, own in enumerate(links):
        yield {
            f"{WITH}{link}": YES if own.get(link, SOMEBODY) in home.get(i, ()) else NO for link in pack.links
        }


@dataclass(frozen=True, slots=True)
class Ties:
    """``ids``, ``labels`` and ``open`` by person, members first; ``wrong`` takes a place and what is wrong
    there. ``open``: who points at the person is not told in whole, whatever register is complete."""

    pack: Pack
    complete: Collection[str]
    open: Sequence[bool]
    ids: Sequence[str]
    labels: Sequence[str]
    wrong: Callable[[str, str], None]

    def read(self, told: Sequence[object]) -> tuple[Links, tuple[Mapping[str, Relatives], ...]]:
        """Links and kin of everybody from what each person's ``links`` says."""
        given = [self._mapping(i, value) for i, value in enumerate(told)]
        links = [self._links(i, own) for i, own in enumerate(given)]
        kin = [
            {k.id: self._kin(i, k, own, links) for k in self.pack.kin.values()} for i, own in enumerate(given)
        ]
        return tuple(links), tuple(kin)

    def _mapping(self, i: int, value: object) -> Mapping[str, object]:
        if value is not None and not isinstance(value, Mapping):
            self.wrong(f"{self.labels[i]}.links", "a mapping such as {父: p7} is expected")
        return value if isinstance(value, Mapping) else {}

    def _links(self, i: int, told: Mapping[str, object]) -> dict[str, int]:
        """Where nothing is told: nobody, if a complete register would tell; else unknown."""
        by_name = {w: link.id for link in self.pack.links.values() for w in (link.id, link.name)}
        kin = {w: k.id for k in self.pack.kin.values() for w in (k.id, k.name)}
        found = {link.id: NOBODY for link in self.pack.links.values() if link.register in self.complete}
        seen: set[str] = set()
        for name, target in told.items():
            where = f"{self.labels[i]}.links.{name}"
            id = by_name.get(str(name)) or kin.get(str(name))
            if id is None:
                guess = nearest(str(name), [*by_name, *kin])
                self.wrong(where, f"unknown; perhaps {guess}" if guess else "unknown; leave it out")
                continue
            if id in seen:
                self.wrong(where, "stands twice, by id and by name; keep one")
            seen.add(id)
            if name in by_name:
                person = self._person(where, target, i)
                if person is not None:
                    found[id] = person
        return found

    def _person(self, where: str, target: object, i: int) -> int | None:
        if target == "none":
            return NOBODY
        if target is None:
            return SOMEBODY
        if str(target) == self.ids[i]:
            self.wrong(where, "is the person; nobody is tied to oneself")
            return None
        if str(target) in self.ids:
            return self.ids.index(str(target))
        self.wrong(where, f"nobody has the id {target}; add the person to others, or null, or none")
        return None

    def _kin(
        self, i: int, kin: Kin, told: Mapping[str, object], links: Sequence[Mapping[str, int]]
    ) -> Relatives:
        """Whom links tell of, closed where there can be no others; or as the person says: a whole list,
        ``none``, or null where it is not known."""
        mine = [links[i].get(link, SOMEBODY) for link in kin.follows]
        known = {t for t in mine if t >= 0}
        known |= {j for j, own in enumerate(links) if any(own.get(x) == i for x in kin.followed_by)}
        known.discard(i)
        all_told = not kin.followed_by or (kin.register in self.complete and not self.open[i])
        closed = SOMEBODY not in mine and all_told
        for word in (kin.id, kin.name):
            if word in told:
                listed, closed = self._listed(f"{self.labels[i]}.links.{word}", told[word], known, i)
                known |= listed
        if len(known) > MAX_KIN:
            self.wrong(f"{self.labels[i]}.links.{kin.name}", f"{len(known)} people; at most {MAX_KIN}")
        return Relatives(tuple(sorted(known - {i})), closed)

    def _listed(self, where: str, value: object, known: set[int], i: int) -> tuple[set[int], bool]:
        """The people of a list, and whether it is whole: not where somebody unknown stands in it."""
        if value is None or value == "none":
            names: list[object] = [None] if value is None else []
        else:
            names = value if isinstance(value, list) else [value]
        if "none" in names:
            self.wrong(where, "none stands beside people; keep one of the two")
        told = {t for t in (self._person(where, name, i) for name in names) if t is not None}
        closed = SOMEBODY not in told
        people = {t for t in told if t >= 0}
        missing = [self.ids[k] for k in sorted(known - people)] if closed else []
        if missing:
            self.wrong(
                where, f"leaves out {', '.join(missing)}, whom a link tells of; add them or mend the link"
            )
        return people, closed
