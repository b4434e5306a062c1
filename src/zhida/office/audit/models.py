"""Entries and the head of each chain. The database numbers, dates and hashes: ``migrations/0002_chain``."""

from __future__ import annotations

from django.db import models
from django.db.models import Q


class Entry(models.Model):
    """One thing done. No personal data in it: keys, codes and numbers only, so that a person can be erased.

    ``number`` counts from 1 on each ``day`` of a ``division``; ``previous`` is the hash of the one before
    in that division, on whatever day; ``hash`` covers all the rest.
    """

    division = models.CharField("区划", max_length=12)
    day = models.DateField("日期")
    number = models.PositiveIntegerField("序号")
    at = models.DateTimeField("时间")
    actor = models.ForeignKey(
        "accounts.User", models.PROTECT, null=True, related_name="+", verbose_name="人员"
    )
    post = models.ForeignKey(
        "accounts.Post", models.PROTECT, null=True, related_name="+", verbose_name="岗位"
    )
    stand_in = models.BooleanField("代理", default=False)
    action = models.CharField("事项", max_length=40)
    subject = models.CharField("对象", max_length=40, blank=True)
    subject_id = models.BigIntegerField(null=True)
    detail = models.JSONField(default=dict)
    previous = models.BinaryField()
    hash = models.BinaryField()

    class Meta:
        indexes = (models.Index(name="entry_subject", fields=("subject", "subject_id")),)
        constraints = (
            models.UniqueConstraint(name="entry_once", fields=("division", "day", "number")),
            models.CheckConstraint(name="entry_action", condition=Q(action__regex=r"^[a-z_]+\.[a-z_]+$")),
            models.CheckConstraint(name="entry_subject_word", condition=Q(subject__regex=r"^[a-z_]*$")),
        )


class Head(models.Model):
    """The last entry of a division's chain. Kept by the database; web and worker have no right on it."""

    division = models.CharField(max_length=12, primary_key=True)
    day = models.DateField()
    number = models.PositiveIntegerField()
    hash = models.BinaryField()
