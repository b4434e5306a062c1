"""The benefits of the pack ``zhejiang``, written a second time for OpenFisca-core.

Written as an OpenFisca country is: one variable a fact, vectorised formulas, each value computed once and
kept. Where there is a choice, OpenFisca's favour decides: what is one number for the whole city is one
number, and conditions that two benefits share are one variable. Not applicable is no.

A benefit is a variable of its id. The other parts of what the pack says about it are variables, too: each
condition, ``…_near`` (one condition fails, and by little) and ``…_signal`` (what speaks for need).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from openfisca_core.simulations import Simulation
from openfisca_core.taxbenefitsystems import TaxBenefitSystem
from openfisca_core.variables import Variable

from bench import openfisca_conditions, openfisca_household, openfisca_person
from bench.openfisca_system import (
    PERIOD,
    Array,
    County,
    Disability,
    Exact,
    Household,
    Parent,
    Person,
    School,
    Support,
    Supporters,
    declared,
    system,
)


@dataclass(frozen=True, slots=True)
class Rule:
    """Variables by condition id; benefits that displace it when held. ``chosen``: the person's choice
    decides among those whose own conditions hold. ``almost``: condition and its relaxed form."""

    entity: Any
    applies: str
    conditions: Mapping[str, str]
    signal: str
    excluded_by: tuple[str, ...] = ()
    chosen: str = ""
    almost: tuple[str, str] | None = None
    money: bool = True


HOUSING = {"non_residential": "shops_fit", "homes": "homes_fit", "grown_up": "has_grown_ups"}
RULES = {
    "tekun": Rule(
        Person,
        "registered_here",
        {
            "unable_to_work": "tekun_unable",
            "income": "tekun_income",
            "deposits": "tekun_deposits",
            "no_supporter": "tekun_alone",
            "free": "free",
            "not_chosen_otherwise": "tekun_not_other",
        },
        "tekun_signal",
        chosen="tekun_chosen",
        almost=("income", "tekun_almost"),
    ),
    "orphan": Rule(
        Person, "local_minor", {"parents": "parents_lost"}, "orphan_signal", chosen="orphan_chosen"
    ),
    "unsupported_child": Rule(
        Person, "local_minor", {"parents": "unsupported"}, "unsupported_child_signal", ("tekun",)
    ),
    "child_in_need": Rule(
        Person,
        "local_minor",
        {"family": "child_family"},
        "child_in_need_signal",
        ("tekun", "orphan", "unsupported_child"),
    ),
    "disability_living": Rule(
        Person,
        "registered_here",
        {
            "certificate": "certificate",
            "income": "disability_income",
            "free": "free",
            "no_work_injury_care": "no_work_injury_care",
        },
        "certificate",
        ("tekun", "orphan", "unsupported_child"),
    ),
    "disability_care": Rule(
        Person,
        "registered_here",
        {"severe": "care_subject", "free": "free", "no_work_injury_care": "no_work_injury_care"},
        "severe_grade",
        ("tekun",),
    ),
    "old_age": Rule(
        Person, "registered_here", {"age": "from_eighty"}, "from_eighty", almost=("age", "old_age_almost")
    ),
    "dibao": Rule(
        Household,
        "has_local_members",
        {
            "income": "dibao_income",
            "deposits": "dibao_deposits",
            "cars": "dibao_cars",
            **HOUSING,
            "capital": "dibao_capital",
        },
        "dibao_signal",
        almost=("income", "dibao_almost"),
    ),
    "low_edge": Rule(
        Household,
        "has_local_members",
        {
            "income": "low_edge_income",
            "deposits": "low_edge_deposits",
            "cars": "low_edge_car_limit",
            **HOUSING,
            "capital": "low_edge_capital",
        },
        "low_edge_signal",
        ("dibao",),
        almost=("income", "low_edge_almost"),
        money=False,
    ),
}

PERSON_INPUTS: dict[str, Any] = {
    **dict.fromkeys(("registered_here", "with_father", "with_mother", "employed", "student"), bool),
    **dict.fromkeys(("serving_sentence", "compulsory_rehab", "declared_missing", "religious_away"), bool),
    **dict.fromkeys(("serious_illness", "in_institution", "work_injury_care"), bool),
    "birth_date": date,
    "disability_category": Disability,
    "disability_grade": int,
    "multiple_basis_category": Disability,
    "school_stage": School,
    "supporter_state": Supporters,
    "father_state": Parent,
    "mother_state": Parent,
    "chosen_support": Support,
    **dict.fromkeys(("wage", "pension", "basic_pension", "business_income", "property_income"), int),
    **dict.fromkeys(("transfer_income", "declared_income", "support_paid", "deposits"), int),
    **{f"awarded_{b}": bool for b, rule in RULES.items() if rule.entity is Person},
}
HOUSEHOLD_INPUTS: dict[str, Any] = {
    "county": County,
    **dict.fromkeys(("homes", "floor_area", "non_residential", "cars", "company_capital"), int),
    **{f"awarded_{b}": bool for b, rule in RULES.items() if rule.entity is Household},
}


def benefit_variables(name: str, rule: Rule) -> list[type[Variable]]:
    """``…_fits`` (its own conditions), the answer, ``…_held`` (awarded or by rule) and ``…_near``."""

    def fits(unit: Any, period: Any) -> Array:
        found = unit(rule.applies, period)
        for condition in rule.conditions.values():
            found = found & unit(condition, period)
        for other in rule.excluded_by:
            found = found & ~unit(f"{other}_held", period)
        return found

    def answer(unit: Any, period: Any) -> Array:
        found = unit(f"{name}_fits", period)
        return found & unit(rule.chosen, period) if rule.chosen else found

    def held(unit: Any, period: Any) -> Array:
        return unit(f"awarded_{name}", period) | unit(name, period)

    def near(unit: Any, period: Any) -> Array:
        assert rule.almost is not None
        fails, relaxed = rule.almost
        found = unit(rule.applies, period) & ~unit(rule.conditions[fails], period) & unit(relaxed, period)
        for condition, variable in rule.conditions.items():
            if condition != fails:
                found = found & unit(variable, period)
        for other in rule.excluded_by:
            found = found & ~unit(f"{other}_held", period)
        return found & unit(rule.chosen, period) if rule.chosen else found

    made = [("fits", fits), ("", answer), ("held", held)] + ([("near", near)] if rule.almost else [])
    return [declared(f"{name}_{n}" if n else name, rule.entity, bool, f) for n, f in made]


def rules() -> TaxBenefitSystem:
    """The whole country."""
    found = [declared(n, Person, kind) for n, kind in PERSON_INPUTS.items()]
    found += [declared(n, Household, kind) for n, kind in HOUSEHOLD_INPUTS.items()]
    for module in (openfisca_person, openfisca_household, openfisca_conditions):
        own = (v for v in vars(module).values() if isinstance(v, type) and issubclass(v, Exact))
        found += [v for v in own if v is not Exact]
    for name, rule in RULES.items():
        found += benefit_variables(name, rule)
    return system(found)


def answers(country: Simulation) -> dict[str, tuple[Array, Array | None]]:
    """By benefit: who is entitled, and the amount in fen (None: a status without money)."""
    return {
        b: (country.calculate(b, PERIOD), country.calculate(f"{b}_amount", PERIOD) if rule.money else None)
        for b, rule in RULES.items()
    }


def whole(country: Simulation) -> dict[str, tuple[Array, Array | None]]:
    """The answers, and besides all else that a row of Zhida says: conditions, near miss, signal."""
    found = answers(country)
    for b, rule in RULES.items():
        for name in (*rule.conditions.values(), rule.signal, *([f"{b}_near"] if rule.almost else [])):
            country.calculate(name, PERIOD)
    return found
