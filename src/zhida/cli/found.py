"""One person or household of a snapshot, answered by the interpreter."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from zhida.rules.declarations import Pack
from zhida.rules.explain.assess import answer
from zhida.rules.explain.interpret import Facts, Value
from zhida.rules.explain.request import stored
from zhida.rules.formulas.ir import PERSON
from zhida.rules.reforms.reform import Reform
from zhida.scan.find import facts_of, find_household, find_person
from zhida.scan.loaded import Loaded, to_ask


@dataclass(frozen=True, slots=True)
class Looked:
    """``ids``: everybody's keys as text, members first; ``person``: whose answers are meant, None for all."""

    loaded: Loaded
    facts: Facts
    ids: tuple[str, ...]
    person: str | None

    def answer(self) -> dict[str, Any]:
        """What is known: everything that the family has not declared is open."""
        return self._answer(self.facts)

    def presumed(self) -> dict[str, Any]:
        """As far as registers tell: what families declare or authorise is taken at its empty value."""
        pack = self.loaded.pack
        empty: dict[bool, dict[str, Value]] = {True: {}, False: {}}
        for f in pack.fields.values():
            told = f.register and pack.registers[f.register].access == "register"
            if f.empty is not None and not told:
                empty[f.unit == PERSON][f.id] = stored(f, f.empty)
        facts = self.facts
        persons = tuple({**empty[True], **person} for person in facts.persons)
        elsewhere = tuple(replace(e, group={**empty[False], **e.group}) for e in facts.elsewhere)
        group = {**empty[False], **facts.group}
        return self._answer(replace(facts, persons=persons, group=group, elsewhere=elsewhere))

    def ask(self) -> dict[str, list[str]]:
        """For each benefit the names of what only the family can tell or allow to be looked up."""
        fields, program = self.loaded.pack.fields, self.loaded.program
        return {b: [fields[f].name for f in to_ask(program, b)] for b in program.benefits}

    def _answer(self, facts: Facts) -> dict[str, Any]:
        whole = answer(self.loaded.program, facts, self.ids, facts.group_place)
        if self.person is not None:
            own = [r for r in whole["results"] if r["unit"] != PERSON or r["unit_id"] == self.person]
            whole["results"] = own
        return whole


def look_up(
    folder: Path, pack: Pack, person: int | None, household: int | None, reform: Reform | None = None
) -> Looked:
    """By one of the two keys. Raises SnapshotError, PackError."""
    return of(Loaded.open(folder, pack, None, reform, compiled=False), person, household)


def of(loaded: Loaded, person: int | None, household: int | None) -> Looked:
    if person is not None:
        found = find_person(loaded.snapshot, person)
    else:
        assert household is not None
        found = find_household(loaded.snapshot, household)
    facts, ids = facts_of(loaded, found)
    return Looked(loaded, facts, ids, None if found.person is None else ids[found.person])
