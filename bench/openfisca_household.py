"""Households' variables of the OpenFisca country: see :mod:`bench.openfisca_rules`."""

from __future__ import annotations

import numpy as np
from openfisca_core.periods import DateUnit

from bench.openfisca_system import Exact, Household, looked_up

MONTH = DateUnit.MONTH


# --- who counts, income, property


class counted_size(Exact):
    value_type = int
    entity = Household
    definition_period = MONTH

    def formula(household, period):
        return household.sum(household.members("counted", period))


class has_local_members(Exact):
    value_type = bool
    entity = Household
    definition_period = MONTH

    def formula(household, period):
        here = household.members("registered_here", period)
        return household.any(household.members("counted", period) & here)


class household_income(Exact):
    value_type = int
    entity = Household
    definition_period = MONTH

    def formula(household, period):
        return household.sum(
            household.members("countable_income", period) * household.members("counted", period)
        )


class household_deposits(Exact):
    value_type = int
    entity = Household
    definition_period = MONTH

    def formula(household, period):
        return household.sum(household.members("deposits", period) * household.members("counted", period))


class housing_fits(Exact):
    value_type = bool
    entity = Household
    definition_period = MONTH
    label = "No shop, office or workshop that is not the only home; one home, or two small ones"

    def formula(household, period, parameters):
        homes = household("homes", period)
        other = household("non_residential", period)
        average = looked_up(parameters(period).average_floor_area, household("county", period))
        small = household("floor_area", period) < average * household("counted_size", period)
        return ((other == 0) | ((other == 1) & (homes == 0))) & ((homes <= 1) | ((homes == 2) & small))


class within_disability_line(Exact):
    value_type = bool
    entity = Household
    definition_period = MONTH
    label = "Income per head within the line of the disability allowance, where anybody counts"

    def formula(household, period, parameters):
        p = parameters(period)
        size = household("counted_size", period)
        line = p.dibao_standard * p.disability_income_multiple
        return (size > 0) & (household("household_income", period) * 100 <= line * size)


# --- benefits


class dibao(Exact):
    value_type = bool
    entity = Household
    definition_period = MONTH

    def formula(household, period, parameters):
        p = parameters(period)
        size = household("counted_size", period)
        return (
            household("has_local_members", period)
            & (household("household_income", period) < p.dibao_standard * size)
            & (household("household_deposits", period) < p.dibao_standard * 12 * p.dibao_deposit_years * size)
            & (household("cars", period) == 0)
            & household("housing_fits", period)
            & (household("company_capital", period) <= p.dibao_capital_limit)
        )


class dibao_held(Exact):
    value_type = bool
    entity = Household
    definition_period = MONTH

    def formula(household, period):
        return household("awarded_dibao", period) | household("dibao", period)


class dibao_amount(Exact):
    value_type = int
    entity = Household
    definition_period = MONTH

    def formula(household, period, parameters):
        full = parameters(period).dibao_standard * household("counted_size", period)
        return household("dibao", period) * np.minimum(full - household("household_income", period), full)


class low_edge(Exact):
    value_type = bool
    entity = Household
    definition_period = MONTH

    def formula(household, period, parameters):
        p = parameters(period)
        size = household("counted_size", period)
        county = household("county", period)
        ceiling = np.minimum(p.low_edge_multiple * p.dibao_standard, looked_up(p.minimum_wage, county) * 100)
        years = looked_up(p.low_edge_deposit_years, county)
        return (
            household("has_local_members", period)
            & (household("household_income", period) * 100 <= ceiling * size)
            & (household("household_deposits", period) < p.dibao_standard * 12 * years * size)
            & (household("cars", period) <= p.low_edge_cars)
            & household("housing_fits", period)
            & (household("company_capital", period) < p.low_edge_capital_limit)
            & ~household("dibao_held", period)
        )


class low_edge_held(Exact):
    value_type = bool
    entity = Household
    definition_period = MONTH

    def formula(household, period):
        return household("awarded_low_edge", period) | household("low_edge", period)
