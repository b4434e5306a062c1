"""Persons' variables of the OpenFisca country: see :mod:`bench.openfisca_rules`."""

from __future__ import annotations

import numpy as np
from openfisca_core.indexed_enums import EnumArray

from bench.openfisca_system import (
    CareLevel,
    Disability,
    Parent,
    Person,
    School,
    variable,
)

# --- age, disability, parents


@variable(Person, int)
def age(person, period):
    """Whole years on the month's last day: every birthday of the month has been."""
    born = person("birth_date", period).astype("datetime64[M]").astype(np.int64)
    return ((period.start.year - 1970) * 12 + period.start.month - 1 - born) // 12


@variable(Person, Disability)
def effective_category(person, period):
    category = person("disability_category", period)
    basis = person("multiple_basis_category", period)
    return EnumArray(np.where(category == Disability.multiple, basis, category), Disability)


@variable(Person, bool)
def mind_category(person, period):
    category = person("effective_category", period)
    return (category == Disability.intellectual) | (category == Disability.mental)


@variable(Person, bool)
def severe_grade(person, period):
    grade = person("disability_grade", period)
    return (grade == 1) | (grade == 2)


@variable(Person, bool)
def care_subject(person, period):
    grade = person("disability_grade", period)
    return person("severe_grade", period) | (person("mind_category", period) & (grade >= 3) & (grade <= 4))


@variable(Person, bool)
def weak(person, period):
    return person("care_subject", period) | person("serious_illness", period)


@variable(Person, CareLevel)
def care_need(person, period):
    category = person("effective_category", period)
    grade = person("disability_grade", period)
    body_or_mind = (category == Disability.physical) | person("mind_category", period)
    full = (grade == 1) & body_or_mind
    basic = ((grade == 1) & (category == Disability.visual)) | ((grade == 2) & body_or_mind)
    found = np.select([full, basic], [CareLevel.full.index, CareLevel.basic.index], CareLevel.partial.index)
    return EnumArray(found, CareLevel)


@variable(Person, bool)
def unable_to_work(person, period):
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


@variable(Person, bool)
def parents_lost(person, period):
    def lost(state):
        return (state == Parent.dead) | (state == Parent.declared_missing) | (state == Parent.untraceable)

    return lost(person("father_state", period)) & lost(person("mother_state", period))


@variable(Person, bool)
def parents_absent(person, period):
    return (person("father_state", period) != Parent.alive) & (person("mother_state", period) != Parent.alive)


@variable(Person, bool)
def unsupported(person, period):
    return person("parents_absent", period) & ~person("parents_lost", period)


@variable(Person, bool)
def grown_up(person, period):
    """Full-time students are none: they belong to their parents' family."""
    return (person("age", period) >= 18) & ~person("student", period)


@variable(Person, bool)
def stays_as_minor(person, period):
    stage = person("school_stage", period)
    at_school = (stage == School.compulsory) | (stage == School.high) | (stage == School.vocational)
    return person("awarded_tekun", period) & ((person("age", period) < 18) | at_school)


# --- income, and who counts in the family


@variable(Person, int)
def registered_income(person, period):
    return (
        person("wage", period)
        + person("pension", period)
        + person("business_income", period)
        + person("property_income", period)
    )


@variable(Person, int)
def own_income(person, period):
    return (
        person("registered_income", period)
        + person("transfer_income", period)
        + person("declared_income", period)
    )


@variable(Person, int)
def countable_income(person, period, parameters):
    income = person("own_income", period) - person("support_paid", period)
    if parameters(period).counts_basic_pension:
        income = income + person("basic_pension", period)
    return income


@variable(Person, bool)
def counted(person, period):
    return ~(
        person("religious_away", period)
        | person("serving_sentence", period)
        | person("compulsory_rehab", period)
        | person("declared_missing", period)
        | person("tekun_held", period)
    )
