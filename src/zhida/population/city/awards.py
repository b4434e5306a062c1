"""Who is truly entitled, by the pack's own rules over the truth, and who of them receives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from zhida.population.city.draw import Array, Rng, Rows
from zhida.population.city.plan import Chunk
from zhida.population.city.truth import Model, Truth
from zhida.population.schema import UNKNOWN_LINK, contract_of, is_made
from zhida.population.store import Snapshot
from zhida.population.tables import Map, map_places, past_values, same_home
from zhida.rules.declarations import WITH
from zhida.rules.history import AWARD_AMOUNT, AWARDED, PASTS
from zhida.rules.kernel.plan import Form
from zhida.rules.kernel.run import Keep, Kernel, Parameters, Table
from zhida.rules.kernel.web import Web
from zhida.rules.program.build import build_program

YES, NEAR, EARLY, OVER = 1, 1 << 9, 1 << 16, 1 << 17
EMPTY_AWARDS = {
    "benefit": np.uint8, "unit_row": np.int32, "amount": np.int64, "start": np.int32,
    "last_review": np.int32, "disregard_months": np.int16, "refusals": np.int16,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Entitlement:
    """Of one benefit: rows of the units entitled with their amounts (fen a month), and rows of units
    that fail narrowly."""

    rows: Rows
    amounts: Rows
    near: Rows


@dataclass(frozen=True)
class Rules:
    """The pack's rules compiled for columns of which all is known. Made once in each process."""

    model: Model

    @cached_property
    def benefits(self) -> list[tuple[str, str]]:
        return self.model.benefits

    @cached_property
    def _kernel(self) -> Kernel:
        pack = self.model.pack
        columns = tuple((name, "known") for name in sorted(pack.fields))
        program = build_program(pack, self.model.plan.month)
        return Kernel(program, Form(columns), [b for b, _ in self.benefits if b in program.benefits])

    @cached_property
    def _places(self) -> Map:
        model = self.model
        empty = Snapshot(
            path=Path(), manifest={"registers": {}}, id="", month=model.plan.month,
            contract=contract_of(model.pack), divisions=model.figures.divisions, infos=(),
        )  # fmt: skip
        return map_places(empty, model.pack)

    @cached_property
    def _parameters(self) -> Parameters:
        return self._kernel.parameters(self._places.places, self.model.plan.month)

    def told(self, truth: Truth, awards: Mapping[str, Array] | None = None) -> dict[str, dict[str, Array]]:
        """What the rules say where everything is known, by benefit and unit: ``row``, ``entitled``,
        ``amount`` (fen a month), ``near`` (a condition is missed by little), ``early`` (inside
        the review interval), ``over`` (no longer valid), ``narrow`` (only one fails, or ``near``)."""
        found = self._kernel.run(
            _table(self.model, truth, self._places, awards), self._places.places, self._parameters,
            keep=Keep.ALL, threads=1,
        )  # fmt: skip
        result = {}
        for benefit, rows in found.items():
            index, codes, amounts, conditions = rows[0], rows[1], rows[2], rows[6]
            yes = (codes & 7) == YES
            applies = ((codes >> 13) & 7) == YES
            near = (codes & NEAR) > 0
            result[benefit] = {
                "row": index,
                "entitled": yes,
                "amount": np.where(yes, np.maximum(amounts, 0), 0),
                "near": near,
                "early": (codes & EARLY) > 0,
                "over": (codes & OVER) > 0,
                "narrow": applies & ~yes & (near | (_failing(conditions) == 1)),
            }
        return result

    def entitled(self, truth: Truth) -> dict[str, Entitlement]:
        """Who is entitled before anything is awarded."""
        result = {}
        for benefit, told in self.told(truth).items():
            narrow, missed = told["narrow"], told["narrow"] & told["near"]
            near = told["row"][missed] if missed.any() else told["row"][narrow]
            yes = told["entitled"]
            result[benefit] = Entitlement(told["row"][yes], told["amount"][yes], near)
        return result


def _failing(words: Array) -> Array:
    """How many conditions of a row don't hold (three bits a condition, the second says no)."""
    count = np.zeros(len(words), dtype=np.int64)
    for condition in range(21):
        count += (words >> (3 * condition + 1)) & 1
    return count


def _table(model: Model, truth: Truth, places: Map, awards: Mapping[str, Array] | None) -> Table:
    columns: dict[str, Array] = {}
    held = {} if awards is None else _held(model, truth, awards)
    zeros = {"households": np.zeros(truth.units, np.uint8), "persons": np.zeros(truth.count, np.uint8)}
    for f in model.pack.fields.values():
        group = bool(model.pack.units[f.unit].members)
        table = truth.households if group else truth.persons
        nothing = zeros["households" if group else "persons"]
        if f.id == "registered_here":
            columns[f"c_{f.id}"] = (truth.persons["registered"] >= 0).astype(np.uint8)
        elif f.id.startswith(WITH):
            columns[f"c_{f.id}"] = _at_home(truth, f.id.removeprefix(WITH))
        elif f.id in table and not is_made(f.id):
            columns[f"c_{f.id}"] = table[f.id]
        elif f"c_{f.id}" in held:
            columns[f"c_{f.id}"] = held[f"c_{f.id}"]
        else:  # what the builder doesn't tell is the empty value, or the first choice
            columns[f"c_{f.id}"] = (nothing + (f.empty or 0)).astype(np.int64)
        columns[f"s_{f.id}"] = nothing
    return Table(
        truth.households["first_person"], truth.households["size"], truth.persons["household"],
        places.rows(truth.households["division"]), places.rows(truth.persons["registered"]), columns,
        _web(model, truth),
    )  # fmt: skip


def _held(model: Model, truth: Truth, awards: Mapping[str, Array]) -> dict[str, Array]:
    """Whether each unit receives each benefit, how much, and what rules ask of the award's past."""
    found: dict[str, Array] = {}
    for number, (benefit, table) in enumerate(model.benefits):
        mine = awards["benefit"] == number
        rows, units = awards["unit_row"][mine], truth.units if table == "households" else truth.count
        awarded, amount = np.zeros(units, np.uint8), np.zeros(units, np.int64)
        awarded[rows] = 1
        amount[rows] = awards["amount"][mine]
        found |= {f"c_{AWARDED}{benefit}": awarded, f"c_{AWARD_AMOUNT}{benefit}": amount}
        for past in PASTS.values():
            column = np.zeros(units, np.int16)
            column[rows] = past_values(past, awards[past.column][mine], model.plan.month)
            found[f"c_{past.prefix}{benefit}"] = column
    return found


def _at_home(truth: Truth, link: str) -> Array:
    home, n = truth.persons["household"], truth.count
    first, size = truth.households["first_person"][home], truth.households["size"][home]
    target = truth.persons.get(f"link_{link}", np.full(n, UNKNOWN_LINK))
    return same_home(target, first, size).view(np.uint8)


def _web(model: Model, truth: Truth) -> Web:
    """Ties among the people of a chunk."""
    unknown = np.full(truth.count, UNKNOWN_LINK)
    links = {link: truth.persons.get(f"link_{link}", unknown) for link in model.pack.links}
    return Web.of(truth.persons["household"], links)


def award(model: Model, chunk: Chunk, truth: Truth, rules: Rules) -> dict[str, Array]:
    """The awards table of a chunk, rows counted in the chunk.

    One draw for a household decides for all its benefits, so that a child's supplement goes with the
    family's.
    """
    rng = model.rng(chunk, 9)
    f = model.figures
    take_up: Mapping[str, float] = f.get("awards.take_up")
    luck = rng.random(truth.units)
    found = rules.entitled(truth)
    tables = []
    for index, (benefit, table) in enumerate(rules.benefits):
        e = found.get(benefit)
        if e is None:
            continue
        home = truth.household if table == "persons" else np.arange(truth.units)
        takes = luck[home[e.rows]] < float(take_up.get(benefit, take_up["default"]))
        rows, amounts = e.rows[takes], e.amounts[takes].copy()
        stale = (rng.random(len(rows)) < f.number("awards.amount_differs")) & (amounts > 0)
        amounts[stale] = np.rint(amounts[stale] * rng.uniform(0.8, 1.12, int(stale.sum())) / 100) * 100
        extra = rng.binomial(len(rows), f.number("awards.no_longer_fits"))
        wrong = rng.permutation(e.near)[:extra]
        typical = rng.choice(amounts, len(wrong)) if len(amounts) else np.zeros(len(wrong), np.int64)
        rows, amounts = np.concatenate([rows, wrong]), np.concatenate([amounts, typical])
        order = np.argsort(rows, kind="stable")
        tables.append(_dated(model, index, rows[order], amounts[order], rng))
    names = list(EMPTY_AWARDS)
    truth.notes["entitled"] = np.array([len(e.rows) for e in found.values()])
    return {
        name: np.concatenate([t[name] for t in tables] or [np.zeros(0)]).astype(EMPTY_AWARDS[name])
        for name in names
    }


def _dated(model: Model, benefit: int, rows: Rows, amounts: Rows, rng: Rng) -> dict[str, Array]:
    """History of awards: since when, last reviewed when, months disregarded, refusals of work."""
    f, n, month = model.figures, len(rows), model.plan.month
    held = np.minimum(1 + rng.exponential(f.number("awards.months_held"), n).astype(np.int64), 180)
    since = rng.integers(0, 12, n) + 12 * (rng.random(n) < f.number("awards.overdue_review"))
    return {
        "benefit": np.full(n, benefit),
        "unit_row": rows,
        "amount": amounts,
        "start": month - held,
        "last_review": month - np.minimum(held, since),
        "disregard_months": np.where(
            rng.random(n) < f.number("awards.with_disregard"), rng.integers(1, 13, n), 0
        ),
        "refusals": np.where(rng.random(n) < f.number("awards.with_refusal"), rng.integers(1, 4, n), 0),
    }
