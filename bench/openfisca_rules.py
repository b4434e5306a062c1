"""The benefits of the pack ``zhejiang``, written a second time for OpenFisca-core.

Written as an OpenFisca country is: one class a variable, vectorised formulas, each value computed once
and kept. Where there is a choice, OpenFisca's favour decides: what is one number for the whole city is one
number, and only answers and amounts are computed, none of the reasons, near misses and signals that come
with a row of Zhida. Not applicable is no.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from openfisca_core.indexed_enums import Enum
from openfisca_core.periods import DateUnit
from openfisca_core.simulations import Simulation
from openfisca_core.taxbenefitsystems import TaxBenefitSystem
from openfisca_core.variables import Variable

from bench import openfisca_allowances, openfisca_household, openfisca_person
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
    system,
)

BENEFITS = {
    "tekun": Person,
    "orphan": Person,
    "unsupported_child": Person,
    "child_in_need": Person,
    "disability_living": Person,
    "disability_care": Person,
    "old_age": Person,
    "dibao": Household,
    "low_edge": Household,
}
STATUS_ONLY = frozenset({"low_edge"})
"""No money: a benefit that others hang on."""

PERSON_INPUTS: dict[str, Any] = {
    "registered_here": bool,
    "birth_date": date,
    "disability_category": Disability,
    "disability_grade": int,
    "multiple_basis_category": Disability,
    "school_stage": School,
    "serving_sentence": bool,
    "compulsory_rehab": bool,
    "declared_missing": bool,
    "religious_away": bool,
    "serious_illness": bool,
    "in_institution": bool,
    "supporter_state": Supporters,
    "work_injury_care": bool,
    "father_state": Parent,
    "mother_state": Parent,
    "chosen_support": Support,
    **dict.fromkeys(("wage", "pension", "basic_pension", "business_income", "property_income"), int),
    **dict.fromkeys(("transfer_income", "declared_income", "support_paid", "deposits"), int),
    **{f"awarded_{b}": bool for b, unit in BENEFITS.items() if unit is Person},
}
HOUSEHOLD_INPUTS: dict[str, Any] = {
    "county": County,
    **dict.fromkeys(("homes", "floor_area", "non_residential", "cars", "company_capital"), int),
    "awarded_dibao": bool,
    "awarded_low_edge": bool,
}


def inputs() -> list[type[Variable]]:
    """A variable without a formula for each column."""
    made: list[type[Variable]] = []
    for entity, columns in ((Person, PERSON_INPUTS), (Household, HOUSEHOLD_INPUTS)):
        for name, kind in columns.items():
            content: dict[str, Any] = {"entity": entity, "definition_period": DateUnit.MONTH}
            if isinstance(kind, type) and kind in (bool, int, date):
                content["value_type"] = kind
            else:
                content |= {"value_type": Enum, "possible_values": kind, "default_value": next(iter(kind))}
            made.append(type(name, (Exact,), content))
    return made


def rules() -> TaxBenefitSystem:
    """The whole country."""
    modules = (openfisca_person, openfisca_household, openfisca_allowances)
    own = [
        v
        for m in modules
        for v in vars(m).values()
        if isinstance(v, type) and issubclass(v, Exact) and v is not Exact
    ]
    return system([*inputs(), *own])


def answers(country: Simulation) -> dict[str, tuple[Array, Array | None]]:
    """By benefit: who is entitled, and the amount in fen (None: a status without money)."""
    return {
        b: (
            country.calculate(b, PERIOD),
            None if b in STATUS_ONLY else country.calculate(f"{b}_amount", PERIOD),
        )
        for b in BENEFITS
    }
