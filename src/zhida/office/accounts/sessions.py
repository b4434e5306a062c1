"""The seat of a session: taken openly, one at a time, looked up anew with each request."""

from __future__ import annotations

from datetime import date

from django.http import HttpRequest
from django.utils import timezone

from zhida.office.accounts.models import User
from zhida.office.accounts.seats import Seat, seats

KEY = "seat"


def today() -> date:
    return timezone.localdate()


def seats_of(request: HttpRequest) -> list[Seat]:
    """Seats that whoever sends this request may take today."""
    user = request.user
    if not isinstance(user, User):
        return []
    return seats(user, today(), verified=bool(getattr(user, "is_verified", lambda: False)()))


def seat_of(request: HttpRequest) -> Seat | None:
    """The seat taken, where it may still be taken; the only one there is counts as taken."""
    there = seats_of(request)
    if len(there) == 1:
        return there[0]
    taken = request.session.get(KEY)
    return next((seat for seat in there if seat.key == taken), None)


def take(request: HttpRequest, key: str) -> Seat | None:
    """Takes a seat by its key; None where it isn't there to be taken."""
    seat = next((one for one in seats_of(request) if one.key == key), None)
    if seat is not None:
        request.session[KEY] = seat.key
        request.session.cycle_key()
    return seat
