"""What a guarded record has, and grants beside the responsible division."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from zhida.office.accounts.models import User
from zhida.office.divisions.models import Division


class Guarded(models.Model):
    """A record of a person. ``division`` is the code that is responsible for the person now, kept equal to
    the person's own by ``people.moving``; the migration that makes the table calls ``rights.guard``."""

    person = models.ForeignKey("people.Person", models.PROTECT, related_name="+")
    division = models.CharField("主管区划", max_length=12)

    class Meta:
        abstract = True
        indexes: ClassVar[list[models.Index]] = [
            models.Index(name="%(class)s_division", fields=("division",))
        ]


class Grant(models.Model):
    """The posts at ``division`` may see a person of another division, for a purpose, from ``start`` until the
    day before ``until``. Given by the responsible division, whose code at that time is ``responsible``."""

    person = models.ForeignKey("people.Person", models.PROTECT, related_name="+")
    division = models.ForeignKey(Division, models.PROTECT, related_name="+")
    purpose = models.CharField("用途", max_length=200)
    start = models.DateField("起")
    until = models.DateField("止", null=True)
    responsible = models.CharField("授权方", max_length=12)
    given_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    made_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = (
            models.Index(name="grant_division", fields=("division", "until")),
            models.Index(name="grant_responsible", fields=("responsible",)),
        )
        constraints = (
            models.CheckConstraint(name="grant_purpose", condition=~Q(purpose="")),
            models.CheckConstraint(
                name="grant_dates", condition=Q(until__isnull=True) | Q(until__gte=F("start"))
            ),
        )
