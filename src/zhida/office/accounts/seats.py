"""The seats that a user may take on a day: their own posts, and those of others for whom they stand in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.db.models import Q

from zhida.office.accounts.models import Post, StandIn, User
from zhida.office.accounts.tasks import Task
from zhida.office.divisions.models import Division
from zhida.office.divisions.scope import Range


@dataclass(frozen=True)
class Seat:
    """A user acting in one post. ``verified``: with a second factor in this session."""

    user: User
    post: Post
    stand_in: StandIn | None = None
    verified: bool = False

    @property
    def key(self) -> str:
        """How a session remembers it."""
        return f"stand-in:{self.stand_in.pk}" if self.stand_in else f"post:{self.post.pk}"

    @property
    def task(self) -> Task:
        return Task(self.post.task)

    @property
    def division(self) -> Division:
        return self.post.division

    @property
    def range(self) -> Range:
        return self.division.low, self.division.high

    def covers(self, code: str) -> bool:
        """Whether a division lies in this seat's range."""
        return self.division.low <= code <= self.division.high


def seats(user: User, on: date, *, verified: bool = False) -> list[Seat]:
    """What the user may act as on that day, own posts first. None where the user or a division is no more."""
    if not user.is_active:
        return []
    own = Post.objects.filter(_holds("", on), user=user).select_related("division", "user")
    # One who stands in acts in the post as long as it is held; it ends with its holder's tenure.
    lent = StandIn.objects.filter(_holds("", on), _holds("post__", on), user=user, post__user__is_active=True)
    lent = lent.select_related("post__division", "post__user")
    found = [Seat(user, post, None, verified) for post in own]
    found += [Seat(user, one.post, one, verified) for one in lent]
    return [seat for seat in found if seat.division.in_force(on)]


def _holds(prefix: str, on: date) -> Q:
    return Q(
        Q(**{f"{prefix}until__isnull": True}) | Q(**{f"{prefix}until__gt": on}), **{f"{prefix}start__lte": on}
    )
