"""Every unknown filled in some way, told to the oracle: what a sound answer has to allow for."""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from rules.oracle import NA, NotApplicable, Oracle, Stored
from rules.twins import used_by
from zhida.rules.declarations import Field, Kind, Pack, Parameter
from zhida.rules.explain.interpret import NOBODY, OPEN, SOMEBODY, Facts, Run, Value
from zhida.rules.formulas import ir
from zhida.rules.formulas.ir import PERSON
from zhida.rules.program.build import Program
from zhida.rules.values import NONE, VALUE

MOST = 60
"""Completions tried for one household: all of them where there are no more."""


def options(pack: Pack, f: Field, value: Value | None, presume: bool) -> list[Stored]:
    """All storage values that a told fact leaves open (wide intervals: ends, middle and empty)."""
    na: list[Stored] = [NA] if f.optional else []
    if value is None:
        register = pack.registers.get(f.register)
        if presume and f.empty is not None and (register is None or register.access != "register"):
            return [f.empty]
        low, high = (0, 1) if f.kind is Kind.BOOL else (f.minimum, f.maximum)
        return [*spread(low, high), *na]
    if f.kind is Kind.BOOL:
        assert isinstance(value, int)
        bits = ((ir.NO, 0), (ir.YES, 1), (ir.NA, NA))
        return [v for bit, v in bits if value & bit]
    if f.kind is Kind.ENUM:
        assert isinstance(value, int)
        found: list[Stored] = [i for i in range(f.maximum + 1) if value >> i & 1]
        return found + ([NA] if value & ir.NA_BIT else [])
    assert isinstance(value, tuple)
    lo, hi, flags = value
    return ([*spread(lo, hi)] if flags & VALUE else []) + ([NA] if flags & NONE else [])


def spread(low: int, high: int) -> list[Stored]:
    if high - low < 4:
        return list(range(low, high + 1))
    return [low, low + 1, (low + high) // 2, high]


MORE = 3
"""People of whom nothing is told, each in a household of their own, where ties leave room for any."""


@dataclass(frozen=True)
class Everybody:
    """Who there is once the unknown people are found: those told, then some more. ``homes`` by person."""

    persons: list[Mapping[str, Value]]
    groups: list[Mapping[str, Value]]
    group_places: list[str]
    places: list[str]
    homes: list[int]

    @classmethod
    def of(cls, facts: Facts, rng: random.Random, more: int) -> Everybody:
        """``more``: how many of whom nothing is told."""
        known = [facts.group, *(e.group for e in facts.elsewhere)]
        there = [facts.group_place, *(e.place for e in facts.elsewhere)]
        found = cls(list(facts.persons), known, there, list(facts.places), [])
        anywhere = sorted({*there, *facts.places})
        for _ in range(more):
            found.persons.append({})
            found.places.append(rng.choice(anywhere))
        for i in range(len(found.persons)):
            home = facts.home(i) if i < len(facts.persons) else None
            if home is None:
                home = len(found.groups)
                found.groups.append({})
                found.group_places.append(rng.choice(anywhere))
            found.homes.append(home)
        return found


def is_open(program: Program, facts: Facts, near: int | None = None) -> bool:
    """Whether the rules look at ties that are not known, of anybody or of the first ``near`` persons."""
    used = used_by(program)
    links, kin = facts.links[:near], facts.kin[:near]
    somebody = any(own.get(link, SOMEBODY) == SOMEBODY for own in links for link in used.gathered)
    return somebody or any(not own.get(name, OPEN).closed for own in kin for name in used.kin)


def ties(
    pack: Pack, facts: Facts, count: int, rng: random.Random
) -> tuple[list[Mapping[str, int | None]], list[Mapping[str, Sequence[int]]]]:
    """Links and kin of ``count`` people, those told first: what is unknown may be anybody or nobody."""
    links: list[Mapping[str, int | None]] = []
    kin: list[Mapping[str, Sequence[int]]] = []
    for i in range(count):
        told = facts.links[i] if i < len(facts.links) else {}
        own: dict[str, int | None] = {}
        for link in pack.links:
            target = told.get(link, SOMEBODY)
            anybody = rng.randrange(count) if rng.random() < 0.8 else None
            own[link] = anybody if target == SOMEBODY else None if target == NOBODY else target
        links.append(own)
        relatives = facts.kin[i] if i < len(facts.kin) else {}
        many: dict[str, Sequence[int]] = {}
        for name in pack.kin:
            known = relatives.get(name, OPEN)
            others = [j for j in range(count) if j != i and j not in known.persons]
            more = rng.sample(others, min(len(others), rng.choice((0, 0, 1, 1, 2, 3))))
            many[name] = known.persons if known.closed else [*known.persons, *more]
        kin.append(many)
    return links, kin


def oracles(
    program: Program, facts: Facts, rng: random.Random, presume: bool = False, most: int = MOST
) -> Iterator[Oracle]:
    """The households completed: in all ways where they are few, else in random ones. Ties that are not known
    are completed at random each time."""
    pack = program.pack
    run = Run(program, facts)
    whole = Everybody.of(facts, rng, MORE if is_open(program, facts) else 0)
    slots: list[tuple[int, str]] = []
    choices: list[list[Stored]] = []
    for who, told in [*enumerate(whole.persons), *((~h, group) for h, group in enumerate(whole.groups))]:
        # What a register would tell is presumed only of those who are told of.
        here = presume and (who < len(facts.persons) if who >= 0 else ~who <= len(facts.elsewhere))
        for f in pack.fields.values():
            if (f.unit == PERSON) == (who >= 0):
                slots.append((who, f.id))
                choices.append(options(pack, f, told.get(f.id), here))
    wanted = sorted(
        {(*map(str, n.data[:1]), int(str(n.data[1]))) for n in program.graph.nodes if n.op == "param"}
    )
    places = sorted({*whole.group_places, *whole.places})
    parameters: list[tuple[str, int, str]] = [
        (name, index, place) for name, index in wanted for place in places
    ]
    for name, index, place in parameters:
        found = run.lookup(name, place)
        p: Parameter = pack.parameters[name]
        choices.append([found.values[index]] if found.values is not None else spread(p.minimum, p.maximum))
    for chosen in ways(choices, rng, most):
        persons: list[dict[str, Stored]] = [{} for _ in whole.persons]
        groups: list[dict[str, Stored]] = [{} for _ in whole.groups]
        for (who, name), value in zip(slots, chosen, strict=False):
            (persons[who] if who >= 0 else groups[~who])[name] = value
        values = dict(zip(parameters, chosen[len(slots) :], strict=True))

        def parameter(
            name: str, index: int, place: str, values: dict[tuple[str, int, str], Stored] = values
        ) -> int:
            found = values[name, index, place]
            assert isinstance(found, int)
            return found

        links, kin = ties(pack, facts, len(persons), rng)
        yield Oracle(
            pack,
            program.month,
            persons,
            groups,
            whole.group_places,
            whole.places,
            whole.homes,
            links,
            kin,
            parameter,
        )


def ways(choices: Sequence[Sequence[Stored]], rng: random.Random, most: int) -> Iterator[tuple[Stored, ...]]:
    if math.prod(len(c) for c in choices) <= most:
        yield from itertools.product(*choices)
    else:
        for _ in range(most):
            yield tuple(rng.choice(c) for c in choices)


def outside(
    program: Program, run: Run, oracle: Oracle, presume: bool = False, exact: bool = False
) -> list[str]:
    """Where the oracle's answer or amount is not in the interpreter's set (``exact``: is not it)."""
    found = []
    for b in program.benefits.values():
        outcome = b.presumed if presume else b.full
        for i in range(run.facts.members if b.benefit.unit == PERSON else 1):
            who = i if b.benefit.unit == PERSON else -1
            answer = oracle.answer(b.benefit, who)
            bit = ir.NA if isinstance(answer, NotApplicable) else ir.YES if answer else ir.NO
            bits = run.value(outcome.answer, i)
            assert isinstance(bits, int)
            where = f"{b.benefit.id} of {who}"
            if not bits & bit or (exact and bits != bit):
                found.append(f"{where}: {bit} is not in {bits}")
            if answer is True and outcome.amount is not None:
                amount = oracle.amount(b.benefit, who)
                value = run.value(outcome.amount, i)
                assert isinstance(value, tuple)
                if isinstance(amount, NotApplicable):
                    if not value[2] & NONE:
                        found.append(f"{where}: no amount applies, told {value}")
                elif amount is not None and not (value[2] & VALUE and value[0] <= amount <= value[1]):
                    found.append(f"{where}: {amount} is not in {value}")
                elif exact and value[0] != value[1]:
                    found.append(f"{where}: {value} is not exact")
    return found
