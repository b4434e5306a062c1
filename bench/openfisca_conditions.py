"""Persons' conditions and amounts of the OpenFisca country: see :mod:`bench.openfisca_rules`."""

from __future__ import annotations

import numpy as np
from openfisca_core.indexed_enums import EnumArray

from bench.openfisca_system import (
    AgeBand,
    CareLevel,
    Disability,
    Parent,
    Person,
    Support,
    Supporters,
    half_up,
    looked_up,
    variable,
)

# --- conditions


@variable(Person, bool)
def local_minor(person, period):
    return person("registered_here", period) & (person("age", period) < 18)


@variable(Person, bool)
def free(person, period):
    return ~person("serving_sentence", period)


@variable(Person, bool)
def no_work_injury_care(person, period):
    return ~person("work_injury_care", period)


@variable(Person, bool)
def tekun_unable(person, period):
    return person("unable_to_work", period) | person("stays_as_minor", period)


@variable(Person, bool)
def tekun_income(person, period, parameters):
    return person("own_income", period) < parameters(period).dibao_standard


@variable(Person, bool)
def tekun_deposits(person, period, parameters):
    p = parameters(period)
    return person("deposits", period) < p.dibao_standard * 12 * p.dibao_deposit_years


@variable(Person, bool)
def tekun_alone(person, period):
    helpless = person("supporter_state", period) != Supporters.able
    alone = helpless & ((person("age", period) >= 18) | person("parents_absent", period))
    return alone | person("stays_as_minor", period)


@variable(Person, bool)
def tekun_not_other(person, period):
    minor = (person("age", period) < 18) & person("unsupported", period)
    return ~(minor & (person("chosen_support", period) == Support.unsupported_child))


@variable(Person, bool)
def tekun_chosen(person, period):
    """Who could be an orphan too has to choose."""
    return ~person("orphan_fits", period) | (person("chosen_support", period) == Support.tekun)


@variable(Person, bool)
def orphan_chosen(person, period):
    return ~person("tekun_fits", period) | (person("chosen_support", period) == Support.orphan)


@variable(Person, bool)
def child_family(person, period):
    return person.household("dibao_held", period) | person.household("low_edge_held", period)


@variable(Person, bool)
def certificate(person, period):
    return person("disability_grade", period) >= 1


@variable(Person, bool)
def disability_income(person, period, parameters):
    p = parameters(period)
    years = person("age", period)
    line = p.dibao_standard * p.disability_income_multiple
    own = (years >= 16) & (years < 60) & (person("countable_income", period) * 100 <= line)
    poor = own | person.household("within_disability_line", period)
    if p.low_edge_counts_as_hard:
        poor = poor | person.household("low_edge_held", period)
    return poor


@variable(Person, bool)
def from_eighty(person, period):
    return person("age", period) >= 80


# --- amounts


@variable(Person, int)
def tekun_amount(person, period, parameters):
    return person("tekun", period) * parameters(period).tekun_standard


@variable(Person, int)
def orphan_amount(person, period, parameters):
    p = parameters(period)
    rate = np.where(person("in_institution", period), p.orphan_institution_rate, p.orphan_scattered_rate)
    return person("orphan", period) * rate


@variable(Person, int)
def unsupported_child_amount(person, period, parameters):
    p = parameters(period)
    rate = p.orphan_scattered_rate - p.dibao_standard * person.household("dibao_held", period)
    return person("unsupported_child", period) * rate


@variable(Person, int)
def child_in_need_amount(person, period, parameters):
    p = parameters(period)
    rate = np.where(person.household("dibao_held", period), p.dibao_child_rate, p.low_edge_child_rate)
    rate = np.where(person("weak", period), p.severe_child_rate, rate)
    return person("child_in_need", period) * rate


@variable(Person, int)
def disability_living_amount(person, period, parameters):
    p = parameters(period)
    return person("disability_living", period) * half_up(p.dibao_standard * p.disability_living_share)


@variable(Person, int)
def disability_care_amount(person, period, parameters):
    p = parameters(period)
    category = person("effective_category", period)
    need = person("care_need", period)
    placed = person("in_institution", period)
    deaf_or_mute = (category == Disability.hearing) | (category == Disability.speech)
    other = person("severe_grade", period) & deaf_or_mute
    rate = np.where(other, p.other_severe_rate, looked_up(p.care_rate, need))
    amount = half_up(rate * np.where(placed, p.institution_factor, 100))
    amount = amount + p.institution_extra * (placed & (need == CareLevel.full))
    return person("disability_care", period) * amount


@variable(Person, AgeBand)
def age_band(person, period):
    years = person("age", period)
    bands = [AgeBand.from_100.index, AgeBand.from_90.index]
    return EnumArray(np.select([years >= 100, years >= 90], bands, AgeBand.from_80.index), AgeBand)


@variable(Person, int)
def old_age_amount(person, period, parameters):
    rate = looked_up(parameters(period).old_age_rate, person("age_band", period))
    return person("old_age", period) * rate


# --- near misses and signs of need


@variable(Person, bool)
def tekun_almost(person, period, parameters):
    return person("own_income", period) - 100_00 < parameters(period).dibao_standard


@variable(Person, bool)
def old_age_almost(person, period):
    return person("age", period) + 1 >= 80


@variable(Person, bool)
def tekun_signal(person, period, parameters):
    single = person.household.nb_persons() == 1
    low = person("registered_income", period) < parameters(period).dibao_standard
    return person("unable_to_work", period) & low & (single | person("parents_absent", period))


@variable(Person, bool)
def orphan_signal(person, period):
    def lost(state):
        return (state == Parent.dead) | (state == Parent.declared_missing) | (state == Parent.untraceable)

    father, mother = lost(person("father_state", period)), lost(person("mother_state", period))
    alone = (father & ~person("with_mother", period)) | (mother & ~person("with_father", period))
    return person("parents_lost", period) | alone


@variable(Person, bool)
def unsupported_child_signal(person, period):
    father = person("father_state", period) != Parent.alive
    mother = person("mother_state", period) != Parent.alive
    alone = (father & ~person("with_mother", period)) | (mother & ~person("with_father", period))
    return person("parents_absent", period) | alone


@variable(Person, bool)
def child_in_need_signal(person, period):
    return person("weak", period) & person.household("below_ceiling_on_register", period)
