"""Persons and their dated identifiers. Names and numbers are sealed (``zhida.codes.sealing``)."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from zhida.office.guards.models import Guarded


class Person(models.Model):
    """Somebody, by a key that means nothing. ``division``: the code that is responsible now.

    ``name`` is sealed, ``name_look_up`` finds it as a whole; both by version ``keys`` of the key file.
    """

    id = models.BigAutoField(primary_key=True)
    division = models.CharField("主管区划", max_length=12)
    name = models.BinaryField("姓名")
    name_look_up = models.BinaryField()
    keys = models.PositiveSmallIntegerField("密钥版本")
    birth_date = models.DateField("出生日期", null=True)

    class Meta:
        indexes = (
            models.Index(name="person_division", fields=("division",)),
            models.Index(name="person_name", fields=("name_look_up",)),
        )


class Identifier(Guarded):
    """A number by which a person is known from a day until the day before another; null: not known, open."""

    class Kind(models.TextChoices):
        RESIDENT_ID = "resident_id", "居民身份证"
        PASSPORT = "passport", "护照"
        PERMIT = "permit", "居住证、通行证"

    kind = models.CharField("证件", max_length=12, choices=Kind.choices)
    number = models.BinaryField("号码")
    look_up = models.BinaryField()
    keys = models.PositiveSmallIntegerField("密钥版本")
    start = models.DateField("起", null=True)
    until = models.DateField("止", null=True)

    class Meta(Guarded.Meta):
        indexes: ClassVar[list[models.Index]] = [
            *Guarded.Meta.indexes,
            models.Index(name="identifier_look_up", fields=("look_up",)),
        ]
        constraints = (
            models.CheckConstraint(
                name="identifier_dates",
                condition=Q(start__isnull=True) | Q(until__isnull=True) | Q(until__gt=F("start")),
            ),
        )
