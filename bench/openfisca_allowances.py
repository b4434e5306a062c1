"""Persons' allowances of the OpenFisca country: see :mod:`bench.openfisca_rules`."""

from __future__ import annotations

import numpy as np
from openfisca_core.indexed_enums import Enum, EnumArray
from openfisca_core.periods import DateUnit

from bench.openfisca_system import AgeBand, CareLevel, Disability, Exact, Person, half_up, looked_up

MONTH = DateUnit.MONTH


# --- person: allowances


class disability_living(Exact):
    value_type = bool
    entity = Person
    definition_period = MONTH

    def formula(person, period, parameters):
        p = parameters(period)
        years = person("age", period)
        line = p.dibao_standard * p.disability_income_multiple
        own = (years >= 16) & (years < 60) & (person("countable_income", period) * 100 <= line)
        poor = own | person.household("within_disability_line", period)
        if p.low_edge_counts_as_hard:
            poor = poor | person.household("low_edge_held", period)
        return (
            person("registered_here", period)
            & (person("disability_grade", period) >= 1)
            & poor
            & ~person("serving_sentence", period)
            & ~person("work_injury_care", period)
            & ~person("tekun_held", period)
            & ~person("orphan_held", period)
            & ~person("unsupported_child_held", period)
        )


class disability_living_amount(Exact):
    value_type = int
    entity = Person
    definition_period = MONTH

    def formula(person, period, parameters):
        p = parameters(period)
        return person("disability_living", period) * half_up(p.dibao_standard * p.disability_living_share)


class disability_care(Exact):
    value_type = bool
    entity = Person
    definition_period = MONTH

    def formula(person, period):
        return (
            person("registered_here", period)
            & person("care_subject", period)
            & ~person("serving_sentence", period)
            & ~person("work_injury_care", period)
            & ~person("tekun_held", period)
        )


class disability_care_amount(Exact):
    value_type = int
    entity = Person
    definition_period = MONTH

    def formula(person, period, parameters):
        p = parameters(period)
        category = person("effective_category", period)
        need = person("care_need", period)
        placed = person("in_institution", period)
        other = person("severe_grade", period) & (
            (category == Disability.hearing) | (category == Disability.speech)
        )
        rate = np.where(other, p.other_severe_rate, looked_up(p.care_rate, need))
        amount = half_up(rate * np.where(placed, p.institution_factor, 100))
        amount = amount + p.institution_extra * (placed & (need == CareLevel.full))
        return person("disability_care", period) * amount


class age_band(Exact):
    value_type = Enum
    possible_values = AgeBand
    default_value = AgeBand.from_80
    entity = Person
    definition_period = MONTH

    def formula(person, period):
        years = person("age", period)
        found = np.select(
            [years >= 100, years >= 90],
            [AgeBand.from_100.index, AgeBand.from_90.index],
            AgeBand.from_80.index,
        )
        return EnumArray(found, AgeBand)


class old_age(Exact):
    value_type = bool
    entity = Person
    definition_period = MONTH

    def formula(person, period):
        return person("registered_here", period) & (person("age", period) >= 80)


class old_age_amount(Exact):
    value_type = int
    entity = Person
    definition_period = MONTH

    def formula(person, period, parameters):
        return person("old_age", period) * looked_up(
            parameters(period).old_age_rate, person("age_band", period)
        )


class child_in_need(Exact):
    value_type = bool
    entity = Person
    definition_period = MONTH

    def formula(person, period):
        family = person.household("dibao_held", period) | person.household("low_edge_held", period)
        return (
            person("local_minor", period)
            & family
            & ~person("tekun_held", period)
            & ~person("orphan_held", period)
            & ~person("unsupported_child_held", period)
        )


class child_in_need_amount(Exact):
    value_type = int
    entity = Person
    definition_period = MONTH

    def formula(person, period, parameters):
        p = parameters(period)
        poor = person.household("dibao_held", period)
        rate = np.where(poor, p.dibao_child_rate, p.low_edge_child_rate)
        rate = np.where(person("weak", period), p.severe_child_rate, rate)
        return person("child_in_need", period) * rate
