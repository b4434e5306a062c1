"""Divisions and who took over from whom. Written only by ``load``, which takes them from a pack's table."""

from __future__ import annotations

from datetime import date

from django.db import models
from django.db.models import F, Q

LEVEL_NAMES = {1: "省", 2: "市", 3: "县（市、区）", 4: "乡镇（街道）", 5: "村（社区）"}


class Division(models.Model):
    """In force from ``start`` until the day before ``until``; null: open. ``overlay``: a zone across others.

    ``low`` and ``high`` are the ends of the codes that lie in it by their digits.
    """

    code = models.CharField("代码", max_length=12, primary_key=True)
    name = models.CharField("名称", max_length=100)
    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, related_name="children", verbose_name="上级"
    )
    level = models.PositiveSmallIntegerField("层级", choices=LEVEL_NAMES)
    start = models.DateField("设立", null=True)
    until = models.DateField("撤销", null=True)
    overlay = models.BooleanField("功能区", default=False)
    pinyin = models.CharField("拼音", max_length=400)
    initials = models.CharField("拼音首字母", max_length=100)
    low = models.CharField(max_length=12)
    high = models.CharField(max_length=12)
    successors: models.ManyToManyField[Division, Succession] = models.ManyToManyField(
        "self", through="Succession", symmetrical=False, related_name="predecessors"
    )

    class Meta:
        ordering = ("code",)
        indexes = (models.Index(name="division_name", fields=("name",)),)
        constraints = (
            models.CheckConstraint(name="division_code", condition=Q(code__regex=r"^[0-9]{12}$")),
            models.CheckConstraint(name="division_level", condition=Q(level__range=(1, 5))),
            models.CheckConstraint(
                name="division_dates",
                condition=Q(start__isnull=True) | Q(until__isnull=True) | Q(until__gt=F("start")),
            ),
        )

    def __str__(self) -> str:
        return self.name

    def in_force(self, on: date) -> bool:
        """Whether the division exists on that day."""
        return (self.start is None or self.start <= on) and (self.until is None or on < self.until)


class Succession(models.Model):
    """``successor`` took over from ``division`` on the day that ended it."""

    division = models.ForeignKey(Division, models.CASCADE, related_name="+")
    successor = models.ForeignKey(Division, models.PROTECT, related_name="+")

    class Meta:
        constraints = (
            models.UniqueConstraint(name="succession_once", fields=("division", "successor")),
            models.CheckConstraint(name="succession_other", condition=~Q(division=F("successor"))),
        )
