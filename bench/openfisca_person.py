"""Persons' variables of the OpenFisca country: see :mod:`bench.openfisca_rules`."""

from __future__ import annotations

import numpy as np
from openfisca_core.indexed_enums import Enum, EnumArray
from openfisca_core.periods import DateUnit

from bench.openfisca_system import (
    CareLevel,
    Disability,
    Exact,
    Parent,
    Person,
    School,
    Support,
    Supporters,
)

MONTH = DateUnit.MONTH

# --- person: age, disability, parents


class age(Exact):
    value_type = int
    entity = Person
    definition_period = MONTH
    label = "Whole years on the month's last day: every birthday of the month has been"

    def formula(person, period):
        born = person("birth_date", period).astype("datetime64[M]").astype(np.int64)
        return ((period.start.year - 1970) * 12 + period.start.month - 1 - born) // 12


class effective_category(Exact):
    value_type = Enum
    possible_values = Disability
    default_value = Disability.none
    entity = Person
    definition_period = MONTH

    def formula(person, period):
        category = person("disability_category", period)
        basis = person("multiple_basis_category", period)
        return EnumArray(np.where(category == Disability.multiple, basis, category), Disability)


class mind_category(Exact):
    value_type = bool
    entity = Person
    definition_period = MONTH

    def formula(person, period):
        category = person("effective_category", period)
        return (category == Disability.intellectual) | (category == Disability.mental)


class severe_grade(Exact):
    value_type = bool
    entity = Person
    definition_period = MONTH

    def formula(person, period):
        grade = person("disability_grade", period)
        return (grade == 1) | (grade == 2)


class care_subject(Exact):
    value_type = bool
    entity = Person
    definition_period = MONTH

    def formula(person, period):
        grade = person("disability_grade", period)
        return person("severe_grade", period) | (
            person("mind_category", period) & (grade >= 3) & (grade <= 4)
        )


class weak(Exact):
    value_type = bool
    entity = Person
    definition_period = MONTH

    def formula(person, period):
        return person("care_subject", period) | person("serious_illness", period)


class care_need(Exact):
    value_type = Enum
    possible_values = CareLevel
    default_value = CareLevel.partial
    entity = Person
    definition_period = MONTH

    def formula(person, period):
        category = person("effective_category", period)
        grade = person("disability_grade", period)
        body_or_mind = (category == Disability.physical) | person("mind_category", period)
        full = (grade == 1) & body_or_mind
        basic = ((grade == 1) & (category == Disability.visual)) | ((grade == 2) & body_or_mind)
        found = np.select(
            [full, basic], [CareLevel.full.index, CareLevel.basic.index], CareLevel.partial.index
        )
        return EnumArray(found, CareLevel)


class unable_to_work(Exact):
    value_type = bool
    entity = Person
    definition_period = MONTH

    def formula(person, period):
        years = person("age", period)
        category = person("effective_category", period)
        grade = person("disability_grade", period)
        return (
            (years >= 60)
            | (years < 16)
            | (person("mind_category", period) & (grade >= 1) & (grade <= 3))
            | ((category == Disability.physical) & person("severe_grade", period))
            | ((category == Disability.visual) & (grade == 1))
        )


class parents_lost(Exact):
    value_type = bool
    entity = Person
    definition_period = MONTH

    def formula(person, period):
        def lost(state):
            return (state == Parent.dead) | (state == Parent.declared_missing) | (state == Parent.untraceable)

        return lost(person("father_state", period)) & lost(person("mother_state", period))


class parents_absent(Exact):
    value_type = bool
    entity = Person
    definition_period = MONTH

    def formula(person, period):
        return (person("father_state", period) != Parent.alive) & (
            person("mother_state", period) != Parent.alive
        )


class unsupported(Exact):
    value_type = bool
    entity = Person
    definition_period = MONTH

    def formula(person, period):
        return person("parents_absent", period) & ~person("parents_lost", period)


class local_minor(Exact):
    value_type = bool
    entity = Person
    definition_period = MONTH

    def formula(person, period):
        return person("registered_here", period) & (person("age", period) < 18)


# --- person: 特困 and 孤儿, one of which the person chooses


class stays_as_minor(Exact):
    value_type = bool
    entity = Person
    definition_period = MONTH

    def formula(person, period):
        stage = person("school_stage", period)
        at_school = (stage == School.compulsory) | (stage == School.high) | (stage == School.vocational)
        return person("awarded_tekun", period) & ((person("age", period) < 18) | at_school)


class own_income(Exact):
    value_type = int
    entity = Person
    definition_period = MONTH

    def formula(person, period):
        return (
            person("wage", period)
            + person("pension", period)
            + person("business_income", period)
            + person("property_income", period)
            + person("transfer_income", period)
            + person("declared_income", period)
        )


class tekun_fits(Exact):
    value_type = bool
    entity = Person
    definition_period = MONTH

    def formula(person, period, parameters):
        p = parameters(period)
        adult = person("age", period) >= 18
        stays = person("stays_as_minor", period)
        supporters = person("supporter_state", period)
        alone = (supporters != Supporters.able) & (adult | person("parents_absent", period))
        other_choice = person("unsupported", period) & (
            person("chosen_support", period) == Support.unsupported_child
        )
        return (
            person("registered_here", period)
            & (person("unable_to_work", period) | stays)
            & (person("own_income", period) < p.dibao_standard)
            & (person("deposits", period) < p.dibao_standard * 12 * p.dibao_deposit_years)
            & (alone | stays)
            & ~person("serving_sentence", period)
            & (adult | ~other_choice)
        )


class orphan_fits(Exact):
    value_type = bool
    entity = Person
    definition_period = MONTH

    def formula(person, period):
        return person("local_minor", period) & person("parents_lost", period)


class tekun(Exact):
    value_type = bool
    entity = Person
    definition_period = MONTH

    def formula(person, period):
        chosen = person("chosen_support", period) == Support.tekun
        return person("tekun_fits", period) & (~person("orphan_fits", period) | chosen)


class orphan(Exact):
    value_type = bool
    entity = Person
    definition_period = MONTH

    def formula(person, period):
        chosen = person("chosen_support", period) == Support.orphan
        return person("orphan_fits", period) & (~person("tekun_fits", period) | chosen)


class tekun_held(Exact):
    value_type = bool
    entity = Person
    definition_period = MONTH

    def formula(person, period):
        return person("awarded_tekun", period) | person("tekun", period)


class orphan_held(Exact):
    value_type = bool
    entity = Person
    definition_period = MONTH

    def formula(person, period):
        return person("awarded_orphan", period) | person("orphan", period)


class unsupported_child(Exact):
    value_type = bool
    entity = Person
    definition_period = MONTH

    def formula(person, period):
        return person("local_minor", period) & person("unsupported", period) & ~person("tekun_held", period)


class unsupported_child_held(Exact):
    value_type = bool
    entity = Person
    definition_period = MONTH

    def formula(person, period):
        return person("awarded_unsupported_child", period) | person("unsupported_child", period)


class tekun_amount(Exact):
    value_type = int
    entity = Person
    definition_period = MONTH

    def formula(person, period, parameters):
        return person("tekun", period) * parameters(period).tekun_standard


class orphan_amount(Exact):
    value_type = int
    entity = Person
    definition_period = MONTH

    def formula(person, period, parameters):
        p = parameters(period)
        rate = np.where(person("in_institution", period), p.orphan_institution_rate, p.orphan_scattered_rate)
        return person("orphan", period) * rate


class unsupported_child_amount(Exact):
    value_type = int
    entity = Person
    definition_period = MONTH

    def formula(person, period, parameters):
        p = parameters(period)
        rate = p.orphan_scattered_rate - p.dibao_standard * person.household("dibao_held", period)
        return person("unsupported_child", period) * rate


# --- person: what counts in the family


class counted(Exact):
    value_type = bool
    entity = Person
    definition_period = MONTH

    def formula(person, period):
        return ~(
            person("religious_away", period)
            | person("serving_sentence", period)
            | person("compulsory_rehab", period)
            | person("declared_missing", period)
            | person("tekun_held", period)
        )


class countable_income(Exact):
    value_type = int
    entity = Person
    definition_period = MONTH

    def formula(person, period, parameters):
        income = person("own_income", period) - person("support_paid", period)
        if parameters(period).counts_basic_pension:
            income = income + person("basic_pension", period)
        return income
