"""Who is whose kin, as a request tells it: links from person to person, and kin of any number."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from zhida.rules.declarations import Kin, Pack
from zhida.rules.explain.interpret import NOBODY, SOMEBODY, Relatives
from zhida.rules.problems import nearest

Links = tuple[Mapping[str, int], ...]


@dataclass(frozen=True, slots=True)
class Ties:
    """``ids`` and ``labels`` by person, members first; ``wrong`` takes a place and what is wrong there."""

    pack: Pack
    complete: Collection[str]
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
        kin = {w for k in self.pack.kin.values() for w in (k.id, k.name)}
        found = {link.id: NOBODY for link in self.pack.links.values() if link.register in self.complete}
        for name, target in told.items():
            where = f"{self.labels[i]}.links.{name}"
            if name in by_name:
                person = self._person(where, target)
                if person is not None:
                    found[by_name[name]] = person
            elif name not in kin:
                guess = nearest(str(name), [*by_name, *kin])
                self.wrong(where, f"unknown; perhaps {guess}" if guess else "unknown; leave it out")
        return found

    def _person(self, where: str, target: object) -> int | None:
        if target == "none":
            return NOBODY
        if target is None:
            return SOMEBODY
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
        closed = SOMEBODY not in mine and (not kin.followed_by or kin.register in self.complete)
        for word in (kin.id, kin.name):
            if word in told:
                closed = told[word] is not None
                known |= self._listed(f"{self.labels[i]}.links.{word}", told[word], known)
        return Relatives(tuple(sorted(known - {i})), closed)

    def _listed(self, where: str, value: object, known: set[int]) -> set[int]:
        """The people of a list that claims to be whole."""
        if value is None:
            return set()
        names = [] if value == "none" else value if isinstance(value, list) else [value]
        told = {t for t in (self._person(where, name) for name in names) if t is not None and t >= 0}
        missing = [self.ids[k] for k in sorted(known - told)]
        if missing:
            self.wrong(
                where, f"leaves out {', '.join(missing)}, whom a link tells of; add them or mend the link"
            )
        return told
