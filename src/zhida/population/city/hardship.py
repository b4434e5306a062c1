"""Households in hardship, drawn by weight, and a floor for all others.

Two mechanisms keep the number of people who are truly entitled at the figure asked for. Households
in hardship lose work, savings and cars. All others have income above the line, and where they are below
the upper line, savings above the limit: published incomes leave more people under the line than
receive, and property tests and kin take care of the rest (docs/city.md).
"""

from __future__ import annotations

import numpy as np

from zhida.population.city.draw import Array, Rng
from zhida.population.city.money import YUAN, fen, income
from zhida.population.city.plan import Chunk
from zhida.population.city.truth import Model, Truth
from zhida.population.schema import OUTSIDE, UNKNOWN_LINK


def strike(model: Model, chunk: Chunk, truth: Truth) -> None:
    """Draws households in hardship and changes their money; lifts the others over the line."""
    rng = model.rng(chunk, 8)
    chosen = _draw(model, truth, rng)
    truth.notes["hardship"] = chosen
    _impoverish(model, truth, rng, chosen)
    _destitute(model, truth, rng)
    _lift(model, truth, rng, chosen | truth.notes["destitute_home"])


def wanted_share(model: Model) -> float:
    """Share of registered people who live in households in hardship."""
    f = model.figures
    take_up = f.number("awards.take_up.default")
    take_up = float(f.get("awards.take_up").get(f.get("awards.receiving_benefits")[0], take_up))
    return f.number("awards.receiving") / take_up / f.number("hardship.fit")


def _draw(model: Model, truth: Truth, rng: Rng) -> Array:
    f = model.figures
    first, size = truth.notes["first"], truth.households["size"]
    local = truth.persons["registered"] != OUTSIDE
    members = truth.total(local)
    w = {k: f.number(f"hardship.weight.{k}") for k in f.get("hardship.weight")}
    weight = np.where(truth.notes["rural"][first], w["rural"], 1) * w["base"]
    weight += np.where(truth.any(truth.notes["severe"]), w["severe_disability"], 0)
    weight += np.where(truth.any(truth.notes["disabled"]), w["disability"], 0)
    weight += np.where(truth.any(truth.persons["serious_illness"] == 1), w["serious_illness"], 0)
    weight += np.where(truth.any((truth.notes["alone_with"] > 0) & (truth.age < 18)), w["single_parent"], 0)
    weight += np.where((size == 1) & (truth.age[first] >= 60), w["elder_alone"], 0)
    weight *= np.where(size == 1, w["one_person"], np.where(size == 2, w["two_persons"], 1))
    weight *= np.where(truth.notes["collective"][first], 0.0, 1.0)
    head_local = truth.persons["registered"][first] != OUTSIDE
    weight *= np.where(head_local, 1.0, f.number("hardship.outsider_weight"))
    # A good pension keeps a small household over the line whatever happens to its work.
    pension = truth.total(truth.persons["pension"]) / size
    weight = np.where(pension > 1.5 * f.number("hardship.line") * YUAN, 0, weight)
    return _until(weight, members, wanted_share(model) * local.sum(), rng)


def _until(weight: Array, members: Array, wanted: float, rng: Rng) -> Array:
    """Households drawn by weight until they hold about ``wanted`` members."""
    able = np.flatnonzero((weight > 0) & (members > 0))
    order = able[np.argsort(rng.standard_exponential(len(able)) / weight[able], kind="stable")]
    ends = np.cumsum(members[order])
    chosen = np.zeros(len(weight), dtype=bool)
    # The last one is in if that comes nearer, by chance, so that small cities are right on average.
    number = int(np.searchsorted(ends, wanted + (rng.random() - 0.5)))
    chosen[order[:number]] = True
    return chosen


def _impoverish(model: Model, truth: Truth, rng: Rng, chosen: Array) -> None:
    f, persons = model.figures, truth.persons
    line, near = (f.number(f"hardship.{k}") * YUAN for k in ("line", "near_line"))
    earned = truth.total(persons["wage"] + persons["business_income"] + persons["pension"])
    below = rng.random(truth.units) < f.number("hardship.below_line")
    below |= earned < line * 1.1 * truth.households["size"]
    depth = np.where(
        below, line * rng.uniform(0.05, 0.97, truth.units), rng.uniform(line * 1.02, near * 0.98, truth.units)
    )
    mine = chosen[truth.household]
    lose = np.where(below, f.number("hardship.lose_work"), f.number("hardship.lose_work_above"))
    out = mine & (rng.random(truth.count) < lose[truth.household])
    for name in ("wage", "business_income", "declared_income"):
        persons[name] = np.where(out, 0, persons[name])
    persons["employed"] = np.where(out, 0, persons["employed"]).astype(np.uint8)
    persons["property_income"] = np.where(mine, 0, persons["property_income"])
    # What is left is cut to the depth drawn; pensions are not.
    size = truth.households["size"]
    kept = truth.total(persons["pension"] + persons["basic_pension"])
    loose = truth.total(persons["wage"] + persons["business_income"] + persons["declared_income"])
    room = np.maximum(depth * size - kept, 0)
    scale = np.where(chosen & (loose > room), room / np.maximum(loose, 1), 1.0)[truth.household]
    for name in ("wage", "business_income", "declared_income"):
        persons[name] = np.where(scale < 1, fen(persons[name] * scale / YUAN), persons[name])
    gone = mine & (persons["wage"] < 300 * YUAN)
    persons["wage"] = np.where(gone, 0, persons["wage"])
    persons["employed"] = np.where(gone, 0, persons["employed"]).astype(np.uint8)
    # Those meant to be above the line but left without income live on their kin.
    short = np.where(chosen & ~below, depth * size - truth.total(income(truth)), 0)
    head = truth.notes["first"]
    persons["transfer_income"][head] += np.where(short > 0, fen(np.maximum(short, 0) / YUAN), 0)
    limit = f.number("hardship.line") * 12 * rng.uniform(0, 2.6, truth.count)
    persons["deposits"] = np.where(mine, np.minimum(persons["deposits"], fen(limit)), persons["deposits"])
    households = truth.households
    households["cars"] = np.where(chosen, 0, households["cars"]).astype(np.int16)
    households["homes"] = np.where(chosen, np.minimum(households["homes"], 1), households["homes"]).astype(
        np.int16
    )
    area = np.minimum(households["floor_area"], 12_000)
    households["floor_area"] = np.where(chosen, area, households["floor_area"])
    for name in ("non_residential", "company_capital"):
        households[name] = np.where(chosen, 0, households[name]).astype(households[name].dtype)


def _destitute(model: Model, truth: Truth, rng: Rng) -> None:
    """Some who live alone or in an institution, can't work and get little have nobody and nothing."""
    f, persons, age = model.figures, truth.persons, truth.age
    alone = (truth.households["size"] == 1)[truth.household]
    needy = alone & (persons["registered"] != OUTSIDE) & ((age >= 60) | (truth.notes["severe"] & (age >= 18)))
    needy &= (persons["pension"] < f.number("hardship.line") * YUAN * 0.9) & (persons["employed"] == 0)
    needy &= rng.random(truth.count) < f.number("hardship.destitute")
    state = np.where(
        rng.random(truth.count) < f.number("hardship.destitute_unable"),
        model.choice("supporter_state", "unable"),
        model.choice("supporter_state", "none"),
    )
    persons["supporter_state"] = np.where(needy, state, persons["supporter_state"]).astype(np.uint8)
    for link in ("link_father", "link_mother"):  # whoever has nobody is nobody's parent
        child = (persons[link] >= 0) & needy[np.maximum(persons[link], 0)]
        persons[link] = np.where(child, UNKNOWN_LINK, persons[link])
    for name in ("business_income", "property_income", "declared_income", "transfer_income"):
        persons[name] = np.where(needy, 0, persons[name])
    limit = f.number("hardship.line") * 12 * rng.uniform(0, 2, truth.count)
    persons["deposits"] = np.where(needy, np.minimum(persons["deposits"], fen(limit)), persons["deposits"])
    truth.notes["destitute"] = needy
    truth.notes["destitute_home"] = truth.any(needy)


def _lift(model: Model, truth: Truth, rng: Rng, poor: Array) -> None:
    """Others below the line have income no register sees; others below the upper line have savings."""
    f, persons, households = model.figures, truth.persons, truth.households
    line, near = (f.number(f"hardship.{k}") * YUAN for k in ("line", "near_line"))
    size = households["size"]
    have = truth.total(income(truth)) / size
    floor = line * rng.uniform(1.06, 2.3, truth.units)
    short = ~poor & (have < line * 1.05)
    head = truth.notes["first"]
    gap = np.where(short, fen(np.maximum(floor - have, 0) * size / YUAN), 0)
    casual = rng.random(truth.units) < 0.5
    persons["declared_income"][head] += np.where(casual, gap, 0)
    persons["transfer_income"][head] += np.where(casual, 0, gap)
    have = np.where(short, floor, have)
    tight = ~poor & (have <= near * 1.03)
    least = f.number("hardship.asset_years") * f.number("hardship.line") * 12 * size
    wanted = fen(least * rng.uniform(1.05, 3.0, truth.units))
    saved = truth.total(persons["deposits"])
    persons["deposits"][head] += np.where(tight & (saved < wanted), wanted - saved, 0).astype(np.int64)
    # Nobody without a pension or kin counts as having no means by the draw of a low personal income alone.
    lone = truth.notes["no_supporter"] & ~truth.notes["destitute"]
    own = (
        f.number("hardship.line")
        * f.number("hardship.asset_years")
        * 12
        * rng.uniform(1.05, 2.5, truth.count)
    )
    persons["deposits"] = np.where(lone, np.maximum(persons["deposits"], fen(own)), persons["deposits"])
