"""Work, pensions, other income and property: what a household has, whether a register knows it or not.

Incomes are fen a month, net. Earnings of one household go together through a household effect.
"""

from __future__ import annotations

import numpy as np

from zhida.population.city.draw import Array, Rng
from zhida.population.city.plan import Chunk
from zhida.population.city.truth import Model, Truth
from zhida.population.schema import OUTSIDE

YUAN = 100
INCOMES = (
    "wage",
    "pension",
    "basic_pension",
    "business_income",
    "property_income",
    "declared_income",
    "transfer_income",
)


def earn(model: Model, chunk: Chunk, truth: Truth) -> None:
    """Adds incomes by person and property by household."""
    rng = model.rng(chunk, 5)
    rural = model.figures.counties[chunk.county].village_rural[truth.notes["village"]]
    truth.notes["rural"] = rural
    shared = rng.standard_normal(truth.units)
    truth.notes["luck"] = shared
    _work(model, truth, rng, rural, shared[truth.household])
    _pensions(model, truth, rng, rural, shared[truth.household])
    _property_income(model, truth, rng, shared[truth.household])
    truth.persons["transfer_income"] = np.zeros(truth.count, dtype=np.int64)
    truth.persons["support_paid"] = np.zeros(truth.count, dtype=np.int64)
    _wealth(model, chunk, truth, model.rng(chunk, 6), shared)


def fen(yuan: Array) -> Array:
    """Whole yuan, in fen."""
    return np.rint(yuan).astype(np.int64) * YUAN


def lognormal(rng: Rng, median: Array | float, sigma: float, shared: Array, correlation: float) -> Array:
    """Lognormal values whose normal part is shared within a household to the given degree."""
    own = rng.standard_normal(len(shared))
    mixed = correlation * shared + np.sqrt(1 - correlation**2) * own
    return np.asarray(median * np.exp(sigma * mixed))


def _work(model: Model, truth: Truth, rng: Rng, rural: Array, shared: Array) -> None:
    f, age, n, persons = model.figures, truth.age, truth.count, truth.persons
    female = persons["sex"] == 1
    rate = np.where(female, f.curve("work.rate_female")[age], f.curve("work.rate_male")[age])
    rate = rate * np.where(truth.notes["disabled"], f.number("work.disabled_factor"), 1.0)
    rate = rate * np.where(truth.notes["severe"], f.number("work.severe_factor"), 1.0)
    unable = (
        (persons["student"] == 1) | (persons["serving_sentence"] == 1) | (persons["compulsory_rehab"] == 1)
    )
    unable |= (persons["declared_missing"] == 1) | (persons["in_institution"] == 1)
    # Whoever lives alone or in a workers' hostel mostly lives on work.
    hostel = truth.notes["collective"] & (age >= 18) & (age < 60)
    alone = (truth.households["size"] == 1)[truth.household] & (age < 55) & ~truth.notes["disabled"]
    rate = np.where(hostel | alone, np.maximum(rate, f.number("work.rate_alone")), rate)
    works = (rng.random(n) < rate) & ~unable
    employed_share = np.where(
        rural, f.number("work.employed_share.rural"), f.number("work.employed_share.urban")
    )
    business = np.where(rural, f.number("work.business_share.rural"), f.number("work.business_share.urban"))
    employed_share = np.where(hostel, f.number("work.employed_share.hostel"), employed_share)
    business = np.where(hostel, 0.01, business)
    elder = age >= 60
    employed_share = np.where(elder, (1 - f.number("work.elder_informal")) * 0.6, employed_share)
    business = np.where(elder, (1 - f.number("work.elder_informal")) * 0.4, business)
    draw = rng.random(n)
    employed = works & (draw < employed_share)
    own = works & ~employed & (draw < employed_share + business)
    casual = works & ~employed & ~own
    level = f.curve("income.wage_by_age")[age]
    level = level * np.where(female, f.number("income.female"), 1.0)
    level = level * np.where(rural, f.number("income.rural"), 1.0)
    together = f.number("income.household_correlation")
    wage = lognormal(
        rng, f.number("income.wage_median") * level, f.number("income.wage_sigma"), shared, together
    )
    wage = np.maximum(wage, f.number("income.wage_floor"))
    earned = lognormal(
        rng, f.number("income.business_median") * level, f.number("income.business_sigma"), shared, together
    )
    odd = lognormal(
        rng, f.number("income.informal_median") * level, f.number("income.informal_sigma"), shared, together
    )
    odd = np.where(elder, odd * 0.5, odd)
    persons["employed"] = employed.astype(np.uint8)
    persons["wage"] = np.where(employed, fen(np.minimum(wage, 300_000)), 0)
    persons["business_income"] = np.where(own, fen(np.minimum(earned, 1_000_000)), 0)
    persons["declared_income"] = np.where(casual, fen(np.minimum(odd, 50_000)), 0)
    truth.notes["works"] = works


def _pensions(model: Model, truth: Truth, rng: Rng, rural: Array, shared: Array) -> None:
    f, age, n, persons = model.figures, truth.age, truth.count, truth.persons
    start = np.full(n, int(f.number("income.pension_from.male")))
    late = rng.random(n) < 0.35
    women = np.where(
        late, f.number("income.pension_from.female_late"), f.number("income.pension_from.female")
    )
    start = np.where(persons["sex"] == 1, women, start)
    employee = np.where(
        rural,
        f.number("income.pension_employee_share.rural"),
        f.number("income.pension_employee_share.urban"),
    )
    # Schemes go together in a household: one draw shifts the chance of all its members.
    employee = np.clip(employee + 0.12 * np.clip(shared, -1.5, 1.5), 0.02, 0.98)
    insured = rng.random(n) < employee
    both = f.get("income.pension_employee"), f.get("income.pension_resident")
    high = lognormal(rng, both[0]["median"], both[0]["sigma"], shared, 0.5)
    low = lognormal(rng, both[1]["median"], both[1]["sigma"], shared, 0.3)
    draws_high = insured & (age >= start)
    draws_low = ~insured & (age >= 60)
    persons["pension"] = np.where(draws_high, fen(high), np.where(draws_low, fen(low), 0))
    persons["basic_pension"] = np.where(draws_low, round(f.number("income.basic_pension") * YUAN), 0)


def _property_income(model: Model, truth: Truth, rng: Rng, shared: Array) -> None:
    f = model.figures
    values = lognormal(
        rng, f.number("income.property_median"), f.number("income.property_sigma"), shared, 0.7
    )
    chance = np.clip(f.number("income.property_share") * (1 + 0.5 * shared), 0.02, 0.9)
    has = (truth.age >= 22) & (rng.random(truth.count) < chance)
    truth.persons["property_income"] = np.where(has, fen(np.minimum(values, 200_000)), 0)


def _wealth(model: Model, chunk: Chunk, truth: Truth, rng: Rng, shared: Array) -> None:
    f, units = model.figures, truth.units
    first = truth.notes["first"]
    size = truth.households["size"]
    local = truth.persons["registered"][first] != OUTSIDE
    collective = truth.notes["collective"][first]
    cuts = [np.cumsum(f.get(f"wealth.{name}")) for name in ("homes_outsider", "homes_local")]
    draw = np.clip(rng.random(units) ** np.exp(-0.45 * shared), 0, 1)
    homes = np.where(local, np.searchsorted(cuts[1], draw), np.searchsorted(cuts[0], draw))
    homes = np.minimum(np.where(collective & (rng.random(units) < 0.8), 0, homes), 3)
    per_home = f.counties[chunk.county].floor_area * np.maximum(size, 1.8) * rng.lognormal(-0.05, 0.3, units)
    area = np.clip(per_home, 18, 400) * homes
    head_rural = truth.notes["rural"][first]
    rich = np.clip(1 + 0.7 * shared, 0.1, 3)
    shops = (
        rng.random(units) < f.number("wealth.non_residential") * rich * np.where(local, 1.2, 0.5)
    ).astype(np.int64)
    owner = rng.random(units) < f.number("wealth.company") * rich
    capital = lognormal(rng, f.number("wealth.company_median"), f.number("wealth.company_sigma"), shared, 0.4)
    car = f.counties[chunk.county].car * np.where(size == 1, 0.6, 1.22) * np.clip(1 + 0.3 * shared, 0.2, 1.7)
    has_car = (rng.random(units) < car) & ~collective & (truth.age[first] < 78)
    cars = np.where(has_car, 1 + (rng.random(units) < 0.12), 0)
    truth.households |= {
        "homes": homes.astype(np.int16),
        "floor_area": np.rint(area * 100).astype(np.int64),
        "non_residential": shops.astype(np.int16),
        "company_capital": np.where(owner & ~collective, fen(np.minimum(capital, 5e8)), 0),
        "cars": cars.astype(np.int16),
    }
    truth.notes["head_rural"] = head_rural
    adult = truth.age >= 20
    saved = lognormal(
        rng, f.number("wealth.deposits_median_per_person"), f.number("wealth.deposits_sigma"),
        shared[truth.household], 0.75,
    )  # fmt: skip
    truth.persons["deposits"] = np.where(adult, fen(np.minimum(saved, 9e7)), 0)


def income(truth: Truth) -> Array:
    """Everything a person has a month, in fen, known to registers or not."""
    total: Array = np.sum([truth.persons[name] for name in INCOMES], axis=0)
    return total
