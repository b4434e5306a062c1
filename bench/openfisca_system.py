"""What the OpenFisca rules stand on: entities, enumerations, dated parameters, exact integers, a simulation.

Money is whole fen. OpenFisca's ``int`` is an int32, which some twenty million yuan overflow, and its
``float`` a float32, which rounds from 167,772.16 yuan on; so the variables here derive from a class that
keeps int64. ``household.sum`` adds in float64: exact up to 2**53 fen, 90 trillion yuan in one household.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import numpy as np
from openfisca_core.entities import build_entity
from openfisca_core.indexed_enums import Enum, EnumArray
from openfisca_core.parameters import ParameterNode
from openfisca_core.periods import DateUnit
from openfisca_core.simulations import Simulation, SimulationBuilder
from openfisca_core.taxbenefitsystems import TaxBenefitSystem
from openfisca_core.variables import Variable

Array = np.ndarray[Any, Any]
PERIOD = "2025-06"
COUNTIES = tuple(f"3301{n:02d}000000" for n in (2, 5, 6, 8, 9, 10, 11, 12, 13, 14, 22, 27, 82))

# --- parameters: money in fen, multiples in hundredths, floor area in hundredths of a square metre

CITY_WIDE: dict[str, dict[str, int | bool]] = {
    "dibao_standard": {"2022-10-01": 1216_00, "2023-08-01": 1259_00, "2025-02-01": 1301_00},
    "tekun_standard": {"2022-10-01": 2027_00, "2023-08-01": 2098_00, "2025-02-01": 2255_00},
    "counts_basic_pension": {"2014-11-01": True, "2021-07-01": False},
    "low_edge_multiple": {"2023-02-01": 200},
    "dibao_deposit_years": {"2015-03-01": 4},
    "dibao_capital_limit": {"2022-10-01": 100_000_00},
    "low_edge_cars": {"2022-10-01": 1},
    "low_edge_capital_limit": {"2022-10-01": 200_000_00},
    "disability_income_multiple": {"2016-01-01": 150},
    # No source says which; Zhida is told the same assumption (people.REFORM).
    "low_edge_counts_as_hard": {"2016-01-01": True},
    "disability_living_share": {"2016-01-01": 30},
    "other_severe_rate": {"2024-01-01": 50_00},
    "institution_factor": {"2016-01-01": 150},
    "institution_extra": {"2021-01-01": 200_00},
    "orphan_institution_rate": {"2022-10-01": 2837_00, "2023-08-01": 2937_00, "2025-02-01": 3156_00},
    "orphan_scattered_rate": {"2022-10-01": 2270_00, "2023-08-01": 2350_00, "2025-02-01": 2525_00},
    "severe_child_rate": {"2022-10-01": 1054_00, "2023-08-01": 1091_00, "2025-02-01": 1224_00},
    "dibao_child_rate": {"2022-10-01": 527_00, "2023-08-01": 546_00, "2025-02-01": 612_00},
    "low_edge_child_rate": {"2022-10-01": 316_00, "2023-08-01": 327_00, "2025-02-01": 368_00},
}
WAGE = {True: {"2024-01-01": 2260_00}, False: {"2021-10-01": 2280_00, "2024-01-01": 2490_00}}
TABLES: dict[str, dict[str, Mapping[str, int]]] = {
    "minimum_wage": {f"c{c}": WAGE[c[:6] in ("330122", "330127", "330182")] for c in COUNTIES},
    "low_edge_deposit_years": {f"c{c}": {"2023-02-01": 6} for c in COUNTIES},
    "average_floor_area": {f"c{c}": {"2023-02-01": 4020} for c in COUNTIES},
    "care_rate": {
        k: {"2016-01-01": v} for k, v in (("full", 500_00), ("basic", 250_00), ("partial", 125_00))
    },
    "old_age_rate": {
        k: {"2023-01-01": v} for k, v in (("from_80", 60_00), ("from_90", 100_00), ("from_100", 800_00))
    },
}

# --- entities and enumerations (choices in the pack's order)

Person = build_entity(key="person", plural="persons", label="a person", is_person=True)
Household = build_entity(
    key="household",
    plural="households",
    label="those who live together",
    roles=[{"key": "member", "plural": "members"}],
)


def enumeration(name: str, *choices: str) -> Any:
    return Enum(name, [(c, c) for c in choices])


County = enumeration("County", *(f"c{code}" for code in COUNTIES))
Disability = enumeration(
    "Disability", "none", "visual", "hearing", "speech", "physical", "intellectual", "mental", "multiple"
)
Supporters = enumeration("Supporters", "none", "unable", "able")
Parent = enumeration(
    "Parent",
    "alive",
    "dead",
    "declared_missing",
    "untraceable",
    "severely_disabled",
    "seriously_ill",
    "prison",
    "rehab",
    "custody",
    "lost_contact",
)
School = enumeration(
    "School", "none", "preschool", "compulsory", "high", "vocational", "bachelor", "graduate"
)
Support = enumeration("Support", "orphan", "unsupported_child", "tekun")
CareLevel = enumeration("CareLevel", "full", "basic", "partial")
AgeBand = enumeration("AgeBand", "from_80", "from_90", "from_100")


class Exact(Variable):
    """A variable whose whole numbers are int64."""

    def __init__(self, baseline_variable: Any = None) -> None:
        super().__init__(baseline_variable)
        if self.value_type is int:
            self.dtype = np.int64


def variable(entity: Any, kind: Any) -> Any:
    """Makes a monthly variable of a formula: ``kind`` is bool, int (exact) or an enumeration."""

    def made(formula: Any) -> type[Variable]:
        return declared(formula.__name__, entity, kind, formula)

    return made


def declared(name: str, entity: Any, kind: Any, formula: Any = None) -> type[Variable]:
    """A monthly variable; an input where there is no formula."""
    content: dict[str, Any] = {"entity": entity, "definition_period": DateUnit.MONTH, "value_type": kind}
    if kind not in (bool, int, date):
        content |= {"value_type": Enum, "possible_values": kind, "default_value": next(iter(kind))}
    if formula is not None:
        content["formula"] = formula
    return type(name, (Exact,), content)


def looked_up(node: Any, index: EnumArray) -> Array:
    """Values of a table of parameters, one for each choice of an enumeration, at ``index``.

    One ``take``; OpenFisca's own indexing of parameters by an enumeration loops over the people in Python.
    """
    values = np.array([getattr(node, choice.name) for choice in index.possible_values], np.int64)
    return values[index.view(np.ndarray)]


def half_up(hundredths: Array) -> Array:
    """Whole fen from hundredths of a fen, halves up."""
    return (hundredths + 50) // 100


def system(variables: list[type[Variable]]) -> TaxBenefitSystem:
    """A tax and benefit system of these variables and the parameters above."""
    found = TaxBenefitSystem([Person, Household])
    data: dict[str, Any] = {name: {"values": values} for name, values in CITY_WIDE.items()}
    data |= {name: {k: {"values": dict(v)} for k, v in rows.items()} for name, rows in TABLES.items()}
    found.parameters = ParameterNode("", data=data)
    found.add_variables(*variables)
    return found


def simulation(
    rules: TaxBenefitSystem, household_of: Array, households: int, inputs: Mapping[str, Array]
) -> Simulation:
    """A simulation over persons whose household row is ``household_of``, all inputs set for the month."""
    builder = SimulationBuilder()
    builder.create_entities(rules)
    builder.declare_person_entity("person", np.arange(len(household_of)))
    population = builder.declare_entity("household", np.arange(households))
    builder.join_with_persons(population, household_of, roles=np.array(["member"] * len(household_of)))
    made = builder.build(rules)
    for name, values in inputs.items():
        v = rules.get_variable(name)
        if v.value_type is Enum:
            values = EnumArray(values.astype(v.dtype), v.possible_values)
        elif v.dtype == "datetime64[D]":
            values = values.astype("datetime64[D]")
        made.set_input(name, PERIOD, values)
    return made
