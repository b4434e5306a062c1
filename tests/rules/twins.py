"""Random populations, told to both evaluators in their own ways, and the comparison of what they say."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

import numpy as np

from zhida.rules.declarations import Field, Kind, Pack
from zhida.rules.declarations import Kin as KinRecord
from zhida.rules.explain.interpret import NOBODY, SOMEBODY, Elsewhere, Facts, Relatives, Run, Value
from zhida.rules.formulas.ir import NA, NA_BIT, NO, PERSON, YES
from zhida.rules.kernel.plan import Form
from zhida.rules.kernel.run import Keep, Kernel, Places, Table
from zhida.rules.kernel.web import Used, Web
from zhida.rules.program.build import Program, build_program
from zhida.rules.program.outcome import ROW, row
from zhida.rules.values import NONE, VALUE

DTYPES = {Kind.BOOL: np.uint8, Kind.ENUM: np.uint8, Kind.DATE: np.int32}


def random_value(rng: np.random.Generator, pack: Pack, f: Field) -> int:
    if f.kind is Kind.BOOL:
        return int(rng.integers(2))
    if f.kind is Kind.ENUM:
        return int(rng.integers(len(pack.enums[f.enum].choices)))
    ends = [f.minimum, f.maximum] + ([f.empty] if f.empty is not None else [])
    wide = int(rng.integers(f.minimum, f.maximum + 1))
    small = min(f.maximum, max(f.minimum, int(rng.integers(0, 400)) * (1000 if f.kind is Kind.MONEY else 1)))
    return int(rng.choice([*ends, wide, small, small, small]))


def random_links(
    rng: np.random.Generator, pack: Pack, group_of: np.ndarray, known: bool
) -> dict[str, np.ndarray]:
    """Whom each link of each person points at: nobody, somebody unknown (not where all is ``known``), or a
    person of the own household (oneself too: whoever enters data errs), of the next (lest everybody hang on
    everybody), or of any."""
    people, groups = len(group_of), int(group_of.max()) + 1
    rows = [np.flatnonzero(group_of == g) for g in range(groups)]
    links = {}
    for link in pack.links:
        found = np.full(people, NOBODY, np.int64)
        for i in range(people):
            draw = rng.random()
            if draw < 0.1 and not known:
                found[i] = SOMEBODY
            elif draw < 0.55:
                step = rng.choice([0, -1, 1, int(rng.integers(groups))], p=[0.2, 0.375, 0.375, 0.05])
                found[i] = rng.choice(rows[(group_of[i] + step) % groups])
        links[link] = found
    return links


FORMS = ("known", "states", "intervals", "absent")


class Town:
    """``groups`` random households of a pack; ``form`` maps each field to how its column comes.

    ``forms``: how likely each of :data:`FORMS` is. ``unknown``: whether states leave values open.
    ``inside``: nobody is registered outside the territory. ``links``: rows of persons, of all the town.
    ``whole``: by kin, of whom it is told that there are no others, whatever links and registers say.
    """

    def __init__(
        self,
        pack: Pack,
        month: int,
        seed: int,
        groups: int = 40,
        forms: tuple[float, float, float, float] = (0.7, 0.15, 0.05, 0.1),
        unknown: bool = True,
        inside: bool = False,
    ) -> None:
        rng = np.random.default_rng(seed)
        self.pack, self.month = pack, month
        codes = [c for c in (pack.root, *pack.divisions.descendants(pack.root)) if len(c.rstrip("0")) <= 6][
            :6
        ]
        self.codes = ("", *codes)
        complete = rng.integers(0, 2, (max(len(pack.registers), 1), len(self.codes))).astype(np.uint8)
        if not unknown:
            complete[:] = 1
        complete[:, 0] = 0
        self.places = Places(self.codes, complete)
        size = rng.integers(1, 5, groups).astype(np.int32)
        first = (np.cumsum(size) - size).astype(np.int32)
        people = int(size.sum())
        self.columns: dict[str, np.ndarray] = {}
        self.forms: list[tuple[str, str]] = []
        self.told: dict[str, list[object]] = {}
        registers = list(pack.registers)
        place_g = rng.integers(int(inside), len(self.codes), groups).astype(np.int32)
        place_p = rng.integers(int(inside), len(self.codes), people).astype(np.int32)
        for f in pack.fields.values():
            n = people if f.unit == PERSON else groups
            place = place_p if f.unit == PERSON else place_g
            form = str(rng.choice(FORMS, p=forms))
            if form == "known" and f.optional and unknown:
                form = "states"
            if form == "intervals" and f.kind in (Kind.BOOL, Kind.ENUM):
                form = "states"
            told: list[object] = [None] * n
            if form != "absent":
                self.forms.append((f.id, form))
                values = np.array([random_value(rng, pack, f) for _ in range(n)], np.int64)
                high = np.array([random_value(rng, pack, f) for _ in range(n)], np.int64)
                values, high = (
                    (np.minimum(values, high), np.maximum(values, high))
                    if form == "intervals"
                    else (values, values)
                )
                choices = [0, 0, 1, 2] + ([3] if form == "intervals" else []) + ([4] if f.optional else [])
                states = rng.choice(choices, n).astype(np.uint8) if form != "known" else np.zeros(n, np.uint8)
                self.columns["c_" + f.id] = values.astype(DTYPES.get(f.kind, np.int64))
                self.columns["s_" + f.id] = states
                self.columns["h_" + f.id] = high
                for i in range(n):
                    empty = (
                        f.empty if f.register and complete[registers.index(f.register), place[i]] else None
                    )
                    told[i] = self._value(f, int(states[i]), int(values[i]), int(high[i]), empty)
            self.told[f.id] = told
        group_of = np.repeat(np.arange(groups, dtype=np.int32), size)
        self.links = random_links(rng, pack, group_of, not unknown)
        self.whole = {kin: rng.random(people) < 0.1 for kin in pack.kin}
        web = replace(Web.of(group_of, self.links), closed=self.whole) if pack.links else None
        self.table = Table(first, size, group_of, place_g, place_p, self.columns, web)
        self._near: list[set[int]] = [set() for _ in range(groups)]
        for target in self.links.values():
            for a, b in zip(group_of[target >= 0], group_of[target[target >= 0]], strict=True):
                self._near[a].add(int(b))
                self._near[b].add(int(a))

    @classmethod
    def known(cls, pack: Pack, month: int, seed: int, groups: int = 40, inside: bool = False) -> Town:
        """A town of which every fact is known, and applies."""
        return cls(pack, month, seed, groups, (1, 0, 0, 0), unknown=False, inside=inside)

    def _value(self, f: Field, state: int, lo: int, hi: int, empty: int | None) -> object:
        if state == 1 and empty is not None:
            lo = hi = empty
            state = 0
        if state in (1, 2):
            return None
        if state == 4:
            return NA if f.kind is Kind.BOOL else NA_BIT if f.kind is Kind.ENUM else (0, 0, NONE)
        if f.kind is Kind.BOOL:
            return YES if lo == 1 else NO
        if f.kind is Kind.ENUM:
            return 1 << lo
        return (lo, hi if state == 3 else lo, VALUE)

    @property
    def form(self) -> Form:
        return Form(tuple(self.forms))

    def facts(self, g: int, far: int | None = None) -> Facts:
        """The household, then everybody whom ties in either direction lead to over at most ``far`` households
        (however many, if not told)."""
        t = self.table
        homes = self._within(g, far)
        members = [range(int(t.first_person[h]), int(t.first_person[h]) + int(t.size[h])) for h in homes]
        rows = [i for found in members for i in found]
        at = {i: k for k, i in enumerate(rows)}
        elsewhere = [
            Elsewhere(self._told(h, False), self.codes[t.place_group[h]], tuple(at[i] for i in found))
            for h, found in zip(homes[1:], members[1:], strict=True)
        ]
        return Facts(
            tuple(self._told(i, True) for i in rows),
            int(t.size[g]),
            self._told(g, False),
            self.codes[t.place_group[g]],
            tuple(self.codes[t.place_person[i]] for i in rows),
            tuple({link: self._link(link, i, at) for link in self.links} for i in rows),
            tuple({kin.id: self._kin(kin, i, at) for kin in self.pack.kin.values()} for i in rows),
            tuple(elsewhere),
        )

    def _told(self, i: int, person: bool) -> dict[str, Value]:
        fields = [f.id for f in self.pack.fields.values() if (f.unit == PERSON) == person]
        return {f: self.told[f][i] for f in fields if self.told[f][i] is not None}  # type: ignore[misc]

    def _within(self, g: int, far: int | None) -> list[int]:
        """The group itself first."""
        found, edge, step = [g], [g], 0
        while edge and (far is None or step < far):
            edge = sorted({n for h in edge for n in self._near[h]} - set(found))
            found += edge
            step += 1
        return found

    def _link(self, link: str, i: int, at: Mapping[int, int]) -> int:
        target = int(self.links[link][i])
        return target if target < 0 else at.get(target, SOMEBODY)

    def _kin(self, kin: KinRecord, i: int, at: Mapping[int, int]) -> Relatives:
        """Closed where no followed link leads to somebody unknown and a complete register has all who point
        back, or it is told; and all of them are among those told of."""
        mine = {int(self.links[link][i]) for link in kin.follows}
        back = {int(j) for link in kin.followed_by for j in np.flatnonzero(self.links[link] == i)}
        persons = {j for j in mine | back if j >= 0} - {i}
        closed = SOMEBODY not in mine
        if kin.followed_by:
            registers = list(self.pack.registers)
            place = self.table.place_person[i]
            closed &= bool(kin.register and self.places.complete[registers.index(kin.register), place])
        closed = (closed or bool(self.whole[kin.id][i])) and persons <= set(at)
        return Relatives(tuple(sorted(at[j] for j in persons if j in at)), closed)


def used_by(program: Program) -> Used:
    """Links and kin that the month's rules follow."""
    roots = [n for b, found in program.benefits.items() if found.exists for n in program.outputs(b)]
    return Used.of(program.pack, roots)


def differences(
    town: Town,
    program: Program | None = None,
    compiled: bool = False,
    threads: int = 1,
    block: int = 16,
    benefits: Iterable[str] | None = None,
) -> list[str]:
    """Everything in which the kernel and the interpreter differ over a town, in words."""
    program = program or build_program(town.pack, town.month)
    kernel = Kernel(program, town.form, benefits, compiled)
    rows = kernel.run(
        town.table, town.places, kernel.parameters(town.places, town.month), Keep.ALL, threads, block
    )
    found = []
    far = used_by(program).reach + 1  # one more than is needed: a kernel that reaches too little would differ
    runs = [Run(program, town.facts(g, far)) for g in range(len(town.table.size))]
    for b in kernel.plan.benefits:
        bp = program.benefits[b]
        got = {int(r[0]): r for r in rows[b].T}
        for g, run in enumerate(runs):
            first = int(town.table.first_person[g])
            units = range(run.facts.members) if bp.benefit.unit == PERSON else range(1)
            for i in units:
                at = first + i if bp.benefit.unit == PERSON else g
                want = row(run, bp, i) | {"index": at}
                have = dict(zip(ROW, (int(x) for x in got[at]), strict=True))
                if want != have:
                    wrong = {k: (want[k], have[k]) for k in ROW if want[k] != have[k]}
                    found.append(f"{b} household {g} unit {i}: interpreter, kernel {wrong}")
    return found
