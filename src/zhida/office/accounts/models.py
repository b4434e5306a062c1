"""Users, the posts that they hold, and who stands in for them."""

from __future__ import annotations

import unicodedata
from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.password_validation import validate_password
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, Q

from zhida.office.accounts.tasks import Task, Tenure
from zhida.office.divisions.models import Division


def normal_username(text: str) -> str:
    """One form for all ways of writing it, so that neither a look-alike nor a lock-out is got round."""
    return unicodedata.normalize("NFKC", text).strip().lower()


class UserManager(BaseUserManager["User"]):
    def create_user(self, username: str, name: str, password: str | None, *, initial: bool = True) -> User:
        """``initial``: the password was given by somebody else and has to be changed at the first sign-in.

        Without a password nobody can sign in as this user. Raises ValidationError for what is not allowed.
        """
        user = User(username=normal_username(username), name=name, must_change=initial)
        if password is not None:
            validate_password(password, user)
        user.set_password(password)
        user.full_clean()
        user.save()
        return user

    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(username=normal_username(username or ""))


class User(AbstractBaseUser):
    """Somebody who signs in. Rights come from posts alone: there is no superuser."""

    username = models.CharField(
        "用户名",
        max_length=60,
        unique=True,
        error_messages={"unique": "已有这个用户名。"},
        validators=[RegexValidator(r"^[a-z0-9][a-z0-9._-]*\Z", "用户名只用小写字母、数字和 . _ -。")],
    )
    name = models.CharField("姓名", max_length=60)
    is_active = models.BooleanField("在用", default=True)
    must_change = models.BooleanField("须改密码", default=True)

    USERNAME_FIELD = "username"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]
    objects: ClassVar[UserManager] = UserManager()

    def __str__(self) -> str:
        return f"{self.name}（{self.username}）"


class Post(models.Model):
    """A task held by a user at a division, from ``start`` until the day before ``until``; null: open."""

    user = models.ForeignKey(User, models.PROTECT, related_name="posts")
    task = models.CharField("任务", max_length=12, choices=Task.choices)
    division = models.ForeignKey(Division, models.PROTECT, related_name="+")
    start = models.DateField("起")
    until = models.DateField("止", null=True)
    appointed_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    made_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("division", "task", "start")
        constraints = (
            models.CheckConstraint(name="post_task", condition=Q(task__in=Task.values)),
            models.CheckConstraint(
                name="post_dates", condition=Q(until__isnull=True) | Q(until__gte=F("start"))
            ),
            models.CheckConstraint(
                name="post_not_by_oneself",
                condition=Q(appointed_by__isnull=True) | ~Q(appointed_by=F("user")),
            ),
        )

    def __str__(self) -> str:
        return f"{self.division} {Task(self.task).label}"

    @property
    def tenure(self) -> Tenure:
        return Tenure(Task(self.task), self.start, self.until)


class StandIn(models.Model):
    """``user`` acts in somebody else's post while that one is away."""

    post = models.ForeignKey(Post, models.PROTECT, related_name="stand_ins")
    user = models.ForeignKey(User, models.PROTECT, related_name="stand_ins")
    start = models.DateField("起")
    until = models.DateField("止")
    reason = models.CharField("事由", max_length=200)
    appointed_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    made_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("start",)
        constraints = (
            models.CheckConstraint(name="stand_in_dates", condition=Q(until__gte=F("start"))),
            models.CheckConstraint(name="stand_in_not_by_oneself", condition=~Q(appointed_by=F("user"))),
        )

    @property
    def tenure(self) -> Tenure:
        return Tenure(Task(self.post.task), self.start, self.until)
