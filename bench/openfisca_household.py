"""What households are, for the OpenFisca country: see :mod:`bench.openfisca_rules`."""

from __future__ import annotations

import numpy as np

from bench.openfisca_system import Household, looked_up, variable


@variable(Household, int)
def counted_size(household, period):
    return household.sum(household.members("counted", period))


@variable(Household, bool)
def has_local_members(household, period):
    here = household.members("registered_here", period)
    return household.any(household.members("counted", period) & here)


@variable(Household, bool)
def has_grown_ups(household, period):
    return household.any(household.members("counted", period) & household.members("grown_up", period))


@variable(Household, bool)
def has_weak_members(household, period):
    return household.any(household.members("weak", period))


@variable(Household, bool)
def has_children(household, period):
    return household.any(household.members("age", period) < 18)


@variable(Household, bool)
def has_workers(household, period):
    return household.any(household.members("employed", period))


@variable(Household, int)
def household_income(household, period):
    income = household.members("countable_income", period)
    return household.sum(income * household.members("counted", period))


@variable(Household, int)
def household_registered_income(household, period):
    income = household.members("registered_income", period)
    return household.sum(income * household.members("counted", period))


@variable(Household, int)
def household_deposits(household, period):
    return household.sum(household.members("deposits", period) * household.members("counted", period))


@variable(Household, int)
def low_edge_ceiling(household, period, parameters):
    """Per head, in hundredths of a fen."""
    p = parameters(period)
    wage = looked_up(p.minimum_wage, household("county", period))
    return np.minimum(p.low_edge_multiple * p.dibao_standard, wage * 100)


@variable(Household, bool)
def below_ceiling_on_register(household, period):
    """Registered income per head within the ceiling, where anybody counts."""
    size = household("counted_size", period)
    line = household("low_edge_ceiling", period) * size
    return (size > 0) & (household("household_registered_income", period) * 100 <= line)


@variable(Household, bool)
def within_disability_line(household, period, parameters):
    """Income per head within the line of the disability allowance, where anybody counts."""
    p = parameters(period)
    size = household("counted_size", period)
    line = p.dibao_standard * p.disability_income_multiple
    return (size > 0) & (household("household_income", period) * 100 <= line * size)


@variable(Household, bool)
def shops_fit(household, period):
    """No shop, office or workshop, or one that is the only home."""
    other = household("non_residential", period)
    return (other == 0) | ((other == 1) & (household("homes", period) == 0))


@variable(Household, bool)
def homes_fit(household, period, parameters):
    """One home, or two that are small."""
    homes = household("homes", period)
    average = looked_up(parameters(period).average_floor_area, household("county", period))
    small = household("floor_area", period) < average * household("counted_size", period)
    return (homes <= 1) | ((homes == 2) & small)


# --- conditions


@variable(Household, bool)
def dibao_income(household, period, parameters):
    line = parameters(period).dibao_standard * household("counted_size", period)
    return household("household_income", period) < line


@variable(Household, bool)
def dibao_deposits(household, period, parameters):
    p = parameters(period)
    line = p.dibao_standard * 12 * p.dibao_deposit_years * household("counted_size", period)
    return household("household_deposits", period) < line


@variable(Household, bool)
def dibao_cars(household, period):
    return household("cars", period) == 0


@variable(Household, bool)
def dibao_capital(household, period, parameters):
    return household("company_capital", period) <= parameters(period).dibao_capital_limit


@variable(Household, bool)
def low_edge_income(household, period):
    line = household("low_edge_ceiling", period) * household("counted_size", period)
    return household("household_income", period) * 100 <= line


@variable(Household, bool)
def low_edge_deposits(household, period, parameters):
    p = parameters(period)
    years = looked_up(p.low_edge_deposit_years, household("county", period))
    line = p.dibao_standard * 12 * years * household("counted_size", period)
    return household("household_deposits", period) < line


@variable(Household, bool)
def low_edge_car_limit(household, period, parameters):
    return household("cars", period) <= parameters(period).low_edge_cars


@variable(Household, bool)
def low_edge_capital(household, period, parameters):
    return household("company_capital", period) < parameters(period).low_edge_capital_limit


# --- amounts


@variable(Household, int)
def dibao_amount(household, period, parameters):
    full = parameters(period).dibao_standard * household("counted_size", period)
    return household("dibao", period) * np.minimum(full - household("household_income", period), full)


# --- near misses and signs of need


@variable(Household, bool)
def dibao_almost(household, period, parameters):
    size = household("counted_size", period)
    line = parameters(period).dibao_standard * size
    return household("household_income", period) - 100_00 * size < line


@variable(Household, bool)
def low_edge_almost(household, period):
    size = household("counted_size", period)
    line = household("low_edge_ceiling", period) * size
    return (household("household_income", period) - 100_00 * size) * 100 <= line


@variable(Household, bool)
def dibao_signal(household, period, parameters):
    line = parameters(period).dibao_standard * household("counted_size", period)
    low = household("household_registered_income", period) < line
    idle = household("has_children", period) & ~household("has_workers", period)
    return low & (household("has_weak_members", period) | idle)


@variable(Household, bool)
def low_edge_signal(household, period):
    return household("below_ceiling_on_register", period) & household("has_weak_members", period)
