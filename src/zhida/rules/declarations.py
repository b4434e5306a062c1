"""What a pack declares, once it is read: plain frozen records, no behaviour beyond look-up.

Storage integers: money is whole fen, dates are days since 1970-01-01, booleans 0 / 1, an
enumeration is the index of its choice, a decimal is an integer of ``places`` decimals.
Months are ``year * 12 + month - 1`` (see :mod:`zhida.codes.months`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from zhida.rules.formation import Formation
from zhida.rules.handling import Owner, Provision, Step
from zhida.rules.matrix import OpenPoint, Stacking
from zhida.rules.supplements import NOTHING_SET, Setting, Sharing, Worksheet
from zhida.rules.timing import Grace, MonthRule, Review

if TYPE_CHECKING:
    from zhida.codes.divisions import DivisionTree


@dataclass(frozen=True, slots=True)
class At:
    """A position in a pack: file relative to the pack, line and column counted from 1."""

    file: str
    line: int
    column: int


class Kind(StrEnum):
    """Type of a value. ``decimal`` is exact: an integer over a power of ten."""

    BOOL = "bool"
    INT = "int"
    MONEY = "money"
    DECIMAL = "decimal"
    DATE = "date"
    ENUM = "enum"


class Evidence(StrEnum):
    """How well a statement is supported. Only the first three count as fact."""

    LAW = "LAW"
    GOV = "GOV"
    MEDIA = "MEDIA"
    WEAK = "WEAK"
    OTHER_PLACE = "OTHER_PLACE"
    DERIVED = "DERIVED"
    PLAN = "PLAN"
    ASSUMED = "ASSUMED"

    @property
    def is_fact(self) -> bool:
        return self in (Evidence.LAW, Evidence.GOV, Evidence.MEDIA)


@dataclass(frozen=True, slots=True)
class Citation:
    """Where a statement comes from. ``source`` is an id of ``sources.yaml``, '' where assumed."""

    source: str
    article: str
    evidence: Evidence
    note: str = ""


@dataclass(frozen=True, slots=True)
class Source:
    id: str
    title: str
    issuer: str
    number: str
    where: str
    evidence: Evidence
    at: At


@dataclass(frozen=True, slots=True)
class Register:
    """A register of a department. ``access`` is ``register`` (a scan may read it),
    ``authorisation`` (only with the family's signature) or ``declaration`` (what they say)."""

    id: str
    name: str
    department: str
    access: str
    at: At


@dataclass(frozen=True, slots=True)
class Choice:
    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Enumeration:
    id: str
    name: str
    choices: tuple[Choice, ...]
    at: At

    def index(self, text: str) -> int | None:
        """Index of the choice with this id or name."""
        for i, choice in enumerate(self.choices):
            if text in (choice.id, choice.name):
                return i
        return None


@dataclass(frozen=True, slots=True)
class Unit:
    """What a rule is about: ``person``, or a group of persons. ``members`` is the word for the
    persons of the group in formulas (成员)."""

    id: str
    name: str
    members: str
    at: At


WITH = "with_"
"""Begins the id of the field that tells whether a link is known to lead to somebody of the same household."""


@dataclass(frozen=True, slots=True)
class Link:
    """From a person to one other person, who may live elsewhere (父, 母, 配偶).

    ``register``: where it is complete, whom it tells no link of has nobody; '' where absence says nothing.
    """

    id: str
    name: str
    register: str
    at: At


@dataclass(frozen=True, slots=True)
class Kin:
    """From a person to any number of others (子女, 法定赡养抚养扶养人): whom its links ``follows`` point at,
    and whose links ``followed_by`` point at the person. Where ``register`` is complete there are no more of
    the latter than are known."""

    id: str
    name: str
    follows: tuple[str, ...]
    followed_by: tuple[str, ...]
    register: str
    at: At


@dataclass(frozen=True, slots=True)
class Field:
    """An input. ``empty`` is what "not in a complete register" means; None: nothing, so unknown.

    ``presumed_if``: lists presume ``empty`` of a declared or authorised field only where this holds.
    """

    id: str
    name: str
    unit: str
    kind: Kind
    enum: str
    places: int
    measure: str
    minimum: int
    maximum: int
    empty: int | None
    register: str
    sensitivity: str
    cost: int
    interval: bool
    optional: bool
    says: str
    at: At
    presumed_if: Formula | None = None

    @property
    def open(self) -> bool:
        """True where no register holds it: ``register`` is '' (the family declares it)."""
        return self.register == ""


@dataclass(frozen=True, slots=True)
class ParameterValue:
    """One value of a parameter in some places from a day on.

    ``values`` holds one storage integer, or one for each choice of the parameter's table; None
    stands for "has a value of its own, not known", which blocks inheritance.
    """

    places: tuple[str, ...]
    start: date
    until: date | None
    first_month: int | None
    announced: date | None
    known_from: date | None
    superseded_on: date | None
    values: tuple[int, ...] | None
    ends_below: bool
    citation: Citation
    at: At


@dataclass(frozen=True, slots=True)
class Parameter:
    id: str
    name: str
    kind: Kind
    places: int
    measure: str
    minimum: int
    maximum: int
    table: str
    values: tuple[ParameterValue, ...]
    says: str
    at: At


@dataclass(frozen=True, slots=True)
class Formula:
    """Text of a formula and where its first character stands; dated [start, until) in months."""

    text: str
    at: At
    start: int | None = None
    until: int | None = None


@dataclass(frozen=True, slots=True)
class Variable:
    """A named intermediate value. Where ``applies`` is no, the value is not applicable."""

    id: str
    name: str
    unit: str
    kind: Kind
    enum: str
    formulas: tuple[Formula, ...]
    applies: Formula | None
    citation: Citation
    says: str
    at: At


@dataclass(frozen=True, slots=True)
class Condition:
    """One thing that must hold. ``near``: how far a failing comparison may miss and still be
    called near, in storage integers of the compared kind; None: never near."""

    id: str
    says: str
    formula: Formula
    near: int | None
    citation: Citation
    at: At
    grace: Grace | None = None


class Direction(StrEnum):
    UP = "up"
    DOWN = "down"
    HALF_UP = "half_up"


@dataclass(frozen=True, slots=True)
class Rounding:
    """``step`` in fen (1, 10, 100 …). UP goes to plus infinity, DOWN to minus infinity."""

    step: int
    direction: Direction
    citation: Citation


@dataclass(frozen=True, slots=True)
class Amount:
    """``ceiling``: what is paid lies anywhere from nothing to the formula's value (help at discretion)."""

    formula: Formula
    rounding: Rounding
    period: str
    citation: Citation
    at: At
    ceiling: bool = False


@dataclass(frozen=True, slots=True)
class Exclusion:
    """The benefit that carries it is displaced where ``benefit`` is held."""

    benefit: str
    says: str
    citation: Citation
    at: At


@dataclass(frozen=True, slots=True)
class Benefit:
    """``amounts`` is empty for a status without money. ``covers`` names the members meant. ``history``: what
    its rules ask of the award's past (keys of :data:`zhida.rules.history.PASTS`). ``formed``: id of the
    formation that it is for, '' where it is for the unit as it is; ``unit``: what that is of."""

    id: str
    name: str
    unit: str
    kind: str
    automatic: bool
    award: bool
    owners: tuple[Owner, ...]
    start: int | None
    until: int | None
    applies: Condition | None
    conditions: tuple[Condition, ...]
    amounts: tuple[Amount, ...]
    excluded_by: tuple[Exclusion, ...]
    covers: Formula | None
    signal: Condition | None
    reviews: tuple[Review, ...]
    documents: tuple[str, ...]
    says: str
    legal: tuple[Citation, ...]
    at: At
    provides: tuple[Provision, ...] = ()
    procedure: tuple[Step, ...] = ()
    history: tuple[str, ...] = ()
    formed: str = ""
    months: tuple[MonthRule, ...] = ()


@dataclass(frozen=True, slots=True)
class Group:
    """Benefits of one unit of which only the higher is paid; on a tie the first listed."""

    id: str
    name: str
    benefits: tuple[str, ...]
    citation: Citation
    at: At


@dataclass(frozen=True, slots=True)
class PersonsChoice:
    """Benefits that exclude one another by the person's own choice, told by an enum field whose
    choices carry the benefits' ids."""

    id: str
    name: str
    benefits: tuple[str, ...]
    field: str
    citation: Citation
    at: At


@dataclass(frozen=True, slots=True)
class Pack:
    """A whole pack, read and free of errors of form; formulas are checked by ``rules.program``."""

    id: str
    name: str
    path: Path
    root: str
    age_on: str
    age_citation: Citation
    first_month_citation: Citation
    verified_through: date
    units: Mapping[str, Unit]
    links: Mapping[str, Link]
    kin: Mapping[str, Kin]
    registers: Mapping[str, Register]
    enums: Mapping[str, Enumeration]
    fields: Mapping[str, Field]
    parameters: Mapping[str, Parameter]
    variables: Mapping[str, Variable]
    benefits: Mapping[str, Benefit]
    groups: tuple[Group, ...]
    choices: tuple[PersonsChoice, ...]
    sources: Mapping[str, Source]
    divisions: DivisionTree
    hash: str
    files: tuple[str, ...] = field(default=())
    stacking: Stacking | None = None
    open_points: tuple[OpenPoint, ...] = ()
    worksheet: Worksheet | None = None
    sharing: tuple[Sharing, ...] = ()
    setting: Setting = NOTHING_SET
    formations: Mapping[str, Formation] = field(default_factory=dict)
